"""A backend that breaks the protocol or ends the call in its own way: partial,
and the aggregator is unharmed."""

import concurrent.futures
import unittest

import h2_backend
import harness
import scripts

HTTP_502 = (b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n"
            b"Content-Length: 22\r\n\r\n<html>no luck</html>\r\n")


class BrokenBackend(harness.FaultTest):

    def check(self, script, *reasons, attempts=1):
        for role in ("product", "user"):
            with self.subTest(role=role):
                backend = self.raw_backend(role)
                self.start_aggregator(raw=[backend])
                self.assert_complete(self.overview())
                backend.script = script
                overview = self.overview()
                self.assert_partial(overview, role, *reasons)
                self.assertEqual(overview.attempts(role), attempts)
                self.assertNotIn("secret", str(overview.answer))
                backend.script = h2_backend.healthy
                self.back_to_complete()

    def test_trailers_only_error(self):
        self.check(scripts.trailers_only_error, "BACKEND_ERROR")

    def test_answers_unavailable(self):
        self.check(scripts.unavailable, "BACKEND_DECLINED", attempts=3)

    def test_status_503(self):
        self.check(scripts.http_503, "BACKEND_DECLINED", attempts=3)

    def test_status_418(self):
        self.check(scripts.http_418, "BACKEND_ERROR")

    def test_not_grpc(self):
        self.check(scripts.not_grpc, "BACKEND_UNAVAILABLE", attempts=3)

    def test_grpc_status_999(self):
        self.check(scripts.status_999, "BACKEND_ERROR")

    def test_grpc_status_not_a_number(self):
        self.check(scripts.status_not_a_number, "BACKEND_ERROR")

    def test_goaway_in_mid_call(self):
        self.check(scripts.goaway, "BACKEND_UNAVAILABLE", attempts=3)

    def test_goaway_enhance_your_calm(self):
        self.check(scripts.calm_down, "BACKEND_UNAVAILABLE", attempts=3)

    def test_binary_trailer_that_is_not_base64(self):
        self.check(scripts.bad_binary_trailer, "BACKEND_UNAVAILABLE",
                   attempts=3)

    def test_calls_beside_a_bad_binary_trailer_are_tried_again(self):
        backend = self.raw_backend("product")
        self.start_aggregator(raw=[backend])
        self.assert_complete(self.overview())
        backend.calls.clear()
        callers = 8

        def one_is_bad(call):
            harness.eventually(lambda: len(backend.calls) >= callers)
            if call is backend.calls[0]:
                scripts.bad_binary_trailer(call)
            elif call in backend.calls[:callers]:
                call.cancelled.wait(10)
            else:
                h2_backend.healthy(call)
        backend.script = one_is_bad
        with concurrent.futures.ThreadPoolExecutor(callers) as pool:
            overviews = list(pool.map(lambda _: self.overview(),
                                      range(callers)))
        for overview in overviews:
            self.assert_complete(overview)
            self.assertEqual(overview.attempts("product"), 2)

    def test_rst_stream(self):
        self.check(scripts.reset_stream, "BACKEND_ERROR")

    def test_connection_closed_in_mid_call(self):
        self.check(scripts.hang_up, "BACKEND_UNAVAILABLE", attempts=3)

    def test_bytes_trickle_in(self):
        backend = self.raw_backend("product", scripts.trickle)
        self.start_aggregator(raw=[backend])
        overview = self.overview("alice", "1s")
        self.assert_partial(overview, "product", "BACKEND_TIMEOUT")
        # And the backend is told, so that it stops.
        self.assertTrue(backend.calls[0].cancelled.wait(5))

    def test_http_1_page(self):
        backend = self.raw_backend("product", greeting=HTTP_502)
        self.start_aggregator(raw=[backend])
        self.assert_partial(self.overview(), "product", "BACKEND_UNAVAILABLE")
        backend.greeting = None
        self.back_to_complete()

    def test_garbage_greeting(self):
        backend = self.raw_backend("product", greeting=b"\xde\xad\xbe\xef" * 99)
        self.start_aggregator(raw=[backend])
        self.assert_partial(self.overview(), "product", "BACKEND_UNAVAILABLE")
        backend.greeting = None
        self.back_to_complete()


if __name__ == "__main__":
    unittest.main()
