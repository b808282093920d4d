"""The history of a record as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from remedy.reporting._paper import Paint, plain, unpainted, wrapped

if TYPE_CHECKING:
    from remedy.history import Change

__all__ = ["generate_changes"]

_OPS = {
    "record": "recorded",
    "replace": "replaced by what its source said later",
    "amend": "amended",
    "link": "linked",
    "unlink": "unlinked",
    "make": "made from its id, where it was first named",
    "unite": "changed because two customers turned out to be one",
    "arrive": "linked to what it had waited for",
    "adopt": "was on file when the history began",
}
_CAME = ("record", "make", "adopt")
_REFERRED = ("customer", "to")
_NOTHING = "nothing"


def generate_changes(
    changes: Iterable[Change], *, width: int = 80, paint: Paint = unpainted
) -> Iterator[str]:
    r"""Yield the lines of the history of a record.

    Args:
        changes: Its changes, as `Casebook.history` returns them.
        width: How wide the lines may be, in columns of a terminal.
        paint: Gives pieces of text their colours.

    Example:
        >>> import remedy
        >>> from remedy.reporting.changes import generate_changes
        >>> book = remedy.open(actor="anna")
        >>> book.record(remedy.Customer(id="C-17"))
        >>> amended = book.amend("C-17", name="Bakery", reason="they told us")
        >>> lines = list(generate_changes(book.history("C-17")))
        >>> print(*[line[18:] for line in lines if line[:1] == "2"], sep="\n")
        anna  recorded
        anna  amended: they told us
        >>> print(lines[-1])
            name: nothing → Bakery
    """
    for number, change in enumerate(changes):
        if number:
            yield ""
        when = f"{change.written.astimezone():%Y-%m-%d %H:%M}"
        why = f": {plain(change.reason)}" if change.reason else ""
        told = f"{plain(change.actor)}  {_OPS.get(change.op, change.op)}{why}"
        for line in wrapped(told, width, f"{when}  ", " " * 18):
            yield paint(line, "title")
        if change.redacted:
            yield from wrapped("A part of it has been erased since.", width, "    ")
        came = change.op in _CAME
        for field, (before, after) in change.fields.items():
            told = _differing(before, after, came=came)
            yield from wrapped(f"{field}: {told}", width, "    ", "      ")


def _differing(before: Any, after: Any, *, came: bool) -> str:
    if isinstance(before, list) and isinstance(after, list):
        added = [_told(each) if came else f"with {_told(each)}" for each in after]
        return "; ".join([*(f"without {_told(each)}" for each in before), *added])
    return _told(after) if came else f"{_told(before)} → {_told(after)}"


def _told(value: Any) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, dict):
        # What a link refers to needs no name beside it.
        named = [
            _told(each) if name in _REFERRED else f"{plain(name)} {_told(each)}"
            for name, each in value.items()
        ]
        return ", ".join(named) or _NOTHING
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_told, value)) or _NOTHING
    return plain(str(value))
