"""What the edge lets through, as it was, and what it answers by itself."""

import os
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import edge
import flood
import h2_backend
import h2_client
import harness
import http2
import scripts
import tls
import wire

STREAM = "/gather.aggregator.v1.AggregatorService/StreamOverview"
CHECK = "/grpc.health.v1.Health/Check"
OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND = 0, 3, 4, 5
RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE = 8, 12, 14


class Config(unittest.TestCase):

    @unittest.skipUnless(edge.HAPROXY, "no haproxy: a package of Debian's")
    def test_it_is_valid_and_warns_of_nothing(self):
        checked = subprocess.run(
            [edge.HAPROXY, "-c", "-f", edge.CONFIG], capture_output=True,
            text=True, check=False,
            env={**os.environ, "EDGE_AGGREGATOR": "127.0.0.1:50051"})
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertNotIn("WARNING", checked.stdout + checked.stderr)


class Passes(edge.EdgeTest):

    def start(self, *flags, scripts_of=None):
        self.raw = [self.raw_backend(role, (scripts_of or {}).get(
            role, h2_backend.healthy)) for role in harness.ROLES]
        self.start_aggregator(*flags, raw=self.raw)
        self.start_edge()

    def test_calls_and_health(self):
        self.start()
        self.assert_complete(self.overview())
        self.assertEqual(self.client().call(b"", path=CHECK).status, OK)

    def test_trailers(self):
        self.start(scripts_of={"user": lambda call: call.trailers(NOT_FOUND)})
        reply = self.client().call()
        self.assertEqual(reply.status, NOT_FOUND)
        self.assertIn("traceparent", reply.trailers)
        reply = self.client().call(wire.field(1, ""))
        self.assertEqual(reply.status, INVALID_ARGUMENT)
        self.assertIn("grpc-status-details-bin", reply.trailers)

    def test_parts_of_a_stream_as_they_land(self):
        gate = threading.Event()
        self.addCleanup(gate.set)

        def when_open(call):
            gate.wait()
            call.reply(call.right_message())
        self.start(scripts_of={"product": when_open})
        client = self.client()
        stream = client.start(path=STREAM, timeout="20S")
        harness.eventually(
            lambda: len(wire.frames(client.peek(stream).data)) == 2,
            what="two sections, while the third is held back")
        gate.set()
        reply = client.wait(stream)
        self.assertEqual(reply.status, OK)
        self.assertEqual(len(wire.frames(reply.data)), 4)

    def test_deadlines(self):
        """The aggregator answers with what it has while the caller is there."""
        self.start("--section_timeout=1m", scripts_of={
            "product": scripts.silence})
        client = self.client()
        start = time.monotonic()
        reply = client.call(timeout="700m")
        self.assertEqual(reply.status, OK, reply)
        self.assertLess(time.monotonic() - start, 0.7 * harness.SLOWNESS)

    def check_is_told_to_the_backends(self, end_call):
        self.start("--section_timeout=1m", scripts_of={
            role: scripts.silence for role in harness.ROLES})
        client = self.client()
        stream = client.start(timeout="60S")
        harness.eventually(lambda: all(b.calls for b in self.raw),
                           what="the backends' calls")
        end_call(client, stream)
        for backend in self.raw:
            self.assertTrue(backend.calls[0].cancelled.wait(
                2 * harness.SLOWNESS))

    def test_cancellation(self):
        self.check_is_told_to_the_backends(
            lambda client, stream: client.connection.reset(stream))

    def test_the_caller_s_leaving(self):
        self.check_is_told_to_the_backends(lambda client, _: client.close())


class KeepsCallersApart(edge.EdgeTest):

    def test_what_ends_one_s_connection_ends_no_other_s_call(self):
        """CVE-2023-32732: the aggregator ends the connection it came on."""
        gate = threading.Event()
        self.addCleanup(gate.set)

        def when_open(call):
            gate.wait()
            call.reply(call.right_message())
        user = self.raw_backend("user", when_open)
        self.start_aggregator(raw=[user])
        self.start_edge()
        good = self.client()
        stream = good.start(timeout="20S")
        harness.eventually(lambda: user.calls, what="the good call")
        for _ in range(10):  # on all threads of HAProxy
            reply = self.client().call(headers=[("x-a-bin", "n*t base64")])
            self.assertNotEqual(reply.status, OK)
        gate.set()
        self.assertEqual(good.wait(stream).status, OK)


class Answers(edge.EdgeTest):

    def setUp(self):
        super().setUp()
        self.start_aggregator("--log_level=info")
        self.start_edge()

    def test_unknown_services(self):
        reply = self.client().call(path="/a.B/C")
        self.assertEqual(reply.status, UNIMPLEMENTED)
        self.assertEqual(reply.trailers["content-type"], "application/grpc")

    def test_too_much_metadata(self):
        client = self.client()
        for status, headers in [
                (OK, [("x-a", "v" * 4500)]),
                (OK, [(f"x-{i}", "v") for i in range(50)]),
                (RESOURCE_EXHAUSTED, [("x-a", "v" * 5000)]),
                (RESOURCE_EXHAUSTED, [(f"x-{i}", "v") for i in range(70)]),
                (RESOURCE_EXHAUSTED, [(f"x-{i}", "v" * 100)
                                      for i in range(50)])]:
            self.assertEqual(client.call(headers=headers).status, status)
        harness.eventually(lambda: len(self.aggregator.log("request")) == 2,
                           what="the log of two")

    def test_messages_larger_than_the_aggregator_takes(self):
        client = self.client()
        user = wire.field(1, "alice")
        unknown = 65536 - len(user) - 4  # of a field that it does not know
        self.assertEqual(client.call(
            user + wire.field(99, "x" * (unknown - 1))).status, OK)
        reply = client.call(user + wire.field(99, "x" * (unknown + 2)))
        self.assertEqual(reply.status, RESOURCE_EXHAUSTED)
        self.assertIn("edge", reply.message)

    def test_no_aggregator(self):
        self.aggregator.kill()
        harness.eventually(lambda: not self.edge.has_aggregator(),
                           what="its absence")
        reply = self.client().call()
        self.assertEqual(reply.status, UNAVAILABLE)
        self.assertIn("aggregator", self.edge.text())
        self.start_aggregator(port=self.aggregator.port)
        client = self.client()
        harness.eventually(lambda: client.call().status == OK,
                           what="its return")

    def test_an_aggregator_that_is_not_serving_is_not_called(self):
        """Its own health decides: it still listens, and answers."""
        self.start_aggregator("--drain_delay=1m")
        self.edge.kill()
        self.start_edge()
        self.assertEqual(self.client().call().status, OK)
        self.aggregator.send(signal.SIGTERM)
        harness.eventually(lambda: not self.edge.has_aggregator(),
                           what="word of the drain")
        self.assertEqual(self.client().call().status, UNAVAILABLE)
        self.assertEqual(h2_client.Client(self.aggregator.port).call().status,
                         OK)
        self.aggregator.send(signal.SIGTERM)  # the second ends it
        self.exits[self.aggregator] = self.aggregator.wait()

    def test_who_stops_half_way(self):
        """All at the same time: a connection that says nothing, half a header,
        half a message, and a caller that takes no answer in."""
        silent, half = [flood.connect(self.edge.port, {}) for _ in range(2)]
        half.send_frame(http2.HEADERS, 0, 1, b"\x83")
        sender = self.client()
        message = sender.open(timeout=None)
        sender.connection.send_data(message, b"\0\0\0\0\x64")
        lazy = h2_client.Client(self.edge.port, settings=False)
        self.addCleanup(lazy.close)
        lazy.connection.send_frame(http2.SETTINGS, 0, 0, struct.pack(
            ">HI", http2.INITIAL_WINDOW_SIZE, 0))
        answer = lazy.start(timeout=None)
        start = time.monotonic()
        for connection in (silent, half):
            connection.reader.join(8 * harness.SLOWNESS)
            self.assertFalse(connection.reader.is_alive())
        self.assertEqual(sender.wait(message).status, DEADLINE_EXCEEDED)
        self.assertLess(time.monotonic() - start, 8 * harness.SLOWNESS)
        self.assertIsNone(lazy.wait(answer).status)
        self.assertLess(time.monotonic() - start, 15 * harness.SLOWNESS)


class Limits(edge.EdgeTest):

    def setUp(self):
        super().setUp()
        self.start_aggregator("--log_level=error")

    def test_connections_of_an_address(self):
        self.start_edge(ADDRESS_CONNECTIONS=3)
        clients = [self.client() for _ in range(3)]
        self.assertFalse(self.may_connect())
        self.assertEqual({c.call().status for c in clients}, {OK})
        clients[0].close()
        harness.eventually(self.may_connect, what="room for another")

    def may_connect(self):
        try:
            with socket.create_connection(
                    ("127.0.0.1", self.edge.port)) as sock:
                return tls.speaks_http2(sock)
        except OSError:
            return False

    def test_calls_of_a_connection(self):
        self.start_edge(CONNECTION_CALLS=20)
        hasty, patient = self.client(), self.client()
        statuses = [hasty.call().status for _ in range(60)]
        self.assertIn(OK, statuses)
        self.assertIn(RESOURCE_EXHAUSTED, statuses)
        self.assertEqual(patient.call().status, OK)
        # Calls that are refused count as well.
        harness.eventually(lambda: time.sleep(0.3) or
                           hasty.call().status == OK, what="the next second")

    def test_calls_of_an_address(self):
        self.start_edge(ADDRESS_CALLS=20)
        self.assertIn(RESOURCE_EXHAUSTED,
                      [self.client().call().status for _ in range(60)])

    def test_calls_in_flight_of_an_address(self):
        self.aggregator.stop()
        product = self.raw_backend("product", scripts.silence)
        self.start_aggregator("--section_timeout=1m", raw=[product])
        self.start_edge(ADDRESS_CALLS_IN_FLIGHT=3)
        client, other = self.client(), self.client()
        streams = [client.start(timeout="60S") for _ in range(3)]
        harness.eventually(lambda: len(product.calls) == 3, what="three calls")
        self.assertEqual(other.call().status, RESOURCE_EXHAUSTED)
        client.connection.reset(streams[0])
        harness.eventually(lambda: other.call(timeout="500m").status == OK,
                           what="room for another")

    def test_streams_of_a_connection(self):
        self.start_edge()
        client = self.client()
        self.assertEqual(client.connection.peer_settings[
            http2.MAX_CONCURRENT_STREAMS], 100)

    def test_refusals_are_counted(self):
        self.start_edge(CONNECTION_CALLS=1)
        client = self.client()
        for _ in range(10):
            client.call()
        metrics = self.edge.metrics()
        self.assertGreater(metrics.total(
            "haproxy_frontend_requests_denied_total", proxy="grpc"), 0)
        self.assertGreater(metrics.total(
            "haproxy_frontend_http_requests_total", proxy="grpc"), 9)


class Tls(edge.EdgeTest):

    def setUp(self):
        super().setUp()
        self.authority = tls.Authority(self.directory / "certs")

    def directory_of(self, name):
        return self.authority.files(name)[0].parent

    def start(self, **settings):
        self.start_aggregator(*self.authority.server_flags("aggregator"))
        self.start_edge(TLS=self.directory_of("edge"),
                        AGGREGATOR_TLS=self.directory_of("edge"), **settings)
        harness.eventually(self.edge.has_aggregator, what="a health check")

    def test_tls_at_the_edge(self):
        self.start()
        ca = self.authority.files("client")[0]
        self.assert_complete(self.overview(f"--tls_ca={ca}"))
        self.assertEqual(self.overview(timeout="1s").code, 1)  # plaintext

    def test_mutual_tls_at_the_edge(self):
        self.start(CLIENT_CA=self.authority.files("edge")[0])
        self.authority.make("--expired", "expired")
        foreign = tls.Authority(self.directory / "foreign")
        for identity in [None, (self.authority, "expired"),
                         (foreign, "client")]:
            self.assertFalse(self.is_served(identity), identity)
            self.assertTrue(self.is_served((self.authority, "client")))
        self.assert_complete(self.overview(*self.authority.client_flags()))

    def is_served(self, identity):
        return tls.is_served(self.edge.port,
                             tls.context(self.authority, identity))

    def test_an_aggregator_of_another_authority_gets_no_call(self):
        foreign = tls.Authority(self.directory / "foreign")
        self.start_aggregator(*foreign.server_flags("aggregator", False))
        self.start_edge(AGGREGATOR_TLS=self.directory_of("edge"))
        self.assertEqual(self.client().call().status, UNAVAILABLE)


class Stop(edge.EdgeTest):

    def test_calls_in_flight_are_answered(self):
        gate = threading.Event()
        self.addCleanup(gate.set)

        def when_open(call):
            gate.wait()
            call.reply(call.right_message())
        user = self.raw_backend("user", when_open)
        self.start_aggregator(raw=[user])
        self.start_edge()
        client = self.client()
        stream = client.start(timeout="20S")
        harness.eventually(lambda: user.calls, what="the call")
        self.edge.soft_stop()
        harness.eventually(lambda: refused(self.edge.port),
                           what="the port's end")
        gate.set()
        self.assertEqual(client.wait(stream).status, OK)
        self.assertEqual(self.edge.wait(), 0)
        self.assertIsNotNone(client.goaway)


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return False
    except ConnectionRefusedError:
        return True
    except OSError:
        return False  # it had a place in the queue


if __name__ == "__main__":
    unittest.main()
