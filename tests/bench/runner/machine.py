"""What it ran on."""

import os
import re
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .programs import BIN, ROOT


def _output(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, check=True, text=True, cwd=ROOT
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _package(name: str) -> str:
    return _output("dpkg-query", "-W", "-f=${Version}", name)


def _match(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found.group(1).strip() if found else "unknown"


def _libraries() -> str:
    cache = (BIN.parent / "CMakeCache.txt").read_text(encoding="utf-8")
    prefix = _match(r"^CMAKE_PREFIX_PATH:\w+=(.+)$", cache)
    return "Debian's packages" if prefix == "unknown" else f"built in {prefix}"


def describe() -> list[tuple[str, str]]:
    cpu = _match(r"^model name\s*:(.*)$", Path("/proc/cpuinfo").read_text())
    memory_kb = int(_match(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text()))
    system = _match(r'^PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    go_mod = (ROOT / "tests/bench/contenders/go/go.mod").read_text()
    grpc_go = _match(r"google.golang.org/grpc (\S+)", go_mod)
    changed = " with changes" if _output("git", "status", "--porcelain") else ""
    return [
        ("processor", f"{cpu}, {os.cpu_count()} cores"),
        ("memory", f"{memory_kb / 2**20:.0f} GB"),
        ("system", f"{system}, Linux {os.uname().release}"),
        ("compiler", _output("c++", "--version").splitlines()[0]),
        ("libraries", _libraries()),
        ("gRPC C++", _package("libgrpc++-dev")),
        ("protobuf C++", _package("libprotobuf-dev")),
        ("Go", f"{_output('go', 'env', 'GOVERSION')}, grpc-go {grpc_go}"),
        (
            "Python",
            f"{_output('/usr/bin/python3', '-V')}, "
            f"grpcio {_package('python3-grpcio')}, "
            f"protobuf {_package('python3-protobuf')}",
        ),
        ("commit", _output("git", "rev-parse", "--short", "HEAD") + changed),
    ]


# Of all CPU time: what a machine at rest spends on itself stays below.
MOST_OF_OTHERS = 0.02


@dataclass(frozen=True)
class Quiet:
    """Who else used the machine, while something was measured on it."""

    seconds: float
    others: float  # share of all cores' time, that processes not ours had
    stolen: float  # share that the machine itself did not get

    @property
    def held(self) -> bool:
        return self.others + self.stolen <= MOST_OF_OTHERS

    def __str__(self) -> str:
        share = (
            f"other processes had {self.others:.1%} of the machine's CPU time,"
            f" and {self.stolen:.1%} was stolen from it"
        )
        if self.held:
            return f"The machine was quiet: {share}."
        return f"**The machine was not quiet**: {share}. Measure again."


class Watch:
    """Tells afterwards whether the machine was quiet, from its start to stop().

    What is ours is this process, and those of its children that have ended: so
    it is to be stopped when they all have. What the kernel does between processes
    is nobody's: a load's own packets are among it."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._busy, self._stolen = _cores_seconds()
        self._own = _own_seconds()

    def stop(self) -> Quiet:
        busy, stolen = _cores_seconds()
        seconds = time.monotonic() - self._start
        everything = seconds * (os.cpu_count() or 1)
        own = _own_seconds() - self._own
        return Quiet(
            seconds,
            max(0.0, busy - self._busy - own) / everything,
            (stolen - self._stolen) / everything,
        )


def _own_seconds() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _cores_seconds() -> tuple[float, float]:
    """Of all cores: with processes, and stolen by the host."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = [int(field) for field in stat.readline().split()[1:]]
    user, nice, system, _, _, _, _, steal = fields[:8]
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system) / tick, steal / tick
