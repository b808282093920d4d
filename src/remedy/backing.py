"""How it stands with the apologies and promises, once the relations are laid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from remedy._relations import AS_OF, SCOPE, STATE, in_scope, was_there
from remedy.config import same_words
from remedy.standings import Behind, LookedUp, LookUp, Packed, Standings
from remedy.vocabulary import ApologyState, BehindState, PromiseState

if TYPE_CHECKING:
    from remedy.engines.sqlite import SqliteEngine

__all__ = ["apologies", "behind", "beside", "made_in", "other_spellings", "promises"]


def apologies(
    engine: SqliteEngine, look_up: LookUp, assessed: Collection[int], *, everything: bool
) -> Standings:
    """Return every apology with its state.

    Args:
        engine: The engine that laid the relations.
        look_up: Looks up what stands behind them.
        assessed: The numbers of the states that can be told; for others it is not assessed.
        everything: Whether the focus is the whole casebook. An incident of one case may have other
            apologies besides, of which not every incident is looked at.
    """
    focus = (
        "" if everything else "WHERE EXISTS (SELECT 1 FROM focus_apology f WHERE f.id = s.apology)"
    )
    _, rows = engine.rows(
        f"""
SELECT apology, CASE WHEN least > 2 AND (partly = 1 OR most = 8 AND least < 8) THEN 4 ELSE least END
FROM (
    SELECT s.apology, MIN(t.state) AS least, MAX(t.state) AS most,
           MAX(CASE WHEN t.state = 4 THEN 1 ELSE 0 END) AS partly
    FROM sorry s JOIN ({STATE}) t ON t.incident = s.incident {focus} GROUP BY s.apology
) g"""
    )
    states = bytearray()

    def generate_ids() -> Iterator[str]:
        for apology, state in rows:
            states.append(state)
            yield apology

    ids = Packed(generate_ids())
    for state in _STATES - set(assessed):
        states = states.replace(bytes([state]), bytes([_NOT_ASSESSED]))
    return Standings(ApologyState, ids, bytes(states), look_up)


_STATES = frozenset(range(1, 9))
_NOT_ASSESSED = 9

_PROMISED = f"""
SELECT r.id,
       CASE WHEN b.promise IS NOT NULL THEN 4
            WHEN r.kind = 'non_recurrence' THEN
                CASE WHEN {AS_OF} > r.made + (SELECT horizon FROM p) OR EXISTS (
                    SELECT 1 FROM promise_action l JOIN standing s ON s.action = l.action
                    WHERE l.promise = r.id AND s.last_result = 'effective'
                    AND (l.since IS NULL OR l.since <= {AS_OF})
                ) OR EXISTS (
                    SELECT 1 FROM now_sorry l JOIN now_incident i ON i.id = l.incident
                    JOIN now_link e ON e.incident = i.id
                    JOIN reach d ON d.cause = e.cause JOIN fix x ON x.cause = d.deeper
                    WHERE l.apology = r.apology AND x.last_result = 'effective'
                ) THEN 2 ELSE 1 END
            WHEN r.fulfilled <= {AS_OF} THEN 2
            WHEN r.kind = 'watch'
                THEN CASE WHEN COALESCE(r.due, r.made + (SELECT horizon FROM p)) < {AS_OF}
                          THEN 2 ELSE 1 END
            WHEN r.kind = 'deed' AND r.due < {AS_OF} THEN 3
            ELSE 1 END AS state
FROM now_promise r JOIN focus_apology f ON f.id = r.apology
LEFT JOIN broken b ON b.promise = r.id"""


def promises(engine: SqliteEngine, look_up: LookUp) -> Standings:
    """Return every promise with its state: 1 open, 2 kept, 3 overdue, 4 broken."""
    ids, states = [], bytearray()
    for promise, state in engine.rows(_PROMISED)[1]:
        ids.append(promise)
        states.append(state)
    return Standings(PromiseState, ids, bytes(states), look_up)


# How it stands with an action, as `fix` ranks it, for an incident that it was there for.
_BEHIND_STATES = {
    8: BehindState.CHANGED,
    6: BehindState.IN_HAND,
    4: BehindState.NO_CHANGE_PLANNED,
    3: BehindState.NOT_DONE,
    2: BehindState.NO_CHANGE,
    0: BehindState.INEFFECTIVE,
}
_BEHIND = f"""
SELECT DISTINCT s.apology, s.incident, r.deeper AS cause, f.action, f.placed,
       CASE WHEN {in_scope("f", "i")} THEN 1 ELSE 0 END AS within,
       CASE WHEN {was_there("f", "i")} THEN 1 ELSE 0 END AS before
FROM sorry s CROSS JOIN now_incident i CROSS JOIN now_link l CROSS JOIN reach r CROSS JOIN fix f
WHERE i.id = s.incident AND l.incident = s.incident AND l.role = 'cause' AND r.cause = l.cause
AND f.cause = r.deeper ORDER BY s.apology, s.incident, cause, f.action"""


def behind(engine: SqliteEngine) -> dict[str, LookedUp]:
    """Return of each apology its incidents, and what stands behind it."""
    incidents: dict[str, list[str]] = defaultdict(list)
    found: dict[str, list[Behind]] = defaultdict(list)
    for apology, incident in engine.rows(
        "SELECT DISTINCT s.apology, i.id FROM sorry s CROSS JOIN now_incident i "
        "WHERE i.id = s.incident ORDER BY s.apology, i.id"
    )[1]:
        incidents[apology].append(incident)
    for apology, incident, cause, action, placed, within, before in engine.rows(_BEHIND)[1]:
        state = _BEHIND_STATES[placed]
        if not within:
            state = BehindState.OUT_OF_SCOPE
        elif before:
            state = BehindState.THERE_BEFORE
        found[apology].append(Behind(incident=incident, cause=cause, action=action, state=state))
    return {id: (tuple(each), tuple(found.get(id, ()))) for id, each in incidents.items()}


def made_in(engine: SqliteEngine) -> dict[str, str]:
    """Return the apologies that promises were made in."""
    sql = "SELECT r.id, r.apology FROM focus_apology f CROSS JOIN promise r WHERE r.apology = f.id"
    return dict(engine.rows(sql)[1])


# What stands beside an apology: the apologies themselves, what the customers got, what put this one
# incident right, the causes and what is done about them.
_BESIDE = (
    (
        "SELECT s.incident, 'apology', s.apology FROM asked_incident t "
        "JOIN now_sorry s ON s.incident = t.id ORDER BY s.made, s.apology"
    ),
    (
        "SELECT m.incident, m.kind, m.id FROM asked_incident t JOIN amends m ON m.incident = t.id "
        "WHERE m.made <= (SELECT as_of FROM p) ORDER BY m.made, m.id"
    ),
    (
        "SELECT l.incident, a.kind, a.id FROM asked_incident t "
        "JOIN action_incident l ON l.incident = t.id JOIN now_action a ON a.id = l.action "
        "WHERE a.kind IN ('correction', 'containment') "
        "AND (l.since IS NULL OR l.since <= (SELECT as_of FROM p)) ORDER BY a.decided, a.id"
    ),
    (
        "SELECT l.incident, 'cause', r.deeper FROM asked_incident t "
        "JOIN now_link l ON l.incident = t.id JOIN reach r ON r.cause = l.cause "
        "WHERE l.role = 'cause' ORDER BY r.deeper"
    ),
    (
        "SELECT DISTINCT l.incident, 'action', f.action FROM asked_incident t "
        "JOIN now_link l ON l.incident = t.id JOIN reach r ON r.cause = l.cause "
        "JOIN fix f ON f.cause = r.deeper WHERE l.role = 'cause' ORDER BY f.action"
    ),
)


def beside(engine: SqliteEngine, incidents: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Return what stands beside the apologies for some incidents: words and ids."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    engine.pairs("SELECT 1 WHERE 1 = 0", incidents, ())
    for sql in _BESIDE if incidents else ():
        for incident, word, id in engine.rows(sql)[1]:
            found[incident].append((word, id))
    return found


_OTHER_SPELLING = """
SELECT DISTINCT f.action, '{field}' AS field, f.scope_{field} AS meant, i.{field} AS found
FROM (SELECT DISTINCT action, cause, scope_{field} FROM fix WHERE scope_{field} IS NOT NULL) f
CROSS JOIN reach r CROSS JOIN now_link l CROSS JOIN now_incident i
WHERE r.deeper = f.cause AND l.cause = r.cause AND i.id = l.incident
AND i.{field} <> f.scope_{field}"""


def other_spellings(engine: SqliteEngine) -> list[tuple[str, str, str, str]]:
    """Return the scopes that fail to take incidents in because of how they are written.

    A scope is compared to the letter, and a failure key is not: both may be the same failure.

    Returns:
        Of each: the action, the field, the scope, and what an incident has instead.
    """
    found = []
    for scope in SCOPE:
        sql = _OTHER_SPELLING.format(field=scope.removeprefix("scope_"))
        for action, field, meant, other in engine.rows(sql)[1]:
            if same_words(meant, other):
                found.append((action, field, meant, other))
    return sorted(found)
