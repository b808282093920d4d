"""What goes wrong: incidents about which the rules have something to say.

Two in five of them belong to *hot* failures, which come back again and again to the same
customers: a few of them hundreds of times. The others are single: each shows one thing that a
rule looks for.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta

from benchmarks._ground import BEGINS, MONTH, MONTHS, PROCESSES, TOLD_ON, Slot
from benchmarks._usual import finished
from remedy import (
    ALL,
    Action,
    Affected,
    Amends,
    Apology,
    Cause,
    Complaint,
    Decision,
    Evidence,
    FollowUp,
    Incident,
    Promise,
    Record,
    Response,
    Verification,
)

__all__ = ["Troubles"]

HOT = 0.4
PER_HOT = 25


class Troubles:
    """Makes the records around troubled incidents.

    Args:
        expected: How many of them there will be.
        dice: Where chance comes from.
    """

    def __init__(self, expected: int, dice: random.Random) -> None:
        self._dice = dice
        self._failures = max(2, round(expected * HOT / PER_HOT))
        self._explained: dict[int, list[str]] = defaultdict(list)
        self._orders: dict[str, int] = {}
        self._turn = 0

    def drawn(self) -> Callable[[Slot], Iterator[Record]]:
        """Return the trouble for the next slot."""
        if self._dice.random() < HOT:
            return self.hot
        self._turn += 1
        return _SINGLE[self._turn % len(_SINGLE)]

    # --- failures that come back ------------------------------------------------------------------

    def hot(self, slot: Slot) -> Iterator[Record]:
        """Yield an incident of a failure that comes back."""
        dice = self._dice
        failure = int((self._failures + 1) ** dice.random())
        customer = f"CUS-H{failure:05}-{int(1 + 40 ** dice.random()):03}"
        order_no = self._orders[customer] = self._orders.get(customer, 0) + dice.choice((1, 1, 2))
        known = dice.random()
        yield Incident(
            id=slot.id, occurred=slot.at, process=PROCESSES[failure % 12],
            failure_mode=f"hot label {failure}", impact=dice.choice(("minor", "moderate", "major")),
            detected_by=dice.choice(("us", "customer")), channel="shop",
            acknowledged=slot.later(0.05),
            customers=Affected(customer=customer, order=f"SO-{slot.number}", order_no=order_no),
        )  # fmt: skip
        if known < 0.5:
            self._explained[failure].append(slot.id)
        elif known < 0.75:
            yield _decided(slot)
        if dice.random() < 0.6:
            promises = ()
            if dice.random() < 0.3:
                promises = Promise(
                    kind=dice.choice(("non_recurrence", "watch")),
                    scope="anyone" if dice.random() < 0.2 else "customer",
                    due=slot.later(90),
                )
            yield _apology(slot, customers=dice.choice((None, ALL, customer)), promises=promises)
        if dice.random() < 0.1:
            yield Response(
                id=f"RES-{slot.number:07}", customer=customer, incident=slot.id,
                kind=dice.choice(("last_chance", "last_chance", "accepted", "left")),
                made=slot.later(4), next_owner=dice.choice((None, "care lead")),
            )  # fmt: skip

    def at_the_end(self) -> Iterator[Record]:
        """Yield the causes of the hot failures, and what was tried."""
        dice = self._dice
        for failure, incidents in sorted(self._explained.items()):
            id = f"CAU-H{failure:05}"
            found = BEGINS + dice.random() * MONTHS / 2 * MONTH
            yield Cause(id=id, found=found, incidents=incidents, text="It has always been so.")
            yield Evidence(id=f"EVI-{id}", cause=id, made=found, text="count over a year")
            done = found
            kind = dice.choice(("automation", "checklist", "training", "double_check"))
            for place in range(dice.randrange(4)):
                done += timedelta(days=60 + 400 * dice.random())
                if done > TOLD_ON:
                    break
                action = f"ACT-H{failure:05}-{place}"
                yield Action(
                    id=action, kind="corrective", intervention=kind, causes=id, owner="quality",
                    decided=done - timedelta(days=30), due=done + timedelta(days=9),
                    scope_channel=dice.choice((None, None, "shop", "phone")), criterion="none",
                    events=("implemented", done),
                )  # fmt: skip
                yield Evidence(id=f"EVI-{action}", action=action, made=done, text="release note")
                if dice.random() < 0.7:
                    yield Verification(
                        id=f"VER-{action}", action=action, made=done + timedelta(days=20),
                        result=dice.choice(("effective", "effective", "ineffective")),
                    )  # fmt: skip


# --- single troubles ------------------------------------------------------------------------------


def _incident(slot: Slot, **fields: object) -> Incident:
    given: dict[str, object] = {
        "id": slot.id,
        "occurred": slot.at,
        "process": PROCESSES[slot.number % 12],
        "failure_mode": f"trouble {slot.number}",
        "impact": "moderate",
        "detected_by": "us",
        "acknowledged": slot.later(0.05),
        "customers": f"CUS-T{slot.number:07}",
    }
    return Incident(**(given | fields))


def _apology(slot: Slot, **fields: object) -> Apology:
    given: dict[str, object] = {
        "id": f"APO-{slot.number:07}",
        "incidents": slot.id,
        "made": slot.later(2),
    }
    return Apology(**(given | fields))


def _decided(slot: Slot) -> Decision:
    return Decision(
        id=f"DEC-{slot.number:07}", kind="no_analysis", incident=slot.id, made=slot.later(3),
        reason="a slip, put right",
    )  # fmt: skip


def _cause(slot: Slot, **fields: object) -> Iterator[Record]:
    id = f"CAU-T{slot.number:07}"
    given: dict[str, object] = {"id": id, "found": slot.later(3), "incidents": slot.id}
    yield Cause(**(given | fields))
    yield Evidence(id=f"EVI-{id}", cause=id, made=slot.later(4), text="seen on the spot")


def _action(slot: Slot, **fields: object) -> Action:
    given: dict[str, object] = {
        "id": f"ACT-T{slot.number:07}",
        "kind": "corrective",
        "intervention": "automation",
        "decided": slot.later(5),
        "causes": f"CAU-T{slot.number:07}",
        "owner": "process owner",
        "due": slot.later(40),
        "criterion": "none in ninety days",
    }
    return Action(**(given | fields))


def _shown(slot: Slot) -> Evidence:
    return Evidence(
        id=f"EVI-ACT-T{slot.number:07}", action=f"ACT-T{slot.number:07}", made=slot.later(31),
        text="release note",
    )  # fmt: skip


def _verified(slot: Slot, result: str = "effective") -> Verification:
    return Verification(
        id=f"VER-T{slot.number:07}", action=f"ACT-T{slot.number:07}", made=slot.later(60),
        result=result,
    )  # fmt: skip


def _done(slot: Slot) -> tuple[str, object]:
    return ("implemented", slot.later(30))


def unsearched(slot: Slot) -> Iterator[Record]:
    """An apology, and nobody has looked for the cause."""
    yield _incident(slot)
    yield _apology(slot)


def idle(slot: Slot) -> Iterator[Record]:
    """The cause is known, and nothing is done."""
    yield _incident(slot)
    yield from _cause(slot)
    yield _apology(slot, promises=Promise(kind="non_recurrence"))


def talk(slot: Slot) -> Iterator[Record]:
    """The analysis stops at a person, who was given a training."""
    yield _incident(slot, impact="major")
    yield Cause(
        id=f"CAU-T{slot.number:07}", found=slot.later(3), incidents=slot.id, is_human=True,
        names_person=slot.number % 2 == 0,
    )  # fmt: skip
    yield _action(slot, intervention="training", events=_done(slot))
    yield _shown(slot)
    yield _verified(slot)
    yield _apology(slot)


def overdue(slot: Slot) -> Iterator[Record]:
    """The action is not done in time, or was cancelled; some have no owner."""
    yield _incident(slot)
    yield from _cause(slot)
    yield _action(
        slot,
        owner="process owner" if slot.number % 3 else None,
        events=() if slot.number % 4 else ("cancelled", slot.later(20)),
    )
    yield _apology(slot)


def partly(slot: Slot) -> Iterator[Record]:
    """Two deeper causes, each of which suffices, and a change for one."""
    yield _incident(slot)
    yield from _cause(slot)
    for letter in "ab":
        name = f"CAU-T{slot.number:07}{letter}"
        yield Cause(id=name, found=slot.later(4), effects=f"CAU-T{slot.number:07}")
        yield Evidence(id=f"EVI-{name}", cause=name, made=slot.later(5), text="interview")
    yield _action(slot, causes=f"CAU-T{slot.number:07}a", events=_done(slot))
    yield _shown(slot)
    yield _verified(slot)
    yield _apology(slot)


def weaker(slot: Slot) -> Iterator[Record]:
    """The change depends on somebody checking."""
    yield _incident(slot)
    yield from _cause(slot)
    yield _action(slot, intervention="double_check", events=_done(slot))
    yield _shown(slot)
    yield _verified(slot)
    yield _apology(slot)


def unverified(slot: Slot) -> Iterator[Record]:
    """Done, and nothing shows that it was, or that it works; some are closed all the same."""
    events = [_done(slot)]
    if slot.number % 2:
        events.append(("closed", slot.later(32)))
    yield _incident(slot)
    yield from _cause(slot)
    yield _action(slot, events=events, criterion=None)
    yield _apology(slot)


def ineffective(slot: Slot) -> Iterator[Record]:
    """Done, verified, and found ineffective."""
    yield _incident(slot)
    yield from _cause(slot)
    yield _action(slot, events=_done(slot))
    yield _shown(slot)
    yield _verified(slot, "ineffective")
    yield _apology(slot)


def not_told(slot: Slot) -> Iterator[Record]:
    """Three customers, one of whom was not told."""
    customers = [f"CUS-T{slot.number:07}{letter}" for letter in "abc"]
    yield _incident(slot, customers=customers)
    yield _decided(slot)
    if slot.number % 2:
        yield _apology(slot, customers=customers[:2])
    else:
        yield _apology(slot, customers=ALL, not_reached=customers[2])


def late_word(slot: Slot) -> Iterator[Record]:
    """A critical incident, and the first word after days."""
    yield _incident(slot, impact="critical", acknowledged=slot.later(1.5))
    yield _decided(slot)
    yield _apology(slot)
    yield Amends(id=f"AMD-{slot.number:07}", incident=slot.id, kind="gift", made=slot.later(2))


def cold(slot: Slot) -> Iterator[Record]:
    """An apology that leaves the main things out."""
    yield _incident(slot)
    yield _decided(slot)
    yield _apology(slot, elements=("regret", "forgiveness") if slot.number % 2 else "repair")


def promised(slot: Slot) -> Iterator[Record]:
    """A promise that is overdue, that nobody owns, or of which nobody said what it is."""
    yield _incident(slot)
    yield _decided(slot)
    promise = (
        Promise(kind="deed", owner="care team", due=slot.later(20)),
        Promise(kind="deed", due=TOLD_ON + timedelta(days=20)),
        Promise(text="We will see."),
    )[slot.number % 3]
    yield _apology(slot, promises=promise)


def nothing_given(slot: Slot) -> Iterator[Record]:
    """Grave, apologised for, and no amends."""
    yield _incident(slot, impact="major")
    yield _decided(slot)
    yield _apology(slot)


def not_asked(slot: Slot) -> Iterator[Record]:
    """The follow-up was not made."""
    yield _incident(slot)
    yield _decided(slot)
    yield _apology(slot)
    yield FollowUp(id=f"FOL-{slot.number:07}", incident=slot.id, due=slot.later(5))


def at_risk(slot: Slot) -> Iterator[Record]:
    """A customer gives a last chance."""
    yield _incident(slot)
    yield _decided(slot)
    yield Response(
        id=f"RES-{slot.number:07}", customer=f"CUS-T{slot.number:07}", incident=slot.id,
        kind="last_chance", made=slot.later(3),
        next_owner="care lead" if slot.number % 2 else None,
    )  # fmt: skip


def put_right_badly(slot: Slot) -> Iterator[Record]:
    """The complaint was opened again, or the correction did not put it right."""
    yield _incident(slot)
    yield _decided(slot)
    if slot.number % 2:
        yield Complaint(
            id=f"COM-{slot.number:07}", incident=slot.id, made=slot.later(1), text="Again!",
            reopened=slot.later(9),
        )  # fmt: skip
        return
    yield _action(
        slot, kind="correction", causes=(), incidents=slot.id,
        events=[("implemented", slot.later(6)), ("reopened", slot.later(8))],
        due=TOLD_ON + timedelta(days=9),
    )  # fmt: skip


def still_contained(slot: Slot) -> Iterator[Record]:
    """The fix holds, and the containment is still in place."""
    yield _incident(slot)
    yield from _cause(slot)
    yield from finished(
        f"ACT-T{slot.number:07}", f"CAU-T{slot.number:07}", "automation", None,
        decided=slot.later(5), done=slot.later(20),
    )  # fmt: skip
    yield _action(
        slot, id=f"CON-T{slot.number:07}", kind="containment", causes=(), incidents=slot.id,
        events=("implemented", slot.later(6)),
    )  # fmt: skip


def backfired(slot: Slot) -> Iterator[Record]:
    """A fix elsewhere brought the cause into being."""
    yield _incident(slot)
    yield from _cause(slot)
    yield Action(
        id=f"ACB-T{slot.number:07}", kind="preventive", intervention="automation",
        decided=slot.later(-50), introduces=f"CAU-T{slot.number:07}", owner="quality",
        due=slot.later(-9), criterion="none", events=("implemented", slot.later(-20)),
    )  # fmt: skip


def planned_talk(slot: Slot) -> Iterator[Record]:
    """What is planned would change no process."""
    yield _incident(slot)
    yield from _cause(slot)
    yield _action(slot, intervention="reminder", due=TOLD_ON + timedelta(days=30))
    yield _apology(slot)


def slipped_through(slot: Slot) -> Iterator[Record]:
    """A customer noticed, and nobody asked why."""
    yield _incident(slot, detected_by="customer")
    yield from _cause(slot)
    yield from finished(
        f"ACT-T{slot.number:07}", f"CAU-T{slot.number:07}", "redundancy", None,
        decided=slot.later(5), done=slot.later(20),
    )  # fmt: skip
    yield _apology(slot)


def elsewhere(slot: Slot) -> Iterator[Record]:
    """The change is made somewhere else, or had been made before."""
    yield _incident(slot)
    yield from _cause(slot)
    yield from finished(
        f"ACT-T{slot.number:07}", f"CAU-T{slot.number:07}", "redundancy",
        "another process" if slot.number % 2 else None,
        decided=slot.later(-40), done=slot.later(-20),
    )  # fmt: skip
    yield _apology(slot)


def blank(slot: Slot) -> Iterator[Record]:
    """What went wrong is not on record."""
    yield _incident(slot, failure_mode="n/a" if slot.number % 2 else None)


_SINGLE: tuple[Callable[[Slot], Iterator[Record]], ...] = (
    unsearched, idle, talk, overdue, partly, weaker, unverified, ineffective, not_told, late_word,
    cold, promised, nothing_given, not_asked, at_risk, put_right_badly, still_contained, backfired,
    planned_talk, slipped_through, elsewhere, blank,
)  # fmt: skip
