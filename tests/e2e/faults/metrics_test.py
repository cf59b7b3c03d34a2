"""Metrics: the figures are those that the client counted, to the last call."""

import collections
import threading
import time
import unittest

import h2_client
import harness
import scrape
import scripts
import wire

SERVICE = "/gather.aggregator.v1.AggregatorService/"
SECTIONS = ("user", "orders", "products")
UNASKED = "purchases"  # by any request here
OK, FAILED = 1, 2  # SectionState
STATE = {OK: "ok", FAILED: "failed"}
# What clients of these calls see, as the metrics write it.
CODE = {0: "OK", 3: "InvalidArgument", 4: "DeadlineExceeded", 5: "NotFound",
        8: "ResourceExhausted", 13: "Internal", 14: "Unavailable"}


class Count:
    """Calls of every kind, and what a client sees of them."""

    # Sections that are asked for, and one that is required. Where more than one
    # is asked for none is required: a client can't see what became of the
    # others when that ends the call.
    KINDS = ((SECTIONS, ()), (SECTIONS, ()), (SECTIONS, ()),
             (("user", "orders"), ()), (("products",), ()), (("orders",), ("orders",)))

    def __init__(self, port, calls, workers=8):
        self.calls = calls
        self.codes = collections.Counter()
        self.sections = collections.Counter()
        self._port = port
        self._lock = threading.Lock()
        self._next = 0
        self.errors = []
        threads = [threading.Thread(target=self._work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self):
        client = h2_client.Client(self._port).wait_ready()
        try:
            while True:
                with self._lock:
                    self._next += 1
                    number = self._next
                if number > self.calls:
                    return
                self._call(client, number)
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)
        finally:
            client.close()

    def _call(self, client, number):
        method = "StreamOverview" if number % 10 == 0 else "GetOverview"
        asked, required = self.KINDS[number % len(self.KINDS)]
        user = "alice"
        if number % 25 == 1:
            asked, required, user = ("user",), (), "nobody"
        elif number % 25 == 2:
            user = ""
        reply = client.call(wire.overview_request(user, asked, required),
                            timeout="60S", path=SERVICE + method)
        with self._lock:
            self.codes[method, CODE[reply.status]] += 1
            if user:
                self._note_sections(reply, asked, required)

    def _note_sections(self, reply, asked, required):
        for section in (*SECTIONS, UNASKED):
            if section not in asked:
                self.sections[section, "not_requested", ""] += 1
        seen = list(self._answered(reply))
        if not seen and reply.status == 5:
            seen = [("user", "failed", "USER_NOT_FOUND")]
        elif not seen and required:
            seen = [("orders", "failed", "BACKEND_ERROR")]
        elif not seen:
            prefix, words = reply.message.split(": ", 1)
            assert prefix == "every requested section failed", reply.message
            seen = [(section, "failed", reason) for section, reason in
                    (each.split(" ") for each in words.split(", "))]
        assert {s for s, _, _ in seen} == set(asked), (seen, asked, reply)
        self.sections.update(seen)

    @staticmethod
    def _answered(reply):
        """The sections in the reply's messages, whole or in parts."""
        for message in wire.frames(reply.data):
            fields = wire.decode(message)
            for number, section in enumerate(SECTIONS, 1):
                if number not in fields:
                    continue
                status = wire.decode(wire.decode(fields[number][0])[1][0])
                if status[1][0] in STATE:
                    reason = status.get(3, [b""])[0].decode()
                    yield section, STATE[status[1][0]], reason


class Exact(harness.FaultTest):

    CALLS = 10_000 if harness.SLOWNESS == 1 else 1_000

    def start(self):
        flags = {"user": ("--error_rate=0.3", "--error_code=UNAVAILABLE"),
                 "order": ("--error_rate=0.1", "--error_code=INTERNAL"),
                 "product": (f"--hang_rate={20 / self.CALLS}",)}
        for role in harness.ROLES:
            self.start_backend(role, *flags[role], metrics=True)
        # What hangs is to cost its section.
        policies = self.directory / "policies.json"
        policies.write_text(
            '{"defaults": {"retry": {"attemptTimeout": "0s"}}}')
        self.start_aggregator(f"--section_timeout={2 * harness.SLOWNESS}s",
                              f"--policies={policies}",
                              "--log_level=warning", metrics=True)

    def drained(self, server):
        """What the server has counted once nothing is in flight."""
        def metrics():
            now = scrape.Metrics(server.metrics_address())
            started = now.total("grpc_server_started_total")
            handled = now.total("grpc_server_handled_total")
            self.assertLessEqual(handled, started)
            return now if handled == started else None
        return harness.eventually(metrics, what="handled = started")

    def test_10000_calls(self):
        self.start()
        count = Count(self.aggregator.port, self.CALLS)
        self.assertEqual(count.errors, [])
        metrics = self.drained(self.aggregator)

        self.assertEqual(metrics.total("grpc_server_started_total"), self.CALLS)
        self.assertEqual(metrics.by("grpc_server_handled_total", "grpc_method",
                                    "grpc_code"), count.codes)
        self.assertEqual(metrics.by("gather_section_results_total", "section",
                                    "state", "reason"), count.sections)
        self.assertEqual(
            metrics.total("grpc_server_handling_seconds_count"), self.CALLS)
        self.assertEqual(metrics.total("gather_requests_in_flight"), 0)
        self.check_variety(count)
        self.check_backends(metrics)

    def check_variety(self, count):
        """The faults did happen: equal figures prove something."""
        self.assertLessEqual(
            {("user", "failed", "BACKEND_DECLINED"),
             ("user", "failed", "USER_NOT_FOUND"),
             ("orders", "failed", "BACKEND_ERROR"),
             ("orders", "ok", ""), ("orders", "not_requested", ""),
             ("products", "failed", "BACKEND_TIMEOUT")}, set(count.sections))
        self.assertLessEqual(
            {("GetOverview", "OK"), ("GetOverview", "NotFound"),
             ("GetOverview", "InvalidArgument"), ("GetOverview", "Internal"),
             ("StreamOverview", "OK")}, set(count.codes))

    def check_backends(self, metrics):
        """Both ends of the aggregator's calls count the same, attempt by
        attempt. Of a call that hangs the backend sees another end."""
        for role, service in (("user", "gather.user.v1.UserService"),
                              ("order", "gather.order.v1.OrderService")):
            backend = self.drained(self.backends[role])
            self.assertEqual(
                metrics.by("grpc_client_handled_total", "grpc_code",
                           grpc_service=service),
                backend.by("grpc_server_handled_total", "grpc_code"))
        retried = metrics.total("grpc_client_started_total",
                                grpc_service="gather.user.v1.UserService")
        results = metrics.total("gather_section_results_total", section="user")
        skipped = metrics.total("gather_section_results_total", section="user",
                                state="not_requested")
        self.assertGreater(retried, results - skipped)

    def test_a_required_section_that_fails_cancels_the_others(self):
        raw = [self.raw_backend(role, scripts.silence)
               for role in ("user", "product")]
        self.start_backend("order", "--error_rate=1")
        self.start_aggregator("--section_timeout=1m", raw=raw, metrics=True)
        reply = self.client().call(wire.overview_request(required=("orders",)),
                                   timeout="60S")
        self.assertEqual(reply.status, 13)
        self.assertEqual(
            self.drained(self.aggregator).by("gather_section_results_total",
                                             "section", "state", "reason"),
            {("orders", "failed", "BACKEND_ERROR"): 1,
             ("user", "failed", "CANCELLED"): 1,
             ("products", "failed", "CANCELLED"): 1,
             (UNASKED, "not_requested", ""): 1})

    def test_policies_say_what_they_do(self):
        self.start_backend("product", "--error_rate=1")
        self.start_aggregator(metrics=True)
        for _ in range(50):
            self.overview()

        def opened():
            now = scrape.Metrics(self.aggregator.metrics_address())
            return now if now.total("gather_circuit_breaker_transitions_total",
                                    cause="failures") else None
        now = harness.eventually(opened, what="an open breaker")
        self.assertIn("products", {section for section, in now.by(
            "gather_circuit_breaker_state", "section")})
        self.assertEqual({section for section, in now.by(
            "gather_backend_concurrency_limit", "section")},
            {*SECTIONS, UNASKED})
        refused = now.by("gather_backend_calls_refused_total", "section",
                         "policy")
        self.assertEqual(set(refused), {("products", "circuit_breaker")})
        self.assertEqual(refused["products", "circuit_breaker"],
                         now.total("gather_section_results_total",
                                   reason="BREAKER_OPEN"))

    def test_the_process_says_what_it_takes(self):
        self.start_aggregator(metrics=True)
        before = time.time()
        now = scrape.Metrics(self.aggregator.metrics_address())
        server = self.aggregator
        self.assertAlmostEqual(
            now.total("process_resident_memory_bytes") / 2**20,
            server.rss_mb(), delta=16)
        self.assertAlmostEqual(now.total("process_open_fds"),
                               server.descriptors(), delta=4)
        self.assertGreaterEqual(now.total("process_max_fds"),
                                now.total("process_open_fds"))
        self.assertLessEqual(now.total("process_cpu_seconds_total"),
                             server.cpu_seconds() + 0.02)
        self.assertGreater(now.total("process_cpu_seconds_total"), 0)
        # /proc/stat has the boot's time in whole seconds.
        self.assertAlmostEqual(now.total("process_start_time_seconds"),
                               before, delta=30 * harness.SLOWNESS)

    def test_refused_and_in_flight(self):
        raw = [self.raw_backend(r, scripts.silence) for r in harness.ROLES]
        self.start_aggregator("--max_inflight=5", "--section_timeout=1m",
                              raw=raw, metrics=True)
        client = self.client()
        for _ in range(5):
            client.start(timeout="60S")
        harness.eventually(lambda: all(len(b.calls) == 5 for b in raw))
        for _ in range(3):
            self.assertEqual(client.call().status, 8)

        def counted():
            now = scrape.Metrics(self.aggregator.metrics_address())
            return now if now.total("grpc_server_handled_total") == 3 else None
        now = harness.eventually(counted, what="three calls that have ended")
        self.assertEqual(now.total("gather_requests_in_flight"), 5)
        self.assertEqual(now.total("gather_requests_refused_total"), 3)
        self.assertEqual(now.total("grpc_server_started_total"), 8)
        self.assertEqual(now.by("grpc_server_handled_total", "grpc_code"),
                         {("ResourceExhausted",): 3})
        client.close()  # all five are cancelled
        self.assertEqual(
            self.drained(self.aggregator).total("gather_requests_in_flight"), 0)


if __name__ == "__main__":
    unittest.main()
