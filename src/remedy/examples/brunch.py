"""The brunch: when deciding that nothing more is needed is the right answer."""

from remedy.examples._story import Continuation, Story
from remedy.records import Action, Apology, Customer, Decision, Incident

STORY = Story(
    name="brunch",
    title="The brunch",
    summary=(
        "At a full Sunday brunch one table gets next to nothing of what it ordered. The waiter "
        "sees it before the two guests say a word, walks over, apologises, and from then on every "
        "plate is as it should be. Not every slip needs an investigation. But that none is needed "
        "is a judgement which somebody has to make, and put on file with the reason: then nothing "
        "is open here. If nobody did, one cannot tell it from a case that was simply forgotten."
    ),
    told_on="2026-03-16T09:00+01:00",
    moments={
        "the next day": (
            "2026-02-16T09:00+01:00",
            "Put right on the spot, judged, and done.",
        ),
        "a month later": (
            "2026-03-16T09:00+01:00",
            "Nothing is open.",
        ),
    },
    records=(
        Customer(id="C-1", name="one guest"),
        Customer(id="C-2", name="the other guest"),
        Incident(
            id="INC-1",
            title="Hardly a dish at one table was the one ordered",
            process="table service",
            failure_mode="wrong dishes served",
            impact="minor",
            customers=("C-1", "C-2"),
            occurred="2026-02-15T11:20+01:00",
            detected="2026-02-15T11:45+01:00",
            detected_by="us",
            acknowledged="2026-02-15T11:47+01:00",
        ),
        Apology(
            id="APO-1",
            incidents="INC-1",
            customers=("C-1", "C-2"),
            made="2026-02-15T11:47+01:00",
            author="waiter on duty",
            channel="at the table",
            text="I can see that we got nearly everything wrong. I am sorry; let me put it right.",
        ),
        Action(
            id="ACT-1",
            kind="correction",
            text="Bring every remaining dish as ordered, one after the other, checked at the pass.",
            owner="waiter on duty",
            decided="2026-02-15T11:47+01:00",
            due="2026-02-15+01:00",
            incidents="INC-1",
            events=("implemented", "2026-02-15T12:40+01:00"),
        ),
        Decision(
            id="DEC-1",
            kind="no_analysis",
            incident="INC-1",
            made="2026-02-15T15:00+01:00",
            who="restaurant manager",
            reason="One-off: two tables were swapped in the rush. Put right on the spot; no "
            "analysis needed.",
        ),
    ),
    continuations={
        "no-decision": Continuation(
            title="Nobody decided anything",
            told_on="2026-03-16T09:00+01:00",
            without=("DEC-1",),
            moments={
                "within the grace": (
                    "2026-02-20T09:00+01:00",
                    "There is still time to decide.",
                ),
                "once the grace is over": (
                    "2026-03-16T09:00+01:00",
                    "Neither a cause nor a decision: forgotten, or judged? Nobody can tell.",
                ),
            },
        ),
    },
)
