"""What the log and the metrics say at start, and of a backend that goes away and
comes back."""

import unittest

import harness
import scrape


class Outage(harness.FaultTest):

    def connected(self):
        now = scrape.Metrics(self.aggregator.metrics_address())
        return now.by("gather_backend_connected", "backend")

    def test_a_backend_that_goes_away_and_returns_is_two_lines(self):
        product = self.start_backend("product")
        self.start_aggregator(metrics=True)
        everyone = {(role,): 1 for role in harness.ROLES}
        harness.eventually(lambda: self.connected() == everyone,
                           what="all are connected")
        self.assertEqual(self.aggregator.log("backend is away"), [])

        product.kill()
        harness.eventually(lambda: self.aggregator.log("backend is away"),
                           what="a line")
        self.assertEqual(self.connected(), {("user",): 1, ("order",): 1})
        self.start_backend("product", port=product.port)
        harness.eventually(lambda: self.aggregator.log("backend is back"),
                           what="a line")
        self.assertEqual(self.connected(), everyone)
        away, = self.aggregator.log("backend is away")
        back, = self.aggregator.log("backend is back")
        for line in (away, back):
            self.assertEqual((line["backend"], line["target"]),
                             ("product", product.address))
        self.assertEqual(away["level"], "warning")
        self.assertGreater(back["away_ms"], 0)

    def test_one_that_was_never_there_is_away(self):
        self.start_aggregator(targets={"order": "127.0.0.1:1"}, metrics=True)
        harness.eventually(lambda: self.aggregator.log("backend is away"),
                           what="a line")
        away, = self.aggregator.log("backend is away")
        self.assertEqual(away["backend"], "order")

    def test_equal_failures_of_an_outage_are_thinned_and_counted(self):
        self.start_backend("product", "--error_rate=1")
        self.start_aggregator("--log_repeats=1", metrics=True)
        client = self.client()
        for _ in range(200):
            client.call(timeout="20S")

        def told():
            """Lines, and what they say was left out."""
            client.call(timeout="20S")
            lines = self.aggregator.log("request")
            return lines if any("skipped" in line for line in lines) else None
        lines = harness.eventually(told, what="a line with a count")
        self.assertGreater(sum(line.get("skipped", 0) for line in lines), 10)
        self.assertLess(len(lines), 100)

    def test_the_first_line_says_what_it_goes_by(self):
        self.start_aggregator("--section_timeout=1500ms", "--total_timeout=4s",
                              "--max_inflight=77")
        first, *_ = harness.eventually(self.aggregator.log, what="a line")
        self.assertEqual(first["message"], "starting")
        self.assertIn("gRPC", first["version"])
        for role in harness.ROLES:
            self.assertEqual(first[f"{role}_target"],
                             self.backends[role].address)
        self.assertEqual(
            (first["section_timeout_ms"], first["total_timeout_ms"],
             first["max_inflight"]), (1500, 4000, 77))


if __name__ == "__main__":
    unittest.main()
