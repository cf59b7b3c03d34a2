"""What it ran on."""

import os
import re
import subprocess
from pathlib import Path

from .programs import ROOT


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
