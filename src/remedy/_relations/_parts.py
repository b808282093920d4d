"""What relations are made of: the kinds of step, and the conditions that several of them share."""

from __future__ import annotations

__all__ = [
    "AS_OF",
    "SCOPE",
    "Done",
    "Instead",
    "Levels",
    "Step",
    "best",
    "better",
    "greater",
    "in_scope",
    "sooner",
    "was_there",
]

AS_OF = "(SELECT as_of FROM p)"

SCOPE = ("scope_process", "scope_product", "scope_channel", "scope_site")


class Step:
    """A table that is made once for each check.

    Attributes:
        name: The table.
        sql: The SELECT that fills it.
        key: The columns that it is kept in the order of, if its rows come in that order and no two
            have the same: an engine may spare an index.
        indexes: The columns that it is looked up by otherwise.
    """

    __slots__ = ("indexes", "key", "name", "sql")

    def __init__(self, name: str, sql: str, *, key: str = "", indexes: tuple[str, ...] = ()):
        self.name = name
        self.sql = sql
        self.key = key
        self.indexes = indexes


class Instead:
    """Rows that take the place of others.

    Attributes:
        name: The table.
        sql: The SELECT of the rows that come in.
        where: Which rows go before that.
    """

    __slots__ = ("name", "sql", "where")

    def __init__(self, name: str, sql: str, *, where: str = "1 = 1"):
        self.name = name
        self.sql = sql
        self.where = where


class Levels:
    """Rows to add to a table, level by level.

    Attributes:
        name: The table.
        sql: The SELECT of the rows of one `{level}`.
        first: The lowest level.
        down: Whether to go from the highest level to the lowest.
    """

    __slots__ = ("down", "first", "name", "sql")

    def __init__(self, name: str, sql: str, *, first: int, down: bool = False):
        self.name = name
        self.sql = sql
        self.first = first
        self.down = down

    def statements(self, top: int) -> list[str]:
        """Return the SELECTs in their order.

        Args:
            top: The highest level.
        """
        order = range(self.first, top + 1)
        return [self.sql.format(level=level) for level in (reversed(order) if self.down else order)]


class Done:
    """Tables that no later step and no rule reads: over a whole casebook their room counts.

    Attributes:
        names: The tables.
    """

    __slots__ = ("names",)

    def __init__(self, *names: str) -> None:
        self.names = names


def in_scope(action: str, incident: str) -> str:
    """Return the condition that the scope of an action takes an incident in."""
    fields = [scope.removeprefix("scope_") for scope in SCOPE]
    return " AND ".join(
        f"({action}.scope_{field} IS NULL OR {action}.scope_{field} = {incident}.{field})"
        for field in fields
    )


def was_there(action: str, incident: str) -> str:
    """Return the condition that an action, a row of `fix`, was in effect at an incident."""
    return (
        f"({action}.began < {incident}.occurred AND EXISTS ("
        f"SELECT 1 FROM effect x WHERE x.action = {action}.action "
        f"AND x.began < {incident}.occurred "
        f"AND (x.ended IS NULL OR x.ended >= {incident}.occurred)))"
    )


def greater(one: str, other: str) -> str:
    """Return the greater of two values that are never missing."""
    return f"CASE WHEN {one} > {other} THEN {one} ELSE {other} END"


def sooner(one: str, other: str) -> str:
    """Return the smaller of two values, either of which may be missing."""
    return f"CASE WHEN {other} IS NULL OR {one} < {other} THEN {one} ELSE {other} END"


def best(value: str) -> str:
    """Return the best of several values: the greatest, where 5 (waiting) counts as the lowest."""
    return f"COALESCE(MAX(CASE WHEN {value} <> 5 THEN {value} END), 5)"


def better(one: str, other: str) -> str:
    """Return the better of two values, the second of which may be missing."""
    return (
        f"CASE WHEN {other} IS NULL OR {other} = 5 THEN {one} WHEN {one} = 5 THEN {other} "
        f"WHEN {one} > {other} THEN {one} ELSE {other} END"
    )
