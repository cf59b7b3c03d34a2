"""Who takes part."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from .programs import BIN, ROOT, SHARED_BIN

BENCH = ROOT / "tests/bench"


@dataclass(frozen=True)
class Contender:
    name: str
    what: str
    command: list[str]
    # A thread a call: thousands of calls that wait are thousands of threads.
    blocks: bool = False

    def built(self) -> bool:
        """False where what it needs is missing."""
        program = self.command[-1] if self.name == "asyncio" else self.command[0]
        return Path(program).exists() and shutil.which(self.command[0]) is not None


OURS = "ours"

ALL = [
    Contender(
        OURS,
        "the aggregator as shipped, its request log off",
        [str(BIN / "aggregator"), "--log_level=warning"],
    ),
    Contender(
        "floor",
        "completion-queue state machine by hand, no logic",
        [str(SHARED_BIN / "bench_floor")],
    ),
    Contender(
        "floor+",
        "the same, linked with archives, as ours",
        [str(BIN / "bench_floor")],
    ),
    Contender(
        "callback", "gRPC C++ callback API", [str(SHARED_BIN / "bench_callback")]
    ),
    Contender(
        "threads",
        "gRPC C++ synchronous, a thread a call",
        [str(SHARED_BIN / "bench_blocking")],
        blocks=True,
    ),
    Contender(
        "sequential",
        "the same, one call after the other",
        [str(SHARED_BIN / "bench_blocking"), "--noconcurrent"],
        blocks=True,
    ),
    Contender("go", "grpc-go with errgroup", [str(ROOT / "build/bench/bench_go")]),
    Contender(
        "asyncio",
        "Python grpc.aio with asyncio.gather",
        ["/usr/bin/python3", "-B", str(BENCH / "contenders/asyncio/server.py")],
    ),
]


def present() -> list[Contender]:
    found = [contender for contender in ALL if contender.built()]
    for contender in ALL:
        if contender not in found:
            print(f"{contender.name} is not built: left out")
    return found
