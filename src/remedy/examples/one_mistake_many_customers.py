"""One mistake, very many customers: the person is not the cause."""

from remedy.examples._story import Continuation, Story
from remedy.records import (
    Action,
    Apology,
    CausalLink,
    Cause,
    Complaint,
    Decision,
    Evidence,
    Incident,
    Response,
)
from remedy.vocabulary import ALL

_CUSTOMERS = tuple(f"C-{number:04}" for number in range(1, 2001))
_MAIL = (
    "This afternoon we sent you an invoice that you had paid already. You owe us nothing; please "
    "throw it away. It was our mistake, made in a hurry at the end of a long week, and we are "
    "sorry for the fright."
)

STORY = Story(
    name="one-mistake-many-customers",
    title="One mistake, very many customers",
    summary=(
        "In a firm that has been short of people for weeks, with sixty hours a week for those who "
        "are there, an employee picks the wrong list, and two thousand customers get an invoice "
        "that they have already paid. She sees it the moment it is done, calls the owner, stops "
        "what can be stopped, and in the evening every customer has a letter that explains and "
        "apologises; only a few had asked before it came. By morning there are dozens of "
        "answers, and every one of them says thank you. A slip, then; but the reason that it "
        "could happen is the missing people, and about that nothing has been decided."
    ),
    told_on="2026-03-02T09:00+01:00",
    moments={
        "a month later": (
            "2026-03-02T09:00+01:00",
            "The reason is known, and nothing is being done about it.",
        ),
    },
    records=(
        Incident(
            id="INC-1",
            title="Two thousand customers got an invoice that they had paid",
            text="The run was started with the list of all customers instead of the open ones.",
            process="invoicing",
            failure_mode="paid invoice sent again",
            impact="moderate",
            customers=_CUSTOMERS,
            occurred="2026-01-28T16:40+01:00",
            detected="2026-01-28T16:42+01:00",
            detected_by="us",
            acknowledged="2026-01-28T20:30+01:00",
        ),
        Action(
            id="ACT-1",
            kind="correction",
            text="Cancel the run, and void every invoice of it.",
            owner="owner of the firm",
            decided="2026-01-28T16:50+01:00",
            due="2026-01-28+01:00",
            incidents="INC-1",
            events=("implemented", "2026-01-28T18:15+01:00"),
        ),
        *(
            Complaint(
                id=f"COM-{number}",
                customer=customer,
                incident="INC-1",
                made=made,
                channel=channel,
                justified=True,
                text="I paid this last month. Why do I get it again?",
            )
            for number, (customer, made, channel) in enumerate(
                (
                    ("C-0007", "2026-01-28T17:05+01:00", "phone"),
                    ("C-0291", "2026-01-28T17:40+01:00", "e-mail"),
                    ("C-1480", "2026-01-28T18:20+01:00", "phone"),
                ),
                start=1,
            )
        ),
        Apology(
            id="APO-1",
            incidents="INC-1",
            customers=ALL,
            made="2026-01-28T20:30+01:00",
            author="owner of the firm",
            channel="e-mail",
            text=_MAIL,
        ),
        *(
            Response(
                id=f"RES-{number}",
                customer=customer,
                incident="INC-1",
                kind="thanked",
                made=f"2026-01-28T{21 + number // 30}:{(number * 2) % 60:02}+01:00",
                text="Thank you for telling us so quickly.",
            )
            for number, customer in enumerate(_CUSTOMERS[::55], start=1)
        ),
        Cause(
            id="CAU-1",
            found="2026-02-02T10:00+01:00",
            text="A slip: of two lists with nearly the same name the wrong one was picked.",
            is_human=True,
            incidents="INC-1",
        ),
        Evidence(
            id="EVI-1",
            cause="CAU-1",
            made="2026-02-02T10:00+01:00",
            text="The log of the run names the list.",
        ),
        Cause(
            id="CAU-2",
            found="2026-02-02T10:00+01:00",
            text="Too few people: weeks of sixty hours, and nobody to take anything over.",
            effects="CAU-1",
        ),
        Evidence(
            id="EVI-2",
            cause="CAU-2",
            made="2026-02-02T10:00+01:00",
            text="The hours on record since November, and two posts not filled.",
        ),
        Cause(
            id="CAU-3",
            found="2026-02-02T10:00+01:00",
            text="Between the start of a run and the customers' letter-boxes nothing asks again.",
            incidents=CausalLink(to="INC-1", role="escape"),
        ),
        Evidence(
            id="EVI-3",
            cause="CAU-3",
            made="2026-02-02T10:00+01:00",
            text="The run of that day: four minutes from start to the last letter.",
        ),
        Decision(
            id="DEC-1",
            kind="no_action",
            cause="CAU-3",
            made="2026-02-02T10:00+01:00",
            who="owner of the firm",
            reason="Asking again takes a second person; it comes with whatever is done about that.",
        ),
    ),
    continuations={
        "three-not-reached": Continuation(
            title="Three of them never got the letter",
            told_on="2026-03-02T09:00+01:00",
            moments={
                "a month later": (
                    "2026-03-02T09:00+01:00",
                    "Three customers still believe that they owe something.",
                ),
            },
            records=(
                Apology(
                    id="APO-1",
                    incidents="INC-1",
                    customers=ALL,
                    not_reached=("C-0412", "C-1033", "C-1777"),
                    made="2026-01-28T20:30+01:00",
                    author="owner of the firm",
                    channel="e-mail",
                    text=_MAIL,
                ),
            ),
        ),
        "no-deeper-cause": Continuation(
            title="Nobody asked what lay behind the slip",
            told_on="2026-03-02T09:00+01:00",
            without=("CAU-2", "EVI-2"),
            moments={
                "a month later": (
                    "2026-03-02T09:00+01:00",
                    "On file it looks as if one person were the reason.",
                ),
            },
        ),
        "one-more-person": Continuation(
            title="One more person is hired",
            told_on="2026-09-01T09:00+02:00",
            moments={
                "in hand": (
                    "2026-03-02T09:00+01:00",
                    "The post is advertised, with an owner and a date.",
                ),
                "hired": (
                    "2026-06-01T09:00+02:00",
                    "The new colleague is there. Whether it helps will show.",
                ),
                "nobody looked": (
                    "2026-09-01T09:00+02:00",
                    "The time for finding out whether it helped is over.",
                ),
            },
            records=(
                Action(
                    id="ACT-2",
                    kind="corrective",
                    intervention="more_staff",
                    text="Hire one more person for the office.",
                    owner="owner of the firm",
                    decided="2026-02-10T09:00+01:00",
                    due="2026-05-15+02:00",
                    criterion="Nobody above forty-five hours a week, over a quarter.",
                    causes="CAU-2",
                    events=("implemented", "2026-05-04T08:00+02:00"),
                ),
                Evidence(
                    id="EVI-4",
                    action="ACT-2",
                    made="2026-05-04T08:00+02:00",
                    text="The contract, and the first day of work.",
                ),
            ),
        ),
    },
)
