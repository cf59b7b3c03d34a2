#!/usr/bin/env python3
"""Runs ghz and fails where a threshold is passed, which ghz can't do itself.

    deploy/ghz/load.py deploy/ghz/healthy.json localhost:50051

To ghz an answer in which a section is missing is OK. This counts what every
call gave to its caller: a complete answer, a partial one, or an error. It runs
deploy/ghz/counted, which is ghz with a log that counts.

ghz's own report counts a call as failed ("the connection is draining") that
gRPC for Go sent anew by itself, because a server had asked it to reconnect, and
that then was answered: it counts first attempts. That is "resent" here.

The thresholds stand in the "tags" of ghz's config: max_failed, max_partial,
max_unknown, min_partial, min_complete, min_calls, max_p99. Exits with 0 where
all hold, 1 where one does not, 2 where ghz did not run.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

UNITS = {"us": 1e3, "ms": 1e6, "s": 1e9}


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("config", help="a config file of ghz")
    parser.add_argument("target", help="host:port, dns:///name:port")
    parser.add_argument("--set", action="append", default=[],
                        metavar="KEY=VALUE", dest="settings",
                        help="overrides a value of the config, as total=100")
    parser.add_argument("--network",
                        help="run ghz in a container on this Docker network")
    parser.add_argument("--image", default="gather",
                        help="of that container; ghz is mounted into it")
    return parser.parse_args()


def write_config(arguments, path):
    with open(arguments.config, encoding="utf-8") as file:
        config = json.load(file)
    for setting in arguments.settings:
        key, _, value = setting.partition("=")
        try:
            config[key] = json.loads(value)
        except ValueError:
            config[key] = value
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)


def ghz_command(arguments, work):
    ghz = shutil.which("ghz-counted")
    if ghz is None:
        sys.exit("load.py: no ghz-counted; deploy/install-tools.sh builds it")
    command = [ghz]
    if arguments.network:
        command = ["docker", "run", "--rm", "--init", "--user",
                   f"{os.getuid()}:{os.getgid()}",
                   "--network", arguments.network, "--entrypoint", "/ghz",
                   "--volume", f"{ghz}:/ghz:ro",
                   "--volume", f"{work}:{work}", arguments.image]
    return command + [f"{work}/config.json", arguments.target]


def run(arguments, work):
    """Returns ghz's report, and how many answers were what."""
    write_config(arguments, f"{work}/config.json")
    done = subprocess.run(ghz_command(arguments, work), check=False,
                          stdout=subprocess.PIPE)
    if done.returncode != 0:
        print(f"load.py: ghz exited with {done.returncode}", file=sys.stderr)
        sys.exit(2)
    result = json.loads(done.stdout)
    return result["report"], result["answers"]


def milliseconds(text):
    number, unit = re.fullmatch(r"([0-9.]+)(us|ms|s)", text).groups()
    return float(number) * UNITS[unit] / 1e6


def measure(report, counts):
    reported = report.get("statusCodeDistribution") or {}
    p99 = [x["latency"] for x in report.get("latencyDistribution") or []
           if x["percentage"] == 99]
    seen = counts["failed"] + counts["complete"] + counts["partial"]
    failed = report["count"] - reported.get("OK", 0)
    return {
        "calls": report["count"],
        "failed": counts["failed"],
        "complete": counts["complete"],
        "partial": counts["partial"],
        "unknown": report["count"] - seen,
        "resent": failed - counts["failed"],
        "p99": round(p99[0] / 1e6, 1) if p99 else 0.0,
    }


def violations(tags, measured):
    for tag, text in tags.items():
        bound, _, name = tag.partition("_")
        if bound not in ("min", "max") or name not in measured:
            continue
        limit = milliseconds(text) if name == "p99" else int(text)
        value = measured[name]
        if value > limit if bound == "max" else value < limit:
            yield f"{name} is {value}, {tag} is {text}"


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as work:
        report, counts = run(arguments, work)
    measured = measure(report, counts)
    print(" ".join(f"{name}={value}" for name, value in measured.items())
          + f" rps={report['rps']:.0f}")
    for error, count in sorted(
            counts["errors"].items(), key=lambda each: -each[1]):
        print(f"  {count} x {error}")
    broken = list(violations(report.get("tags") or {}, measured))
    for violation in broken:
        print(f"FAILED: {violation}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
