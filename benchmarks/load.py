"""`record_many` beside raw `executemany` of the same rows into the same tables.

Each incident has one customer link. What each is said to hold is there before the measured time;
in it the records are made and validated, and written with their links. The raw rows are made before
it, and only inserted: with the same pragmas, in one transaction, and with the indexes of `incident`
and `incident_customer` built afterwards in both cases; once with all columns, and once with those
alone that hold anything, since sqlite3 takes longer for an empty value than for a text.

Besides: the same load without the history that each write leaves, and a walk along the history of
one, links and bodies.

The memory is that of a run whose incidents are made one by one while they are loaded.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

from benchmarks import _measuring as measuring
from benchmarks._ground import BEGINS, CHANNELS, PROCESSES, PRODUCTS, mixed

__all__ = ["main"]

_FAR_APART = 0x9E3779B1


def told(size: int, *, scattered: bool = False) -> Iterator[dict[str, Any]]:
    """Yield what incidents hold, with ids in order, or scattered over all that may come."""
    step = timedelta(days=1500) / size
    for number in range(size):
        key = number * _FAR_APART % (1 << 32) if scattered else number
        yield {
            "id": f"INC-{key:010}",
            "occurred": BEGINS + number * step,
            "process": PROCESSES[number % 12],
            "failure_mode": f"label {mixed(number) % 5000}",
            "product": PRODUCTS[number % 7],
            "channel": CHANNELS[number % 5],
            "impact": ("minor", "moderate", "major")[number % 3],
            "customers": f"CUS-{mixed(number, 1) % max(1, size // 4):07}",
        }


def incidents(given: Iterable[dict[str, Any]]) -> Iterator[Any]:
    """Yield the incidents."""
    from remedy import Incident

    for each in given:
        yield Incident(**each)


def by_record_many(
    path: Path,
    size: int,
    *,
    scattered: bool = False,
    one_by_one: bool = False,
    without_history: bool = False,
) -> dict[str, Any]:
    """Load incidents through the library."""
    sys.modules["pandas"] = None  # type: ignore[assignment] - see _contender.py
    import remedy
    from remedy._ledger import Ledger

    if without_history:  # No casebook of a user is without: this is what it costs.
        began = Ledger.__init__

        def begin(ledger: Ledger, db: Any, _: str | None, **how: Any) -> None:
            began(ledger, db, None, **how)

        Ledger.__init__ = begin  # type: ignore[method-assign, assignment]

    given: Iterable[dict[str, Any]] = told(size, scattered=scattered)
    if not one_by_one:
        given = _kept(given)
    with remedy.open(path, actor="benchmark") as book:
        book.record(remedy.Customer(id="warm"))
        before = measuring.peak_mb()
        watch = measuring.Stopwatch()
        new = book.record_many(incidents(given))
        taken = watch.read()
    return {"seconds": taken, "new": new, "peak_mb": measuring.peak_mb(), "peak_mb_before": before}


def _kept(given: Iterable[Any]) -> list[Any]:
    """Return all of it, so that the collector of garbage does not look through it again."""
    kept = list(given)
    gc.collect()
    gc.freeze()
    return kept


def by_making(path: Path, size: int) -> dict[str, Any]:
    """Only make the records, and put them nowhere: what validation costs."""
    given = _kept(told(size))
    next(incidents(given))
    watch = measuring.Stopwatch()
    made = sum(1 for _ in incidents(given))
    return {"seconds": watch.read(), "new": made, "peak_mb": measuring.peak_mb()}


def by_executemany(path: Path, size: int, *, all_columns: bool = True) -> dict[str, Any]:
    """Insert the same rows into the same tables with `executemany`, and nothing else."""
    sys.modules["pandas"] = None  # type: ignore[assignment] - see _contender.py
    import sqlite3

    import remedy
    from remedy import _schema
    from remedy._rows import BY_NAME
    from remedy.config import Config, signature_reader

    with remedy.open(path, actor="benchmark"):
        pass
    entity, failure = BY_NAME["incident"], signature_reader(Config())
    rows, links = [], []
    for incident in incidents(told(size)):
        rows.append((*entity.encode(incident), failure(incident), None))
        links.append((incident.id, incident.customers[0].customer, "", None, None, None, None))
    customers = [(name, "mapped") for name in dict.fromkeys(link[1] for link in links)]
    columns: tuple[str, ...] = (*entity.names, *entity.derived)
    link_columns = entity.children[0].columns
    if not all_columns:
        columns, rows = _holding(columns, rows)
        link_columns, links = _holding(link_columns, links)
    gc.collect()
    gc.freeze()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -131072")
    watch = measuring.Stopwatch()
    connection.execute("BEGIN IMMEDIATE")
    later = [
        name for name, target in _schema.INDEXES.items()
        if target.split("(")[0] in ("incident", "incident_customer")
    ]  # fmt: skip
    for name in later:
        connection.execute(f"DROP INDEX {name}")
    connection.executemany("INSERT INTO customer (id, provenance) VALUES (?, ?)", customers)
    connection.executemany(
        f"INSERT INTO incident ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        rows,
    )
    connection.executemany(
        f"INSERT INTO incident_customer ({', '.join(link_columns)}) "
        f"VALUES ({', '.join('?' * len(link_columns))})",
        links,
    )
    for name in later:
        connection.execute(_schema.create_index(name))
    connection.execute("COMMIT")
    taken = watch.read()
    connection.close()
    return {"seconds": taken, "new": len(rows), "peak_mb": measuring.peak_mb()}


def _holding(names: tuple[str, ...], rows: list[Any]) -> tuple[tuple[str, ...], list[Any]]:
    """Return the columns in which any row holds a value, and the rows with those alone."""
    kept = [place for place in range(len(names)) if any(row[place] is not None for row in rows)]
    return tuple(names[place] for place in kept), list(map(itemgetter(*kept), rows))


def by_executemany_of_values(path: Path, size: int) -> dict[str, Any]:
    """Insert them without the columns that hold nothing."""
    return by_executemany(path, size, all_columns=False)


def one_by_one(path: Path, size: int) -> dict[str, Any]:
    """Load incidents through the library that are made while they are loaded."""
    return by_record_many(path, size, one_by_one=True)


def without_history(path: Path, size: int) -> dict[str, Any]:
    """Load incidents through the library, and leave no history."""
    return by_record_many(path, size, without_history=True)


def by_verifying(path: Path, size: int) -> dict[str, Any]:
    """Load incidents, and then walk along their history: links and bodies alone, in the measure."""
    by_record_many(path, size)
    import remedy

    with remedy.open(path, read_only=True) as book:
        watch = measuring.Stopwatch()
        verified = book.verify(records=False)
        taken = watch.read()
        assert verified.is_right
    return {"seconds": taken, "new": verified.bodies, "peak_mb": measuring.peak_mb()}


def by_record_many_scattered(path: Path, size: int) -> dict[str, Any]:
    """Load incidents through the library, whose ids come in no order."""
    return by_record_many(path, size, scattered=True)


WAYS = {
    "record_many": by_record_many,
    "record_many_without_history": without_history,
    "verifying_bodies": by_verifying,
    "record_many_scattered_ids": by_record_many_scattered,
    "record_many_one_by_one": one_by_one,
    "executemany": by_executemany,
    "executemany_without_empty_columns": by_executemany_of_values,
    "making_records_only": by_making,
}


def main() -> None:
    """Run it; or, with `--way`, one way in this process."""
    arguments = measuring.parser(__doc__ or "", 100_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--way", choices=WAYS)
    given = arguments.parse_args()
    with measuring.folder(given.keep) as place:
        if given.way:
            path = place / "load.db"
            path.unlink(missing_ok=True)
            measuring.show(WAYS[given.way](path, given.size))
            path.unlink(missing_ok=True)
            return
        runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for _ in range(given.rounds):
            for way in WAYS:
                runs[way].append(
                    measuring.child("load", "--way", way, "--size", given.size, "--keep", place)
                )
        small = measuring.child(
            "load",
            "--way",
            "record_many_one_by_one",
            "--size",
            max(1, given.size // 10),
            "--keep",
            place,
        )
    ways = {}
    for way, each in runs.items():
        ways[way] = {
            "seconds_wall": measuring.summary([run["seconds"]["wall"] for run in each]),
            "seconds_cpu": measuring.summary([run["seconds"]["cpu"] for run in each]),
            "peak_mb": round(max(run["peak_mb"] for run in each), 1),
        }
        for clock in ("wall", "cpu"):
            least = ways[way][f"seconds_{clock}"]["min"]
            ways[way][f"incidents_per_second_{clock}"] = round(each[0]["new"] / least)
    taken = {way: [run["seconds"]["wall"] for run in each] for way, each in runs.items()}
    with_history = measuring.median_ratio(
        taken["record_many"], taken["record_many_without_history"]
    )
    ratio, ratio_without = (
        measuring.median_ratio(taken["record_many"], taken[way])
        for way in ("executemany", "executemany_without_empty_columns")
    )
    measuring.show(
        {
            "benchmark": "load",
            "size": given.size,
            "incidents_per_second": ways["record_many"]["incidents_per_second_wall"],
            "with_history_to_without": with_history,
            "bodies_verified_per_second": ways["verifying_bodies"]["incidents_per_second_wall"],
            "record_many_to_executemany": ratio,
            "record_many_to_executemany_without_empty_columns": ratio_without,
            "peak_mb": ways["record_many_one_by_one"]["peak_mb"],
            "peak_mb_of_a_tenth": round(small["peak_mb"], 1),
            "ways": ways,
        }
    )


if __name__ == "__main__":
    main()
