"""What a drawing of a graph shows: boxes in the order of time, and arrows with words."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Collection, Hashable, Iterable
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

import attrs

from remedy import records as r
from remedy.graph import EdgeKind, Zones

if TYPE_CHECKING:
    import networkx as nx

_WIDTH = 30
_LONGEST_ID = 40
# How often `_alike` looks again. A chain would take as many rounds as it is long, for nothing that
# a drawing could show.
_ROUNDS = 4
_FAR_OFF = datetime.max.replace(tzinfo=UTC)

_KINDS = list(r.RECORDS)
_EDGE_KINDS = list(EdgeKind)
_NAMES = {"follow_up": "follow-up"}
_PLURALS = {
    "apology": "apologies",
    "amends": "amends",
    "evidence": "pieces of evidence",
    "follow_up": "follow-ups",
}
_ASIDE = ("exposure", "waiver")
_KNOWN_BY_ID = ("customer", "incident", "cause", "action", "apology")


_COLOURS = {
    "customer": ("#f3f4f6", "#6b7280"),
    "incident": ("#fde4e1", "#b42318"),
    "cause": ("#fef0c7", "#a15c07"),
    "action": ("#dcf5e4", "#1b7a3d"),
    "apology": ("#e0edff", "#1d5bb8"),
    "promise": ("#ece5fd", "#6339b5"),
}


def paint(kind: str) -> tuple[str, str]:
    """Return the colours of the inside and of the border of a kind of box."""
    return _COLOURS.get(kind, ("#ffffff", "#6b7280"))


@attrs.frozen
class Box:
    """A record, or several of a kind that are drawn as one.

    Attributes:
        name: A name made up for the drawing: ids never stand in its syntax.
        kind: What it is.
        lines: What it says, each line clean, and short enough to read.
        when: What it says of its time: digits, words of ours and nothing else.
        ids: The records that it stands for.
    """

    name: str
    kind: str
    lines: tuple[str, ...]
    when: str | None
    ids: tuple[str, ...]


@attrs.frozen
class Arrow:
    """How one box is tied to another.

    Attributes:
        source: The name of the one.
        target: The name of the other.
        kind: How.
    """

    source: str
    target: str
    kind: EdgeKind


@attrs.frozen
class Drawing:
    """Boxes, the earliest first, the arrows between them, and the boxes that it is about."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    in_focus: tuple[Box, ...]


def drawing_of(
    graph: nx.MultiDiGraph, *, focus: str | Iterable[str], most: int, zone: tzinfo | None
) -> Drawing:
    """Return the drawing of a graph.

    Args:
        graph: A graph as `remedy.graph` makes it.
        focus: Ids of what the drawing is about: they are always drawn on their own.
        most: How many boxes of one kind there are at most: where there are more records, those
            that are tied to the same things in the same way are drawn as one, and if that is not
            enough, those with the fewest ties.
        zone: In which zone times are told; None for that of the incident before each, as `Zones`
            tells them.
    """
    apart = {focus} if isinstance(focus, str) else set(focus)
    # What is never said of a case is left out, unless it is asked for.
    kinds = graph.nodes(data="kind")
    aside = [
        id for id, kind in kinds if kind in _ASIDE and id not in apart and not graph.degree(id)
    ]
    if aside:
        graph = graph.copy()
        graph.remove_nodes_from(aside)
    groups = sorted(_groups(graph, max(most, 1), apart), key=lambda ids: _place(graph, ids))
    zones = Zones(graph, zone)
    boxes = tuple(_box(graph, f"n{place}", ids, zones) for place, ids in enumerate(groups))
    place_of = {id: place for place, ids in enumerate(groups) for id in ids}
    arrows = {
        (place_of[target], place_of[source], _EDGE_KINDS.index(kind))
        for source, target, kind in graph.edges(data="kind")
        if place_of[source] != place_of[target]
    }
    return Drawing(
        boxes,
        tuple(Arrow(f"n{s}", f"n{t}", _EDGE_KINDS[kind]) for t, s, kind in sorted(arrows)),
        tuple(box for box in boxes if box.ids[0] in apart),
    )


# --- several as one -------------------------------------------------------------------------------


def _groups(graph: nx.MultiDiGraph, most: int, apart: Collection[str]) -> list[tuple[str, ...]]:
    kinds = dict(graph.nodes(data="kind"))
    crowded = {kind for kind, count in Counter(kinds.values()).items() if count > most}
    if not crowded:
        return [(id,) for id in graph]
    alike = _alike(graph, {id for id in graph if kinds[id] in crowded and id not in apart})
    by_look: dict[Hashable, list[str]] = {}
    for id in graph:
        by_look.setdefault(alike[id], []).append(id)
    groups: list[tuple[str, ...]] = []
    by_kind: dict[str, list[tuple[str, ...]]] = {}
    for ids in by_look.values():
        by_kind.setdefault(kinds[ids[0]], []).append(tuple(sorted(ids)))
    for of_kind in by_kind.values():
        of_kind.sort(key=lambda ids: (ids[0] not in apart, -graph.degree(ids[0]), ids))
        keep = max(most - 1, sum(ids[0] in apart for ids in of_kind))
        if len(of_kind) > keep + 1:
            groups.append(tuple(sorted(id for ids in of_kind[keep:] for id in ids)))
            of_kind = of_kind[:keep]
        groups.extend(of_kind)
    return groups


def _alike(graph: nx.MultiDiGraph, many: set[str]) -> dict[str, int]:
    """Return a number for each node; of `many`, those that are tied alike have the same.

    Each round tells apart what is tied, in one way or another, to what was told apart before.
    """
    looks: dict[str, Hashable] = {
        id: (data["kind"], _manner(data["record"])) if id in many else id
        for id, data in graph.nodes(data=True)
    }
    numbers = _numbered(looks)
    for _ in range(_ROUNDS):
        looks = {
            id: (
                numbers[id],
                frozenset((kind, numbers[to]) for _, to, kind in graph.out_edges(id, data="kind")),
                frozenset((kind, numbers[to]) for to, _, kind in graph.in_edges(id, data="kind")),
            )
            if id in many
            else id
            for id in graph
        }
        before, numbers = numbers, _numbered(looks)
        if len(set(numbers.values())) == len(set(before.values())):
            break
    return numbers


def _numbered(looks: dict[str, Hashable]) -> dict[str, int]:
    numbers: dict[Hashable, int] = {}
    return {id: numbers.setdefault(look, len(numbers)) for id, look in looks.items()}


def _manner(record: r.Record) -> str | None:
    """What is never drawn as one with its like: thanks and threats are both responses."""
    return record.kind if isinstance(record, (r.Response, r.Amends, r.Decision, r.Action)) else None


# --- what stands in a box -------------------------------------------------------------------------


def clean(text: str) -> str:
    """Return text on one line, without anything that cannot be seen or that turns text around."""
    line = " ".join(text.split())
    # Joiners are part of how some scripts, and emoji, are written; all other invisible characters
    # go: controls, directional overrides and marks, tags, private use, lone surrogates.
    return "".join(each for each in line if each.isprintable() or each in "\u200c\u200d")


def wrapped(line: str) -> list[str]:
    """Return a line as several short ones, for what draws them as they are."""
    return textwrap.wrap(line, _WIDTH)


def _box(graph: nx.MultiDiGraph, name: str, ids: tuple[str, ...], zones: Zones) -> Box:
    data = graph.nodes[ids[0]]
    kind: str = data["kind"]
    record: r.Record = data["record"]
    if len(ids) == 1:
        lines = [clean(f"{_NAMES.get(kind, kind)} {_shortened(record.id)}")]
        if data["label"] != record.id:
            lines.append(clean(data["label"]))
        return Box(name, kind, tuple(filter(None, lines)), _when(record, zones), ids)
    manners = {_manner(graph.nodes[id]["record"]) for id in ids}
    manner = manners.pop() if len(manners) == 1 else None
    plural = _PLURALS.get(kind, f"{kind}s")
    lines = [f"{len(ids):,} {plural}" + (f" ({manner.replace('_', ' ')})" if manner else "")]
    if kind in _KNOWN_BY_ID:
        lines.append(clean(", ".join((*map(_shortened, ids[:3]), "…"))))
    return Box(name, kind, tuple(lines), None, ids)


def _shortened(id: str) -> str:
    return id if len(id) <= _LONGEST_ID else f"{id[: _LONGEST_ID - 1]}…"


def _start(moment: datetime | r.Day) -> datetime:
    return moment.start if isinstance(moment, r.Day) else moment


def _when(record: r.Record, zones: Zones) -> str | None:
    match record:
        case r.Incident():
            return zones.told(record.occurred)
        case r.Cause():
            return f"{zones.told(record.found)} found"
        case r.Action(events=()):
            return f"{zones.told(record.decided)} decided"
        case r.Action():
            last = max(record.events, key=lambda event: event.occurred)
            return f"{zones.told(last.occurred)} {last.state.replace('_', ' ')}"
        case r.Promise(fulfilled=None) | r.FollowUp(made=None) if record.due is not None:
            return f"{zones.told(record.due)} due"
        case r.Exposure():
            return f"{zones.told(record.began)} – {zones.told(record.ended)}"
        case _:
            made: datetime | None = getattr(record, "fulfilled", None) or getattr(
                record, "made", None
            )
            return None if made is None else zones.told(made)


def _place(graph: nx.MultiDiGraph, ids: tuple[str, ...]) -> tuple[datetime, int, str]:
    """Return what boxes are ordered by: time, then kind; what has no time comes last."""
    moment = min(_happened(graph.nodes[id]["record"]) for id in ids)
    return moment, _KINDS.index(graph.nodes[ids[0]]["kind"]), ids[0]


def _happened(record: r.Record) -> datetime:
    if isinstance(record, r.Incident):
        return _start(record.occurred)
    moments = (
        getattr(record, field, None) for field in ("made", "found", "decided", "due", "began")
    )
    return next((each for each in moments if isinstance(each, datetime)), _FAR_OFF)
