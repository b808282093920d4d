"""One customer under one id: who an id in a source turns out to be.

A customer is made where it is first named. Named by its id in a source, it is called by both
(`crm:77`) until its own record comes and says that it is the one: then everything that was said
of the one is said of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from remedy._entities import Child, Entity
from remedy._reading import dicts, kinds_of, scalar
from remedy._rows import ENTITIES
from remedy.errors import Conflict, TakenId

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy._ledger import Ledger

__all__ = ["MADE", "claim", "made_from", "make_customer", "make_known_by", "name_of"]

MADE = {"provenance": "mapped"}
"""What the row of a customer holds who was only made from its id."""


def name_of(source: str, external_id: str) -> str:
    """Return what a customer is called as long as only its id in a source is known."""
    return f"{source}:{external_id}"


def made_from(db: Database, source: str, external_id: str) -> str | None:
    """Return the customer that was only made from this id in a source, if there is one."""
    found = scalar(
        db,
        "SELECT id FROM customer WHERE id = ? AND provenance = 'mapped' AND source IS NULL",
        [name_of(source, external_id)],
    )
    return None if found is None else str(found)


def claim(
    ledger: Ledger,
    id: str,
    source: str,
    external_id: str,
    *,
    own: bool,
    before_uniting: Callable[[], None],
) -> None:
    """Let a customer on file be the one who is meant by an id in a source.

    Args:
        ledger: Takes down what is changed.
        id: The customer.
        source: The source.
        external_id: The id there.
        own: Whether its record comes from that source; else it is an alias.
        before_uniting: Is called before another customer becomes this one.

    Raises:
        TakenId: If another customer that has a record of its own is the one.
    """
    db = ledger.db
    key = [source, external_id]
    stub = made_from(db, source, external_id)
    if stub is not None and stub != id:
        before_uniting()
        with ledger.making("unite"):
            _unite(ledger, stub, id)
    if own and (stub is not None or id == name_of(source, external_id)):
        # A record that comes from there needs no alias to be found by.
        gone = db.execute(
            "DELETE FROM customer_alias WHERE source = ? AND external_id = ? AND customer = ?",
            [*key, id],
        )
        if gone.rowcount:
            ledger.taken("customer", id, "aliases", _alias(source, external_id))
    if own:
        other = scalar(
            db, "SELECT customer FROM customer_alias WHERE source = ? AND external_id = ?", key
        )
    else:
        other = scalar(db, "SELECT id FROM customer WHERE source = ? AND external_id = ?", key)
    if other is not None and other != id:
        raise TakenId("customer", id, (source, external_id), other)


def make_known_by(ledger: Ledger, source: str, external_id: str) -> str:
    """Make a customer of whom only the id in a source is known, and return its id here."""
    made = name_of(source, external_id)
    make_customer(ledger, made)
    ledger.db.execute(
        "INSERT INTO customer_alias (source, external_id, customer) VALUES (?, ?, ?)",
        [source, external_id, made],
    )
    ledger.added("customer", made, "aliases", _alias(source, external_id))
    return made


def make_customer(ledger: Ledger, id: str) -> None:
    """Make a customer from its id, where nobody has recorded it.

    Raises:
        Conflict: If it is the id of a record of another kind.
    """
    made = ledger.db.execute(
        "INSERT INTO customer (id, provenance) VALUES (?, 'mapped') ON CONFLICT DO NOTHING", [id]
    )
    if not made.rowcount:
        return
    other = kinds_of(ledger.db, id) - {"customer"}
    if other:
        raise Conflict("customer", id, {"kind": (min(other), "customer")})
    ledger.came("customer", id, MADE, "make")


def _alias(source: str, external_id: str) -> dict[str, str]:
    return {"source": source, "external_id": external_id}


def _unite(ledger: Ledger, stub: str, id: str) -> None:
    """Let everything that is said of one customer be said of another one."""
    db = ledger.db
    for entity in ENTITIES:
        for column in entity.references:
            if column.target == "customer":
                _move_column(ledger, entity.name, column.name, stub, id)
        for child in entity.children:
            if child.target == "customer":
                _move_links(ledger, entity, child, stub, id)
    for source, external_id in db.execute(
        "SELECT source, external_id FROM customer_alias WHERE customer = ?", [stub]
    ).fetchall():
        ledger.taken("customer", stub, "aliases", _alias(source, external_id))
        ledger.added("customer", id, "aliases", _alias(source, external_id))
    db.execute("UPDATE customer_alias SET customer = ? WHERE customer = ?", [id, stub])
    [before], [row] = (
        dicts(db, "SELECT * FROM customer WHERE id = ?", [each]) for each in (id, stub)
    )
    told = {field: before[field] or row[field] for field in ("account", "name", "attributes")}
    db.execute(
        "UPDATE customer SET account = ?, name = ?, attributes = ? WHERE id = ?",
        [*told.values(), id],
    )
    ledger.now("customer", id, before, told)
    db.execute("UPDATE OR IGNORE overruled SET record = ? WHERE record = ?", [id, stub])
    db.execute("DELETE FROM overruled WHERE record = ?", [stub])
    db.execute("DELETE FROM customer WHERE id = ?", [stub])
    del row["id"]
    ledger.went("customer", stub, row)


def _move_column(ledger: Ledger, table: str, column: str, stub: str, id: str) -> None:
    owners = ledger.db.execute(f"SELECT id FROM {table} WHERE {column} = ?", [stub]).fetchall()
    for (owner,) in owners:
        ledger.now(table, owner, {column: stub}, {column: id})
    ledger.db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", [id, stub])


def _move_links(ledger: Ledger, entity: Entity, child: Child, stub: str, id: str) -> None:
    select = f"SELECT * FROM {child.table} WHERE {child.other} = ?" + child.condition
    before = dicts(ledger.db, select, [stub])
    # A link that the other one has already stays, and gets what it lacks.
    ledger.db.execute(
        f"UPDATE OR IGNORE {child.table} SET {child.other} = ?1 "
        f"WHERE {child.other} = ?2{child.condition}",
        [id, stub],
    )
    left = dicts(ledger.db, select, [stub])
    if child.table == "incident_customer":
        _fill_links(ledger, child, left, id)
    for row in before:
        owner = child.owner_of(row)
        ledger.taken(entity.name, owner, child.field, child.said(row))
        if row not in left:
            ledger.added(entity.name, owner, child.field, child.said({**row, str(child.other): id}))
    ledger.db.execute(f"DELETE FROM {child.table} WHERE {child.other} = ?{child.condition}", [stub])


def _fill_links(ledger: Ledger, child: Child, left: Iterable[Mapping[str, Any]], id: str) -> None:
    """Let links of a customer to incidents hold what those of the other had besides."""
    for row in left:
        place = [id, row["incident"], row["stated"]]
        [link] = dicts(
            ledger.db,
            "SELECT * FROM incident_customer WHERE customer = ? AND incident = ? AND stated = ?",
            place,
        )
        filled = {
            name: row[name]
            for name in ("order_ref", "order_no", "acknowledged")
            if link[name] is None and row[name] is not None
        }
        if link["since"] is not None:
            # They are of one person: it counts since the earlier, or always.
            since = None if row["since"] is None else min(row["since"], link["since"])
            filled |= {"since": since} if since != link["since"] else {}
        if not filled:
            continue
        owner = child.owner_of(link)
        ledger.taken("incident", owner, child.field, child.said(link))
        ledger.added("incident", owner, child.field, child.said({**link, **filled}))
        assign = ", ".join(f"{name} = ?" for name in filled)
        ledger.db.execute(
            f"UPDATE incident_customer SET {assign} "
            "WHERE customer = ? AND incident = ? AND stated = ?",
            [*filled.values(), *place],
        )
