"""`record_many` beside raw `executemany` of the same rows into the same tables.

Each incident has one customer link. The records are made and validated inside the measured time;
the raw rows are made before it, and only inserted: with the same pragmas, in one transaction, and
with the indexes of `incident` and `incident_customer` built afterwards in both cases.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks import _measuring as measuring
from benchmarks._ground import BEGINS, CHANNELS, PROCESSES, PRODUCTS, mixed

__all__ = ["main"]

_FAR_APART = 0x9E3779B1


def incidents(size: int, *, scattered: bool = False) -> Iterator[Any]:
    """Yield incidents, with ids in order, or scattered over all that may come."""
    from remedy import Incident

    step = timedelta(days=1500) / size
    for number in range(size):
        key = number * _FAR_APART % (1 << 32) if scattered else number
        yield Incident(
            id=f"INC-{key:010}",
            occurred=BEGINS + number * step,
            process=PROCESSES[number % 12],
            failure_mode=f"label {mixed(number) % 5000}",
            product=PRODUCTS[number % 7],
            channel=CHANNELS[number % 5],
            impact=("minor", "moderate", "major")[number % 3],
            customers=f"CUS-{mixed(number, 1) % max(1, size // 4):07}",
        )


def by_record_many(path: Path, size: int, *, scattered: bool = False) -> dict[str, Any]:
    """Load incidents through the library."""
    sys.modules["pandas"] = None  # type: ignore[assignment] - see _contender.py
    import remedy

    with remedy.open(path, actor="benchmark") as book:
        book.record(remedy.Customer(id="warm"))
        before = measuring.peak_mb()
        watch = measuring.Stopwatch()
        new = book.record_many(incidents(size, scattered=scattered))
        taken = watch.read()
    return {"seconds": taken, "new": new, "peak_mb": measuring.peak_mb(), "peak_mb_before": before}


def by_making(path: Path, size: int) -> dict[str, Any]:
    """Only make the records, and put them nowhere: what validation costs."""
    next(incidents(1))
    watch = measuring.Stopwatch()
    made = sum(1 for _ in incidents(size))
    return {"seconds": watch.read(), "new": made, "peak_mb": measuring.peak_mb()}


def by_executemany(path: Path, size: int) -> dict[str, Any]:
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
    for incident in incidents(size):
        rows.append((*entity.encode(incident), failure(incident), None))
        links.append((incident.id, incident.customers[0].customer, "", None, None, None, None))
    customers = [(name, "mapped") for name in dict.fromkeys(link[1] for link in links)]
    columns = ", ".join((*entity.names, *entity.derived))
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
        f"INSERT INTO incident ({columns}) VALUES ({', '.join('?' * len(rows[0]))})", rows
    )
    connection.executemany("INSERT INTO incident_customer VALUES (?, ?, ?, ?, ?, ?, ?)", links)
    for name in later:
        connection.execute(_schema.create_index(name))
    connection.execute("COMMIT")
    taken = watch.read()
    connection.close()
    return {"seconds": taken, "new": len(rows), "peak_mb": measuring.peak_mb()}


def by_record_many_scattered(path: Path, size: int) -> dict[str, Any]:
    """Load incidents through the library, whose ids come in no order."""
    return by_record_many(path, size, scattered=True)


WAYS = {
    "record_many": by_record_many,
    "record_many_scattered_ids": by_record_many_scattered,
    "executemany": by_executemany,
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
            "load", "--way", "record_many", "--size", max(1, given.size // 10), "--keep", place
        )
    told = {}
    for way, each in runs.items():
        told[way] = {
            "seconds_wall": measuring.summary([run["seconds"]["wall"] for run in each]),
            "seconds_cpu": measuring.summary([run["seconds"]["cpu"] for run in each]),
            "peak_mb": round(max(run["peak_mb"] for run in each), 1),
        }
        for clock in ("wall", "cpu"):
            least = told[way][f"seconds_{clock}"]["min"]
            told[way][f"incidents_per_second_{clock}"] = round(given.size / least)
    ratio = measuring.median_ratio(
        [run["seconds"]["wall"] for run in runs["record_many"]],
        [run["seconds"]["wall"] for run in runs["executemany"]],
    )
    measuring.show(
        {
            "benchmark": "load",
            "size": given.size,
            "incidents_per_second": told["record_many"]["incidents_per_second_wall"],
            "record_many_to_executemany": ratio,
            "peak_mb": told["record_many"]["peak_mb"],
            "peak_mb_of_a_tenth": round(small["peak_mb"], 1),
            "ways": told,
        }
    )


if __name__ == "__main__":
    main()
