"""What is measured, round by round: each round has every contender in turn."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .contenders import Contender, OURS
from .dataset import SIZES
from .load import Result, load, sample
from .programs import Server, backends, server, targets

# Figures of each contender, one a round.
Rounds = dict[str, list[Result]]


@dataclass(frozen=True)
class Plan:
    rounds: int
    seconds: float  # of each measuring
    cases: list[tuple[str, int]]  # size of the answer, calls in flight
    waiting: int  # calls, when memory is measured
    latency: str  # of the backends then
    memory_rounds: int


FULL = Plan(
    3, 2.0, [(size, n) for size in SIZES for n in (1, 64, 512)], 10_000, "2s", 2
)
QUICK = Plan(
    2, 0.7, [("small", 1), ("small", 64), ("large", 64)], 1_000, "500ms", 1
)

# Where each call that waits is a thread or four.
BLOCKING_WAITING = 500


def connections(in_flight: int) -> int:
    """Like a few clients, and under 1,000 calls on each."""
    return {1: 1, 64: 4, 512: 8}.get(in_flight, 16)


@dataclass
class Figures:
    """All that was measured."""

    plan: Plan
    speed: dict[tuple[str, int], Rounds] = field(default_factory=dict)
    direct_ms: dict[str, list[float]] = field(default_factory=dict)
    steady: Rounds = field(default_factory=dict)
    steady_rate: float = 0
    waiting_kb: dict[str, list[float]] = field(default_factory=dict)
    waiting_calls: dict[str, int] = field(default_factory=dict)


class Measure:
    """Each figure has an aggregator of its own, started for it."""

    def __init__(self, plan: Plan, taking_part: list[Contender], work: Path) -> None:
        self.plan = plan
        self.contenders = taking_part
        self.work = work
        self.figures = Figures(plan)

    def run(self) -> Figures:
        with backends(self.work) as near:
            self.compare_answers(near)
            for size, in_flight in self.plan.cases:
                self._speed(near, size, in_flight)
            self._direct(near)
            self._steady(near)
        with backends(self.work, latency=self.plan.latency) as slow:
            self._memory(slow)
        return self.figures

    def compare_answers(self, near: dict[str, Server]) -> None:
        """Every contender has to give what ours gives."""
        for size in SIZES:
            answers = {}
            for contender in self.contenders:
                with server(contender.command + targets(near), self.work) as up:
                    answers[contender.name] = sample(up, size)
            for name, answer in answers.items():
                if answer != answers[OURS]:
                    raise RuntimeError(f"{name} answers otherwise than ours: {size}")
            print(f"answers: {size}, {len(answers[OURS])} letters of JSON, all alike")

    def _rounds(
        self, title: str, near: dict[str, Server], one: Callable[[Server], Result]
    ) -> Rounds:
        results: Rounds = defaultdict(list)
        for _ in range(self.plan.rounds):
            for contender in self.contenders:
                with server(contender.command + targets(near), self.work) as up:
                    results[contender.name].append(one(up))
        for name, rounds in results.items():
            print(f"{title}: {name:10} {_line(rounds)}", flush=True)
        return dict(results)

    def _speed(self, near: dict[str, Server], size: str, in_flight: int) -> None:
        def one(up: Server) -> Result:
            return load(
                up,
                user_id=size,
                in_flight=in_flight,
                connections=connections(in_flight),
                warm_up="500ms",
                duration=f"{self.plan.seconds}s",
                timeout="30s",
            )

        self.figures.speed[size, in_flight] = self._rounds(
            f"{size} {in_flight}", near, one
        )

    def _direct(self, near: dict[str, Server]) -> None:
        """The backends, called without an aggregator."""
        names = {"user": "user", "order": "orders", "product": "products"}
        for role, service in names.items():
            self.figures.direct_ms[role] = [
                load(
                    near[role],
                    user_id="small",
                    service=service,
                    warm_up="500ms",
                    duration=f"{self.plan.seconds}s",
                ).p50_ms
                for _ in range(self.plan.rounds)
            ]

    def _steady(self, near: dict[str, Server]) -> None:
        """At half of what ours can do with 64 in flight."""
        capacity = self.figures.speed["small", 64][OURS]
        rate = int(median(result.rate for result in capacity) / 2)
        self.figures.steady_rate = rate

        def one(up: Server) -> Result:
            return load(
                up,
                user_id="small",
                rate=rate,
                connections=connections(64),
                warm_up="500ms",
                duration=f"{self.plan.seconds}s",
            )

        self.figures.steady = self._rounds(f"{rate}/s", near, one)

    def _memory(self, slow: dict[str, Server]) -> None:
        for _ in range(self.plan.memory_rounds):
            for contender in self.contenders:
                calls = self.plan.waiting
                if contender.blocks:
                    calls = min(calls, BLOCKING_WAITING)
                patient = ["--section_timeout=90s", "--total_timeout=120s"]
                command = contender.command + targets(slow) + patient
                with server(command, self.work) as up:
                    kb = _waiting_kb(up, calls)
                self.figures.waiting_kb.setdefault(contender.name, []).append(kb)
                self.figures.waiting_calls[contender.name] = calls
                print(f"waiting: {contender.name:10} {kb:.1f} KB a call", flush=True)


def _waiting_kb(up: Server, calls: int) -> float:
    common = {"user_id": "small", "timeout": "100s"}
    load(up, in_flight=64, calls=64, connections=16, **common)
    before = up.memory_kb("VmRSS")
    result = load(up, in_flight=calls, calls=calls, connections=16, **common)
    if result.errors or result.wrong:
        raise RuntimeError(f"of calls that waited, some failed: {result}")
    return (result.peak_kb - before) / calls


def _line(rounds: list[Result]) -> str:
    errors = sum(result.errors + result.wrong for result in rounds)
    return (
        f"{median(r.cpu_us for r in rounds):9.1f} us CPU"
        f" {median(r.rate for r in rounds):8.0f}/s"
        f" p50 {median(r.p50_ms for r in rounds):8.2f}"
        f" p99 {median(r.p99_ms for r in rounds):8.2f} ms"
        f" peak {median(r.peak_kb for r in rounds) / 1024:6.0f} MB"
        f" {errors} errors"
    )


def median(values: Iterable[float]) -> float:
    return statistics.median(values)
