"""The part of the graph around a record."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from remedy import records as r
from remedy._coerce import storable
from remedy.config import Config
from remedy.errors import UnknownRecord
from remedy.graph._building import first, graph_of, last
from remedy.graph._ties import FIELDS, EdgeKind, ties

if TYPE_CHECKING:
    import networkx as nx

# Which of its own fields a record leads on by in `around`, where not by all of them ...
_ONWARD: dict[str, tuple[str, ...]] = {"cause": (), "action": ("introduces",)}
# ... and by which fields of others it is found, where not by none: a shared cause does not lead to
# all the incidents that it explains, nor a customer to everything that ever befell them.
_INWARD: dict[str, tuple[tuple[str, str], ...]] = {
    "incident": tuple(
        (entity, field.name)
        for entity, fields in FIELDS.items()
        for field in fields
        if field.target == "incident"
    ),
    "cause": (
        ("cause", "effects"),
        ("action", "causes"),
        ("action", "introduces"),
        ("evidence", "cause"),
        ("decision", "cause"),
    ),
    "action": (("verification", "action"), ("evidence", "action")),
    "apology": (("promise", "apology"),),
}


class Neighbours(Protocol):
    """What `around` asks of a store of records."""

    def fetch(self, ids: Collection[str]) -> Iterable[r.Record]:
        """Return the records with these ids, with all their links; those that are on file."""
        ...

    def referring(self, entity: str, field: str, ids: Collection[str]) -> Iterable[str]:
        """Return the ids of the records of an entity whose `field` names any of `ids`."""
        ...

    def repeated(self, ids: Collection[str]) -> Iterable[str]:
        """Return the nearest incident of the same failure before each of these, and after it.

        Before and after are sure, and only canonical incidents have any.
        """
        ...


class InGraph:
    """The records of a graph, as `around` asks for them."""

    def __init__(self, graph: nx.MultiDiGraph) -> None:
        self._graph = graph
        self._same: dict[str, list[tuple[datetime, str]]] = {}
        for id, data in graph.nodes(data=True):
            if data.get("failure") is not None and data["record"].duplicate_of is None:
                self._same.setdefault(data["failure"], []).append(
                    (first(data["record"].occurred), id)
                )
        for incidents in self._same.values():
            incidents.sort()

    def fetch(self, ids: Collection[str]) -> Iterator[r.Record]:
        return (self._graph.nodes[id]["record"] for id in ids if id in self._graph)

    def referring(self, entity: str, field: str, ids: Collection[str]) -> Iterator[str]:
        for source, _, said in self._graph.in_edges(ids, data="field"):
            if said == field and self._graph.nodes[source]["kind"] == entity:
                yield source

    def repeated(self, ids: Collection[str]) -> Iterator[str]:
        for _, earlier, kind in self._graph.out_edges(ids, data="kind"):
            if kind is EdgeKind.REPEATS:
                yield earlier
        for id in ids:
            data = self._graph.nodes[id]
            if data["failure"] is not None and data["record"].duplicate_of is None:
                same = self._same[data["failure"]]
                after = bisect.bisect_right(same, last(data["record"].occurred), key=itemgetter(0))
                yield from (later for _, later in same[after : after + 1])


def around(
    book: Neighbours | nx.MultiDiGraph,
    ids: str | Iterable[str],
    *,
    reach: int = 1,
    also: Iterable[str] = (),
    config: Config | None = None,
    as_of: datetime | None = None,
) -> nx.MultiDiGraph:
    """Build the graph of the part around a record: its case.

    The case is what `check(around=...)` looks at. An incident belongs to it with all that it shares
    an apology with; a cause with the incidents that it explains, over shallower causes too; an
    action with those of its causes; and a decision, a piece of evidence or a response with those
    that it is about.

    Of the records in the centre everything is followed. From the incidents on, each leads to all
    that is said about it, a cause to its deeper causes, its actions, evidence and decisions, an
    action to its verifications, and an apology to its promises and what they rest on. A cause that
    explains many other incidents, or a customer with a long history, does not lead on to all of
    these. All the customers of an incident are in it; to draw many of them as one is up to what
    draws.

    Args:
        book: The store; or a graph, of which the part is then copied.
        ids: The record, or records, in the centre.
        reach: How many further incidents to walk to, one after another: those that an incident
            repeats or is repeated by, and those that the same record is about.
        also: What else is in it, with what is said about that: a finding may name records of
            another case, such as what a customer said about another incident. Ids that are not on
            file are passed over.
        config: As in `graph_of`; a graph has been built with its own.
        as_of: As in `graph_of`; likewise.

    Raises:
        UnknownRecord: If one of `ids` is not on file.

    Returns:
        The part; as of a date without those of the customers that nothing there names yet.

    Example:
        >>> from remedy import Action, Cause, Incident
        >>> from remedy.graph import around, graph_of
        >>> whole = graph_of([
        ...     Incident(id="INC-1", occurred="2026-03-02T09:00+01:00"),
        ...     Incident(id="INC-2", occurred="2026-04-02T09:00+02:00"),
        ...     Cause(id="CAU-1", found="2026-04-12T10:00+02:00", incidents=("INC-1", "INC-2")),
        ...     Action(id="ACT-1", kind="corrective", decided="2026-04-12+02:00", causes="CAU-1"),
        ... ])
        >>> sorted(around(whole, "INC-1"))
        ['ACT-1', 'CAU-1', 'INC-1']
    """
    centre = {ids} if isinstance(ids, str) or not isinstance(ids, Iterable) else set(ids)
    for id in centre:
        if not _may_be_id(id):
            raise UnknownRecord(id)
    whole: Any = book if hasattr(book, "in_edges") else None
    more = set(filter(_may_be_id, also))
    found = _walk(book if whole is None else InGraph(whole), centre, reach, more)
    for id in sorted(centre):
        if id not in found:
            raise UnknownRecord(id)
    if whole is not None:
        return whole.subgraph(found).copy()
    part = graph_of(found.values(), config=config, as_of=as_of)
    if as_of is not None:
        kinds = part.nodes(data="kind")
        alone = (id for id, kind in kinds if kind == "customer" and not part.degree(id))
        part.remove_nodes_from(set(alone) - centre)
    return part


def _may_be_id(id: object) -> bool:
    return isinstance(id, str) and storable(id)


def _walk(store: Neighbours, centre: set[str], reach: int, also: set[str]) -> dict[str, r.Record]:
    found: dict[str, r.Record] = {}
    seen: set[str] = set()
    wave = centre | _incidents_of_case(store, centre)
    for left in range(reach, -1, -1):
        if not left:
            wave |= also - seen
        further: set[str] = set()
        while wave:
            seen |= wave
            by_entity: dict[str, list[r.Record]] = {}
            for record in store.fetch(sorted(wave)):
                found[record.id] = record
                by_entity.setdefault(record.entity, []).append(record)
            here: set[str] = set()
            for entity, group in by_entity.items():
                for is_further, ids in _leads(store, entity, group, centre):
                    (further if is_further else here).update(ids)
            wave = here - seen
        wave = further - seen
    return found


def _leads(
    store: Neighbours, entity: str, group: list[r.Record], centre: set[str]
) -> Iterator[tuple[bool, Iterable[str]]]:
    """Yield where records lead to, and whether that is to further incidents."""
    onward = _ONWARD.get(entity)
    for record in group:
        for tie in ties(record):
            if isinstance(tie.to, str) and (
                onward is None or tie.field.name in onward or record.id in centre
            ):
                further = tie.field.target == "incident"
                yield further and tie.kind is not EdgeKind.DUPLICATE_OF, (tie.to,)
    ids = {record.id for record in group}
    for other, fields in FIELDS.items():
        for field in fields:
            known = (other, field.name) in _INWARD.get(entity, ())
            asked = ids if known else ids & centre
            if field.target == entity and asked:
                further = other == "incident" and field.kind is not EdgeKind.DUPLICATE_OF
                yield further, store.referring(other, field.name, asked)
    if entity == "incident":
        yield True, store.repeated(ids)


def _incidents_of_case(store: Neighbours, centre: set[str]) -> set[str]:
    """Return the incidents of the case that records belong to, as `check(around=...)` sees it.

    A cause belongs to the incidents that it explains, over shallower causes too, an action to those
    of its causes, what is said about either to the same. An apology stands or falls with all the
    incidents that it is for: they are one case.
    """
    incidents: set[str] = set()
    causes: set[str] = set()
    actions: set[str] = set()
    into = {"incident": incidents, "cause": causes, "action": actions}
    apologies: set[str] = set()
    for record in store.fetch(sorted(centre)):
        if record.entity in into:
            into[record.entity].add(record.id)
        elif isinstance(record, r.Customer):
            incidents.update(store.referring("incident", "customers", {record.id}))
        elif isinstance(record, r.Promise):
            apologies.update(_to([record], "apology"))
        else:
            for entity, ids in into.items():
                ids.update(_to([record], entity))
    doing = list(store.fetch(sorted(actions)))
    causes |= _to(doing, "cause")
    incidents |= _to(doing, "incident")
    seen: set[str] = set()
    while causes:
        seen |= causes
        explaining = list(store.fetch(sorted(causes)))
        incidents |= _to(explaining, "incident")
        causes = _to(explaining, "cause") - seen
    apologies.update(store.referring("apology", "incidents", _families(store, incidents)))
    return incidents | _to(store.fetch(sorted(apologies)), "incident")


def _families(store: Neighbours, incidents: set[str]) -> set[str]:
    """Return incidents with all their duplicates: what is said of one is said of all."""
    found: set[str] = set()
    new = incidents
    while new:
        found |= new
        same = _to(store.fetch(sorted(new)), "incident")
        new = same.union(store.referring("incident", "duplicate_of", new)) - found
    return found


def _to(records: Iterable[r.Record], entity: str) -> set[str]:
    """Return the ids of the records of an entity that these refer to."""
    return {
        tie.to
        for record in records
        for tie in ties(record)
        if tie.field.target == entity and isinstance(tie.to, str)
    }
