"""What an action is worth at a moment: its status, its effect, its strength, its verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import NamedTuple

from remedy import records as r
from remedy.vocabulary import ActionState, Strength, VerificationResult, shipped_interventions
from tests.oracle.seen import Seen, end, start

INTERVENTIONS = shipped_interventions()
STRENGTHS = [Strength.WEAKER, Strength.INTERMEDIATE, Strength.STRONGER]
SCOPE = ("process", "product", "channel", "site")

IMPLEMENTED = (ActionState.IMPLEMENTED, ActionState.TOOK_EFFECT)
LIFE = (*IMPLEMENTED, ActionState.CANCELLED, ActionState.REOPENED)
EFFECTIVE = VerificationResult.EFFECTIVE
INEFFECTIVE = VerificationResult.INEFFECTIVE


class Interval(NamedTuple):
    """A span in which an action was in effect; `ended` is None where it still is."""

    began: datetime
    ended: datetime | None

    def covers(self, incident: r.Incident) -> bool:
        """Whether it had surely begun when the incident occurred, and had not ended."""
        return self.began < start(incident) and self.lasts_until(incident)

    def may_cover(self, incident: r.Incident) -> bool:
        """Whether it may have begun by then: on the day of an incident, order is unknown."""
        return self.began < end(incident) and self.lasts_until(incident)

    def lasts_until(self, incident: r.Incident) -> bool:
        """Whether it had not surely ended before."""
        return self.ended is None or self.ended >= start(incident)


def _in_order(events: tuple[r.ActionEvent, ...]) -> list[r.ActionEvent]:
    return sorted(events, key=lambda event: event.occurred)  # stable: ties keep their order


class Status:
    """How an action stands at a moment.

    Attributes:
        cancelled: The last thing done to it was cancelling it.
        implemented: When it was implemented, or took effect if that was earlier: since it was last
            reopened. None while cancelled.
        closed: When it was last closed, since it was last reopened.
        reopened: When it was last reopened.
        open: Neither implemented, nor closed, nor cancelled.
    """

    def __init__(self, action: r.Action, as_of: datetime) -> None:
        events = [event for event in _in_order(action.events) if event.occurred <= as_of]
        steps = [event.state for event in events if event.state in LIFE]
        self.cancelled = bool(steps) and steps[-1] is ActionState.CANCELLED
        self.was_reopened = ActionState.REOPENED in steps
        self.reopened: datetime | None = None
        for place, event in enumerate(list(events)):
            if event.state is ActionState.REOPENED:
                since_reopened = events[place + 1 :]
                self.reopened = event.occurred
        if self.was_reopened:
            events = since_reopened
        done = [event.occurred for event in events if event.state in IMPLEMENTED]
        closed = [event.occurred for event in events if event.state is ActionState.CLOSED]
        self.implemented = done[0] if done and not self.cancelled else None
        self.closed = closed[-1] if closed else None
        self.open = self.implemented is None and self.closed is None and not self.cancelled


class Actions:
    """The actions of a graph, seen at a moment. Actions and causes are named by their ids."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.as_of = seen.as_of
        self.status = cache(self.status)
        self.intervals = cache(self.intervals)
        self.verifications = cache(self.verifications)

    def status(self, action: str) -> Status:
        """How it stands."""
        return Status(self.seen[action], self.as_of)

    def is_overdue(self, action: str) -> bool:
        """Open, and past due."""
        due = self.seen[action].due
        return self.status(action).open and due is not None and due < self.as_of

    # --- effect ------------------------------------------------------------------------------

    def intervals(self, action: str) -> tuple[Interval, ...]:
        """When it was in effect: from took effect, else implemented, until cancelled.

        Reopening does not end the effect.
        """
        found = []
        effect: list[datetime] = []
        done: list[datetime] = []

        def close(ended: datetime | None) -> None:
            if effect or done:
                found.append(Interval((effect or done)[0], ended))
            effect.clear()
            done.clear()

        for event in _in_order(self.seen[action].events):
            if event.state is ActionState.TOOK_EFFECT:
                effect.append(event.occurred)
            elif event.state is ActionState.IMPLEMENTED:
                done.append(event.occurred)
            elif event.state is ActionState.CANCELLED:
                close(event.occurred)
        close(None)
        return tuple(found)

    def first_effect(self, action: str) -> datetime | None:
        """When it first took effect."""
        return min((each.began for each in self.intervals(action)), default=None)

    def in_effect_at(self, action: str, incident: str) -> bool:
        """Whether it had surely taken effect when an incident occurred, and had not ended."""
        return any(each.covers(self.seen[incident]) for each in self.intervals(action))

    def may_be_in_effect_at(self, action: str, incident: str) -> bool:
        """Whether it may have been in effect when an incident occurred."""
        return any(each.may_cover(self.seen[incident]) for each in self.intervals(action))

    def takes_in(self, action: str, incident: str) -> bool:
        """Whether its scope takes an incident in: what is set must be the same there."""
        a, i = self.seen[action], self.seen[incident]
        return all(getattr(a, f"scope_{field}") in (None, getattr(i, field)) for field in SCOPE)

    def stands_behind(self, action: str, incident: str) -> bool:
        """Whether it can meet a path of an incident: within its scope, and not there before.

        What had taken effect when the incident occurred was there and did not hold.
        """
        return self.takes_in(action, incident) and not self.in_effect_at(action, incident)

    # --- strength ----------------------------------------------------------------------------

    def strength(self, action: str) -> Strength | None:
        """Its own, else what the table says of its intervention, else unknown."""
        record = self.seen[action]
        row = INTERVENTIONS.get(record.intervention)
        return record.strength or (row.strength if row else None)

    def changes_process(self, action: str) -> bool:
        """Its own word, else the table's; unknown is no."""
        record = self.seen[action]
        if record.changes_process is not None:
            return record.changes_process
        row = INTERVENTIONS.get(record.intervention)
        return row is not None and row.changes_process

    # --- verdicts ----------------------------------------------------------------------------

    def verifications(self, action: str) -> tuple[r.Verification, ...]:
        """Its verifications, by (made, id)."""
        found = {source for source, _ in self.seen.sources(action, "judges")}
        return tuple(
            sorted((self.seen[each] for each in found), key=lambda each: (each.made, each.id))
        )

    def last_result(self, action: str, before: datetime | None = None) -> VerificationResult | None:
        """What the last verification says; or the last made before a moment."""
        found = [v for v in self.verifications(action) if before is None or v.made < before]
        return found[-1].result if found else None

    def is_ineffective(self, action: str) -> bool:
        """Whether the last verification says so."""
        return self.last_result(action) is INEFFECTIVE

    def is_judged(self, action: str, since: datetime | None = None) -> bool:
        """Whether a verification (made at `since` or later) says effective or ineffective."""
        return any(
            v.result in (EFFECTIVE, INEFFECTIVE) and (since is None or v.made >= since)
            for v in self.verifications(action)
        )

    # --- by cause ----------------------------------------------------------------------------

    def live_fixers(self, cause: str) -> list[str]:
        """The fixers of a cause that are not cancelled."""
        return [each for each in self.seen.fixers(cause) if not self.status(each).cancelled]

    def of_kind(self, *kinds: r.ActionKind) -> Iterator[str]:
        """The actions of some kinds that count."""
        return (each.id for each in self.seen.visible(r.Action) if each.kind in kinds)
