"""The raw fact that a rule reports."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """One reason for which a rule fires.

    Attributes:
        code: The rule.
        subject: What the fact is about: an incident, a promise, a customer, a cause, an action.
        who: The person or customer concerned, or None.
        what: What else tells reasons apart: the promise, the apology, the action and its cause.
        weak: Whether it rests on what was detected in a text, or on a merely reported time. A code
            all of whose reasons are weak is at most a warning.
    """

    code: str
    subject: str
    who: str | None = None
    what: Any = None
    weak: bool = False
