"""Real backends that are killed, are not there, come back, or hang."""

import socket
import time
import unittest

import harness


def closed_port():
    """A port that refuses, and stays ours: bound, but not listened on."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


class BackendProcess(harness.FaultTest):

    def wait_for_calls(self, *roles):
        harness.eventually(
            lambda: all(self.backends[r].log("request") for r in roles),
            what="the calls of the others")

    def test_killed_in_mid_call(self):
        for role, others in (("product", ("user", "order")),
                             ("user", ("order", "product"))):
            with self.subTest(role=role):
                self.backends.clear()
                hung = self.start_backend(role, "--latency=1h")
                self.start_aggregator()
                client = self.client()
                call = client.start(timeout="30S")
                # All three are called in one step.
                self.wait_for_calls(*others)
                hung.kill()
                killed = time.monotonic()
                reply = client.wait(call)
                self.assertEqual(reply.status, 0)
                self.assertIn(b"BACKEND_UNAVAILABLE", reply.data)
                self.assertLess(reply.ended - killed, 5 * harness.SLOWNESS)

    def test_refused_at_start_then_there(self):
        held = closed_port()
        port = held.getsockname()[1]
        self.start_aggregator(targets={"product": f"127.0.0.1:{port}"})
        overview = self.overview()
        self.assert_partial(overview, "product", "BACKEND_UNAVAILABLE")
        self.assertLess(overview.took, 2 * harness.SLOWNESS)
        held.close()
        self.start_backend("product", port=port)
        self.back_to_complete()

    def test_restarted(self):
        product = self.start_backend("product")
        self.start_aggregator()
        self.assert_complete(self.overview())
        for _ in range(3):
            product.kill()
            self.assert_partial(self.overview(), "product",
                                "BACKEND_UNAVAILABLE")
            product = self.start_backend("product", port=product.port)
            self.back_to_complete()

    def test_restarted_with_the_aggregator_unasked(self):
        """Nobody calls while the backend is away: the first call after its
        return is complete."""
        product = self.start_backend("product")
        self.start_aggregator()
        self.assert_complete(self.overview())
        self.assertEqual(product.stop(), 0)
        product = self.start_backend("product", port=product.port)
        self.back_to_complete()

    def test_never_waits_two_seconds_to_try_again(self):
        """However long a backend was away, it is tried more often than every
        2 s: that is what makes the answer full within 2 s of its return."""
        attempts = []
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(20)
            port = listener.getsockname()[1]
            self.start_aggregator(targets={"product": f"127.0.0.1:{port}"})
            self.overview()
            while len(attempts) < 10:
                listener.accept()[0].close()
                attempts.append(time.monotonic())
        gaps = [b - a for a, b in zip(attempts, attempts[1:])]
        self.assertLess(max(gaps), 2.0, gaps)
        # Nor does it hammer a backend that is down.
        self.assertGreater(gaps[-1], 0.5, gaps)


class SlowBackend(harness.FaultTest):

    def test_one_call_in_four_is_slow(self):
        backend = self.start_backend("user", "--event_loops=1",
                                     "--slow_every=4", "--slow_latency=400ms")
        self.start_aggregator(targets={"user": f"127.0.0.1:{backend.port}"})
        client = self.client()
        slow = []
        for _ in range(8):
            start = time.monotonic()
            self.assertEqual(client.call().status, 0)
            slow.append(time.monotonic() - start >= 0.4)
        self.assertEqual([i for i, each in enumerate(slow, 1) if each], [4, 8])


class HungBackend(harness.FaultTest):

    def check_deadline(self, milliseconds):
        """A reply of status 0 is in time: after the deadline gRPC sends
        another. On a busy machine some of the shortest may miss."""
        client = self.client()
        tries = 5 if milliseconds < 1000 else 1
        replies = [client.call(timeout=f"{milliseconds}m")
                   for _ in range(tries)]
        in_time = [r for r in replies if r.status == 0]
        needed = 1 if milliseconds < 500 * harness.SLOWNESS else tries
        self.assertGreaterEqual(len(in_time), needed,
                                (milliseconds, [r.status for r in replies]))
        for reply in in_time:
            self.assertIn(b"BACKEND_TIMEOUT", reply.data)

    def check_stopped(self, role):
        self.assert_complete(self.overview())
        self.backends[role].pause()
        for milliseconds in (50, 100, 200, 500, 1000, 2000, 5000):
            with self.subTest(role=role, milliseconds=milliseconds):
                self.check_deadline(milliseconds)
        overview = self.overview("alice", "1s")
        self.assert_partial(overview, role, "BACKEND_TIMEOUT")
        self.backends[role].resume()
        self.back_to_complete()

    def test_product_stopped(self):
        self.start_aggregator()
        self.check_stopped("product")

    def test_user_stopped(self):
        self.start_aggregator()
        self.check_stopped("user")

    def test_stopped_before_it_is_connected_to(self):
        product = self.start_backend("product")
        product.pause()
        self.start_aggregator()
        overview = self.overview("alice", "1s")
        self.assert_partial(overview, "product", "BACKEND_TIMEOUT",
                            "BACKEND_UNAVAILABLE")
        product.resume()
        self.back_to_complete()

    def test_all_stopped(self):
        """Nothing arrives: an error, still before the caller's deadline."""
        self.start_aggregator()
        self.assert_complete(self.overview())
        for backend in self.backends.values():
            backend.pause()
        reply = self.client().call(timeout="1000m")
        self.assertEqual(reply.status, 4)
        self.assertIn("every requested section failed", reply.message)


if __name__ == "__main__":
    unittest.main()
