"""Measures the aggregator against its peers. Called by run.sh, which builds."""

import argparse
import dataclasses
import shlex
import sys
import tempfile
from pathlib import Path

from . import observed, report
from .bars import bars
from .contenders import OURS, present
from .machine import Watch
from .measure import FULL, QUICK, Measure
from .programs import ROOT, backends

BENCH = ROOT / "tests/bench"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh", description=__doc__)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--quick", action="store_true",
                      help="fewer and shorter rounds; prints, writes nothing")
    mode.add_argument("--check", action="store_true",
                      help="only compare the contenders' answers")
    mode.add_argument("--observed", action="store_true",
                      help="only what metrics and logs cost; prints")
    parser.add_argument("--rounds", type=int,
                        help=f"instead of 5, or of {observed.ROUNDS} when observed")
    parser.add_argument("--seconds", type=float, help="of each measuring, instead of 2")
    parser.add_argument("--only", default="", metavar="NAMES",
                        help="contenders beside ours, as floor,go; writes nothing")
    arguments = parser.parse_args()
    if arguments.observed and arguments.rounds == 1:
        parser.error("--observed needs two rounds at least")
    return arguments


def main() -> int:
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as work:
        plan = QUICK if arguments.quick else FULL
        plan = dataclasses.replace(
            plan,
            rounds=arguments.rounds or plan.rounds,
            seconds=arguments.seconds or plan.seconds,
        )
        if arguments.observed:
            print(observed.measure(
                arguments.rounds or observed.ROUNDS, plan.seconds, Path(work)))
            return 0
        taking_part = present()
        if arguments.only:
            names = {OURS, *arguments.only.split(",")}
            taking_part = [c for c in taking_part if c.name in names]
        measure = Measure(plan, taking_part, Path(work))
        if arguments.check:
            with backends(Path(work)) as near:
                measure.compare_answers(near)
            return 0
        watch = Watch()
        figures = measure.run()
        quiet = watch.stop()
    print(f"\n{quiet.seconds / 60:.1f} minutes. {quiet}\n\n"
          + report.bar_table(bars(figures)))
    if not arguments.quick and not arguments.only:
        notes = (BENCH / "NOTES.md").read_text(encoding="utf-8")
        text = report.render(
            figures, quiet, shlex.join(["tests/bench/run.sh", *sys.argv[1:]]), notes)
        (BENCH / "RESULTS.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
