"""The rules: their SQL, their words, their sources.

Each family has a file. `RANKS` orders the codes that can tell one fact, gravest first.
"""

from __future__ import annotations

from remedy.rules import actions, apologies, causes, recurrence
from remedy.rules._rule import Rule

__all__ = ["BY_CODE", "RANK", "RULES", "Rule"]

RULES: tuple[Rule, ...] = (
    *apologies.RULES,
    *recurrence.RULES,
    *causes.RULES,
    *actions.RULES,
)
"""All rules; those that tell one fact stand in the order of their gravity."""

BY_CODE: dict[str, Rule] = {rule.code: rule for rule in RULES}

RANK: dict[str, int] = {rule.code: place for place, rule in enumerate(RULES)}
"""The place of each code: among those that tell one fact, the smaller one is graver."""
