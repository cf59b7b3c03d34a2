"""Two replicas of a backend, of which one is sick: the other answers."""

import signal
import time
import unittest

import harness

RATE = 50  # calls a second
FIRST = 10  # seconds
THEN = 5  # seconds


class Replica(harness.FaultTest):

    def start_replicas(self, *flags):
        """Two product backends, the second with these flags, and an aggregator
        of both."""
        well = self.start_backend("product")
        other = self.start_backend("product", *flags, name="replica")
        self.start_aggregator(targets={
            "product": f"ipv4:{well.address},{other.address}"})
        return other

    def load(self, seconds):
        """Calls at RATE for so long; how many answers lacked products."""
        client = self.client()
        before = len(self.aggregator.log("request"))
        start = time.monotonic()
        calls = []
        while time.monotonic() < start + seconds:
            calls.append(client.start(timeout="20S"))
            time.sleep(max(0, start + len(calls) / RATE - time.monotonic()))
        replies = [client.wait(call, 30) for call in calls]
        self.assertEqual({r.status for r in replies}, {0})
        harness.eventually(
            lambda: len(self.aggregator.log("request")) == before + len(calls),
            what="every call is logged")
        answers = self.aggregator.log("request")[before:]
        return len(calls), sum(r["products"] != "ok" for r in answers)

    def check(self, *flags):
        other = self.start_replicas(*flags)
        calls, partial = self.load(FIRST)
        self.assertLessEqual(partial, calls * 0.02,
                             "of the first answers lacked products")
        harness.eventually(lambda: other.log("request"),
                           what="the sick one was called")
        _, partial = self.load(THEN)
        self.assertEqual(partial, 0, "of the answers after that did")

    def test_one_of_two_is_unavailable(self):
        self.check("--error_rate=1", "--error_code=UNAVAILABLE")

    def test_one_of_two_fails(self):
        self.check("--error_rate=1", "--error_code=INTERNAL")

    def test_one_of_two_hangs(self):
        self.check("--hang_rate=1")

    def test_one_of_two_says_that_it_does_not_serve(self):
        other = self.start_replicas("--drain_delay=5s")
        self.load(1)
        self.assertTrue(other.log("request"), "both are called")
        other.send(signal.SIGTERM)
        harness.eventually(lambda: other.log("draining"), what="a drain")
        # Health is watched: the word has to come over.
        time.sleep(0.5 * harness.SLOWNESS)
        called = len(other.log("request"))
        _, partial = self.load(1)
        self.assertEqual(partial, 0)
        self.assertEqual(len(other.log("request")), called)
        other.kill()  # it would wait out its delay


if __name__ == "__main__":
    unittest.main()
