"""The engine that is always there: the casebook's own SQLite connection.

The relations are temporary: a check writes nothing to the casebook. For one case the tables are
kept and only their rows change, so that the statements stay prepared: that is most of the time of
looking at one case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from remedy._relations import Done, Instead, Levels, Step, steps, views

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Focus", "SqliteEngine", "focus_behind", "focus_of"]

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


@attrs.frozen(kw_only=True)
class Focus:
    """The part of a casebook that a check of one case looks at.

    Attributes:
        incidents: The canonical incidents of the case, with those that share an apology.
        causes: What explains them, over all depths.
        actions: What addresses these causes, brought them into being, or is for the incidents.
        apologies: The apologies for the incidents.
        customers: Their customers.
        wide_incidents: The incidents that have to be looked at for that.
        wide_causes: Likewise.
        wide_actions: Likewise.
    """

    incidents: frozenset[str]
    causes: frozenset[str]
    actions: frozenset[str]
    apologies: frozenset[str]
    customers: frozenset[str]
    wide_incidents: frozenset[str]
    wide_causes: frozenset[str]
    wide_actions: frozenset[str]


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
        *,
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


_PART = 500


class _Lookup:
    """Follows links in the casebook's tables, many at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def follow(self, sql: str, ids: Iterable[str]) -> set[str]:
        """Return what a statement with one list of ids finds."""
        found: set[str] = set()
        wanted = list(ids)
        for start in range(0, len(wanted), _PART):
            part = wanted[start : start + _PART]
            # As many marks as a power of two has: few statements to prepare.
            size = 1 << (len(part) - 1).bit_length()
            padded = part + [part[-1]] * (size - len(part))
            marks = ", ".join("?" * size)
            found.update(
                row[0]
                for row in self._connection.execute(sql.format(ids=marks), padded)
                if row[0] is not None
            )
        return found

    def closure(self, sql: str, ids: Iterable[str]) -> set[str]:
        """Return the ids, what they lead to, what that leads to, and so on."""
        found = set(ids)
        new = found
        while new:
            new = self.follow(sql, new) - found
            found = found | new
        return found


_DEEPER = "SELECT cause FROM cause_cause WHERE effect IN ({ids})"
_SHALLOWER = "SELECT effect FROM cause_cause WHERE cause IN ({ids})"
_CAUSES_OF_INCIDENTS = "SELECT cause FROM incident_cause WHERE incident IN ({ids})"
_INCIDENTS_OF_CAUSES = "SELECT incident FROM incident_cause WHERE cause IN ({ids})"
_CUSTOMERS = "SELECT customer FROM incident_customer WHERE incident IN ({ids})"
_APOLOGIES = "SELECT apology FROM apology_incident WHERE incident IN ({ids})"
_LAST_CHANCES = "SELECT incident FROM response WHERE customer IN ({ids}) AND kind = 'last_chance'"
_PROMISING_APOLOGIES = (
    "SELECT l.apology FROM apology_incident l JOIN promise r ON r.apology = l.apology "
    "WHERE l.incident IN ({ids})"
)
_ACTIONS_OF_CAUSES = "SELECT action FROM action_cause WHERE cause IN ({ids})"
_ACTIONS_OF_INCIDENTS = "SELECT action FROM action_incident WHERE incident IN ({ids})"
_ACTIONS_OF_PROMISES = (
    "SELECT l.action FROM promise r JOIN promise_action l ON l.promise = r.id "
    "WHERE r.apology IN ({ids})"
)
_FAILURES = "SELECT DISTINCT failure FROM incident WHERE id IN ({ids})"
_SAME_FAILURE = "SELECT id FROM incident WHERE failure IN ({ids}) AND canonical IS NULL"

_INCIDENTS_AROUND: dict[str, Sequence[str]] = {
    "incident": ["SELECT COALESCE(canonical, id) FROM incident WHERE id IN ({ids})"],
    "complaint": ["SELECT incident FROM complaint WHERE id IN ({ids})"],
    "cause": [],
    "action": ["SELECT incident FROM action_incident WHERE action IN ({ids})"],
    "verification": [],
    "apology": ["SELECT incident FROM apology_incident WHERE apology IN ({ids})"],
    "promise": (
        "SELECT l.incident FROM promise r JOIN apology_incident l ON l.apology = r.apology "
        "WHERE r.id IN ({ids})",
    ),
    "amends": ["SELECT incident FROM amends WHERE id IN ({ids})"],
    "response": ["SELECT incident FROM response WHERE id IN ({ids})"],
    "follow_up": ["SELECT incident FROM follow_up WHERE id IN ({ids})"],
    "decision": ["SELECT incident FROM decision WHERE id IN ({ids})"],
    "evidence": [],
    "verdict": [
        "SELECT a FROM verdict WHERE id IN ({ids})",
        "SELECT b FROM verdict WHERE id IN ({ids})",
    ],
    "customer": ["SELECT incident FROM incident_customer WHERE customer IN ({ids})"],
    "exposure": [],
    "waiver": [],
}  # fmt: skip
_ACTIONS_AROUND = {
    "verification": "SELECT action FROM verification WHERE id IN ({ids})",
    "evidence": "SELECT action FROM evidence WHERE id IN ({ids})",
}
_CAUSES_AROUND = {
    "action": "SELECT cause FROM action_cause WHERE action IN ({ids})",
    "evidence": "SELECT cause FROM evidence WHERE id IN ({ids})",
    "decision": "SELECT cause FROM decision WHERE id IN ({ids})",
}


def focus_of(connection: sqlite3.Connection, entity: str, id: str) -> Focus:
    """Return the part of the casebook that has to be looked at for one record.

    What counts as of the date is left to the views: here everything is followed that is on file.

    Args:
        connection: A connection to the casebook.
        entity: What kind of record it is.
        id: Its id.
    """
    look = _Lookup(connection)
    start = {id}
    incidents: set[str] = set()
    for sql in _INCIDENTS_AROUND[entity]:
        incidents |= look.follow(sql, start)
    actions = start if entity == "action" else set()
    if entity in _ACTIONS_AROUND:
        actions = look.follow(_ACTIONS_AROUND[entity], start)
    causes = start if entity == "cause" else set()
    if entity in _CAUSES_AROUND:
        causes = look.follow(_CAUSES_AROUND[entity], start)
    if actions:
        causes |= look.follow(_CAUSES_AROUND["action"], actions)
        incidents |= look.follow(_INCIDENTS_AROUND["action"][0], actions)
    if causes:
        incidents |= look.follow(_INCIDENTS_OF_CAUSES, look.closure(_SHALLOWER, causes))
    # An apology stands or falls with all incidents that it is for: they are one case.
    apologies = look.follow(_APOLOGIES, incidents)
    if entity == "apology":
        apologies |= start
    incidents |= look.follow(_INCIDENTS_AROUND["apology"][0], apologies)
    causes = look.closure(_DEEPER, causes | look.follow(_CAUSES_OF_INCIDENTS, incidents))
    actions |= look.follow(_ACTIONS_OF_CAUSES, causes)
    actions |= look.follow(_ACTIONS_OF_INCIDENTS, incidents)
    actions |= look.follow(_ACTIONS_OF_PROMISES, apologies)
    customers = look.follow(_CUSTOMERS, incidents)
    customers |= look.follow("SELECT customer FROM response WHERE incident IN ({ids})", incidents)
    if entity == "customer":
        customers |= start
    # What has to be looked at for that: what shares a cause, an action or a failure, and what the
    # customers have responded to.
    touched = causes | look.follow(_CAUSES_AROUND["action"], actions)
    shallower = look.closure(_SHALLOWER, touched)
    linked = (
        incidents
        | look.follow(_INCIDENTS_OF_CAUSES, shallower)
        | look.follow(_INCIDENTS_AROUND["action"][0], actions)
        | look.follow(_LAST_CHANCES, customers)
    )
    wide = linked | look.follow(_SAME_FAILURE, look.follow(_FAILURES, linked))
    # A promise about several failures is broken by the first of them that comes back.
    promised = look.follow(_INCIDENTS_AROUND["apology"][0], look.follow(_PROMISING_APOLOGIES, wide))
    wide |= promised | look.follow(_SAME_FAILURE, look.follow(_FAILURES, promised - wide))
    wide_causes = look.closure(
        _DEEPER, shallower | touched | look.follow(_CAUSES_OF_INCIDENTS, wide)
    )
    wide_actions = actions | look.follow(_ACTIONS_OF_CAUSES, wide_causes)
    return Focus(
        incidents=frozenset(incidents),
        causes=frozenset(causes),
        actions=frozenset(actions),
        apologies=frozenset(apologies),
        customers=frozenset(customers),
        wide_incidents=frozenset(wide),
        wide_causes=frozenset(wide_causes),
        wide_actions=frozenset(wide_actions),
    )


def focus_behind(connection: sqlite3.Connection, ids: Iterable[str]) -> Focus:
    """Return what has to be looked at for what is done about the incidents of some apologies.

    Nothing else can be asked of it: what is of the same failure is left out.

    Args:
        connection: A connection to the casebook.
        ids: The apologies, or promises made in them.
    """
    look = _Lookup(connection)
    given = set(ids)
    apologies = given | look.follow("SELECT apology FROM promise WHERE id IN ({ids})", given)
    incidents = frozenset(look.follow(_INCIDENTS_AROUND["apology"][0], apologies))
    causes = frozenset(look.closure(_DEEPER, look.follow(_CAUSES_OF_INCIDENTS, incidents)))
    actions = frozenset(look.follow(_ACTIONS_OF_CAUSES, causes))
    return Focus(
        incidents=incidents,
        causes=causes,
        actions=actions,
        apologies=frozenset(apologies),
        customers=frozenset(),
        wide_incidents=incidents,
        wide_causes=causes,
        wide_actions=actions,
    )
