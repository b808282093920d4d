"""Eight real cases of customer service, retold as casebooks.

Each is told on a date of its own, which the casebook keeps, so that a check of it says the same
in every year. The texts name roles, never people.

Example:
    >>> import remedy.examples
    >>> remedy.examples.names()[0]
    'twice-shipped-collect'
    >>> remedy.examples.story("brunch").title
    'The brunch'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from remedy import errors
from remedy.examples._story import Continuation, Story

if TYPE_CHECKING:
    from remedy.casebook import Casebook

__all__ = ["Continuation", "Story", "load", "names", "story"]

_NAMES = (
    "twice-shipped-collect",
    "staples-in-the-food",
    "sale-above-regular",
    "wrong-markers",
    "one-mistake-many-customers",
    "brunch",
    "signed-off-misprint",
    "what-good-looks-like",
)


def names() -> tuple[str, ...]:
    """Return the names of the stories, the reference case first."""
    return _NAMES


def story(name: str) -> Story:
    """Return a story: what it tells, when to look at it, and its records.

    Args:
        name: One of `names()`.

    Raises:
        UnknownExample: If there is no story of this name.
    """
    if name not in _NAMES:
        raise errors.UnknownExample(name, _NAMES)
    module = importlib.import_module(f"remedy.examples.{name.replace('-', '_')}")
    return cast(Story, module.STORY)


def load(name: str, continuation: str | None = None) -> Casebook:
    """Return a casebook in memory with a story on file.

    It keeps the date that the story is told on, and the profile "capa", in which everything is
    assessed.

    Args:
        name: One of `names()`.
        continuation: How the story goes on, one of `story(name).continuations`; by default it ends
            where it is told.

    Raises:
        UnknownExample: If there is no such story, or it does not go on like that.
    """
    told = story(name)
    records = told.told(continuation)
    told_on = told.told_on if continuation is None else told.continuation(continuation).told_on

    import remedy.casebook

    book = remedy.casebook.open(":memory:", actor="storyteller")
    book.configure(profile="capa", told_on=told_on)
    book.record(*records)
    return book
