"""Letting bodies of the history go, with others that stand for them.

What is to be forgotten is taken out of the history with the whole body that says it; what that body
says besides stands in a body of another entry, which names the place that it stands for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from remedy import _chain
from remedy._schema import BODIES

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["Expunged", "expunge"]


class Expunged(NamedTuple):
    """A body that is to go, and what is to stand for it.

    Attributes:
        place: Where it stands.
        stands_for: The place of the first body that was there: this may have stood for one itself.
        entity: Of what kind the record is.
        record: Under which id the record is kept from now on.
        told: What is left of what it said.
    """

    place: int
    stands_for: int
    entity: str
    record: str
    told: Mapping[str, Any]


def expunge(db: Database, bodies: Sequence[Expunged], why: Mapping[str, Any], actor: str) -> None:
    """Let bodies go, put others there that stand for them, and say who did so and why.

    Args:
        db: The connection, inside a transaction.
        bodies: The bodies.
        why: What the entry is to say besides. It cannot be erased.
        actor: Who does it.
    """
    kind = attrgetter("entity")
    for entity, group in groupby(sorted(bodies, key=kind), key=kind):
        of_kind = list(group)
        for start in range(0, len(of_kind), BODIES):
            part = of_kind[start : start + BODIES]
            _chain.append(
                db,
                entity,
                [each.record for each in part],
                [
                    json.dumps({**each.told, "instead": each.stands_for}, ensure_ascii=False)
                    for each in part
                ],
                actor=actor,
                op="redact",
            )
    _chain.let_go(db, actor, [each.place for each in bodies], why)
