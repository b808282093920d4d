"""References that wait: to a record that is to come from another source, or later.

What a source tells is taken in at once; where it refers to what is not on file, that part stands
in the table `pending` until its other side comes. It is a whole record, where it cannot be
without the reference; else one item of a plural field, or nothing but the reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from remedy._convert import from_dict, to_dict
from remedy._entities import Child, Column, Entity, items_of
from remedy._reading import dicts
from remedy._rows import BY_NAME
from remedy.errors import UnknownRecord
from remedy.records import Action, Apology, External, Record

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy._ledger import Ledger

__all__ = [
    "ROWS",
    "Arrival",
    "Pending",
    "any_waits",
    "arrivals",
    "forget",
    "forget_older",
    "listed",
    "put_back",
    "records",
    "take_back",
    "take_back_link",
    "take_back_record",
    "wait",
]

ROWS = "rows"
"""What the history calls the references of a record that wait, as a plural field."""


@attrs.frozen(kw_only=True)
class Pending:
    """A reference that waits for its other side.

    Attributes:
        record: The record that refers.
        entity: What kind of record that is.
        field: The field.
        target_entity: What kind of record is waited for.
        target: Its id, or
        external: its id in its source.
    """

    record: str
    entity: str
    field: str
    target_entity: str
    target: str | None
    external: External | None


def listed(db: Database) -> list[Pending]:
    """Return all references that wait, in the order in which they began to."""
    rows = db.execute(
        "SELECT record, entity, field, target_entity, target, target_source, target_external_id "
        "FROM pending ORDER BY id"
    ).fetchall()
    return [
        Pending(
            record=record,
            entity=entity,
            field=field,
            target_entity=target_entity,
            target=target,
            external=None if source is None else External(source=source, external_id=external_id),
        )
        for record, entity, field, target_entity, target, source, external_id in rows
    ]


def any_waits(db: Database) -> bool:
    """Whether anything waits at all."""
    return db.execute("SELECT 1 FROM pending LIMIT 1").fetchone() is not None


# --- beginning to wait ----------------------------------------------------------------------------


def wait(
    ledger: Ledger,
    entity: Entity,
    record: Record,
    place: Column | Child,
    reference: str | External,
    *,
    item: Any = None,
    whole: bool = False,
) -> None:
    """Let a reference wait for its other side.

    Args:
        ledger: Takes down what waits.
        entity: The kind of record that refers.
        record: The record.
        place: The field.
        reference: The id of what is waited for, here or in its source.
        item: The item of the plural field that holds the reference, if it is one.
        whole: Whether the record as a whole waits.
    """
    key = (record.id, place.field, *_target(reference))
    content: dict[str, Any]
    if whole:
        content = {"record": to_dict(record)}
    elif item is None:
        content = {}
    else:
        content = {"link": _link(entity, record, place.field, item)}
    for number, before in _of_reference(ledger.db, *key):
        if _role(before) == _role(content):
            _drop(ledger, "id = ?", [number])
    told = [*key, entity.name, place.target, json.dumps(content, ensure_ascii=False)]
    _put(ledger, dict(zip(_TOLD, told, strict=True)))


_TOLD = (
    "record", "field", "target", "target_source", "target_external_id", "entity", "target_entity",
    "content",
)  # fmt: skip


def _put(ledger: Ledger, row: dict[str, Any]) -> None:
    ledger.db.execute(
        f"INSERT INTO pending ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
        list(row.values()),
    )
    ledger.added("pending", row["record"], ROWS, _said(row))


def _drop(ledger: Ledger, where: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Let rows go, and return them."""
    rows = dicts(ledger.db, f"SELECT * FROM pending WHERE {where} ORDER BY id", values)
    for row in rows:
        ledger.db.execute("DELETE FROM pending WHERE id = ?", [row["id"]])
        ledger.taken("pending", row["record"], ROWS, _said(row))
    return rows


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _TOLD if name != "record" and row[name] is not None}


def _target(reference: str | External) -> tuple[str | None, str | None, str | None]:
    if isinstance(reference, External):
        return None, reference.source, reference.external_id
    return reference, None, None


def _of_reference(db: Database, *key: str | None) -> list[tuple[int, dict[str, Any]]]:
    """Return number and content of what waits for one reference in a field of a record."""
    found = db.execute(
        "SELECT id, content FROM pending WHERE record = ? AND field = ? AND target IS ? AND "
        "target_source IS ? AND target_external_id IS ?",
        key,
    ).fetchall()
    return [(number, json.loads(text)) for number, text in found]


def _role(content: dict[str, Any]) -> Any:
    """Return as what a cause is linked: it may be both cause and escape cause of an incident."""
    first = next(iter(content.get("link") or ()), None)
    return first.get("role", "cause") if isinstance(first, dict) else "cause"


def _link(entity: Entity, record: Record, field: str, item: Any) -> Any:
    """Return one item of a plural field as plain values."""
    kept: dict[str, Any] = {
        child.field: (item,) if child.field == field else ()
        for child in entity.children
        # An apology is for one incident at the least, or it is none.
        if child.field == field or not (isinstance(record, Apology) and child.field == "incidents")
    }
    return to_dict(attrs.evolve(record, **kept))[field]


# --- versions of what waits -----------------------------------------------------------------------


def records(db: Database, entity: Entity, id: str) -> list[Record | None]:
    """Return what waits under an id: records as a whole; None for a part of one on file."""
    return [
        from_dict(content["record"]) if "record" in content else None
        for content in (
            json.loads(text)
            for (text,) in db.execute(
                "SELECT content FROM pending WHERE record = ? AND entity = ? ORDER BY id",
                [id, entity.name],
            )
        )
    ]


def forget(ledger: Ledger, entity: Entity, id: str) -> None:
    """Forget all that waits under an id."""
    _drop(ledger, "record = ? AND entity = ?", [id, entity.name])


def forget_older(ledger: Ledger, entity: Entity, id: str) -> None:
    """Forget what an older version of a record waits for; links are kept, whoever told them."""
    _drop(
        ledger,
        "record = ? AND entity = ? AND content NOT LIKE ?",
        [id, entity.name, '{"link"%'],
    )


# --- taken back before the other side comes -------------------------------------------------------


def take_back(ledger: Ledger, entity: Entity, id: str, field: str) -> str | External | None:
    """Let a single-valued field of a record on file wait no more, and return what it waited for."""
    rows = _drop(ledger, "record = ? AND entity = ? AND field = ?", [id, entity.name, field])
    if not rows:
        return None
    source, external_id = rows[-1]["target_source"], rows[-1]["target_external_id"]
    if source is not None:
        return External(source=source, external_id=external_id)
    return str(rows[-1]["target"])


def take_back_link(ledger: Ledger, entity: Entity, id: str, child: Child, item: Any) -> Any:
    """Let a link of a record on file wait no more; return it as it waited, None if it did not."""
    target = _target(child.reference(item))
    for number, content in _of_reference(ledger.db, id, child.field, *target):
        arrival = Arrival(
            entity=entity, owner=id, field=child.field, record=None,
            link=content.get("link"),
        )  # fmt: skip
        if arrival.link is None or _role(content) != getattr(item, "role", "cause"):
            continue
        _, (waited,) = arrival.items()
        _drop(ledger, "id = ?", [number])
        return waited
    return None


def take_back_record(
    ledger: Ledger, id: str, field: str, value: Any
) -> tuple[Entity, list[Any]] | None:
    """Let a record that waits as a whole wait no more for what it refers to in a field.

    With the last reference that it waited for, the record itself is gone.

    Returns:
        What kind of record it is, and what it waits for no more; None if no record waits under
        this id with such a field.

    Raises:
        UnknownRecord: If it does not wait for that.
    """
    db = ledger.db
    kinds = db.execute(
        "SELECT DISTINCT entity FROM pending WHERE record = ? AND field = ? AND "
        "content LIKE '{\"record\"%'",
        [id, field],
    ).fetchall()
    if not kinds:
        return None
    entity = BY_NAME[kinds[0][0]]
    given = attrs.fields_dict(entity.record)[field].converter(value)  # type: ignore[misc, operator]
    child = next((child for child in entity.children if child.field == field), None)
    if child is None:
        if not _of_reference(db, id, field, *_target(given)):
            raise UnknownRecord(f"{id}.{field}: {given}", "link")
        forget(ledger, entity, id)
        return entity, [given]
    for item in given:
        found = _of_reference(db, id, field, *_target(child.reference(item)))
        if not found:
            raise UnknownRecord(f"{id}.{field}: {item}", "link")
        for number, _ in found:
            _drop(ledger, "id = ?", [number])
    _leave_out(ledger, entity, child, id, {child.reference(item) for item in given})
    return entity, list(given)


def _leave_out(ledger: Ledger, entity: Entity, child: Child, id: str, gone: set[Any]) -> None:
    """Let the copies of a record that wait for something else be without some references."""
    db = ledger.db
    for row in dicts(
        db, "SELECT * FROM pending WHERE record = ? AND entity = ?", [id, entity.name]
    ):
        record = from_dict(json.loads(row["content"])["record"])
        left = [each for each in items_of(record, child) if child.reference(each) not in gone]
        changes: dict[str, Any] = {child.field: tuple(left)}
        record = attrs.evolve(record, **changes)
        text = json.dumps({"record": to_dict(record)}, ensure_ascii=False)
        db.execute("UPDATE pending SET content = ? WHERE id = ?", [text, row["id"]])
        ledger.taken("pending", id, ROWS, _said(row))
        ledger.added("pending", id, ROWS, _said({**row, "content": text}))


# --- the other side comes -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Arrival:
    """A reference whose other side has come.

    Attributes:
        entity: The kind of record that refers.
        owner: Its id.
        field: The field.
        record: The record, where it waited as a whole.
        link: The item of a plural field, as plain values, where that waited.
        row: The row as it stood in the table.
    """

    entity: Entity
    owner: str
    field: str
    record: Record | None
    link: Any
    row: dict[str, Any] = attrs.field(factory=dict)

    def items(self) -> tuple[Child, tuple[Any, ...]]:
        """Return the plural field, and what it is to hold besides."""
        stub = {"record": self.entity.name, **_needed(self.entity, self.owner)}
        record = from_dict(stub | {self.field: self.link})
        child = next(child for child in self.entity.children if child.field == self.field)
        return child, items_of(record, child)


def arrivals(ledger: Ledger, entity: Entity, record: Record) -> Iterator[Arrival]:
    """Yield what waited for a record, each of it when it has been taken out of the table."""
    waiting = dicts(
        ledger.db,
        "SELECT * FROM pending WHERE target_entity = ?1 AND "
        "(target = ?2 OR target_source = ?3 AND target_external_id = ?4) ORDER BY id",
        [entity.name, record.id, record.source, record.external_id],
    )
    for row in waiting:
        if not _drop(ledger, "id = ?", [row["id"]]):
            continue  # What one of those before has brought in was the same record.
        content = json.loads(row["content"])
        yield Arrival(
            row=row,
            entity=BY_NAME[row["entity"]],
            owner=row["record"],
            field=row["field"],
            record=from_dict(content["record"]) if "record" in content else None,
            link=content.get("link"),
        )


def put_back(ledger: Ledger, arrival: Arrival) -> None:
    """Let what could not be taken in wait on."""
    _put(ledger, arrival.row)


def _needed(entity: Entity, id: str) -> dict[str, Any]:
    """Return values for the required fields of a record of which only one field is wanted."""
    given: dict[str, Any] = {"id": id}
    for field in attrs.fields(entity.record):
        if field.default is attrs.NOTHING and field.name not in ("id", "incidents"):
            given[field.name] = "1970-01-01T00:00+00:00"
    if entity.record is Action:
        given.update(kind="corrective", decided="1970-01-01T00:00+00:00")
    if entity.record is Apology:
        given["incidents"] = [{"to": "?"}]
    return given
