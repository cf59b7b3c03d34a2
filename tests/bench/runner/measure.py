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


FULL = Plan(
    rounds=5,
    seconds=2.0,
    cases=[(size, n) for size in SIZES for n in (1, 64, 512)],
    waiting=10_000,
)
QUICK = Plan(
    rounds=1,
    seconds=1.0,
    cases=[("small", 1), ("small", 64), ("large", 64)],
    waiting=1_000,
)

# Half a gigabyte at once takes many seconds: one burst is measured instead of a
# time, and nobody gives up before the end.
BURST = ("large", 512)
BURST_S = 90


def patient(seconds: int) -> list[str]:
    """Flags for calls that may take so long."""
    return [f"--section_timeout={seconds}s", f"--total_timeout={seconds}s"]


# The backends wait so many times as long, when memory is measured, as the slowest
# contender takes for so many calls: it has taken all in before the first is
# answered, on a machine of any speed.
ROOM_TO_TAKE_IN = 5
LEAST_LATENCY_S = 3
# And a call waits so many times as long at most.
PATIENCE = 3

# Where each call that waits is a thread or four.
BLOCKING_WAITING = 500


def connections(in_flight: int) -> int:
    """Like a few clients, and under 1,000 calls on each."""
    return {1: 1, 64: 4, 512: 8}.get(in_flight, 16)


@dataclass(frozen=True)
class Waiting:
    """What calls took that all waited at a time."""

    calls: int
    failed: int
    kb: float  # a call; means nothing where some failed


@dataclass
class Figures:
    """All that was measured."""

    plan: Plan
    speed: dict[tuple[str, int], Rounds] = field(default_factory=dict)
    direct_ms: dict[str, list[float]] = field(default_factory=dict)
    steady: Rounds = field(default_factory=dict)
    steady_rate: float = 0
    waiting: dict[str, Waiting] = field(default_factory=dict)
    latency_s: int = 0  # of the backends, when calls waited


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
        self.figures.latency_s = self._latency_s()
        with backends(self.work, latency=f"{self.figures.latency_s}s") as slow:
            self._memory(slow)
        return self.figures

    def _latency_s(self) -> int:
        """Of the backends, for the slowest contender to have all calls waiting."""
        rounds = self.figures.speed["small", 64]
        slowest = min(
            median(result.rate for result in rounds[contender.name])
            for contender in self.contenders
            if not contender.blocks
        )
        return max(LEAST_LATENCY_S, round(ROOM_TO_TAKE_IN * self.plan.waiting / slowest))

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
        self,
        title: str,
        near: dict[str, Server],
        one: Callable[[Server], Result],
        more_flags: Iterable[str] = (),
        rounds: int = 0,
    ) -> Rounds:
        results: Rounds = defaultdict(list)
        for _ in range(rounds or self.plan.rounds):
            for contender in self.contenders:
                command = [*contender.command, *targets(near), *more_flags]
                with server(command, self.work) as up:
                    results[contender.name].append(one(up))
        for name, each in results.items():
            print(f"{title}: {name:10} {_line(each)}", flush=True)
        return dict(results)

    def _speed(self, near: dict[str, Server], size: str, in_flight: int) -> None:
        title = f"{size} {in_flight}"
        common = {
            "user_id": size,
            "in_flight": in_flight,
            "connections": connections(in_flight),
        }

        def for_a_time(up: Server) -> Result:
            # A large answer takes a second among many.
            warm_up = "2s" if size == "large" and in_flight > 1 else "500ms"
            duration = f"{self.plan.seconds}s"
            return load(up, warm_up=warm_up, duration=duration, timeout="30s", **common)

        def burst(up: Server) -> Result:
            return load(up, calls=in_flight, timeout=f"{BURST_S}s", **common)

        if (size, in_flight) == BURST:
            results = self._rounds(title, near, burst, patient(BURST_S), rounds=1)
        else:
            results = self._rounds(title, near, for_a_time)
        self.figures.speed[size, in_flight] = results

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
        seconds = PATIENCE * self.figures.latency_s
        for contender in self.contenders:
            calls = self.plan.waiting
            if contender.blocks:
                calls = min(calls, BLOCKING_WAITING)
            command = contender.command + targets(slow) + patient(seconds)
            with server(command, self.work) as up:
                waiting = _wait(up, calls, seconds)
            self.figures.waiting[contender.name] = waiting
            print(
                f"waiting: {contender.name:10} {waiting.kb:.1f} KB a call"
                f" {waiting.failed} of {calls} failed",
                flush=True,
            )


def _wait(up: Server, calls: int, seconds: int) -> Waiting:
    """All at once, each until its backends answer."""
    before = up.memory_kb("VmRSS")
    result = load(
        up,
        user_id="small",
        in_flight=calls,
        calls=calls,
        connections=connections(calls),
        timeout=f"{seconds}s",
    )
    return Waiting(
        calls, result.errors + result.wrong, (result.peak_kb - before) / calls
    )


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
