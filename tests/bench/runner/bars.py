"""What ours has to show, and whether it does."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .contenders import OURS
from .load import Result
from .measure import Figures, Rounds, median

Figure = Callable[[Result], float]


def cpu(result: Result) -> float:
    return result.cpu_us


@dataclass(frozen=True)
class Ratio:
    """Of one contender to another, round by round."""

    rounds: list[float]

    @property
    def median(self) -> float:
        return median(self.rounds)

    def __str__(self) -> str:
        """The median, and between what the middle half of the rounds lies."""
        if len(self.rounds) < 3:
            return f"{self.median:.2f}"
        low, _, high = statistics.quantiles(self.rounds, n=4, method="inclusive")
        return f"{self.median:.2f} ({low:.2f} to {high:.2f})"


def ratio(rounds: Rounds, one: str, other: str, figure: Figure) -> Ratio:
    pairs = zip(rounds[one], rounds[other], strict=True)
    return Ratio([figure(this) / figure(that) for this, that in pairs])


@dataclass(frozen=True)
class Bar:
    what: str
    bound: str
    measured: str
    held: bool


def direct_ms(figures: Figures) -> float:
    """The median of a direct call to the slowest backend."""
    return max(median(rounds) for rounds in figures.direct_ms.values())


def _at_most(what: str, measured: Ratio, bound: float) -> Bar:
    return Bar(what, f"at most {bound:g}", str(measured), measured.median <= bound)


def _cpu(figures: Figures) -> Iterator[Bar]:
    for size, title, other, bound in (
        ("small", "1 KB", "floor+", 0.9),
        ("small", "1 KB", "go", 0.5),
        ("small", "1 KB", "threads", 0.2),
        ("small", "1 KB", "asyncio", 0.2),
        ("medium", "16 KB", "floor+", 0.7),
        ("large", "1 MB", "floor+", 0.4),
        ("large", "1 MB", "go", 0.4),
    ):
        rounds = figures.speed.get((size, 64), {})
        if other in rounds:
            yield _at_most(
                f"CPU a call to {other}'s, 64 in flight, {title}",
                ratio(rounds, OURS, other, cpu),
                bound,
            )


def _latency(figures: Figures) -> Iterator[Bar]:
    if "floor+" in figures.steady:
        yield _at_most(
            f"p99 at {figures.steady_rate} calls a second to floor+'s",
            ratio(figures.steady, OURS, "floor+", lambda r: r.p99_ms),
            1.1,
        )
    alone = figures.speed.get(("small", 1), {})
    if "floor+" in alone:
        direct = direct_ms(figures)
        yield _at_most(
            "fan-out tax at 1 in flight to floor+'s",
            ratio(alone, OURS, "floor+", lambda r: r.p50_ms - direct),
            1.1,
        )


def _memory(figures: Figures) -> Iterator[Bar]:
    ours = figures.waiting[OURS]
    yield Bar(
        "a call that waits",
        "at most 50 KB",
        f"{ours.failed} failed" if ours.failed else f"{ours.kb:.1f} KB",
        not ours.failed and ours.kb <= 50,
    )


def bars(figures: Figures) -> list[Bar]:
    return [*_cpu(figures), *_latency(figures), *_memory(figures)]
