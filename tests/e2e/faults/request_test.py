"""Requests that no well-behaved client sends."""

import gzip
import struct
import unittest

import h2_client
import harness
import scripts
import wire

OK, CANCELLED, INVALID_ARGUMENT, DEADLINE_EXCEEDED = 0, 1, 3, 4
RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 8, 12, 13


class Deadline(harness.FaultTest):

    def setUp(self):
        super().setUp()
        self.raw = [self.raw_backend(role) for role in harness.ROLES]
        self.raw[2].script = scripts.silence
        self.replies = 0
        self.start_aggregator("--total_timeout=1s", raw=self.raw)

    def assert_default_budget(self, timeout):
        """Partial after 0.9 s: 1 s less what is kept for the answer."""
        reply = self.client().call(timeout=timeout)
        self.assertEqual(reply.status, OK, (timeout, reply))
        self.assertIn(b"BACKEND_TIMEOUT", reply.data)
        self.replies += 1
        harness.eventually(lambda: len(
            self.aggregator.log("request")) == self.replies, what="its log")
        duration = self.aggregator.log("request")[-1]["duration_ms"]
        self.assertGreaterEqual(duration, 850, timeout)

    def assert_no_orphans(self):
        """What was started at the backends was ended by the aggregator."""
        for call in self.raw[2].calls:
            self.assertTrue(call.cancelled.wait(5))

    def test_absent(self):
        self.assert_default_budget(None)

    def test_malformed(self):
        for timeout in ("banana", "5", "S", "-5S", "5x", "1.5S", "", " "):
            with self.subTest(timeout=timeout):
                self.assert_default_budget(timeout)

    def test_absurdly_long(self):
        reply = self.client().call(timeout="99999999H")
        self.assertEqual(reply.status, OK)
        self.assertIn(b"BACKEND_TIMEOUT", reply.data)

    def check_too_short(self, timeout):
        """A client of gRPC's says DEADLINE_EXCEEDED by itself; on the wire
        gRPC's server sends one of several errors."""
        client = self.client()
        replies = [client.call(timeout=timeout) for _ in range(20)]
        for reply in replies:
            self.assertTrue(
                reply.status in (None, CANCELLED, DEADLINE_EXCEEDED, INTERNAL)
                or reply.status == OK and b"BACKEND_TIMEOUT" in reply.data,
                reply)
        self.assert_no_orphans()

    def test_1_ms(self):
        self.check_too_short("1m")
        overview = self.overview("alice", "1ms")
        self.assertEqual(overview.code, 1)
        self.assertIn("DEADLINE_EXCEEDED", overview.error)

    def test_passed_on_arrival(self):
        self.check_too_short("0m")
        self.assertEqual(len(self.raw[2].calls), 0)

    def test_1_ns(self):
        self.check_too_short("1n")  # gRPC makes 1 ms of it


class Request(harness.FaultTest):

    def setUp(self):
        super().setUp()
        self.start_aggregator()

    def tearDown(self):
        self.assert_complete(self.overview())

    def send(self, body, headers=()):
        client = self.client()
        stream = client.open(headers=headers)
        client.connection.send_data(stream, body, end=True)
        return client.wait(stream)

    def padded(self, size):
        """A request of that size, the rest in a field that nobody knows."""
        request = wire.overview_request()
        filler = size - len(request) - 5
        request += wire.field(2047, bytes(filler))
        self.assertEqual(len(request), size)
        return request

    def test_as_large_as_may_be(self):
        self.assertEqual(self.client().call(self.padded(64 * 1024)).status, OK)

    def test_too_large(self):
        reply = self.client().call(self.padded(64 * 1024 + 1))
        self.assertEqual(reply.status, RESOURCE_EXHAUSTED)

    def test_truncated_message(self):
        reply = self.client().call(wire.overview_request()[:-1])
        self.assertEqual(reply.status, INTERNAL)

    def test_truncated_frame(self):
        reply = self.send(wire.frame(wire.overview_request())[:-2])
        self.assertIn(reply.status, (INTERNAL, INVALID_ARGUMENT), reply)

    def test_frame_flag_of_no_meaning(self):
        # gRPC 1.51 drops the message behind some of them.
        request = wire.overview_request()
        for flag in (2, 3, 128, 255):
            reply = self.send(struct.pack(">BI", flag, len(request)) + request)
            self.assertIn(reply.status, (INTERNAL, INVALID_ARGUMENT), flag)
            self.assertEqual(reply.data, b"")

    def test_no_message(self):
        reply = self.send(b"")
        self.assertIn(reply.status, (INTERNAL, INVALID_ARGUMENT), reply)

    def test_garbage(self):
        self.assertEqual(self.client().call(b"\xff" * 50).status, INTERNAL)

    def test_unknown_fields(self):
        request = wire.overview_request() + wire.field(99, "new in v2")
        self.assertEqual(self.client().call(request).status, OK)

    def test_invalid_utf8(self):
        request = wire.overview_request(b"ali\xff\xc3\x28")
        self.assertEqual(self.client().call(request).status, INTERNAL)

    def test_bad_characters(self):
        for user in ("", "a b", "a" * 65, "ü", "../etc"):
            reply = self.client().call(wire.overview_request(user))
            self.assertEqual(reply.status, INVALID_ARGUMENT, user)

    def test_compressed(self):
        """A small bomb: refused, not inflated."""
        before = self.aggregator.peak_mb()
        bomb = gzip.compress(bytes(32 << 20))
        reply = self.send(wire.frame(bomb, compressed=True),
                          [("grpc-encoding", "gzip")])
        self.assertIn(reply.status, (UNIMPLEMENTED, INTERNAL), reply)
        self.assertLess(self.aggregator.peak_mb() - before,
                        16 * harness.SLOWNESS)

    def test_compressed_by_a_well_meaning_client(self):
        """As ghz -e sends them, and gRPC for Go where it is told to."""
        reply = self.send(wire.frame(gzip.compress(wire.overview_request()),
                                     compressed=True),
                          [("grpc-encoding", "gzip")])
        self.assertEqual(reply.status, UNIMPLEMENTED, reply)
        self.assertIn("gzip", reply.message)

    def test_says_compressed_but_not_how(self):
        # gRPC 1.51 reads it as it is, where the specification wants INTERNAL.
        reply = self.send(wire.frame(wire.overview_request(), compressed=True))
        self.assertIn(reply.status, (OK, INTERNAL))

    def test_unknown_method(self):
        reply = self.client().call(path="/no.such.Service/Method")
        self.assertEqual(reply.status, UNIMPLEMENTED)

    def test_huge_header(self):
        client = self.client()
        reply = client.wait(client.open(headers=[("x-huge", "h" * 100_000)]))
        self.assertNotEqual(reply.status, OK)

    def test_headers_that_grpc_aborts_at(self):
        """CVE-2023-1428: a value that gRPC can't read, and more than 8 KB in
        all."""
        for name in ("te", ":scheme", "grpclb_client_stats"):
            for headers in ([(name, "x" * 9000)],
                            [(name, "x"), ("x-long", "x" * 9000)]):
                with self.subTest(header=name, of_them=len(headers)):
                    client = self.client()
                    reply = client.wait(client.open(headers=headers))
                    self.assertNotEqual(reply.status, OK)
                    self.assertEqual(self.client().call().status, OK)

    def test_binary_header_that_is_not_base64(self):
        """CVE-2023-32732: ends its own connection at most."""
        client, other = self.client(), self.client()
        reply = client.wait(client.open(headers=[("x-odd-bin", "!")]))
        self.assertNotEqual(reply.status, OK)
        self.assertEqual(other.call().status, OK)

    def test_not_http2(self):
        for greeting in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 500):
            client = h2_client.Client(self.aggregator.port, settings=False)
            client.connection.send_raw(greeting)
            client.close()


if __name__ == "__main__":
    unittest.main()
