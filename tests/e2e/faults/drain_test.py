"""SIGTERM under load: what was accepted is answered."""

import signal
import subprocess
import sys
import time
import unittest

import harness
import load


class Drain(harness.FaultTest):

    def another_aggregator(self):
        first = self.aggregator
        second = self.start_aggregator()
        self.aggregator = first
        return second

    def test_sigterm_in_the_middle_of_1000_calls(self):
        for role in harness.ROLES:
            self.start_backend(role, "--latency=30ms", "--latency_jitter=20ms")
        # Clients leave with a connection's age, and lose nothing then.
        first = self.start_aggregator("--max_connection_age=2s")
        ports = [first.port]
        clients = load.Load(lambda: list(ports), workers=25, calls=1000)
        harness.eventually(lambda: clients.count() >= 300, 60, "300 calls")
        # As a load balancer does it: there is another one to go to.
        ports[:] = [self.another_aggregator().port]
        accepted_before = clients.count()
        self.assertEqual(first.stop(), 0)
        self.assertTrue(clients.join(60 * harness.SLOWNESS))
        print(f"  {accepted_before} answered before SIGTERM, "
              f"{clients.refused} refused and tried again", file=sys.stderr)
        self.assertGreater(len(first.log("request")), 300)
        self.assertEqual(clients.cut, [], "accepted, and never answered")
        self.assertEqual(clients.answered, [0] * 1000)
        # The server's own count is the same: nothing that it took was dropped.
        self.assertEqual({r["code"] for r in first.log("request")}, {"OK"})

    def test_1000_calls_in_flight_are_answered(self):
        self.start_backend("product", "--latency=3s")
        first = self.start_aggregator("--section_timeout=30s")
        client = self.client()
        calls = [client.start(timeout="60S") for _ in range(1000)]
        harness.eventually(
            lambda: len(self.backends["user"].log("request")) == 1000, 30,
            "1000 calls have been taken in")
        first.send(signal.SIGTERM)
        replies = [client.wait(call, 60) for call in calls]
        self.assertEqual({r.status for r in replies}, {0})
        self.assertEqual(first.log("draining")[0]["in_flight"], 1000)
        self.assertEqual(first.wait(), 0)

    def test_a_call_that_hangs_ends_with_drain_timeout(self):
        self.start_backend("product", "--hang_rate=1")
        self.start_aggregator("--drain_timeout=500ms", "--section_timeout=1m",
                              "--log_level=info")
        client = self.client()
        call = client.start(timeout="60S")
        harness.eventually(lambda: self.backends["user"].log("request"))
        start = time.monotonic()
        self.assertEqual(self.aggregator.stop(), 0)
        self.assertLess(time.monotonic() - start, 5 * harness.SLOWNESS)
        self.assertNotEqual(client.wait(call).status, 0)

    def test_second_sigterm_ends_at_once(self):
        self.start_backend("product", "--hang_rate=1")
        server = self.start_aggregator("--drain_timeout=1h",
                                       "--section_timeout=1h")
        self.client().start(timeout="3600S")
        harness.eventually(lambda: self.backends["user"].log("request"))
        server.send(signal.SIGTERM)
        harness.eventually(lambda: server.log("draining"))
        self.assertTrue(server.alive())
        self.expect_exit(server, -signal.SIGTERM)
        server.send(signal.SIGTERM)
        self.assertEqual(server.wait(5), -signal.SIGTERM)

    def test_health_says_so_first(self):
        server = self.start_aggregator("--drain_delay=1h")
        server.send(signal.SIGTERM)
        harness.eventually(lambda: server.log("draining"))
        harness.eventually(lambda: subprocess.run(
            [harness.BIN / "gatherctl", "health",
             f"--server={server.address}"], capture_output=True,
            check=False).returncode != 0, what="NOT_SERVING")
        self.assert_complete(self.overview())  # still served
        self.expect_exit(server, -signal.SIGTERM)
        server.send(signal.SIGTERM)
        self.assertEqual(server.wait(5), -signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
