"""The stories, each changed in one respect, and what that changes in what is found.

`expected` follows from the rules as they are written, never from what the program says. It stands
in the form of `tests.examples.expected`, and holds at the date that the story is told on, or below
a line `@ TIME` at that time. `why` is the reason.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from textwrap import dedent
from typing import Any

import attrs

import remedy.examples
from remedy.records import (
    Action,
    Affected,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Customer,
    Day,
    Decision,
    Evidence,
    Incident,
    Link,
    Promise,
    Record,
    Response,
    Verification,
)
from tests.examples.expected import Expected, expected_from

Edit = Callable[[dict[str, Any]], None]


@attrs.frozen(kw_only=True)
class Mutation:
    """A story with a change, and what is to be found then."""

    name: str
    story: str
    continuation: str | None = None
    edits: tuple[Edit, ...] = ()
    settings: Mapping[str, Any] = {}
    expected: str
    why: str

    @property
    def told_on(self) -> datetime:
        """The date that the story is told on."""
        story = remedy.examples.story(self.story)
        if self.continuation is None:
            return story.told_on
        return story.continuation(self.continuation).told_on

    def records(self) -> tuple[Record, ...]:
        """What is on file."""
        told = remedy.examples.story(self.story).told(self.continuation)
        on_file: dict[str, Any] = {record.id: record for record in told}
        for edit in self.edits:
            edit(on_file)
        return tuple(on_file.values())

    def moments(self) -> dict[datetime, Expected]:
        """What is expected, by when."""
        first, *rest = re.split(r"^@ (\S+)\n", dedent(self.expected), flags=re.MULTILINE)
        moments = {self.told_on: expected_from(first)} if first.strip() else {}
        for as_of, text in zip(rest[::2], rest[1::2], strict=True):
            moments[datetime.fromisoformat(as_of)] = expected_from(text)
        return moments


def without(*ids: str) -> Edit:
    def edit(on_file: dict[str, Any]) -> None:
        for id in ids:
            del on_file[id]

    return edit


def change(id: str, **fields: Any) -> Edit:
    def edit(on_file: dict[str, Any]) -> None:
        on_file[id] = attrs.evolve(on_file[id], **fields)

    return edit


def add(*records: Record) -> Edit:
    def edit(on_file: dict[str, Any]) -> None:
        for record in records:
            assert record.id not in on_file
            on_file[record.id] = record

    return edit


def change_promise(apology: str, id: str, **fields: Any) -> Edit:
    def edit(on_file: dict[str, Any]) -> None:
        promises = tuple(
            attrs.evolve(each, **fields) if each.id == id else each
            for each in on_file[apology].promises
        )
        on_file[apology] = attrs.evolve(on_file[apology], promises=promises)

    return edit


def add_promise(apology: str, promise: Promise) -> Edit:
    def edit(on_file: dict[str, Any]) -> None:
        promises = (*on_file[apology].promises, promise)
        on_file[apology] = attrs.evolve(on_file[apology], promises=promises)

    return edit


COLLECT = "twice-shipped-collect"
STAPLES = "staples-in-the-food"
SALE = "sale-above-regular"
MARKERS = "wrong-markers"
MANY = "one-mistake-many-customers"
MISPRINT = "signed-off-misprint"
GOOD = "what-good-looks-like"

THIRD_CAUSE = (
    Cause(
        id="CAU-9",
        found="2026-04-08T10:00+02:00",
        text="The order itself said collect: a mistake at the order desk.",
        incidents="INC-3",
    ),
    Evidence(id="EVI-9", cause="CAU-9", made="2026-04-08T10:00+02:00", text="The order."),
)
PICKING_FIXED = (
    Cause(
        id="CAU-1",
        found="2025-11-18T10:00+01:00",
        text="Brush and fine markers lie in one bin.",
        incidents="INC-1",
    ),
    Evidence(id="EVI-1", cause="CAU-1", made="2025-11-18T10:00+01:00", text="A picture."),
    Action(
        id="ACT-9",
        kind="corrective",
        intervention="remove_lookalikes",
        text="A bin for each.",
        owner="stock keeper",
        decided="2025-11-18T11:00+01:00",
        due="2025-12-12+01:00",
        criterion="No wrong markers over 200 orders.",
        causes="CAU-1",
        events=("implemented", "2025-11-25T08:00+01:00"),
    ),
    Evidence(id="EVI-2", action="ACT-9", made="2025-11-25T08:00+01:00", text="A picture."),
)
ANOTHER_BEHIND_THE_SLIP = (
    Cause(
        id="CAU-4",
        found="2026-02-02T10:00+01:00",
        text="The two lists have nearly the same name.",
        effects="CAU-1",
    ),
    Evidence(id="EVI-9", cause="CAU-4", made="2026-02-02T10:00+01:00", text="Their names."),
)
OUR_HALF = (
    Action(
        id="ACT-9",
        kind="corrective",
        intervention="better_documentation",
        text="Every proof marks what has changed.",
        owner="prepress",
        decided="2026-04-14T09:00+02:00",
        due="2026-04-17+02:00",
        criterion="No unmarked change in 20 proofs.",
        causes="CAU-1",
        events=("implemented", "2026-04-17T09:00+02:00"),
    ),
    Evidence(id="EVI-9", action="ACT-9", made="2026-04-17T09:00+02:00", text="A proof."),
)
SORRY_FOR_THE_MISPRINT = Apology(
    id="APO-1", incidents="INC-1", customers="C-1", made="2026-04-13T15:00+02:00", text="Sorry."
)
STAPLES_AGAIN = Incident(
    id="INC-2",
    process="food preparation",
    failure_mode="foreign object in food",
    customers="C-2",
    detected_by="customer",
    occurred="2026-03-27T20:10+01:00",
)

MUTATIONS = (
    # --- Twice shipped collect ----------------------------------------------------------------
    Mutation(
        name="no cause is found",
        story=COLLECT,
        edits=(
            without("CAU-1", "EVI-1"),
            change("ACT-2", causes=()),
            change("ACT-3", causes=()),
        ),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A101 C301
            C-17  A141
            apology APO-1 is hollow
            apology APO-2 is waiting
        """,
        why="The second incident is six days old: its grace runs. An escape cause is no cause.",
    ),
    Mutation(
        name="the cause counts for the first parcel only from a later day on",
        story=COLLECT,
        edits=(
            change(
                "CAU-1", incidents=(CausalLink(to="INC-1", since="2026-04-01T09:00+02:00"), "INC-2")
            ),
        ),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A101 C301
            INC-2  A105  also F405
            C-17  A141
        """,
        why="A link counts from its own date, so that the first incident has no cause today.",
    ),
    Mutation(
        name="the second check was there before the second parcel",
        story=COLLECT,
        edits=(
            change(
                "ACT-3",
                decided="2026-03-01T09:00+01:00",
                events=("implemented", "2026-03-02T08:00+01:00"),
            ),
        ),
        expected="""
            INC-2  R205  also R204 R203 A132 R202 R201
            INC-1  A107  also A105 F405
            INC-2  A114  also F405
            C-17  A141
            apology APO-1 is failed
            apology APO-2 is unbacked
        """,
        why=(
            "It was in effect and did not hold: the first apology failed, and behind the second "
            "parcel it does not stand; what is left there is the retraining, planned and in time."
        ),
    ),
    Mutation(
        name="the second check was decided before, and took effect after the second parcel",
        story=COLLECT,
        edits=(
            change(
                "ACT-3",
                decided="2026-02-27T09:00+01:00",
                events=(
                    ("implemented", "2026-03-02T08:00+01:00"),
                    ("took_effect", "2026-03-05T08:00+01:00"),
                ),
            ),
        ),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="What counts for a recurrence is when an action took effect, not when it was built.",
    ),
    Mutation(
        name="the second parcel goes to another customer",
        story=COLLECT,
        edits=(
            change("INC-2", customers="C-18"),
            change("APO-2", customers="C-18"),
            change("RES-1", customer="C-18"),
        ),
        expected="""
            failure(shipping / shipped collect)  R201  # info
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-18  A141
        """,
        why=(
            "To another customer nothing was promised (A132), nobody apologised (R204), and it is "
            "no repeat (R202, R203); hollow it is all the same."
        ),
    ),
    Mutation(
        name="the second parcel goes to another person of the same account",
        story=COLLECT,
        settings={"same_customer": "account"},
        edits=(
            change("C-17", account="WORKSHOP"),
            add(Customer(id="C-18", account="WORKSHOP")),
            change("INC-2", customers=Affected(customer="C-18", order_no=42)),
            change("APO-2", customers="C-18"),
            without("RES-1"),
        ),
        expected="""
            INC-2  R204  also A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
        """,
        why="The same customer is the account, by configuration; orders are numbered by person.",
    ),
    Mutation(
        name="the same two persons of one account, told apart",
        story=COLLECT,
        edits=(
            change("C-17", account="WORKSHOP"),
            add(Customer(id="C-18", account="WORKSHOP")),
            change("INC-2", customers=Affected(customer="C-18", order_no=42)),
            change("APO-2", customers="C-18"),
            without("RES-1"),
        ),
        expected="""
            failure(shipping / shipped collect)  R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
        """,
        why="By default the same customer is the person.",
    ),
    Mutation(
        name="the second parcel is a second record of the first",
        story=COLLECT,
        edits=(change("INC-2", duplicate_of="INC-1"),),
        expected="""
            INC-1  A105  also F405
            C-17  A141
            apology APO-1 is backed
            apology APO-2 is backed
        """,
        why="A duplicate is no recurrence; its apology and its response count for the first.",
    ),
    Mutation(
        name="an old incident is entered late",
        story=COLLECT,
        edits=(
            add(
                Incident(
                    id="INC-0",
                    process="shipping",
                    failure_mode="shipped collect",
                    customers="C-9",
                    occurred="2025-09-10T10:00+02:00",
                    detected="2026-03-06T10:00+01:00",
                )
            ),
        ),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="It occurred before everything else: nothing came back in it, nothing is reopened.",
    ),
    Mutation(
        name="an incident of before the second check is entered after its closure",
        story=COLLECT,
        continuation="third",
        edits=(
            add(
                Incident(
                    id="INC-0",
                    process="shipping",
                    failure_mode="shipped collect",
                    customers="C-9",
                    occurred="2026-03-04T10:00+01:00",
                    detected="2026-03-29T10:00+02:00",
                )
            ),
        ),
        expected="""
            @ 2026-03-30T09:00+02:00
            INC-2  R204  also R203 A132 R202 R201
            failure(shipping / shipped collect)  R201
            INC-1  A110  also A105 F405
            INC-2  A110  also A105 F405
            ACT-3  F409
            C-17  A141
        """,
        why=(
            "It was noticed after the check came, and occurred a day before: it held nothing, and "
            "the closure stays closed without verification. It does show that the second apology, "
            "two days before the check, had nothing behind it when it came back."
        ),
    ),
    Mutation(
        name="the second check is at another site",
        story=COLLECT,
        edits=(change("ACT-3", scope_site="north dock"),),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A114 F405
            INC-2  A114  also F405
            C-17  A141
            apology APO-2 is unbacked
        """,
        why="A scope that is set does not take in an incident of no site: the retraining is left.",
    ),
    Mutation(
        name="the second check is at the site of both parcels",
        story=COLLECT,
        edits=(
            change("ACT-3", scope_site="north dock"),
            change("INC-1", site="north dock"),
            change("INC-2", site="north dock"),
        ),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="The scope takes both in.",
    ),
    Mutation(
        name="the first apology went to nobody knows whom",
        story=COLLECT,
        edits=(change("APO-1", customers=None),),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="Unknown recipients are taken as told, and A120 is not assessed.",
    ),
    Mutation(
        name="the first apology went to somebody else",
        story=COLLECT,
        edits=(change("APO-1", customers="C-8"),),
        expected="""
            INC-2  R203  also R202 R201
            INC-1  A110  also A105 F405
            INC-1  A120
            INC-2  A105  also F405
            C-17  A141
        """,
        why="The customer heard neither apology nor promise: no R204, no A132, but A120.",
    ),
    Mutation(
        name="nobody apologised for the first parcel, and the orders are not numbered",
        story=COLLECT,
        edits=(
            without("APO-1"),
            change("INC-1", customers="C-17"),
            change("INC-2", customers="C-17"),
        ),
        expected="""
            failure(shipping / shipped collect)  R202  also R201  # warning
            INC-2  A105  also F405
            C-17  A141
        """,
        why="Where R202 leads, it is told once per customer and failure.",
    ),
    Mutation(
        name="both parcels at the same moment",
        story=COLLECT,
        edits=(change("INC-2", occurred="2026-02-03T14:20+01:00"),),
        expected="""
            INC-1  A105  also F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="Equal times are no recurrence.",
    ),
    Mutation(
        name="both parcels on the same day, one of them at an unknown time",
        story=COLLECT,
        edits=(change("INC-2", occurred=Day("2026-02-03", "+01:00")),),
        expected="""
            INC-1  A105  also F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="Order within a day is unknown, and never guessed.",
    ),
    Mutation(
        name="the second parcel at the very moment of the apology",
        story=COLLECT,
        edits=(change("INC-2", occurred="2026-02-11T10:00+01:00"),),
        expected="""
            INC-2  R203  also R202 R201
            INC-1  A105  also F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="Neither R204 nor A132 nor A110: it did not happen after what was said.",
    ),
    Mutation(
        name="the second parcel on the day of the apology, at an unknown time",
        story=COLLECT,
        edits=(change("INC-2", occurred=Day("2026-02-11", "+01:00")),),
        expected="""
            INC-2  R203  also R202 R201
            INC-1  A105  also F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="It may have been before the apology: only what is sure counts.",
    ),
    Mutation(
        name="the second parcel on the day after the apology, at an unknown time",
        story=COLLECT,
        edits=(change("INC-2", occurred=Day("2026-02-12", "+01:00")),),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="Every moment of that day is after the apology.",
    ),
    Mutation(
        name="the time of the second parcel is only reported",
        story=COLLECT,
        edits=(change("INC-2", occurred_basis="reported"),),
        expected="""
            INC-2  R204  also R203 A132 R202 R201  # warning
            INC-1  A110  also A105 F405  # warning
            INC-2  A105  also F405  # warning
            C-17  A141  # info
        """,
        why="What rests on a merely reported time is a warning at most.",
    ),
    Mutation(
        name="the first apology was detected in a text",
        story=COLLECT,
        edits=(change("APO-1", provenance="detected"),),
        expected="""
            INC-2  R204  also R203 A132 R202 R201  # error
            INC-1  A110  also A105 F405  # warning
            INC-2  A105  also F405  # warning
            C-17  A141  # info
        """,
        why="A110 rests on it alone; R203, and the promise that a person recorded, do not.",
    ),
    Mutation(
        name="the first parcel is more than a year ago",
        story=COLLECT,
        edits=(
            change("INC-1", occurred="2025-02-03T14:20+01:00", detected="2025-02-10T08:45+01:00"),
            change("APO-1", made="2025-02-11T10:00+01:00"),
            change_promise("APO-1", "PRO-1", made="2025-02-11T10:00+01:00"),
        ),
        expected="""
            INC-2  R204  also R203 R202
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="Past its horizon a promise is kept, and R201 knows a window; the others have none.",
    ),
    Mutation(
        name="no promise of non-recurrence",
        story=COLLECT,
        edits=(change("APO-1", promises=()),),
        expected="""
            INC-2  R204  also R203 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-17  A141
            @ 2026-02-18T18:00+01:00
            no findings
            @ 2026-03-02T18:00+01:00
            INC-1  A101  also C301
        """,
        why="Without it there is a grace, and nothing to break.",
    ),
    Mutation(
        name="it is decided that the first parcel needs no analysis",
        story=COLLECT,
        edits=(
            add(
                Decision(
                    id="DEC-9",
                    kind="no_analysis",
                    incident="INC-1",
                    made="2026-02-12T09:00+01:00",
                    reason="One-off.",
                )
            ),
        ),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-17  A141
            @ 2026-03-02T18:00+01:00
            PRO-1  A130
            apology APO-1 is decided
        """,
        why="That silences A101 and C301; a promise with nothing under it is another matter.",
    ),
    Mutation(
        name="it is decided that the first parcel needs no action",
        story=COLLECT,
        edits=(
            add(
                Decision(
                    id="DEC-9",
                    kind="no_action",
                    incident="INC-1",
                    made="2026-02-12T09:00+01:00",
                    reason="One-off.",
                )
            ),
        ),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110
            INC-2  A105  also F405
            C-17  A141
            apology APO-1 is hollow
        """,
        why="It silences A101 to A109 of that incident, and neither A110 nor R.",
    ),
    Mutation(
        name="the second check is verified ineffective",
        story=COLLECT,
        edits=(
            add(
                Verification(
                    id="VER-1",
                    action="ACT-3",
                    made="2026-03-08T15:00+01:00",
                    result="ineffective",
                    method="audit",
                )
            ),
        ),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A107  also A110 A114 F405
            INC-2  A107  also A114 F405
            C-17  A141
            apology APO-1 is failed
            apology APO-2 is failed
        """,
        why="It counts as nothing, and nothing else that changes the process meets its path.",
    ),
    Mutation(
        name="the second check is to be verified by yesterday",
        story=COLLECT,
        edits=(change("ACT-3", verify_by="2026-03-08+01:00"),),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 A106 F405
            INC-2  A105  also A106 F405
            C-17  A141
        """,
        why="The action's own date goes before the 90 days.",
    ),
    Mutation(
        name="the second check has no evidence, and its criterion came afterwards",
        story=COLLECT,
        edits=(
            without("EVI-3"),
            change("ACT-3", criterion_set="2026-03-06T09:00+01:00"),
        ),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            ACT-3  F403  # info
            ACT-3  F404  # info
            C-17  A141
        """,
        why="F403 and F404 rest on A106 or A107 only: here they stand alone.",
    ),
    Mutation(
        name="the second check has no evidence when the third parcel goes out",
        story=COLLECT,
        continuation="third",
        edits=(without("EVI-3"),),
        expected="""
            INC-3  R205  also R204 R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A107  also A105 F403 F405
            C-17  A143
        """,
        why="A107 takes the F403 of its action.",
    ),
    Mutation(
        name="the training gap has no evidence",
        story=COLLECT,
        edits=(without("EVI-1"),),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 C303 F405
            INC-2  A105  also C303 F405
            C-17  A141
        """,
        why="A105 takes the C303 of its cause, on both incidents.",
    ),
    Mutation(
        name="nobody owns the last chance",
        story=COLLECT,
        edits=(change("RES-1", next_owner=None),),
        expected="""
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-17  A142  # warning
        """,
        why="A next step that nobody owns.",
    ),
    Mutation(
        name="the customer is content again before the third parcel",
        story=COLLECT,
        continuation="third",
        edits=(
            add(
                Response(
                    id="RES-9",
                    customer="C-17",
                    incident="INC-2",
                    kind="thanked",
                    made="2026-03-20T10:00+01:00",
                )
            ),
        ),
        expected="""
            INC-3  R205  also R204 R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A107  also A105 F405
        """,
        why="The chance was taken before it came back: neither A141 nor A143.",
    ),
    Mutation(
        name="the customer has not left yet after the third parcel",
        story=COLLECT,
        continuation="third",
        edits=(without("RES-2"),),
        expected="""
            INC-3  R205  also R204 R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A107  also A105 F405
            C-17  A143  also A141
        """,
        why="The last chance was missed, and its next step is owned still.",
    ),
    Mutation(
        name="another cause is recorded for the third parcel",
        story=COLLECT,
        continuation="third",
        edits=(add(*THIRD_CAUSE),),
        expected="""
            INC-3  R204  also R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            ACT-3  F409
            C-17  A143
            apology APO-2 is backed
        """,
        why="A different cause: the actions did not fail (R205, A107), and nothing is reopened.",
    ),
    Mutation(
        name="the same cause is recorded for the third parcel",
        story=COLLECT,
        continuation="third",
        edits=(change("CAU-1", incidents=("INC-1", "INC-2", "INC-3")),),
        expected="""
            INC-3  R205  also R204 R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A107  also A105 F405
            C-17  A143
        """,
        why="Suspected before, sure now; the codes are the same.",
    ),
    Mutation(
        name="the third parcel is no standard parcel, and the second check is for those",
        story=COLLECT,
        continuation="third",
        edits=(
            change("INC-1", product="standard parcel"),
            change("INC-2", product="standard parcel"),
            change("INC-3", product="pallet"),
            change("ACT-3", scope_product="standard parcel"),
        ),
        expected="""
            INC-3  R205  also R204 R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            ACT-3  F409
            C-17  A143
        """,
        why=(
            "R205 by the retraining alone, which is for everything; but that changes no process: "
            "no A107. The second check was not put to the test: its closure stands unverified."
        ),
    ),
    Mutation(
        name="the third parcel is outside the scope of all that was done",
        story=COLLECT,
        continuation="third",
        edits=(
            change("INC-1", product="standard parcel"),
            change("INC-2", product="standard parcel"),
            change("INC-3", product="pallet"),
            change("ACT-2", scope_product="standard parcel"),
            change("ACT-3", scope_product="standard parcel"),
        ),
        expected="""
            INC-3  R204  also R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            ACT-3  F409
            C-17  A143
        """,
        why="Outside their scope nothing failed; in effect the check was: no A110 either.",
    ),
    Mutation(
        name="the second check is dropped before the third parcel",
        story=COLLECT,
        continuation="third",
        edits=(
            change(
                "ACT-3",
                events=(
                    ("implemented", "2026-03-05T08:00+01:00"),
                    ("cancelled", "2026-03-20T08:00+01:00"),
                ),
            ),
        ),
        expected="""
            INC-3  R205  also R204 R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A103 F405
            INC-2  A110  also A103 F405
            C-17  A143
            apology APO-2 is hollow
        """,
        why=(
            "Only cancelling ends the effect: nothing that changes the process was in effect. R205 "
            "is by the retraining."
        ),
    ),
    Mutation(
        name="the second check is reopened before the third parcel, but still done",
        story=COLLECT,
        continuation="third",
        edits=(
            change(
                "ACT-3",
                due="2026-04-30+02:00",
                events=(
                    ("implemented", "2026-03-05T08:00+01:00"),
                    ("reopened", "2026-03-20T08:00+01:00"),
                ),
            ),
        ),
        expected="""
            INC-3  R205  also R204 R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110
            INC-2  A107  also F405
            C-17  A143
            apology APO-1 is hollow
            apology APO-2 is failed
        """,
        why=(
            "Reopened it is open, a process change in time: no A105. What took effect did, so that "
            "A107 stays, and takes F405, which counts planned actions, too."
        ),
    ),
    Mutation(
        name="the second check was verified effective before the third parcel",
        story=COLLECT,
        continuation="third",
        edits=(
            add(
                Verification(
                    id="VER-1",
                    action="ACT-3",
                    made="2026-03-25T15:00+01:00",
                    result="effective",
                    method="audit",
                )
            ),
        ),
        expected="""
            INC-3  R206  also R205 R204 R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A107  also A105 F405
            C-17  A143
            @ 2026-03-30T09:00+02:00
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A105  also F405
            C-17  A141
        """,
        why="A regression; and until then the closure rests on a verification (no F409).",
    ),
    Mutation(
        name="the second check is verified effective only after the third parcel",
        story=COLLECT,
        continuation="third",
        edits=(
            add(
                Verification(
                    id="VER-1",
                    action="ACT-3",
                    made="2026-04-08T15:00+02:00",
                    result="effective",
                    method="audit",
                )
            ),
        ),
        expected="""
            INC-3  R205  also R204 R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A107  also A105 F405
            C-17  A143
        """,
        why="R206 asks what was judged before it came back; the first that decides settles A107.",
    ),
    Mutation(
        name="the number of the third order is not on record",
        story=COLLECT,
        continuation="third",
        edits=(change("INC-3", customers="C-17"),),
        expected="""
            INC-3  R205  also R204 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A107  also A105 F405
            C-17  A143
        """,
        why="R203 only where the customer's order numbers are on record.",
    ),
    Mutation(
        name="there was a good order between the second and the third parcel",
        story=COLLECT,
        continuation="third",
        edits=(
            change("INC-3", customers=Affected(customer="C-17", order_no=44)),
            change_promise("APO-2", "PRO-2", fulfilled="2026-03-25T10:00+01:00"),
        ),
        expected="""
            INC-3  R205  also R204 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A107  also A105 F405
            C-17  A143
        """,
        why="Watched, as promised (no A132), and not consecutive (no R203).",
    ),
    Mutation(
        name="the promise to watch ended before the third parcel",
        story=COLLECT,
        continuation="third",
        edits=(change_promise("APO-2", "PRO-2", due="2026-03-31+02:00"),),
        expected="""
            INC-3  R205  also R204 R203 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A107  also A105 F405
            C-17  A143
        """,
        why="A promise to watch holds until its date.",
    ),
    Mutation(
        name="the third parcel goes out in June",
        story=COLLECT,
        continuation="third",
        edits=(
            change("INC-3", occurred="2026-06-20T10:15+02:00", detected="2026-06-21T08:30+02:00"),
            change("COM-2", made="2026-06-21T08:30+02:00"),
            change("RES-2", made="2026-06-21T16:00+02:00"),
        ),
        expected="""
            @ 2026-06-22T09:00+02:00
            INC-3  R205  also R204 R203 A132 R202
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 A106 F405
            INC-2  A107  also A105 A106 F405
            C-17  A143
        """,
        why="More than 90 days after the second (no R201) and after the check came (A106).",
    ),
    Mutation(
        name="the second check is tried a second time, and it happens again",
        story=COLLECT,
        continuation="third",
        edits=(
            change("CAU-1", incidents=("INC-1", "INC-2", "INC-3")),
            add(
                Action(
                    id="ACT-9",
                    kind="corrective",
                    intervention="double_check",
                    text="A third person looks, too.",
                    owner="shipping supervisor",
                    decided="2026-04-14T09:00+02:00",
                    due="2026-04-17+02:00",
                    criterion="No collect label on 500 prepaid orders.",
                    causes="CAU-1",
                    events=("implemented", "2026-04-15T08:00+02:00"),
                ),
                Evidence(
                    id="EVI-9", action="ACT-9", made="2026-04-15T08:00+02:00", text="Work plan."
                ),
                Incident(
                    id="INC-4",
                    process="shipping",
                    failure_mode="shipped collect",
                    customers="C-5",
                    occurred="2026-05-05T10:00+02:00",
                ),
            ),
        ),
        expected="""
            @ 2026-05-06T09:00+02:00
            INC-4  R205  also R201
            INC-3  R205  also R204 R203 A132 R202 R201
            INC-2  R204  also R203 A132 R202 R201
            INC-1  A110  also A105 F405
            INC-2  A107  also A105 F405
            CAU-1  R208
            C-17  A143
        """,
        why="The same kind of intervention on the same cause, each followed by a recurrence.",
    ),
    # --- Staples in the food ------------------------------------------------------------------
    Mutation(
        name="no cause of the staples is found",
        story=STAPLES,
        edits=(
            without("CAU-1", "EVI-1"),
            change("ACT-1", causes=()),
            change("ACT-2", causes=()),
        ),
        expected="""
            INC-1  A101  also C301
            apology APO-1 is unbacked
            @ 2026-03-18T12:00+01:00
            no findings
            apology APO-1 is waiting
        """,
        why="Talks about nothing in particular address no cause.",
    ),
    Mutation(
        name="the first meeting brings a checklist",
        story=STAPLES,
        edits=(change("ACT-1", intervention="checklist"),),
        expected="""
            no findings
            apology APO-1 is backed
            @ 2026-03-15T12:00+01:00
            no findings
            apology APO-1 is in hand
        """,
        why="A process change of intermediate strength: in hand, then implemented.",
    ),
    Mutation(
        name="the first meeting brings a new procedure",
        story=STAPLES,
        edits=(change("ACT-1", intervention="new_procedure"),),
        expected="""
            INC-1  A105  also F405  # warning
            apology APO-1 is backed
            @ 2026-03-15T12:00+01:00
            CAU-1  F405  # warning
            apology APO-1 is in hand
        """,
        why="A process change, but a weaker one; planned, it is in hand, and F405 stands alone.",
    ),
    Mutation(
        name="the second meeting is called off",
        story=STAPLES,
        edits=(
            change("ACT-2", events=("cancelled", "2026-03-20T09:00+01:00")),
            without("EVI-4"),
            change_promise("APO-1", "PRO-2", fulfilled=None),
        ),
        expected="""
            INC-1  A103  also F405
            PRO-2  A131
        """,
        why="What was called off goes before what was done in vain; the promised deed is overdue.",
    ),
    Mutation(
        name="the second meeting is never held",
        story=STAPLES,
        edits=(
            change("ACT-2", events=()),
            without("EVI-4"),
            change_promise("APO-1", "PRO-2", fulfilled=None),
        ),
        expected="""
            INC-1  A103  also F402 F405
            PRO-2  A131
            @ 2026-03-23T23:59:59.999999+01:00
            INC-1  A114  also F405
        """,
        why="A day counts to its end: overdue from then on, and A103 takes F402.",
    ),
    Mutation(
        name="the cause of the staples is put down to a person",
        story=STAPLES,
        edits=(change("CAU-1", names_person=True),),
        expected="""
            INC-1  A104  also C302 F405
            @ 2026-03-15T12:00+01:00
            INC-1  A114  also C302 F405
        """,
        why="The deepest cause names a person.",
    ),
    Mutation(
        name="nobody owns the second meeting",
        story=STAPLES,
        edits=(change("ACT-2", owner=None),),
        expected="""
            @ 2026-03-15T12:00+01:00
            INC-1  A114  also F405
            ACT-2  F401
            @ 2026-03-30T10:00+02:00
            INC-1  A104  also F405
        """,
        why="F401 concerns what is open, and always stands alone.",
    ),
    Mutation(
        name="nobody owns the second promise",
        story=STAPLES,
        edits=(change_promise("APO-1", "PRO-2", owner=None),),
        expected="""
            INC-1  A104  also F405
            @ 2026-03-18T12:00+01:00
            INC-1  A114  also F405
            PRO-2  A130
        """,
        why="A deed without an owner has nothing under it, until it is done. A114 takes no A130.",
    ),
    Mutation(
        name="nobody asks why the staples were not caught",
        story=STAPLES,
        edits=(without("CAU-2", "EVI-2", "DEC-1"),),
        expected="""
            INC-1  A104  also A109 F405
        """,
        why="The guest noticed, a cause is on record, and no escape cause.",
    ),
    Mutation(
        name="it is decided that the cause of the staples needs no action",
        story=STAPLES,
        edits=(
            add(
                Decision(
                    id="DEC-9",
                    kind="no_action",
                    cause="CAU-1",
                    made="2026-03-24T10:00+01:00",
                    reason="The supplier has changed the wrapping.",
                )
            ),
        ),
        expected="""
            CAU-1  F405
            apology APO-1 is decided
        """,
        why="Its path counts as decided; F405 has nothing left to rest on.",
    ),
    Mutation(
        name="somebody was hurt by the staples",
        story=STAPLES,
        edits=(change("INC-1", impact="major"),),
        expected="""
            INC-1  A104  also F405 F408
            @ 2026-03-15T12:00+01:00
            INC-1  A114  also F405 F408
        """,
        why="A major impact asks for intermediate strength.",
    ),
    Mutation(
        name="a second guest finds staples after both meetings",
        story=STAPLES,
        edits=(add(STAPLES_AGAIN),),
        expected="""
            INC-2  R205  also R201
            INC-1  A110  also A104 F405
            apology APO-1 is hollow
        """,
        why="R205 is by any corrective action; A107 asks for a process change, and there was none.",
    ),
    Mutation(
        name="a second guest finds staples, and it was promised to nobody but the first",
        story=STAPLES,
        edits=(
            add(STAPLES_AGAIN),
            add_promise("APO-1", Promise(id="PRO-3", kind="non_recurrence", scope="customer")),
        ),
        expected="""
            INC-2  R205  also R201
            INC-1  A110  also A104 F405
        """,
        why="Non-recurrence to this customer is not broken by what happens to another.",
    ),
    Mutation(
        name="a second guest finds staples, and it was promised for everybody",
        story=STAPLES,
        edits=(
            add(STAPLES_AGAIN),
            add_promise("APO-1", Promise(id="PRO-3", kind="non_recurrence", scope="anyone")),
        ),
        expected="""
            INC-2  R205  also A132 R201
            INC-1  A110  also A104 F405
        """,
        why="Non-recurrence to anyone is.",
    ),
    # --- The sale price above the regular price -----------------------------------------------
    Mutation(
        name="the talk with the staff never took place",
        story=SALE,
        edits=(
            change("ACT-1", events=()),
            without("EVI-3"),
            change_promise("APO-2", "PRO-1", fulfilled=None),
        ),
        expected="""
            INC-1  A101  also C301
            INC-2  A103  also F402 F405
            PRO-1  A131
        """,
        why="Overdue, the action as the promised deed.",
    ),
    Mutation(
        name="it is decided that the price needs no analysis",
        story=SALE,
        edits=(
            add(
                Decision(
                    id="DEC-9",
                    kind="no_analysis",
                    incident="INC-1",
                    made="2026-01-13T09:00+01:00",
                    reason="A misprint of the label printer's supplier.",
                )
            ),
        ),
        expected="""
            INC-2  A104  also F405
            apology APO-1 is unbacked
        """,
        why="A101 and C301 are silent; the other incident of the apology is unbacked as before.",
    ),
    Mutation(
        name="price and shrug are one incident, recorded twice",
        story=SALE,
        edits=(change("INC-2", duplicate_of="INC-1"),),
        expected="""
            INC-1  A104  also F405
        """,
        why="The cause of the duplicate counts for the one that it duplicates.",
    ),
    Mutation(
        name="both apologies were for the shrug only",
        story=SALE,
        edits=(change("APO-1", incidents="INC-2"), change("APO-2", incidents="INC-2")),
        expected="""
            failure(pricing / sale price above regular price)  C301  # warning
            INC-2  A104  also F405
        """,
        why="Without an apology there is no A101 to take C301.",
    ),
    # --- The wrong markers --------------------------------------------------------------------
    Mutation(
        name="to the second when the grace ends",
        story=MARKERS,
        expected="""
            @ 2025-11-21T09:10:00+01:00
            no findings
            apology APO-1 is waiting
            @ 2025-11-21T09:10:01+01:00
            INC-1  A101  also C301
            apology APO-1 is unbacked
        """,
        why="The grace is over when more than 14 days have passed since it was noticed.",
    ),
    Mutation(
        name="nobody apologised for the markers",
        story=MARKERS,
        edits=(without("APO-1"),),
        expected="""
            failure(picking / wrong item sent)  C301
        """,
        why="C301 asks nothing of apologies.",
    ),
    Mutation(
        name="the same customer gets wrong markers twice",
        story=MARKERS,
        continuation="second-customer",
        edits=(
            change("INC-2", customers="C-1"),
            change("COM-2", customer="C-1"),
        ),
        expected="""
            INC-2  R204  also R202 R201
            INC-1  A110  also A101 C301
        """,
        why="A double deviation; no order numbers, no promise.",
    ),
    Mutation(
        name="the second customer's parcel is a second record of the first's",
        story=MARKERS,
        continuation="second-customer",
        edits=(change("INC-2", duplicate_of="INC-1"),),
        expected="""
            INC-1  A101  also C301
            INC-1  A120
        """,
        why="No recurrence; but the customer of the duplicate is one whom no apology reached.",
    ),
    Mutation(
        name="the apology came after the second customer's parcel",
        story=MARKERS,
        continuation="second-customer",
        edits=(change("APO-1", made="2025-12-06T15:00+01:00"),),
        expected="""
            INC-1  A101  also C301
            failure(picking / wrong item sent)  R201
        """,
        why="Hollow is what came back after the apology.",
    ),
    Mutation(
        name="the second customer got something else that was wrong",
        story=MARKERS,
        continuation="second-customer",
        edits=(change("INC-2", failure_mode="item missing"),),
        expected="""
            INC-1  A101  also C301
        """,
        why="Another failure.",
    ),
    Mutation(
        name="the second customer's failure is written in another way",
        story=MARKERS,
        continuation="second-customer",
        edits=(
            change(
                "INC-2", failure_mode="\uff37\uff32\uff2f\uff2e\uff27 Item Sent ", process="Picking"
            ),
        ),
        expected="""
            INC-1  A110  also A101 C301
            failure(picking / wrong item sent)  R201
        """,
        why="Neither case nor form of the letters nor space at the ends makes another failure.",
    ),
    Mutation(
        name="nobody says what went wrong",
        story=MARKERS,
        continuation="second-customer",
        edits=(change("INC-1", failure_mode="other"), change("INC-2", failure_mode="other")),
        expected="""
            INC-1  A101  also C301
            casebook  R200  # warning
        """,
        why="Placeholders equal nothing, not even themselves; the casebook says that it is so.",
    ),
    Mutation(
        name="the second customer's parcel 90 days later",
        story=MARKERS,
        continuation="second-customer",
        edits=(
            change(
                "INC-2", occurred="2026-02-02T13:00:00+01:00", detected="2026-02-03T09:00+01:00"
            ),
            change("COM-2", made="2026-02-03T09:00+01:00"),
            without("ACT-2"),
        ),
        expected="""
            @ 2026-02-05T09:00+01:00
            INC-1  A110  also A101 C301
            failure(picking / wrong item sent)  R201
        """,
        why="The window includes its end: 90 times 86,400 seconds.",
    ),
    Mutation(
        name="the second customer's parcel 90 days and a second later",
        story=MARKERS,
        continuation="second-customer",
        edits=(
            change(
                "INC-2", occurred="2026-02-02T13:00:01+01:00", detected="2026-02-03T09:00+01:00"
            ),
            change("COM-2", made="2026-02-03T09:00+01:00"),
            without("ACT-2"),
        ),
        expected="""
            @ 2026-02-05T09:00+01:00
            INC-1  A110  also A101 C301
        """,
        why="R201 is over; A110 knows no window.",
    ),
    Mutation(
        name="the second customer's parcel is not known yet",
        story=MARKERS,
        continuation="second-customer",
        edits=(
            change("INC-2", detected="2025-12-20T14:00+01:00"),
            without("COM-2", "ACT-2"),
        ),
        expected="""
            INC-1  A101  also C301
            @ 2025-12-20T15:00+01:00
            INC-1  A110  also A101 C301
            failure(picking / wrong item sent)  R201
        """,
        why="An incident counts from when it is noticed, and is judged by when it occurred.",
    ),
    Mutation(
        name="the bins were parted before the second customer's parcel",
        story=MARKERS,
        continuation="second-customer",
        edits=(add(*PICKING_FIXED),),
        expected="""
            INC-2  R205  also R201
            INC-1  A107  also A109
            apology APO-1 is failed
        """,
        why="The process change was in effect, and it came back. Nobody asked why it escaped.",
    ),
    Mutation(
        name="the bins were parted after the second customer's parcel",
        story=MARKERS,
        continuation="second-customer",
        edits=(
            add(*PICKING_FIXED),
            change("ACT-9", events=("implemented", "2025-12-08T08:00+01:00")),
            change("EVI-2", made="2025-12-08T08:00+01:00"),
        ),
        expected="""
            INC-1  A110  also A109
            failure(picking / wrong item sent)  R201
            apology APO-1 is hollow
        """,
        why="Hollow it stays, whatever came later.",
    ),
    # --- One mistake, very many customers -----------------------------------------------------
    Mutation(
        name="the letter reached half of them",
        story=MANY,
        edits=(change("APO-1", customers=tuple(f"C-{number:04}" for number in range(1, 1001))),),
        expected="""
            INC-1  A102
            INC-1  A120
        """,
        why="Those listed were told; a thousand were not.",
    ),
    Mutation(
        name="the three were written to afterwards",
        story=MANY,
        continuation="three-not-reached",
        edits=(
            add(
                Apology(
                    id="APO-2",
                    incidents="INC-1",
                    customers=("C-0412", "C-1033", "C-1777"),
                    made="2026-02-03T09:00+01:00",
                )
            ),
        ),
        expected="""
            INC-1  A102
            @ 2026-02-01T09:00+01:00
            INC-1  A120
        """,
        why="A120 counts over all apologies of the incident.",
    ),
    Mutation(
        name="one of the three was written to nobody knows whether",
        story=MANY,
        continuation="three-not-reached",
        edits=(add(Apology(id="APO-2", incidents="INC-1", made="2026-02-03T09:00+01:00")),),
        expected="""
            INC-1  A102
        """,
        why="With one apology of unknown recipients, whom none reached is not assessed.",
    ),
    Mutation(
        name="the three were not known to be hit until April",
        story=MANY,
        continuation="three-not-reached",
        edits=(
            change(
                "INC-1",
                customers=tuple(
                    Affected(customer=id, since="2026-04-01T09:00+02:00")
                    if id in ("C-0412", "C-1033", "C-1777")
                    else id
                    for id in (f"C-{number:04}" for number in range(1, 2001))
                ),
            ),
        ),
        expected="""
            INC-1  A102
            @ 2026-04-01T09:00+02:00
            INC-1  A102
            INC-1  A120
        """,
        why="A customer counts from the date of the link.",
    ),
    Mutation(
        name="the slip is no human error",
        story=MANY,
        continuation="no-deeper-cause",
        edits=(change("CAU-1", is_human=False),),
        expected="""
            INC-1  A102
        """,
        why="C302 is about human error, and names.",
    ),
    Mutation(
        name="one more person is hired as prevention",
        story=MANY,
        continuation="one-more-person",
        edits=(change("ACT-2", kind="preventive"),),
        expected="""
            INC-1  A106
            @ 2026-06-01T09:00+02:00
            no findings
            apology APO-1 is backed
        """,
        why="Preventive actions count like corrective ones.",
    ),
    Mutation(
        name="one more person is hired to put this right",
        story=MANY,
        continuation="one-more-person",
        edits=(change("ACT-2", kind="correction"),),
        expected="""
            @ 2026-06-01T09:00+02:00
            INC-1  A102
            apology APO-1 is unbacked
        """,
        why="A correction does nothing about the next one, whatever it is linked to.",
    ),
    Mutation(
        name="somebody looked whether the new colleague helps",
        story=MANY,
        continuation="one-more-person",
        edits=(
            add(
                Verification(
                    id="VER-1", action="ACT-2", made="2026-07-15T09:00+02:00", result="effective"
                )
            ),
        ),
        expected="""
            no findings
            apology APO-1 is backed
        """,
        why="Verified within the window.",
    ),
    Mutation(
        name="somebody looked, and could not tell",
        story=MANY,
        continuation="one-more-person",
        edits=(
            add(
                Verification(
                    id="VER-1", action="ACT-2", made="2026-07-15T09:00+02:00", result="inconclusive"
                )
            ),
        ),
        expected="""
            INC-1  A106
        """,
        why="An inconclusive judgement verifies nothing.",
    ),
    Mutation(
        name="to the second when the time for looking ends",
        story=MANY,
        continuation="one-more-person",
        expected="""
            @ 2026-08-02T08:00:00+02:00
            no findings
            @ 2026-08-02T08:00:01+02:00
            INC-1  A106
        """,
        why="90 days from implementation.",
    ),
    Mutation(
        name="nobody was hired in time",
        story=MANY,
        continuation="one-more-person",
        edits=(change("ACT-2", events=()), without("EVI-4")),
        expected="""
            @ 2026-06-01T09:00+02:00
            INC-1  A103  also F402
            apology APO-1 is unbacked
        """,
        why="Overdue.",
    ),
    Mutation(
        name="the new colleague left at once",
        story=MANY,
        continuation="one-more-person",
        edits=(
            change(
                "ACT-2",
                events=(
                    ("implemented", "2026-05-04T08:00+02:00"),
                    ("reopened", "2026-05-20T08:00+02:00"),
                ),
            ),
        ),
        expected="""
            @ 2026-06-01T09:00+02:00
            INC-1  A103  also F402
        """,
        why="Reopened by a person it is open again, and past due.",
    ),
    Mutation(
        name="two reasons behind the slip, any of which suffices",
        story=MANY,
        continuation="one-more-person",
        edits=(add(*ANOTHER_BEHIND_THE_SLIP),),
        expected="""
            @ 2026-03-02T09:00+01:00
            INC-1  A102
            apology APO-1 is unbacked
            @ 2026-06-01T09:00+02:00
            INC-1  A108  # warning
            apology APO-1 is partly
        """,
        why="Both paths have to be met, and one is not; in hand is not met: no A108 before.",
    ),
    Mutation(
        name="two reasons behind the slip, both of which were needed",
        story=MANY,
        continuation="one-more-person",
        edits=(add(*ANOTHER_BEHIND_THE_SLIP), change("CAU-1", gate="all")),
        expected="""
            @ 2026-03-02T09:00+01:00
            no findings
            apology APO-1 is in hand
            @ 2026-06-01T09:00+02:00
            no findings
            apology APO-1 is backed
        """,
        why="To cut one of them is enough.",
    ),
    # --- The brunch ---------------------------------------------------------------------------
    Mutation(
        name="the decision about the brunch was made late",
        story="brunch",
        edits=(change("DEC-1", made="2026-03-10T09:00+01:00"),),
        expected="""
            no findings
            @ 2026-03-05T09:00+01:00
            INC-1  A101  also C301
        """,
        why="It counts from when it was made.",
    ),
    Mutation(
        name="the waiter promised that it would not happen again",
        story="brunch",
        continuation="no-decision",
        edits=(add_promise("APO-1", Promise(id="PRO-1", kind="non_recurrence", scope="customer")),),
        expected="""
            INC-1  A101  also A130 C301
            @ 2026-02-20T09:00+01:00
            INC-1  A101  also A130
        """,
        why="Then there is no grace, but for C301.",
    ),
    Mutation(
        name="nobody decided about the brunch, and nobody apologised",
        story="brunch",
        continuation="no-decision",
        edits=(without("APO-1"),),
        expected="""
            failure(table service / wrong dishes served)  C301
        """,
        why="An incident with neither cause nor decision.",
    ),
    Mutation(
        name="a third guest was recorded as an incident of its own",
        story="brunch",
        edits=(
            add(
                Incident(
                    id="INC-2",
                    duplicate_of="INC-1",
                    customers="C-3",
                    occurred="2026-02-15T11:20+01:00",
                )
            ),
        ),
        expected="""
            INC-1  A120  # error
            apology APO-1 is decided
        """,
        why="The customers of a duplicate are united with the others: one was not told.",
    ),
    # --- The signed-off misprint --------------------------------------------------------------
    Mutation(
        name="proofs mark what has changed",
        story=MISPRINT,
        edits=(add(*OUR_HALF),),
        expected="""
            CAU-2  F405
        """,
        why="Our cause has an intermediate action now.",
    ),
    Mutation(
        name="the printer apologises",
        story=MISPRINT,
        edits=(add(SORRY_FOR_THE_MISPRINT),),
        expected="""
            INC-1  A114  also A109 F405
            apology APO-1 is unbacked
        """,
        why="A meeting is planned on both; nobody asked why nothing caught it.",
    ),
    Mutation(
        name="the printer apologises, and its proofs mark what has changed",
        story=MISPRINT,
        edits=(add(SORRY_FOR_THE_MISPRINT, *OUR_HALF),),
        expected="""
            INC-1  A109  # info
            CAU-2  F405  # warning
            apology APO-1 is backed
        """,
        why="Both causes were needed: one is met. F405 of the other has nothing to rest on.",
    ),
    Mutation(
        name="the printer apologises for what either cause would have done",
        story=MISPRINT,
        edits=(add(SORRY_FOR_THE_MISPRINT, *OUR_HALF), change("INC-1", gate="any")),
        expected="""
            INC-1  A108  also A109 F405  # warning
            apology APO-1 is partly
        """,
        why="Any one of the causes suffices: one path is met, the other is not.",
    ),
    # --- What good looks like -----------------------------------------------------------------
    Mutation(
        name="the forcing function is not verified",
        story=GOOD,
        edits=(without("VER-1"),),
        expected="""
            INC-1  A106  # warning
            ACT-3  F409  # error
            @ 2026-02-24T18:00+01:00
            ACT-3  F409
        """,
        why="Closed without verification; not taken in by A106, which is milder.",
    ),
    Mutation(
        name="instead of the forcing function there is a training",
        story=GOOD,
        edits=(change("ACT-3", intervention="training"),),
        expected="""
            INC-1  A104  also F405 F408
            apology APO-1 is unbacked
        """,
        why="It changes no process, and is too weak for a major impact.",
    ),
    Mutation(
        name="the strength of the lock is not known",
        story=GOOD,
        edits=(change("ACT-3", intervention=None, changes_process=True),),
        expected="""
            no findings
            apology APO-1 is backed
        """,
        why="Unknown strength is never weaker (F405), and may be enough for a major impact.",
    ),
    Mutation(
        name="the strength of the lock is not known, and there was a training besides",
        story=GOOD,
        edits=(
            change("ACT-3", intervention=None, changes_process=True),
            add(
                Action(
                    id="ACT-9",
                    kind="corrective",
                    intervention="training",
                    owner="packing lead",
                    decided="2026-01-14T11:00+01:00",
                    due="2026-01-30+01:00",
                    criterion="Ten stacks put in without a mistake.",
                    causes="CAU-1",
                    events=("implemented", "2026-01-20T09:00+01:00"),
                ),
                Evidence(id="EVI-9", action="ACT-9", made="2026-01-20T09:00+01:00", text="List."),
            ),
        ),
        expected="""
            no findings
            apology APO-1 is backed
        """,
        why="One of unknown strength may be enough for a major impact, and need not be weaker.",
    ),
    Mutation(
        name="the containment is never ended",
        story=GOOD,
        edits=(change("ACT-1", events=("implemented", "2026-01-12T08:55+01:00")),),
        expected="""
            ACT-1  F406  # info
            @ 2026-03-22T15:00+01:00
            no findings
            @ 2026-03-22T15:00:01+01:00
            ACT-1  F406
        """,
        why="30 days after the action on its cause was verified effective.",
    ),
    Mutation(
        name="the report is not sent by Friday",
        story=GOOD,
        edits=(change_promise("APO-1", "PRO-1", fulfilled="2026-01-19T09:00+01:00"),),
        expected="""
            no findings
            @ 2026-01-17T09:00+01:00
            PRO-1  A131  # error
        """,
        why="Overdue until it is done.",
    ),
    Mutation(
        name="nobody said what kind of promise it was",
        story=GOOD,
        edits=(change_promise("APO-1", "PRO-1", kind=None),),
        expected="""
            PRO-1  A133  # info
        """,
        why="Unclassified.",
    ),
    Mutation(
        name="the cause of the wrong cards has no evidence",
        story=GOOD,
        edits=(without("EVI-1"),),
        expected="""
            CAU-1  C303  # info
        """,
        why="No A to take it.",
    ),
    Mutation(
        name="the criterion of the forcing function came afterwards",
        story=GOOD,
        edits=(change("ACT-3", criterion_set="2026-01-26T07:00:01+01:00"),),
        expected="""
            ACT-3  F404  # info
        """,
        why="Set beforehand means before it was implemented.",
    ),
    Mutation(
        name="nobody asked how it went",
        story=GOOD,
        edits=(change("FOL-2", made=None), change("FOL-1", made=None)),
        expected="""
            INC-1  A144  # info
        """,
        why="Two follow-ups past due are one fact.",
    ),
    Mutation(
        name="the three customers got nothing for their trouble",
        story=GOOD,
        edits=(without("AMD-1"),),
        expected="""
            INC-1  A140  # info
        """,
        why="A major impact asks for amends.",
    ),
    Mutation(
        name="the apology took no responsibility, and showed no regret",
        story=GOOD,
        edits=(change("APO-1", elements=("explanation", "repentance", "repair")),),
        expected="""
            INC-1  A122  also A124  # info
        """,
        why="Elements are on record, and these are missing.",
    ),
    Mutation(
        name="customers are to hear within the hour",
        story=GOOD,
        settings={"first_contact": {"major": "1 h"}},
        expected="""
            no findings
        """,
        why="They heard after 35 minutes.",
    ),
    Mutation(
        name="customers are to hear within half an hour",
        story=GOOD,
        settings={"first_contact": {"major": "30 min"}},
        expected="""
            INC-1  A121  # info
        """,
        why="The limit is the user's.",
    ),
    Mutation(
        name="a customer complains, and has to do so again",
        story=GOOD,
        edits=(
            add(
                Complaint(
                    id="COM-1",
                    customer="C-3",
                    incident="INC-1",
                    made="2026-01-12T19:00+01:00",
                    reopened="2026-01-14T19:00+01:00",
                )
            ),
        ),
        expected="""
            INC-1  R210  # warning
            @ 2026-01-14T18:00+01:00
            no findings
        """,
        why="The recovery itself failed. The escape cause is addressed: no A109.",
    ),
    Mutation(
        name="the lock brings a failure of its own",
        story=GOOD,
        edits=(
            add(
                Cause(
                    id="CAU-9",
                    found="2026-03-02T09:00+01:00",
                    text="The dispenser locks on a torn card, and the line stops.",
                    incidents="INC-9",
                ),
                Evidence(id="EVI-9", cause="CAU-9", made="2026-03-02T09:00+01:00", text="The log."),
                Incident(
                    id="INC-9",
                    process="packing",
                    failure_mode="box late",
                    customers="C-4",
                    occurred="2026-02-27T09:00+01:00",
                ),
            ),
            change("ACT-3", introduces=Link(to="CAU-9", since="2026-03-03T09:00+01:00")),
        ),
        expected="""
            ACT-3  F407  # error
            @ 2026-03-02T18:00+01:00
            no findings
        """,
        why="A fix that backfires, from when that is known.",
    ),
    Mutation(
        name="the wrong card is in a box again",
        story=GOOD,
        edits=(
            add(
                Incident(
                    id="INC-2",
                    process="packing",
                    failure_mode="wrong allergen card",
                    customers="C-1",
                    occurred="2026-04-05T09:00+02:00",
                )
            ),
        ),
        expected="""
            INC-2  R206  also R205 R204 R202 R201
            INC-1  A107
            apology APO-1 is failed
        """,
        why="A regression; no order numbers, and nobody promised that it would not happen.",
    ),
    Mutation(
        name="the wrong card is in a box again, packed elsewhere",
        story=GOOD,
        edits=(
            change("ACT-3", scope_process=None, scope_site="kitchen one"),
            change("ACT-4", scope_site="kitchen one"),
            add(
                Incident(
                    id="INC-2",
                    process="packing",
                    failure_mode="wrong allergen card",
                    site="kitchen two",
                    customers="C-9",
                    occurred="2026-04-05T09:00+02:00",
                )
            ),
        ),
        expected="""
            failure(packing / wrong allergen card)  R201  # info
            apology APO-1 is backed
        """,
        why="Outside its scope the action did not fail, and was in effect: neither A107 nor A110.",
    ),
)
