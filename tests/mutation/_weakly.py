"""Which checks a mutant of SQL can make a difference to at all.

A check is a chain of statements over few rows. Where those that a mutant changed give the same rows
as before, all that follows is the same as well, and the check need not be made. What they read is
kept from the check of the code as it is: the casebook, the relations that were laid over it, and
those rows of a relation that later steps took away.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from remedy import checking
from remedy.engines import sqlite

Key = tuple[str, bool, str]
"""Which statement: its kind, whether accounts count as customers, and its name."""


def statements() -> dict[Key, str]:
    """Return the statements of checks of everything, as the modules that are loaded have them."""
    from remedy.backing import STATE
    from remedy.rules import RULES

    found: dict[Key, str] = {("state", by_account, ""): STATE for by_account in (True, False)}
    for by_account in (True, False):
        for rule in RULES:
            found["ask", by_account, rule.code] = str(rule.ask)
        given = {"everything": True, "by_account": by_account}
        for name, sql in sqlite.views(**given).items():
            found["view", by_account, name] = sql
        for place, step in enumerate(sqlite.steps(**given)):
            kind = "step" if isinstance(step, sqlite.Step) else "change"
            told = [str(getattr(step, word, "")) for word in ("name", "sql", "where")]
            found[kind, by_account, f"{place} {told[0]}"] = told[1] if kind == "step" else str(told)
    return found


class _Keeping(sqlite.SqliteEngine):
    """Lays the relations and keeps all of them, and what is taken from them on the way."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.taken: dict[str, list[int]] = {}

    def _fill_all(self, *, by_account: bool) -> None:
        for place, step in enumerate(sqlite.steps(everything=True, by_account=by_account)):
            if isinstance(step, sqlite.Step):
                self._make(step)
                self._connection.execute(f"INSERT INTO temp.{step.name} {step.sql}")
            elif not isinstance(step, sqlite.Done):
                self._connection.execute(
                    f"CREATE TEMP TABLE {step.name}_{place} AS SELECT * FROM {step.name}"
                )
                self.taken.setdefault(step.name, []).append(place)
                self._change(step)


class _Laid:
    """A casebook with the relations of a check laid over it."""

    def __init__(self, connection: sqlite3.Connection, given: tuple[Any, ...]) -> None:
        self.asked: set[str] = set()
        self.by_account: bool = given[3]
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.backup(self._connection)
        engine = _Keeping(self._connection)
        engine.prepare(*given)
        self._taken = engine.taken
        self._known: dict[str, Counter[Any] | None] = {}

    def is_same(self, key: Key, old: str, new: str) -> bool:
        """Return whether two versions of a statement give the same rows."""
        kind, by_account, name = key
        if by_account != self.by_account or (kind == "ask" and old not in self.asked):
            return True
        if kind not in ("ask", "view", "step"):
            return False
        place = int(name.partition(" ")[0]) if kind == "step" else None
        if old not in self._known:
            self._known[old] = self._rows(old, place)
        rows = self._rows(new, place)
        return rows is not None and rows == self._known[old]

    def _rows(self, sql: str, place: int | None) -> Counter[Any] | None:
        """Return what a statement gave at its place among the steps; None is an error."""
        for name, places in self._taken.items():
            later = [each for each in places if place is not None and each > place]
            if later:
                sql = re.sub(rf"\b(FROM|JOIN)(\s+){name}\b", rf"\1\2{name}_{later[0]}", sql)
        try:
            return Counter(self._connection.execute(sql).fetchall())
        except sqlite3.Error:
            return None


class Trace(NamedTuple):
    """What a run consists of.

    Attributes:
        laid: Its checks of everything.
        looks_closer: Whether it looks at single cases as well.
    """

    laid: list[_Laid]
    looks_closer: bool

    def may_differ(self, old: Mapping[Key, str], new: Mapping[Key, str]) -> bool:
        """Return whether a run with other statements may give something else."""
        changed = [key for key, sql in old.items() if sql != new[key]]
        if self.looks_closer or not changed:
            return True
        return not all(
            each.is_same(key, old[key], new[key]) for each in self.laid for key in changed
        )


def trace(run: Callable[[], None]) -> Trace:
    """Run something, and return what it consists of."""
    laid: list[_Laid] = []
    closer: list[bool] = []

    class Tracing(sqlite.SqliteEngine):
        def prepare(self, *given: Any) -> None:
            given = (given[0], list(given[1]), list(given[2]), *given[3:])
            if given[4] is None:
                laid.append(_Laid(self._connection, given))
            else:
                closer.append(True)
            super().prepare(*given)

        def rows(self, sql: str) -> Any:
            if laid:
                laid[-1].asked.add(sql)
            return super().rows(sql)

    checking.SqliteEngine = Tracing  # type: ignore[misc]
    try:
        run()
    finally:
        checking.SqliteEngine = sqlite.SqliteEngine  # type: ignore[misc]
    return Trace(laid, bool(closer))
