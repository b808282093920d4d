"""Ids with marks that turn the direction of writing: taken, with a warning.

Names in some languages need such marks, so that an id with one is no mistake; but it may look like
another id. Whoever writes the id is warned, and once it is on file nobody is.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from remedy.errors import MisleadingId

__all__ = ["MARKS", "marks_known", "marks_told_to", "tell"]

MARKS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""The marks, as `str.translate` takes them away."""


def _warn(id: str) -> None:
    # The line that is warned of is the first one that is not the library's.
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("remedy."):
        frame, level = frame.f_back, level + 1
    warnings.warn(MisleadingId(id), stacklevel=level)


_HEARING: ContextVar[Callable[[str], object]] = ContextVar("hearing_of_marks", default=_warn)


def tell(id: str) -> None:
    """Tell of an id with marks whoever is to hear of it: by default, by a warning."""
    _HEARING.get()(id)


@contextlib.contextmanager
def marks_told_to(hear: Callable[[str], object]) -> Iterator[None]:
    """Tell somebody of ids with marks, instead of warning of them.

    Args:
        hear: Is called with each such id, as often as it comes.
    """
    token = _HEARING.set(hear)
    try:
        yield
    finally:
        _HEARING.reset(token)


def marks_known() -> contextlib.AbstractContextManager[None]:
    """Say nothing of ids with marks: they are on file, or were warned of before."""
    return marks_told_to(lambda _: None)
