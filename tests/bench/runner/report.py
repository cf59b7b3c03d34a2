"""Writes RESULTS.md of the figures."""

from collections.abc import Iterable, Sequence

from . import machine
from .bars import Bar, bars, cpu, direct_ms, ratio
from .contenders import ALL, OURS
from .dataset import SIZES
from .load import Result
from .machine import Quiet
from .measure import (
    BURST_S,
    Figures,
    LEAST_LATENCY_S,
    ROOM_TO_TAKE_IN,
    Rounds,
    Waiting,
    median,
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def bar_table(held: list[Bar]) -> str:
    return table(
        ("bar", "bound", "measured", "held"),
        ((b.what, b.bound, b.measured, "yes" if b.held else "**no**") for b in held),
    )


def _speed_row(name: str, rounds: Rounds) -> list[str]:
    def mid(figure: str) -> float:
        return median(getattr(result, figure) for result in rounds[name])

    bad = sum(result.errors + result.wrong for result in rounds[name])
    calls = sum(result.calls for result in rounds[name])
    return [
        name,
        f"{mid('cpu_us'):.0f}",
        str(ratio(rounds, name, OURS, cpu)),
        f"{mid('rate'):.0f}",
        f"{mid('p50_ms'):.2f}",
        f"{mid('p99_ms'):.2f}",
        f"{mid('peak_kb') / 1024:.0f}",
        f"{bad} of {calls}" if bad else "0",
    ]


def _speed_table(rounds: Rounds) -> str:
    head = (
        "contender",
        "CPU µs a call",
        "x ours",
        "calls a second",
        "p50 ms",
        "p99 ms",
        "peak MB",
        "errors",
    )
    return table(head, (_speed_row(name, rounds) for name in rounds))


def _memory_table(figures: Figures) -> str:
    ours = figures.waiting[OURS]

    def row(name: str, waiting: Waiting) -> list[str]:
        calls = f"{waiting.calls:,}"
        if waiting.failed:
            return [name, calls, f"{waiting.failed:,} failed", ""]
        ratio = "" if ours.failed else f"{waiting.kb / ours.kb:.2f}"
        return [name, calls, f"{waiting.kb:.1f}", ratio]

    return table(
        ("contender", "calls that wait", "KB a call", "x ours"),
        (row(name, waiting) for name, waiting in figures.waiting.items()),
    )


def _tax_table(figures: Figures) -> str:
    direct = direct_ms(figures)
    rounds = figures.speed["small", 1]

    def tax(result: Result) -> float:
        return result.p50_ms - direct

    return table(
        ("contender", "tax µs", "x ours"),
        (
            (
                name,
                f"{median(map(tax, results)) * 1000:.0f}",
                str(ratio(rounds, name, OURS, tax)),
            )
            for name, results in rounds.items()
        ),
    )


def _steady_table(rounds: Rounds) -> str:
    def row(name: str, results: list[Result]) -> list[str]:
        bad = sum(r.errors + r.wrong for r in results)
        share = bad / max(1, sum(r.calls for r in results))
        return [
            name,
            *(
                f"{median(getattr(r, figure) for r in results):.2f}"
                for figure in ("p50_ms", "p99_ms", "max_ms")
            ),
            f"{share:.1%}" if bad else "0",
        ]

    return table(
        ("contender", "p50 ms", "p99 ms", "max ms", "errors"),
        (row(name, results) for name, results in rounds.items()),
    )


def _speed_sections(figures: Figures) -> str:
    text = ""
    for (size, in_flight), rounds in figures.speed.items():
        text += f"\n### {SIZES[size].title}, {in_flight} in flight\n\n"
        text += _speed_table(rounds)
    return text


def _direct_line(figures: Figures) -> str:
    return ", ".join(
        f"{role} {median(rounds) * 1000:.0f} µs"
        for role, rounds in figures.direct_ms.items()
    )


def render(figures: Figures, quiet: Quiet, command: str, notes: str) -> str:
    minutes = quiet.seconds / 60
    about = table(("", ""), machine.describe())
    who = table(("contender", "what it is"), ((c.name, c.what) for c in ALL))
    plan = figures.plan
    return f"""# Measured against its peers

Written by `{command}` in {minutes:.0f} minutes: a rerun writes it anew, but for
the notes, which stand in `NOTES.md`.
{quiet}

{bar_table(bars(figures))}
{about}
{who}
{notes}
## Speed

Medians of {plan.rounds} rounds of {plan.seconds:g} s, each with every contender
in turn, each in a process of its own. "x ours" is the median of the rounds'
ratios of CPU time a call, and what the middle half of them lies between. Of 1 MB,
512 in flight are one burst of 512 calls, in one round, with deadlines of {BURST_S} s:
more than the usual 3 s is needed to send it.
{_speed_sections(figures)}
## A fixed rate

{figures.steady_rate:.0f} calls a second, half of what ours can do with 64 in
flight; 1 KB. A call's time counts from when it was due.

{_steady_table(figures.steady)}
## Fan-out tax

The median of an overview less that of a direct call to the slowest backend, at
1 in flight, 1 KB, backends without latency. Direct: {_direct_line(figures)}.

{_tax_table(figures)}
## Memory of calls that wait

Peak with all calls in flight, less what was resident before, by the number of
calls. The backends take {figures.latency_s} s: {ROOM_TO_TAKE_IN} times what the slowest
contender takes for as many calls, {LEAST_LATENCY_S} s at least. `threads` and
`sequential` would need 40,000 and 10,000 threads: they have fewer calls.

{_memory_table(figures)}"""
