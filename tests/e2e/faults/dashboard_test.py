"""The shipped Grafana dashboard: what each panel asks for, a real Prometheus
has, once the servers work and one backend does not."""

import json
import math
import re
import threading
import unittest
import urllib.parse

import harness
import prometheus
import wire

DASHBOARD = harness.ROOT / "deploy/grafana/dashboards/gather.json"
# What Grafana puts in their place: of a query, four scrape intervals or more
# (https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/).
INTERVAL = "5s"


def panels():
    """Those that show something: rows only head others."""
    return [p for p in json.loads(DASHBOARD.read_text())["panels"]
            if p["type"] != "row"]


def variables():
    """The queries of the dashboard's variables, by their names."""
    listed = json.loads(DASHBOARD.read_text())["templating"]["list"]
    return {v["name"]: v for v in listed}


def interpolate(expression):
    """The query that Grafana would send, with "All" chosen everywhere."""
    values = {"__rate_interval": INTERVAL}
    values.update({name: v["allValue"] for name, v in variables().items()
                   if "allValue" in v})
    return re.sub(r"\$\{?(\w+)\}?", lambda m: values[m[1]], expression)


class Layout(unittest.TestCase):

    def test_panels_are_whole_and_do_not_overlap(self):
        cells = {}
        everything = json.loads(DASHBOARD.read_text())["panels"]
        self.assertEqual(len({p["id"] for p in everything}), len(everything))
        for panel in everything:
            grid = panel["gridPos"]
            self.assertLessEqual(grid["x"] + grid["w"], 24, panel["title"])
            for x in range(grid["x"], grid["x"] + grid["w"]):
                for y in range(grid["y"], grid["y"] + grid["h"]):
                    self.assertNotIn((x, y), cells, panel["title"])
                    cells[x, y] = panel["title"]
        for panel in panels():
            self.assertTrue(panel["description"], panel["title"])
            self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
            self.assertEqual(panel["datasource"]["uid"], "${datasource}")
            for target in panel["targets"]:
                self.assertTrue(target["legendFormat"], panel["title"])


class Dashboard(prometheus.PrometheusTest):

    def start_servers(self):
        """Users are well, some orders fail, and products mostly do."""
        self.start_backend("user", metrics=True)
        self.start_backend("order", "--error_rate=0.2", metrics=True)
        self.start_backend("product", "--error_rate=0.9",
                           "--error_code=UNAVAILABLE", metrics=True)
        self.start_aggregator(metrics=True)
        servers = {"aggregator": self.aggregator, **self.backends}
        self.start_prometheus(
            {name: s.metrics_address() for name, s in servers.items()},
            (prometheus.SHIPPED / "rules.yml").read_text())

    def start_load(self):
        """Calls until the test's end, some of them wrong."""
        client, over = self.client(), threading.Event()

        def work():
            while not over.is_set():
                client.call(wire.overview_request(), timeout="20S")
                client.call(wire.overview_request(""), timeout="20S")
        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(over.set)

    def samples(self, expression):
        """How many numbers the query gives now. A query that does not parse is
        an HTTPError."""
        query = urllib.parse.urlencode({"query": expression})
        result = self.ask(f"query?{query}")["result"]
        return sum(not math.isnan(float(r["value"][1])) for r in result)

    def test_every_panel_has_data(self):
        self.start_servers()
        self.start_load()
        lacking = {(panel["title"], target["expr"])
                   for panel in panels() for target in panel["targets"]}

        def complete():
            lacking.difference_update(
                [each for each in lacking if self.samples(interpolate(each[1]))])
            return not lacking
        try:
            harness.eventually(complete, 40)
        except AssertionError:
            self.fail(f"no data: {sorted(lacking)}")
        self.check_variables()

    def check_variables(self):
        """A variable's query finds values: else its menu is empty, and all
        panels with it."""
        query = variables()["service"]["query"]
        metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)",
                                     query).groups()
        found = self.ask(f"label/{label}/values?match[]={metric}")
        self.assertEqual(set(found), {"aggregator", *harness.ROLES})


if __name__ == "__main__":
    unittest.main()
