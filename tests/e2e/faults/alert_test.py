"""The shipped rules in a real Prometheus: a backend that is killed makes the
alert of partial answers fire. Windows of hours are cut to seconds, and targets
are given by address; the rest is as shipped."""

import json
import pathlib
import re
import shutil
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

import harness
import wire

SHIPPED = harness.ROOT / "deploy/prometheus"
PROMETHEUS = shutil.which("prometheus")
SHORT = {"5m": "5s", "30m": "8s", "1h": "8s", "6h": "12s", "3d": "15s"}


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


@unittest.skipUnless(PROMETHEUS, "no prometheus: a package of Debian's")
class Alerts(harness.FaultTest):

    def write_config(self, target):
        rules = (SHIPPED / "rules.yml").read_text()
        for long, short in SHORT.items():
            rules = rules.replace(f"[{long}]", f"[{short}]")
        rules = re.sub(r"\bfor: \w+", "for: 1s", rules)
        (self.directory / "rules.yml").write_text(rules)
        config = (SHIPPED / "prometheus.yml").read_text().replace("15s",
                                                                  "500ms")
        head, sd, _ = config.partition("    dns_sd_configs:")
        self.assertTrue(sd)
        (self.directory / "prometheus.yml").write_text(
            head + f"    static_configs: [{{targets: ['{target}']}}]\n")

    def start_prometheus(self):
        with open(self.directory / "prometheus.log", "wb") as log:
            process = subprocess.Popen(
                [PROMETHEUS, "--web.listen-address=127.0.0.1:0",
                 f"--config.file={self.directory}/prometheus.yml",
                 f"--storage.tsdb.path={self.directory}/tsdb"],
                stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.port = harness.eventually(
            lambda: listening_port(process.pid), 30, "Prometheus listens")
        harness.eventually(self.ready, 30, "Prometheus is ready")

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready",
                                        timeout=10):
                return True
        except urllib.error.HTTPError:
            return False  # it listens before it answers

    def ask(self, what):
        with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/api/v1/{what}",
                timeout=10) as reply:
            return json.load(reply)["data"]

    def start_load(self):
        """Calls one after the other, until the test's end."""
        client, over = self.client(), threading.Event()

        def work():
            while not over.is_set():
                client.call(wire.overview_request(), timeout="20S")
        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(over.set)

    def firing(self):
        return {(a["labels"]["alertname"], a["labels"].get("section"))
                for a in self.ask("alerts")["alerts"]
                if a["state"] == "firing"}

    def healthy(self):
        """Scraped, with every section known, and no alert even pending."""
        ratio = self.ask("query?query=gather:section_failures:ratio_rate5m")
        return (len(ratio["result"]) == 3
                and all(r["value"][1] == "0" for r in ratio["result"])
                and not self.ask("alerts")["alerts"])

    def test_a_killed_backend_makes_the_alert_fire(self):
        product = self.start_backend("product")
        self.start_aggregator(metrics=True)
        self.write_config(self.aggregator.metrics_address())
        self.start_prometheus()
        self.start_load()
        harness.eventually(self.healthy, 60, "figures and no alert")
        names = {rule["name"] for group in self.ask("rules")["groups"]
                 for rule in group["rules"]}
        self.assertLessEqual(
            {"GatherErrorBudgetBurn", "GatherPartialAnswers"}, names)

        product.kill()
        harness.eventually(self.firing, 60, "an alert")
        # One section is lost: answers are partial, and no request fails.
        self.assertEqual(self.firing(), {("GatherPartialAnswers", "products")})

        self.start_backend("product", port=product.port)
        harness.eventually(lambda: not self.firing(), 60, "the alert's end")


if __name__ == "__main__":
    unittest.main()
