"""An overview in a real Jaeger: found by its trace id, with all that aggregator
and backends did for it in one tree.

GATHER_BIN is the directory of the programs; PYTHONPATH has ../faults."""

import jaeger
import harness
import scripts
import wire

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
REQUEST = "gather.aggregator.v1.AggregatorService/GetOverview"
METHOD = {
    "user": "gather.user.v1.UserService/GetUser",
    "orders": "gather.order.v1.OrderService/ListOrders",
    "products": "gather.product.v1.ProductService/ListRecommendedProducts",
}
LATENCY = 20_000  # of the backends, in microseconds


def once_unavailable(then):
    """A script whose first call fails so that it is tried again."""
    calls = []

    def script(call):
        calls.append(call)
        (scripts.unavailable if len(calls) == 1 else then)(call)
    return script


class Jaeger(jaeger.JaegerTest):

    def start(self, **options):
        flags = [f"--otlp_endpoint={self.endpoint}"]
        for role in harness.ROLES:
            if role not in {b.role for b in options.get("raw", ())}:
                self.start_backend(role, *flags, f"--latency={LATENCY}us")
        self.start_aggregator(*flags, **options)

    def call(self, headers=()):
        return self.client().call(wire.overview_request(), timeout="20S",
                                  headers=list(headers))

    def only(self, spans, name, service="aggregator"):
        found = [s for s in spans if (s.name, s.service) == (name, service)]
        self.assertEqual(len(found), 1, (name, spans))
        return found[0]

    def assert_within(self, child, parent):
        """With a microsecond for what is rounded."""
        self.assertEqual(child.parent, parent.id, (child, parent))
        self.assertGreaterEqual(child.start, parent.start - 1)
        self.assertLessEqual(child.end, parent.end + 1)

    def test_a_request_is_one_tree_from_caller_to_backends(self):
        self.start()
        self.assertEqual(self.call([("traceparent", PARENT)]).status, 0)
        # Of the request, three sections, an attempt each, and the backends'.
        spans = self.trace(TRACE, 1 + 3 + 3 + 3)
        request = self.only(spans, REQUEST)
        self.assertEqual(request.tags["span.kind"], "server")
        self.assertEqual(request.tags["rpc.grpc.status_code"], 0)
        backends = {"user": "user", "orders": "order", "products": "product"}
        for section, method in METHOD.items():
            with self.subTest(section):
                part = self.only(spans, section)
                attempt = self.only(spans, method)
                served = self.only(spans, method, backends[section])
                self.assert_within(part, request)
                self.assert_within(attempt, part)
                # Another process, whose clock is the same here. It has its
                # end's notice only once its reply is out.
                self.assertEqual(served.parent, attempt.id)
                self.assertGreaterEqual(served.start, attempt.start - 1)
                self.assertLessEqual(served.start + LATENCY, attempt.end)
                self.assertEqual(attempt.tags["span.kind"], "client")
                self.assertEqual(served.tags["span.kind"], "server")
                self.assertGreaterEqual(served.duration, LATENCY)
                self.assertFalse(part.failed or attempt.failed)

    def test_a_failed_section_and_a_retry_are_seen(self):
        self.start(raw=[
            self.raw_backend("order", once_unavailable(
                lambda call: call.reply(call.right_message()))),
            self.raw_backend("product", scripts.trailers_only_error)])
        reply = self.call()
        self.assertEqual(reply.status, 0)
        # The trace began in the aggregator, which tells its id.
        version, trace, _, sampled = reply.trailers["traceparent"].split("-")
        self.assertEqual((version, sampled), ("00", "01"))
        # Of the raw backends there are no spans.
        spans = self.trace(trace, 1 + 3 + 4 + 1)
        request = self.only(spans, REQUEST)
        self.assertIsNone(request.parent)
        self.assertFalse(request.failed, "the answer is partial")

        orders = self.only(spans, "orders")
        self.assertFalse(orders.failed)
        self.assertEqual(orders.tags["gather.section.attempts"], 2)
        first, second = sorted(
            (s for s in spans if s.name == METHOD["orders"]),
            key=lambda span: span.start)
        self.assert_within(first, orders)
        self.assert_within(second, orders)
        self.assertTrue(first.failed)
        self.assertEqual(first.tags["rpc.grpc.status_code"], 14)
        self.assertFalse(second.failed)
        self.assertEqual(second.tags["gather.attempt.kind"], "retry")

        products = self.only(spans, "products")
        self.assertTrue(products.failed)
        self.assertEqual(products.tags["gather.section.state"], "failed")
        self.assertEqual(products.tags["gather.section.reason"],
                         "BACKEND_ERROR")
        attempt = self.only(spans, METHOD["products"])
        self.assertTrue(attempt.failed)
        self.assertEqual(attempt.tags["rpc.grpc.status_code"], 9)
