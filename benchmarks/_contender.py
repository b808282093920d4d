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
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks._ground import TOLD_ON
from benchmarks._measuring import Stopwatch, checksum, peak_mb, show

__all__ = [
    "CONTENDERS", "LIMITS", "LIMITS_MICROS", "STATES", "gathered", "in_microseconds",
    "library_answers",
]  # fmt: skip

LIMITS = {3: 24, 4: 4}
"""Hours to the first contact, by rank of impact, as the generated casebooks have them."""
LIMITS_MICROS = {rank: hours * 3_600_000_000 for rank, hours in LIMITS.items()}
STATES = ("states of apologies", "states of promises")
"""What the answers are called that say how it stands with apologies and promises."""
_WITH_CUSTOMER = ("R202", "R203", "R204")

Answers = dict[str, set[tuple[Any, ...]]]
"""By code, the subjects (with the customer, where a rule tells of one); and the states."""


def in_microseconds(moment: datetime) -> int:
    """Return a moment as casebooks keep it."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def gathered(found: Iterable[tuple[str, Iterable[tuple[Any, ...]]]]) -> Answers:
    """Return answers by code, of a way that tells codes, or questions whose rows begin with one."""
    answers: Answers = defaultdict(set)
    for name, rows in found:
        if name in STATES or (name[0].isupper() and name[1:].isdigit()):
            answers[name].update(rows)
        else:
            for code, *subject in rows:
                answers[code].add(tuple(subject))
    return {name: rows for name, rows in answers.items() if rows}


def _outcome(answers: Answers) -> dict[str, Any]:
    """Return how many rows each code has, and checksums of rows and states."""
    codes = sorted(code for code in answers if code not in STATES)
    return {
        "counts": {code: len(answers[code]) for code in codes},
        "rows": sum(len(answers[code]) for code in codes),
        "sha256": checksum((code, *row) for code in codes for row in answers[code]),
        "incidents": len(
            {row[0] for code in codes for row in answers[code] if str(row[0]).startswith("INC-")}
        ),
        "states_sha256": {name: checksum(answers[name]) for name in STATES if name in answers},
    }


# --- the library ----------------------------------------------------------------------------------


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


def _asking(then: Callable[[Any], None], check: Callable[[], Any]) -> Any:
    """Check, and hand on the rows of all rules as soon as they are there."""
    from remedy import checking

    ask = checking._ask

    def ask_and_tell(*arguments: Any) -> Any:
        asked = ask(*arguments)
        then(asked)
        return asked

    checking._ask = ask_and_tell
    try:
        return check()
    finally:
        checking._ask = ask


def _of_rows(asked: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]]) -> Answers:
    answers: Answers = {}
    for code, (names, rows) in asked.items():
        place = names.index("customer") if code in _WITH_CUSTOMER and rows else None
        answers[code] = {row[:1] if place is None else (row[0], row[place]) for row in rows}
    return {code: rows for code, rows in answers.items() if rows}


def _of_states(report: Any) -> Answers:
    from remedy.vocabulary import ApologyState, PromiseState

    answers: Answers = {}
    for name, kind, standings in (
        (STATES[0], ApologyState, report.apologies),
        (STATES[1], PromiseState, report.promises),
    ):
        words = list(kind)
        answers[name] = {(each.id, words.index(each.state) + 1) for each in standings}
    return {name: states for name, states in answers.items() if states}


def library_answers(book: Any, **options: Any) -> Answers:
    """Return what the library answers about a casebook."""
    kept: Answers = {}
    report = _asking(lambda asked: kept.update(_of_rows(asked)), lambda: book.check(**options))
    return kept | _of_states(report)


class _EnoughError(Exception):
    """Stops a check once its rows are there."""


def remedy_rows(path: Path) -> dict[str, Any]:
    """The library's SQL, up to the rows of each rule."""
    remedy = _imported()
    kept: dict[str, Any] = {}

    def stop(asked: Any) -> None:
        kept["seconds"] = watch.read()
        kept["peak_mb"] = peak_mb()
        kept["asked"] = asked
        raise _EnoughError

    watch = Stopwatch()
    with remedy.open(path, read_only=True) as book:
        try:
            _asking(stop, book.check)
        except _EnoughError:
            pass
    return _outcome(_of_rows(kept.pop("asked"))) | kept


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
    answers = _of_states(report)
    for code, values in report.findings.rows():
        row = (values["subject"], values["customer"]) if code in _WITH_CUSTOMER else (
            values["subject"],
        )  # fmt: skip
        answers.setdefault(code, set()).add(row)
    return {
        "seconds": taken,
        "peak_mb": peak,
        "seconds_of_making_findings": made,
        "peak_mb_with_findings": made_peak,
        "findings": len(findings),
        **_outcome(answers),
    }


# --- the others -----------------------------------------------------------------------------------


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
    return {"seconds": taken, "peak_mb": peak, **_outcome(gathered(found))}


def _in_python(module: Any, path: Path) -> dict[str, Any]:
    watch = Stopwatch()
    loaded = module.load(str(path))
    loading = watch.read()
    found = list(module.answers(loaded, in_microseconds(TOLD_ON), LIMITS_MICROS))
    taken, peak = watch.read(), peak_mb()
    return {
        "seconds": taken,
        "seconds_of_loading": loading,
        "peak_mb": peak,
        **_outcome(gathered(found)),
    }


def pandas(path: Path) -> dict[str, Any]:
    """The same questions in pandas, with the load from the file."""
    from benchmarks import _pandas_check

    return _in_python(_pandas_check, path)


def networkx(path: Path) -> dict[str, Any]:
    """The same questions as a traversal with networkx, with the building of the graph."""
    from benchmarks import _networkx_check

    return _in_python(_networkx_check, path)


CONTENDERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "remedy": remedy_whole,
    "remedy_rows": remedy_rows,
    "bare_sql": bare_sql,
    "pandas": pandas,
    "networkx": networkx,
}

if __name__ == "__main__":
    show(CONTENDERS[sys.argv[1]](Path(sys.argv[2])))
