"""What is checked over several records, before the transaction that writes them ends.

References, circles, ids of two kinds, dates against each other: while records are written one by
one, `Unsettled` takes down what they touch, and checks it at the end. So the order of records
within one call does not matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from remedy import _causes, _customers, _duplicates
from remedy._reading import existing
from remedy._rows import ENTITIES
from remedy.errors import Conflict, DanglingReference, InvalidTime

if TYPE_CHECKING:
    from sqlite_utils import Database

    from remedy._ledger import Ledger

__all__ = ["Unsettled", "refuse_early"]


class Unsettled:
    """What the records written so far leave to be settled.

    Args:
        ledger: Takes down the customers that are made.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db
        self._references: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        self._written: dict[str, list[str]] = defaultdict(list)
        self._incidents_named: set[str] = set()
        self._effects: set[tuple[str, str]] = set()

    def note_reference(self, name: str, record: str, field: str, target: str, id: str) -> None:
        """Take down that a field of a record refers to another one."""
        self._references[target].setdefault(id, (f"{name} {record}", field))
        if target == "incident":
            self._incidents_named.add(id)

    def note_written(self, name: str, id: str) -> None:
        """Take down that a record was written."""
        self._written[name].append(id)

    def note_effect(self, effect: str, cause: str) -> None:
        """Take down that the link of a cause with its effect came, changed or went."""
        self._effects.add((effect, cause))

    def settle(self) -> None:
        """Check what was taken down together with what is on file, and forget it.

        Raises:
            DanglingReference: If a record refers to what is not on file.
            Conflict: If an id is of two kinds.
            InvalidRecord: If incidents are duplicates of each other in a circle.
            CausalCycle: If a cause would explain itself.
            InvalidTime: If a correction or containment is older than its incident.
        """
        self._refuse_dangling()
        for name, ids in self._written.items():
            self._refuse_ids_of_two_kinds(name, ids)
        _duplicates.settle(self._db, self._written["incident"], self._incidents_named)
        if self._effects:
            _causes.settle(self._db, self._effects)
        for id in self._written["action"]:
            refuse_early(self._db, " AND a.id = ?", [id])
        for id in self._written["incident"]:
            refuse_early(self._db, " AND (ai.incident = ?1 OR ai.stated = ?1)", [id])
        self.forget()

    def forget(self) -> None:
        """Forget what was taken down: it is settled."""
        self._references.clear()
        self._written.clear()
        self._incidents_named.clear()
        self._effects.clear()

    def _refuse_dangling(self) -> None:
        missing: list[tuple[str, str, str]] = []
        for target, wanted in self._references.items():
            found = existing(self._db, target, wanted)
            lacking = [id for id in wanted if id not in found]
            if target == "customer":
                for id in lacking:
                    _customers.make_customer(self._ledger, id)
            else:
                missing.extend((*wanted[id], id) for id in lacking)
        if missing:
            raise DanglingReference(missing)

    def _refuse_ids_of_two_kinds(self, name: str, ids: Iterable[str]) -> None:
        for entity in ENTITIES:
            if entity.name != name:
                twice = existing(self._db, entity.name, ids)
                if twice:
                    raise Conflict(name, min(twice), {"kind": (entity.name, name)})


def refuse_early(db: Database, condition: str = "", values: Sequence[Any] = ()) -> None:
    """Refuse corrections and containment that are older than what they put right.

    Of one that is known by its day only, nobody knows whether it was before or after what happened
    on that day.

    Args:
        db: The connection.
        condition: Which of them to look at, over `a` (action) and `ai` (action_incident), beginning
            with AND; by default all.
        values: Its values.

    Raises:
        InvalidTime: If one is.
    """
    early = db.execute(
        "SELECT a.id, a.kind, i.id FROM action a JOIN action_incident ai ON ai.action = a.id "
        "JOIN incident i ON i.id = CASE ai.stated WHEN '' THEN ai.incident ELSE ai.stated END "
        "WHERE a.kind IN ('correction', 'containment') AND a.decided_end < i.occurred"
        f"{condition} LIMIT 1",
        values,
    ).fetchone()
    if early:
        raise InvalidTime(
            "Action",
            "decided",
            early[0],
            f"this {early[1]} is older than {early[2]}, which it is for. (A corrective action "
            f"may be: then it was there and did not hold.)",
        )
