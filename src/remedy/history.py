"""What the history says: the changes of a record, and what was on record at a time.

How entries are chained and what they commit to is in `_chain`, what a body says in `_ledger`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from remedy._convert import plain
from remedy._defining import unsaid
from remedy._entities import Entity
from remedy._forms import micros, moment
from remedy._marks import marks_known
from remedy._reading import dicts, recipients, rows_of_field
from remedy._rows import BY_NAME
from remedy._schema import BODIES
from remedy.records import Record

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = [
    "Body",
    "Change",
    "State",
    "all_bodies",
    "bodies_of",
    "body_at",
    "changes",
    "folded",
    "known",
    "last_entry",
    "pages",
    "placed_bodies_of",
    "states_beside",
    "states_beside_records",
    "states_on_file",
    "until",
]

_PAGE = 500
_FROM_WHERE = ("attributes", "source", "external_id", "updated", "provenance")


@attrs.frozen(kw_only=True)
class Change:
    """One change of a record, as the history has it.

    Attributes:
        seq: The number of its entry in the history.
        written: When it was written, by the clock of who wrote.
        actor: Who wrote.
        op: What kind of change it was: "record", "replace" (by a newer version from its source),
            "amend", "link", "unlink"; "make", of a customer who is known by an id only; "unite",
            where a customer turned out to be another; "arrive", where the other side of a link
            came that had waited; "adopt", of what was on file before there was a history.
        entity: Of what kind the record is.
        id: Its id.
        reason: Why it was made, where that was said.
        fields: Field → what it held before and what it held then, as `to_dict` has them; of a
            plural field, what was taken from it, and what was added.
        redacted: Whether a part of it was erased since.
    """

    seq: int
    written: datetime
    actor: str
    op: str
    entity: str
    id: str
    reason: str | None = None
    fields: Mapping[str, tuple[Any, Any]] = attrs.field(factory=dict)
    redacted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        fields = {
            field: {"before": before, "after": after}
            for field, (before, after) in self.fields.items()
        }
        told = attrs.asdict(self, recurse=False)
        return told | {"written": self.written.isoformat(), "fields": fields}


class Body(NamedTuple):
    """A body with what its entry says.

    Attributes:
        place: Where it stands; of what stands for one that was erased, the place of that one.
        entity: The kind of record.
        told: What it says.
        redacted: Whether it stands for one that was erased.
    """

    place: int
    entity: str
    told: dict[str, Any]
    redacted: bool


@attrs.define
class State:
    """What is on file under an id: columns, and the rows of plural fields."""

    row: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]

    def key(self) -> tuple[Any, ...]:
        """Return what is equal where the states are, in whatever order their rows come."""
        return (
            {name: value for name, value in self.row.items() if value is not None},
            {field: sorted(map(_ordered, rows)) for field, rows in self.rows.items() if rows},
        )


def _ordered(row: Mapping[str, Any]) -> str:
    return json.dumps({k: v for k, v in row.items() if v is not None}, sort_keys=True)


# --- bodies ---------------------------------------------------------------------------------------


@lru_cache(64)
def _shape(text: str) -> Any:
    return json.loads(text)


def _told(text: str, shape: str | None) -> dict[str, Any]:
    """Return what a body says; where it is a list, by the words of its entry's shape."""
    told = json.loads(text)
    if shape is None:
        return told  # type: ignore[no-any-return]
    meant = _shape(shape)
    columns = meant["columns"]
    row = {**meant["fixed"], **dict(zip(columns, told, strict=False))}
    row.update({name: row[other] for name, other in meant["same"].items()})
    rows = {
        field: [
            {k: v for k, v in zip(names, values, strict=True) if v is not None} for values in items
        ]
        for (field, names), items in zip(
            meant["children"].items(), told[len(columns) :], strict=True
        )
        if items
    }
    return {"came": True, "set": {k: v for k, v in row.items() if v is not None}, "add": rows}


def all_bodies(db: Database, where: str, values: Sequence[Any]) -> dict[str, list[Body]]:
    """Return the bodies of some records by id, in their order, with what stands for erased ones."""
    found: dict[str, list[Body]] = defaultdict(list)
    for place, record, text, op, entity, shape in db.execute(
        "SELECT b.place, b.record, b.body, h.op, h.entity, h.shape FROM history_body b "
        f"JOIN history h ON h.seq = b.place / {BODIES} WHERE b.record <> '' AND {where}",
        values,
    ):
        told = _told(text, shape)
        found[record].append(Body(told.pop("instead", place), entity, told, op == "redact"))
    for bodies in found.values():
        bodies.sort(key=lambda body: body.place)
    return found


def bodies_of(db: Database, id: str) -> list[Body]:
    """Return the bodies of all that has been on file under an id, in their order."""
    return all_bodies(db, "b.record = ?", [id]).get(id, [])


def placed_bodies_of(db: Database, id: str) -> list[tuple[int, Body]]:
    """Return the bodies of all that has been on file under an id, each with where it stands."""
    places = db.execute("SELECT place FROM history_body WHERE record = ?", [id]).fetchall()
    return [(place, body_at(db, place)) for (place,) in places]


def body_at(db: Database, place: int) -> Body:
    """Return a body with what its entry says."""
    [(text, op, entity, shape)] = db.execute(
        "SELECT b.body, h.op, h.entity, h.shape FROM history_body b "
        f"JOIN history h ON h.seq = b.place / {BODIES} WHERE b.place = ?",
        [place],
    ).fetchall()
    told = _told(text, shape)
    return Body(told.pop("instead", place), entity, told, op == "redact")


def _fold(state: State | None, told: Mapping[str, Any]) -> State | None:
    """Return what is on file after a change."""
    if told.get("gone"):
        return None
    if state is None:
        state = State({}, {})
    state.row.update(told.get("set", {}))
    for field, rows in told.get("take", {}).items():
        state.rows[field] = [row for row in state.rows.get(field, ()) if row not in rows]
    for field, rows in told.get("add", {}).items():
        state.rows.setdefault(field, []).extend(rows)
    return state


# --- the changes of a record ----------------------------------------------------------------------


def changes(db: Database, id: str) -> list[Change]:
    """Return the changes of all that has been on file under an id, the first one first."""
    found = []
    states: dict[str, dict[str, Any]] = {}
    redacted: dict[int, str] | None = None
    for body in bodies_of(db, id):
        entity = BY_NAME.get(body.entity)
        if entity is None:
            continue
        before = states.get(body.entity, {})
        after = {**before, **body.told.get("set", {})}
        states[body.entity] = {} if body.told.get("gone") else after
        seq = body.place // BODIES
        reason = _reason(db, seq)
        if reason is None and _is_gone(db, seq * BODIES):
            redacted = _redacted_reasons(db) if redacted is None else redacted
            reason = redacted.get(seq)
        [(written, actor, op)] = db.execute(
            "SELECT written, actor, op FROM history WHERE seq = ?", [seq]
        )
        found.append(
            Change(
                seq=seq,
                written=moment(written),
                actor=actor,
                op=op,
                entity=body.entity,
                id=id,
                reason=reason,
                fields=MappingProxyType(_fields(entity, before, after, body.told)),
                redacted=body.redacted,
            )
        )
    return found


def _reason(db: Database, seq: int) -> str | None:
    row = db.execute(
        "SELECT body FROM history_body WHERE place = ? AND record = ''", [seq * BODIES]
    ).fetchone()
    return None if row is None else json.loads(row[0]).get("reason")


def _is_gone(db: Database, place: int) -> bool:
    gone = db.execute("SELECT 1 FROM history_gone WHERE place = ?", [place]).fetchone()
    return gone is not None


def _redacted_reasons(db: Database) -> dict[int, str]:
    """Return what stands for reasons that were erased, by the number of the entry."""
    rows = db.execute(
        "SELECT b.body FROM history h JOIN history_body b "
        f"ON b.place BETWEEN h.seq * {BODIES} AND h.seq * {BODIES} + {BODIES - 1} "
        "WHERE h.op = 'redact' AND h.entity = 'reason'"
    )
    told = [json.loads(text) for (text,) in rows]
    return {each["instead"] // BODIES: each["reason"] for each in told}


def _fields(
    entity: Entity, before: Mapping[str, Any], after: Mapping[str, Any], told: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    if told.get("gone"):
        before, after = told.get("was", {}), {}
    old, new = (entity.fields_of(row) if row else {} for row in (before, after))
    default = unsaid(entity.record)
    differing: dict[str, tuple[Any, Any]] = {
        field: (plain(old.get(field)), plain(new.get(field)))
        for field in dict.fromkeys((*old, *new))
        if old.get(field) != new.get(field)
        # A new record holds its defaults without anybody having said so.
        and not (told.get("came") and new.get(field) == default.get(field))
    }
    for child in entity.children:
        taken, added = (
            [
                plain(child.decode(child.row_of(row)))
                for row in told.get(word, {}).get(child.field, ())
            ]
            for word in ("take", "add")
        )
        if taken or added:
            differing[child.field] = (taken, added)
    places = _places(entity.name)
    return {field: differing[field] for field in sorted(differing, key=places.__getitem__)}


@cache
def _places(entity: str) -> dict[str, int]:
    """Return the fields of a record with their places, those on where it comes from at the end."""
    names = [field.name for field in attrs.fields(BY_NAME[entity].record)]
    names.sort(key=_FROM_WHERE.__contains__)
    return {name: place for place, name in enumerate(names)}


# --- what was on record ---------------------------------------------------------------------------


def until(db: Database, when: datetime) -> int:
    """Return the number of the last entry that was written by a time, or 0."""
    row = db.execute(
        "SELECT seq FROM history WHERE written <= ? ORDER BY seq DESC LIMIT 1", [micros(when)]
    ).fetchone()
    return 0 if row is None else int(row[0])


@attrs.frozen
class Known:
    """What was on file after an entry of the history, beside the records.

    Attributes:
        records: The records, each once, in the order in which they came; to be read once.
        rows: Of the other tables: table → rows, each as column → value.
    """

    records: Iterator[Record]
    rows: Mapping[str, list[dict[str, Any]]]

    def put_settings(self, db: Database) -> None:
        """Put into another casebook what is set for the whole of it, and its baseline."""
        for table in _BESIDE:
            self._put(db, table)

    def put_what_waits(self, db: Database) -> None:
        """Put there the references that wait: after the records, or those would bring them in."""
        self._put(db, "pending")

    def _put(self, db: Database, table: str) -> None:
        for row in self.rows[table]:
            marks = ", ".join("?" * len(row))
            db.execute(
                f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values())
            )


_BESIDE = {"meta": "name", "intervention": "id", "baseline": "finding"}
"""What is kept beside records, and the column of the name under which it is kept."""


_COLUMNS = {
    "meta": ("name", "content"),
    "intervention": ("id", "strength", "changes_process", "source"),
    "baseline": ("finding", "code", "since", "size", "newest"),
    "pending": (
        "record", "entity", "field", "target_entity", "target", "target_source",
        "target_external_id", "content",
    ),
}  # fmt: skip


def known(db: Database, seq: int) -> Known:
    """Return what was on file after an entry of the history."""
    return Known(_records(db, seq), _beside(db, seq))


def _beside(db: Database, seq: int) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in (*_BESIDE, "pending")}
    for (entity, id), state in states_beside(db, seq).items():
        if entity == "pending":
            rows[entity] += [{"record": id, **row} for row in state.rows.get("rows", ())]
        else:
            rows[entity].append({_BESIDE[entity]: id, **state.row})
    return rows


def states_beside(db: Database, seq: int) -> dict[tuple[str, str], State]:
    """Return what stood beside the records after an entry, by table and id."""
    names = [*_BESIDE, "pending"]
    marks = ", ".join("?" * len(names))
    found = all_bodies(db, f"h.entity IN ({marks})", names)
    states: dict[tuple[str, str], State] = {}
    for id, bodies in found.items():
        for entity, state in folded(bodies, seq).items():
            if state.row or any(state.rows.values()):
                states[entity, id] = state
    return states


def folded(bodies: Iterable[Body], seq: int) -> dict[str, State]:
    """Return what is on file under an id after an entry, by entity."""
    states: dict[str, State | None] = {}
    for body in bodies:
        if body.place < (seq + 1) * BODIES:
            states[body.entity] = _fold(states.get(body.entity), body.told)
    return {entity: state for entity, state in states.items() if state is not None}


def _records(db: Database, seq: int) -> Iterator[Record]:
    # Most records of a large casebook came once and were never changed: their bodies are read in
    # one go. Of the others, all bodies are brought together when the first is met.
    several = {
        row[0]
        for row in db.execute(
            "SELECT record FROM history_body WHERE record <> '' GROUP BY record HAVING count(*) > 1"
        )
    }
    done: set[str] = set()
    with marks_known():
        for place, record, text, op, entity, shape in db.execute(
            "SELECT b.place, b.record, b.body, h.op, h.entity, h.shape FROM history_body b "
            f"JOIN history h ON h.seq = b.place / {BODIES} WHERE b.record <> '' ORDER BY b.place"
        ):
            if record not in several and op != "redact":
                if place < (seq + 1) * BODIES and entity in BY_NAME:
                    state = _fold(None, _told(text, shape))
                    assert state is not None
                    yield _record(BY_NAME[entity], record, state)
                continue
            if record in done:
                continue
            done.add(record)
            for name, state in folded(
                all_bodies(db, "b.record = ?", [record])[record], seq
            ).items():
                if name in BY_NAME:
                    yield _record(BY_NAME[name], record, state)


def _record(entity: Entity, id: str, state: State) -> Record:
    fields = {
        child.field: [child.decode(child.row_of(row)) for row in state.rows[child.field]]
        for child in entity.children
        if state.rows.get(child.field)
    }
    row = entity.row_of(id, state.row)
    if entity.name == "apology":
        fields["customers"] = recipients(row, fields)
    return entity.decode(row, fields)


# --- what is on file, as the history tells it -----------------------------------------------------


def pages(db: Database, entity: Entity) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a table of records, ordered by id, some at a time."""
    last = ""
    while True:
        page = dicts(
            db, f"SELECT * FROM {entity.name} WHERE id > ? ORDER BY id LIMIT {_PAGE}", [last]
        )
        if not page:
            return
        yield page
        last = page[-1]["id"]


def last_entry(db: Database) -> int:
    """Return the number of the last entry."""
    return int(db.execute("SELECT coalesce(max(seq), 0) FROM history").fetchone()[0])


def states_on_file(
    db: Database, entity: Entity, page: Sequence[Mapping[str, Any]]
) -> dict[str, State]:
    """Return what is on file of some rows of a table, as the history tells it, by id."""
    states = {row["id"]: State(entity.said(row), {}) for row in page}
    for child in entity.children:
        for owner, row in rows_of_field(db, child, list(states)):
            states[owner].rows.setdefault(child.field, []).append(child.said(row))
    return states


def states_beside_records(db: Database) -> dict[tuple[str, str], State]:
    """Return what is on file beside records, by table and name, or record that waits."""
    on_file: dict[tuple[str, str], State] = {}
    for table, name in _BESIDE.items():
        for row in dicts(db, f"SELECT {', '.join(_COLUMNS[table])} FROM {table}", []):
            on_file[table, row.pop(name)] = State(row, {})
    for row in dicts(db, f"SELECT {', '.join(_COLUMNS['pending'])} FROM pending", []):
        state = on_file.setdefault(("pending", row.pop("record")), State({}, {}))
        state.rows.setdefault("rows", []).append(row)
    return on_file
