"""A case as a tree of lines: how it hangs together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from remedy import records as r
from remedy.graph import EdgeKind, Zones
from remedy.reporting._digest import spoken, title_of
from remedy.reporting._paper import Paint, cut, plain, unpainted
from remedy.reporting._paper import width as width_of

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


class _Child(NamedTuple):
    """What stands below a record: its words, what ties it, and whether it is what that is about."""

    words: str
    id: Any
    kind: EdgeKind
    is_target: bool


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
        self._root = self._record(root)
        yield self._line("", f"{_kind_words(self._root)} ", root)
        yield from self._below(root, None, "", up=True)

    def _record(self, id: str) -> r.Record:
        record: r.Record = self._graph.nodes[id]["record"]
        return record

    def _since(self, id: str) -> float:
        date: datetime | None = self._graph.nodes[id]["date"]
        return -math.inf if date is None else date.timestamp()

    def _below(self, id: str, above: str | None, margin: str, *, up: bool) -> Iterator[str]:
        """Yield the lines below a record.

        Args:
            id: The record.
            above: The one that it stands under.
            margin: What stands before the lines.
            up: Whether what the record is about stands there, too: on the way from the root to the
                incidents.
        """
        children = list(self._children(id, above, up))
        for number, child in enumerate(children):
            last = number == len(children) - 1
            corner, further = ("└─ ", "   ") if last else ("├─ ", "│  ")
            if child.id is None:
                yield self._paint(margin + corner, "aside") + child.words
                continue
            record = self._record(child.id)
            label = f"{child.words or _kind_words(record)} "
            if child.id in self._seen:
                begin = self._paint(margin + corner, "aside")
                yield f"{begin}{label}{plain(child.id)} (see above)"
                continue
            yield self._line(margin + corner, label, child.id)
            if self._is_aside(record, child.kind):
                continue
            self._seen.add(child.id)
            if not self._ends(record):
                out = up and child.is_target
                yield from self._below(
                    child.id, id, margin + further, up=out or isinstance(record, r.Incident)
                )

    def _ends(self, record: r.Record) -> bool:
        """Whether nothing stands below: the tree of an incident tells of that one alone."""
        one_of = isinstance(self._root, r.Incident) and isinstance(record, r.Incident)
        return one_of or isinstance(record, r.Customer)

    def _is_aside(self, record: r.Record, kind: EdgeKind) -> bool:
        """Whether an incident is only named here, and told in a place of its own."""
        named = kind in (EdgeKind.REPEATS, EdgeKind.DUPLICATE_OF)
        return named and isinstance(record, r.Incident) and not self._ends(record)

    def _children(self, id: str, above: str | None, up: bool) -> Iterator[_Child]:
        """Yield what stands below a record, with its words; of many of a kind, the first few."""
        found = [
            _Child(_IN_WORDS.get(kind, ""), source, kind, False)
            for source, _, kind in self._graph.in_edges(id, data="kind")
        ]
        found += (
            _Child(_OUT_WORDS.get(kind, ""), target, kind, True)
            for _, target, kind in self._graph.out_edges(id, data="kind")
            if kind is EdgeKind.RESTS_ON or (up and (kind is not EdgeKind.TOLD or above is None))
        )
        kinds = list(r.RECORDS)

        def place(child: _Child) -> tuple[bool, int, str, int]:
            # Customers last: who they were says little about how it hangs together.
            kind = self._record(child.id).entity
            return kind == "customer", _ORDER.index(child.kind), child.words, kinds.index(kind)

        children = [child for child in found if child.id != above]
        children.sort(key=lambda child: (place(child), self._since(child.id), child.id))
        told: set[str] = set()
        for (*_, kind), same in groupby(children, key=place):
            # What a customer got and said stands under the incident that it was about.
            group = [child for child in same if not told.intersection(self._graph[child.id])]
            kept = group if len(group) <= _MOST_CHILDREN else group[: _MOST_CHILDREN - 3]
            yield from kept
            if len(kept) < len(group):
                more = kind_counted(len(group) - len(kept), kinds[kind], " more")
                yield _Child(f"and {more}", None, EdgeKind.ABOUT, False)
            if isinstance(self._record(id), r.Customer) and kinds[kind] == "incident":
                told.update(child.id for child in kept)

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
            case r.Verdict():
                return f"({spoken(record.kind)}) {plain(record.reason or '')}"
            case r.FollowUp(made=None, due=datetime() as due):
                return f"(due {self._zones.told(due)}) {title_of(record)}"
            case r.Promise() | r.Apology() if record.id in self._states:
                return f"({self._states[record.id]}) {title_of(record)}"
            case _:
                return title_of(record) or self._label(record.id)

    def _label(self, id: str) -> str:
        """Return what drawings say of a record that has no title: "500 chances"."""
        label: str = self._graph.nodes[id]["label"]
        return "" if label == id else plain(label)


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
