"""A real Prometheus that scrapes the servers of a test, with what is shipped
for it. Targets are given by address, and it scrapes and evaluates more often;
the rest is as shipped."""

import json
import shutil
import subprocess
import unittest
import urllib.error
import urllib.request

import harness

SHIPPED = harness.ROOT / "deploy/prometheus"
PROGRAM = shutil.which("prometheus")


@unittest.skipUnless(PROGRAM, "no prometheus: a package of Debian's")
class PrometheusTest(harness.FaultTest):
    """Has a Prometheus, once it is started; the test's end ends it."""

    def start_prometheus(self, targets, rules):
        """`targets` has the metrics' address of each service, `rules` is the
        text of rules.yml."""
        (self.directory / "rules.yml").write_text(rules)
        config = (SHIPPED / "prometheus.yml").read_text().replace("15s",
                                                                  "500ms")
        head, sd, _ = config.partition("    dns_sd_configs:")
        self.assertTrue(sd)
        static = [{"targets": [address], "labels": {"service": service}}
                  for service, address in targets.items()]
        (self.directory / "prometheus.yml").write_text(
            head + f"    static_configs: {json.dumps(static)}\n")
        with open(self.directory / "prometheus.log", "wb") as log:
            process = subprocess.Popen(
                [PROGRAM, "--web.listen-address=127.0.0.1:0",
                 f"--config.file={self.directory}/prometheus.yml",
                 f"--storage.tsdb.path={self.directory}/tsdb"],
                stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self._port = harness.eventually(
            lambda: next(iter(harness.listening_ports(process.pid)), None), 30, "Prometheus listens")
        harness.eventually(self._ready, 30, "Prometheus is ready")

    def _ready(self):
        try:
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{self._port}/-/ready", timeout=10):
                return True
        except urllib.error.HTTPError:
            return False  # it listens before it answers

    def ask(self, what):
        """The data of the answer to a request of Prometheus' API."""
        with urllib.request.urlopen(
                f"http://127.0.0.1:{self._port}/api/v1/{what}",
                timeout=10) as reply:
            return json.load(reply)["data"]
