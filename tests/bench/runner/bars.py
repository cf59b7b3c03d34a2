"""What ours has to show, and whether it does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .contenders import OURS
from .load import Result
from .measure import Figures, Rounds, median

Figure = Callable[[Result], float]


def cpu(result: Result) -> float:
    return result.cpu_us


def paired_ratio(rounds: Rounds, other: str, figure: Figure) -> float:
    """Ours to another, round by round, and then the median."""
    pairs = zip(rounds[OURS], rounds[other])
    return median(figure(ours) / figure(theirs) for ours, theirs in pairs)


@dataclass(frozen=True)
class Bar:
    what: str
    bound: str
    measured: str
    held: bool


def tax_ms(figures: Figures) -> dict[str, float]:
    """The median overview less the median direct call to the slowest backend,
    at 1 in flight."""
    slowest = max(median(rounds) for rounds in figures.direct_ms.values())
    return {
        name: median(r.p50_ms for r in rounds) - slowest
        for name, rounds in figures.speed["small", 1].items()
    }


def _at_most(what: str, ratio: float, bound: float) -> Bar:
    return Bar(what, f"at most {bound:g}", f"{ratio:.2f}", ratio <= bound)


def _cpu(figures: Figures) -> Iterator[Bar]:
    small = figures.speed["small", 64]
    for other, bound in (
        ("floor", 1.1),
        ("floor+", 1.1),
        ("go", 0.55),
        ("asyncio", 0.15),
        ("threads", 0.2),
    ):
        if other in small:
            ratio = paired_ratio(small, other, cpu)
            yield _at_most(f"CPU a call to {other}'s, 64 in flight, small", ratio, bound)
    large = figures.speed.get(("large", 64), {})
    if "go" in large:
        ratio = paired_ratio(large, "go", cpu)
        yield _at_most("CPU a call to go's, 64 in flight, large", ratio, 0.5)


def _memory(figures: Figures) -> Iterator[Bar]:
    for other, bound in (("go", 0.5), ("asyncio", 0.3)):
        if other in figures.waiting_kb:
            pairs = zip(figures.waiting_kb[OURS], figures.waiting_kb[other])
            ratio = median(ours / theirs for ours, theirs in pairs)
            yield _at_most(f"memory a waiting call to {other}'s", ratio, bound)


def _best_of_others(values: dict[str, float], without: set[str]) -> tuple[str, float]:
    others = {name: v for name, v in values.items() if name not in without}
    best = min(others, key=lambda name: others[name])
    return best, others[best]


def _latency(figures: Figures) -> Iterator[Bar]:
    p99 = {
        name: median(r.p99_ms for r in rounds)
        for name, rounds in figures.steady.items()
    }
    best, value = _best_of_others(p99, {OURS, "floor+"})
    yield Bar(
        f"p99 at {figures.steady_rate:.0f} calls a second",
        f"at most {best}'s {value:.2f} ms",
        f"{p99[OURS]:.2f} ms",
        p99[OURS] <= value,
    )
    tax = tax_ms(figures)
    best, value = _best_of_others(tax, {OURS, "floor", "floor+"})
    yield Bar(
        "fan-out tax at 1 in flight",
        f"less than {best}'s {value * 1000:.0f} us",
        f"{tax[OURS] * 1000:.0f} us",
        tax[OURS] < value,
    )


def bars(figures: Figures) -> list[Bar]:
    return [*_cpu(figures), *_memory(figures), *_latency(figures)]
