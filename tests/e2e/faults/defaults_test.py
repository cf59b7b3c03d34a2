"""The defaults that keep a server up, each where the wire shows it."""

import socket
import subprocess
import time
import unittest

import h2_client
import harness
import http2
import scripts


class ServerDefaults(harness.FaultTest):

    def test_a_connection_has_1000_streams(self):
        self.start_aggregator()
        self.assertEqual(self.client().connection.peer_settings[
            http2.MAX_CONCURRENT_STREAMS], 1000)

    def test_a_backend_takes_all_that_an_aggregator_multiplexes(self):
        self.start_aggregator()
        client = h2_client.Client(self.backends["user"].port).wait_ready()
        self.addCleanup(client.close)
        self.assertGreater(client.connection.peer_settings.get(
            http2.MAX_CONCURRENT_STREAMS, 1 << 31), 1_000_000)

    def test_a_handshake_has_3_s(self):
        """gRPC's own default is 120 s."""
        self.start_aggregator()
        start = time.monotonic()
        with socket.create_connection(
                ("127.0.0.1", self.aggregator.port)) as sock:
            sock.settimeout(20 * harness.SLOWNESS)
            try:
                while sock.recv(1000):  # its settings, then the end
                    pass
            except ConnectionResetError:
                pass
        self.assertGreater(time.monotonic() - start, 2)

    def test_max_inflight_refuses_at_once(self):
        raw = [self.raw_backend(r, scripts.silence) for r in harness.ROLES]
        self.start_aggregator("--max_inflight=5", "--section_timeout=1m",
                              raw=raw)
        client = self.client()
        for _ in range(5):
            client.start(timeout="60S")
        harness.eventually(lambda: all(len(b.calls) == 5 for b in raw))
        reply = client.call(timeout="60S")
        self.assertEqual(reply.status, 8)  # RESOURCE_EXHAUSTED
        self.assertEqual([len(b.calls) for b in raw], [5, 5, 5])

    def test_a_port_is_not_shared(self):
        server = self.start_aggregator()
        second = subprocess.run(
            [harness.BIN / "aggregator", f"--listen={server.address}",
             "--metrics_listen="],
            capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(second.returncode, 1)
        self.assertIn(server.address, second.stderr)

    def test_pings_every_5_s_are_allowed(self):
        """gRPC's own default, 5 minutes, answers the third with GOAWAY."""
        self.start_aggregator()
        client = self.client()
        for _ in range(5):
            time.sleep(5.2)
            client.connection.send_frame(http2.PING, 0, 0, b"12345678")
        self.assertEqual(client.call().status, 0)
        self.assertIsNone(client.goaway)

    def test_too_many_pings_are_not(self):
        self.start_aggregator()
        client = self.client()
        ping = http2.pack(http2.PING, 0, 0, b"12345678")
        client.connection.send_raw(10 * ping)
        harness.eventually(lambda: client.connection.closed,
                           what="GOAWAY and the end")

    def test_max_connection_age(self):
        self.start_aggregator("--max_connection_age=300ms",
                              "--max_connection_age_grace=1s")
        client = self.client()
        harness.eventually(lambda: client.goaway is not None, what="GOAWAY")
        harness.eventually(lambda: client.connection.closed, what="the end")


class ClientDefaults(harness.FaultTest):

    def test_no_proxy_from_the_environment(self):
        proxy = {"http_proxy": "http://127.0.0.1:9", "no_proxy": "",
                 "grpc_proxy": "http://127.0.0.1:9"}
        self.start_aggregator(env=proxy)
        self.assert_complete(self.overview())

    def test_says_that_it_takes_no_compression(self):
        seen = []

        def script(call):
            seen.append(dict(call.fields))
            call.reply(call.right_message())
        self.start_aggregator(raw=[self.raw_backend("product", script)])
        self.assert_complete(self.overview())
        self.assertIn(seen[0].get("grpc-accept-encoding", "identity"),
                      ("identity", ""))

    def test_every_call_has_a_deadline(self):
        raw = self.raw_backend("product")
        self.start_aggregator(raw=[raw])
        client = self.client()
        self.assertEqual(client.call(timeout=None).status, 0)
        self.assertIn("grpc-timeout", dict(raw.calls[0].fields))

    def test_max_reply_bytes(self):
        self.start_aggregator("--max_reply_bytes=100")
        overview = self.overview("alice", "5s", "--sections=user,products")
        self.assertEqual(overview.reason("product"), "REPLY_TOO_LARGE")

    PINGS = ("--backend_keepalive_time=10s",
             "--backend_keepalive_without_calls")

    def test_backends_are_pinged_where_the_flags_say_so(self):
        """After 10 s without a word, also where no call is made."""
        raw = self.raw_backend("product")
        self.start_aggregator(*self.PINGS, raw=[raw])
        self.assert_complete(self.overview())
        before = raw.pings
        harness.eventually(lambda: raw.pings > before, 20, "a ping")

    def test_backends_allow_the_pings(self):
        """25 s of silence: two pings, and the connection is still there."""
        self.start_aggregator(*self.PINGS)
        self.assert_complete(self.overview())
        time.sleep(25)
        self.assert_complete(self.overview())
        peers = {r["peer"] for r in self.backends["product"].log("request")}
        self.assertEqual(len(peers), 1, "the same connection")

    def test_load_is_spread_over_all_addresses_of_a_name(self):
        raw = [self.raw_backend("product") for _ in range(2)]
        targets = ",".join(f"127.0.0.1:{b.port}" for b in raw)
        self.start_aggregator(targets={"product": "ipv4:" + targets})
        harness.eventually(
            lambda: self.overview().code == 0 and all(b.calls for b in raw))


if __name__ == "__main__":
    unittest.main()
