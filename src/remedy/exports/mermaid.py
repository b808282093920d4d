"""A case as Mermaid text, which GitHub, GitLab and many wikis draw."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import TYPE_CHECKING

from remedy.exports._drawing import drawing_of, paint
from remedy.exports._files import write_lines
from remedy.graph import EdgeKind

if TYPE_CHECKING:
    from pathlib import Path

    import networkx as nx

__all__ = ["generate_mermaid", "write_mermaid"]

_SHAPES = {
    "customer": ("([", "])"),
    "incident": ("{{", "}}"),
    "complaint": (">", "]"),
    "cause": ("[/", "\\]"),
    "action": ("[", "]"),
    "verification": ("[[", "]]"),
    "apology": ("(", ")"),
    "promise": ("[/", "/]"),
    "amends": ("[(", ")]"),
    "response": ("[\\", "\\]"),
    "follow_up": ("((", "))"),
    "decision": ("{", "}"),
    "evidence": ("[\\", "/]"),
    "exposure": ("[", "]"),
    "verdict": ("(((", ")))"),
    "waiver": ("[", "]"),
}
_ARROWS = {EdgeKind.REPEATS: "==>", EdgeKind.AFFECTED: "---", EdgeKind.RESTS_ON: "-.->"}
# In quoted text only the quote ends it; the others would be read as entities, markup or Markdown
# there, or as directives and comments anywhere.
_PLAIN = frozenset(" ,-.()'/")
# What Mermaid looks for in a label once its entities are decoded: formulas, line breaks, icons, and
# its own way of writing entities between two steps. A space of no width keeps the two parts apart.
_MEANT = re.compile(r"\$(?=\$)|\\(?=n)|:(?=fa-)|ﬂ(?=°)|¶(?=ß)")
_APART = "\u200b"


def generate_mermaid(
    graph: nx.MultiDiGraph,
    *,
    focus: str | Iterable[str] = (),
    most: int = 12,
    zone: tzinfo | None = None,
) -> Iterator[str]:
    r"""Yield the lines of a Mermaid flowchart of a graph.

    One shape stands for each kind of record; time runs downwards. Whatever a record says stays a
    label: names in the text are made up, labels are quoted, what has a meaning to Mermaid is
    written as an entity, and what cannot be seen is left out.

    Args:
        graph: A graph as `remedy.graph` makes it.
        focus: Ids of what the drawing is about.
        most: How many of one kind are drawn at most; of more, those that are tied alike become
            one box ("1,988 customers").
        zone: In which zone times are told; None for that of the incident before each.

    Example:
        >>> from remedy import Incident
        >>> from remedy.exports import generate_mermaid
        >>> from remedy.graph import graph_of
        >>> graph = graph_of([
        ...     Incident(id="INC-1", occurred="2026-03-02T09:00+01:00", title='"]; click me'),
        ... ])
        >>> print(*list(generate_mermaid(graph))[:2], sep="\n")
        flowchart BT
          n0{{"incident INC-1<br/>#34;#93;#59; click me<br/>2026-03-02 09:00"}}:::incident
    """
    drawing = drawing_of(graph, focus=focus, most=most, zone=zone)
    # Edges point from what came later to what it is about: so the earlier is on top.
    yield "flowchart BT"
    for box in drawing.boxes:
        begin, end = _SHAPES[box.kind]
        text = "<br/>".join((*map(_escaped, box.lines), *filter(None, (box.when,))))
        yield f'  {box.name}{begin}"{text}"{end}:::{box.kind}'
    for arrow in drawing.arrows:
        line = _ARROWS.get(arrow.kind, "-->")
        yield f'  {arrow.source} {line}|"{arrow.kind.words}"| {arrow.target}'
    for kind in dict.fromkeys(box.kind for box in drawing.boxes):
        fill, stroke = paint(kind)
        yield f"  classDef {kind} fill:{fill},stroke:{stroke},color:#1f2328"
    for box in drawing.in_focus:
        yield f"  style {box.name} stroke-width:4px"


def write_mermaid(
    graph: nx.MultiDiGraph,
    path: str | os.PathLike[str],
    *,
    focus: str | Iterable[str] = (),
    most: int = 12,
    zone: tzinfo | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a graph to a file as `generate_mermaid` yields it, and return its path.

    The file is there whole or not at all.

    Raises:
        TargetExists: If the file exists, and `overwrite` is not set.
    """
    lines = generate_mermaid(graph, focus=focus, most=most, zone=zone)
    return write_lines(lines, path, overwrite=overwrite)


def _escaped(line: str) -> str:
    return "".join(
        each
        if each in _PLAIN or (each.isalnum() if each.isascii() else each != _APART)
        else f"#{ord(each)};"
        for each in _MEANT.sub(rf"\g<0>{_APART}", line)
    )
