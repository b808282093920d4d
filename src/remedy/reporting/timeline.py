"""A case as people tell it: what happened when, and who did it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import attrs

from remedy import records as r
from remedy.graph import Zones
from remedy.reporting._digest import spoken
from remedy.reporting._paper import Paint, cut, padded, plain, unpainted, wrapped
from remedy.reporting._paper import width as width_of
from remedy.vocabulary import ALL, Role

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Moment", "generate_timeline", "moments_of"]

# So many that are alike and follow each other are told as one; of more than so many over the whole
# time, so many.
_ALIKE = 4
_MOST = 12
_FIRST = 4
_LONGEST_TEXT = 800
_LONGEST_ID = 16
_NARROW = 60


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
        ['happened', 'noticed']
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
    graph: nx.MultiDiGraph,
    *,
    focus: Collection[str] = (),
    width: int = 80,
    paint: Paint = unpainted,
) -> Iterator[str]:
    """Yield the lines of what happened in a case: when, by which record, what.

    Of many that are alike and follow each other, the first is told, and how many more there were;
    of very many over the whole time, the first few. Long texts are cut.

    Args:
        graph: The case.
        focus: Ids of records of which everything is told.
        width: How wide the lines may be.
        paint: Gives pieces of text their colours.
    """
    shown = moments_of(graph)
    zones = Zones(graph)
    room = min(max((_wide(each.id) for each in shown), default=0), _LONGEST_ID)
    day = shown_zone = ""
    for moment, left_out in _told(shown, focus):
        if left_out:
            last = zones.told(left_out[-1].when)
            for line in wrapped(
                _more(left_out, last), width, " " * (4 if width < _NARROW else 20 + room)
            ):
                yield paint(line, "aside")
            day = zones.parts(left_out[-1].when)[0]
        if moment is None:
            continue
        date, clock, zone = zones.parts(moment.when)
        if zone and zone != shown_zone:
            yield paint(f"times in {zone}:", "aside")
            shown_zone = zone
        begin = f"{date if date != day else '':<10} {clock:<5}  "
        day = date
        id = plain(moment.id)
        text = cut(moment.text, _LONGEST_TEXT)
        if width < _NARROW or _wide(id) > room:
            yield paint(begin, "aside") + paint(id, "id")
            margin = 4 if width < _NARROW else len(begin) + room + 2
            yield from wrapped(text, width, " " * margin)
            continue
        lines = wrapped(text, width - len(begin) - room - 2)
        for number, line in enumerate(lines):
            first = paint(begin, "aside") + paint(padded(id, room), "id") + "  "
            yield (" " * (len(begin) + room + 2) if number else first) + line


def _told(
    shown: list[Moment], focus: Collection[str]
) -> Iterator[tuple[Moment | None, list[Moment]]]:
    """Yield the moments that are told, each with those that were left out before it."""
    totals = Counter((each.kind, each.event) for each in shown)
    told: Counter[tuple[str, str]] = Counter()
    left_out: list[Moment] = []
    for (in_focus, *what), alike in groupby(
        shown, key=lambda each: (each.id in focus, each.kind, each.event)
    ):
        kind, event = what
        group = list(alike)
        few = group if in_focus or len(group) < _ALIKE else group[:1]
        if not in_focus and totals[kind, event] > _MOST:
            few = few[: max(_FIRST - told[kind, event], 0)]
        told[kind, event] += len(few)
        for moment in few:
            if len(left_out) == 1:
                # To say that there was one more takes no less than to tell it.
                yield left_out.pop(), []
            yield moment, left_out
            left_out = []
        left_out += group[len(few) :]
    yield None, left_out


def _more(left_out: list[Moment], until: str) -> str:
    events = Counter(each.event for each in left_out)
    if len(events) == 1:
        return f"and {len(left_out):,} more of these until {until}: {left_out[0].event}"
    told = ", ".join(f"{event} ({number:,})" for event, number in events.most_common())
    return f"and {len(left_out):,} more until {until}: {told}"


def _wide(id: str) -> int:
    return width_of(plain(id))


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
        yield (
            incident.detected,
            "noticed",
            "noticed"
            + _by(
                f"the {incident.detected_by}"
                if incident.detected_by in ("customer", "partner")
                else {"us": "us"}.get(incident.detected_by or "")
            ),
        )
    if incident.acknowledged is not None:
        who = "the customer" if len(incident.customers) == 1 else "the customers"
        yield incident.acknowledged, "acknowledged", f"first word from us to {who}"


_PLACED = ("at ", "by ", "in ", "on ", "over ", "through ", "via ")


def _complaint(complaint: r.Complaint, _: Zones) -> Iterator[Told]:
    who = str(complaint.customer) if complaint.customer else "a customer"
    # "by phone"; but "at the table".
    how = complaint.channel or ""
    channel = f" {how}" if how.startswith(_PLACED) else f" by {how}" if how else ""
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
    told = f"{verification.action} found {verification.result}{_by(verification.who)}{how}"
    yield verification.made, f"found {verification.result}", f"{told}{_after(verification.text)}"


def _apology(apology: r.Apology, _: Zones) -> Iterator[Told]:
    if apology.customers is ALL:
        to = " to all customers"
    else:
        to = f" to {_ids(apology.customers)}" if apology.customers else ""
    channel = f", {apology.channel}" if apology.channel else ""
    told = f"apology for {_ids(apology.incidents)}{to}{_by(apology.author)}{channel}"
    yield apology.made, "apologised", f"{told}{_quoted(apology.text)}"
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
    else:
        assert follow_up.due is not None  # one of the two is always there
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
