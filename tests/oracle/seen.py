"""What of a graph counts at a moment: the readings that all rules share.

A record counts when its own date is not after the moment; a link, when both of its ends do and its
`since` is not after the moment. Whatever refers to a duplicate refers to the incident that it is a
second record of.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

import networkx as nx

from remedy import records as r
from remedy.config import Config
from remedy.vocabulary import ALL, Basis, DecisionKind, Impact, Provenance, Role

IMPACTS = list(Impact)
FIXING = (r.ActionKind.CORRECTIVE, r.ActionKind.PREVENTIVE)
SIGNATURE_FIELDS = (
    "process", "failure_mode", "product", "channel", "site", "impact", "detected_by", "title"
)  # fmt: skip


def start(incident: r.Incident) -> datetime:
    """The first moment at which it may have happened."""
    return incident.occurred.start if isinstance(incident.occurred, r.Day) else incident.occurred


def end(incident: r.Incident) -> datetime:
    """The last moment at which it may have happened."""
    return incident.occurred.end if isinstance(incident.occurred, r.Day) else incident.occurred


def noted(incident: r.Incident) -> datetime:
    """From when an incident counts: detected, else occurred; a day from its start."""
    told = incident.detected or incident.occurred
    return told.start if isinstance(told, r.Day) else told


def is_weak(incident: r.Incident) -> bool:
    """Whether its time was merely reported, or it was detected in a text."""
    return incident.occurred_basis is Basis.REPORTED or is_detected(incident)


def is_detected(record: r.Record) -> bool:
    """Whether a record comes from reading a text."""
    return record.provenance is Provenance.DETECTED


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class Seen:
    """A graph, seen at a moment, under a configuration.

    Incidents, causes, actions and so on are named by their ids throughout; `self[id]` is the
    record. `incidents()` and everything that is asked about an incident speak of canonical ones.
    """

    def __init__(self, graph: nx.MultiDiGraph, as_of: datetime, config: Config) -> None:
        self.graph = graph
        self.as_of = as_of
        self.config = config
        # Every question is asked often: the answers are kept, per view.
        for name in (
            "_visible", "root", "family", "incidents", "affected", "persons", "causes", "deeper",
            "shallower", "closure", "escape_closure", "full_closure", "up_closure", "apologies",
            "apologised_for", "fixers", "failure", "same_failure", "earlier", "about",
            "told_persons",
        ):  # fmt: skip
            setattr(self, name, cache(getattr(self, name)))

    def __getitem__(self, record: str) -> Any:
        return self.graph.nodes[record]["record"]

    # --- what is visible ---------------------------------------------------------------------

    def all(self, kind: type[r.Record]) -> list[Any]:
        """All records of a kind, whatever their date."""
        found = (data["record"] for _, data in self.graph.nodes(data=True))
        return [record for record in found if isinstance(record, kind)]

    def visible(self, kind: type[r.Record]) -> list[Any]:
        """The records of a kind that count."""
        return [record for record in self.all(kind) if self._visible(record.id)]

    def _visible(self, record_id: str) -> bool:
        record = self[record_id]
        match record:
            case r.Customer() | r.FollowUp():
                return True
            case r.Incident():
                return noted(record) <= self.as_of
            case r.Cause():
                return record.found <= self.as_of
            case r.Action():
                return record.decided <= self.as_of
            case r.Promise():
                return self.promised(record) <= self.as_of and self._visible(self.made_in(record))
            case _:
                return record.made <= self.as_of

    def _counts(self, source: str, target: str, link: Any) -> bool:
        since = getattr(link, "since", None)
        return (
            self._visible(source)
            and self._visible(target)
            and (since is None or since <= self.as_of)
        )

    def targets(self, source: str, kind: str, *, dated: bool = True) -> Iterator[tuple[str, Any]]:
        """What a record refers to by links that count: (id, link)."""
        for _, target, data in self.graph.out_edges(source, data=True):
            if data["kind"] == kind:
                target = self.root(target)
                if not dated or self._counts(source, target, data["link"]):
                    yield target, data["link"]

    def sources(self, target: str, kind: str) -> Iterator[tuple[str, Any]]:
        """What refers to a record by links that count: (id, link). To an incident: or to one of
        its duplicates.
        """
        for member in self.family(target):
            for source, _, data in self.graph.in_edges(member, data=True):
                if data["kind"] == kind and self._counts(source, target, data["link"]):
                    yield source, data["link"]

    # --- duplicates --------------------------------------------------------------------------

    def root(self, record: str) -> str:
        """The canonical incident of an incident; any other record is its own."""
        for _, target, kind in self.graph.out_edges(record, data="kind"):
            if kind == "duplicate_of":
                return self.root(target)
        return record

    def family(self, record: str) -> tuple[str, ...]:
        """A record and, of an incident, all duplicates of it, of whatever date."""
        found = [record]
        for member in found:
            for source, _, kind in self.graph.in_edges(member, data="kind"):
                if kind == "duplicate_of":
                    found.append(source)
        return tuple(found)

    def incidents(self) -> tuple[str, ...]:
        """The canonical incidents that count, by (occurred, id)."""
        own = [each for each in self.visible(r.Incident) if self.root(each.id) == each.id]
        return tuple(each.id for each in sorted(own, key=lambda each: (start(each), each.id)))

    # --- the same failure --------------------------------------------------------------------

    def failure(self, incident: str) -> str | None:
        """The failure key: None where a part of the signature is missing or says nothing."""
        record = self[incident]
        nothing = {"", *map(_plain, self.config.placeholders)}
        parts = []
        for field in self.config.signature:
            of_incident = field in SIGNATURE_FIELDS
            value = getattr(record, field) if of_incident else record.attributes.get(field)
            if value is None or _plain(str(value)) in nothing:
                return None
            parts.append(_plain(str(value)))
        return "".join(f"{len(part)}:{part}" for part in parts)

    def same_failure(self, failure: str | None) -> tuple[str, ...]:
        """The canonical incidents of a failure that count, in order; none of no failure."""
        if failure is None:
            return ()
        return tuple(each for each in self.incidents() if self.failure(each) == failure)

    def earlier(self, incident: str) -> tuple[str, ...]:
        """The incidents of the same failure that surely happened before."""
        return tuple(
            each
            for each in self.same_failure(self.failure(incident))
            if end(self[each]) < start(self[incident])
        )

    # --- people ------------------------------------------------------------------------------

    def person(self, customer: str) -> str:
        """Who "the same customer" is: the customer, or the account where so configured."""
        account = self[customer].account if self.config.same_customer == "account" else None
        return account or customer

    def affected(self, incident: str) -> tuple[r.Affected, ...]:
        """The customer links of an incident, and of its duplicates, that count."""
        return tuple(
            link
            for member in self.family(incident)
            for _, customer, data in self.graph.out_edges(member, data=True)
            if (link := data["link"]) and data["kind"] == "hit"
            if self._counts(incident, customer, link)
        )

    def customers(self, incident: str) -> set[str]:
        """The customers whom an incident hit."""
        return {link.customer for link in self.affected(incident)}

    def persons(self, incident: str) -> frozenset[str]:
        """The persons whom an incident hit."""
        return frozenset(map(self.person, self.customers(incident)))

    # --- causes ------------------------------------------------------------------------------

    def causes(self, incident: str, role: Role) -> tuple[str, ...]:
        """The causes that are linked to an incident itself, in a role."""
        found = self.sources(incident, "explains")
        return tuple(sorted({cause for cause, link in found if link.role is role}))

    def has_any_cause(self, incident: str) -> bool:
        """Whether a cause of whatever role is linked to an incident."""
        return any(self.sources(incident, "explains"))

    def deeper(self, cause: str) -> tuple[str, ...]:
        """The causes that explain a cause."""
        return tuple(sorted({deeper for deeper, _ in self.sources(cause, "deepens")}))

    def shallower(self, cause: str) -> tuple[str, ...]:
        """The causes that a cause explains."""
        return tuple(sorted({shallower for shallower, _ in self.targets(cause, "deepens")}))

    def _with_deeper(self, causes: Iterable[str]) -> frozenset[str]:
        found = list(dict.fromkeys(causes))
        for cause in found:
            found.extend(deeper for deeper in self.deeper(cause) if deeper not in found)
        return frozenset(found)

    def closure(self, incident: str) -> frozenset[str]:
        """The causes of an incident and everything deeper."""
        return self._with_deeper(self.causes(incident, Role.CAUSE))

    def escape_closure(self, incident: str) -> frozenset[str]:
        """The escape causes of an incident and everything deeper."""
        return self._with_deeper(self.causes(incident, Role.ESCAPE))

    def full_closure(self, incident: str) -> frozenset[str]:
        """Both."""
        return self.closure(incident) | self.escape_closure(incident)

    def up_closure(self, cause: str) -> tuple[str, ...]:
        """The incidents that a cause explains, directly or through shallower ones, in any role."""
        return tuple(each for each in self.incidents() if cause in self.full_closure(each))

    def fixers(self, cause: str) -> tuple[str, ...]:
        """The corrective and preventive actions on a cause."""
        found = {action for action, _ in self.sources(cause, "addresses")}
        return tuple(sorted(each for each in found if self[each].kind in FIXING))

    # --- what refers to incidents, causes and actions ----------------------------------------

    def about(self, subject: str, kind: type[r.Record]) -> tuple[Any, ...]:
        """The records of a kind about an incident (or its duplicates), a cause or an action."""
        found = [self[source] for source, _ in self.sources(subject, "about")]
        return tuple(each for each in found if isinstance(each, kind))

    def decided(self, subject: str, *kinds: DecisionKind) -> bool:
        """Whether a decision of one of the kinds (any kind, if none is named) is on record."""
        found = self.about(subject, r.Decision)
        return any(not kinds or decision.kind in kinds for decision in found)

    def apologies(self, incident: str) -> tuple[r.Apology, ...]:
        """The apologies for an incident, by (made, id)."""
        found = {apology for apology, _ in self.sources(incident, "apologises_for")}
        return tuple(sorted((self[each] for each in found), key=lambda each: (each.made, each.id)))

    def apologised_for(self, apology: str) -> tuple[str, ...]:
        """The canonical incidents that an apology is for."""
        return tuple(sorted({target for target, _ in self.targets(apology, "apologises_for")}))

    def told_persons(self, apology: str) -> frozenset[str]:
        """The persons who heard an apology.

        Listed: those listed. ALL, or unknown (taken as told): everybody whom its incidents hit,
        whenever they were linked, but the customers marked as not reached.
        """
        record = self[apology]
        if isinstance(record.customers, tuple):
            told = {customer for customer, _ in self.targets(apology, "told")}
        else:
            not_reached = {customer for customer, _ in self.targets(apology, "not_reached")}
            told = {
                customer
                for incident in self.apologised_for(apology)
                for member in self.family(incident)
                for customer, _ in self.targets(member, "hit", dated=False)
            } - not_reached
        return frozenset(map(self.person, told))

    def was_told(self, apology: str, customer: str) -> bool:
        """Whether an apology of known recipients was told to a customer."""
        record = self[apology]
        if record.customers is ALL:
            return customer not in {each for each, _ in self.targets(apology, "not_reached")}
        return customer in {each for each, _ in self.targets(apology, "told")}

    # --- promises ----------------------------------------------------------------------------

    def made_in(self, promise: r.Promise) -> str:
        """The apology that a promise was made in."""
        [apology] = (
            target
            for _, target, kind in self.graph.out_edges(promise.id, data="kind")
            if kind == "made_in"
        )
        return apology

    def promised(self, promise: r.Promise) -> datetime:
        """When a promise was made: with its apology, unless it says otherwise."""
        return promise.made or self[self.made_in(promise)].made

    def promises(self, incident: str) -> list[r.Promise]:
        """The promises made in the apologies for an incident."""
        return [
            promise
            for promise in self.visible(r.Promise)
            if incident in self.apologised_for(self.made_in(promise))
        ]
