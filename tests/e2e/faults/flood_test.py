"""A client that means harm: the others are served, and nothing is left."""

import json
import sys
import time
import unittest

import flood
import harness


class Flood(harness.FaultTest):

    def setUp(self):
        super().setUp()
        self.start_aggregator("--log_level=error")
        self.good = self.client()
        self.quiet = self.worst_of(30)
        self.before = self.aggregator.rss_mb()

    def seconds_for_a_call(self):
        start = time.monotonic()
        reply = self.good.call(timeout="10S")
        self.assertEqual(reply.status, 0)
        return time.monotonic() - start

    def worst_of(self, calls):
        """The slowest but one in ten: the machine may be busy."""
        took = sorted(self.seconds_for_a_call() for _ in range(calls))
        return took[int(0.9 * len(took))]

    def attack(self, kind, count):
        return flood.start(self, self.aggregator.port, kind, count)

    def assert_good_client_is_served(self, took):
        limit = max(0.1, 10 * self.quiet) * harness.SLOWNESS
        took.sort()
        typical = took[len(took) // 2]
        print(f"  {len(took)} calls beside it: median {typical * 1e3:.1f} ms, "
              f"worst {took[-1] * 1e3:.1f} ms; before "
              f"{self.quiet * 1e3:.1f} ms; peak "
              f"{self.aggregator.peak_mb():.0f} MB, before "
              f"{self.before:.0f} MB", file=sys.stderr)
        self.assertLess(typical, limit)

    def calls_while(self, process):
        """How long good calls took until the attacker had sent all."""
        took = []
        while not flood.has_reported(process):
            took.append(self.seconds_for_a_call())
        took += [self.seconds_for_a_call() for _ in range(20)]
        return took, json.loads(process.stdout.readline())

    def assert_memory_returns(self, slack_mb):
        """But for what the allocator keeps of what was freed."""
        harness.eventually(
            lambda: self.aggregator.rss_mb() < self.before +
            slack_mb * harness.SLOWNESS, 20,
            f"memory back from {self.aggregator.peak_mb():.0f} MB to "
            f"{self.before:.0f} MB")

    def end(self, process):
        process.stdin.close()
        process.wait()

    def test_10000_streams_on_one_connection(self):
        process = self.attack("streams", 10_000)
        took, report = self.calls_while(process)
        print(" ", report, file=sys.stderr)
        self.assert_good_client_is_served(took)
        self.end(process)
        self.assert_memory_returns(64)

    def test_ping_flood(self):
        process = self.attack("pings", 200_000)
        took, report = self.calls_while(process)
        print(" ", report, file=sys.stderr)
        self.assert_good_client_is_served(took)
        self.assertIn("7:11", report["answers"], "GOAWAY, ENHANCE_YOUR_CALM")
        self.end(process)
        self.assert_memory_returns(32)

    def test_100000_rapid_resets(self):
        """CVE-2023-44487: gRPC 1.51 lets them in, and the aggregator ends
        the connections that they come on."""
        process = self.attack("resets", 100_000)
        took, report = self.calls_while(process)
        print(" ", report, file=sys.stderr)
        self.assert_good_client_is_served(took)
        self.end(process)
        self.assert_memory_returns(64)

    def check_resets(self, kind, count):
        process = self.attack(kind, count)
        took, report = self.calls_while(process)
        print(" ", report, file=sys.stderr)
        self.assert_good_client_is_served(took)
        self.assertLess(took[-1], 1 * harness.SLOWNESS)
        self.assertLess(self.aggregator.peak_mb(), 150 * harness.SLOWNESS)
        self.end(process)
        self.assert_memory_returns(64)

    def test_100000_resets_of_an_unknown_method(self):
        """What gRPC answers by itself it has in a list that nothing bounds."""
        self.check_resets("unknown", 100_000)

    def test_60000_resets_of_reflection(self):
        self.check_resets("reflection", 60_000)

    def test_12_connections_hoard_half_sent_8_mb_messages(self):
        process = self.attack("hoard", 12)
        took, _ = self.calls_while(process)
        # They go on sending in the background.
        took += [self.seconds_for_a_call() for _ in range(100)]
        self.assert_good_client_is_served(took)
        self.assertLess(self.aggregator.peak_mb() - self.before,
                        12 * 8 * harness.SLOWNESS)
        self.end(process)
        self.assert_memory_returns(64)


if __name__ == "__main__":
    unittest.main()
