"""Which checks a mutant of SQL can make a difference to at all.

A check is a chain of statements over few rows. Where those that a mutant changed give the same rows
as before, all that follows is the same as well, and the check need not be made. What they read is
kept from the check of the code as it is: the casebook, the relations that were laid over it, and
those rows of a relation that later steps took away.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from remedy import checking
from remedy.engines import sqlite

Key = tuple[str, bool, bool, str]
"""Which statement: its kind, whether of a check of everything, whether accounts count as customers,
and its name."""


def statements() -> dict[Key, str]:
    """Return the statements of checks, as the modules that are loaded have them."""
    from remedy.backing import STATE
    from remedy.rules import RULES

    found: dict[Key, str] = {}
    for everything, by_account in itertools.product((True, False), repeat=2):
        of = everything, by_account
        found["state", *of, ""] = STATE
        for rule in RULES:
            found["ask", *of, rule.code] = str(rule.ask)
        given = {"everything": everything, "by_account": by_account}
        for name, sql in sqlite.views(**given).items():
            found["view", *of, name] = sql
        for place, step in enumerate(sqlite.steps(**given)):
            kind = "step" if isinstance(step, sqlite.Step) else "change"
            name, sql, where = (str(getattr(step, word, "")) for word in ("name", "sql", "where"))
            found[kind, *of, f"{place} {name}"] = sql if kind == "step" else f"{sql}\0{where}"
    return found


_ASKED = ("ask", "view", "step")
"""The kinds of statement whose rows can be asked for alone; the others change tables."""


def _place_of(key: Key) -> int | None:
    return int(key[3].partition(" ")[0]) if key[0] == "step" else None


class _Keeping(sqlite.SqliteEngine):
    """Lays the relations and keeps all of them, and what is taken from them on the way."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.changed: list[str] = []

    def _fill_all(self, *, by_account: bool) -> None:
        for step in sqlite.steps(everything=True, by_account=by_account):
            if isinstance(step, sqlite.Step):
                self._make(step)
                self._connection.execute(f"INSERT INTO temp.{step.name} {step.sql}")
            elif not isinstance(step, sqlite.Done):
                self._change(step)

    def _change(self, step: Any) -> None:
        name = f"{step.name}_before_{len(self.changed)}"
        self._connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM {step.name}")
        self.changed.append(step.name)
        super()._change(step)


class _Laid:
    """A casebook with the relations of a check laid over it."""

    def __init__(self, connection: sqlite3.Connection, given: tuple[Any, ...]) -> None:
        self.asked: set[str] = set()
        self.everything, self.by_account = given[4] is None, given[3]
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.backup(self._connection)
        engine = _Keeping(self._connection)
        engine.prepare(*given)
        steps = sqlite.steps(everything=self.everything, by_account=self.by_account)
        places = [
            place
            for place, step in enumerate(steps)
            if not isinstance(step, (sqlite.Step, sqlite.Done))
        ]
        self._changes = list(zip(places, engine.changed, strict=True))
        self._known: dict[tuple[str, int | None], int | None] = {}

    def remember(self, statements: Mapping[Key, str]) -> None:
        """Keep what the statements give: each mutant is held against it."""
        for key, sql in statements.items():
            if self._is_looked_at(key, sql) and key[0] in _ASKED:
                self._known[sql, _place_of(key)] = self._rows(sql, _place_of(key))

    def _is_looked_at(self, key: Key, sql: str) -> bool:
        if key[1:3] != (self.everything, self.by_account):
            return False
        return key[0] != "ask" or sql in self.asked

    def is_same(self, key: Key, old: str, new: str) -> bool:
        """Return whether two versions of a statement give the same rows."""
        if not self._is_looked_at(key, old):
            return True
        if key[0] not in _ASKED:
            return False
        rows = self._rows(new, _place_of(key))
        return rows is not None and rows == self._known[old, _place_of(key)]

    def _rows(self, sql: str, place: int | None) -> int | None:
        """Return a hash of what a statement gives at its place among the steps; None is an error."""
        changed: set[str] = set()
        for number, (at, name) in enumerate(self._changes):
            if place is not None and at > place and name not in changed:
                changed.add(name)
                sql = re.sub(rf"\b(FROM|JOIN)(\s+){name}\b", rf"\1\2{name}_before_{number}", sql)
        try:
            found = Counter(self._connection.execute(sql).fetchall())
        except sqlite3.Error:
            return None
        return hash(frozenset(found.items()))


class Trace(NamedTuple):
    """What a run consists of: the relations that it lays."""

    laid: list[_Laid]

    def may_differ(self, old: Mapping[Key, str], new: Mapping[Key, str]) -> bool:
        """Return whether a run with other statements may give something else."""
        changed = [key for key, sql in old.items() if sql != new[key]]
        return not all(
            each.is_same(key, old[key], new[key]) for each in self.laid for key in changed
        )


def trace(run: Callable[[], None]) -> Trace:
    """Run something, and return what it consists of."""
    laid: list[_Laid] = []

    class Tracing(sqlite.SqliteEngine):
        def prepare(self, *given: Any) -> None:
            given = (given[0], list(given[1]), list(given[2]), *given[3:])
            laid.append(_Laid(self._connection, given))
            super().prepare(*given)

        def rows(self, sql: str) -> Any:
            laid[-1].asked.add(sql)
            return super().rows(sql)

    checking.SqliteEngine = Tracing  # type: ignore[misc]
    try:
        run()
    finally:
        checking.SqliteEngine = sqlite.SqliteEngine  # type: ignore[misc]
    known = statements()
    for each in laid:
        each.remember(known)
    return Trace(laid)
