"""Tables of text for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["cut", "one_line", "percent", "show_as_text", "table"]

_GAP = "  "


def show_as_text(shown: object, printer: Any, cycle: bool) -> None:
    """Let a notebook show what `str` says: the `_repr_pretty_` of what is long and nested.

    IPython looks for it in the class itself before it takes the `repr`, not in what that is
    derived from.
    """
    printer.text(str(shown))


def one_line(text: str) -> str:
    """Return a text on one line, without what moves a cursor or turns the direction of writing."""
    indent = len(text) - len(text.lstrip(" "))
    plain = " " * indent + " ".join(text.split())
    return "".join(sign if sign.isprintable() else "�" for sign in plain)


def percent(share: float) -> str:
    """Return a share in per cent; 0 and 100 only where it is none, and all.

    Example:
        >>> percent(0.004), percent(0.5), percent(0.999), percent(1)
        ('<1%', '50%', '>99%', '100%')
    """
    if 0 < share < 0.01:
        return "<1%"
    return ">99%" if 0.99 < share < 1 else f"{share:.0%}"


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) != 0 for sign in text)


def cut(text: str, width: int) -> str:
    """Return a text of at most so many columns."""
    if _width(text) <= width:
        return text
    shown = text[: 2 * width]
    while _width(shown) > width - 1:
        shown = shown[:-1]
    return f"{shown}…"


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: str = "", width: int = 80
) -> list[str]:
    """Return the lines of a table that is at most `width` wide.

    Args:
        heads: What stands above the columns.
        rows: The cells.
        right: Which columns stand to the right: a sign for each, "r" for those.
        width: How wide it may be. Where it is too wide, the widest columns are cut.
    """
    cells = [list(heads), *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    room = width - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    lines = []
    for row in cells:
        placed = []
        for cell, size, side in zip(row, widths, right.ljust(len(row)), strict=False):
            shown = cut(cell, size)
            space = " " * (size - _width(shown))
            placed.append(space + shown if side == "r" else shown + space)
        lines.append(_GAP.join(placed).rstrip())
    lines.insert(1, _GAP.join("-" * size for size in widths))
    return lines
