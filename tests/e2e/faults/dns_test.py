"""A backend behind a name whose replicas all go, and come back elsewhere."""

import sys
import time
import unittest

import dns_server
import harness


class Names(harness.FaultTest):

    def start_behind_name(self):
        self.dns = dns_server.DnsServer(["127.0.0.1"])
        self.addCleanup(self.dns.stop)
        backend = self.start_backend("product", host="127.0.0.1")
        self.backend_port = backend.port
        self.start_aggregator(targets={
            "product": self.dns.target("product.test", backend.port)})
        self.assert_complete(self.overview())
        return backend

    def go_for(self, seconds):
        """The name and its backend are gone for so long, and come back at
        another address; returns how long it takes to see them."""
        backend = self.start_behind_name()
        self.dns.addresses = []
        backend.kill()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            overview = self.overview("alice", "1s")
            self.assert_partial(overview, "product", "BACKEND_UNAVAILABLE",
                                "BREAKER_OPEN")
            time.sleep(0.2)
        self.start_backend("product", host="127.0.0.2", port=self.backend_port)
        self.dns.addresses = ["127.0.0.2"]
        took = self.back_to_complete(2.0)
        print(f"  complete {took:.1f} s after {seconds} s of absence",
              file=sys.stderr)

    def test_a_name_that_is_gone_for_10_s(self):
        self.go_for(10)

    def test_a_name_that_is_gone_for_70_s(self):
        self.go_for(70)

    def test_no_name_at_the_start(self):
        backend = self.start_backend("product", host="127.0.0.2")
        dns = dns_server.DnsServer([])
        self.addCleanup(dns.stop)
        self.start_aggregator(targets={
            "product": dns.target("product.test", backend.port)})
        self.assert_partial(self.overview(), "product", "BACKEND_UNAVAILABLE")
        dns.addresses = ["127.0.0.2"]
        self.back_to_complete(2.0)

    def test_a_name_that_stays_is_not_asked_for_over_and_over(self):
        self.start_behind_name()
        before = self.dns.questions
        time.sleep(3)
        self.assertEqual(self.dns.questions, before)


if __name__ == "__main__":
    unittest.main()
