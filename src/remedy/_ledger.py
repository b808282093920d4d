"""What a write changes, taken down while it goes on, and added to the history at its end.

Whoever changes what is on file has the ledger at hand and says what changed: a record came or went,
single columns hold something else, a row of a plural field was added or taken. What is derived is
left out: it follows from the rest. The words of a body are:

- `set`, `was`: columns of the record's row, as they are now and as they were before;
- `add`, `take`: plural field → rows that came and went;
- `came`, `gone`: true, where there was no such record before, or is none any more.

In a bulk load the bodies are lists, and the entry's `shape` says what stands where.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import TYPE_CHECKING, Any

import attrs

from remedy import _chain, _schema
from remedy._schema import BODIES

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["Ledger"]


@attrs.define
class _Change:
    op: str
    came: bool = False
    gone: bool = False
    set: dict[str, Any] = attrs.field(factory=dict)
    was: dict[str, Any] = attrs.field(factory=dict)
    add: dict[str, list[dict[str, Any]]] = attrs.field(factory=dict)
    take: dict[str, list[dict[str, Any]]] = attrs.field(factory=dict)

    def body(self) -> str | None:
        """Return it as JSON, or None where nothing is otherwise than before."""
        told = {
            name: value
            for name, value in attrs.asdict(self, recurse=False).items()
            if name != "op" and value
        }
        return _dumps(told) if told else None


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Ledger:
    """Takes down what one call changes.

    Args:
        db: The connection, inside a transaction.
        actor: Who writes; None where nothing is to be added to the history, because what is written
            is only a copy.
        op: What kind of change it is, where nothing more is known of it.
        reason: Why it is made.

    Attributes:
        db: The connection: who has the ledger may write.
        op: What kind of change is being made.
    """

    def __init__(
        self, db: Database, actor: str | None, *, op: str = "replace", reason: str | None = None
    ) -> None:
        self.db = db
        self.op = op
        self._actor = actor
        self._reason = reason
        self._changes: dict[tuple[str, str], _Change] = {}

    @contextlib.contextmanager
    def making(self, op: str) -> Iterator[None]:
        """Say what kind of change it is that is made inside of the block."""
        before, self.op = self.op, op
        try:
            yield
        finally:
            self.op = before

    def _of(self, entity: str, id: str, op: str | None = None) -> _Change:
        change = self._changes.get((entity, id))
        if change is None:
            change = self._changes[entity, id] = _Change(op or self.op)
        return change

    def came(self, entity: str, id: str, row: Mapping[str, Any], op: str = "record") -> None:
        """Take down that something is on file that was not.

        Args:
            entity: The kind of record.
            id: Its id.
            row: What its columns hold, without its id.
            op: What kind of change it is.
        """
        change = self._of(entity, id, op)
        change.came = True
        change.set = {name: value for name, value in row.items() if value is not None}

    def went(self, entity: str, id: str, row: Mapping[str, Any]) -> None:
        """Take down that something is on file no more, and what its columns held."""
        change = self._of(entity, id)
        if change.came:
            del self._changes[entity, id]
            return
        before = {**row, **change.was}
        change.gone, change.set = True, {}
        change.was = {name: value for name, value in before.items() if value is not None}

    def now(self, entity: str, id: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Take down what single columns held before, and what they hold now."""
        differing = [name for name in now if was[name] != now[name]]
        if not differing:
            return
        change = self._of(entity, id)
        for name in differing:
            if change.came:
                if now[name] is None:
                    change.set.pop(name, None)
                else:
                    change.set[name] = now[name]
            elif change.was.setdefault(name, was[name]) == now[name]:
                del change.was[name], change.set[name]
            else:
                change.set[name] = now[name]

    def added(self, entity: str, id: str, field: str, row: dict[str, Any]) -> None:
        """Take down that a plural field holds a row more."""
        change = self._of(entity, id)
        _move(row, field, change.take, change.add)

    def taken(self, entity: str, id: str, field: str, row: dict[str, Any]) -> None:
        """Take down that a plural field holds a row less."""
        change = self._of(entity, id)
        _move(row, field, change.add, change.take)

    def flush(self) -> None:
        """Add what was taken down to the history: one entry for what is of one kind."""
        ids: list[str] = []
        bodies: list[str] = []
        kind: tuple[str, str] | None = None
        for (entity, id), change in self._changes.items():
            body = change.body()
            if body is None:
                continue
            if kind != (change.op, entity):
                self._append(kind, ids, bodies)
                kind, ids, bodies = (change.op, entity), [], []
            ids.append(id)
            bodies.append(body)
        self._append(kind, ids, bodies)
        self._changes.clear()

    def forget(self) -> None:
        """Forget what was taken down since the last flush: it has been rolled back."""
        self._changes.clear()

    def _append(
        self,
        kind: tuple[str, str] | None,
        ids: list[str],
        bodies: list[str],
        shape: str | None = None,
    ) -> None:
        if kind is None or self._actor is None:
            return
        op, entity = kind
        why = [] if self._reason is None else [_dumps({"reason": self._reason})]
        most = BODIES - len(why)
        for start in range(0, len(ids), most):
            end = start + most
            _chain.append(
                self.db,
                entity,
                [""] * len(why) + ids[start:end],
                why + bodies[start:end],
                actor=self._actor,
                op=op,
                shape=shape,
            )

    # --- very many records ------------------------------------------------------------------------

    def came_many(
        self,
        entity: str,
        names: Sequence[str],
        rows: Sequence[Sequence[Any]],
        fixed: Mapping[str, Any],
        children: Mapping[str, tuple[Sequence[str], Sequence[str], Sequence[Sequence[Any]]]],
        *,
        op: str = "record",
    ) -> None:
        """Add to the history that records came, of which all have the same columns.

        Args:
            entity: The kind of record.
            names: The columns that are told: the id first.
            rows: The rows; what they hold beyond those columns is not told.
            fixed: Columns that hold the same in all of them.
            children: Plural field → its columns, the owner of each of its rows, and the rows.
            op: What kind of change it is.
        """
        self.flush()
        if self._actor is None:
            return
        ids, *columns = map(list, islice(zip(*rows, strict=True), len(names)))
        named = dict(zip(names[1:], columns, strict=True))
        kept, same, constant = _apart(named, _schema.OUR_WORDS.get(entity, frozenset()))
        shape = {
            "columns": list(kept),
            "fixed": {**fixed, **constant},
            "same": same,
            "children": {field: list(columns) for field, (columns, _, _) in children.items()},
        }
        # The places of a body, and what stands in each of them for each record.
        places = ["%s"] * len(kept)
        told = [_encoded(column) for column in kept.values()]
        for _, owners, items in children.values():
            several = [_encoded(column) for column in zip(*items, strict=True)]
            if owners == ids:  # By far the most: one row of each.
                places.append(f"[[{','.join(['%s'] * len(several))}]]")
                told += several
                continue
            of_each: dict[str, list[str]] = {id: [] for id in ids}
            for owner, *item in zip(owners, *several, strict=True):
                of_each[owner].append(f"[{','.join(item)}]")
            places.append("[%s]")
            told.append([",".join(each) for each in of_each.values()])
        template = f"[{','.join(places)}]"
        bodies = list(map(template.__mod__, zip(*told, strict=True))) or [template] * len(ids)
        self._append((op, entity), ids, bodies, _dumps(shape))


def _apart(
    columns: Mapping[str, list[Any]], our_words: Set[str]
) -> tuple[dict[str, list[Any]], dict[str, str], dict[str, Any]]:
    """Return the columns to be told, those that are the same as one of them, those of one value.

    What an entry says of all its bodies is not erased. So a text is told there only if it is one of
    our own words: any other may name somebody.
    """
    kept: dict[str, list[Any]] = {}
    same, constant = {}, {}
    for name, values in columns.items():
        may_name = isinstance(values[0], str) and name not in our_words
        if not may_name and values.count(values[0]) == len(values):
            constant[name] = values[0]
        else:
            other = next((other for other, theirs in kept.items() if theirs == values), None)
            if other is None:
                kept[name] = values
            else:
                same[name] = other
    return kept, same, constant


def _encoded(column: Sequence[Any]) -> list[str]:
    """Return values as JSON."""
    # Encoded as JSON, no value holds a line break: so all can be encoded at once, one on a line. A
    # call for each of them takes three times as long.
    return json.dumps(column, ensure_ascii=False, separators=("\n", ":"))[1:-1].split("\n")


def _move(
    row: dict[str, Any],
    field: str,
    back: dict[str, list[dict[str, Any]]],
    to: dict[str, list[dict[str, Any]]],
) -> None:
    """Let a row go from where it was put before in this call, else to where it belongs."""
    if row in back.get(field, ()):
        back[field].remove(row)
        if not back[field]:
            del back[field]
    else:
        to.setdefault(field, []).append(row)
