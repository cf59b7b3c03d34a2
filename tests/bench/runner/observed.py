"""What it costs to be observed: metrics and logs against none of them."""

import concurrent.futures
import contextlib
import random
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from .load import Result, load
from .measure import Rounds, connections, median
from .programs import BIN, Server, backends, server, targets
from .report import table

ROUNDS = 40
IN_FLIGHT = 64
# What is the same each time is off twice: what lies between the two is noise.
OFF = "nothing"
AGAIN = "nothing, again"
_DARK = ["--log_level=off", "--metrics_listen="]
_METRICS = ["--metrics_listen=127.0.0.1:0", "--log_format=json"]
SETTINGS = {
    OFF: _DARK,
    AGAIN: _DARK,
    "metrics, scraped each second": [*_METRICS, "--log_sample=0"],
    "the same, and a JSON line a request to a file": _METRICS,
}


@contextlib.contextmanager
def _scraped(port_file: Path) -> Iterator[None]:
    """As a Prometheus in a hurry: each second."""
    url = f"http://127.0.0.1:{port_file.read_text(encoding='ascii').strip()}/metrics"
    end = threading.Event()

    def scrape() -> None:
        while not end.wait(1):
            with urllib.request.urlopen(url, timeout=10) as answer:
                answer.read()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        scraping = pool.submit(scrape)
        try:
            yield
        finally:
            end.set()
        scraping.result()


def _measure(near: dict[str, Server], flags: list[str], seconds: float,
             work: Path) -> Result:
    port_file = work / f"metrics-{time.monotonic_ns()}"
    command = [str(BIN / "aggregator"), *flags, f"--metrics_port_file={port_file}",
               *targets(near)]
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((work / "log").open("wb"))
        up = stack.enter_context(server(command, work, stderr=log))
        if flags != _DARK:
            stack.enter_context(_scraped(port_file))
        result = load(up, user_id="small", in_flight=IN_FLIGHT,
                      connections=connections(IN_FLIGHT),
                      duration=f"{seconds}s", warm_up="300ms")
    if result.errors + result.wrong:
        raise RuntimeError(f"{result.errors} errors, {result.wrong} wrong")
    return result


def _row(name: str, results: Rounds) -> list[str]:
    pairs = zip(results[name], results[OFF])
    ratios = [this.cpu_us / nothing.cpu_us for this, nothing in pairs]
    row = [name, f"{median(result.cpu_us for result in results[name]):.1f}"]
    if name == OFF:
        return [*row, "", ""]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return [*row, f"{middle:.3f}", f"{low:.2f} to {high:.2f}"]


def measure(rounds: int, seconds: float, work: Path) -> str:
    """A table. Each round has all settings, in any order, a process each."""
    results: Rounds = {name: [] for name in SETTINGS}
    with backends(work) as near:
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", flush=True)
            for name in random.sample(list(SETTINGS), len(SETTINGS)):
                results[name].append(_measure(near, SETTINGS[name], seconds, work))
    return table(
        ("observed by", "CPU µs a call", "x nothing", "quartiles"),
        (_row(name, results) for name in results),
    )
