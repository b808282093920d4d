"""Records as they stood at a date."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs

from remedy import records as r

# What may happen to a record after it counts, and what is only known once it has happened.
_LATER: dict[str, dict[str, tuple[str, ...]]] = {
    "incident": {"acknowledged": ()},
    "complaint": {"reopened": ()},
    "promise": {"fulfilled": ()},
    "follow_up": {"made": ("text",)},
}


def then(record: r.Record, as_of: datetime) -> r.Record:
    """Return a record without what had not happened to it yet, and without later links."""
    changes: dict[str, Any] = {}
    for name, known_by_it in _LATER.get(record.entity, {}).items():
        if not by(getattr(record, name), as_of):
            changes.update(dict.fromkeys((name, *known_by_it)))
    for field in attrs.fields(type(record)):
        value = getattr(record, field.name)
        if isinstance(value, tuple):
            kept = tuple(_then(each, as_of) for each in value if by(_since(each), as_of))
            if kept != value:
                changes[field.name] = kept
    return attrs.evolve(record, **changes) if changes else record


def by(moment: datetime | None, as_of: datetime | None) -> bool:
    """Whether something had happened by then; what has no date always has."""
    return moment is None or as_of is None or moment <= as_of


def _since(part: object) -> datetime | None:
    match part:
        case r.Link() | r.CausalLink() | r.Affected():
            return part.since
        case r.ActionEvent():
            return part.occurred
        case r.Promise():
            return part.made
        case _:
            return None


def _then(part: object, as_of: datetime) -> object:
    if isinstance(part, r.Promise):
        return then(part, as_of)
    if isinstance(part, r.Affected) and not by(part.acknowledged, as_of):
        return attrs.evolve(part, acknowledged=None)
    return part
