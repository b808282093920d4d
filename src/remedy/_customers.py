"""One customer under one id: who an id in a source turns out to be.

A customer is made where it is first named. Named by its id in a source, it is called by both
(`crm:77`) until its own record comes and says that it is the one: then everything that was said
of the one is said of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from remedy._reading import scalar
from remedy._rows import ENTITIES
from remedy.errors import TakenId

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["claim", "made_from", "name_of"]


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
    db: Database,
    id: str,
    source: str,
    external_id: str,
    *,
    own: bool,
    before_uniting: Callable[[], None],
) -> None:
    """Let a customer on file be the one who is meant by an id in a source.

    Args:
        db: The connection.
        id: The customer.
        source: The source.
        external_id: The id there.
        own: Whether its record comes from that source; else it is an alias.
        before_uniting: Is called before another customer becomes this one.

    Raises:
        TakenId: If another customer that has a record of its own is the one.
    """
    key = [source, external_id]
    stub = made_from(db, source, external_id)
    if stub is not None and stub != id:
        before_uniting()
        _unite(db, stub, id)
    if own and (stub is not None or id == name_of(source, external_id)):
        # A record that comes from there needs no alias to be found by.
        db.execute(
            "DELETE FROM customer_alias WHERE source = ? AND external_id = ? AND customer = ?",
            [*key, id],
        )
    if own:
        other = scalar(
            db, "SELECT customer FROM customer_alias WHERE source = ? AND external_id = ?", key
        )
    else:
        other = scalar(db, "SELECT id FROM customer WHERE source = ? AND external_id = ?", key)
    if other is not None and other != id:
        raise TakenId("customer", id, (source, external_id), other)


def _unite(db: Database, stub: str, id: str) -> None:
    """Let everything that is said of one customer be said of another one."""
    for table, column, linked in _places():
        # A link that the other one has already stays as it is.
        db.execute(
            f"UPDATE OR {'IGNORE' if linked else 'ABORT'} {table} SET {column} = ?1 "
            f"WHERE {column} = ?2",
            [id, stub],
        )
        if linked:
            db.execute(f"DELETE FROM {table} WHERE {column} = ?", [stub])
    db.execute("UPDATE customer_alias SET customer = ? WHERE customer = ?", [id, stub])
    for field in ("account", "name", "attributes"):
        db.execute(
            f"UPDATE customer SET {field} = (SELECT {field} FROM customer WHERE id = ?2) "
            f"WHERE id = ?1 AND {field} IS NULL",
            [id, stub],
        )
    db.execute("UPDATE OR IGNORE overruled SET record = ? WHERE record = ?", [id, stub])
    db.execute("DELETE FROM overruled WHERE record = ?", [stub])
    db.execute("DELETE FROM customer WHERE id = ?", [stub])


def _places() -> Iterator[tuple[str, str, bool]]:
    """Yield table and column of all that refers to customers, and whether those are links."""
    for entity in ENTITIES:
        for column in entity.references:
            if column.target == "customer":
                yield entity.name, column.name, False
        for child in entity.children:
            if child.target == "customer" and child.other is not None:
                yield child.table, child.other, True
