"""A real Prometheus that scrapes the servers of a test, with what is shipped
for it. Targets are given by address, and it scrapes and evaluates more often;
the rest is as shipped."""

import json
import pathlib
import re
import shutil
import subprocess
import unittest
import urllib.error
import urllib.request

import harness

SHIPPED = harness.ROOT / "deploy/prometheus"
PROGRAM = shutil.which("prometheus")


def listening_port(pid):
    """The port of a process that listens on one; None while on none."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.update(re.findall(r"socket:\[(\d+)\]", str(fd.readlink())))
        except FileNotFoundError:
            pass  # closed meanwhile
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and fields[9] in inodes:
            return int(fields[1].split(":")[1], 16)
    return None


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
            lambda: listening_port(process.pid), 30, "Prometheus listens")
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
