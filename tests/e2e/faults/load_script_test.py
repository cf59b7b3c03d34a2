"""deploy/ghz/load.py knows what every call came to, at any rate."""

import json
import re
import shutil
import subprocess
import unittest

import harness

LOAD = harness.ROOT / "deploy/ghz/load.py"


@unittest.skipUnless(shutil.which("ghz-counted"),
                     "no ghz-counted; deploy/install-tools.sh builds it")
class LoadScript(harness.FaultTest):

    def load(self, config, calls, calls_per_second, user="alice"):
        """The exit code, what was counted, and what was printed. A rate of 0 is
        no limit."""
        done = subprocess.run(
            [LOAD, harness.ROOT / f"deploy/ghz/{config}.json",
             self.aggregator.address, "--set", f"total={calls}",
             "--set", f"rps={calls_per_second}",
             "--set", f"data={json.dumps({'user_id': user})}"],
            capture_output=True, text=True, check=False, timeout=120)
        counted = {name: int(value) for name, value
                   in re.findall(r"(\w+)=(\d+)(?: |$)", done.stdout)}
        return done.returncode, counted, done.stdout + done.stderr

    def check(self, config, kind):
        for calls, rate in ((90, 45), (1000, 0)):
            with self.subTest(calls=calls, rate=rate):
                code, counted, text = self.load(config, calls, rate)
                self.assertEqual(code, 0, text)
                self.assertEqual(counted["calls"], calls, text)
                self.assertEqual(counted[kind], calls, text)
                self.assertEqual(counted["unknown"], 0, text)

    def test_complete_answers_are_counted(self):
        self.start_aggregator()
        self.check("healthy", "complete")

    def test_partial_answers_are_counted_and_are_too_few_whole_ones(self):
        self.start_backend("product", "--error_rate=1")
        self.start_aggregator()
        self.check("degraded", "partial")
        code, _, text = self.load("healthy", 20, 0)
        self.assertEqual(code, 1, text)
        self.assertIn("partial is 20", text)

    def test_calls_that_fail_are_counted(self):
        self.start_aggregator()
        code, counted, text = self.load("healthy", 10, 0, user="no such")
        self.assertEqual(code, 1, text)
        self.assertEqual(counted["failed"], 10, text)


if __name__ == "__main__":
    unittest.main()
