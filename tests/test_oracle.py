"""The oracle on tiny cases, one per reading that is easily got wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from remedy.config import Config
from remedy.records import (
    Action,
    Affected,
    Amends,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Customer,
    Day,
    Decision,
    Evidence,
    FollowUp,
    Incident,
    Link,
    Promise,
    Record,
    Response,
    Verification,
)
from remedy.vocabulary import ALL
from tests.oracle import apologies, findings, graph_of, rows

MICROSECOND = timedelta(microseconds=1)


def at(day: float) -> datetime:
    """A moment, in days after the beginning of 2025."""
    return datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)


def inc(number: int, day: float, **fields: Any) -> Incident:
    given = {"process": "shipping", "failure_mode": "late", "customers": "C-1", **fields}
    return Incident(**{"id": f"INC-{number}", "occurred": at(day), **given})


def cause(number: int, day: float, incidents: Any = "INC-1", **fields: Any) -> Cause:
    return Cause(id=f"CAU-{number}", found=at(day), incidents=incidents, **fields)


def fix(number: int, *events: tuple[str, float], **fields: Any) -> Action:
    given = {
        "kind": "corrective",
        "intervention": "automation",
        "causes": "CAU-1",
        "decided": at(2),
        "due": at(300),
        "owner": "lead",
        **fields,
    }
    dated = [(state, at(day)) for state, day in events]
    return Action(id=f"ACT-{number}", events=dated, **given)


def apo(number: int, day: float, incidents: Any = "INC-1", **fields: Any) -> Apology:
    return Apology(id=f"APO-{number}", incidents=incidents, made=at(day), **fields)


def ver(number: int, day: float, result: str, action: str = "ACT-1") -> Verification:
    return Verification(id=f"VER-{number}", action=action, made=at(day), result=result)


def last_chance(day: float, **fields: Any) -> Response:
    return Response(
        id="RES-1", customer="C-1", incident="INC-1", kind="last_chance", made=at(day), **fields
    )


NON_RECURRENCE = Promise(kind="non_recurrence")


class Reading(NamedTuple):
    """One reading: what is on record, and which facts follow or do not.

    `says` names facts as "CODE subject"; with a minus before it, one that must not follow.
    """

    name: str
    because: str
    records: list[Record]
    as_of: float | datetime
    says: str
    config: dict[str, Any] = {}  # noqa: RUF012


READINGS = [
    # --- grace -------------------------------------------------------------------------------
    Reading(
        "grace ends after 14 days",
        "over when more than 14 days have passed, not when they have",
        [inc(1, 0), apo(1, 1)],
        14,
        "-A101 INC-1, -C301 INC-1",
    ),
    Reading(
        "grace is over a microsecond later",
        "more than 14 days have passed",
        [inc(1, 0), apo(1, 1)],
        at(14) + MICROSECOND,
        "A101 INC-1, C301 INC-1",
    ),
    Reading(
        "grace runs from detection",
        "nobody can look for the cause of what nobody has noticed",
        [inc(1, 0, detected=at(10)), apo(1, 11)],
        24,
        "-A101 INC-1, -C301 INC-1",
    ),
    Reading(
        "no grace where non-recurrence was promised, but for C301",
        "the promise was made as if the cause were known; the standard still gives its time",
        [inc(1, 0), apo(1, 1, promises=NON_RECURRENCE)],
        2,
        "A101 INC-1, -C301 INC-1",
    ),
    # --- gates -------------------------------------------------------------------------------
    Reading(
        "any: every path has to be met",
        "any one cause suffices, so the one without an action lets it happen again",
        [inc(1, 0), cause(1, 1), cause(2, 1), fix(1, ("implemented", 3)), apo(1, 4)],
        30,
        "A108 INC-1, -A102 INC-1",
    ),
    Reading(
        "all: one path is enough",
        "all causes are needed, so taking one away prevents it",
        [inc(1, 0, gate="all"), cause(1, 1), cause(2, 1), fix(1, ("implemented", 3)), apo(1, 4)],
        30,
        "-A108 INC-1, -A102 INC-1",
    ),
    Reading(
        "a path within the grace makes no A108",
        "one path is met and the other may still be waited for",
        [inc(1, 0), cause(1, 1), cause(2, 1), fix(1, ("implemented", 3)), apo(1, 4)],
        10,
        "-A108 INC-1, -A102 INC-1",
    ),
    Reading(
        "any: a worse path beside one within the grace",
        "the late action is worse than what is still waited for",
        [inc(1, 0), cause(1, 1), cause(2, 1), fix(1, due=at(3)), apo(1, 4)],
        10,
        "A103 INC-1, -A108 INC-1",
    ),
    Reading(
        "all: a late action counts for more than a path in grace",
        "waiting is the lowest where the best is looked for",
        [inc(1, 0, gate="all"), cause(1, 1), cause(2, 1), fix(1, due=at(3)), apo(1, 4)],
        10,
        "A103 INC-1",
    ),
    Reading(
        "a deeper cause meets the path of a shallower one",
        "the deeper cause gone, the shallower one does not come about",
        [
            inc(1, 0),
            cause(1, 1),
            Cause(id="CAU-2", found=at(1), effects="CAU-1"),
            fix(1, ("implemented", 3), causes="CAU-2"),
            apo(1, 4),
        ],
        30,
        "-A102 INC-1, -A108 INC-1",
    ),
    Reading(
        "any: one of two deeper causes is not enough",
        "the gate stands on the cause, as on the incident",
        [
            inc(1, 0),
            cause(1, 1, gate="any"),
            Cause(id="CAU-2", found=at(1), effects="CAU-1"),
            Cause(id="CAU-3", found=at(1), effects="CAU-1"),
            fix(1, ("implemented", 3), causes="CAU-2"),
            apo(1, 4),
        ],
        30,
        "A108 INC-1",
    ),
    Reading(
        "escape causes take no part in gates",
        "why it was not caught is not why it happened",
        [
            inc(1, 0),
            cause(1, 1),
            cause(2, 1, CausalLink(to="INC-1", role="escape")),
            fix(1, ("implemented", 3), causes="CAU-2"),
            apo(1, 4),
        ],
        30,
        "A102 INC-1, -A108 INC-1",
    ),
    # --- what an action is worth -------------------------------------------------------------
    Reading(
        "training changes no process",
        "what is implemented changes no process",
        [inc(1, 0), cause(1, 1), fix(1, ("implemented", 3), intervention="training"), apo(1, 4)],
        30,
        "A104 INC-1, F405 CAU-1",
    ),
    Reading(
        "a training that is late counts before one that is done",
        "late outranks what changes nothing: it is told as what could still be mended",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("implemented", 3), intervention="training"),
            fix(2, due=at(5)),
            apo(1, 4),
        ],
        30,
        "A103 INC-1, -A104 INC-1",
    ),
    Reading(
        "due that very moment is not overdue",
        "past due means after it",
        [inc(1, 0), cause(1, 1), fix(1, due=at(30)), apo(1, 4)],
        30,
        "-F402 ACT-1, -A103 INC-1",
    ),
    Reading(
        "due on a day means its end",
        "a bare due date is kept until midnight",
        [inc(1, 0), cause(1, 1), fix(1, due="2025-01-31+00:00"), apo(1, 4)],
        30.9,
        "-F402 ACT-1",
    ),
    Reading(
        "reopened is open again",
        "nothing stands on it until it is implemented anew",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("implemented", 3), ("reopened", 5), due=at(6)),
            apo(1, 4),
        ],
        30,
        "A103 INC-1, F402 ACT-1",
    ),
    Reading(
        "reopened at the same time counts in the order given",
        "ties keep the order in which they were told",
        [inc(1, 0), cause(1, 1), fix(1, ("reopened", 3), ("implemented", 3)), apo(1, 4)],
        30,
        "-A103 INC-1, F403 ACT-1",
    ),
    Reading(
        "closed without having been implemented is late",
        "closing is not doing",
        [inc(1, 0), cause(1, 1), fix(1, ("closed", 3)), apo(1, 4)],
        30,
        "A103 INC-1, -F401 ACT-1, -F402 ACT-1, F409 ACT-1",
    ),
    Reading(
        "an event later than the moment has not happened",
        "as of a date, only what had happened by then",
        [inc(1, 0), cause(1, 1), fix(1, ("implemented", 3), ("cancelled", 40)), apo(1, 4)],
        30,
        "-A103 INC-1",
    ),
    Reading(
        "ineffective counts as nothing on its path",
        "what was found not to work meets nothing",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("implemented", 3)),
            ver(1, 5, "ineffective"),
            apo(1, 4),
        ],
        30,
        "A102 INC-1, A107 INC-1",
    ),
    Reading(
        "ineffective, but something else meets the path",
        "the path is met, so nothing failed",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("implemented", 3)),
            fix(2, ("implemented", 6)),
            ver(1, 5, "ineffective"),
            apo(1, 4),
        ],
        30,
        "-A107 INC-1, -A102 INC-1",
    ),
    Reading(
        "the last verification counts",
        "equal times are ordered by id",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("implemented", 3)),
            ver(1, 5, "ineffective"),
            ver(2, 5, "effective"),
            apo(1, 4),
        ],
        30,
        "-A107 INC-1, -A106 INC-1",
    ),
    Reading(
        "a verdict from before it was implemented verifies nothing",
        "verified is dated at or after the implementation",
        [inc(1, 0), cause(1, 1), fix(1, ("implemented", 5)), ver(1, 4, "effective"), apo(1, 4)],
        95 + 1,
        "A106 INC-1",
    ),
    Reading(
        "the window for verifying includes its last moment",
        "90 days from the implementation",
        [inc(1, 0), cause(1, 1), fix(1, ("implemented", 5)), apo(1, 4)],
        95,
        "-A106 INC-1",
    ),
    Reading(
        "only weaker process changes",
        "every process change on the paths is weaker; the strong training is none",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("implemented", 3), intervention="double check"),
            fix(2, ("implemented", 3), intervention="leadership involvement"),
            apo(1, 4),
        ],
        30,
        "A105 INC-1, -F405 CAU-1",
    ),
    Reading(
        "unknown strength is not weaker, and may be enough",
        "where the record does not say, the rules are silent",
        [
            inc(1, 0, impact="major"),
            cause(1, 1),
            fix(1, ("implemented", 3), intervention=None, changes_process=True),
            fix(2, ("implemented", 3), intervention="double check"),
            apo(1, 4),
        ],
        30,
        "-A105 INC-1, -F405 CAU-1, -F408 CAU-1",
    ),
    # --- what stands behind an incident ------------------------------------------------------
    Reading(
        "out of scope",
        "a scope field that is set does not take in an empty one",
        [inc(1, 0), cause(1, 1), fix(1, ("implemented", 3), scope_site="north"), apo(1, 4)],
        30,
        "A102 INC-1",
    ),
    Reading(
        "it was there and did not hold",
        "what had taken effect before the incident cannot stand behind it",
        [inc(1, 5), cause(1, 6), fix(1, ("implemented", 3)), apo(1, 7)],
        30,
        "A102 INC-1",
    ),
    Reading(
        "effect and incident at one moment",
        "equal times are not before: it was not surely there",
        [inc(1, 5), cause(1, 6), fix(1, ("implemented", 5)), apo(1, 7)],
        30,
        "-A102 INC-1",
    ),
    Reading(
        "the effect had been ended by cancelling",
        "what had been taken away was not there when the incident occurred",
        [
            inc(1, 5),
            cause(1, 6),
            fix(1, ("implemented", 3), ("cancelled", 4), ("implemented", 8)),
            apo(1, 7),
        ],
        30,
        "-A102 INC-1",
    ),
    # --- A107 and A110 -----------------------------------------------------------------------
    Reading(
        "hollow for good",
        "it came back before anything was in effect; a later fix does not undo that",
        [
            inc(1, 0),
            apo(1, 1),
            inc(2, 5),
            cause(1, 6, ["INC-1", "INC-2"]),
            fix(1, ("implemented", 7)),
        ],
        30,
        "A110 INC-1, -A107 INC-1",
    ),
    Reading(
        "failed",
        "it came back after the process change took effect",
        [
            inc(1, 0),
            cause(1, 1, ["INC-1", "INC-2"]),
            fix(1, ("implemented", 3)),
            apo(1, 1),
            inc(2, 5),
        ],
        30,
        "A107 INC-1, -A110 INC-1, R205 INC-2",
    ),
    Reading(
        "took effect later than implemented",
        "between the two it was done but not yet at work",
        [
            inc(1, 0),
            cause(1, 1, ["INC-1", "INC-2"]),
            fix(1, ("implemented", 3), ("took_effect", 9)),
            apo(1, 1),
            inc(2, 5),
        ],
        30,
        "A110 INC-1, -A107 INC-1, -R205 INC-2",
    ),
    Reading(
        "another cause does not decide, the next one does",
        "a recorded different cause is not the fix failing; the walk goes on",
        [
            inc(1, 0),
            cause(1, 1, ["INC-1", "INC-3"]),
            fix(1, ("implemented", 3)),
            apo(1, 1),
            inc(2, 5),
            cause(2, 6, "INC-2"),
            inc(3, 8),
        ],
        30,
        "A107 INC-1, -R205 INC-2, R205 INC-3",
    ),
    Reading(
        "out of its scope it did not fail",
        "a process change was at work, but elsewhere: neither hollow nor failed",
        [
            inc(1, 0, site="north"),
            cause(1, 1, ["INC-1", "INC-2"]),
            fix(1, ("implemented", 3), scope_site="north"),
            apo(1, 1),
            inc(2, 5, site="south"),
        ],
        30,
        "-A107 INC-1, -A110 INC-1",
    ),
    Reading(
        "a training that took effect is nothing to the apology, but R205 knows it",
        "R205 takes any corrective action, A110 only what changes the process",
        [
            inc(1, 0),
            cause(1, 1, ["INC-1", "INC-2"]),
            fix(1, ("implemented", 3), intervention="training"),
            apo(1, 1),
            inc(2, 5),
        ],
        30,
        "A110 INC-1, R205 INC-2",
    ),
    Reading(
        "on the day of the apology",
        "a date of day precision is not surely after",
        [inc(1, 0), apo(1, 5.2), inc(2, 5, occurred=Day("2025-01-06", "+00:00"))],
        30,
        "-A110 INC-1, R202 INC-2",
    ),
    Reading(
        "done on the day on which it came back",
        "it may have been in effect and may not: neither hollow nor failed, the next one decides",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("implemented", 5.5)),
            apo(1, 1),
            inc(2, 5, occurred=Day("2025-01-06", "+00:00")),
        ],
        30,
        "-A110 INC-1, -A107 INC-1, -R205 INC-2",
    ),
    # --- recurrence --------------------------------------------------------------------------
    Reading(
        "equal times are no recurrence",
        "neither is before the other",
        [inc(1, 5), inc(2, 5)],
        30,
        "-R201 INC-1, -R201 INC-2, -R202 INC-2",
    ),
    Reading(
        "two on one day",
        "order within the day is unknown and never guessed",
        [inc(1, 5.5), inc(2, 5, occurred=Day("2025-01-06", "+00:00")), inc(3, 6)],
        30,
        "-R201 INC-2, R201 INC-3",
    ),
    Reading(
        "the window is inclusive",
        "90 days to the microsecond",
        [inc(1, 0), inc(2, 90), inc(3, 300), inc(4, 390, occurred=at(390) + MICROSECOND)],
        400,
        "R201 INC-2, -R201 INC-4, R202 INC-4",
    ),
    Reading(
        "entered late, occurred early",
        "judged by when it occurred: nothing came back after the fix",
        [
            inc(1, 5),
            cause(1, 6, ["INC-1", "INC-2"]),
            fix(1, ("implemented", 7)),
            inc(2, 1, detected=at(20)),
        ],
        30,
        "-R205 INC-2, R202 INC-1",
    ),
    Reading(
        "duplicates are one incident",
        "two records of one event, even by a chain, are no recurrence",
        [inc(1, 5), inc(2, 6, duplicate_of="INC-1"), inc(3, 7, duplicate_of="INC-2")],
        30,
        "-R201 INC-2, -R201 INC-3, -R202 INC-3",
    ),
    Reading(
        "what is about a duplicate counts for the canonical incident",
        "its cause, its customers, its apology",
        [
            inc(1, 5),
            inc(2, 6, duplicate_of="INC-1", customers="C-2", failure_mode="?"),
            cause(1, 7, "INC-2"),
            apo(1, 7, "INC-2", customers="C-1"),
            inc(3, 9, customers="C-2"),
        ],
        30,
        "A102 INC-1, -A101 INC-1, A120 INC-1, R202 INC-3, -R204 INC-3, -R200 casebook",
    ),
    Reading(
        "a part of the signature is missing",
        "what cannot be compared equals nothing, and is counted",
        [inc(1, 5, process=None), inc(2, 6, process=None), inc(3, 7, failure_mode=" N/A ")],
        30,
        "-R201 INC-2, R200 casebook",
    ),
    Reading(
        "the key does not mind case, width and white space",
        "the same words in another spelling",
        [
            inc(1, 5, process="Ship  ping"),
            inc(2, 6, process=" \N{FULLWIDTH LATIN SMALL LETTER S}hip ping"),
        ],
        30,
        "R201 INC-2, -R200 casebook",
    ),
    Reading(
        "parts of the key do not run into each other",
        "ab + c is not a + bc",
        [inc(1, 5, process="ab", failure_mode="c"), inc(2, 6, process="a", failure_mode="bc")],
        30,
        "-R201 INC-2",
    ),
    Reading(
        "the same account",
        "where so configured, two persons of one account are the same customer",
        [
            Customer(id="C-1", account="ACC"),
            Customer(id="C-2", account="ACC"),
            inc(1, 5),
            inc(2, 6, customers="C-2"),
        ],
        30,
        "R202 INC-2",
        {"same_customer": "account"},
    ),
    Reading(
        "persons by default",
        "two persons of one account are two customers",
        [
            Customer(id="C-1", account="ACC"),
            Customer(id="C-2", account="ACC"),
            inc(1, 5),
            inc(2, 6, customers="C-2"),
        ],
        30,
        "-R202 INC-2, R201 INC-2",
    ),
    Reading(
        "consecutive orders",
        "exactly one more",
        [
            inc(1, 5, customers=Affected(customer="C-1", order_no=1)),
            inc(2, 6, customers=Affected(customer="C-1", order_no=3)),
            inc(3, 7, customers=Affected(customer="C-1", order_no=4)),
        ],
        30,
        "-R203 INC-2, R203 INC-3",
    ),
    Reading(
        "unknown recipients are taken as told",
        "R204 holds, A120 cannot be asked",
        [inc(1, 0), apo(1, 1), inc(2, 5)],
        30,
        "R204 INC-2, -A120 INC-1",
    ),
    Reading(
        "told to all but one",
        "ALL covers whoever is linked, whenever; not those marked as not reached",
        [
            inc(1, 0, customers=["C-1", "C-2", Affected(customer="C-3", since=at(20))]),
            apo(1, 1, customers=ALL, not_reached="C-2"),
            inc(2, 5, customers="C-2"),
            inc(3, 21, customers="C-3"),
        ],
        30,
        "A120 INC-1, -R204 INC-2, R204 INC-3",
    ),
    Reading(
        "told to a list",
        "who is not on it was not told",
        [
            inc(1, 0, customers=["C-1", "C-2"]),
            apo(1, 1, customers="C-1"),
            inc(2, 5, customers="C-2"),
        ],
        30,
        "A120 INC-1, -R204 INC-2, R202 INC-2",
    ),
    Reading(
        "a customer linked later than the moment",
        "a link counts from its own date",
        [inc(1, 0), inc(2, 5, customers=Affected(customer="C-1", since=at(40)))],
        30,
        "-R202 INC-2, R201 INC-2",
    ),
    Reading(
        "a cause linked later than the moment",
        "found, but not yet known to be behind this one",
        [inc(1, 0), cause(1, 1, CausalLink(to="INC-1", since=at(40))), apo(1, 2)],
        30,
        "A101 INC-1",
    ),
    Reading(
        "suspected",
        "a later incident without any cause on record is held against the action",
        [inc(1, 0), cause(1, 1), fix(1, ("implemented", 3)), inc(2, 5)],
        30,
        "R205 INC-2",
    ),
    Reading(
        "a regression",
        "the last verification before it said effective",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("implemented", 3)),
            ver(1, 4, "effective"),
            inc(2, 5),
            ver(2, 6, "ineffective"),
        ],
        30,
        "R206 INC-2",
    ),
    Reading(
        "an escape cause counts for R205",
        "what should have caught it was at work",
        [
            inc(1, 0),
            cause(1, 1, [CausalLink(to=each, role="escape") for each in ("INC-1", "INC-2")]),
            fix(1, ("implemented", 3)),
            inc(2, 5),
        ],
        30,
        "R205 INC-2",
    ),
    Reading(
        "closed, and come back: opened again in effect",
        "the derived reopening ends F409",
        [inc(1, 0), cause(1, 1), fix(1, ("implemented", 3), ("closed", 4)), inc(2, 5)],
        30,
        "-F409 ACT-1",
    ),
    Reading(
        "closed without verification",
        "until it comes back",
        [inc(1, 0), cause(1, 1), fix(1, ("implemented", 3), ("closed", 4)), inc(2, 5)],
        4.5,
        "F409 ACT-1",
    ),
    Reading(
        "the same again",
        "twice the same intervention, each followed by recurrence",
        [
            inc(1, 0),
            cause(1, 1, ["INC-1", "INC-2", "INC-3"]),
            fix(1, ("implemented", 3), intervention="training"),
            inc(2, 5),
            fix(2, ("implemented", 7), intervention="training"),
            inc(3, 9),
        ],
        30,
        "R208 CAU-1",
    ),
    Reading(
        "the same at once",
        "nothing was tried again: both were there before it came back",
        [
            inc(1, 0),
            cause(1, 1, ["INC-1", "INC-2"]),
            fix(1, ("implemented", 3), intervention="training"),
            fix(2, ("implemented", 4), intervention="training"),
            inc(2, 5),
        ],
        30,
        "-R208 CAU-1",
    ),
    # --- promises ----------------------------------------------------------------------------
    Reading(
        "broken once, at the first",
        "the incident that first broke it",
        [inc(1, 0), apo(1, 1, promises=NON_RECURRENCE), inc(2, 5), inc(3, 6)],
        30,
        "A132 INC-2, -A132 INC-3, -A130 APO-1/promise-1",
    ),
    Reading(
        "promised to a customer, broken for another",
        "only anyone means anyone",
        [
            inc(1, 0),
            apo(1, 1, promises=(NON_RECURRENCE, Promise(kind="non_recurrence", scope="anyone"))),
            inc(2, 5, customers="C-2"),
        ],
        30,
        "A132 INC-2, A130 APO-1/promise-1, -A130 APO-1/promise-2",
    ),
    Reading(
        "watched until it was due",
        "what comes after does not break it",
        [inc(1, 0), apo(1, 1, promises=Promise(kind="watch", due=at(4))), inc(2, 5)],
        30,
        "-A132 INC-2",
    ),
    Reading(
        "after the horizon",
        "kept; and nothing has to be under it any more",
        [inc(1, 0), apo(1, 1, promises=NON_RECURRENCE), inc(2, 367)],
        400,
        "-A132 INC-2, -A130 APO-1/promise-1",
    ),
    Reading(
        "a cancelled action is nothing under a promise",
        "of the actions on the causes, those that are not cancelled",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("cancelled", 3)),
            apo(1, 1, promises=NON_RECURRENCE),
        ],
        30,
        "A130 APO-1/promise-1",
    ),
    Reading(
        "a deed overdue",
        "due at the end of the day, not done",
        [inc(1, 0), apo(1, 1, promises=Promise(kind="deed", owner="x", due="2025-01-31+00:00"))],
        31,
        "A131 APO-1/promise-1",
    ),
    # --- customers ---------------------------------------------------------------------------
    Reading(
        "a last chance, missed",
        "the failure came back to them before they were content",
        [inc(1, 0), last_chance(2, next_owner="lead"), inc(2, 5)],
        30,
        "A143 C-1, A141 C-1, -A142 C-1",
    ),
    Reading(
        "a last chance about a duplicate",
        "the incident that it was about is not the failure coming back, whichever record is later",
        [
            inc(1, 3),
            inc(2, 1, duplicate_of="INC-1"),
            inc(3, 0),
            Response(id="RES-1", customer="C-1", incident="INC-2", kind="last_chance", made=at(2)),
        ],
        30,
        "-A143 C-1, A142 C-1",
    ),
    Reading(
        "a last chance, met",
        "thanked before it came back",
        [
            inc(1, 0),
            last_chance(2),
            Response(id="RES-2", customer="C-1", kind="thanked", made=at(5)),
            inc(2, 5),
        ],
        30,
        "-A143 C-1, -A142 C-1",
    ),
    # --- the others --------------------------------------------------------------------------
    Reading(
        "no action needed silences, but neither A110 nor R",
        "a decision does not make it not come back",
        [
            inc(1, 0),
            cause(1, 1),
            Decision(incident="INC-1", kind="no_action", made=at(2), reason="one-off"),
            apo(1, 1),
            inc(2, 5),
        ],
        30,
        "-A102 INC-1, A110 INC-1, R204 INC-2",
    ),
    Reading(
        "no action needed on a cause",
        "its path counts as decided, the other one does not",
        [
            inc(1, 0),
            cause(1, 1),
            cause(2, 1),
            Decision(cause="CAU-1", kind="no_action", made=at(2), reason="rare"),
            apo(1, 1),
        ],
        30,
        "A102 INC-1, -A108 INC-1",
    ),
    Reading(
        "no analysis needed leaves A102",
        "it silences A101 and C301 only",
        [
            inc(1, 0),
            cause(1, 1),
            Decision(incident="INC-1", kind="no_analysis", made=at(2), reason="one-off"),
            apo(1, 1),
        ],
        30,
        "A102 INC-1",
    ),
    Reading(
        "reached the customer, and no escape cause is addressed",
        "a complaint says so",
        [
            inc(1, 0),
            cause(1, 1),
            cause(2, 1, CausalLink(to="INC-1", role="escape")),
            Complaint(incident="INC-1", made=at(1)),
            apo(1, 1),
        ],
        30,
        "A109 INC-1",
    ),
    Reading(
        "heard in time, by one",
        "per customer; the first apology is hearing from us, too",
        [
            inc(
                1,
                0,
                impact="major",
                customers=[Affected(customer="C-1", acknowledged=at(1)), "C-2"],
            ),
            apo(1, 3),
        ],
        30,
        "A121 INC-1",
        {"first_contact": {"major": 2}},
    ),
    Reading(
        "acknowledged just in time",
        "the limit itself is in time",
        [inc(1, 0, impact="major", acknowledged=at(2)), apo(1, 3)],
        30,
        "-A121 INC-1",
        {"first_contact": {"major": 2}},
    ),
    Reading(
        "followed up with another customer",
        "equal customers, or one of the two for all",
        [
            inc(1, 0, customers=["C-1", "C-2"]),
            apo(1, 1),
            FollowUp(id="FOL-1", incident="INC-1", customer="C-1", due=at(5)),
            FollowUp(id="FOL-2", incident="INC-1", customer="C-2", made=at(4)),
        ],
        30,
        "A144 INC-1",
    ),
    Reading(
        "followed up with all",
        "a contact with nobody in particular is one with all",
        [
            inc(1, 0),
            apo(1, 1),
            FollowUp(id="FOL-1", incident="INC-1", customer="C-1", due=at(5)),
            FollowUp(id="FOL-2", incident="INC-1", made=at(4)),
        ],
        30,
        "-A144 INC-1",
    ),
    Reading(
        "amends for the duplicate",
        "count for the canonical incident",
        [
            inc(1, 0, impact="critical"),
            inc(2, 0, duplicate_of="INC-1"),
            apo(1, 1),
            Amends(incident="INC-2", kind="gift", made=at(2)),
        ],
        30,
        "-A140 INC-1",
    ),
    Reading(
        "containment long after the fix",
        "30 days and more after it was verified effective",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("implemented", 3)),
            ver(1, 5, "effective"),
            Action(id="ACT-9", kind="containment", decided=at(1), incidents="INC-1"),
        ],
        at(35) + MICROSECOND,
        "F406 ACT-9",
    ),
    Reading(
        "backfired",
        "it introduced a deeper cause of an incident",
        [
            inc(1, 0),
            cause(1, 1),
            Cause(id="CAU-2", found=at(1), effects="CAU-1"),
            fix(1, ("implemented", 3), causes=(), introduces=Link(to="CAU-2")),
        ],
        30,
        "F407 ACT-1",
    ),
    Reading(
        "a criterion set afterwards",
        "set beforehand, or it is none",
        [
            inc(1, 0),
            cause(1, 1),
            fix(1, ("implemented", 3), criterion="no more", criterion_set=at(4)),
            Evidence(action="ACT-1", made=at(4), text="seen"),
        ],
        30,
        "F404 ACT-1, -F403 ACT-1",
    ),
]


@pytest.mark.parametrize("reading", READINGS, ids=lambda each: each.name)
def test_the_oracle_reads_it_so(reading: Reading) -> None:
    as_of = reading.as_of if isinstance(reading.as_of, datetime) else at(reading.as_of)
    found = rows(graph_of(reading.records), as_of, Config(**reading.config))
    told = {f"{row.code} {row.subject}" for row in found}
    for fact in reading.says.split(", "):
        assert (fact.removeprefix("-") in told) is not fact.startswith("-"), (
            f"{fact}: {reading.because}. Told: {', '.join(sorted(told))}"
        )


def told(records: list[Record], day: float, **config: Any) -> dict[str, tuple[str, str, str]]:
    """Findings by key: the code, those in `also`, the severity."""
    profile = config.pop("profile", "capa")
    found = findings(graph_of(records), at(day), Config(**config), profile)
    return {each.key: (each.code, " ".join(sorted(each.also)), each.severity) for each in found}


def test_one_thing_is_told_once() -> None:
    story = [
        inc(1, 0, customers=Affected(customer="C-1", order_no=1)),
        apo(1, 1, promises=NON_RECURRENCE),
        inc(2, 30, customers=Affected(customer="C-1", order_no=2)),
        cause(1, 31, ["INC-1", "INC-2"]),
        Evidence(cause="CAU-1", made=at(31), text="seen"),
        fix(1, ("implemented", 31), intervention="double check", criterion="none again"),
        Evidence(action="ACT-1", made=at(31), text="seen"),
        apo(2, 31, "INC-2", promises=Promise(kind="watch")),
    ]
    assert told(story, 29) == {
        "A:backing:INC-1": ("A101", "A130 C301", "error"),
    }
    assert told(story, 32) == {
        "R:again:INC-2": ("R204", "A132 R201 R202 R203", "error"),
        "A:backing:INC-1": ("A110", "A105 F405", "error"),
        "A:backing:INC-2": ("A105", "F405", "warning"),
    }


def test_nothing_goes_into_a_milder_finding() -> None:
    records = [
        inc(1, 0),
        cause(1, 1),
        Evidence(cause="CAU-1", made=at(2), text="seen"),
        fix(1, ("implemented", 3), ("closed", 4), criterion="none again"),
        apo(1, 4),
    ]
    assert told(records, 100) == {
        "A:backing:INC-1": ("A106", "F403", "warning"),
        "F:closed:ACT-1": ("F409", "", "error"),
    }


def test_what_is_left_of_a_fact_keeps_its_key() -> None:
    """A130 goes into A102; what is overdue of the same promise stands alone."""
    deed = Promise(kind="deed", due=at(10))
    records = [inc(1, 0), cause(1, 1), apo(1, 1, promises=deed)]
    assert told(records, 30) == {
        "A:backing:INC-1": ("A102", "A130 C303", "error"),
        "A:promise:APO-1/promise-1": ("A131", "", "error"),
    }


def test_later_incidents_gather_by_customer_or_failure() -> None:
    records = [
        inc(1, 0, customers=["C-1", "C-2"]),
        inc(2, 100, customers=["C-1", "C-2"]),
        inc(3, 101, customers="C-1"),
        inc(4, 102, customers="C-9"),
    ]
    found = told(records, 110, select="R")
    digest = next(key for key in found if key.startswith("R:failure:")).split(":")[2]
    assert found == {
        f"R:customer:{digest}:C-1": ("R202", "R201", "warning"),
        f"R:customer:{digest}:C-2": ("R202", "", "warning"),
        f"R:failure:{digest}": ("R201", "", "info"),
    }


def test_ignored_codes_neither_lead_nor_take_in() -> None:
    records = [inc(1, 0), apo(1, 1)]
    assert told(records, 30) == {"A:backing:INC-1": ("A101", "C301", "error")}
    [(key, finding)] = told(records, 30, ignore="A1").items()
    assert key.startswith("C:analysis:")
    assert finding == ("C301", "", "warning")


def test_what_was_merely_reported_is_no_error() -> None:
    """Nor does it take in what is one."""
    records = [inc(1, 0), apo(1, 1), inc(2, 5, occurred_basis="reported")]
    assert told(records, 6) == {
        "A:backing:INC-1": ("A110", "", "warning"),
        "R:again:INC-2": ("R204", "R201 R202", "warning"),
    }


def test_coarse_signatures_are_reported_and_mute_r201() -> None:
    def book(repeats: int) -> list[Record]:
        alone = [inc(n, n, failure_mode=f"mode {n}", customers=()) for n in range(20 - repeats)]
        return [*alone, *(inc(n, n, customers=()) for n in range(20 - repeats, 21))]

    assert "R:comparable:casebook" not in told(book(10), 22, select="R")
    assert told(book(11), 22, select="R") == {"R:comparable:casebook": ("R200", "", "warning")}


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("tickets", {"A:promise:APO-2/promise-1": "A133"}),
        (
            "register",
            {
                "A:promise:APO-2/promise-1": "A133",
                "A:backing:INC-1": "A102",
                "A:elements:INC-1": "A122",
            },
        ),
    ],
)
def test_profiles_leave_out_what_they_do_not_ask(profile: str, expected: dict[str, str]) -> None:
    records = [
        inc(1, 0, impact="major"),
        cause(1, 1),
        Amends(incident="INC-1", kind="gift", made=at(1)),
        apo(1, 1, elements=["regret", "explanation", "repentance"]),
        inc(2, 0, failure_mode="other thing"),
        apo(2, 1, "INC-2", promises=Promise(), elements=["regret"]),
    ]
    assert {key: code for key, (code, _, _) in told(records, 30, profile=profile).items()} == (
        expected
    )


STATES = [
    ("failed", [inc(2, 5), fix(1, ("implemented", 3))]),
    ("hollow", [inc(2, 5)]),
    ("unbacked", []),
    ("in hand", [fix(1)]),
    ("backed", [fix(1, ("implemented", 3))]),
    ("decided", [Decision(cause="CAU-1", kind="no_action", made=at(2), reason="rare")]),
    ("partly", [fix(1, ("implemented", 3)), cause(2, 2, "INC-1")]),
]


@pytest.mark.parametrize(("state", "more"), STATES, ids=[state for state, _ in STATES])
def test_states_of_an_apology(state: str, more: list[Record]) -> None:
    records = [inc(1, 0), cause(1, 1), apo(1, 4), *more]
    assert apologies(graph_of(records), at(30), Config()) == {"APO-1": state}


def test_an_apology_for_several_is_as_good_as_they_are() -> None:
    records = [
        inc(1, 0),
        inc(2, 0, failure_mode="other thing"),
        inc(3, 0, failure_mode="third thing"),
        cause(1, 1),
        fix(1, ("implemented", 3)),
        apo(1, 4, ["INC-1", "INC-2"]),
        apo(2, 4, ["INC-1"]),
        apo(3, 4, ["INC-3"]),
    ]
    graph = graph_of(records)
    assert apologies(graph, at(10), Config()) == {
        "APO-1": "partly",
        "APO-2": "backed",
        "APO-3": "waiting",
    }
    assert apologies(graph, at(3.5), Config()) == {}
