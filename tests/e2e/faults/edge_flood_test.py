"""Clients that mean harm, before the edge: it stops them, a good caller beside
them is served as ever, and the aggregator hardly notices."""

import json
import sys
import time
import unittest

import edge
import flood
import h2_client
import harness

SLOWEST = 0.5  # seconds of a good caller's call
GROWTH_MB = 24  # of the aggregator
EDGE_MB = 128  # half of what compose.edge.yaml gives it


class EdgeFlood(edge.EdgeTest):

    def setUp(self):
        super().setUp()
        self.start_aggregator("--log_level=error")
        self.start_edge()
        self.good = self.client()
        for _ in range(100):
            self.seconds_for_calls()
        self.before = self.aggregator.rss_mb()

    def seconds_for_calls(self):
        """On a connection that was there, and on a new one."""
        start = time.monotonic()
        self.assertEqual(self.good.call(timeout="10S").status, 0)
        old = time.monotonic()
        fresh = h2_client.Client(self.edge.port)
        self.assertEqual(fresh.call(timeout="10S").status, 0)
        fresh.close()
        return max(old - start, time.monotonic() - old)

    def check_is_stopped(self, attack, count):
        process = flood.start(self, self.edge.port, attack, count)
        took = []
        while not flood.has_reported(process):
            took.append(self.seconds_for_calls())
        report = json.loads(process.stdout.readline())
        took += [self.seconds_for_calls() for _ in range(50)]
        print(f"  {report}; {2 * len(took)} calls beside it: slowest "
              f"{max(took) * 1e3:.0f} ms; aggregator {self.before:.0f} MB, "
              f"peak {self.aggregator.peak_mb():.0f} MB; edge "
              f"{self.edge.peak_mb():.0f} MB", file=sys.stderr)
        self.assertGreater(report["sent"], 0)
        self.assertLess(max(took), SLOWEST * harness.SLOWNESS)
        self.assertLess(self.aggregator.peak_mb(), self.before + GROWTH_MB)
        self.assertLess(self.edge.peak_mb(), EDGE_MB)

    def test_giant_headers_for_6_seconds(self):
        self.check_is_stopped("giant", 6)

    def test_60000_resets_of_an_unknown_method(self):
        self.check_is_stopped("unknown", 60_000)

    def test_60000_resets_of_overviews(self):
        self.check_is_stopped("overviews", 60_000)

    def test_60000_resets_of_reflection(self):
        self.check_is_stopped("reflection", 60_000)

    def test_ping_flood_for_6_seconds(self):
        self.check_is_stopped("pings_again", 6)

    def test_100000_rapid_resets(self):
        self.check_is_stopped("resets", 100_000)

    def test_10000_streams_on_one_connection(self):
        self.check_is_stopped("streams", 10_000)

    def test_9000_half_sent_messages(self):
        self.check_is_stopped("halves", 9000)

    def test_12_connections_hoard_half_sent_8_mb_messages(self):
        self.check_is_stopped("hoard", 12)


if __name__ == "__main__":
    unittest.main()
