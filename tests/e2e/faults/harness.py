"""The real programs, started and watched for a test.

GATHER_BIN is the directory of the programs; GATHER_SLOWNESS is how many times
slower they are than a release build (sanitizers), for limits on time.
"""

import dataclasses
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import time
import unittest

import h2_backend
import h2_client

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("GATHER_BIN", ROOT / "build/release/bin"))
DATA = ROOT / "deploy/data"
SLOWNESS = float(os.environ.get("GATHER_SLOWNESS", "1"))
ROLES = ("user", "order", "product")
EVERY_LINE = ["--log_repeats=0"]  # tests count them
SECTION = {"user": "user", "order": "orders", "product": "products"}


def eventually(condition, timeout=10.0, what="the condition"):
    """Waits until condition() is true, and returns what it returned."""
    end = time.monotonic() + timeout * SLOWNESS
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {timeout} s")
        time.sleep(0.005)


def listening_ports(pid):
    """The ports that a process listens on."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.update(re.findall(r"socket:\[(\d+)\]", str(fd.readlink())))
        except FileNotFoundError:
            pass  # closed meanwhile
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return {int(f[1].split(":")[1], 16) for f in fields
            if f[3] == "0A" and f[9] in inodes}


class Server:
    """A server process. `wrapper` is a command to run it under; `stderr` a
    descriptor to log to, in place of the file; `listen` an address in place of
    host and port; `metrics` is where they are served, or True."""

    def __init__(self, directory, name, arguments, port=0, wrapper=(),
                 host="127.0.0.1", files=None, env=None, metrics=False,
                 stderr=None, listen=None):
        if metrics is True:
            metrics = "127.0.0.1:0"
        port_file = directory / f"{name}.port"
        port_file.unlink(missing_ok=True)
        metrics_file = directory / f"{name}.metrics-port"
        self.name = name
        self._log = directory / f"{name}.log"
        limit = None
        if files:
            def limit():
                resource.setrlimit(resource.RLIMIT_NOFILE, files)
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [*wrapper, *arguments, f"--listen={listen or f'{host}:{port}'}",
                 f"--port_file={port_file}", "--log_format=json",
                 f"--metrics_listen={metrics or ''}",
                 f"--metrics_port_file={metrics_file}"],
                stdout=log, stderr=stderr or log, preexec_fn=limit,
                env={**os.environ, **(env or {})})
        self.pid = self._process.pid
        eventually(lambda: port_file.exists() or not self.alive(), 30,
                   f"{name} serves")
        if not self.alive():
            raise AssertionError(f"{name} ended at its start: {self.text()}")
        self.port = int(port_file.read_text())
        self.address = listen or f"{host}:{self.port}"
        self._metrics_file = metrics_file

    def metrics_address(self):
        """Of a server that was started with metrics=True."""
        return f"127.0.0.1:{int(self._metrics_file.read_text())}"

    def alive(self):
        return self._process.poll() is None

    def send(self, number):
        os.kill(self.pid, number)

    def pause(self):
        """SIGSTOP, and all its threads have stopped."""
        self.send(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{self.pid}/task")
        eventually(lambda: all(
            (t / "stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
            for t in tasks.iterdir()), what=f"{self.name} stops")

    def resume(self):
        self.send(signal.SIGCONT)

    def wait(self, timeout=30):
        return self._process.wait(timeout * SLOWNESS)

    def kill(self):
        if self.alive():
            self._process.kill()
        self._process.wait()

    def stop(self):
        """SIGTERM; the exit code."""
        if self.alive():
            self.resume()
            self.send(signal.SIGTERM)
        try:
            return self.wait()
        finally:
            self.kill()

    def text(self):
        return self._log.read_text(errors="replace")

    def log(self, message=None):
        """The log's records, those with this message."""
        records = []
        for line in self.text().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if message in (None, record["message"]):
                records.append(record)
        return records

    def _status(self, key):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        for line in status.splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise AssertionError(f"{self.name} is gone")

    def peak_mb(self):
        return self._status("VmHWM") / 1024

    def rss_mb(self):
        return self._status("VmRSS") / 1024

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.pid}/stat").read_text()
        user, system = stat.rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


@dataclasses.dataclass(repr=False)
class Overview:
    """What gatherctl made of a call."""
    code: int
    answer: dict
    took: float
    error: str

    def __repr__(self):
        sections = {role: self.answer[SECTION[role]]["status"]
                    for role in ROLES if self.answer}
        return (f"exit code {self.code} after {self.took:.3f} s: {sections} "
                f"{self.error}")

    def reason(self, role):
        return self.answer[SECTION[role]]["status"]["reason"]

    def attempts(self, role):
        return self.answer[SECTION[role]]["status"]["attempts"]


class FaultTest(unittest.TestCase):
    """A directory and servers for one test; what a test started, it ends, and
    every server that was not killed has to end well."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="gather-faults-")
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)
        self.backends = {}
        self.exits = {}
        self.aggregator = None

    def start_backend(self, role, *flags, name=None, **options):
        """`name` is for a second one of that role: of its log."""
        arguments = [BIN / "backend", *EVERY_LINE, f"--role={role}",
                     f"--data={DATA}/{role}s.json", *flags]
        server = self._start(name or role, arguments, options)
        self.backends[role] = server
        return server

    def start_aggregator(self, *flags, targets=None, raw=(), **options):
        """With the real backends that it lacks; `targets` gives a role's
        address in place of one, `raw` are h2_backends that take one."""
        targets = dict(targets or {})
        targets.update({b.role: f"127.0.0.1:{b.port}" for b in raw})
        for role in ROLES:
            if role not in targets and role not in self.backends:
                self.start_backend(role)
            targets.setdefault(role, getattr(
                self.backends.get(role), "address", None))
        arguments = [BIN / "aggregator", *EVERY_LINE, *flags]
        arguments += [f"--{r}_target={targets[r]}" for r in ROLES]
        self.aggregator = self._start("aggregator", arguments, options)
        return self.aggregator

    def _start(self, name, arguments, options):
        server = Server(self.directory, name, arguments, **options)
        self.addCleanup(self._end, server)
        return server

    def _end(self, server):
        expected = self.exits.get(server, 0)
        if not server.alive() and server.wait() == -signal.SIGKILL:
            expected = -signal.SIGKILL
        self.assertEqual(
            server.stop(), expected,
            f"{server.name} ended badly: {server.text()[-3000:]}")

    def expect_exit(self, server, code):
        """What the server's exit code will be in place of 0."""
        self.exits[server] = code

    def raw_backend(self, role, script=h2_backend.healthy, **options):
        backend = h2_backend.Backend(role, script, **options)
        self.addCleanup(backend.stop)
        return backend

    def client(self):
        client = h2_client.Client(self.aggregator.port)
        self.addCleanup(client.close)
        return client.wait_ready()

    def overview(self, user="alice", timeout="5s", *flags, wrapper=()):
        start = time.monotonic()
        done = subprocess.run(
            [*wrapper, BIN / "gatherctl", "overview", user, "--output=json",
             f"--server={self.aggregator.address}", f"--timeout={timeout}",
             *flags],
            capture_output=True, text=True, check=False, timeout=120)
        answer = json.loads(done.stdout) if done.stdout else {}
        return Overview(done.returncode, answer, time.monotonic() - start,
                        done.stderr)

    def assert_complete(self, overview):
        self.assertEqual(overview.code, 0, overview)
        self.assertTrue(overview.answer["complete"])

    def assert_partial(self, overview, role, *reasons):
        """That role's section has failed with one of `reasons` and has no
        payload; the others are whole."""
        self.assertEqual(overview.code, 3, overview)
        self.assertFalse(overview.answer["complete"])
        for each in ROLES:
            section = overview.answer[SECTION[each]]
            state = section["status"]["state"]
            payload = section.get(SECTION[each])
            if each == role:
                self.assertEqual(state, "SECTION_STATE_FAILED", overview)
                self.assertFalse(payload, overview)
                self.assertIn(overview.reason(role), reasons, overview)
            else:
                self.assertEqual(state, "SECTION_STATE_OK", overview)
                self.assertTrue(payload, overview)

    def back_to_complete(self, timeout=2.0, user="alice"):
        """Calls until the answer is complete again, and returns how long that
        took."""
        start = time.monotonic()
        eventually(lambda: self.overview(user).code == 0, timeout,
                   "a complete answer")
        return time.monotonic() - start
