"""What belongs to one case, and what has to be looked at for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Focus", "focus_behind", "focus_of", "with_others"]


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


_PART = 500


class _Lookup:
    """Follows links in the casebook's tables, many at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def follow(self, sql: str, ids: Iterable[str]) -> set[str]:
        """Return what a statement with one list of `{ids}` finds."""
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
_CUSTOMERS_OF_RESPONSES = "SELECT customer FROM response WHERE incident IN ({ids})"
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
# Containment is asked of all the incidents that it is for.
_CONTAINED = (
    "SELECT l.incident FROM action a JOIN action_incident l ON l.action = a.id "
    "WHERE a.id IN ({ids}) AND a.kind = 'containment'"
)
# Actions of which it matters whether their causes came back elsewhere: those that were closed with
# no verification since, and those of which a second one of the same kind was tried.
_CLOSED = """
SELECT e.action FROM action a JOIN action_event e ON e.action = a.id
WHERE a.id IN ({{ids}}) AND a.kind IN ('corrective', 'preventive') AND e.state = 'closed'
AND e.occurred <= {as_of} AND (NOT EXISTS (SELECT 1 FROM verification v WHERE v.action = e.action
                 AND v.result IN ('effective', 'ineffective') AND v.made <= {as_of})
     OR EXISTS (SELECT 1 FROM action_event r WHERE r.action = e.action AND r.state = 'reopened'))"""
_TRIED_AGAIN = """
SELECT MIN(l.cause) FROM action_cause l JOIN action a ON a.id = l.action
WHERE l.cause IN ({ids}) AND l.relation = 'addresses' AND a.intervention IS NOT NULL
GROUP BY l.cause, a.intervention HAVING COUNT(*) > 1"""
_FAILURES = "SELECT DISTINCT failure FROM incident WHERE id IN ({ids})"
_CAME_BACK = (
    "SELECT failure FROM incident WHERE failure IN ({ids}) AND canonical IS NULL "
    "GROUP BY failure HAVING COUNT(*) > 1"
)
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


def focus_of(connection: sqlite3.Connection, entity: str, id: str, as_of: int) -> Focus:
    """Return the part of the casebook that has to be looked at for one record.

    What counts as of the date is left to the views: here everything is followed that is on file.

    Args:
        connection: A connection to the casebook.
        entity: What kind of record it is.
        id: Its id.
        as_of: The date, in microseconds.
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
    return _case(
        look,
        as_of,
        incidents=incidents,
        causes=causes,
        actions=actions,
        apologies=start if entity == "apology" else set(),
        customers=start if entity == "customer" else set(),
    )


def with_others(
    connection: sqlite3.Connection, focus: Focus, incidents: Iterable[str], as_of: int
) -> Focus:
    """Return a focus with further incidents in it.

    Args:
        connection: A connection to the casebook.
        focus: The focus.
        incidents: Ids of incidents.
        as_of: The date, in microseconds.
    """
    return _case(
        _Lookup(connection),
        as_of,
        incidents=focus.incidents | set(incidents),
        causes=set(focus.causes),
        actions=set(focus.actions),
        apologies=set(focus.apologies),
        customers=set(focus.customers),
    )


def _case(
    look: _Lookup,
    as_of: int,
    *,
    incidents: set[str] | frozenset[str],
    causes: set[str],
    actions: set[str],
    apologies: set[str],
    customers: set[str],
) -> Focus:
    # An apology stands or falls with all incidents that it is for: they are one case.
    apologies = apologies | look.follow(_APOLOGIES, incidents)
    incidents = incidents | look.follow(_INCIDENTS_AROUND["apology"][0], apologies)
    causes = look.closure(_DEEPER, causes | look.follow(_CAUSES_OF_INCIDENTS, incidents))
    actions = actions | look.follow(_ACTIONS_OF_CAUSES, causes)
    actions |= look.follow(_ACTIONS_OF_INCIDENTS, incidents)
    actions |= look.follow(_ACTIONS_OF_PROMISES, apologies)
    customers = customers | look.follow(_CUSTOMERS, incidents)
    customers |= look.follow(_CUSTOMERS_OF_RESPONSES, incidents)
    # What has to be looked at for that. Whether causes came back elsewhere matters for few actions;
    # for the others it is enough to look at what is of the same failure.
    touched = causes | look.follow(_CAUSES_AROUND["action"], actions)
    elsewhere = look.follow(_TRIED_AGAIN, causes)
    closed = look.follow(_CLOSED.format(as_of=as_of), actions)
    if closed:
        elsewhere |= look.follow(_CAUSES_AROUND["action"], closed)
    linked = incidents | look.follow(_LAST_CHANCES, customers)
    failures = look.follow(_FAILURES, linked)
    if elsewhere:
        there = look.follow(_INCIDENTS_OF_CAUSES, look.closure(_SHALLOWER, elsewhere))
        failures |= look.follow(_CAME_BACK, look.follow(_FAILURES, there))
    wide = linked | look.follow(_SAME_FAILURE, failures)
    # A promise about several failures is broken by the first of them that comes back.
    promised = look.follow(_INCIDENTS_AROUND["apology"][0], look.follow(_PROMISING_APOLOGIES, wide))
    wide |= promised | look.follow(_SAME_FAILURE, look.follow(_FAILURES, promised - wide))
    explaining = look.follow(_CAUSES_OF_INCIDENTS, wide | look.follow(_CONTAINED, actions))
    acted_on = look.closure(_DEEPER, touched | explaining)
    return Focus(
        incidents=frozenset(incidents),
        causes=frozenset(causes),
        actions=frozenset(actions),
        apologies=frozenset(apologies),
        customers=frozenset(customers),
        wide_incidents=frozenset(wide),
        # Which incidents a cause has led to is asked of all causes above it.
        wide_causes=frozenset(acted_on | look.closure(_SHALLOWER, touched)),
        wide_actions=frozenset(actions | look.follow(_ACTIONS_OF_CAUSES, acted_on)),
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
