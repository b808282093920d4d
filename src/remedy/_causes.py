"""Circles among causes, and the level of each cause.

A cause without a deeper one has level 0, any other one more than its deepest: rules that need
what lies beneath a cause go through the levels, a statement for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from remedy.errors import CausalCycle

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["settle", "settle_all"]


def settle(db: Database, links: Iterable[tuple[str, str]]) -> None:
    """Refuse circles through new links (effect, cause), and set the levels above them.

    Raises:
        CausalCycle: With the path, from a cause back to itself.
    """
    for effect, cause in sorted(links):
        path = _path_down(db, cause, effect)
        if (
            path
            and db.execute(
                "SELECT 1 FROM cause_cause WHERE effect = ? AND cause = ?", [effect, cause]
            ).fetchone()
        ):
            raise CausalCycle(_from_the_least([effect, *path]))
    todo = {effect for effect, _ in links}
    while todo:
        each = todo.pop()
        (level,) = db.execute(
            "SELECT coalesce(max(c.level) + 1, 0) FROM cause_cause l "
            "JOIN cause c ON c.id = l.cause WHERE l.effect = ?",
            [each],
        ).fetchone()
        if db.execute(
            "UPDATE cause SET level = ? WHERE id = ? AND level <> ?", [level, each, level]
        ).rowcount:
            todo.update(
                row[0]
                for row in db.execute("SELECT effect FROM cause_cause WHERE cause = ?", [each])
            )


def _path_down(db: Database, start: str, goal: str) -> list[str] | None:
    """Return a path from a cause over deeper ones to the goal."""
    came_from: dict[str, str | None] = {start: None}
    todo = [start]
    while todo:
        each = todo.pop()
        if each == goal:
            path = [each]
            while (before := came_from[path[-1]]) is not None:
                path.append(before)
            return path[::-1]
        for (deeper,) in db.execute(
            "SELECT cause FROM cause_cause WHERE effect = ? ORDER BY cause", [each]
        ):
            if deeper not in came_from:
                came_from[deeper] = each
                todo.append(deeper)
    return None


def _from_the_least(circle: list[str]) -> list[str]:
    """Return a circle as it is told wherever it was met: from its least id, and back to it."""
    least = circle.index(min(circle))
    return [*circle[least:-1], *circle[: least + 1]]


def settle_all(db: Database) -> None:
    """Refuse circles among all causes, and set all levels."""
    deeper: dict[str, int] = defaultdict(int)
    effects: dict[str, list[str]] = defaultdict(list)
    for effect, cause in db.execute("SELECT effect, cause FROM cause_cause"):
        deeper[effect] += 1
        effects[cause].append(effect)
    level = {cause: 0 for cause in effects if cause not in deeper}
    todo = list(level)
    while todo:
        each = todo.pop()
        for effect in effects.get(each, ()):
            level[effect] = max(level.get(effect, 0), level[each] + 1)
            deeper[effect] -= 1
            if not deeper[effect]:
                todo.append(effect)
    stuck = min((cause for cause, left in deeper.items() if left), default=None)
    if stuck is not None:
        # Some of what is left only hangs from a circle; walking down over what is left meets it.
        path = [stuck]
        while path.count(path[-1]) < 2:
            path.append(
                next(
                    cause
                    for (cause,) in db.execute(
                        "SELECT cause FROM cause_cause WHERE effect = ? ORDER BY cause", [path[-1]]
                    )
                    if deeper.get(cause)
                )
            )
        raise CausalCycle(_from_the_least(path[path.index(path[-1]) :]))
    db.conn.executemany(
        "UPDATE cause SET level = ? WHERE id = ? AND level <> ?",
        [(number, cause, number) for cause, number in level.items() if number],
    )
