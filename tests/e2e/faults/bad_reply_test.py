"""A backend's reply that is not what was asked for: the section fails with a
reason of its own, and is never empty or wrong and marked OK."""

import subprocess
import unittest

import h2_backend
import harness
import scrape
import scripts


class BadReply(harness.FaultTest):

    def check(self, script, *reasons, roles=("product",), peak_mb=None,
              patience=2):
        """`script` costs its section, and nothing but that, and only while it
        lasts."""
        for role in roles:
            with self.subTest(role=role):
                self._check_role(script, reasons, role, peak_mb, patience)

    def _check_role(self, script, reasons, role, peak_mb, patience):
        backend = self.raw_backend(role)
        aggregator = self.start_aggregator(f"--section_timeout={patience}s",
                                           raw=[backend])
        self.assert_complete(self.overview())
        before = aggregator.peak_mb()
        backend.script = script
        overview = self.overview("alice", f"{patience + 3}s")
        self.assert_partial(overview, role, *reasons)
        self.assertNotIn("secret", str(overview.answer))
        if peak_mb is not None:
            self.assertLess(aggregator.peak_mb() - before,
                            peak_mb * harness.SLOWNESS)
        backend.script = h2_backend.healthy
        self.back_to_complete()
        self.assertTrue(aggregator.alive())

    def test_64_mb(self):
        # gRPC looks at the size once the message is there: it costs its size
        # for a moment, and no more. A busy machine takes its time to send it.
        self.check(scripts.reply_of_64_mb, "REPLY_TOO_LARGE", peak_mb=160,
                   patience=60)

    def test_list_of_2_million_empty_items(self):
        # Each would take thirty times its two bytes.
        self.check(scripts.two_million_empty_items, "REPLY_UNREADABLE",
                   roles=("order", "product"), peak_mb=40)

    def test_garbage_message(self):
        self.check(scripts.garbage_message, "REPLY_UNREADABLE",
                   roles=harness.ROLES)

    def test_random_frames(self):
        self.check(scripts.random_frames, "BACKEND_UNAVAILABLE",
                   "BACKEND_ERROR")

    def test_no_message(self):
        self.check(scripts.no_message, "REPLY_MISSING", "BACKEND_ERROR",
                   roles=harness.ROLES)

    def test_empty_message(self):
        self.check(scripts.empty_message, "REPLY_MISSING",
                   roles=harness.ROLES)

    def test_cut_message(self):
        self.check(scripts.cut_message, "REPLY_MISSING", "BACKEND_ERROR",
                   roles=harness.ROLES)

    def test_cut_prefix(self):
        self.check(scripts.cut_prefix, "REPLY_MISSING", "BACKEND_ERROR")

    def test_cut_and_no_trailers(self):
        self.check(scripts.cut_and_no_trailers, "BACKEND_UNAVAILABLE",
                   "BACKEND_ERROR", "REPLY_MISSING")

    def test_no_trailers(self):
        self.check(scripts.no_trailers, "BACKEND_UNAVAILABLE")

    def test_two_messages(self):
        # A unary call of gRPC's reads one message, and the status stands
        # behind the second: the call ends with its time.
        self.check(scripts.two_messages, "BACKEND_TIMEOUT",
                   roles=harness.ROLES)

    def test_invalid_utf8(self):
        self.check(scripts.invalid_utf8, "REPLY_UNREADABLE",
                   roles=harness.ROLES)

    def test_broken_item_of_a_list(self):
        # The aggregator does not decode it: its caller would have to.
        self.check(scripts.broken_item, "REPLY_UNREADABLE",
                   roles=("order", "product"))

    def test_for_another_user(self):
        self.check(scripts.for_another_user, "REPLY_FOR_ANOTHER_USER",
                   roles=harness.ROLES)

    def test_time_out_of_range(self):
        # Whoever prints the answer as JSON would fail on it, all of it.
        for time in (scripts.LATE, scripts.NEGATIVE_NANOS):
            self.check(lambda call, t=time: scripts.at_time(call, t),
                       "REPLY_UNREADABLE", roles=("user", "order"))

    def test_more_than_the_page_that_was_asked_for(self):
        for role, flag in (("order", "--order_page_size=10"),
                           ("product", "--product_page_size=10")):
            with self.subTest(role=role):
                backend = self.raw_backend(
                    role, lambda call: scripts.list_of(call, 100))
                self.start_aggregator(raw=[backend])
                self.assert_partial(self.overview("alice", "5s", flag), role,
                                    "REPLY_TOO_LARGE")
                self.assert_complete(self.overview())  # asks for no size

    def test_negative_total(self):
        self.check(scripts.negative_total, "REPLY_UNREADABLE",
                   roles=("order",))

    def test_item_of_another_user(self):
        self.check(scripts.item_of_another_user, "REPLY_FOR_ANOTHER_USER",
                   roles=("order",))

    def test_gzip_bomb(self):
        scripts.bomb("product", "alice")  # takes a while: not in the call
        self.check(scripts.gzip_bomb, "BACKEND_ERROR", "REPLY_UNREADABLE",
                   "BACKEND_UNIMPLEMENTED", peak_mb=32)

    def test_100_kb_header(self):
        self.check(scripts.huge_header, "BACKEND_ERROR")

    def test_100_kb_trailer(self):
        self.check(scripts.huge_trailer, "BACKEND_ERROR")

    def test_error_message_of_64_kb(self):
        # It says nothing of the backend's load, as gRPC's own code would.
        self.check(scripts.long_error_message, "BACKEND_ERROR")


class LargeAnswer(harness.FaultTest):
    """Replies that are good, and too much for one answer: every client of
    gRPC refuses more than 4 MB, unless it is told otherwise."""

    def start(self, *flags):
        raw = [self.raw_backend(role, scripts.reply_of(size)) for role, size in
               (("user", 1_600_000), ("order", 1_600_000),
                ("product", 1_700_000))]
        self.start_aggregator(*flags, raw=raw, metrics=True)

    def test_two_sections_arrive_and_the_largest_says_why_not(self):
        self.start()
        self.assert_partial(self.overview(), "product", "REPLY_TOO_LARGE")
        record = harness.eventually(
            lambda: self.aggregator.log("request"), what="its log")[-1]
        self.assertEqual(record["products"], "REPLY_TOO_LARGE")
        self.assertIn("1700", record["products_error"])
        self.assertEqual(record["orders"], "ok")
        metrics = scrape.Metrics(self.aggregator.metrics_address())
        self.assertEqual(
            metrics.by("gather_section_results_total", "section", "reason",
                       state="failed"),
            {("products", "REPLY_TOO_LARGE"): 1})

    def test_gatherctl_shows_it(self):
        self.start()
        shown = subprocess.run(
            [harness.BIN / "gatherctl", "overview", "alice",
             f"--server={self.aggregator.address}"],
            capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(shown.returncode, 3)
        self.assertIn("REPLY_TOO_LARGE", shown.stdout)

    def test_who_takes_more_gets_more(self):
        self.start("--max_answer_bytes=8000000")
        self.assert_complete(self.overview())


if __name__ == "__main__":
    unittest.main()
