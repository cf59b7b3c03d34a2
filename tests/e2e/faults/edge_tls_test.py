"""TLS to the edge and from it."""

import unittest

import edge
import harness
import tls

UNAVAILABLE = 14


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


if __name__ == "__main__":
    unittest.main()
