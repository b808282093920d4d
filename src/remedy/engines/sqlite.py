"""The engine that is always there: the casebook's own SQLite connection.

The relations are temporary: a check writes nothing to the casebook. For one case the tables are
kept and only their rows change, so that the statements stay prepared: that is most of the time of
looking at one case.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from remedy._relations import Done, Instead, Levels, Step, steps, views

if TYPE_CHECKING:
    import sqlite3

    from remedy.engines.focus import Focus

__all__ = ["SqliteEngine"]

_PARAMETERS = (
    "as_of", "recurrence", "horizon", "grace", "verification", "containment", "amends_from",
    "coarse_from", "coarse_permille",
)  # fmt: skip
_LISTS = (
    "focus_id", "wide_id", "focus_cause_id", "wide_cause_id", "focus_action_id", "wide_action_id",
    "focus_apology_id", "focus_customer_id",
)  # fmt: skip
_ASKED = ("asked_incident", "asked_other")
_STATE = "remedy_state"
_SMALL = "12"


def _small(columns: str) -> str:
    """Return what the planner's statistics say of an index of a tiny table."""
    return f"{_SMALL}{' 2' * (columns.count(',') + 1)}"


_READS = frozenset(
    (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
)


def _may_read(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY


class SqliteEngine:
    """Lays the relations over a connection, and asks the rules.

    Args:
        connection: A connection to the casebook, inside a snapshot.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def prepare(
        self,
        parameters: dict[str, int | None],
        contact_limits: Iterable[tuple[int, int]],
        strength_asked: Iterable[tuple[int, int]],
        by_account: bool,
        focus: Focus | None,
    ) -> None:
        """Lay the relations as of a date, for the whole casebook or for one case."""
        self.lay(by_account=by_account, everything=focus is None)
        run = self._connection.execute
        for name in ("p", "contact_limit", "strength_asked"):
            run(f"DELETE FROM temp.{name}")
        run(
            f"INSERT INTO temp.p VALUES ({', '.join('?' * len(_PARAMETERS))})",
            [parameters[name] for name in _PARAMETERS],
        )
        self._connection.executemany("INSERT INTO temp.contact_limit VALUES (?, ?)", contact_limits)
        self._connection.executemany(
            "INSERT INTO temp.strength_asked VALUES (?, ?)", strength_asked
        )
        if focus is None:
            self._fill_all(by_account=by_account)
        else:
            self._fill(focus, by_account=by_account)

    def lay(self, *, by_account: bool, everything: bool) -> None:
        """Make the relations, without rows. For one case they are kept from check to check.

        They are, if this is done before the snapshot, whose end undoes all that was done inside.
        """
        layout = f"{'all' if everything else 'focus'}, {'account' if by_account else 'person'}"
        if everything or self._layout() != layout:
            self._lay(layout, by_account=by_account, everything=everything)

    def _layout(self) -> str | None:
        found = self._connection.execute(
            "SELECT 1 FROM sqlite_temp_schema WHERE name = ?", [_STATE]
        ).fetchone()
        if not found:
            return None
        (layout,) = self._connection.execute(f"SELECT layout FROM temp.{_STATE}").fetchone()
        return str(layout)

    def _lay(self, layout: str, *, by_account: bool, everything: bool) -> None:
        run = self._connection.execute
        self.clear()
        run(f"CREATE TEMP TABLE {_STATE} AS SELECT ? AS layout", [layout])
        run(f"CREATE TEMP TABLE p ({', '.join(f'{name} INTEGER' for name in _PARAMETERS)})")
        run("CREATE TEMP TABLE contact_limit (impact INTEGER, span INTEGER)")
        run("CREATE TEMP TABLE strength_asked (impact INTEGER, strength INTEGER)")
        lists = _ASKED if everything else (*_ASKED, *_LISTS)
        for name in lists:
            run(f"CREATE TEMP TABLE {name} (id TEXT PRIMARY KEY) WITHOUT ROWID")
        for name, sql in views(everything=everything, by_account=by_account).items():
            run(f"CREATE TEMP VIEW {name} AS {sql}")
        made = []
        if not everything:
            for step in steps(everything=False, by_account=by_account):
                if isinstance(step, Step):
                    self._make(step)
                    self._index(step)
                    made.append(step)
        self._say_how_small(lists, made)

    def _make(self, step: Step) -> None:
        """Make the table of a step, without rows."""
        run = self._connection.execute
        # What the columns are is asked of a view: to fill a table takes time even without rows.
        run(f"CREATE TEMP VIEW {step.name} AS {step.sql}")
        columns = [
            f"{name} {declared}"
            for _, name, declared, *_ in run(f"PRAGMA temp.table_info({step.name})").fetchall()
        ]
        run(f"DROP VIEW temp.{step.name}")
        if step.key:
            columns.append(f"PRIMARY KEY ({step.key})")
        ending = " WITHOUT ROWID" if step.key else ""
        run(f"CREATE TEMP TABLE {step.name} ({', '.join(columns)}){ending}")

    def _index(self, step: Step) -> None:
        for number, columns in enumerate(step.indexes):
            self._connection.execute(
                f"CREATE INDEX temp.{step.name}_{number} ON {step.name} ({columns})"
            )

    def _say_how_small(self, lists: Iterable[str], made: Iterable[Step]) -> None:
        """Tell the planner that what was made here is tiny beside the casebook's tables.

        It takes a table that it knows nothing of for a large one, and would begin with one of the
        casebook's. Of one case everything is tiny, of a whole casebook only the lists.
        """
        run = self._connection.execute
        run("ANALYZE temp")
        rows: list[tuple[str, str | None, str]] = [
            (name, None, _SMALL) for name in ("p", "contact_limit", "strength_asked")
        ]
        for name in lists:
            rows += [(name, None, _SMALL), (name, name, f"{_SMALL} 1")]
        for step in made:
            rows.append((step.name, None, _SMALL))
            if step.key:
                rows.append((step.name, step.name, _small(step.key)))
            rows += [
                (step.name, f"{step.name}_{number}", _small(columns))
                for number, columns in enumerate(step.indexes)
            ]
        run("DELETE FROM temp.sqlite_stat1")
        self._connection.executemany("INSERT INTO temp.sqlite_stat1 VALUES (?, ?, ?)", rows)
        run("ANALYZE temp.sqlite_schema")

    def clear(self) -> None:
        """Take all relations away again."""
        for kind, name in self._connection.execute(
            "SELECT type, name FROM sqlite_temp_schema WHERE type IN ('view', 'table')"
        ).fetchall():
            if not name.startswith("sqlite_"):
                self._connection.execute(f"DROP {kind} temp.{name}")

    def _fill_all(self, *, by_account: bool) -> None:
        run = self._connection.execute
        for step in steps(everything=True, by_account=by_account):
            if isinstance(step, Step):
                self._make(step)
                run(f"INSERT INTO temp.{step.name} {step.sql}")
                self._index(step)
            elif isinstance(step, Done):
                for name in step.names:
                    run(f"DROP TABLE temp.{name}")
            else:
                self._change(step)

    def _fill(self, focus: Focus, *, by_account: bool) -> None:
        run, many = self._connection.execute, self._connection.executemany
        for name, ids in zip(
            _LISTS,
            (
                focus.incidents, focus.wide_incidents, focus.causes, focus.wide_causes,
                focus.actions, focus.wide_actions, focus.apologies, focus.customers,
            ),
            strict=True,
        ):  # fmt: skip
            run(f"DELETE FROM temp.{name}")
            many(f"INSERT INTO temp.{name} VALUES (?)", [(id,) for id in ids])
        for step in steps(everything=False, by_account=by_account):
            if isinstance(step, Step):
                run(f"DELETE FROM temp.{step.name}")
                run(f"INSERT INTO temp.{step.name} {step.sql}")
            elif not isinstance(step, Done):
                self._change(step)

    def _change(self, step: Levels | Instead) -> None:
        """Add to the rows of a table, or put others in the place of some."""
        run = self._connection.execute
        if isinstance(step, Instead):
            run(f"DELETE FROM temp.{step.name} WHERE {step.where}")
            run(f"INSERT INTO temp.{step.name} {step.sql}")
        else:
            (top,) = run("SELECT MAX(level) FROM wide_cause").fetchone()
            for sql in step.statements(-1 if top is None else top):
                run(f"INSERT INTO temp.{step.name} {sql}")

    def rows(self, sql: str) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """Ask a question: return the names of the columns, and the rows."""
        cursor = self._connection.execute(sql)
        return tuple(column[0] for column in cursor.description), cursor

    def only_read(self, sql: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Ask what somebody else wrote: return names and rows; it may read, and nothing else.

        Raises:
            ValueError: If it would do anything else, or is no question.
        """
        # Within a transaction of the caller's, what it wrote would stay.
        self._connection.set_authorizer(_may_read)
        try:
            cursor = self._connection.execute(sql)
            if cursor.description is None:
                raise ValueError("it is no SELECT")
            return tuple(column[0] for column in cursor.description), cursor.fetchall()
        finally:
            self._connection.set_authorizer(None)

    def pairs(
        self, sql: str, incidents: Iterable[str], others: Iterable[str]
    ) -> list[tuple[str, str]]:
        """Ask which of the incidents go with which of the others.

        The statement finds them in the tables `asked_incident` and `asked_other`.
        """
        for table, ids in (("asked_incident", incidents), ("asked_other", others)):
            self._connection.execute(f"DELETE FROM temp.{table}")
            self._connection.executemany(
                f"INSERT OR IGNORE INTO temp.{table} VALUES (?)", [(id,) for id in ids]
            )
        return self._connection.execute(sql).fetchall()
