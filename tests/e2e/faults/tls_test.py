"""TLS and mutual TLS: who is served and who is not."""

import socket
import ssl
import subprocess
import time
import unittest
import warnings

import harness
import http2
import tls


class TlsTest(harness.FaultTest):

    def setUp(self):
        super().setUp()
        self.authority = tls.Authority(self.directory / "certs")

    def another_authority(self):
        return tls.Authority(self.directory / "foreign")

    def start_all(self, *flags, mutual=True):
        for role in harness.ROLES:
            self.start_backend(role, *self.authority.server_flags(role))
        return self.start_aggregator(
            *self.authority.server_flags("aggregator", mutual),
            *self.authority.backend_flags(), *flags)

    def call(self, authority=None, name="client"):
        authority = authority or self.authority
        return self.overview("alice", "5s", *authority.client_flags(name))

    def assert_logged(self, why):
        """gRPC tells the client nothing, but its log."""
        harness.eventually(
            lambda: any(why in record["text"]
                        for record in self.aggregator.log("grpc")),
            what=f"{why} in the log")

    def s_client(self, *flags):
        """What openssl s_client says: its exit code and its output. It stays
        until the server closes, or has said all that it has to."""
        process = subprocess.Popen(
            ["openssl", "s_client", "-connect", self.aggregator.address,
             "-alpn", "h2", "-CAfile", self.authority.files("client")[0],
             *flags],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.addCleanup(process.kill)
        preface = http2.PREFACE + http2.pack(tls.SETTINGS, 0, 0, b"")
        process.stdin.write(preface)
        process.stdin.flush()
        output = b""
        while b"Verify return code" not in output:
            chunk = process.stdout.read1()
            if not chunk:
                break
            output += chunk
        # Ended by the server where it refuses; else by the end of the input.
        try:
            process.wait(2 * harness.SLOWNESS)
        except subprocess.TimeoutExpired:
            pass
        rest, _ = process.communicate(timeout=60)
        return process.returncode, (output + rest).decode(errors="replace")


class Clients(TlsTest):

    def test_a_client_of_the_authority_is_served(self):
        self.start_all()
        self.assert_complete(self.call())
        code, text = self.s_client(
            "-cert", self.authority.files("client")[1],
            "-key", self.authority.files("client")[2])
        self.assertEqual(code, 0, text)
        self.assertIn("Verify return code: 0 (ok)", text)
        self.assertIn("ALPN protocol: h2", text)

    def test_no_certificate_is_refused(self):
        self.start_all()
        ca = self.authority.files("client")[0]
        overview = self.overview("alice", "5s", f"--tls_ca={ca}")
        self.assertEqual(overview.code, 1, overview)
        self.assertIn("UNAVAILABLE", overview.error)
        self.assertFalse(tls.is_served(
            self.aggregator.port, tls.context(self.authority)))
        code, text = self.s_client()
        self.assertNotEqual(code, 0, text)
        self.assert_logged("peer did not return a certificate")
        self.assert_complete(self.call())

    def test_an_expired_certificate_is_refused(self):
        self.start_all()
        self.authority.make("--expired", "old")
        self.assertFalse(tls.is_served(
            self.aggregator.port,
            tls.context(self.authority, (self.authority, "old"))))
        code, text = self.s_client(
            "-cert", self.authority.files("old")[1],
            "-key", self.authority.files("old")[2])
        self.assertNotEqual(code, 0, text)
        self.assert_logged("certificate verify failed")
        self.assert_complete(self.call())

    def test_a_foreign_certificate_is_refused(self):
        self.start_all()
        foreign = self.another_authority()
        self.assertFalse(tls.is_served(
            self.aggregator.port,
            tls.context(self.authority, (foreign, "client"))))
        code, text = self.s_client("-cert", foreign.files("client")[1],
                                   "-key", foreign.files("client")[2])
        self.assertNotEqual(code, 0, text)
        self.assert_logged("certificate verify failed")
        self.assert_complete(self.call())

    def test_a_client_refuses_a_server_of_another_authority(self):
        self.start_all()
        foreign = self.another_authority()
        overview = self.call(foreign)
        self.assertEqual(overview.code, 1, overview)
        self.assertIn("UNAVAILABLE", overview.error)

    def test_a_client_refuses_a_server_of_another_name(self):
        self.start_all()
        overview = subprocess.run(
            [harness.BIN / "gatherctl", "health", "--timeout=5s",
             f"--server=127.0.0.2:{self.aggregator.port}",
             *self.authority.client_flags()],
            capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(overview.returncode, 1)
        self.assertIn("UNAVAILABLE", overview.stderr)

    def test_plaintext_on_the_port_of_tls_is_closed(self):
        self.start_all()
        self.assertEqual(self.overview().code, 1)
        with socket.create_connection(
                ("127.0.0.1", self.aggregator.port)) as sock:
            start = time.monotonic()
            self.assertFalse(tls.speaks_http2(sock))
            # At once, and not when the handshake's time is over.
            self.assertLess(time.monotonic() - start, 2 * harness.SLOWNESS)
        self.assert_complete(self.call())

    def test_tls_on_the_port_of_plaintext_fails(self):
        self.start_aggregator()
        self.assertEqual(self.call().code, 1)
        self.assert_complete(self.overview())

    def test_without_an_authority_of_clients_all_are_served(self):
        self.start_all(mutual=False)
        ca = self.authority.files("client")[0]
        self.assert_complete(
            self.overview("alice", "5s", f"--tls_ca={ca}"))
        self.assert_complete(self.call())

    def test_old_versions_of_tls_are_refused(self):
        self.start_all()
        old = tls.context(self.authority, (self.authority, "client"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        self.assertFalse(tls.is_served(self.aggregator.port, old))


class Handshakes(TlsTest):

    def stalled(self, count, said):
        """Connections that say this much, and no more."""
        made = []
        for _ in range(count):
            sock = socket.create_connection(
                ("127.0.0.1", self.aggregator.port))
            sock.sendall(said)
            self.addCleanup(sock.close)
            made.append(sock)
        return made

    def test_stalled_ones_harm_nobody_and_are_closed(self):
        self.start_all("--event_loops=1")
        self.assert_complete(self.call())
        # A record of a ClientHello of 512 bytes, of which 100 come.
        half = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + 89 * b"x"
        start = time.monotonic()
        stalled = self.stalled(100, b"") + self.stalled(100, half)
        for _ in range(5):
            self.assert_complete(self.call())
        for sock in stalled:
            sock.settimeout(20 * harness.SLOWNESS)
            try:
                while sock.recv(1000):
                    pass
            except ConnectionError:
                pass
        took = time.monotonic() - start
        self.assertGreater(took, 2)
        self.assertLess(took, 15 * harness.SLOWNESS)
        self.assert_complete(self.call())

    def test_failed_ones_leave_no_descriptors(self):
        self.start_all()
        self.assert_complete(self.call())
        using = tls.context(self.authority)
        before = self.aggregator.descriptors()
        for _ in range(200):
            self.assertFalse(tls.is_served(self.aggregator.port, using))
        harness.eventually(
            lambda: self.aggregator.descriptors() <= before + 5,
            what="their descriptors are closed")


class Backends(TlsTest):

    def test_a_backend_with_a_foreign_certificate_costs_its_section(self):
        foreign = self.another_authority()
        self.start_backend("product", *foreign.server_flags("product", False))
        self.start_backend("user", *self.authority.server_flags("user"))
        self.start_backend("order", *self.authority.server_flags("order"))
        self.start_aggregator(*self.authority.backend_flags())
        self.assert_partial(self.overview(), "product", "BACKEND_UNAVAILABLE")

    def test_a_backend_that_refuses_our_certificate_costs_its_section(self):
        foreign = self.another_authority()
        ca = foreign.files("product")[0]
        for role in harness.ROLES:
            flags = self.authority.server_flags(role, role != "product")
            if role == "product":
                flags.append(f"--tls_client_ca={ca}")
            self.start_backend(role, *flags)
        self.start_aggregator(*self.authority.backend_flags())
        self.assert_partial(self.overview(), "product", "BACKEND_UNAVAILABLE")

    def test_a_backend_without_tls_costs_its_section(self):
        self.start_backend("user", *self.authority.server_flags("user"))
        self.start_backend("order", *self.authority.server_flags("order"))
        self.start_aggregator(*self.authority.backend_flags())
        self.assert_partial(self.overview(), "product", "BACKEND_UNAVAILABLE")

    def test_each_backend_has_credentials_of_its_own(self):
        """One with an authority of its own, one with TLS alone, one plain."""
        foreign = self.another_authority()
        self.start_backend("user", *foreign.server_flags("user"))
        self.start_backend(
            "order", *self.authority.server_flags("order", mutual=False))
        ca = self.authority.files("aggregator")[0]
        self.start_aggregator(*foreign.backend_flags(roles=["user"]),
                              f"--order_tls={ca}")
        self.assert_complete(self.overview())


if __name__ == "__main__":
    unittest.main()
