"""What an error says for programs: grpc-status-details-bin, as any client of
gRPC's reads it."""

import unittest

import harness
import scripts
import wire

OVERVIEWS = "/gather.aggregator.v1.AggregatorService/"
DOMAIN = b"gather.aggregator.v1"
INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED = 3, 5, 8
INTERNAL, UNAVAILABLE = 13, 14


class ErrorDetails(harness.FaultTest):

    def fail(self, message, status, method="GetOverview"):
        """The details of a call that fails like that."""
        reply = self.client().call(message, path=OVERVIEWS + method)
        self.assertEqual(reply.status, status, reply)
        code, text, details = wire.error_details(reply.trailers)
        self.assertEqual(code, reply.status)
        self.assertEqual(text, reply.message)
        return reply, details

    def assert_error_info(self, details, reason, section=None):
        info = details["google.rpc.ErrorInfo"]
        self.assertEqual(info[1], [reason.encode()])
        self.assertEqual(info[2], [DOMAIN])
        metadata = [wire.decode(entry) for entry in info.get(3, [])]
        expected = {1: [b"section"], 2: [(section or "").encode()]}
        self.assertEqual(metadata, [expected] if section else [])

    def test_bad_request_names_the_field(self):
        self.start_aggregator()
        bad = {
            "user_id": wire.overview_request("a b"),
            "read_mask": wire.overview_request(sections=("basket",)),
            "required_mask": wire.overview_request(required=("basket",)),
            "required_sections": wire.overview_request() + wire.field(3, 9),
            "order_page_size": wire.overview_request() + wire.field(4, 101),
            "product_page_size": wire.overview_request() + wire.field(5, 101),
        }
        for field, message in bad.items():
            for method in ("GetOverview", "StreamOverview"):
                with self.subTest(field=field, method=method):
                    reply, details = self.fail(message, INVALID_ARGUMENT, method)
                    self.assertEqual(set(details), {"google.rpc.BadRequest"})
                    violation, = details["google.rpc.BadRequest"][1]
                    said = wire.decode(violation)
                    self.assertEqual(said[1], [field.encode()])
                    self.assertEqual(reply.message,
                                     f"{field}: {said[2][0].decode()}")

    def check_required(self, code, status, reason):
        """The order backend fails with that code."""
        self.start_backend("order", "--error_rate=1", f"--error_code={code}")
        self.start_aggregator()
        # By the mask, and by the enum that came before it.
        for message in (wire.overview_request(required=("orders",)),
                        wire.overview_request() + wire.field(3, 2)):
            for method in ("GetOverview", "StreamOverview"):
                reply, details = self.fail(message, status, method)
                self.assert_error_info(details, reason, "orders")
                self.assertTrue(reply.message.startswith(
                    "required section orders failed: "), reply)

    def test_required_section_whose_code_is_handed_up(self):
        self.check_required("UNAVAILABLE", UNAVAILABLE, "BACKEND_DECLINED")

    def test_required_section_that_is_overloaded(self):
        self.check_required("RESOURCE_EXHAUSTED", RESOURCE_EXHAUSTED,
                            "BACKEND_OVERLOADED")

    def test_required_section_whose_code_would_blame_the_caller(self):
        self.check_required("PERMISSION_DENIED", INTERNAL, "BACKEND_ERROR")

    def test_no_such_user(self):
        self.start_aggregator()
        _, details = self.fail(wire.overview_request("nobody"), NOT_FOUND)
        self.assert_error_info(details, "USER_NOT_FOUND", "user")

    def test_every_section_failed(self):
        for role in harness.ROLES:
            self.start_backend(role, "--error_rate=1")
        self.start_aggregator()
        _, details = self.fail(wire.overview_request(), INTERNAL)
        self.assert_error_info(details, "EVERY_SECTION_FAILED")

    def test_holds_none_of_a_backends_own_words(self):
        raw = self.raw_backend("order", scripts.trailers_only_error)
        self.start_aggregator(raw=[raw])
        reply, _ = self.fail(wire.overview_request(required=("orders",)),
                             INTERNAL)
        self.assertNotIn("secret", reply.message)
        self.assertNotIn("secret", str(wire.error_details(reply.trailers)))


if __name__ == "__main__":
    unittest.main()
