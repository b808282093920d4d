"""What is wrong with causes and actions: C301 to C303, F401 to F409."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from remedy import records as r
from remedy.vocabulary import Role, Strength
from tests.oracle.actions import EFFECTIVE, INEFFECTIVE, STRENGTHS, Actions
from tests.oracle.recurrence import Recurrence
from tests.oracle.row import Row
from tests.oracle.seen import FIXING, IMPACTS, Seen, is_detected, noted, start


class Causes:
    """The rules about causes and actions, whoever apologised for what."""

    def __init__(self, seen: Seen, actions: Actions, recurrence: Recurrence) -> None:
        self.seen = seen
        self.actions = actions
        self.recurrence = recurrence
        self.as_of = seen.as_of
        self.config = seen.config

    def rows(self) -> Iterator[Row]:
        """Every fact."""
        for incident in self.seen.incidents():
            if self.is_unexamined(incident):
                yield Row("C301", incident)
        for cause in self.seen.visible(r.Cause):
            yield from (Row(code, cause.id) for code in self.cause(cause))
        for action in self.seen.visible(r.Action):
            weak = is_detected(action)
            yield from (Row(code, action.id, weak=weak) for code in self.action(action))

    # --- causes ------------------------------------------------------------------------------

    def is_unexamined(self, incident: str) -> bool:
        """C301: neither a cause nor a decision, and the grace is over, whatever was promised."""
        return (
            not self.seen.causes(incident, Role.CAUSE)
            and not self.seen.decided(incident)
            and self.as_of - noted(self.seen[incident]) > self.config.grace
        )

    def cause(self, cause: r.Cause) -> Iterator[str]:
        """C302, C303, F405, F408."""
        if (cause.is_human or cause.names_person) and not self.seen.deeper(cause.id):
            yield "C302"
        if not self.seen.about(cause.id, r.Evidence):
            yield "C303"
        if self.has_weaker_actions_only(cause.id):
            yield "F405"
        if self.is_too_weak_for_the_impact(cause.id):
            yield "F408"

    def has_weaker_actions_only(self, cause: str) -> bool:
        """F405: there are actions, planned ones too, and all are weaker."""
        fixers = self.actions.live_fixers(cause)
        return bool(fixers) and all(self.actions.strength(a) is Strength.WEAKER for a in fixers)

    def is_too_weak_for_the_impact(self, cause: str) -> bool:
        """F408: all strengths are known, and below what the gravest of its incidents asks for."""
        strengths = {self.actions.strength(a) for a in self.actions.live_fixers(cause)}
        impacts = {self.seen[each].impact for each in self.seen.up_closure(cause)} - {None}
        if not strengths or None in strengths or not impacts:
            return False
        asked = self.config.strength_for.get(max(impacts, key=IMPACTS.index))
        best = max(map(STRENGTHS.index, strengths))
        return asked is not None and best < STRENGTHS.index(asked)

    # --- actions -----------------------------------------------------------------------------

    def action(self, action: r.Action) -> Iterator[str]:
        """The F rules whose subject is the action."""
        if self.actions.status(action.id).open and (action.owner is None or action.due is None):
            yield "F401"
        if self.actions.is_overdue(action.id):
            yield "F402"
        if action.kind in FIXING:
            yield from self.fixing(action)
        if action.kind is r.ActionKind.CONTAINMENT and self.outlasts_the_fix(action):
            yield "F406"
        if any(self.seen.up_closure(c) for c, _ in self.seen.targets(action.id, "introduces")):
            yield "F407"

    def fixing(self, action: r.Action) -> Iterator[str]:
        """F403, F404, F409: of corrective and preventive actions."""
        status = self.actions.status(action.id)
        if status.implemented is not None:
            if not self.seen.about(action.id, r.Evidence):
                yield "F403"
            set_on = action.criterion_set or action.decided
            if action.criterion is None or set_on > status.implemented:
                yield "F404"
        # Reopened, nothing stands on it until it is implemented anew; nor what was said before.
        since = status.implemented or status.reopened
        if status.closed is not None and not self.actions.is_judged(action.id, since=since):
            # What came back after the closing opens it again, in effect: nothing is closed then.
            reopened = any(
                start(self.seen[later]) > status.closed
                for later in self.seen.incidents()
                for pair in self.recurrence.held_not(later)
                if pair[0] == action.id
            )
            if not reopened:
                yield "F409"

    def outlasts_the_fix(self, action: r.Action) -> bool:
        """F406: containment in place long after a fix of its incident's causes was verified."""
        status = self.actions.status(action.id)
        if status.closed is not None or status.cancelled:
            return False
        for incident, _ in self.seen.targets(action.id, "concerns"):
            for cause in self.seen.closure(incident):
                for fixer in self.seen.fixers(cause):
                    verified = self.verified_effective(fixer)
                    if verified and verified + self.config.containment_window < self.as_of:
                        return True
        return False

    def verified_effective(self, action: str) -> datetime | None:
        """Since when an action counts as effective, if the last verification says so.

        Verifying it once more puts nothing off; only having been ineffective between does.
        """
        since = None
        for verification in self.actions.verifications(action):
            if verification.result is EFFECTIVE:
                since = since or verification.made
            elif verification.result is INEFFECTIVE:
                since = None
        return since if self.actions.last_result(action) is EFFECTIVE else None
