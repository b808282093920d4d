"""Verifying a casebook: the history, the records against it, and what follows from the records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _settings, history
from remedy._chain import Anchor, Walked, walk
from remedy._entities import Entity
from remedy._reading import dicts
from remedy._rows import BY_NAME, ENTITIES, STATED_TABLES
from remedy.config import config_from, signature_reader
from remedy.errors import readable
from remedy.history import State

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["Anchor", "Verified", "verify"]

_PAGE = 2_000
_FEW = 20


def _readable(problems: Iterable[str]) -> tuple[str, ...]:
    # What stands in a file that somebody has changed may be anything.
    return tuple(map(readable, problems))


@attrs.frozen(kw_only=True)
class Verified:
    """What came of verifying a casebook.

    Attributes:
        entries: How many entries of the history were found to be right.
        bodies: How many of their bodies were.
        erased: How many of their bodies have been erased.
        erasures: How many times something was erased since the last of the anchors that were given,
            or at all. What was erased says what whoever erased it put in its place.
        records: How many records on file are what the history says; None where that was not asked.
        head: The anchor of what was found to be right.
        problems: What is wrong: of the history the first place, of the records the first few.
    """

    entries: int
    bodies: int
    erased: int
    erasures: int
    records: int | None
    head: Anchor
    problems: tuple[str, ...] = attrs.field(converter=_readable)

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "is_right": self.is_right,
            "entries": self.entries,
            "bodies": self.bodies,
            "erased": self.erased,
            "erasures": self.erasures,
            "records": self.records,
            "anchor": str(self.head),
            "problems": list(self.problems),
        }


def verify(
    db: Database,
    kept: Iterable[Anchor] = (),
    *,
    records: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Verified:
    """Walk the history, compare what is on file with it, and what follows from that.

    Args:
        db: The connection, which sees one state of the file.
        kept: Anchors that were kept elsewhere.
        records: Whether to compare the records, too.
        progress: Called now and then with the number of entries done.
    """
    walked: Walked = walk(db, kept, progress)
    problems = [] if walked.problem is None else [walked.problem]
    count = None
    if records and not problems:
        count = 0
        for found in _differences(db):
            if isinstance(found, int):
                count += found
            elif len(problems) < _FEW:
                problems.append(found)
        if not problems:
            # What follows from records that are not right is no news.
            problems += islice(_not_following(db), _FEW)
    return Verified(
        entries=walked.entries,
        bodies=walked.bodies,
        erased=walked.gone,
        erasures=walked.erasures,
        records=count,
        head=Anchor(walked.entries, walked.head),
        problems=tuple(problems),
    )


def _differences(db: Database) -> Iterator[str | int]:
    """Compare what is on file with what the history says of it.

    Yields:
        What differs, in words; and now and then how many more records are as the history says.
    """
    last_seq = history.last_entry(db)
    for entity in ENTITIES:
        for page in history.pages(db, entity):
            yield from _compare(db, entity, page, last_seq)
    yield from _lost(db, last_seq)
    yield from _compare_beside(db, last_seq)


def _compare(
    db: Database, entity: Entity, page: Sequence[Mapping[str, Any]], seq: int
) -> Iterator[str | int]:
    marks = ", ".join("?" * len(page))
    bodies = history.all_bodies(db, f"b.record IN ({marks})", [row["id"] for row in page])
    right = 0
    for id, on_file in history.states_on_file(db, entity, page).items():
        said = history.folded(bodies.get(id, ()), seq).get(entity.name)
        if said is None:
            yield f"{entity.name} {id} is on file, and the history does not know it."
        elif said.key() != on_file.key():
            yield f"{entity.name} {id} is not what the history says: {_differing(said, on_file)}."
        else:
            right += 1
    yield right


def _differing(said: State, on_file: State) -> str:
    (row, rows), (row_here, rows_here) = said.key(), on_file.key()
    names = [name for name in row | row_here if row.get(name) != row_here.get(name)]
    names += [name for name in rows | rows_here if rows.get(name) != rows_here.get(name)]
    names.sort()
    return f"{', '.join(names)} differs" if len(names) == 1 else f"{', '.join(names)} differ"


def _lost(db: Database, seq: int) -> Iterator[str]:
    """Yield what the history knows and the file does not hold."""
    absent = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {entity.name} WHERE id = b.record)"
        for entity in sorted(ENTITIES, key=lambda each: each.name not in ("incident", "customer"))
    )
    missing = [
        row[0]
        for row in db.execute(
            f"SELECT DISTINCT b.record FROM history_body b WHERE b.record <> '' AND {absent}"
        )
    ]
    for id in missing:
        for entity in history.folded(history.all_bodies(db, "b.record = ?", [id])[id], seq):
            if entity in BY_NAME:
                yield f"{entity} {id} is not on file, and the history knows it."


def _compare_beside(db: Database, seq: int) -> Iterator[str]:
    said = {key: state.key() for key, state in history.states_beside(db, seq).items()}
    here = {key: state.key() for key, state in history.states_beside_records(db).items()}
    for key in sorted({**said, **here}):
        if said.get(key) != here.get(key):
            yield f"{key[0]} {key[1]} is not what the history says."


def _not_following(db: Database) -> Iterator[str]:
    """Yield what is on file as following from records, and does not."""
    for id in _other_failures(db):
        yield f"incident {id}: its failure key is not that of its signature."
    for (id,) in db.execute(
        "SELECT i.id FROM incident i LEFT JOIN incident o ON o.id = i.duplicate_of "
        "WHERE i.canonical IS NOT COALESCE(o.canonical, o.id) ORDER BY i.id"
    ):
        yield f"incident {id}: its canonical incident is not the one that it is a duplicate of."
    for table in STATED_TABLES:
        for (incident,) in db.execute(
            f"SELECT DISTINCT t.incident FROM {table} t "
            "LEFT JOIN incident i ON i.id = t.incident LEFT JOIN incident s ON s.id = t.stated "
            "WHERE i.canonical IS NOT NULL OR t.stated <> '' AND s.canonical IS NOT t.incident "
            "ORDER BY 1"
        ):
            yield f"{table} of incident {incident} stands under another than the canonical one."
    for (id,) in db.execute(
        "SELECT c.id FROM cause c WHERE c.level <> (SELECT coalesce(max(d.level) + 1, 0) "
        "FROM cause_cause l JOIN cause d ON d.id = l.cause WHERE l.effect = c.id) ORDER BY c.id"
    ):
        yield f"cause {id}: its level is not one more than that of the deepest cause beneath it."


def _other_failures(db: Database) -> Iterator[str]:
    """Yield the incidents whose failure key is not what their signature says."""
    key_of = signature_reader(config_from(_settings.kept(db, "config") or {}, "meta"))
    last = ""
    while True:
        page = dicts(db, f"SELECT * FROM incident WHERE id > ? ORDER BY id LIMIT {_PAGE}", [last])
        if not page:
            return
        for row in page:
            attributes = json.loads(row["attributes"]) if row["attributes"] else {}
            if row["failure"] != key_of(SimpleNamespace(**{**row, "attributes": attributes})):
                yield row["id"]
        last = page[-1]["id"]
