"""What the edge answers by itself."""

import signal
import socket
import time
import unittest

import edge
import flood
import h2_client
import harness
import http2
import scripts
import tls
import wire

OK, DEADLINE_EXCEEDED = 0, 4
RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE = 8, 12, 14


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
        lazy = h2_client.Client(self.edge.port, window=0)
        self.addCleanup(lazy.close)
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


if __name__ == "__main__":
    unittest.main()
