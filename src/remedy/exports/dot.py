"""A case as DOT text, which Graphviz draws."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from itertools import chain
from typing import TYPE_CHECKING

from remedy.exports._drawing import drawing_of, paint, wrapped
from remedy.exports._files import write_lines
from remedy.graph import EdgeKind

if TYPE_CHECKING:
    from pathlib import Path

    import networkx as nx

__all__ = ["generate_dot", "write_dot"]

_SHAPES = {
    "customer": "ellipse",
    "incident": "octagon",
    "complaint": "note",
    "cause": "hexagon",
    "action": "box",
    "verification": "box3d",
    # Not Mrecord, which would be rounder: its labels have a syntax of their own.
    "apology": 'box, style="filled,rounded"',
    "promise": "tab",
    "amends": "house",
    "response": "box, peripheries=2",
    "follow_up": "folder",
    "decision": 'box, style="filled,diagonals"',
    "evidence": "component",
    "exposure": "cylinder",
    "verdict": "doubleoctagon",
    "waiver": "underline",
}
_STYLES = {EdgeKind.REPEATS: "bold", EdgeKind.AFFECTED: "solid", EdgeKind.RESTS_ON: "dashed"}


def generate_dot(
    graph: nx.MultiDiGraph,
    *,
    focus: str | Iterable[str] = (),
    most: int = 12,
    zone: tzinfo | None = None,
) -> Iterator[str]:
    r"""Yield the lines of a DOT digraph of a graph.

    One shape stands for each kind of record; time runs downwards. Whatever a record says stays a
    label: names in the text are made up, labels are quoted, backslashes and ampersands too, and
    what cannot be seen is left out.

    Args:
        graph: A graph as `remedy.graph` makes it.
        focus: Ids of what the drawing is about.
        most: How many of one kind are drawn at most; of more, those that are tied alike become
            one box ("1,988 customers").
        zone: In which zone times are told; None for that of the incident before each.

    Example:
        >>> from remedy import Incident
        >>> from remedy.exports import generate_dot
        >>> from remedy.graph import graph_of
        >>> graph = graph_of([
        ...     Incident(id="INC-1", occurred="2026-03-02T09:00+01:00", title='"]; click me'),
        ... ])
        >>> dot = "\n".join(generate_dot(graph))  # draw it with: dot -Tsvg
        >>> r'label="incident INC-1\n\"]; click me\n2026-03-02 09:00"' in dot
        True
    """
    drawing = drawing_of(graph, focus=focus, most=most, zone=zone)
    yield "digraph remedy {"
    yield '  graph [rankdir=BT, charset="UTF-8", fontname="sans-serif"];'
    yield '  node [fontname="sans-serif", fontsize=10, style=filled, margin="0.12,0.06"];'
    yield '  edge [fontname="sans-serif", fontsize=9, color="#6b7280", fontcolor="#4b5563"];'
    for box in drawing.boxes:
        fill, stroke = paint(box.kind)
        width = 3 if box in drawing.in_focus else 1
        lines = [*chain.from_iterable(map(wrapped, box.lines)), *filter(None, (box.when,))]
        yield (
            f"  {box.name} [shape={_SHAPES[box.kind]}, label={_quoted(lines)}, "
            f'fillcolor="{fill}", color="{stroke}", penwidth={width}];'
        )
    for arrow in drawing.arrows:
        style = _STYLES.get(arrow.kind, "solid")
        yield f'  {arrow.source} -> {arrow.target} [label="{arrow.kind.words}", style={style}];'
    yield "}"


def write_dot(
    graph: nx.MultiDiGraph,
    path: str | os.PathLike[str],
    *,
    focus: str | Iterable[str] = (),
    most: int = 12,
    zone: tzinfo | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a graph to a file as `generate_dot` yields it, and return its path.

    The file is there whole or not at all.

    Raises:
        TargetExists: If the file exists, and `overwrite` is not set.
    """
    lines = generate_dot(graph, focus=focus, most=most, zone=zone)
    return write_lines(lines, path, overwrite=overwrite)


def _quoted(lines: Iterable[str]) -> str:
    escaped = (
        line.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines
    )
    return '"' + "\\n".join(escaped) + '"'
