"""A case as people tell it: what happened when, who did it, and how it hangs together."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import groupby
from typing import TYPE_CHECKING, Any

import attrs

from remedy import records as r
from remedy.graph import EdgeKind
from remedy.reporting._digest import spoken, title_of
from remedy.reporting._paper import (
    Paint,
    cut,
    padded,
    plain,
    unpainted,
    width,
    wrapped,
)
from remedy.vocabulary import ALL, Role

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Moment", "generate_timeline", "generate_tree", "moments_of"]

_LAST_MICROSECOND = 999_999
_ALIKE = 4
_LONGEST_ID = 16
_MOST_CHILDREN = 8


@attrs.frozen(kw_only=True)
class Moment:
    """Something that happened in a case.

    Attributes:
        when: When; a `Day` where only that is known.
        id: The record that says so.
        kind: What kind of record that is.
        event: What kind of thing happened, in a word or two: what is alike has the same.
        text: What happened, as a phrase.
    """

    when: datetime | r.Day
    id: str
    kind: str
    event: str
    text: str

    @property
    def start(self) -> datetime:
        """The first moment that it may have been."""
        return self.when.start if isinstance(self.when, r.Day) else self.when

    def to_dict(self) -> dict[str, str]:
        """Return it as JSON can hold it."""
        when = str(self.when) if isinstance(self.when, r.Day) else self.when.isoformat()
        return {
            "when": when, "id": self.id, "kind": self.kind, "event": self.event, "text": self.text,
        }  # fmt: skip


def moments_of(graph: nx.MultiDiGraph) -> list[Moment]:
    """Return what happened in a case, in the order in which it did.

    Args:
        graph: A graph as `remedy.graph` makes it: the part around a record.

    Example:
        >>> import remedy
        >>> from remedy.reporting.timeline import moments_of
        >>> book = remedy.examples.load("brunch")
        >>> [moment.event for moment in moments_of(book.graph(around="INC-1"))][:2]
        ['happened', 'apologised']
    """
    zones = Zones(graph)
    found = [
        Moment(when=when, id=id, kind=data["kind"], event=event, text=plain(text))
        for id, data in graph.nodes(data=True)
        for when, event, text in _TELLERS.get(data["kind"], _nothing)(data["record"], zones)
    ]
    kinds = list(r.RECORDS)
    found.sort(key=lambda each: (each.start, kinds.index(each.kind), each.id))
    return found


def generate_timeline(
    graph: nx.MultiDiGraph, *, width: int = 80, paint: Paint = unpainted
) -> Iterator[str]:
    """Yield the lines of what happened in a case: when, by which record, what.

    Of many that are alike and follow each other, the first is told, and how many more there were.

    Args:
        graph: The case.
        width: How wide the lines may be.
        paint: Gives pieces of text their colours.
    """
    shown = moments_of(graph)
    zones = Zones(graph)
    room = min(max((_wide(each.id) for each in shown), default=0), _LONGEST_ID)
    day = ""
    for event, alike in groupby(shown, key=lambda each: (each.kind, each.event)):
        group = list(alike)
        told = group if len(group) < _ALIKE else group[:1]
        for moment in told:
            when = zones.told(moment.when)
            date, _, clock = when.partition(" ")
            begin = f"{date if date != day else '':<10} {clock:<5}  "
            day = date
            id = plain(moment.id)
            if _wide(id) > room:
                yield paint(begin, "aside") + paint(id, "id")
                yield from wrapped(moment.text, width, " " * (len(begin) + room + 2))
            else:
                lines = wrapped(moment.text, width - len(begin) - room - 2)
                for number, line in enumerate(lines):
                    first = paint(begin, "aside") + paint(padded(id, room), "id") + "  "
                    yield (" " * (len(begin) + room + 2) if number else first) + line
        if len(told) < len(group):
            until = zones.told(group[-1].when)
            more = f"and {len(group) - 1:,} more of these until {until}: {event[1]}"
            for line in wrapped(more, width, " " * (20 + room)):
                yield paint(line, "aside")
            day = until.partition(" ")[0]


def _wide(id: str) -> int:
    return width(plain(id))


# --- times ----------------------------------------------------------------------------------------


class Zones:
    """In which zone a case tells its times: that of the incident before each of them.

    Incidents keep the zone that they were told in; a casebook keeps other times in UTC.

    Args:
        graph: The case.
    """

    def __init__(self, graph: nx.MultiDiGraph) -> None:
        incidents = [
            data["record"].occurred
            for _, data in graph.nodes(data=True)
            if isinstance(data["record"], r.Incident)
        ]
        self._starts = sorted(
            each.start if isinstance(each, r.Day) else each for each in incidents
        )

    def told(self, moment: datetime | r.Day) -> str:
        """Return a moment as people write it: "2026-03-09 15:00", or a day alone."""
        if isinstance(moment, r.Day):
            return str(moment.date)
        local = moment.astimezone(self._zone(moment))
        if local.microsecond == _LAST_MICROSECOND:
            # A deadline given as a day: the last microsecond of it, in whatever zone that was.
            return str((local + timedelta(hours=12)).date() - timedelta(days=1))
        day = str(local.date())
        return day if (local.hour, local.minute) == (0, 0) else f"{day} {local:%H:%M}"

    def _zone(self, moment: datetime) -> tzinfo | None:
        if not self._starts:
            return moment.tzinfo
        place = bisect.bisect_right(self._starts, moment)
        return self._starts[max(place - 1, 0)].tzinfo


# --- what happened --------------------------------------------------------------------------------

Told = tuple[datetime | r.Day, str, str]


def _quoted(text: str | None, before: str = ": ") -> str:
    return f"{before}“{text}”" if text else ""


def _after(text: str | None, before: str = ": ") -> str:
    return f"{before}{text}" if text else ""


def _by(who: str | None) -> str:
    return f" by {who}" if who else ""


def _ids(links: Iterable[Any]) -> str:
    """Return the ids that links lead to: "CAU-1, CAU-2 and 3 more"."""
    found = [str(getattr(each, "to", each)) for each in links]
    more = f" and {len(found) - 3:,} more" if len(found) > 3 else ""
    return ", ".join(found[:3]) + more


def _nothing(_: Any, __: Zones) -> Iterator[Told]:
    return iter(())


def _incident(incident: r.Incident, zones: Zones) -> Iterator[Told]:
    yield incident.occurred, "happened", incident.title or incident.text or "it happened"
    if incident.detected is not None and incident.detected != incident.occurred:
        yield incident.detected, "noticed", "noticed" + _by(
            f"the {incident.detected_by}"
            if incident.detected_by in ("customer", "partner")
            else {"us": "us"}.get(incident.detected_by or "")
        )
    if incident.acknowledged is not None:
        who = "the customer" if len(incident.customers) == 1 else "the customers"
        yield incident.acknowledged, "acknowledged", f"first word from us to {who}"


def _complaint(complaint: r.Complaint, _: Zones) -> Iterator[Told]:
    who = str(complaint.customer) if complaint.customer else "a customer"
    channel = f" by {complaint.channel}" if complaint.channel else ""
    yield complaint.made, "complained", f"{who} complained{channel}{_quoted(complaint.text)}"
    if complaint.reopened is not None:
        yield complaint.reopened, "reopened", "the complaint was opened again"


def _cause(cause: r.Cause, _: Zones) -> Iterator[Told]:
    roles = {each.role for each in cause.incidents}
    if roles == {Role.ESCAPE}:
        what = "found why nobody caught it"
    elif roles:
        what = "cause found"
    else:
        what = f"deeper cause found, of {_ids(cause.effects)}" if cause.effects else "cause found"
    yield cause.found, "cause found", f"{what}{_after(cause.text)}"


def _action(action: r.Action, zones: Zones) -> Iterator[Told]:
    what = f"{action.kind} action" if action.kind in ("corrective", "preventive") else action.kind
    on = _ids((*action.causes, *action.incidents))
    how = f" ({spoken(action.intervention)})" if action.intervention else ""
    plan = ", ".join(
        filter(None, (action.owner, f"due {zones.told(action.due)}" if action.due else ""))
    )
    told = f"{what}{f' on {on}' if on else ''} decided{how}{_after(action.text)}"
    yield action.decided, f"{action.kind} decided", told + (f" [{plan}]" if plan else "")
    for event in action.events:
        told = f"{what} {spoken(event.state)}{_by(event.who)}{_after(event.reason)}"
        yield event.occurred, f"{action.kind} {spoken(event.state)}", told


def _verification(verification: r.Verification, _: Zones) -> Iterator[Told]:
    how = f", {spoken(verification.method)}" if verification.method else ""
    yield (
        verification.made,
        f"found {verification.result}",
        f"{verification.action} found {verification.result}{_by(verification.who)}{how}"
        f"{_after(verification.text)}",
    )


def _apology(apology: r.Apology, _: Zones) -> Iterator[Told]:
    if apology.customers is ALL:
        to = " to all customers"
    else:
        to = f" to {_ids(apology.customers)}" if apology.customers else ""
    channel = f", {apology.channel}" if apology.channel else ""
    yield (
        apology.made,
        "apologised",
        f"apology for {_ids(apology.incidents)}{to}{_by(apology.author)}{channel}"
        f"{_quoted(apology.text)}",
    )
    if apology.not_reached:
        yield apology.made, "not reached", f"it did not reach {_ids(apology.not_reached)}"


_PROMISED = {
    "non_recurrence": "promised that it will not happen again",
    "deed": "promised to do something",
    "watch": "promised to watch",
}


def _promise(promise: r.Promise, zones: Zones) -> Iterator[Told]:
    what = _PROMISED.get(promise.kind or "", "promised something")
    plan = ", ".join(
        filter(None, (promise.owner, f"due {zones.told(promise.due)}" if promise.due else ""))
    )
    if promise.made is not None:
        told = f"{what}{_quoted(promise.text)}" + (f" [{plan}]" if plan else "")
        yield promise.made, "promised", told
    if promise.fulfilled is not None:
        yield promise.fulfilled, "promise kept", "what was promised was done"


def _amends(amends: r.Amends, _: Zones) -> Iterator[Told]:
    to = f" to {amends.customer}" if amends.customer else ""
    amount = f" of {amends.amount}" if amends.amount else ""
    shares = ", ".join(f"{each.party} {each.percent} %" for each in amends.shares)
    yield (
        amends.made,
        f"amends: {spoken(amends.kind)}",
        f"{spoken(amends.kind)}{amount}{to} for {amends.incident}{_after(amends.text)}"
        + (f" [{shares}]" if shares else ""),
    )


_SAID = {
    "thanked": "thanked us",
    "accepted": "accepted it",
    "last_chance": "gives us one last chance",
    "dissatisfied": "is dissatisfied",
    "left": "left",
}


def _response(response: r.Response, _: Zones) -> Iterator[Told]:
    what = _SAID[response.kind]
    told = f"{response.customer} {what}{_quoted(response.text)}"
    if response.next_step or response.next_owner:
        owner = f", {response.next_owner}" if response.next_owner else ""
        told += f" [next step{owner}{_after(response.next_step)}]"
    yield response.made, what, told


def _follow_up(follow_up: r.FollowUp, _: Zones) -> Iterator[Told]:
    whom = f" with {follow_up.customer}" if follow_up.customer else ""
    if follow_up.made is not None:
        told = f"followed up{whom}{_by(follow_up.owner)}{_after(follow_up.text)}"
        yield follow_up.made, "followed up", told
    elif follow_up.due is not None:
        yield follow_up.due, "follow-up due", f"follow-up{whom}{_by(follow_up.owner)} is due"


def _decision(decision: r.Decision, _: Zones) -> Iterator[Told]:
    what = spoken(decision.kind)
    about = decision.incident or decision.cause
    yield (
        decision.made,
        f"decided: {what}",
        f"decided that {what} is needed on {about}{_by(decision.who)}: {decision.reason}",
    )


def _evidence(evidence: r.Evidence, _: Zones) -> Iterator[Told]:
    about = evidence.cause or evidence.action
    yield evidence.made, "evidence", f"evidence for {about}{_after(evidence.text or evidence.url)}"


def _verdict(verdict: r.Verdict, _: Zones) -> Iterator[Told]:
    what = {"same": "the same", "not_same": "not the same", "duplicate": "one event"}[verdict.kind]
    told = f"{verdict.a} and {verdict.b} judged to be {what}"
    yield verdict.made, "judged", f"{told}{_by(verdict.who)}{_after(verdict.reason)}"


_TELLERS: dict[str, Callable[[Any, Zones], Iterator[Told]]] = {
    "incident": _incident,
    "complaint": _complaint,
    "cause": _cause,
    "action": _action,
    "verification": _verification,
    "apology": _apology,
    "promise": _promise,
    "amends": _amends,
    "response": _response,
    "follow_up": _follow_up,
    "decision": _decision,
    "evidence": _evidence,
    "verdict": _verdict,
}


# --- how it hangs together ------------------------------------------------------------------------

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
    graph: nx.MultiDiGraph, root: str, *, width: int = 80, paint: Paint = unpainted
) -> Iterator[str]:
    """Yield the graph of a case as a tree of lines.

    Below each record stands what is tied to it. What would stand there twice is named, and not
    unfolded again.

    Args:
        graph: The case.
        root: The record that stands on top.
        width: How wide the lines may be.
        paint: Gives pieces of text their colours.
    """
    yield from _Tree(graph, width, paint).lines(root)


class _Tree:
    def __init__(self, graph: nx.MultiDiGraph, columns: int, paint: Paint) -> None:
        self._graph = graph
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
        room = self._columns - width(margin) - width(label) - width(known) - 2
        title = cut(self._title(self._record(id)), room) if room > 3 else ""
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
            case r.Response() | r.Amends():
                return f"({spoken(record.kind)}) {title_of(record)}"
            case r.Decision():
                return f"({spoken(record.kind)}) {plain(record.reason)}"
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
