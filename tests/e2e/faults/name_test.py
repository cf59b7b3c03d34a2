"""A backend's name that is gone, and comes back under another address: what a
headless service of Kubernetes does that has no ready pod for a while."""

import time
import unittest

import dns_server
import harness

GONE = (3, 25)  # seconds


class Name(harness.FaultTest):

    def setUp(self):
        super().setUp()
        self.names = dns_server.Server()
        self.addCleanup(self.names.stop)

    def start(self):
        """A product backend, of which the aggregator knows the name."""
        product = self.start_backend("product")
        self.names.addresses = ["127.0.0.1"]
        self.start_aggregator(targets={
            "product": f"dns://{self.names.address}/products.test:"
                       f"{product.port}"})
        self.assert_complete(self.overview())
        return product

    def come_back(self, port, address):
        """The backend, on an address that it did not have."""
        self.start_backend("product", port=port, host=address)
        self.names.addresses = [address]
        took = self.back_to_complete(2.0)
        print(f"  whole again after {took:.2f} s", end=" ", flush=True)

    def test_is_whole_within_2_s_however_long_it_was_away(self):
        product = self.start()
        for i, gone in enumerate(GONE):
            self.names.addresses = []
            self.backends["product"].kill()
            harness.eventually(lambda: self.overview().code == 3,
                               what="a partial answer")
            time.sleep(gone)
            self.come_back(product.port, f"127.0.0.{i + 2}")

    def test_backend_that_comes_up_later_than_the_aggregator(self):
        product = self.start_backend("product")
        product.kill()
        self.start_aggregator(targets={
            "product": f"dns://{self.names.address}/products.test:"
                       f"{product.port}"})
        self.assert_partial(self.overview(), "product", "BACKEND_UNAVAILABLE")
        time.sleep(8)
        self.come_back(product.port, "127.0.0.9")


if __name__ == "__main__":
    unittest.main()
