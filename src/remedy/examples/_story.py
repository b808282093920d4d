"""What a story is made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from remedy import _coerce, errors
from remedy.records import Record

__all__ = ["Continuation", "Moments", "Story"]

Moments = Mapping[str, tuple[datetime, str]]
"""What a moment is called → (as of when, a line on what is to be seen then)."""


def _moments(given: Mapping[str, tuple[datetime | str, str]]) -> Moments:
    return MappingProxyType(
        {name: (_coerce.needed_moment(as_of), line) for name, (as_of, line) in given.items()}
    )


@attrs.frozen(kw_only=True)
class Continuation:
    """How a story went on after it was told, or how else it might have gone.

    Args:
        title: A line on what is different.
        told_on: The date that it is told on.
        records: The records that come in addition. One with the id of a record of the story stands
            for that record, as it was by then.
        without: Ids of records of the story that are not on file here.
        moments: The moments worth looking at.
    """

    title: str
    told_on: datetime = attrs.field(converter=_coerce.needed_moment)
    records: tuple[Record, ...] = ()
    without: tuple[str, ...] = ()
    moments: Moments = attrs.field(converter=_moments)


def _continuations(given: Mapping[str, Continuation]) -> Mapping[str, Continuation]:
    return MappingProxyType(dict(given))


@attrs.frozen(kw_only=True)
class Story:
    """A real case, retold as the records of a casebook.

    Args:
        name: What `remedy.examples.load` knows it by.
        title: Its headline.
        summary: A paragraph on what happened and what there is to learn from it.
        told_on: The date that it is told on: a check of the casebook looks at it as of then.
        records: What was put on file.
        moments: The moments worth looking at.
        continuations: How it went on, or how else it might have gone, by name.
    """

    name: str
    title: str
    summary: str
    told_on: datetime = attrs.field(converter=_coerce.needed_moment)
    records: tuple[Record, ...]
    moments: Moments = attrs.field(converter=_moments)
    continuations: Mapping[str, Continuation] = attrs.field(factory=dict, converter=_continuations)

    def continuation(self, name: str) -> Continuation:
        """Return one of the continuations.

        Args:
            name: What it is called.

        Raises:
            UnknownExample: If the story has none of this name.
        """
        try:
            return self.continuations[name]
        except KeyError:
            known = [self.name, *(f"{self.name}/{each}" for each in self.continuations)]
            raise errors.UnknownExample(f"{self.name}/{name}", known) from None

    def told(self, continuation: str | None = None) -> tuple[Record, ...]:
        """Return all that is on file at the end of the story, or of one of its continuations.

        Args:
            continuation: What the continuation is called; None for the story itself.

        Raises:
            UnknownExample: If the story has no continuation of this name.
        """
        if continuation is None:
            return self.records
        more = self.continuation(continuation)
        on_file = {record.id: record for record in (*self.records, *more.records)}
        return tuple(record for id, record in on_file.items() if id not in more.without)
