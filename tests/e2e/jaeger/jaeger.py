"""A real Jaeger, that the servers of a test send their spans to."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest
import urllib.error
import urllib.request

import harness

CONFIG = pathlib.Path(__file__).with_name("jaeger.yaml")
PROGRAM = shutil.which("jaeger")


class Span:
    """One span of a trace, as Jaeger shows it."""

    def __init__(self, data, processes):
        self.id = data["spanID"]
        self.name = data["operationName"]
        self.service = processes[data["processID"]]["serviceName"]
        parents = [r["spanID"] for r in data["references"]
                   if r["refType"] == "CHILD_OF"]
        self.parent = parents[0] if parents else None
        self.start = data["startTime"]  # in microseconds, as what follows
        self.duration = data["duration"]
        self.end = self.start + self.duration
        self.tags = {t["key"]: t["value"] for t in data["tags"]}

    @property
    def failed(self):
        return self.tags.get("otel.status_code") == "ERROR"

    def __repr__(self):
        return f"{self.service}: {self.name} ({self.id} in {self.parent})"


@unittest.skipUnless(
    PROGRAM, "no jaeger: deploy/install-tools.sh builds it")
class JaegerTest(harness.FaultTest):
    """Has a Jaeger; the test's end ends it."""

    def setUp(self):
        super().setUp()
        socket = self.directory / "otlp.sock"
        self.endpoint = f"unix:{socket}"
        with open(self.directory / "jaeger.log", "wb") as log:
            process = subprocess.Popen(
                [PROGRAM, f"--config={CONFIG}"], stdout=log, stderr=log,
                env={**os.environ, "OTLP_SOCKET": str(socket)})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def query():
            self.assertIsNone(process.poll(), "Jaeger ended: " + (
                self.directory / "jaeger.log").read_text()[-3000:])
            return next((port for port in harness.listening_ports(process.pid)
                         if self._get(port, "services") is not None), None)
        self._port = harness.eventually(query, 30, "Jaeger answers")
        harness.eventually(socket.exists, 30, "Jaeger takes spans")

    @staticmethod
    def _get(port, path):
        """None where it has no such thing, or answers nothing."""
        try:
            with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/api/{path}", timeout=5) as reply:
                return json.load(reply)["data"] or []
        except (OSError, ValueError, urllib.error.HTTPError):
            return None
        except Exception:  # pylint: disable=broad-except
            return None  # the port of gRPC: what it says is no HTTP/1

    def trace(self, trace_id, spans):
        """The spans of a trace, once there are so many."""
        def fetch():
            traces = self._get(self._port, f"traces/{trace_id}") or []
            found = [Span(s, t["processes"])
                     for t in traces for s in t["spans"]]
            return found if len(found) >= spans else None
        found = harness.eventually(fetch, 15, f"{spans} spans")
        self.assertEqual(len(found), spans, found)
        return found
