"""Starts and stops the servers, and reads what the system says of them."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from . import dataset

ROOT = Path(__file__).resolve().parents[3]
BIN = ROOT / "build/release/bin"
# Of contenders that are linked with the system's shared libraries.
SHARED_BIN = ROOT / "build/shared/bin"


@dataclass(frozen=True)
class Server:
    pid: int
    target: str

    def memory_kb(self, field: str) -> int:
        """VmRSS or VmHWM."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        for line in status.splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise ValueError(f"no {field}")


def _await_port(process: subprocess.Popen, port_file: Path) -> int:
    deadline = time.monotonic() + 30
    while not port_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"did not start: {process.args}")
        time.sleep(0.005)
    return int(port_file.read_text(encoding="ascii"))


@contextlib.contextmanager
def server(
    command: list[str], work: Path, stderr: BinaryIO | None = None
) -> Iterator[Server]:
    """Runs a server on a free port until the end of the context."""
    port_file = work / f"port-{time.monotonic_ns()}"
    process = subprocess.Popen(
        [*command, "--listen=127.0.0.1:0", f"--port_file={port_file}"],
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )
    try:
        port = _await_port(process, port_file)
        yield Server(process.pid, f"127.0.0.1:{port}")
        if process.poll() is not None:
            raise RuntimeError(f"ended by itself: {command}")
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def backends(work: Path, latency: str = "0") -> Iterator[dict[str, Server]]:
    """The three backends, by role."""
    files = dataset.write(work)
    with contextlib.ExitStack() as stack:
        yield {
            role: stack.enter_context(
                server(
                    [
                        str(BIN / "backend"),
                        f"--role={role}",
                        f"--data={file}",
                        f"--latency={latency}",
                        "--log_level=warning",
                    ],
                    work,
                )
            )
            for role, file in files.items()
        }


def targets(servers: dict[str, Server]) -> list[str]:
    """The flags that tell an aggregator where the backends are."""
    return [f"--{role}_target={to.target}" for role, to in servers.items()]
