"""Which checks a mutant of SQL can make a difference to at all.

A check is a chain of statements over few rows. Where those that a mutant changed give the same rows
as before, all that follows is the same as well, and the check need not be made. What they read is
kept from the check of the code as it is: the casebook, the relations that were laid over it, and
those rows of a relation that later steps took away.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from remedy import backing, checking
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


_NUMBERS = itertools.count()


def _place_of(key: Key) -> int | None:
    return int(key[3].partition(" ")[0]) if key[0] in ("step", "change") else None


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
        self.source, self.given = connection, given
        self.everything, self.by_account = given[4] is None, given[3]
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.backup(self._connection)
        engine = _Keeping(self._connection)
        engine.prepare(*given)
        steps = list(sqlite.steps(everything=self.everything, by_account=self.by_account))
        places = [
            place
            for place, step in enumerate(steps)
            if not isinstance(step, (sqlite.Step, sqlite.Done))
        ]
        self._changes = list(zip(places, engine.changed, strict=True))
        self._known: dict[tuple[str, int | None], int | None] = {}

    def remember(self, statements: Mapping[Key, str]) -> None:
        """Keep what the statements give: each mutant is held against it."""
        for sql in self.asked:
            self._known[sql, None] = self._hash(sql)
        for key, sql in statements.items():
            if self._is_made(key) and key[0] in ("view", "step"):
                self._known[sql, _place_of(key)] = self._hash(self._at(sql, _place_of(key)))

    def _is_made(self, key: Key) -> bool:
        return key[1:3] == (self.everything, self.by_account)

    def may_differ(self, old: Mapping[Key, str], new: Mapping[Key, str]) -> bool:
        """Return whether what is asked may get other answers where the statements are others.

        Relations whose rows are others are made again, and what reads them is asked again.
        """
        others: dict[str, str] = {}
        steps = sqlite.steps(everything=self.everything, by_account=self.by_account)
        by_place = dict(enumerate(steps))
        for key, was in old.items():
            kind, _, _, name = key
            if not self._is_made(key) or kind in ("ask", "state"):
                continue
            place = _place_of(key)
            if kind == "change":
                target = name.partition(" ")[2]
                if new[key] != was or target in others or self._instead(was, others) != was:
                    try:
                        self._change(by_place[place], target, place, others)
                    except sqlite3.Error:
                        return True
                continue
            sql = self._instead(new[key], others)
            if sql != was:
                at = self._at(sql, place)
                found = self._hash(at)
                if found is None or (kind == "view" and found != self._known[was, place]):
                    return True
                if found != self._known[was, place]:
                    self._make(name.partition(" ")[2], at, others)
        return self._answers_differ(old, new, others)

    def _make(self, name: str, sql: str, others: dict[str, str]) -> None:
        others[name] = f"{name}_instead_{next(_NUMBERS)}"
        self._connection.execute(f"CREATE TEMP TABLE {others[name]} AS {sql}")

    def _change(self, step: Any, target: str, place: int, others: dict[str, str]) -> None:
        """Change the rows that are instead of those of a relation, as a step does."""
        run = self._connection.execute
        number = next(number for number, (at, _) in enumerate(self._changes) if at == place)
        if target not in others:
            self._make(target, f"SELECT * FROM {target}_before_{number}", others)
        if isinstance(step, sqlite.Instead):
            run(f"DELETE FROM {others[target]} WHERE {self._instead(step.where, others)}")
            texts = [step.sql]
        else:
            (top,) = run("SELECT MAX(level) FROM wide_cause").fetchone()
            texts = step.statements(-1 if top is None else top)
        for sql in texts:
            run(f"INSERT INTO {others[target]} {self._at(self._instead(sql, others), place)}")
        if self._hash(f"SELECT * FROM {others[target]}") == self._hash(
            self._at(f"SELECT * FROM {target}", place)
        ):
            del others[target]

    def _answers_differ(
        self, old: Mapping[Key, str], new: Mapping[Key, str], others: Mapping[str, str]
    ) -> bool:
        state = next(key for key in old if key[0] == "state")
        asks = {sql: new[key] for key, sql in old.items() if key[0] == "ask"}
        for was in self.asked:
            sql = asks.get(was, was).replace(old[state], new[state])
            sql = self._instead(sql, others)
            if sql != was and (
                # What it is asked about is no longer known.
                re.search(r"\basked_(incident|other)\b", sql)
                or (found := self._hash(sql)) is None
                or found != self._known[was, None]
            ):
                return True
        return False

    def _instead(self, sql: str, others: Mapping[str, str]) -> str:
        for name, other in others.items():
            sql = re.sub(rf"\b(FROM|JOIN)(\s+){name}\b", rf"\1\2{other}", sql)
        return sql

    def _at(self, sql: str, place: int | None) -> str:
        """Return a statement that reads what there was at its place among the steps."""
        changed: set[str] = set()
        for number, (at, name) in enumerate(self._changes):
            if place is not None and at > place and name not in changed:
                changed.add(name)
                sql = self._instead(sql, {name: f"{name}_before_{number}"})
        return sql

    def _hash(self, sql: str) -> int | None:
        """Return a hash of what a statement gives; None is an error."""
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
        return any(each.may_differ(old, new) for each in self.laid)

    def clear(self) -> None:
        """Take away the relations that were kept from the run, for one case: they are of before."""
        for each in self.laid:
            # A story's casebook is closed at its end.
            with contextlib.suppress(sqlite3.ProgrammingError):
                sqlite.SqliteEngine(each.source).clear()


_STATES = "apologies"
"""The function of `remedy.backing` that asks for what the oracle and the stories hold against."""


def trace(run: Callable[[], None], *, findings_alone: bool) -> Trace:
    """Run something, and return what it consists of.

    Args:
        run: The run.
        findings_alone: Whether it looks at findings, and not at the states of apologies.
    """
    laid: list[_Laid] = []
    now: list[_Laid] = []

    class Tracing(sqlite.SqliteEngine):
        def prepare(self, *given: Any) -> None:
            given = (given[0], list(given[1]), list(given[2]), *given[3:])
            # Nothing is written in between, so that what is laid for one check is for the next.
            now[:] = [
                each for each in laid if (each.source, each.given) == (self._connection, given)
            ]
            if not now:
                now.append(_Laid(self._connection, given))
                laid.extend(now)
            super().prepare(*given)

        def rows(self, sql: str) -> Any:
            asking = sys._getframe(1).f_code
            beside = asking.co_filename == backing.__file__
            if not beside or (asking.co_name == _STATES and not findings_alone):
                now[0].asked.add(sql)
            return super().rows(sql)

        def pairs(self, sql: str, incidents: Any, others: Any) -> Any:
            now[0].asked.add(sql)
            return super().pairs(sql, incidents, others)

    checking.SqliteEngine = Tracing  # type: ignore[misc]
    try:
        run()
    finally:
        checking.SqliteEngine = sqlite.SqliteEngine  # type: ignore[misc]
    known = statements()
    for each in laid:
        each.remember(known)
    return Trace(laid)
