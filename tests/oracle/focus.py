"""The case around a record: what `around=` looks at.

Everything is followed that is on file, whatever its date; what counts as of a date is for the
rules to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import networkx as nx

from remedy import records as r


class Case(NamedTuple):
    """The part of a casebook that belongs to one case.

    Attributes:
        incidents: Its canonical incidents, with those that share an apology.
        causes: What explains them, over all depths.
        actions: What addresses these causes, brought them about, or is for the incidents or for a
            promise about them.
        apologies: The apologies for the incidents.
        customers: Whom the incidents hit, and who said something about them.
    """

    incidents: frozenset[str]
    causes: frozenset[str]
    actions: frozenset[str]
    apologies: frozenset[str]
    customers: frozenset[str]


class Around:
    """Follows references in a graph, in both directions."""

    def __init__(self, graph: nx.MultiDiGraph) -> None:
        self.graph = graph

    def to(self, sources: Iterable[str], *kinds: str) -> set[str]:
        """What the records refer to by edges of the kinds."""
        return {
            target
            for source in sources
            for _, target, kind in self.graph.out_edges(source, data="kind")
            if kind in kinds
        }

    def of(self, targets: Iterable[str], *kinds: str) -> set[str]:
        """What refers to the records by edges of the kinds."""
        return {
            source
            for target in targets
            for source, _, kind in self.graph.in_edges(target, data="kind")
            if kind in kinds
        }

    def only(self, ids: Iterable[str], kind: type[r.Record]) -> set[str]:
        """Those that are records of a kind."""
        return {each for each in ids if isinstance(self.graph.nodes[each]["record"], kind)}

    def roots(self, incidents: Iterable[str]) -> set[str]:
        """The canonical incidents."""
        found = set(incidents)
        while duplicates := {each for each in found if self.to([each], "duplicate_of")}:
            found = (found - duplicates) | self.to(duplicates, "duplicate_of")
        return found

    def families(self, incidents: Iterable[str]) -> set[str]:
        """The incidents with all their duplicates."""
        found = set(incidents)
        while more := self.of(found, "duplicate_of") - found:
            found |= more
        return found

    def deeper(self, causes: Iterable[str]) -> set[str]:
        """The causes and all that explains them."""
        found = set(causes)
        while more := self.of(found, "deepens") - found:
            found |= more
        return found

    def shallower(self, causes: Iterable[str]) -> set[str]:
        """The causes and all that they explain."""
        found = set(causes)
        while more := self.to(found, "deepens") - found:
            found |= more
        return found

    # --- the case ----------------------------------------------------------------------------

    def begin(self, record: str) -> tuple[set[str], set[str], set[str]]:
        """The incidents, causes and actions that a record belongs to."""
        incidents: set[str] = set()
        causes: set[str] = set()
        actions: set[str] = set()
        match self.graph.nodes[record]["record"]:
            case r.Incident():
                incidents = {record}
            case r.Customer():
                incidents = self.of([record], "hit")
            case r.Apology():
                incidents = self.to([record], "apologises_for")
            case r.Promise():
                incidents = self.to(self.to([record], "made_in"), "apologises_for")
            case r.Cause():
                causes = {record}
            case r.Action():
                actions = {record}
            case _:
                about = self.to([record], "about", "judges")
                incidents = self.only(about, r.Incident)
                causes = self.only(about, r.Cause)
                actions = self.only(about, r.Action)
        causes |= self.to(actions, "addresses", "introduces")
        incidents |= self.to(actions, "concerns")
        incidents |= self.to(self.shallower(causes), "explains")
        return self.roots(incidents), causes, actions

    def case(self, record: str) -> Case:
        """The case around a record."""
        incidents, causes, actions = self.begin(record)
        # An apology stands or falls with all incidents that it is for: they are one case.
        apologies = self.of(self.families(incidents), "apologises_for")
        incidents |= self.roots(self.to(apologies, "apologises_for"))
        members = self.families(incidents)
        causes = self.deeper(causes | self.of(members, "explains"))
        actions |= self.of(causes, "addresses", "introduces")
        actions |= self.of(members, "concerns")
        actions |= self.to(self.of(apologies, "made_in"), "rests_on")
        customers = self.to(members, "hit")
        customers |= self.to(self.only(self.of(members, "about"), r.Response), "person")
        customers |= self.only([record], r.Customer)
        return Case(*map(frozenset, (incidents, causes, actions, apologies, customers)))


def case_around(graph: nx.MultiDiGraph, record: str) -> Case:
    """Return the case around a record."""
    return Around(graph).case(record)
