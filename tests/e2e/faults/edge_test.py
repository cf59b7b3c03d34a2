"""What the edge lets through, as it was."""

import os
import socket
import subprocess
import time
import unittest

import edge
import h2_backend
import harness
import scripts
import wire

STREAM = "/gather.aggregator.v1.AggregatorService/StreamOverview"
CHECK = "/grpc.health.v1.Health/Check"
OK, INVALID_ARGUMENT, NOT_FOUND = 0, 3, 5


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
        gate, when_open = self.gated()
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
        self.start("--section_timeout=1m", "--total_timeout=1m", scripts_of={
            "product": scripts.silence})
        client = self.client()
        start = time.monotonic()
        reply = client.call(timeout="700m")
        self.assertEqual(reply.status, OK, reply)
        self.assertLess(time.monotonic() - start, 3 * harness.SLOWNESS)

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
        gate, when_open = self.gated()
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


class Stop(edge.EdgeTest):

    def test_calls_in_flight_are_answered(self):
        gate, when_open = self.gated()
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
