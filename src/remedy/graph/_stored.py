"""The graph of a casebook, or of a part of it, out of the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from remedy import _reading
from remedy import records as r
from remedy._rows import BY_NAME
from remedy.config import Config
from remedy.graph._around import around
from remedy.graph._building import graph_of

if TYPE_CHECKING:
    import networkx as nx
    from sqlite_utils import Database

    from remedy.store import Store

_AT_ONCE = 500


class _Book(Protocol):
    _store: Store

    @property
    def config(self) -> Config: ...


class InStore:
    """The records of a store, as `around` asks for them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def _column(self, sql: str, ids: Collection[str]) -> Iterator[str]:
        """Yield the first column of a statement over ids, of which there may be very many."""
        wanted = sorted(ids)
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(part))
            for row in self._db.execute(sql.format(marks=marks), part):
                yield row[0]

    def fetch(self, ids: Collection[str]) -> Iterator[r.Record]:
        """Yield the records with these ids that are on file."""
        for entity in BY_NAME.values():
            found = list(self._column(f"SELECT id FROM {entity.name} WHERE id IN ({{marks}})", ids))
            for start in range(0, len(found), _AT_ONCE):
                yield from _reading.read_many(self._db, entity, found[start : start + _AT_ONCE])

    def referring(self, entity: str, field: str, ids: Collection[str]) -> Iterable[str]:
        """Return the ids of the records of an entity whose `field` names any of `ids`."""
        described = BY_NAME[entity]
        for child in described.children:
            if child.field == field:
                return self._column(
                    f"SELECT {child.owner} FROM {child.table} "
                    f"WHERE {child.other} IN ({{marks}}){child.condition}",
                    ids,
                )
        [column] = (each.name for each in described.references if each.field == field)
        return self._column(f"SELECT id FROM {entity} WHERE {column} IN ({{marks}})", ids)

    def repeated(self, ids: Collection[str]) -> Iterator[str]:
        """Yield the incidents before and after these, of the same failure."""
        for id in sorted(ids):
            for sql in (_BEFORE, _AFTER):
                yield from (row[0] for row in self._db.execute(sql, [id]))


# The first condition on `occurred` follows from the second: it is there for the index.
_BEFORE = """
SELECT earlier.id FROM incident AS later JOIN incident AS earlier ON
    earlier.failure = later.failure AND earlier.duplicate_of IS NULL
    AND earlier.occurred < later.occurred AND earlier.occurred_end < later.occurred
WHERE later.id = ? AND later.duplicate_of IS NULL
ORDER BY earlier.occurred DESC, earlier.id DESC LIMIT 1"""
_AFTER = """
SELECT later.id FROM incident AS earlier JOIN incident AS later ON
    later.failure = earlier.failure AND later.duplicate_of IS NULL
    AND later.occurred > earlier.occurred_end
WHERE earlier.id = ? AND earlier.duplicate_of IS NULL
ORDER BY later.occurred, later.id LIMIT 1"""


def of_casebook(
    book: Any,
    *,
    around: str | Iterable[str] | None = None,
    reach: int = 1,
    also: Iterable[str] = (),
    as_of: datetime | None = None,
) -> nx.MultiDiGraph:
    """Return the graph of a casebook, or of the part of it around a record.

    Args:
        book: The casebook. One state of it is read, whatever is written meanwhile.
        around: The record, or records, in the centre; None for the whole casebook.
        reach: How many further incidents to walk to, as in `around`.
        also: What else is in the part around a record, as in `around`.
        as_of: Take in only what counted by then, as in `graph_of`; None for everything.

    Raises:
        UnknownRecord: If a record in the centre is not on file.
    """
    return _graph(book, around, reach, also, as_of)


def _graph(
    book: _Book,
    centre: str | Iterable[str] | None,
    reach: int,
    also: Iterable[str],
    as_of: datetime | None,
) -> nx.MultiDiGraph:
    config = book.config
    with book._store.snapshot() as db:
        if centre is None:
            return graph_of(_reading.records(book._store, None, {}), config=config, as_of=as_of)
        store = InStore(db)
        return around(store, centre, reach=reach, also=also, config=config, as_of=as_of)
