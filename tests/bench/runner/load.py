"""Runs the load generator."""

import json
import subprocess
from dataclasses import dataclass

from .programs import BIN, Server


@dataclass(frozen=True)
class Result:
    """What came of one load on one server."""

    calls: int
    errors: int
    wrong: int
    codes: dict[str, int]
    unsent: int
    seconds: float
    cpu_seconds: float
    load_cpu_seconds: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    peak_kb: int = 0

    @property
    def cpu_us(self) -> float:
        """CPU time a call, in microseconds."""
        return self.cpu_seconds / max(1, self.calls) * 1e6

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds


def _run(flags: dict[str, object]) -> str:
    arguments = [f"--{name}={value}" for name, value in flags.items()]
    done = subprocess.run(
        [str(BIN / "bench_load"), *arguments],
        stdout=subprocess.PIPE,
        check=True,
        timeout=900,
        text=True,
    )
    return done.stdout


def load(to: Server, **flags: object) -> Result:
    """Flags are those of bench_load."""
    flags = {"target": to.target, "pid": to.pid, **flags}
    return Result(**json.loads(_run(flags)), peak_kb=to.memory_kb("VmHWM"))


def sample(to: Server, user_id: str) -> str:
    """One answer as JSON, without its times."""
    return _run({"target": to.target, "user_id": user_id, "sample": "true"})
