"""Text for a page of a given width, in which nothing that a record says can do any harm."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from itertools import accumulate

Paint = Callable[[str, str], str]
"""Gives a piece of text its colours: the text, and what it is ("error", "title", "aside")."""

_JOINERS = "\u200c\u200d"


def unpainted(text: str, _: str) -> str:
    return text


def plain(text: str) -> str:
    r"""Return text on one line, with what cannot be seen, or turns text around, made visible.

    A terminal would obey control characters, and show what is between two directional marks in
    another order than it stands in the record. Joiners stay: words and emoji are written with them.

    Example:
        >>> plain("a\tline\nand \x1b[31mred\u202etxt.exe")
        'a line and \\x1b[31mred\\u202etxt.exe'
    """
    return visible(" ".join(text.split()))


def visible(line: str) -> str:
    """Return a line with what cannot be seen, or turns text around, made visible."""
    if line.isascii() and line.isprintable():
        return line
    return "".join(each if each.isprintable() or each in _JOINERS else _seen(each) for each in line)


def _seen(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def width(text: str) -> int:
    """Return how many columns of a terminal text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, columns: int) -> str:
    """Return text with blanks after it, so that it takes at least so many columns."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """Return text that takes at most so many columns, with a mark where something is missing."""
    if width(text) <= columns:
        return text
    head, _ = _split(text, max(columns - 1, 0))
    return f"{head.rstrip()}…"


def wrapped(text: str, columns: int, first: str = "", rest: str | None = None) -> Iterator[str]:
    """Yield text in lines of at most so many columns.

    Args:
        text: The text, on one line.
        columns: How wide the lines may be, with what stands before them.
        first: What stands before the first line.
        rest: What stands before the others; by default, blanks under `first`.
    """
    rest = " " * width(first) if rest is None else rest
    before = first
    line = ""
    for word in text.split(" "):
        # A page so narrow that nothing fits beside the margin is written over its edge.
        room = max(columns - width(before), 8)
        if line and width(line) + 1 + width(word) <= room:
            line = f"{line} {word}"
            continue
        if line:
            yield before + line
            before = rest
            room = max(columns - width(before), 8)
        line = word
        while width(line) > room:
            head, line = _split(line, room)
            yield before + head
            before = rest
            room = max(columns - width(before), 8)
    yield before + line


def _split(text: str, columns: int) -> tuple[str, str]:
    place = sum(taken <= columns for taken in accumulate(map(_columns, text)))
    return text[:place], text[place:]


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: "1 error", "1,204 apologies"."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
