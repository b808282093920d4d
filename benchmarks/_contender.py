"""One way of answering the questions of a check, in a process of its own.

`python -m benchmarks._contender NAME FILE` prints what it took and what came out:

- `remedy_rows`: the library's relations and rules, as rows, before anything is made of them;
- `remedy`: the whole of `remedy.check`, and after that every finding made;
- `bare_sql`: `bare_check.py`; `pandas` and `networkx`: the modules of these names.
"""

from __future__ import annotations

import sqlite3
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks._ground import TOLD_ON
from benchmarks._measuring import Stopwatch, checksum, peak_mb, show

__all__ = ["CONTENDERS"]

HOUR = 3_600_000_000
LIMITS = {3: 24, 4: 4}
"""Hours to the first contact, by rank of impact, as the generated casebooks have them."""
STATES = ("states of apologies", "states of promises")
_WITH_CUSTOMER = ("R202", "R203", "R204")
_NOW = (TOLD_ON - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

Answers = dict[str, set[tuple[Any, ...]]]


def _outcome(answers: Answers) -> dict[str, Any]:
    """Return how many rows each code has, and checksums of rows and states."""
    codes = sorted(code for code, rows in answers.items() if rows and code not in STATES)
    return {
        "counts": {code: len(answers[code]) for code in codes},
        "rows": sum(len(answers[code]) for code in codes),
        "sha256": checksum((code, *row) for code in codes for row in answers[code]),
        "incidents": len(
            {row[0] for code in codes for row in answers[code] if str(row[0]).startswith("INC-")}
        ),
        "states_sha256": {name: checksum(answers[name]) for name in STATES if name in answers},
    }


def _keys(names: tuple[str, ...], code: str, rows: list[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Return the subjects of a rule's rows; with the customer, where it tells of one."""
    if code in _WITH_CUSTOMER:
        place = names.index("customer")
        return {(row[0], row[place]) for row in rows}
    return {(row[0],) for row in rows}


def _imported() -> Any:
    """Import what a check uses: the time of imports has a benchmark of its own.

    sqlite-utils imports pandas where that is installed, which nothing here needs: without it the
    memory is that of a plain installation.
    """
    sys.modules["pandas"] = None  # type: ignore[assignment]
    import remedy
    import remedy.reporting
    import remedy.store

    return remedy


class _EnoughError(Exception):
    """Stops a check once its rows are there."""


def remedy_rows(path: Path) -> dict[str, Any]:
    """The library's SQL, up to the rows of each rule."""
    remedy = _imported()
    from remedy import checking

    kept: dict[str, Any] = {}
    ask = checking._ask

    def ask_and_stop(*arguments: Any) -> Any:
        kept["asked"] = ask(*arguments)
        kept["taken"] = watch.read()
        raise _EnoughError

    checking._ask = ask_and_stop
    watch = Stopwatch()
    with remedy.open(path, read_only=True) as book:
        try:
            book.check()
        except _EnoughError:
            pass
    peak = peak_mb()
    answers = {code: _keys(names, code, rows) for code, (names, rows) in kept["asked"].items()}
    return {"seconds": kept["taken"], "peak_mb": peak, **_outcome(answers)}


def remedy_whole(path: Path) -> dict[str, Any]:
    """The whole check; and then all findings, made."""
    remedy = _imported()
    watch = Stopwatch()
    with remedy.open(path, read_only=True) as book:
        report = book.check()
    taken, peak = watch.read(), peak_mb()
    watch = Stopwatch()
    findings = list(report.findings)
    made, made_peak = watch.read(), peak_mb()
    answers: Answers = defaultdict(set)
    for code, values in report.findings.rows():
        row = (values["subject"],)
        answers[code].add((*row, values["customer"]) if code in _WITH_CUSTOMER else row)
    order = {name: [*kind] for name, kind in _state_words().items()}
    for name, standings in zip(STATES, (report.apologies, report.promises), strict=True):
        words = order[name]
        answers[name] = {(each.id, words.index(each.state) + 1) for each in standings}
    return {
        "seconds": taken,
        "peak_mb": peak,
        "seconds_of_making_findings": made,
        "peak_mb_with_findings": made_peak,
        "findings": len(findings),
        **_outcome(answers),
    }


def _state_words() -> dict[str, Any]:
    from remedy.vocabulary import ApologyState, PromiseState

    return dict(zip(STATES, (ApologyState, PromiseState), strict=True))


def bare_sql(path: Path) -> dict[str, Any]:
    """The same questions as bare SQL."""
    from benchmarks import bare_check

    watch = Stopwatch()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -65536")
    found = list(bare_check.answers(connection, TOLD_ON, LIMITS))
    connection.close()
    taken, peak = watch.read(), peak_mb()
    answers: Answers = defaultdict(set)
    for name, rows in found:
        for row in rows:
            if name in STATES:
                answers[name].add(row)
            else:
                answers[row[0]].add(row[1:])
    return {"seconds": taken, "peak_mb": peak, **_outcome(answers)}


def _in_python(module: Any, path: Path) -> dict[str, Any]:
    watch = Stopwatch()
    loaded = module.load(str(path))
    loading = watch.read()
    limits = {rank: hours * HOUR for rank, hours in LIMITS.items()}
    found = list(module.answers(loaded, _NOW, limits))
    taken, peak = watch.read(), peak_mb()
    answers: Answers = defaultdict(set)
    for name, rows in found:
        answers[name].update(rows)
    return {"seconds": taken, "seconds_of_loading": loading, "peak_mb": peak, **_outcome(answers)}


def pandas(path: Path) -> dict[str, Any]:
    """The same questions in pandas, with the load from the file."""
    from benchmarks import _pandas_check

    return _in_python(_pandas_check, path)


def networkx(path: Path) -> dict[str, Any]:
    """The same questions as a traversal with networkx, with the building of the graph."""
    from benchmarks import _networkx_check

    return _in_python(_networkx_check, path)


CONTENDERS = {
    "remedy": remedy_whole,
    "remedy_rows": remedy_rows,
    "bare_sql": bare_sql,
    "pandas": pandas,
    "networkx": networkx,
}

if __name__ == "__main__":
    show(CONTENDERS[sys.argv[1]](Path(sys.argv[2])))
