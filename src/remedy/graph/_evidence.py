"""The path of evidence of a finding."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from remedy.errors import UnknownRecord
from remedy.graph._ties import EdgeKind

if TYPE_CHECKING:
    import networkx as nx


@attrs.frozen
class Edge:
    """An edge, told as a sentence.

    Attributes:
        source: The record that says so.
        kind: How it is tied to the other.
        target: The other.
    """

    source: str
    kind: EdgeKind
    target: str

    def __str__(self) -> str:
        return f"{self.source} {self.kind.words} {self.target}"


@attrs.frozen
class Step:
    """One stop on a path of evidence.

    Attributes:
        id: The record.
        kind: Its entity.
        label: A few words on it.
        date: From when it counts.
        edges: How it is tied to the stops before it, in their order; nothing for the first, and for
            one that is only tied to what comes later.
    """

    id: str
    kind: str
    label: str
    date: datetime | None
    edges: tuple[Edge, ...]


@attrs.frozen(eq=False)
class EvidencePath:
    """What a finding rests on.

    Attributes:
        steps: The records, in the order in which the rule names them.
        graph: These records, with all the edges between them.
    """

    steps: tuple[Step, ...]
    graph: nx.MultiDiGraph


def evidence(graph: nx.MultiDiGraph, path: Iterable[str]) -> EvidencePath:
    """Return the path of evidence of a finding, with the edges between its records.

    Args:
        graph: A graph with all the records of the path: the whole casebook's, or
            `around(book, path)`.
        path: Ids of records, in the order in which the rule names them. Between two ids may stand
            the kind of the edge that the rule means ("repeats"), where there are several.

    Raises:
        UnknownRecord: If the graph has no such record.

    Example:
        >>> from remedy import Cause, Incident
        >>> from remedy.graph import evidence, graph_of
        >>> graph = graph_of([
        ...     Incident(id="INC-1", occurred="2026-03-02T09:00+01:00"),
        ...     Cause(id="CAU-1", found="2026-03-12T10:00+01:00", incidents="INC-1"),
        ... ])
        >>> found = evidence(graph, ("INC-1", "CAU-1"))
        >>> print(*found.steps[1].edges)
        CAU-1 cause of INC-1
    """
    steps: list[Step] = []
    meant: str | None = None
    for item in path:
        if item not in graph:
            if item not in list(EdgeKind):
                raise UnknownRecord(item)
            meant = item
            continue
        data = graph.nodes[item]
        edges = (_between(graph, item, step.id, meant) for step in steps)
        told = tuple(edge for edge in edges if edge)
        steps.append(Step(item, data["kind"], data["label"], data["date"], told))
        meant = None
    return EvidencePath(tuple(steps), graph.subgraph([step.id for step in steps]).copy())


def _between(graph: nx.MultiDiGraph, one: str, other: str, meant: str | None) -> Edge | None:
    """Return the edge between two records: the one meant, else the first in the order of kinds."""
    edges = [
        Edge(source, kind, target)
        for kind in EdgeKind
        for source, target in ((one, other), (other, one))
        if graph.has_edge(source, target, key=kind)
    ]
    return next((edge for edge in edges if edge.kind == meant), edges[0] if edges else None)
