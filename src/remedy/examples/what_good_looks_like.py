"""What good looks like: a case in which every step was done, and in time."""

from remedy.examples._story import Story
from remedy.records import (
    Action,
    Amends,
    Apology,
    CausalLink,
    Cause,
    Customer,
    Evidence,
    Exposure,
    FollowUp,
    Incident,
    Promise,
    Response,
    Share,
    Verification,
)

STORY = Story(
    name="what-good-looks-like",
    title="What good looks like",
    summary=(
        "A made-up case, to show that one can do it all. A maker of meal boxes finds out that "
        "three boxes have left with the allergen card of another dish. The van is stopped, and "
        "within the hour the three customers have been called, before any of them has noticed. "
        "They get an apology that leaves nothing out, new boxes, their money back, and the "
        "promise of a report within the week: not that it will never happen again, for on the "
        "first day nobody can know that. Why it happened, and why nobody caught it, is found and "
        "shown. The machine can no longer pack the wrong card, and the dispatch desk would see "
        "it if it did. Both are put to the test, the customers are told, and a month later "
        "somebody asks them how it went. On no day of all this is there anything to complain of."
    ),
    told_on="2026-04-10T09:00+02:00",
    moments={
        "within the hour": (
            "2026-01-12T09:30+01:00",
            "The customers know, and the van is stopped.",
        ),
        "the same evening": (
            "2026-01-12T18:00+01:00",
            "The apology is out; nothing is known yet, and nothing is claimed.",
        ),
        "the cause is found": (
            "2026-01-15T18:00+01:00",
            "Both causes are shown, both actions have an owner, a date and a criterion.",
        ),
        "the action is in place": (
            "2026-02-02T09:00+01:00",
            "The wrong card can no longer be packed.",
        ),
        "verified": (
            "2026-02-24T18:00+01:00",
            "Put to the test, and told to the customers.",
        ),
        "now": (
            "2026-04-10T09:00+02:00",
            "Nothing is open.",
        ),
    },
    records=(
        Customer(id="C-1", name="a family"),
        Customer(id="C-2", name="a day nursery"),
        Customer(id="C-3", name="a shared flat"),
        Incident(
            id="INC-1",
            title="Three boxes left with the allergen card of another dish",
            text="Noticed at the packing line, when one stack of cards ran out before the other.",
            process="packing",
            failure_mode="wrong allergen card",
            product="meal box",
            site="kitchen one",
            impact="major",
            customers=("C-1", "C-2", "C-3"),
            occurred="2026-01-12T08:10+01:00",
            detected="2026-01-12T08:40+01:00",
            detected_by="us",
            acknowledged="2026-01-12T09:15+01:00",
        ),
        Action(
            id="ACT-1",
            kind="containment",
            text="Stop the van; until further notice two people check every card by hand.",
            owner="packing lead",
            decided="2026-01-12T08:45+01:00",
            due="2026-01-12+01:00",
            incidents="INC-1",
            events=(
                ("implemented", "2026-01-12T08:55+01:00"),
                ("closed", "2026-02-23T16:00+01:00"),
            ),
        ),
        Action(
            id="ACT-2",
            kind="correction",
            text="Call the three customers, fetch the boxes, and bring new ones.",
            owner="customer care",
            decided="2026-01-12T08:50+01:00",
            due="2026-01-12+01:00",
            incidents="INC-1",
            events=("implemented", "2026-01-12T13:00+01:00"),
        ),
        Apology(
            id="APO-1",
            incidents="INC-1",
            customers=("C-1", "C-2", "C-3"),
            made="2026-01-12T14:00+01:00",
            author="head of customer care",
            channel="phone and letter",
            elements=(
                "regret",
                "explanation",
                "responsibility",
                "repentance",
                "repair",
                "forgiveness",
            ),
            text=(
                "We are sorry. This morning we packed the card of another dish into your box, and "
                "it left our house like that. It is our mistake alone. You have a new box, and "
                "your money back. We do not know yet how it came about; we mean to find out, and "
                "will report to you by Friday. We ask you to forgive us."
            ),
            promises=Promise(
                id="PRO-1",
                kind="deed",
                owner="head of customer care",
                due="2026-01-16+01:00",
                fulfilled="2026-01-15T17:00+01:00",
                text="We will report by Friday how it came about.",
            ),
        ),
        Amends(
            id="AMD-1",
            incident="INC-1",
            kind="refund",
            made="2026-01-12T14:00+01:00",
            amount="49.00 EUR",
            shares=Share(party="us", percent=100),
            text="The price of the box, to each of the three.",
        ),
        Cause(
            id="CAU-1",
            found="2026-01-14T10:00+01:00",
            text="The card dispenser takes any stack of cards, whichever dish is on the line.",
            incidents="INC-1",
        ),
        Evidence(
            id="EVI-1",
            cause="CAU-1",
            made="2026-01-14T10:00+01:00",
            text="Tried on the line: four wrong stacks put in, four times accepted.",
        ),
        Cause(
            id="CAU-2",
            found="2026-01-14T10:00+01:00",
            text="The dispatch desk scans the box, but not the card in it.",
            incidents=CausalLink(to="INC-1", role="escape"),
        ),
        Evidence(
            id="EVI-2",
            cause="CAU-2",
            made="2026-01-14T10:00+01:00",
            text="The dispatch log of that morning: three boxes released without a complaint.",
        ),
        Action(
            id="ACT-3",
            kind="corrective",
            intervention="forcing_function",
            text="The dispenser reads the stack's code, and locks unless it is the dish's own.",
            owner="head of production",
            decided="2026-01-14T11:00+01:00",
            due="2026-01-30+01:00",
            criterion="Fifty wrong stacks put in on purpose; none is accepted.",
            verify_by="2026-03-31+02:00",
            scope_process="packing",
            causes="CAU-1",
            events=(
                ("implemented", "2026-01-26T07:00+01:00"),
                ("took_effect", "2026-01-27T06:00+01:00"),
                ("closed", "2026-02-23T16:00+01:00"),
            ),
        ),
        Evidence(
            id="EVI-3",
            action="ACT-3",
            made="2026-01-26T07:00+01:00",
            text="The record of acceptance of the new dispenser.",
        ),
        Action(
            id="ACT-4",
            kind="corrective",
            intervention="software_enhancement",
            text="The dispatch desk scans the card through the window of the box.",
            owner="head of dispatch",
            decided="2026-01-14T11:00+01:00",
            due="2026-02-06+01:00",
            criterion="Twenty boxes with a wrong card sent to the desk; all are stopped.",
            causes="CAU-2",
            events=(
                ("implemented", "2026-02-03T07:00+01:00"),
                ("closed", "2026-02-23T16:00+01:00"),
            ),
        ),
        Evidence(
            id="EVI-4",
            action="ACT-4",
            made="2026-02-03T07:00+01:00",
            text="The release notes of the dispatch software.",
        ),
        Verification(
            id="VER-1",
            action="ACT-3",
            method="challenge_test",
            result="effective",
            made="2026-02-20T15:00+01:00",
            who="quality lead",
            text="Fifty wrong stacks put in; the dispenser locked fifty times.",
        ),
        Verification(
            id="VER-2",
            action="ACT-4",
            method="challenge_test",
            result="effective",
            made="2026-02-20T16:00+01:00",
            who="quality lead",
            text="Twenty boxes with a wrong card; all were stopped.",
        ),
        FollowUp(
            id="FOL-1",
            incident="INC-1",
            due="2026-02-27+01:00",
            made="2026-02-24T11:00+01:00",
            owner="customer care",
            text="Told all three what was changed, and how it was tested.",
        ),
        Response(
            id="RES-1",
            customer="C-1",
            incident="INC-1",
            kind="accepted",
            made="2026-01-12T14:20+01:00",
            text="It is good that you called before we ate.",
        ),
        Response(
            id="RES-2",
            customer="C-2",
            incident="INC-1",
            kind="thanked",
            made="2026-02-24T11:30+01:00",
            text="Thank you. I wish all of our suppliers did that.",
        ),
        FollowUp(
            id="FOL-2",
            incident="INC-1",
            due="2026-03-31+02:00",
            made="2026-03-24T10:00+01:00",
            owner="customer care",
            text="Asked all three how the boxes have been since. Nothing to report.",
        ),
        Exposure(
            id="EXP-1",
            process="packing",
            chances=5120,
            began="2026-01-27T06:00+01:00",
            ended="2026-04-10T09:00+02:00",
        ),
    ),
)
