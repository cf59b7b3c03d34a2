"""Certificates that change on disk, under calls."""

import shutil
import threading
import unittest

import harness
import tls


class Calls:
    """Calls one after the other, each over a connection of its own, while it
    lives; what did not come back complete is in `failed`."""

    def __init__(self, call):
        self.failed = []
        self.done = 0
        self._call = call
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._over.is_set():
            overview = self._call()
            self.done += 1
            if overview.code != 0:
                self.failed.append(overview)

    def stop(self):
        self._over.set()
        self._thread.join(60)


class Rotation(harness.FaultTest):

    def setUp(self):
        super().setUp()
        self.authority = tls.Authority(self.directory / "certs")
        self.clients = tls.Authority(self.directory / "clients")
        self.own = tls.context(self.authority, (self.clients, "client"))

    def start_all(self):
        """Connections to the backends are made anew all the time."""
        for role in harness.ROLES:
            self.start_backend(role, *self.authority.server_flags(role),
                               "--max_connection_age=300ms")
        flags = self.authority.server_flags("aggregator", mutual=False)
        flags.append(f"--tls_client_ca={self.trusted()}")
        self.start_aggregator(*flags, *self.authority.backend_flags())

    def trusted(self):
        """Whose clients the aggregator takes."""
        path = self.directory / "trusted.pem"
        if not path.exists():
            shutil.copy(self.clients.files("client")[0], path)
        return path

    def start_calls(self):
        ca = self.authority.files("client")[0]
        _, cert, key = self.clients.files("client")
        calls = Calls(lambda: self.overview(
            "alice", "5s", f"--tls_ca={ca}", f"--tls_cert={cert}",
            f"--tls_key={key}"))
        self.addCleanup(calls.stop)
        return calls

    def serial(self):
        return tls.certificate(self.aggregator.port, self.own)

    def assert_none_failed(self, calls):
        done = calls.done
        harness.eventually(lambda: calls.done >= done + 5, 30, "more calls")
        calls.stop()
        self.assertEqual(calls.failed, [])

    def replaced(self, server):
        return server.log("certificates replaced")

    def test_new_certificates_are_taken_up_and_no_call_fails(self):
        self.start_all()
        calls = self.start_calls()
        before = self.serial()
        for count in (1, 2):
            # Of the aggregator and of its backends, as a server and a client.
            self.authority.make("aggregator", *harness.ROLES)
            harness.eventually(
                lambda c=count: len(self.replaced(self.aggregator)) == 4 * c,
                what="the aggregator's certificates are replaced")
            harness.eventually(
                lambda b=before: self.serial() != b,
                what="the new certificate is shown")
            before = self.serial()
        for role in harness.ROLES:
            self.assertTrue(self.replaced(self.backends[role]))
        self.assert_none_failed(calls)

    def test_a_pair_that_is_half_written_is_not_taken_up(self):
        self.start_all()
        calls = self.start_calls()
        before = self.serial()
        _, cert, key = self.authority.files("aggregator")
        self.authority.make("next")
        _, new_cert, new_key = self.authority.files("next")
        text = new_cert.read_bytes()
        cert.write_bytes(text[:len(text) // 2])  # in place, and half of it
        self.not_replaced("holds no certificate")
        cert.write_bytes(text)
        self.not_replaced("does not fit")
        key.unlink()
        self.not_replaced("can't be read")
        self.assertEqual(self.serial(), before)
        shutil.copy(new_key, key)
        harness.eventually(lambda: self.serial() != before,
                           what="the whole pair is taken up")
        self.assert_none_failed(calls)

    def not_replaced(self, why):
        """The log says so, and calls go on for longer than gRPC takes to read
        files again."""
        harness.eventually(
            lambda: any(why in record["error"] for record in
                        self.aggregator.log("certificates not replaced")),
            what=f"{why} in the log")
        for _ in range(5):
            self.assertTrue(tls.is_served(self.aggregator.port, self.own))

    def test_new_authorities_of_clients_are_taken_up(self):
        self.start_all()
        others = tls.Authority(self.directory / "others")
        other = tls.context(self.authority, (others, "client"))
        port = self.aggregator.port
        self.assertTrue(tls.is_served(port, self.own))
        self.assertFalse(tls.is_served(port, other))
        # Both, and then the new one alone.
        new = others.files("client")[0].read_text()
        self.trusted().write_text(self.trusted().read_text() + new)
        harness.eventually(lambda: tls.is_served(port, other),
                           what="the new authority is trusted")
        self.assertTrue(tls.is_served(port, self.own))
        self.trusted().write_text(new)
        harness.eventually(lambda: not tls.is_served(port, self.own),
                           what="the old one no longer is")
        self.assertTrue(tls.is_served(port, other))


if __name__ == "__main__":
    unittest.main()
