"""A graph as GraphML, which Gephi, yEd, igraph and networkx read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from remedy.exports._drawing import clean
from remedy.exports._files import write_lines
from remedy.exports._tables import row, tables

if TYPE_CHECKING:
    from pathlib import Path

    import networkx as nx

__all__ = ["generate_graphml", "write_graphml"]

_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def generate_graphml(graph: nx.MultiDiGraph) -> Iterator[str]:
    r"""Yield the lines of a GraphML document of a graph.

    Nodes carry `id`, `record` (what kind), `label`, `date`, an incident's `failure`, and the other
    fields of the record that hold one value; edges carry what `EdgeData` says. Numbers and flags
    are typed, times are in ISO form, and what is not known is left out. The ids of nodes within
    the document are made up, since a record's id may hold what GraphML does not allow there.

    Example:
        >>> import networkx as nx
        >>> from remedy import Incident
        >>> from remedy.exports import generate_graphml
        >>> from remedy.graph import graph_of
        >>> graph = graph_of([
        ...     Incident(id="INC-1", occurred="2026-03-02T09:00+01:00", customers="C-17"),
        ... ])
        >>> read = nx.parse_graphml("\n".join(generate_graphml(graph)))
        >>> nx.relabel_nodes(read, nx.get_node_attributes(read, "id")).edges
        OutEdgeView([('INC-1', 'C-17')])
    """
    import networkx as nx

    name_of = {id: f"n{place}" for place, id in enumerate(graph)}
    flat = nx.MultiDiGraph()
    for id, data in graph.nodes(data=True):
        record = data["record"]
        said: dict[str, Any] = {"id": id, "record": data["kind"], "label": clean(data["label"])}
        said.update(date=data["date"], failure=data.get("failure"))
        cells = zip(tables()[record.entity].columns, row(record), strict=True)
        said.update((column.name, cell) for column, cell in cells if not column.lists)
        flat.add_node(name_of[id], **_known(said))
    for place, (source, target, data) in enumerate(graph.edges(data=True)):
        flat.add_edge(name_of[source], name_of[target], key=f"e{place}", **_known(data))
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield from nx.generate_graphml(flat)


def write_graphml(
    graph: nx.MultiDiGraph, path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a graph to a file as `generate_graphml` yields it, and return its path.

    The file is there whole or not at all.

    Raises:
        TargetExists: If the file exists, and `overwrite` is not set.
    """
    return write_lines(generate_graphml(graph), path, overwrite=overwrite)


def _known(said: dict[str, Any]) -> dict[str, str | int | float | bool]:
    return {name: _plain(value) for name, value in said.items() if value is not None}


def _plain(value: Any) -> str | int | float | bool:
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, Decimal):
        return float(value)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return _NO_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
