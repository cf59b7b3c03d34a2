"""The edge as it is shipped, in front of an aggregator."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import unittest

import h2_client
import harness
import scrape

HAPROXY = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
CONFIG = harness.ROOT / "deploy/edge/haproxy.cfg"


class Edge:
    """HAProxy with deploy/edge/haproxy.cfg. `settings` are its variables,
    without EDGE_."""

    def __init__(self, directory, aggregator, **settings):
        # Made here, so that no other can take its port meanwhile.
        with socket.create_server(("127.0.0.1", 0), backlog=512) as calls, \
                socket.create_server(("127.0.0.1", 0)) as metrics:
            self.port = calls.getsockname()[1]
            self.address = f"127.0.0.1:{self.port}"
            self._metrics = f"127.0.0.1:{metrics.getsockname()[1]}"
            settings = {"AGGREGATOR": aggregator, "MAX_AGGREGATORS": 1,
                        "LISTEN": f"fd@{calls.fileno()}",
                        "METRICS_LISTEN": f"fd@{metrics.fileno()}", **settings}
            self._log = directory / "edge.log"
            with open(self._log, "ab") as log:
                self._process = subprocess.Popen(
                    [HAPROXY, "-db", "-f", CONFIG], stdout=log, stderr=log,
                    env={**os.environ, **{f"EDGE_{key}": str(value)
                                          for key, value in settings.items()}},
                    pass_fds=(calls.fileno(), metrics.fileno()))
        self.pid = self._process.pid

    def metrics(self):
        return scrape.Metrics(self._metrics)

    def has_aggregator(self):
        return self.metrics().total("haproxy_backend_active_servers",
                                    proxy="aggregators") == 1

    def peak_mb(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024

    def soft_stop(self):
        os.kill(self.pid, signal.SIGUSR1)

    def wait(self, timeout=30):
        return self._process.wait(timeout * harness.SLOWNESS)

    def kill(self):
        self._process.kill()
        self._process.wait()

    def text(self):
        return self._log.read_text()


@unittest.skipUnless(HAPROXY, "no haproxy: a package of Debian's")
class EdgeTest(harness.FaultTest):

    def start_edge(self, aggregator=None, **settings):
        self.edge = Edge(self.directory, aggregator or self.aggregator.address,
                         **settings)
        self.addCleanup(self.edge.kill)
        return self.edge

    def client(self):
        client = h2_client.Client(self.edge.port)
        self.addCleanup(client.close)
        return client.wait_ready()

    def gated(self):
        """An event, and a script that answers once it is set."""
        gate = threading.Event()
        self.addCleanup(gate.set)

        def when_open(call):
            gate.wait()
            call.reply(call.right_message())
        return gate, when_open

    def overview(self, *flags, timeout="5s"):
        return super().overview("alice", timeout,
                                f"--server={self.edge.address}", *flags)
