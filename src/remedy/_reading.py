"""Reading records out of their rows."""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from remedy._coerce import Refused, storable
from remedy._entities import Child, Entity
from remedy._marks import marks_known
from remedy._rows import BY_CLASS, BY_NAME, ENTITIES
from remedy.errors import InvalidRecord, UnknownRecord, UnreadableRecord
from remedy.records import Apology, Promise, Record

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy.store import Store

__all__ = [
    "dicts",
    "entity_of",
    "existing",
    "kinds_of",
    "read",
    "read_many",
    "recipients",
    "records",
    "rows_of_field",
    "scalar",
]

_PAGE = 500
_UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError)
"""What decoding raises where what stands on file is damaged."""
_ENTITY_OF = " UNION ALL ".join(
    f"SELECT '{entity.name}' AS entity FROM {entity.name} WHERE id = ?1" for entity in ENTITIES
)


def dicts(db: Database, sql: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the rows of a statement, each as column → value."""
    cursor = db.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def entity_of(db: Database, id: str) -> Entity:
    """Return the entity that a record is of.

    Raises:
        UnknownRecord: If there is no such record.
    """
    # What is no text, or none that can be stored, is the id of nothing.
    if not isinstance(id, str) or not storable(id):
        raise UnknownRecord(id)
    row = db.execute(_ENTITY_OF, [id]).fetchone()
    if row is None:
        raise UnknownRecord(id, near=_near(db, id))
    return BY_NAME[row[0]]


def kinds_of(db: Database, id: str) -> set[str]:
    """Return the entities of which there is a record with an id."""
    return {row[0] for row in db.execute(_ENTITY_OF, [id])}


def _near(db: Database, id: str) -> list[str]:
    candidates: list[str] = []
    for entity in ENTITIES:
        for comparison, order in (("<", "DESC"), (">", "ASC")):
            candidates.extend(
                row[0]
                for row in db.execute(
                    f"SELECT id FROM {entity.name} WHERE id {comparison} ? "
                    f"ORDER BY id {order} LIMIT 5",
                    [id],
                )
            )
    return difflib.get_close_matches(id, candidates, n=2, cutoff=0.75)


def read(db: Database, id: str) -> Record:
    """Return the record with this id, complete."""
    return read_many(db, entity_of(db, id), [id])[0]


def read_many(db: Database, entity: Entity, ids: Sequence[str]) -> list[Record]:
    """Return the records of one kind with these ids, complete, ordered by id."""
    return _assemble(db, entity, _rows_of(db, entity, "id", ids, "id"))


def _rows_of(
    db: Database, entity: Entity, column: str, values: Sequence[str], order: str
) -> list[dict[str, Any]]:
    marks = ", ".join("?" * len(values))
    return dicts(
        db, f"SELECT * FROM {entity.name} WHERE {column} IN ({marks}) ORDER BY {order}", values
    )


def _assemble(db: Database, entity: Entity, rows: list[dict[str, Any]]) -> list[Record]:
    ids = [row["id"] for row in rows]
    fields: dict[str, dict[str, Any]] = {row["id"]: {} for row in rows}
    with marks_known():
        if ids:
            for child in entity.children:
                for owner, row in rows_of_field(db, child, ids):
                    try:
                        item = child.decode(row)
                        fields[owner].setdefault(child.field, []).append(item)
                    except _UNREADABLE as error:
                        raise UnreadableRecord(entity.name, owner, f"{error}") from error
        if entity.record is Apology:
            of_apologies = _rows_of(db, BY_CLASS[Promise], "apology", ids, "rowid") if ids else []
            for promise in _assemble(db, BY_CLASS[Promise], of_apologies):
                assert isinstance(promise, Promise)
                fields[str(promise.apology)].setdefault("promises", []).append(promise)
            for row in rows:
                fields[row["id"]]["customers"] = recipients(row, fields[row["id"]])
        records = []
        for row in rows:
            try:
                records.append(entity.decode(row, fields[row["id"]]))
            except _UNREADABLE as error:
                raise UnreadableRecord(entity.name, row["id"], f"{error}") from error
        return records


def recipients(row: Mapping[str, Any], given: Mapping[str, list[Any]]) -> Any:
    """Return what the field `customers` of an apology holds.

    Args:
        row: Its row.
        given: The items of its plural fields.
    """
    from remedy.vocabulary import ALL

    if row["recipients"] == "all":
        return ALL
    return None if row["recipients"] is None else given.get("customers", ())


def rows_of_field(
    db: Database, child: Child, ids: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a plural field of some records, each with the id of its record."""
    # The rows of a duplicate stand under its canonical incident.
    stated = child.owner == "incident"
    marks = ", ".join("?" * len(ids))
    order = "seq" if "seq" in child.columns else ", ".join(child.key)
    if stated:
        where = (
            f"(incident IN ({marks}) AND stated = '' OR incident IN "
            f"(SELECT canonical FROM incident WHERE id IN ({marks})) AND stated IN ({marks}))"
        )
        values = [*ids, *ids, *ids]
    else:
        where, values = f"{child.owner} IN ({marks}){child.condition}", list(ids)
    for row in dicts(
        db, f"SELECT * FROM {child.table} WHERE {where} ORDER BY {child.owner}, {order}", values
    ):
        yield child.owner_of(row), row


def records(store: Store, kind: type[Record] | None, equals: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the records of a kind, or all of them, that have these values, page by page.

    Nothing is held open between two records: what is written meanwhile may or may not be seen.
    """
    entities = ENTITIES if kind is None else (BY_CLASS[kind],)
    for entity in entities:
        where, values = _condition(entity, equals)
        last = ""
        while True:
            with store.reading() as db:
                rows = dicts(
                    db,
                    f"SELECT * FROM {entity.name} WHERE id > ?{where} ORDER BY id LIMIT {_PAGE}",
                    [last, *values],
                )
                page = _assemble(db, entity, rows)
            yield from page
            if len(rows) < _PAGE:
                break
            last = rows[-1]["id"]


def _condition(entity: Entity, equals: Mapping[str, Any]) -> tuple[str, list[Any]]:
    columns = {column.field: column for column in entity.columns}
    children = {child.field: child for child in entity.children if child.other}
    names = {field.name: field for field in attrs.fields(entity.record)}
    where, values = [], []
    for field, value in equals.items():
        if field in columns:
            column = columns[field]
            try:
                plain = names[field].converter(value) if value is not None else None
            except Refused as refused:
                name = entity.record.__name__
                raise InvalidRecord(name, field, value, refused.problem) from None
            if plain is None:
                where.append(f"{column.name} IS NULL")
            elif column.target is not None:
                plain = _id(entity, field, plain)
                if column.target == "incident" and "stated" in entity.before_names:
                    where.append(_STATED_INCIDENT)
                    values.extend([plain] * 3)
                else:
                    where.append(f"{column.name} = ?")
                    values.append(plain)
            else:
                where.append(f"{column.name} = ?")
                values.append(column.encode(plain) if column.encode else plain)
        elif field in children:
            condition, needed = _linked(children[field])
            where.append(condition)
            values.extend([_id(entity, field, value)] * needed)
        else:
            known = ", ".join([*columns, *children])
            raise TypeError(f"{entity.record.__name__}s are not asked for by {field!r}: {known}.")
    return "".join(f" AND {each}" for each in where), values


def _id(entity: Entity, field: str, value: object) -> str:
    if not isinstance(value, str) or not storable(value):
        raise InvalidRecord(
            entity.record.__name__, field, value, "is asked for by one id here, as text."
        )
    return value


# What refers to a duplicate stands under its canonical incident, with what was stated beside it.
_STATED_INCIDENT = (
    "incident IN (?, (SELECT canonical FROM incident WHERE id = ?)) "
    "AND CASE stated WHEN '' THEN incident ELSE stated END = ?"
)


def _linked(child: Child) -> tuple[str, int]:
    """Return the condition that a plural field refers to something, and how often that is given."""
    owner, where, needed = child.owner, f"{child.other} = ?", 1
    if owner == "incident":
        owner = "CASE stated WHEN '' THEN incident ELSE stated END"
    elif child.other == "incident":
        where, needed = _STATED_INCIDENT, 3
    return f"id IN (SELECT {owner} FROM {child.table} WHERE {where}{child.condition})", needed


def existing(db: Database, table: str, ids: Iterable[str]) -> set[str]:
    """Return which of these ids stand in a table."""
    found: set[str] = set()
    wanted = list(ids)
    for start in range(0, len(wanted), _PAGE):
        part = wanted[start : start + _PAGE]
        marks = ", ".join("?" * len(part))
        found.update(
            row[0] for row in db.execute(f"SELECT id FROM {table} WHERE id IN ({marks})", part)
        )
    return found


def scalar(db: Database | sqlite3.Connection, sql: str, values: Sequence[Any] = ()) -> Any:
    """Return the first value of the first row, or None."""
    row = db.execute(sql, values).fetchone()
    return None if row is None else row[0]
