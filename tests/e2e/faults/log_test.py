"""Logs: a line a request, fewer where that is asked for, and a reader that
stalls stalls nobody."""

import fcntl
import json
import os
import threading
import time
import unittest

import h2_client
import harness
import scrape
import scripts
import wire

SAMPLED = "00-0123456789abcdef0123456700000064-00f067aa0ba902b7-01"
LEFT_OUT = "00-0123456789abcdef0123456700000065-00f067aa0ba902b7-01"
QUEUE = 4096  # records that wait for the reader


class RequestLines(harness.FaultTest):

    def call(self, **options):
        return self.client().call(timeout="20S", **options)

    def lines(self, server, count):
        return harness.eventually(
            lambda: len(server.log("request")) >= count
            and server.log("request"), what=f"{count} lines of {server.name}")

    def test_sections_have_a_result_and_a_duration(self):
        self.start_backend("product", "--error_rate=1")
        self.start_aggregator()
        self.call(message=wire.overview_request(sections=("user", "products")))
        line, = self.lines(self.aggregator, 1)
        self.assertEqual((line["user"], line["products"]),
                         ("ok", "BACKEND_ERROR"))
        self.assertGreater(line["user_ms"], 0)
        self.assertGreater(line["products_ms"], 0)
        self.assertLessEqual(line["products_ms"], line["duration_ms"])
        self.assertIn("INTERNAL", line["products_error"])
        self.assertFalse([key for key in line if key.startswith("orders")])

    def test_a_loop_that_was_late_is_named_as_the_cause(self):
        backend = self.raw_backend("product", scripts.silence)
        self.start_aggregator("--section_timeout=30s", raw=[backend])
        client = self.client()
        stream = client.start(timeout="30S")
        harness.eventually(lambda: backend.calls)
        self.aggregator.pause()
        time.sleep(1)  # the length of what is to be seen
        self.aggregator.resume()
        backend.calls[0].reply(backend.calls[0].right_message())
        self.assertEqual(client.wait(stream).status, 0)
        line, = self.lines(self.aggregator, 1)
        self.assertGreater(line["loop_late_ms"], 800)
        self.assertLessEqual(line["loop_late_ms"], line["duration_ms"])
        late = harness.eventually(
            lambda: self.aggregator.log("event loop late"))
        self.assertGreater(late[0]["late_ms"], 800)

    def test_what_went_well_can_be_left_out(self):
        self.start_backend("product", "--error_rate=0.5", "--log_sample=0")
        self.start_aggregator("--log_sample=0")
        client = self.client()
        replies = [client.call(timeout="20S") for _ in range(30)]
        failed = sum(b"BACKEND_ERROR" in r.data for r in replies)
        # Where half of them fail, the circuit breaker may open.
        refused = sum(b"BREAKER_OPEN" in r.data for r in replies)
        partial = failed + refused
        self.assertIn(partial, range(1, 30))
        self.assertEqual(self.call(message=b"").status, 3)
        self.assertEqual(self.aggregator.stop(), 0)  # all is written
        lines = self.aggregator.log("request")
        self.assertEqual(sorted(r["code"] for r in lines),
                         ["INVALID_ARGUMENT"] + ["OK"] * partial)
        self.assertEqual(
            sum(r.get("products") == "BACKEND_ERROR" for r in lines), failed)
        self.assertEqual(
            sum(r.get("products") == "BREAKER_OPEN" for r in lines), refused)
        self.assertEqual(len(self.lines(self.backends["product"], failed)),
                         failed)

    def test_a_trace_is_logged_by_all_servers_or_by_none(self):
        for role in harness.ROLES:
            self.start_backend(role, "--log_sample=100")
        self.start_aggregator("--log_sample=100")
        for trace in (LEFT_OUT, SAMPLED):
            self.call(headers=[("traceparent", trace)])
        for server in (self.aggregator, *self.backends.values()):
            line, = self.lines(server, 1)
            self.assertEqual(line["trace_id"], SAMPLED.split("-")[1])

    def test_the_answer_tells_its_trace_and_backends_do_not(self):
        user = self.start_backend("user")
        self.start_aggregator()
        sent = [("traceparent", SAMPLED)]
        told = self.call(headers=sent).trailers["traceparent"]
        line, = self.lines(self.aggregator, 1)
        self.assertEqual(told.split("-")[1:3],
                         [line["trace_id"], line["span_id"]])
        # The aggregator's call was the first.
        reply = h2_client.Client(user.port).call(
            wire.field(1, b"alice"), timeout="20S", headers=sent,
            path="/gather.user.v1.UserService/GetUser")
        self.assertEqual(reply.status, 0)
        self.assertNotIn("traceparent", reply.trailers)


class StalledReader(harness.FaultTest):

    def setUp(self):
        super().setUp()
        self.reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        # A machine that is busy adds no lines of its own.
        self.start_aggregator("--stall_limit=1h", stderr=writer, metrics=True)
        os.close(writer)
        # Or its first lines may be among those that are lost.
        first = b""
        while b'"serving"' not in first or not first.endswith(b"\n"):
            first += os.read(self.reader, 1)

    def dropped(self):
        return scrape.Metrics(self.aggregator.metrics_address()).total(
            "gather_log_dropped_total")

    def read_all(self, lines):
        with open(self.reader, encoding="utf-8") as pipe:
            for line in pipe:
                lines.append(json.loads(line))

    def test_calls_go_on_and_what_is_lost_is_counted(self):
        client = self.client()
        calls = 0
        while calls < 2 * QUEUE:
            streams = [client.start(timeout="20S") for _ in range(256)]
            for stream in streams:
                self.assertEqual(client.wait(stream).status, 0)
            calls += len(streams)
        self.assertGreater(self.dropped(), QUEUE / 2)

        lines = []
        reader = threading.Thread(target=self.read_all, args=(lines,))
        reader.start()

        def told():
            return sum(r["dropped"] for r in list(lines)
                       if r["message"] == "log fell behind")

        def written():
            return sum(r["message"] == "request" for r in list(lines))

        # Once the reader is back, so are the lines, and a word on the rest. All
        # of it before the end, which has no time for a reader that is slow.
        harness.eventually(lambda: written() + told() >= calls, timeout=30,
                           what="the lines, or a word on what is lost")
        lost = self.dropped()
        self.assertEqual(self.aggregator.stop(), 0)
        reader.join()
        self.assertEqual(told(), lost)
        self.assertEqual(written() + told(), calls)


if __name__ == "__main__":
    unittest.main()
