"""The shipped rules in a real Prometheus: a backend that is killed makes the
alert of partial answers fire. Windows of hours are cut to seconds; the rest is as
shipped."""

import re
import threading
import unittest

import harness
import prometheus
import wire

SHORT = {"5m": "5s", "30m": "8s", "1h": "8s", "6h": "12s", "3d": "15s"}


def hurried(rules):
    """The rules, with windows of hours that take seconds."""
    for long, short in SHORT.items():
        rules = rules.replace(f"[{long}]", f"[{short}]")
    return re.sub(r"\bfor: \w+", "for: 1s", rules)


class Alerts(prometheus.PrometheusTest):

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

    def alerts(self, *states):
        """Of these states, by name and section. Without that of stalls: a busy
        machine holds loops, too."""
        return {(a["labels"]["alertname"], a["labels"].get("section"))
                for a in self.ask("alerts")["alerts"] if a["state"] in states
                and a["labels"]["alertname"] != "GatherLoopStalls"}

    def firing(self):
        return self.alerts("firing")

    def healthy(self):
        """Scraped, with a ratio of every section that is asked for, and no alert
        even pending. One that nobody asks for has none: 0 of 0."""
        ratio = self.ask("query?query=gather:section_failures:ratio_rate5m")
        values = [r["value"][1] for r in ratio["result"]]
        return (values.count("0") == 3 and set(values) <= {"0", "NaN"}
                and not self.alerts("pending", "firing"))

    def test_a_killed_backend_makes_the_alert_fire(self):
        product = self.start_backend("product")
        self.start_aggregator(metrics=True)
        self.start_prometheus(
            {"aggregator": self.aggregator.metrics_address()},
            hurried((prometheus.SHIPPED / "rules.yml").read_text()))
        self.start_load()
        harness.eventually(self.healthy, 60, "figures and no alert")
        names = {rule["name"] for group in self.ask("rules")["groups"]
                 for rule in group["rules"]}
        self.assertLessEqual(
            {"GatherErrorBudgetBurn", "GatherPartialAnswers"}, names)

        product.kill()
        # One section is lost: answers are partial, and no request fails.
        expected = {("GatherPartialAnswers", "products"),
                    ("GatherBackendAway", None)}
        harness.eventually(lambda: expected <= self.firing(), 60, "the alerts")
        self.assertEqual(self.firing(), expected)

        self.start_backend("product", port=product.port)
        harness.eventually(lambda: not self.firing(), 60, "the alert's end")


if __name__ == "__main__":
    unittest.main()
