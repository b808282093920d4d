"""The relations that the rules read: what was there as of a date, in the portable subset of SQL.

A check lays them in two layers. The *views* say, of each table, what counts as of the date; the
*steps* are tables made once for each check, since several rules read them. Both start from:

- `p`: one row with the date and the spans (microseconds);
- `focus`: the incidents asked about: all of them, or those of one case;
- `wide`: those that have to be looked at for that: all, or what shares a failure or a cause;
- `focus_cause`, `focus_action`: the causes and actions of the focus; `wide_cause`, `wide_action`
  likewise.

In a full check these are the tables themselves under other names, which costs nothing.

The subset is what SQLite, DuckDB and Spark agree on: no recursion, no division, whole numbers for
times and flags, aliases where a name is reserved. SQLite takes the tables of a CROSS JOIN in the
order in which they stand: it has no statistics of what a check makes, so the order is said where it
matters. Comparisons of incidents in time are sure or do not hold: an incident lies between
`occurred` and `occurred_end`, which differ where only the day is known.
"""

from __future__ import annotations

from collections.abc import Iterator

from remedy._relations._actions import ACTIONS
from remedy._relations._behind import NO_ACTION, STATE, behind
from remedy._relations._parts import AS_OF, SCOPE, Done, Instead, Levels, Step, in_scope, was_there
from remedy._relations._recurrence import recurrence, with_earlier
from remedy._relations._views import views

__all__ = [
    "AS_OF",
    "NO_ACTION",
    "SCOPE",
    "STATE",
    "Done",
    "Instead",
    "Levels",
    "Step",
    "in_scope",
    "steps",
    "views",
    "was_there",
    "with_earlier",
]

_STRENGTH = Step(
    "strength_of",
    """
SELECT f.cause, MAX(f.strength) AS strongest,
       MAX(CASE WHEN f.strength IS NULL THEN 1 ELSE 0 END) AS unknown,
       MAX(CASE WHEN f.strength IS NULL OR f.strength > 1 THEN 1 ELSE 0 END) AS stronger
FROM fix f WHERE f.cancelled = 0 GROUP BY f.cause""",
    indexes=("cause",),
)
# Causes that something is done about, or of which it was decided that nothing is.
_COVERED = Step(
    "covered",
    """
SELECT cause FROM fix WHERE cancelled = 0
UNION
SELECT d.cause FROM wide_cause c JOIN now_decision d ON d.cause = c.id
WHERE d.kind = 'no_action'""",
    indexes=("cause",),
)
_COMPARISON = Step(
    "comparison",
    """
SELECT b.incidents, b.incidents - b.comparable AS blank, b.comparable, r.repeats,
       CASE WHEN b.comparable >= (SELECT coarse_from FROM p)
                 AND r.repeats * 1000 > b.comparable * (SELECT coarse_permille FROM p)
            THEN 1 ELSE 0 END AS coarse
FROM (
    SELECT COUNT(*) AS incidents, COUNT(failure) AS comparable FROM focus
) b, (SELECT COUNT(*) AS repeats FROM repeated) r""",
)


def steps(*, everything: bool, by_account: bool) -> Iterator[Step | Levels | Instead | Done]:
    """Yield the steps in their order.

    Args:
        everything: Whether the focus is the whole casebook.
        by_account: Whether customers of one account are the same customer.
    """
    yield from ACTIONS
    yield Done("happened", "eventful", "uneventful")
    yield from behind(everything=everything)
    yield Done("acted", "own", "unit_cause", "special", "promised")
    yield from recurrence(everything=everything, by_account=by_account)
    yield Done("again", "walker", "unexplained", "bound", "told")
    yield _STRENGTH
    yield _COVERED
    if everything:
        yield _COMPARISON
