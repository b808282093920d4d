"""A case as a tree of lines: how it hangs together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from remedy import records as r
from remedy.graph import EdgeKind
from remedy.reporting._digest import spoken, title_of
from remedy.reporting._paper import Paint, cut, plain, unpainted
from remedy.reporting._paper import width as width_of
from remedy.reporting.timeline import Zones

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["generate_tree", "summed_up"]

_MOST_CHILDREN = 8

# What a line says of a record, seen from the one above it: by what it says of that one, or by what
# that one says of it.
_IN_WORDS = {
    EdgeKind.CAUSE_OF: "cause",
    EdgeKind.ESCAPE_CAUSE_OF: "escape cause",
    EdgeKind.DEEPER_CAUSE_OF: "deeper cause",
    EdgeKind.INTRODUCED: "brought about by action",
    EdgeKind.REPEATS: "came back as",
    EdgeKind.DUPLICATE_OF: "also recorded as",
    EdgeKind.AFFECTED: "incident",
    EdgeKind.TOLD: "heard",
    EdgeKind.NOT_REACHED: "was not reached by",
    EdgeKind.RESTS_ON: "backs promise",
}
_OUT_WORDS = {
    EdgeKind.AFFECTED: "customer",
    EdgeKind.REPEATS: "comes after",
    EdgeKind.DUPLICATE_OF: "duplicate of",
    EdgeKind.CAUSE_OF: "explains",
    EdgeKind.ESCAPE_CAUSE_OF: "let through",
    EdgeKind.DEEPER_CAUSE_OF: "lies behind",
    EdgeKind.INTRODUCED: "brought about",
    EdgeKind.RESTS_ON: "rests on",
    EdgeKind.TOLD: "told to",
    EdgeKind.NOT_REACHED: "did not reach",
    EdgeKind.FROM: "from",
    EdgeKind.TO: "to",
    EdgeKind.MADE_IN: "made in",
}
_ORDER = list(EdgeKind)


def generate_tree(
    graph: nx.MultiDiGraph,
    root: str,
    *,
    states: Mapping[str, str] | None = None,
    width: int = 80,
    paint: Paint = unpainted,
) -> Iterator[str]:
    """Yield the graph of a case as a tree of lines.

    Below each record stands what is tied to it. What would stand there twice is named, and not
    unfolded again.

    Args:
        graph: The case.
        root: The record that stands on top.
        states: How it stands with records that do not say so themselves: with promises, apologies.
        width: How wide the lines may be.
        paint: Gives pieces of text their colours.
    """
    yield from _Tree(graph, states or {}, width, paint).lines(root)


class _Tree:
    def __init__(
        self, graph: nx.MultiDiGraph, states: Mapping[str, str], columns: int, paint: Paint
    ) -> None:
        self._graph = graph
        self._states = states
        self._columns = columns
        self._paint = paint
        self._zones = Zones(graph)
        self._seen: set[str] = set()

    def lines(self, root: str) -> Iterator[str]:
        self._seen.add(root)
        yield self._line("", f"{_kind_words(self._record(root))} ", root)
        yield from self._below(root, "", top=True)

    def _record(self, id: str) -> r.Record:
        record: r.Record = self._graph.nodes[id]["record"]
        return record

    def _below(self, id: str, margin: str, *, top: bool = False) -> Iterator[str]:
        children = list(self._children(id, top))
        for number, (words, child) in enumerate(children):
            last = number == len(children) - 1
            corner, further = ("└─ ", "   ") if last else ("├─ ", "│  ")
            if child is None:
                yield self._paint(margin + corner, "aside") + words
                continue
            record = self._record(child)
            label = f"{words or _kind_words(record)} "
            if child in self._seen:
                begin = self._paint(margin + corner, "aside")
                yield f"{begin}{label}{plain(child)} (see above)"
                continue
            self._seen.add(child)
            yield self._line(margin + corner, label, child)
            if not isinstance(record, (r.Incident, r.Customer)):
                yield from self._below(child, margin + further)

    def _children(self, id: str, top: bool) -> Iterator[tuple[str, str | None]]:
        """Yield what stands below a record, with its words; of many of a kind, the first few."""
        found = [
            (_ORDER.index(kind), _IN_WORDS.get(kind, ""), source)
            for source, _, kind in self._graph.in_edges(id, data="kind")
        ]
        for _, target, kind in self._graph.out_edges(id, data="kind"):
            if top or kind is EdgeKind.RESTS_ON:
                found.append((_ORDER.index(kind), _OUT_WORDS.get(kind, ""), target))
        kinds = list(r.RECORDS)

        def place(child: tuple[int, str, str]) -> tuple[bool, int, str, int]:
            # Customers last: who they were says little about how it hangs together.
            kind = self._record(child[2]).entity
            return kind == "customer", child[0], child[1], kinds.index(kind)

        found.sort(key=lambda child: (place(child), child[2]))
        for (*_, words, kind), same in groupby(found, key=place):
            group = [child for *_, child in same]
            kept = group if len(group) <= _MOST_CHILDREN else group[: _MOST_CHILDREN - 3]
            yield from ((words, child) for child in kept)
            if len(kept) < len(group):
                yield f"and {kind_counted(len(group) - len(kept), kinds[kind], ' more')}", None

    def _line(self, margin: str, label: str, id: str) -> str:
        known = plain(id)
        room = self._columns - width_of(margin) - width_of(label) - width_of(known) - 2
        title = cut(self._title(self._record(id)).rstrip(), room) if room > 3 else ""
        paint = self._paint
        begin = paint(margin, "aside") + label + paint(known, "id")
        return begin + (f"  {title}" if title else "")

    def _title(self, record: r.Record) -> str:
        match record:
            case r.Action(events=()):
                due = f", due {self._zones.told(record.due)}" if record.due else ""
                return f"(open{due}) {title_of(record)}"
            case r.Action():
                return f"({spoken(record.events[-1].state)}) {title_of(record)}"
            case r.Verification():
                return f"({record.result}) {title_of(record)}"
            case r.Response():
                return f"({spoken(record.kind)}) {title_of(record)}"
            case r.Amends():
                return f"({spoken(record.kind)}) {record.amount or title_of(record)}"
            case r.Decision():
                return f"({spoken(record.kind)}) {plain(record.reason)}"
            case r.Promise() | r.Apology() if record.id in self._states:
                return f"({self._states[record.id]}) {title_of(record)}"
            case _:
                return title_of(record)


def _kind_words(record: r.Record) -> str:
    if isinstance(record, r.Action):
        named = record.kind in ("corrective", "preventive")
        return f"{record.kind} action" if named else str(record.kind)
    return "follow-up" if isinstance(record, r.FollowUp) else spoken(record.entity)


def kind_counted(number: int, kind: str, more: str = "") -> str:
    """Return a number of records of a kind: "2 apologies", "35 more responses"."""
    one, many = _KIND_WORDS.get(kind, (kind, f"{kind}s"))
    return f"{number:,}{more} {one if number == 1 else many}"


def summed_up(graph: nx.MultiDiGraph) -> str:
    """Return how much there is in a case: "1 customer, 2 incidents, 2 causes"."""
    kinds: dict[str, int] = {}
    for _, kind in graph.nodes(data="kind"):
        kinds[kind] = kinds.get(kind, 0) + 1
    return ", ".join(kind_counted(kinds[kind], kind) for kind in r.RECORDS if kind in kinds)


_KIND_WORDS = {
    "apology": ("apology", "apologies"),
    "amends": ("amends", "amends"),
    "evidence": ("piece of evidence", "pieces of evidence"),
    "follow_up": ("follow-up", "follow-ups"),
}
