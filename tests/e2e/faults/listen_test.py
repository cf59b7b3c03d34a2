"""Where a server listens."""

import pathlib
import subprocess
import sys
import unittest

import harness

NO_IPV6 = pathlib.Path(__file__).with_name("no_ipv6.py")


class Listen(harness.FaultTest):

    def start_on_all_addresses(self, host="[::]", **options):
        self.start_aggregator(host=host, **options)
        self.aggregator.address = f"127.0.0.1:{self.aggregator.port}"

    def test_all_addresses_are_those_of_ipv4_too(self):
        self.start_on_all_addresses()
        self.assert_complete(self.overview())

    def test_all_addresses_are_those_of_ipv4_where_there_is_no_ipv6(self):
        for host in ("[::]", "", "localhost"):
            with self.subTest(host=host):
                self.start_on_all_addresses(
                    host, wrapper=[sys.executable, NO_IPV6])
                self.assert_complete(self.overview())

    def test_a_socket_file(self):
        path = self.directory / "gather.sock"
        for address in (f"unix:{path}", f"unix://{path}"):
            with self.subTest(address=address):
                server = self.start_aggregator(listen=address)
                self.assert_complete(self.overview())
                self.assertEqual(server.port, 0)
                self.assertEqual(server.stop(), 0)
                self.assertFalse(path.exists(), "it is left behind")

    def test_a_socket_file_in_use_is_refused_and_a_stale_one_replaced(self):
        path = self.directory / "gather.sock"
        first = self.start_aggregator(listen=f"unix:{path}")
        done = subprocess.run(
            [harness.BIN / "aggregator", f"--listen=unix:{path}",
             "--metrics_listen="], capture_output=True, text=True, check=False,
            timeout=60)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(f"unix:{path}", done.stderr)
        self.assert_complete(self.overview())  # the file is the first's still
        first.kill()
        self.assertTrue(path.exists())
        self.start_aggregator(listen=f"unix:{path}")
        self.assert_complete(self.overview())

    def test_a_file_that_is_no_socket_is_left_alone(self):
        path = self.directory / "notes"
        path.write_text("mine")
        done = subprocess.run(
            [harness.BIN / "aggregator", f"--listen=unix:{path}",
             "--metrics_listen="], capture_output=True, text=True, check=False,
            timeout=60)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(path.read_text(), "mine")

    def test_backends_on_socket_files(self):
        targets = {}
        for role in harness.ROLES:
            targets[role] = f"unix:{self.directory}/{role}.sock"
            self.start_backend(role, listen=targets[role])
        self.start_aggregator(targets=targets)
        self.assert_complete(self.overview())
        self.assertEqual(self.backends["user"].stop(), 0)
        self.assert_partial(self.overview(), "user", "BACKEND_UNAVAILABLE")


if __name__ == "__main__":
    unittest.main()
