"""One case checked with `check(around=...)` among very many.

The casebook stays open, as in a program that answers requests. Incidents are drawn at random, each
asked for the first time but for the file's pages; what the first check costs, which lays the
relations and prepares the statements, is told beside.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import _measuring as measuring
from benchmarks._generator import write_casebook

__all__ = ["main"]

WARM_UP = 50


class _Parts:
    """Adds up how long some functions take, in milliseconds of the whole."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    @contextmanager
    def watching(self, *places: tuple[Any, str, str]) -> Iterator[None]:
        """Count what is spent in functions: of an object, by name, under a title."""
        kept = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
        for (owner, name, function), (_, _, title) in zip(kept, places, strict=True):
            setattr(owner, name, self._timed(function, title))
        try:
            yield
        finally:
            for owner, name, function in kept:
                setattr(owner, name, function)

    def _timed(self, function: Callable[..., Any], title: str) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.spent[title] += time.perf_counter() - start

        return timed


def measured(path: Path, size: int, checks: int) -> dict[str, Any]:
    """Check cases around random incidents, in this process."""
    sys.modules["pandas"] = None  # type: ignore[assignment] - see _contender.py
    import remedy
    from remedy import checking
    from remedy.engines.sqlite import SqliteEngine

    dice = random.Random(1)
    with remedy.open(path, read_only=True) as book:
        ids = [f"INC-{dice.randrange(size) + 1:07}" for _ in range(WARM_UP + checks)]
        start = time.perf_counter()
        book.check(around=ids[0])
        first = time.perf_counter() - start
        for id in ids[1:WARM_UP]:
            book.check(around=id)
        times, cpu, found, worst = [], [], 0, ("", 0.0)
        for id in ids[WARM_UP:]:
            start, busy = time.perf_counter(), time.process_time()
            report = book.check(around=id)
            taken = time.perf_counter() - start
            cpu.append(time.process_time() - busy)
            times.append(taken)
            found += len(report.findings)
            worst = max(worst, (id, taken), key=lambda each: each[1])
        parts = _Parts()
        with parts.watching(
            (checking, "focus_of", "what belongs to the case"),
            (SqliteEngine, "prepare", "the relations"),
            (checking, "_ask", "the rules"),
        ):
            start = time.perf_counter()
            for id in ids[WARM_UP:]:
                book.check(around=id)
            whole = time.perf_counter() - start
    spent = {title: round(each / checks * 1000, 3) for title, each in parts.spent.items()}
    spent["the rest"] = round(whole / checks * 1000 - sum(spent.values()), 3)

    def told(values: list[float]) -> dict[str, float]:
        cuts = statistics.quantiles(values, n=100)
        return {
            "p50": round(cuts[49] * 1000, 3),
            "p99": round(cuts[98] * 1000, 3),
            "max": round(max(values) * 1000, 3),
        }

    return {
        "checks": checks,
        "milliseconds": told(times),
        "cpu_milliseconds": told(cpu),
        "first_milliseconds": round(first * 1000, 1),
        "slowest": worst[0],
        "findings": found,
        "mean_milliseconds_spent_on": spent,
        "peak_mb": round(measuring.peak_mb(), 1),
    }


def main() -> None:
    """Run it; or, with `--file`, in this process on a file."""
    arguments = measuring.parser(__doc__ or "", 100_000)
    arguments.add_argument("--troubled", type=float, default=0.01, help="share of incidents")
    arguments.add_argument("--checks", type=int, default=500)
    arguments.add_argument("--file", type=Path)
    given = arguments.parse_args()
    if given.file:
        measuring.show(measured(given.file, given.size, given.checks))
        return
    with measuring.folder(given.keep) as place:
        path = measuring.casebook(place, given.size, given.troubled, write_casebook)
        result = measuring.child(
            "around", "--file", path, "--size", given.size, "--checks", given.checks
        )
    measuring.show(
        {"benchmark": "around", "size": given.size, "troubled": given.troubled, **result}
    )


if __name__ == "__main__":
    main()
