"""What else there is to say about apologies, promises and customers: A120 to A144."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from remedy import records as r
from remedy.vocabulary import Element, PromiseKind, PromiseScope, ResponseKind
from tests.oracle.actions import Actions
from tests.oracle.row import Row
from tests.oracle.seen import IMPACTS, Seen, is_detected, is_weak, noted, start

SETTLED = (ResponseKind.THANKED, ResponseKind.ACCEPTED, ResponseKind.LEFT)


class Apologies:
    """The rules about incidents that somebody apologised for, their promises and responses."""

    def __init__(self, seen: Seen, actions: Actions) -> None:
        self.seen = seen
        self.actions = actions
        self.as_of = seen.as_of
        self.config = seen.config

    def rows(self) -> Iterator[Row]:
        """Every fact."""
        for incident in self.seen.incidents():
            if self.seen.apologies(incident):
                yield from self.not_told(incident)
                yield from self.heard_late(incident)
                yield from self.elements(incident)
                yield from self.no_amends(incident)
                yield from self.no_follow_up(incident)
        for promise in self.seen.visible(r.Promise):
            yield from self.promise(promise)
        for customer in {response.customer for response in self.seen.visible(r.Response)}:
            yield from self.last_chances(customer)

    # --- by incident -------------------------------------------------------------------------

    def not_told(self, incident: str) -> Iterator[Row]:
        """A120: customers whom no apology reached, where it is known whom each was told."""
        apologies = self.seen.apologies(incident)
        if all(apology.customers is not None for apology in apologies):
            detected = all(map(is_detected, apologies))
            for customer in self.seen.customers(incident):
                if not any(self.seen.was_told(apology.id, customer) for apology in apologies):
                    yield Row("A120", incident, who=customer, weak=detected)

    def heard_late(self, incident: str) -> Iterator[Row]:
        """A121: customers who heard from us later than the limit for the impact.

        They heard when it was acknowledged to them (else, to all), or at the first apology.
        """
        record = self.seen[incident]
        limit = self.config.first_contact.get(record.impact)
        if limit is None:
            return
        heard: dict[str, list[datetime]] = {}
        for link in self.seen.affected(incident):
            moments = heard.setdefault(link.customer, [self.seen.apologies(incident)[0].made])
            acknowledged = link.acknowledged or record.acknowledged
            if acknowledged is not None and acknowledged <= self.as_of:
                moments.append(acknowledged)
        for customer, moments in heard.items():
            if min(moments) > noted(record) + limit:
                yield Row("A121", incident, who=customer)

    def elements(self, incident: str) -> Iterator[Row]:
        """A122, A124: what all apologies together lack, where somebody looked."""
        recorded = [
            apology.elements
            for apology in self.seen.apologies(incident)
            if apology.elements is not None
        ]
        if recorded:
            told = set().union(*recorded)
            if not {Element.RESPONSIBILITY, Element.REPAIR} <= told:
                yield Row("A122", incident)
            if not {Element.REGRET, Element.EXPLANATION, Element.REPENTANCE} <= told:
                yield Row("A124", incident)

    def no_amends(self, incident: str) -> Iterator[Row]:
        """A140: no amends, where the impact asks for them."""
        impact, least = self.seen[incident].impact, self.config.amends_from
        if impact is None or least is None or IMPACTS.index(impact) < IMPACTS.index(least):
            return
        if not self.seen.about(incident, r.Amends):
            yield Row("A140", incident)

    def no_follow_up(self, incident: str) -> Iterator[Row]:
        """A144: a follow-up is past due, and none was made that would do; identified customers."""
        follow_ups = self.seen.about(incident, r.FollowUp)
        made = [each for each in follow_ups if each.made is not None and each.made <= self.as_of]
        for due in follow_ups:
            late = due.due is not None and due.due < self.as_of
            identified = due.customer is not None or self.seen.customers(incident)
            if late and identified and not any(self.would_do(each, due) for each in made):
                yield Row("A144", incident, who=due.customer, what=due.id)

    @staticmethod
    def would_do(made: r.FollowUp, due: r.FollowUp) -> bool:
        """Whether a follow-up that was made settles one that is due: the same one or customer."""
        return (
            made.id == due.id
            or None in (made.customer, due.customer)
            or (made.customer == due.customer)
        )

    # --- by promise --------------------------------------------------------------------------

    def promise(self, promise: r.Promise) -> Iterator[Row]:
        """A132 where it was broken; else A130, A131, A133."""
        breaker = self.first_breaker(promise)
        if breaker is not None:
            weak = is_weak(self.seen[breaker]) or is_detected(promise)
            yield Row("A132", breaker, what=promise.id, weak=weak)
            return
        if self.has_nothing_under_it(promise):
            yield Row("A130", promise.id)
        late = promise.due is not None and promise.due < self.as_of
        if promise.kind is PromiseKind.DEED and late and not self.is_fulfilled(promise):
            yield Row("A131", promise.id, weak=is_detected(promise))
        if promise.kind is None:
            yield Row("A133", promise.id)

    def is_fulfilled(self, promise: r.Promise) -> bool:
        """Whether the deed was done."""
        return promise.fulfilled is not None and promise.fulfilled <= self.as_of

    def has_nothing_under_it(self, promise: r.Promise) -> bool:
        """A130: of non-recurrence, within the horizon: no action linked, and none on a cause.

        Of a deed that is not done: no owner, or no date.
        """
        if promise.kind is PromiseKind.DEED:
            unowned = promise.owner is None or promise.due is None
            return unowned and not self.is_fulfilled(promise)
        if promise.kind is not PromiseKind.NON_RECURRENCE:
            return False
        if self.as_of > self.seen.promised(promise) + self.config.promise_horizon:
            return False
        linked = {action for action, _ in self.seen.targets(promise.id, "rests_on")}
        if any(not self.actions.status(action).cancelled for action in linked):
            return False
        return not any(
            self.actions.live_fixers(cause)
            for incident in self.seen.apologised_for(self.seen.made_in(promise))
            for cause in self.seen.full_closure(incident)
        )

    def first_breaker(self, promise: r.Promise) -> str | None:
        """A132: the first incident that broke a promise of non-recurrence, or to watch.

        Of the same failure as one that the apology is for, not itself one of them, within the
        horizon (watching: until it is due, and as long as it is not done), hitting somebody who
        was told (non-recurrence for anyone: whomever).
        """
        if promise.kind not in (PromiseKind.NON_RECURRENCE, PromiseKind.WATCH):
            return None
        watch = promise.kind is PromiseKind.WATCH
        made = self.seen.promised(promise)
        apology = self.seen.made_in(promise)
        own = self.seen.apologised_for(apology)
        failures = {self.seen.failure(each) for each in own} - {None}
        until = made + self.config.promise_horizon
        if watch and promise.due is not None:
            until = promise.due
        to_anyone = not watch and promise.scope is PromiseScope.ANYONE
        for later in self.seen.incidents():
            when = start(self.seen[later])
            if self.seen.failure(later) not in failures or later in own:
                continue
            if not made < when <= until:
                continue
            if watch and promise.fulfilled is not None and promise.fulfilled < when:
                continue
            if to_anyone or self.seen.told_persons(apology) & self.seen.persons(later):
                return later
        return None

    # --- by customer -------------------------------------------------------------------------

    def last_chances(self, customer: str) -> Iterator[Row]:
        """A141, A142, A143: a customer gave a last chance."""
        given = [each for each in self.seen.visible(r.Response) if each.customer == customer]
        settled = [each.made for each in given if each.kind in SETTLED]
        chances = [each for each in given if each.kind is ResponseKind.LAST_CHANCE]
        at_risk = [each for each in chances if not any(made > each.made for made in settled)]
        if at_risk:
            unowned = [each for each in at_risk if each.next_owner is None]
            for each in unowned or at_risk:
                yield Row("A142" if unowned else "A141", customer, what=each.id)
        for chance in chances:
            yield from self.missed(chance, settled)

    def missed(self, chance: r.Response, settled: list[datetime]) -> Iterator[Row]:
        """A143: the failure hit the person again before the customer was content, or gone."""
        incident = next((target for target, _ in self.seen.targets(chance.id, "about")), None)
        if incident is None:
            return
        person = self.seen.person(chance.customer)
        for later in self.seen.same_failure(self.seen.failure(incident)):
            when = start(self.seen[later])
            content = any(chance.made < made <= when for made in settled)
            back = later != incident and when > chance.made
            if back and person in self.seen.persons(later) and not content:
                weak = is_weak(self.seen[later]) or is_detected(chance)
                yield Row("A143", chance.customer, what=(chance.id, later), weak=weak)
