"""What findings name: which of several incidents, actions, causes, apologies and customers.

Of what came before, the nearest; of actions, the one that weighs most; of equals, the first by id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from remedy import records as r
from remedy.vocabulary import Gate, Role
from tests.oracle.actions import EFFECTIVE, STRENGTHS, Actions
from tests.oracle.apologies import SETTLED, Apologies
from tests.oracle.backing import DOES_NOT_DO, LATE, WAITING, WOULD_NOT_DO, Backing
from tests.oracle.recurrence import COARSE, Recurrence
from tests.oracle.row import Row
from tests.oracle.seen import Seen, end, start


class Named(NamedTuple):
    """What a reason names.

    Attributes:
        code: The rule.
        subject: What the reason is about.
        what: What it names, by the columns of the rule's rows; times as they are.
    """

    code: str
    subject: str
    what: frozenset[tuple[str, Any]]


NAMES = {
    "A101": ("made_at",),
    "A102": ("made_at",),
    "A103": ("made_at", "action", "overdue", "cancelled", "closed_at", "due_at"),
    "A104": ("made_at", "action", "known"),
    "A105": ("made_at",),
    "A106": ("made_at", "action"),
    "A107": ("made_at", "action", "later", "later_at"),
    "A108": ("made_at", "cause"),
    "A110": ("made_at", "later", "later_at"),
    "A114": ("made_at", "action", "known"),
    "A120": ("missed", "example"),
    "A121": ("late", "example"),
    "A132": ("promise", "apology", "kind", "made_at"),
    "A141": ("customer", "response", "made_at", "owner", "chances"),
    "A142": ("customer", "response", "made_at", "owner", "chances"),
    "A143": ("response", "made_at", "later", "later_at", "more"),
    "A144": ("missed", "due_at"),
    "R200": ("blank", "comparable", "repeats", "coarse"),
    "R201": ("earlier", "later_at"),
    "R202": ("customer", "account", "earlier", "before_at"),
    "R203": ("customer", "earlier"),
    "R204": ("customer", "account", "apology", "earlier"),
    "R205": ("action", "more", "suspected", "earlier"),
    "R206": ("action", "more", "suspected", "earlier"),
    "R208": ("intervention", "first_action", "second_action", "times"),
    "R210": ("other", "kind", "how"),
}
"""What the rules name, by the columns of their rows."""


def named(code: str, subject: str, **what: Any) -> Named:
    """Return what a reason names."""
    assert {*what} == {*NAMES[code]}, code
    return Named(code, subject, frozenset(what.items()))


class Naming:
    """What the rules name that have something to choose from."""

    def __init__(
        self,
        seen: Seen,
        actions: Actions,
        backing: Backing,
        apologies: Apologies,
        recurrence: Recurrence,
    ) -> None:
        self.seen = seen
        self.actions = actions
        self.backing = backing
        self.apologies = apologies
        self.recurrence = recurrence

    def rows(self) -> Iterator[Named]:
        """Everything that is named."""
        for row in dict.fromkeys(self.backing.rows()):
            yield from self.of_apology(row)
        by_code: dict[tuple[str, str], list[Row]] = {}
        for row in (*self.apologies.rows(), *self.recurrence.rows()):
            by_code.setdefault((row.code, row.subject), []).append(row)
        ways: dict[str, Callable[[str, list[Row]], Iterable[dict[str, Any]]]] = {
            "A120": self.told_to_few,
            "A121": self.heard_late,
            "A132": self.broken,
            "A141": self.last_chance,
            "A142": self.last_chance,
            "A143": self.missed_chance,
            "A144": self.no_follow_up,
            "R200": self.incomparable,
            "R201": self.after_the_nearest,
            "R202": self.same_person,
            "R203": self.next_order,
            "R204": self.double_deviation,
            "R205": self.after_action,
            "R206": self.after_verified,
            "R208": self.tried_again,
            "R210": self.recovery_failed,
        }
        for (code, subject), rows in by_code.items():
            if code in ways:
                yield from (named(code, subject, **each) for each in ways[code](subject, rows))

    # --- what stands behind an apology -------------------------------------------------------

    def of_apology(self, row: Row) -> Iterator[Named]:
        """A101 to A114, of an incident that was apologised for."""
        code, incident = row.code, row.subject
        first = self.seen.apologies(incident)[0].made
        if code == "A107":
            yield from self.did_not_hold(row, first)
        elif code == "A110":
            yield named(code, incident, made_at=first, **self.later(row.what))
        elif code == "A108":
            for cause in self.open_ways(incident):
                yield named(code, incident, made_at=first, cause=cause)
        elif code in ("A103", "A104", "A114"):
            grade = {"A103": LATE, "A104": DOES_NOT_DO, "A114": WOULD_NOT_DO}[code]
            for action in self.placed(incident, grade):
                yield named(code, incident, made_at=first, **self.action(code, action))
        elif code == "A106":
            for action in self.backing.met(incident):
                if self.backing.is_late_to_verify(action):
                    yield named(code, incident, made_at=first, action=action)
        elif code in NAMES:
            yield named(code, incident, made_at=first)

    def later(self, incident: str) -> dict[str, Any]:
        """An incident that came later, and when."""
        return {"later": incident, "later_at": start(self.seen[incident])}

    def did_not_hold(self, row: Row, first: datetime) -> Iterator[Named]:
        """A107: by recurrence, the first by id of the changes that were there; else of those found
        ineffective on a path that is open.
        """
        incident, later = row.subject, row.what
        seen, actions = self.seen, self.actions
        if later is not None:
            held = {
                action
                for cause in seen.closure(incident)
                if not seen.has_any_cause(later) or cause in seen.full_closure(later)
                for action in self.backing.standing(incident, cause)
                if actions.changes_process(action)
                and actions.in_effect_at(action, later)
                and actions.takes_in(action, later)
            }
            named_later = self.later(later)
        else:
            held = {
                action
                for cause in seen.closure(incident)
                if self.backing.is_open(incident, cause)
                for action in self.backing.standing(incident, cause)
                if actions.is_ineffective(action)
            }
            named_later = {"later": None, "later_at": None}
        yield named("A107", incident, made_at=first, action=min(held), **named_later)

    def placed(self, incident: str, grade: int) -> set[str]:
        """The actions to which a path of that grade owes it."""
        return {
            action
            for cause in self.seen.causes(incident, Role.CAUSE)
            if self.backing.value(incident, cause) == grade
            for deeper in self.with_deeper(cause)
            for action in self.backing.standing(incident, deeper)
            if self.backing.rank(action) == grade and not self.actions.is_ineffective(action)
        }

    def with_deeper(self, cause: str) -> set[str]:
        """A cause and everything beneath it."""
        return {cause}.union(*(self.with_deeper(each) for each in self.seen.deeper(cause)))

    def action(self, code: str, action: str) -> dict[str, Any]:
        """An action, and what is said of it."""
        record, status = self.seen[action], self.actions.status(action)
        if code != "A103":
            unknown = record.intervention is None and record.changes_process is None
            return {"action": action, "known": int(not unknown)}
        due = record.due.end if isinstance(record.due, r.Day) else record.due
        return {
            "action": action,
            "overdue": int(status.open),
            "cancelled": int(status.cancelled),
            "closed_at": status.closed,
            "due_at": due,
        }

    def open_ways(self, incident: str) -> set[str]:
        """A108: the causes at which the paths that are open begin.

        Where all of what lies beneath a cause is needed, it is the cause itself; else what is open
        beneath it, as deep as that goes.
        """
        named, to_see = set(), set(self.seen.causes(incident, Role.CAUSE))
        while to_see:
            cause = to_see.pop()
            if self.backing.value(incident, cause) >= WAITING:
                continue
            deeper = {
                each
                for each in self.seen.deeper(cause)
                if self.backing.value(incident, each) < WAITING
            }
            if self.seen[cause].gate is Gate.ALL or not deeper:
                named.add(cause)
            else:
                to_see |= deeper
        return named

    # --- customers, promises and responses ---------------------------------------------------

    def told_to_few(self, incident: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """A120: how many were not told, and the first of them."""
        yield {"missed": len(rows), "example": min(str(row.who) for row in rows)}

    def heard_late(self, incident: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """A121: how many heard late, and the first of them."""
        yield {"late": len(rows), "example": min(str(row.who) for row in rows)}

    def broken(self, incident: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """A132: each promise that an incident was the first to break."""
        for row in rows:
            promise = self.seen[row.what]
            yield {
                "promise": promise.id,
                "apology": self.seen.made_in(promise),
                "kind": promise.kind.value,
                "made_at": self.seen.promised(promise),
            }

    def last_chance(self, customer: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """A141, A142: the latest of a customer's chances."""
        given = [self.seen[row.what] for row in rows]
        settled = [
            each.made
            for each in self.seen.visible(r.Response)
            if each.customer == customer and each.kind in SETTLED
        ]
        given = [each for each in given if not any(made > each.made for made in settled)]
        latest = min(given, key=lambda each: (-each.made.timestamp(), each.id))
        yield {
            "customer": customer,
            "response": latest.id,
            "made_at": latest.made,
            "owner": latest.next_owner,
            "chances": len(given),
        }

    def missed_chance(self, customer: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """A143: the first time that it happened again, and after which chance."""

        def order(row: Row) -> tuple[Any, ...]:
            chance, later = row.what
            made = self.seen[chance].made
            return start(self.seen[later]), later, -made.timestamp(), chance

        chance, later = min(rows, key=order).what
        yield {
            "response": chance,
            "made_at": self.seen[chance].made,
            **self.later(later),
            "more": len({row.what[1] for row in rows}) - 1,
        }

    def no_follow_up(self, incident: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """A144: how many were missed, and when the first of them was due."""
        due = [self.seen[row.what].due for row in rows]
        first = min(each.end if isinstance(each, r.Day) else each for each in due)
        yield {"missed": len(rows), "due_at": first}

    # --- what came back ----------------------------------------------------------------------

    def nearest(self, later: str) -> str:
        """The nearest sure earlier incident of a failure."""
        earlier = self.seen.earlier(later)
        return min(earlier, key=lambda each: (-start(self.seen[each]).timestamp(), each))

    def after_the_nearest(self, later: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """R201: how near."""
        yield {"earlier": self.nearest(later), "later_at": start(self.seen[later])}

    def customers(self, incident: str, person: str | None) -> Iterator[dict[str, Any]]:
        """The customers that are a person."""
        for customer in self.seen.customers(incident):
            if self.seen.person(customer) == person:
                yield {"customer": customer, "account": None if person == customer else person}

    def same_person(self, later: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """R202: when it was over for the first time that it hit them."""
        for row in rows:
            before = [e for e in self.seen.earlier(later) if row.who in self.seen.persons(e)]
            first = min(before, key=lambda each: (end(self.seen[each]), each))
            for whom in self.customers(later, row.who):
                yield {**whom, "earlier": first, "before_at": start(self.seen[first])}

    def next_order(self, later: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """R203: the order before."""
        for row in rows:
            numbers = {
                link.order_no - 1
                for link in self.seen.affected(later)
                if link.customer == row.who and link.order_no is not None
            }
            before = [
                each
                for each in self.seen.earlier(later)
                for link in self.seen.affected(each)
                if link.customer == row.who and link.order_no in numbers
            ]
            yield {"customer": row.who, "earlier": min(before)}

    def double_deviation(self, later: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """R204: the last apology before, and the last incident that it was for."""
        for person in {row.who for row in rows}:
            apologies = {row.what for row in rows if row.who == person}
            last = min(apologies, key=lambda each: (-self.seen[each].made.timestamp(), each))
            incidents = [
                each
                for each in self.seen.apologised_for(last)
                if each in self.seen.earlier(later) and person in self.seen.persons(each)
            ]
            earlier = min(incidents, key=lambda each: (-start(self.seen[each]).timestamp(), each))
            for whom in self.customers(later, person):
                yield {**whom, "apology": last, "earlier": earlier}

    def heaviest(self, actions: Iterable[str]) -> str:
        """The action that weighs most: what changes the process first, then what is strongest."""

        def weight(action: str) -> tuple[bool, int]:
            strength = self.actions.strength(action)
            known = STRENGTHS.index(strength) + 1 if strength else 0
            return self.actions.changes_process(action), known

        return min(actions, key=lambda each: (tuple(-int(w) for w in weight(each)), each))

    def after_action(self, later: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """R205: the heaviest of the actions."""
        actions = {row.what[0] for row in rows}
        yield {
            "action": self.heaviest(actions),
            "more": len(actions) - 1,
            "suspected": int(not self.seen.has_any_cause(later)),
            "earlier": self.nearest(later),
        }

    def after_verified(self, later: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """R206: the heaviest of the actions that had been found effective."""
        when = start(self.seen[later])
        assert all(self.actions.last_result(row.what[0], before=when) is EFFECTIVE for row in rows)
        return self.after_action(later, rows)

    def tried_again(self, cause: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """R208: of each kind of intervention the first two, and how many there were."""
        tried: dict[str, list[str]] = {}
        for action in self.seen.fixers(cause):
            kind = self.seen[action].intervention
            if kind is not None and self.recurrence.came_back_after(action, cause):
                tried.setdefault(kind, []).append(action)
        for kind, actions in tried.items():
            pairs = [
                (self.began(first), first, self.began(second), second)
                for first in actions
                for second in actions
                if self.began(first) < self.began(second)
                and any(
                    start(self.seen[each]) <= self.began(second)
                    for each in self.recurrence.came_back_after(first, cause)
                )
            ]
            if pairs:
                _, first, _, second = min(pairs)
                yield {
                    "intervention": kind,
                    "first_action": first,
                    "second_action": second,
                    "times": len(actions),
                }

    def began(self, action: str) -> datetime:
        """When an action that was in effect first took effect."""
        began = self.actions.first_effect(action)
        assert began is not None
        return began

    def recovery_failed(self, incident: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """R210: each complaint and correction, and how it failed."""
        for row in dict.fromkeys(rows):
            if isinstance(self.seen[row.what], r.Complaint):
                yield {"other": row.what, "kind": "complaint", "how": "was opened again"}
                continue
            bad = self.actions.is_ineffective(row.what)
            how = "was verified, and found ineffective" if bad else "was opened again"
            yield {"other": row.what, "kind": "correction", "how": how}

    def incomparable(self, casebook: str, rows: list[Row]) -> Iterator[dict[str, Any]]:
        """R200: how many lack a part of the signature, and how many repeats there are."""
        incidents = self.seen.incidents()
        blank = len(self.recurrence.incomparable())
        yield {
            "blank": blank,
            "comparable": len(incidents) - blank,
            "repeats": sum(map(self.recurrence.within_window, incidents)),
            "coarse": int(any(row.what == COARSE for row in rows)),
        }
