"""What a caller can hold of the server without ever doing anything wrong."""

import os
import socket
import threading
import time
import unittest

import flood
import h2_backend
import h2_client
import harness
import http2
import scrape
import wire

STREAM = "/gather.aggregator.v1.AggregatorService/StreamOverview"
CHECK = "/grpc.health.v1.Health/Check"
WATCH = "/grpc.health.v1.Health/Watch"
REFLECTION = ("/grpc.reflection.v1alpha.ServerReflection/"
              "ServerReflectionInfo")
OK, RESOURCE_EXHAUSTED = 0, 8

CALLS = 200  # whose answers fill any socket


class NoWindow(harness.FaultTest):
    """Callers that have nothing sent to them."""

    def setUp(self):
        super().setUp()
        self.start_aggregator("--send_timeout=200ms", metrics=True)
        self.lazy = h2_client.Client(self.aggregator.port, window=0)
        self.addCleanup(self.lazy.close)
        self.lazy.wait_ready()

    def in_flight(self):
        metrics = scrape.Metrics(self.aggregator.metrics_address())
        return metrics.total("gather_requests_in_flight")

    def check_is_ended(self, path, message=None, timeout=None):
        streams = [self.lazy.start(message, path=path, timeout=timeout)
                   for _ in range(50)]
        for stream in streams:
            reply = self.lazy.wait(stream, 10 * harness.SLOWNESS)
            self.assertEqual(reply.data, b"")
            self.assertTrue(reply.reset is not None or reply.status != OK,
                            reply)
        harness.eventually(lambda: self.in_flight() == 0, what="their end")
        self.assert_complete(self.overview())

    def test_overviews_are_ended(self):
        self.check_is_ended(h2_client.OVERVIEW)

    def test_long_deadlines_are_no_way_round(self):
        self.check_is_ended(h2_client.OVERVIEW, timeout="800000H")

    def test_streams_are_ended(self):
        self.check_is_ended(STREAM)

    def test_health_checks_are_ended(self):
        self.check_is_ended(CHECK, message=b"")

    def test_health_watches_are_ended(self):
        self.check_is_ended(WATCH, message=b"")

    def test_log_says_so(self):
        self.lazy.wait(self.lazy.start(timeout=None))
        harness.eventually(lambda: self.aggregator.log("request"),
                           what="its log")
        record = self.aggregator.log("request")[0]
        self.assertEqual(record["level"], "warning")
        self.assertEqual(record["code"], "CANCELLED")
        self.assertIn("takes nothing in", record["error"])


class NoReading(harness.FaultTest):
    """A caller that lets anything be sent to it, and never reads: there, gRPC
    can end no call before its write returns."""

    def start(self, *flags):
        raw = [self.raw_backend(role) for role in harness.ROLES]
        raw[1].script = lambda call: call.reply(
            wire.REPLY["order"](call.user_id, "x" * 100_000))
        self.start_aggregator(*flags, raw=raw)
        connection = http2.Connection(socket.create_connection(
            ("127.0.0.1", self.aggregator.port)))
        self.addCleanup(connection.close)
        connection.send_raw(http2.PREFACE)
        connection.send_settings()
        connection.send_raw(b"".join(
            frame for i in range(CALLS)
            for frame in flood.call_frames(connection, 2 * i + 1)))

    def answered(self):
        return len(self.aggregator.log("request"))

    def test_its_connection_is_ended(self):
        self.start("--send_timeout=1s")
        harness.eventually(lambda: self.answered() == CALLS, 20,
                           what="the end of all")
        # Some were stuck until then.
        self.assertGreater(max(record["duration_ms"] for record
                               in self.aggregator.log("request")), 900)
        self.assert_complete(self.overview())

    def test_it_holds_up_no_drain(self):
        self.start("--drain_timeout=500ms")
        # Some are never answered in full.
        harness.eventually(self.is_full, 20, "a connection that is full")
        start = time.monotonic()
        self.assertEqual(self.aggregator.stop(), 0)
        self.assertLess(time.monotonic() - start, 5 * harness.SLOWNESS)

    def is_full(self):
        before = self.answered()
        time.sleep(0.5 * harness.SLOWNESS)
        return 0 < before == self.answered() < CALLS


class HalfSent(harness.FaultTest):
    """Callers that begin calls and do not end them."""

    def setUp(self):
        super().setUp()
        self.gate = threading.Event()
        self.addCleanup(self.gate.set)
        raw = [self.raw_backend(role) for role in harness.ROLES]
        raw[0].script = self.answer_later
        self.start_aggregator("--send_timeout=500ms", "--section_timeout=60s",
                              "--total_timeout=60s", raw=raw)

    def answer_later(self, call):
        self.gate.wait()
        h2_backend.healthy(call)

    def check_is_ended(self, half):
        """And nobody else's connection, however long its call takes."""
        served = self.client()
        watched = served.start(b"", path=WATCH, timeout=None)
        answered = served.start(timeout=None)
        silent = self.client()
        stream = silent.open(timeout=None)
        silent.connection.send_data(stream, half)
        reply = silent.wait(stream, 20 * harness.SLOWNESS)
        self.assertIsNone(reply.status)
        harness.eventually(
            lambda: self.aggregator.log("connection ended for half-sent calls"),
            what="its line in the log")
        self.gate.set()
        self.assertEqual(served.wait(answered).status, OK)
        self.assertIsNone(served.peek(watched).ended)

    def test_half_a_request_ends_its_connection(self):
        self.check_is_ended(wire.frame(wire.overview_request())[:-1])

    def test_headers_alone_do(self):
        self.check_is_ended(b"")


class Threads(harness.FaultTest):

    def threads(self):
        return len(os.listdir(f"/proc/{self.aggregator.pid}/task"))

    def test_reflection_streams_take_few(self):
        self.start_aggregator()
        before = self.threads()
        client = self.client()
        streams = [client.open(path=REFLECTION, timeout=None)
                   for _ in range(100)]
        def refused():
            """Which, since two loops take them in as they come."""
            return [stream for stream in streams
                    if client.peek(stream).status == RESOURCE_EXHAUSTED]
        harness.eventually(lambda: len(refused()) == 84, what="84 refusals")
        self.assertLess(self.threads(), before + 40)  # gRPC's own come and go
        for stream in set(streams) - set(refused()):
            client.connection.reset(stream)
        self.assert_complete(self.overview())


class ForwardedMetadata(harness.FaultTest):

    def setUp(self):
        super().setUp()
        self.raw = [self.raw_backend(role) for role in harness.ROLES]
        self.start_aggregator("--forward_metadata=x-tag,x-raw-bin",
                              raw=self.raw)

    def forwarded(self, key):
        return [value for name, value in self.raw[0].calls[-1].fields
                if name == key]

    def test_every_value_goes_on(self):
        reply = self.client().call(headers=[
            ("x-tag", "one"), ("x-tag", "two"), ("x-other", "three")])
        self.assertEqual(reply.status, OK)
        # Several values may come as one, with commas between them.
        self.assertEqual(",".join(self.forwarded("x-tag")), "one,two")
        self.assertEqual(self.forwarded("x-other"), [])

    def test_bytes_go_on_where_they_may(self):
        reply = self.client().call(headers=[("x-raw-bin", "/wB/")])
        self.assertEqual(reply.status, OK)
        self.assertEqual(self.forwarded("x-raw-bin"), ["/wB/"])

    def test_what_no_header_may_hold_is_refused(self):
        for value in (b"\xff", b"tab\tbed", b"\x80\x81"):
            with self.subTest(value=value):
                reply = self.client().call(headers=[(b"x-tag", value)])
                self.assertEqual(reply.status, 3)
                self.assertIn("x-tag", reply.message)
        self.assertEqual(self.client().call().status, OK)


if __name__ == "__main__":
    unittest.main()
