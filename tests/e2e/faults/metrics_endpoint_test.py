"""Where metrics are served, when, and as what."""

import shutil
import signal
import subprocess
import unittest

import harness
import scrape
import scripts


class Endpoint(harness.FaultTest):

    def run_aggregator(self, *flags):
        return subprocess.run(
            [harness.BIN / "aggregator", "--listen=127.0.0.1:0", *flags],
            capture_output=True, text=True, check=False, timeout=60)

    def test_a_port_in_use_is_one_line_and_exit_1(self):
        address = self.start_aggregator(metrics=True).metrics_address()
        second = self.run_aggregator(f"--metrics_listen={address}")
        self.assertEqual(second.returncode, 1)
        self.assertEqual(len(second.stderr.splitlines()), 1, second.stderr)
        self.assertIn(address, second.stderr)

    def test_what_is_no_address_of_this_machine_is_one_line(self):
        """2 for a bad flag, 1 for one that only the machine can tell."""
        for address, code in (("nonsense", 2), ("127.0.0.1:99999", 2),
                              ("192.0.2.1:0", 1)):
            with self.subTest(address=address):
                done = self.run_aggregator(f"--metrics_listen={address}")
                self.assertEqual(done.returncode, code)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn(address, done.stderr)

    def test_empty_is_off(self):
        server = self.start_aggregator()
        serving = harness.eventually(lambda: server.log("serving"))
        self.assertEqual(serving[0]["metrics_port"], 0)
        with self.assertRaises(FileNotFoundError):
            server.metrics_address()

    def test_loopback_is_the_default_and_the_backends_have_none(self):
        for program, default in (("aggregator", "127.0.0.1:9464"),
                                 ("backend", '""')):
            text = subprocess.run([harness.BIN / program, "--help"],
                                  capture_output=True, text=True, check=True,
                                  timeout=60).stdout
            self.assertIn(f"--metrics_listen={default}\n", text)

    def test_serves_while_the_server_drains(self):
        raw = [self.raw_backend(r, scripts.silence) for r in harness.ROLES]
        server = self.start_aggregator("--section_timeout=1m",
                                       "--drain_timeout=30s", raw=raw,
                                       metrics=True)
        client = self.client()
        client.start(timeout="60S")
        harness.eventually(lambda: all(b.calls for b in raw))
        server.send(signal.SIGTERM)
        harness.eventually(lambda: server.log("draining"))
        metrics = scrape.Metrics(server.metrics_address())
        self.assertEqual(metrics.total("gather_requests_in_flight"), 1)
        client.close()  # the call is cancelled: nothing is left to wait for
        self.assertEqual(server.wait(), 0)

    def test_is_what_prometheus_takes(self):
        promtool = shutil.which("promtool")
        if promtool is None:
            self.skipTest("no promtool: Debian's package prometheus has it")
        server = self.start_aggregator(metrics=True)
        self.assert_complete(self.overview())
        text = scrape.Metrics(server.metrics_address()).text
        # Exporter's own, which prometheus-cpp adds, are not ours to name.
        ours = "\n".join(line for line in text.splitlines()
                         if "exposer_" not in line) + "\n"
        done = subprocess.run([promtool, "check", "metrics"], input=ours,
                              capture_output=True, text=True, check=False,
                              timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "", ""))

    def test_tells_of_loops_and_build(self):
        server = self.start_aggregator("--event_loops=2", metrics=True)
        self.assert_complete(self.overview())

        def metrics():
            now = scrape.Metrics(server.metrics_address())
            lag = now.by("gather_event_loop_lag_seconds_count", "loop")
            return now if set(lag) == {("0",), ("1",)} else None
        now = harness.eventually(metrics, what="a measure of each loop's lag")
        self.assertEqual(
            set(now.by("gather_event_loop_completions_total", "loop")),
            {("0",), ("1",)})
        version = subprocess.run(
            [harness.BIN / "aggregator", "--version"], capture_output=True,
            text=True, check=True, timeout=60).stdout.split()[1]
        self.assertEqual(now.by("gather_build_info", "version"),
                         {(version,): 1})


if __name__ == "__main__":
    unittest.main()
