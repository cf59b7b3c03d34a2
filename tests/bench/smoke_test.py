"""That what measures can be believed: answers alike, and faults seen."""

import contextlib
import json
import subprocess
import tempfile
import unittest
from collections.abc import Iterator
from pathlib import Path

from runner import contenders, dataset, load, measure
from runner.programs import BIN, Server, backends, server, targets

OURS = contenders.ALL[0]


@contextlib.contextmanager
def aggregator(near: dict[str, Server], work: Path) -> Iterator[Server]:
    with server(OURS.command + targets(near), work) as up:
        yield up


class SmokeTest(unittest.TestCase):
    def setUp(self) -> None:
        self.work = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_all_contenders_give_the_same_answer(self) -> None:
        with backends(self.work) as near:
            measure.Measure(
                measure.QUICK, contenders.present(), self.work
            ).compare_answers(near)

    def test_counts_every_call_and_takes_cpu_time(self) -> None:
        with backends(self.work) as near, aggregator(near, self.work) as up:
            result = load.load(up, user_id="small", in_flight=8, calls=100)
        self.assertEqual((result.calls, result.errors, result.wrong), (100, 0, 0))
        self.assertGreater(result.cpu_seconds, 0)

    def test_a_partial_answer_is_wrong(self) -> None:
        with backends(self.work) as near:
            with server(broken_orders(self.work), self.work) as broken:
                mixed = near | {"order": broken}
                with aggregator(mixed, self.work) as up:
                    result = load.load(up, user_id="small", calls=10)
        self.assertEqual((result.errors, result.wrong), (0, 10))

    def test_an_unknown_user_is_an_error(self) -> None:
        with backends(self.work) as near, aggregator(near, self.work) as up:
            result = load.load(up, user_id="nobody", calls=10)
        self.assertEqual(result.codes, {"NOT_FOUND": 10})

    def test_an_open_loop_counts_the_wait_of_calls_that_are_due(self) -> None:
        # Each call takes 100 ms; none waits for another.
        with backends(self.work, latency="100ms") as near:
            with aggregator(near, self.work) as up:
                result = load.load(up, user_id="small", rate=50, duration="1s")
        self.assertGreater(result.calls, 25)
        self.assertGreaterEqual(result.p50_ms, 100)

    def test_what_no_server_has_seen_is_told_apart(self) -> None:
        done = subprocess.run(
            [BIN / "bench_load", "--target=127.0.0.1:1", "--rate=50"]
            + ["--duration=200ms", "--timeout=100ms"],
            stdout=subprocess.PIPE,
            check=True,
            timeout=30,
        )
        said = json.loads(done.stdout)
        self.assertGreater(said["calls"], 5)
        self.assertEqual(said["codes"], {"DEADLINE_EXCEEDED": said["calls"]})
        self.assertEqual(said["unsent"], said["calls"])


def broken_orders(work: Path) -> list[str]:
    return [
        str(BIN / "backend"),
        "--role=order",
        f"--data={dataset.write(work)['order']}",
        "--error_rate=1",
        "--log_level=off",
    ]


if __name__ == "__main__":
    unittest.main()
