"""What came back: R200 to R206, R208 and R210."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from remedy import records as r
from tests.oracle.actions import EFFECTIVE, Actions
from tests.oracle.row import Row
from tests.oracle.seen import Seen, is_detected, is_weak, start

COARSE = "coarse"


class Recurrence:
    """The rules about later incidents of a failure."""

    def __init__(self, seen: Seen, actions: Actions) -> None:
        self.seen = seen
        self.actions = actions
        self.config = seen.config
        self.held_not = cache(self.held_not)

    def rows(self) -> Iterator[Row]:
        """Every fact. R200 says whether the signature is too coarse, which mutes R201."""
        soon_again = 0
        for later in self.seen.incidents():
            yield from self.after_action(later)
            yield from self.double_deviation(later)
            yield from self.same_person(later)
            if self.within_window(later):
                soon_again += 1
                yield Row("R201", later, weak=is_weak(self.seen[later]))
            yield from self.recovery_failed(later)
        if self.is_coarse(soon_again):
            yield Row("R200", "casebook", what=COARSE)
        if self.incomparable():
            yield Row("R200", "casebook")
        for cause in self.seen.visible(r.Cause):
            if self.tried_again(cause.id):
                yield Row("R208", cause.id)

    # --- by later incident -------------------------------------------------------------------

    def within_window(self, later: str) -> bool:
        """R201: the same failure again within the window, which is inclusive."""
        when = start(self.seen[later])
        return any(
            when - start(self.seen[each]) <= self.config.recurrence_window
            for each in self.seen.earlier(later)
        )

    def same_person(self, later: str) -> Iterator[Row]:
        """R202: it hit a person whom it had hit before. R203: in a customer's very next order.

        Orders are numbered by customer, whoever "the same customer" is.
        """
        weak = is_weak(self.seen[later])
        before = [link for each in self.seen.earlier(later) for link in self.seen.affected(each)]
        persons = {self.seen.person(link.customer) for link in before}
        orders = {
            (link.customer, link.order_no + 1) for link in before if link.order_no is not None
        }
        for link in self.seen.affected(later):
            person = self.seen.person(link.customer)
            if person in persons:
                yield Row("R202", later, who=person, weak=weak)
            if (link.customer, link.order_no) in orders:
                yield Row("R203", later, who=link.customer, weak=weak)

    def double_deviation(self, later: str) -> Iterator[Row]:
        """R204: it hit a person to whom we had apologised for an earlier one that hit them."""
        record = self.seen[later]
        for each in self.seen.earlier(later):
            both = self.seen.persons(each) & self.seen.persons(later)
            for apology in self.seen.apologies(each) if both else ():
                if apology.made < start(record):
                    weak = is_weak(record) or is_detected(apology)
                    for person in both & self.seen.told_persons(apology.id):
                        yield Row("R204", later, who=person, what=apology.id, weak=weak)

    def held_not(self, later: str) -> frozenset[tuple[str, str]]:
        """The pairs (action, cause) of R205.

        A fixer of a cause of an earlier incident was in effect, within its scope, and the later
        one has that cause too, or none on record (suspected).
        """
        unknown = not self.seen.has_any_cause(later)
        return frozenset(
            (action, cause)
            for each in self.seen.earlier(later)
            for cause in self.seen.full_closure(each)
            if unknown or cause in self.seen.full_closure(later)
            for action in self.seen.fixers(cause)
            if self.actions.in_effect_at(action, later) and self.actions.takes_in(action, later)
        )

    def after_action(self, later: str) -> Iterator[Row]:
        """R205: after an action took effect. R206: after it had been verified effective."""
        record = self.seen[later]
        for pair in self.held_not(later):
            yield Row("R205", later, what=pair, weak=is_weak(record))
            if self.actions.last_result(pair[0], before=start(record)) is EFFECTIVE:
                yield Row("R206", later, what=pair, weak=is_weak(record))

    def recovery_failed(self, incident: str) -> Iterator[Row]:
        """R210: a complaint was reopened; or a correction was reopened, or found ineffective."""
        for complaint in self.seen.about(incident, r.Complaint):
            if complaint.reopened is not None and complaint.reopened <= self.seen.as_of:
                yield Row("R210", incident, what=complaint.id)
        for action, _ in self.seen.sources(incident, "concerns"):
            if self.seen[action].kind is r.ActionKind.CORRECTION:
                reopened = self.actions.status(action).was_reopened
                if reopened or self.actions.is_ineffective(action):
                    yield Row("R210", incident, what=action)

    # --- by casebook, by cause ---------------------------------------------------------------

    def incomparable(self) -> list[str]:
        """The incidents without a failure key."""
        return [each for each in self.seen.incidents() if self.seen.failure(each) is None]

    def is_coarse(self, soon_again: int) -> bool:
        """Whether the signature calls more than half of all incidents repeats."""
        comparable = len(self.seen.incidents()) - len(self.incomparable())
        return (
            comparable >= self.config.coarse_from
            and soon_again > self.config.coarse_share * comparable
        )

    def came_back_after(self, action: str, cause: str) -> list[str]:
        """The incidents that make an R205 pair with an action on a cause."""
        return [each for each in self.seen.incidents() if (action, cause) in self.held_not(each)]

    def tried_again(self, cause: str) -> bool:
        """R208: two actions of one kind of intervention, each followed by recurrence.

        The first recurrence was there before the second action took effect.
        """
        for first in self.seen.fixers(cause):
            for second in self.seen.fixers(cause):
                kind = self.seen[first].intervention
                if kind is None or kind != self.seen[second].intervention:
                    continue
                began, again = self.actions.first_effect(first), self.actions.first_effect(second)
                if began is None or again is None or not began < again:
                    continue
                between = any(
                    start(self.seen[each]) <= again for each in self.came_back_after(first, cause)
                )
                if between and self.came_back_after(second, cause):
                    return True
        return False
