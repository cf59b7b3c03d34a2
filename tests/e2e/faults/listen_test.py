"""Where a server listens."""

import pathlib
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


if __name__ == "__main__":
    unittest.main()
