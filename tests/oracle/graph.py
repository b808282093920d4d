"""Records as a graph: the ground that the oracle stands on.

A node per record, with the attribute `record`; an edge per reference, from the record that refers
to the one referred to, with the attributes `kind` and `link` (the object that carries the
reference, or None where it is a bare id).

| kind            | from                                       | to       | link       |
|-----------------|--------------------------------------------|----------|------------|
| hit             | incident                                   | customer | Affected   |
| duplicate_of    | incident                                   | incident |            |
| explains        | cause                                      | incident | CausalLink |
| deepens         | cause                                      | cause    | Link       |
| addresses       | action                                     | cause    | Link       |
| introduces      | action                                     | cause    | Link       |
| concerns        | action                                     | incident | Link       |
| judges          | verification                               | action   |            |
| apologises_for  | apology                                    | incident | Link       |
| told            | apology                                    | customer |            |
| not_reached     | apology                                    | customer |            |
| made_in         | promise                                    | apology  |            |
| rests_on        | promise                                    | action   | Link       |
| about           | complaint, amends, response, follow-up,    | incident |            |
|                 | decision                                   |          |            |
| about           | decision, evidence                         | cause    |            |
| about           | evidence                                   | action   |            |
| person          | complaint, amends, response, follow-up     | customer |            |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import networkx as nx

from remedy import records as r


def graph_of(records: Iterable[r.Record]) -> nx.MultiDiGraph:
    """Return the graph of the records.

    Promises made inside apologies become nodes of their own, and customers whom nobody recorded
    are made from their ids.
    """
    found = {record.id: record for record in _one_by_one(records)}
    aliases = {
        (record.source, record.external_id): record.id
        for record in found.values()
        if record.external_id is not None
    }
    graph = nx.MultiDiGraph()
    for record in found.values():
        graph.add_node(record.id, record=record)
    for record in found.values():
        for kind, target, link in _references(record):
            if isinstance(target, r.External):
                target = aliases[target.source, target.external_id]
            if target not in graph:
                graph.add_node(target, record=r.Customer(id=target))
            graph.add_edge(record.id, target, kind=kind, link=link)
    return graph


def _one_by_one(records: Iterable[r.Record]) -> Iterator[r.Record]:
    for record in records:
        yield record
        if isinstance(record, r.Apology):
            yield from record.promises


def _references(record: r.Record) -> Iterator[tuple[str, Any, Any]]:
    """Give every reference of a record as (kind, target, link)."""
    match record:
        case r.Incident():
            yield from (("hit", each.customer, each) for each in record.customers)
            if record.duplicate_of is not None:
                yield "duplicate_of", record.duplicate_of, None
        case r.Cause():
            yield from (("explains", link.to, link) for link in record.incidents)
            yield from (("deepens", link.to, link) for link in record.effects)
        case r.Action():
            yield from (("addresses", link.to, link) for link in record.causes)
            yield from (("introduces", link.to, link) for link in record.introduces)
            yield from (("concerns", link.to, link) for link in record.incidents)
        case r.Verification():
            yield "judges", record.action, None
        case r.Apology():
            yield from (("apologises_for", link.to, link) for link in record.incidents)
            if isinstance(record.customers, tuple):
                yield from (("told", customer, None) for customer in record.customers)
            yield from (("not_reached", customer, None) for customer in record.not_reached)
        case r.Promise():
            yield "made_in", record.apology, None
            yield from (("rests_on", link.to, link) for link in record.actions)
        case _:
            for field in ("incident", "cause", "action"):
                if getattr(record, field, None) is not None:
                    yield "about", getattr(record, field), None
            if getattr(record, "customer", None) is not None:
                yield "person", record.customer, None
