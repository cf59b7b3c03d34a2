"""Where metrics are served, when, and as what."""

import http.client
import shutil
import signal
import socket
import subprocess
import time
import unittest

import harness
import scrape
import scripts


class Endpoint(harness.FaultTest):

    def run_aggregator(self, *flags):
        return subprocess.run(
            [harness.BIN / "aggregator", "--listen=127.0.0.1:0", *flags],
            capture_output=True, text=True, check=False, timeout=60)

    def assert_one_error(self, done):
        """Beside what it says of its start."""
        errors = [line for line in done.stderr.splitlines()
                  if line.split()[1] not in ("INFO", "WARNING")]
        self.assertEqual(len(errors), 1, done.stderr)

    def test_a_port_in_use_is_one_line_and_exit_1(self):
        address = self.start_aggregator(metrics=True).metrics_address()
        second = self.run_aggregator(f"--metrics_listen={address}")
        self.assertEqual(second.returncode, 1)
        self.assert_one_error(second)
        self.assertIn(address, second.stderr)

    def test_what_is_no_address_of_this_machine_is_one_line(self):
        """2 for a bad flag, 1 for one that only the machine can tell."""
        for address, code in (("nonsense", 2), ("127.0.0.1:99999", 2),
                              (":::9464", 2), ("192.0.2.1:0", 1)):
            with self.subTest(address=address):
                done = self.run_aggregator(f"--metrics_listen={address}")
                self.assertEqual(done.returncode, code)
                self.assert_one_error(done)
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

    def test_all_addresses_and_a_socket_file(self):
        server = self.start_aggregator(metrics="[::]:0")
        port = int(server.metrics_address().rpartition(":")[2])
        for host in ("127.0.0.1", "[::1]"):
            with self.subTest(host=host):
                self.assertIn("gather_build_info",
                              scrape.Metrics(f"{host}:{port}").text)
        path = self.directory / "metrics.sock"
        server.stop()
        self.start_aggregator(metrics=f"unix:{path}")
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(str(path))
            end.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            self.assertTrue(end.recv(100).startswith(b"HTTP/1.1 200 OK\r\n"))

    def test_answers_what_a_page_is_asked(self):
        address = self.start_aggregator(metrics=True).metrics_address()
        for method, path, code in (
                ("GET", "/metrics", 200), ("GET", "/metrics?x=1", 200),
                ("HEAD", "/metrics", 200), ("GET", "/", 200),
                ("HEAD", "/", 200), ("GET", "/nothing", 404),
                ("POST", "/metrics", 405)):
            with self.subTest(method=method, path=path):
                link = http.client.HTTPConnection(address, timeout=10)
                link.request(method, path)
                answer = link.getresponse()
                body = answer.read()
                self.assertEqual(answer.status, code)
                self.assertEqual(body == b"", method == "HEAD")
                self.assertGreater(int(answer.headers["content-length"]), 0)
                self.assertEqual(answer.headers["allow"],
                                 "GET, HEAD" if code == 405 else None)
                link.close()

    def test_what_is_no_request_is_refused(self):
        host, _, port = self.start_aggregator(
            metrics=True).metrics_address().rpartition(":")
        for text, code in ((b"nonsense\r\n\r\n", None),  # hung up on
                           (b"GET / HTTP/2\r\n\r\n", b"400"),
                           (b"GET / HTTP/1.1\r\nx: " + b"y" * 9000, b"431")):
            with self.subTest(text=text[:20]):
                with socket.create_connection((host, port), 10) as end:
                    end.sendall(text)
                    answer = b""
                    while part := end.recv(1000):
                        answer += part
                    self.assertEqual(
                        answer.split()[1] if answer else None, code)

    def test_idle_connections_hold_up_nobody(self):
        address = self.start_aggregator(metrics=True).metrics_address()
        host, _, port = address.rpartition(":")
        begun = time.monotonic()
        for text in (b"", b"GET /metrics HTTP/1.1\r\n", b"GET /met"):
            for _ in range(100):
                idle = socket.create_connection((host, port), 10)
                self.addCleanup(idle.close)
                idle.sendall(text)
            self.assertIn("gather_build_info", scrape.Metrics(address).text)
        self.assertLess(time.monotonic() - begun, 3 * harness.SLOWNESS)

    def test_several_requests_on_one_connection(self):
        link = http.client.HTTPConnection(
            self.start_aggregator(metrics=True).metrics_address(), timeout=10)
        link.connect()
        end = link.sock
        for _ in range(3):
            link.request("GET", "/metrics")
            self.assertIn(b"gather_build_info", link.getresponse().read())
            self.assertIs(link.sock, end)
        link.close()

    def test_a_restart_takes_the_port_of_one_that_drains(self):
        raw = [self.raw_backend(r, scripts.silence) for r in harness.ROLES]
        old = self.start_aggregator("--section_timeout=20s",
                                    "--drain_timeout=30s", raw=raw,
                                    metrics=True)
        address = old.metrics_address()
        kept = http.client.HTTPConnection(address, timeout=10)
        self.addCleanup(kept.close)
        kept.connect()
        client = self.client()
        client.start(timeout="60S")
        harness.eventually(lambda: all(b.calls for b in raw))
        old.send(signal.SIGTERM)
        harness.eventually(lambda: old.log("draining"))
        new = self._start(
            "new", [harness.BIN / "aggregator"],
            {"port": old.port, "metrics": address})
        self.assertTrue(old.alive())
        self.assertEqual(scrape.Metrics(address).total(
            "gather_requests_in_flight"), 0)
        # Whoever was there is still told of the old one.
        kept.request("GET", "/metrics")
        self.assertIn(b"gather_requests_in_flight 1\n",
                      kept.getresponse().read())
        self.assertEqual(new.stop(), 0)
        client.close()
        self.assertEqual(old.wait(), 0)

    def test_serves_while_the_server_drains(self):
        raw = [self.raw_backend(r, scripts.silence) for r in harness.ROLES]
        server = self.start_aggregator("--section_timeout=1m",
                                       "--drain_timeout=30s", raw=raw,
                                       metrics=True)
        client = self.client()
        client.start(timeout="60S")
        harness.eventually(lambda: all(b.calls for b in raw))
        kept = http.client.HTTPConnection(server.metrics_address(), timeout=10)
        self.addCleanup(kept.close)
        # As Prometheus does, between two scrapes: one that the server has not
        # accepted yet would be reset.
        kept.request("GET", "/metrics")
        kept.getresponse().read()
        server.send(signal.SIGTERM)
        harness.eventually(lambda: server.log("draining"))
        kept.request("GET", "/metrics")
        self.assertIn(b"gather_requests_in_flight 1\n",
                      kept.getresponse().read())
        client.close()  # the call is cancelled: nothing is left to wait for
        self.assertEqual(server.wait(), 0)

    def test_is_what_prometheus_takes(self):
        promtool = shutil.which("promtool")
        if promtool is None:
            self.skipTest("no promtool: Debian's package prometheus has it")
        server = self.start_aggregator(metrics=True)
        self.assert_complete(self.overview())
        text = scrape.Metrics(server.metrics_address()).text
        done = subprocess.run([promtool, "check", "metrics"], input=text,
                              capture_output=True, text=True, check=False,
                              timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "", ""))

    def test_tells_of_one_loop_where_no_more_are_needed(self):
        server = self.start_aggregator(metrics=True)
        self.assert_complete(self.overview())
        now = scrape.Metrics(server.metrics_address())
        self.assertEqual(
            set(now.by("gather_event_loop_completions_total", "loop")),
            {("0",)})

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
