"""From records to a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from remedy import records as r
from remedy.config import Config, signature_reader
from remedy.graph._then import by, then
from remedy.graph._ties import EdgeData, EdgeKind, NodeData, ties

if TYPE_CHECKING:
    import networkx as nx

_LONGEST_LABEL = 60


def first(moment: datetime | r.Day) -> datetime:
    """Return the first moment that a time may mean."""
    return moment.start if isinstance(moment, r.Day) else moment


def last(moment: datetime | r.Day) -> datetime:
    """Return the last moment that a time may mean."""
    return moment.end if isinstance(moment, r.Day) else moment


_DATED = {
    "cause": "found",
    "action": "decided",
    "exposure": "ended",
    **dict.fromkeys(
        (
            "complaint",
            "apology",
            "response",
            "amends",
            "verification",
            "decision",
            "evidence",
            "verdict",
            "waiver",
        ),
        "made",
    ),
}


def _counts_from(record: r.Record, found: dict[str, r.Record]) -> datetime | None:
    if isinstance(record, r.Incident):
        return first(record.occurred if record.detected is None else record.detected)
    if isinstance(record, r.Promise):
        apology = found.get(record.apology) if isinstance(record.apology, str) else None
        told = apology.made if isinstance(apology, r.Apology) else None
        return max(filter(None, (record.made, told)), default=None)
    if isinstance(record, r.FollowUp):
        # One that is due was planned, nobody knows since when.
        return record.made if record.due is None else None
    field = _DATED.get(record.entity)
    return getattr(record, field) if field else None


def _text(record: Any) -> str | None:
    return record.text  # type: ignore[no-any-return]


def _plain(word: str | None) -> str | None:
    return None if word is None else word.replace("_", " ")


def _said(kind: str, what: object) -> str:
    """Return a word and, where there is more to say, that after it."""
    return kind.replace("_", " ") if what is None else f"{kind.replace('_', ' ')}: {what}"


_WORDS: dict[type[r.Record], Callable[[Any], str | None]] = {
    r.Customer: lambda customer: customer.name,
    r.Incident: lambda incident: incident.title or incident.failure_mode or incident.text,
    r.Action: lambda action: action.text or _plain(action.intervention or action.kind),
    r.Verification: lambda verification: verification.result,
    r.Apology: lambda apology: apology.text or (apology.author and f"by {apology.author}"),
    r.Promise: lambda promise: promise.text or _plain(promise.kind),
    r.Amends: lambda amends: _said(amends.kind, amends.amount or amends.text),
    r.Response: lambda response: _said(response.kind, response.text),
    r.Decision: lambda decision: _said(decision.kind, decision.reason),
    r.Evidence: lambda evidence: evidence.text or evidence.url,
    r.Exposure: lambda exposure: f"{exposure.chances:,} chances",
    r.Verdict: lambda verdict: _said(verdict.kind, verdict.reason),
    r.Waiver: lambda waiver: _said(waiver.code, waiver.reason),
}


def _label(record: r.Record) -> str:
    """Return a few words, on one line, that tell a person which record it is."""
    words = _WORDS.get(type(record), _text)(record) or ""
    line = " ".join(words.split())
    if len(line) <= _LONGEST_LABEL:
        return line or record.id
    cut = line[: _LONGEST_LABEL - 1]
    begun, _, _ = line[:_LONGEST_LABEL].rpartition(" ")
    return f"{begun if len(begun) > len(cut) // 2 else cut}…"


def graph_of(
    records: Iterable[r.Record], *, config: Config | None = None, as_of: datetime | None = None
) -> nx.MultiDiGraph:
    """Build the graph of some records: of a whole casebook, or of a part of it.

    Nodes are the records under their ids, with the attributes of `NodeData`, and promises stand on
    their own beside the apology they were made in. A customer whom nobody recorded is a node too;
    any other reference to what is not among the records is left out. Edges have the attributes of
    `EdgeData`, and their kind as key: between two records there is at most one of a kind.

    `REPEATS` leads to the nearest earlier incident *among those given*, and only where the earlier
    one is sure to have been over before; duplicates neither repeat nor are repeated.

    Args:
        records: The records. Of several with one id the last one counts.
        config: Where the signature stands that makes two incidents the same failure.
        as_of: Take in only what counted by then, and of each record only what had happened to it:
            no later events, links or fulfilments. None for everything.

    Returns:
        A new graph. Changing it changes no record.

    Example:
        >>> from remedy import Apology, Cause, Incident
        >>> from remedy.graph import EdgeKind, graph_of
        >>> graph = graph_of([
        ...     Incident(id="INC-1", occurred="2026-03-02T09:00+01:00", customers="C-17"),
        ...     Cause(id="CAU-1", found="2026-03-12T10:00+01:00", incidents="INC-1"),
        ...     Apology(id="APO-1", incidents="INC-1", made="2026-03-09T15:00+01:00"),
        ... ])
        >>> sorted(graph.predecessors("INC-1"))
        ['APO-1', 'CAU-1']
        >>> graph.has_edge("INC-1", "C-17", key=EdgeKind.AFFECTED)
        True
        >>> graph.nodes["CAU-1"]["date"].isoformat()
        '2026-03-12T10:00:00+01:00'
    """
    import networkx as nx

    found: dict[str, r.Record] = {}
    for record in records:
        found[record.id] = record
        if isinstance(record, r.Apology):
            found.update((promise.id, promise) for promise in record.promises)
    dates = {id: _counts_from(record, found) for id, record in found.items()}
    if as_of is not None:
        found = {id: then(each, as_of) for id, each in found.items() if by(dates[id], as_of)}
    named = _names(found.values())
    failure = signature_reader(config or Config())
    graph = nx.MultiDiGraph()
    for id, record in found.items():
        data = NodeData(kind=record.entity, record=record, label=_label(record), date=dates[id])
        if isinstance(record, r.Incident):
            data["failure"] = failure(record)
        graph.add_node(id, **data)
    for record in found.values():
        for tie in ties(record):
            to = named.get(tie.to) if isinstance(tie.to, r.External) else tie.to
            if to is None:
                continue
            if to not in graph:
                if tie.field.target != "customer":
                    continue
                unrecorded = r.Customer(id=to)
                graph.add_node(
                    to, kind="customer", record=unrecorded, label=_label(unrecorded), date=None
                )
            _add(graph, record.id, to, tie.data())
    for later, earlier in _repeats(graph):
        _add(
            graph,
            later,
            earlier,
            EdgeData(kind=EdgeKind.REPEATS, field=None, since=None, date=None),
        )
    return graph


def _names(records: Iterable[r.Record]) -> dict[r.External, str]:
    """Return the ids of records by those that they have in their sources."""
    named = {}
    for record in records:
        if record.source is not None and record.external_id is not None:
            known = r.External(source=record.source, external_id=record.external_id)
            named[known] = record.id
        if isinstance(record, r.Customer):
            for alias in record.aliases:
                known = r.External(source=alias.source, external_id=alias.external_id)
                named[known] = record.id
    return named


def _add(graph: nx.MultiDiGraph, source: str, target: str, data: EdgeData) -> None:
    ends = (data["since"], graph.nodes[source]["date"], graph.nodes[target]["date"])
    data["date"] = max(filter(None, ends), default=None)
    graph.add_edge(source, target, key=data["kind"], **data)


def _repeats(graph: nx.MultiDiGraph) -> Iterator[tuple[str, str]]:
    """Yield (later, nearest earlier) incidents of the same failure."""
    same: dict[str, list[r.Incident]] = {}
    for _, data in graph.nodes(data=True):
        if data.get("failure") is not None and data["record"].duplicate_of is None:
            same.setdefault(data["failure"], []).append(data["record"])
    for incidents in same.values():
        over = sorted((last(each.occurred), each.id, first(each.occurred)) for each in incidents)
        begun = sorted((first(each.occurred), each.id) for each in incidents)
        nearest = None
        passed = 0
        for start, id in begun:
            while over[passed][0] < start:
                _, earlier, began = over[passed]
                nearest = max(nearest or (began, earlier), (began, earlier))
                passed += 1
            if nearest is not None:
                yield id, nearest[1]
