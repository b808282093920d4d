"""Findings as they are looked at: words, paths, and the compact rows behind them."""

import pickle
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

import remedy
from remedy import ALL, Action, Apology, Cause, Incident, Promise
from remedy.errors import CasebookError
from remedy.findings import Finding, Findings, failure_told, fill
from remedy.standings import Packed, Standings
from remedy.vocabulary import ApologyState
from tests.oracle.random_casebooks import random_casebook

LATER = "2023-06-01T00:00Z"


def incident(id, occurred="2023-01-01T00:00Z", **fields):
    given = {"process": "shipping", "failure_mode": "late", "customers": "C-1", **fields}
    return Incident(id=id, occurred=occurred, **given)


APOLOGY = Apology(
    id="APO-1", incidents="INC-1", made="2023-01-02T00:00Z", customers=ALL,
    promises=Promise(kind="non_recurrence"),
)  # fmt: skip
AGAIN = [
    incident("INC-1"),
    APOLOGY,
    *(incident(f"INC-{n}", f"2023-0{n}-01T00:00Z") for n in (2, 4)),
]


def findings(*records, **options):
    with remedy.open(":memory:") as book:
        book.record(*records)
        return book.check(**{"as_of": LATER, "profile": "capa", **options}).findings


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("{a} and {b}", {"a": "x", "b": 1_234}, "x and 1,234"),
        ("{a}", {}, "?"),
        ("{a}", {"a": None}, "?"),
        ("on {made_at}", {"made_at": "2023-01-01"}, "on 2023-01-01"),
        ("on {made_at}", {"made_at": None}, "on ?"),
        ("{a?yes|no}", {"a": 1}, "yes"),
        ("{a?yes|no}", {"a": 0}, "no"),
        ("{a?yes|no}", {}, "no"),
        ("{a?yes|}", {"a": None}, ""),
        ("{a?yes}", {"a": None}, ""),
        ("{a? ({a})|}", {"a": "x"}, " (x)"),
        ("{a?{b}|{c}}", {"a": 0, "c": "{b}"}, "{b}"),
        ("{kind}", {"kind": "non_recurrence"}, "non recurrence"),
        ("{subject}", {"subject": "a_b"}, "a_b"),
        ("{a=1?one|several}", {"a": 1}, "one"),
        ("{a=1?one|several}", {"a": 2}, "several"),
        ("{a?{b?{c}|no b}|no a}", {"a": 1, "b": 2, "c": "x"}, "x"),
        ("{a?{b?{c}|no b}|no a}", {"a": 1}, "no b"),
        ("{a=1?|, {a} of {b?them|all}}", {"a": 3}, ", 3 of all"),
        ("{ no field } | or this?", {}, "{ no field } | or this?"),
        ("no names", {}, "no names"),
    ],
)
def test_values_are_put_into_templates(template, values, text):
    assert fill(template, values) == text


@given(st.text(max_size=20))
def test_what_stands_in_a_value_is_never_taken_for_a_template(value):
    assert fill("[{a}] {a?<{a}>|-}", {"a": value}) == f"[{value}] {f'<{value}>' if value else '-'}"


def test_a_failure_is_told_as_people_read_it():
    assert failure_told("8:shipping4:late") == "shipping / late"
    assert failure_told(None) == "no signature"


# --- findings -------------------------------------------------------------------------------------


def test_a_finding_is_complete():
    found = {finding.key: finding for finding in findings(*AGAIN)}
    hollow = found["A:backing:INC-1"]
    assert (hollow.code, hollow.subject, hollow.subject_kind) == ("A110", "INC-1", "incident")
    assert "A101" in hollow.also
    assert hollow.name == "hollow apology"
    assert "2023-02-01 (INC-2)" in hollow.message
    assert hollow.path[0] == "INC-1"
    assert "INC-2" in hollow.path
    double = found["R:again:INC-4"]
    assert (double.code, double.customers) == ("R204", ("C-1",))
    assert {"INC-4", "APO-1"} <= set(double.path)
    assert "C-1" in double.message


def test_later_incidents_are_gathered_with_how_often_and_how_it_develops():
    times = ("2022-01-01", "2022-02-01", "2022-02-20", "2022-03-10", "2022-03-20")
    records = [incident(f"INC-{n}", f"{day}T00:00Z") for n, day in enumerate(times)]
    (finding,) = findings(*records, select="R202")
    assert finding.incidents == ("INC-1", "INC-2", "INC-3", "INC-4")
    assert finding.subject_kind == "failure"
    assert finding.path == (*finding.incidents, "INC-0")
    assert finding.message.startswith(
        "shipping / late: it hit C-1 again (first on 2022-01-01: INC-0)."
    )
    assert finding.message.endswith(" 4 times from 2022-02-01 to 2022-03-20, steadily.")


@pytest.mark.parametrize(
    ("days", "trend"),
    [
        ((1, 2, 3, 20, 40), "less lately"),
        ((1, 20, 38, 39, 40), "more often lately"),
        ((1, 10, 30, 41), "steadily"),
    ],
)
def test_a_trend_compares_the_halves_of_the_time(days, trend):
    from datetime import datetime, timedelta

    start = datetime(2023, 1, 1, tzinfo=UTC)
    records = [
        incident(f"INC-{day}", start + timedelta(days=day), customers=f"C-{day}")
        for day in (0, *days)
    ]
    (finding,) = findings(*records, select="R201")
    assert finding.message.endswith(f"{trend}.")


def test_several_on_one_day_are_told_with_the_day():
    records = [incident("INC-1"), *(incident(f"INC-{h}", f"2023-02-01T0{h}:00Z") for h in (2, 3))]
    (finding,) = findings(*records, select="R201")
    assert finding.message.endswith(" 2 times on 2023-02-01.")


def test_one_recurrence_has_no_trend():
    (finding,) = findings(incident("INC-1"), incident("INC-2", "2023-02-01T00:00Z"), select="R201")
    assert "times" not in finding.message
    assert finding.incidents == ("INC-2",)


def test_findings_are_made_when_they_are_looked_at():
    found = findings(*AGAIN)
    assert isinstance(found, Findings)
    assert found[0] == next(iter(found))
    assert found[-1] == list(found)[-1]
    assert list(found[1:3]) == list(found)[1:3]
    assert len(found[1:3]) == 2
    assert found[0] is not found[0]
    assert isinstance(found[0], Finding)
    with pytest.raises(IndexError):
        found[len(found)]


def test_findings_stand_gravest_first():
    order = ["error", "warning", "info"]
    severities = [order.index(str(finding.severity)) for finding in findings(*AGAIN)]
    assert severities == sorted(severities)


def test_findings_are_counted_without_being_made():
    found = findings(*AGAIN)
    severities = [str(finding.severity) for finding in found]
    assert {str(s): n for s, n in found.counts().items()} == {
        severity: severities.count(severity) for severity in dict.fromkeys(severities)
    }
    assert sum(found.codes().values()) == len(found)
    assert found.codes()["R204"] == 2
    assert list(found.heads()) == [(f.key, f.code, f.severity) for f in found]
    assert repr(found).startswith("<Findings: ")
    assert repr(found[:0]) == "<Findings: none>"


def test_findings_can_be_filtered_by_key_code_and_severity():
    found = findings(*AGAIN, incident("INC-9", process=None))
    errors = found.only(lambda key, code, severity: severity == "error")
    assert 0 < len(errors) < len(found)
    assert {finding.severity for finding in errors} == {"error"}


def test_the_rows_behind_findings_can_be_had():
    found = findings(*AGAIN, select=["R204"])
    assert [(code, row["subject"], row["apology"]) for code, row in found.rows()] == [
        ("R204", "INC-2", "APO-1"), ("R204", "INC-4", "APO-1"),
    ]  # fmt: skip


def test_a_finding_as_plain_values():
    (plain,) = (f.to_dict() for f in findings(*AGAIN, select="A110"))
    assert plain["key"] == "A:backing:INC-1"
    assert plain["also"] == []
    assert plain["severity"] == "error"


# --- apologies ------------------------------------------------------------------------------------


def states(*records, as_of=LATER):
    with remedy.open(":memory:") as book:
        book.record(*records)
        report = book.check(as_of=as_of, profile="capa")
        return {each.id: str(each.state) for each in report.apologies}


def sorry(id="APO-1", incidents="INC-1"):
    return Apology(id=id, incidents=incidents, made="2023-01-02T00:00Z", customers=ALL)


def cause(id="CAU-1", incidents="INC-1"):
    return Cause(id=id, found="2023-01-03T00:00Z", incidents=incidents)


def action(id="ACT-1", causes="CAU-1", events=("implemented", "2023-01-10T00:00Z"), **fields):
    given = {
        "kind": "corrective", "decided": "2023-01-04T00:00Z", "intervention": "automation", **fields
    }  # fmt: skip
    return Action(id=id, causes=causes, events=events, **given)


@pytest.mark.parametrize(
    ("records", "state"),
    [
        ([], "unbacked"),
        ([cause()], "unbacked"),
        ([cause(), action()], "backed"),
        ([cause(), action(events=())], "in hand"),
        ([cause(), action(intervention="training")], "unbacked"),
        ([remedy.Decision(kind="no_analysis", incident="INC-1", made=LATER, reason="x")],
         "decided"),
        ([cause(), remedy.Decision(kind="no_action", cause="CAU-1", made=LATER, reason="x")],
         "decided"),
        ([cause(), cause("CAU-2"), action()], "partly"),
        ([incident("INC-2", "2023-02-01T00:00Z")], "hollow"),
        ([cause(), action(), incident("INC-2", "2023-02-01T00:00Z")], "failed"),
        (
            [cause(), action(),
             remedy.Verification(action="ACT-1", made=LATER, result="ineffective")],
            "failed",
        ),
    ],
)  # fmt: skip
def test_every_apology_has_a_state(records, state):
    assert states(incident("INC-1"), sorry(), *records) == {"APO-1": state}


def test_within_the_grace_an_apology_waits():
    assert states(incident("INC-1"), sorry(), as_of="2023-01-10T00:00Z") == {"APO-1": "waiting"}
    assert states(incident("INC-1"), sorry(), cause(), as_of="2023-01-10T00:00Z") == {
        "APO-1": "waiting"
    }


def test_an_apology_for_several_incidents_is_backed_when_all_are():
    both = [
        incident("INC-1"), incident("INC-2", process="billing"), sorry(incidents=["INC-1", "INC-2"]),
        cause(), action(),
    ]  # fmt: skip
    assert states(*both) == {"APO-1": "partly"}
    assert states(*both, cause("CAU-2", "INC-2"), action("ACT-2", "CAU-2")) == {"APO-1": "backed"}


def promise_state(as_of, *records, **fields):
    given = {"kind": "deed", "owner": "QA", "due": "2023-02-01T00:00Z", **fields}
    promised = Apology(
        id="APO-1", incidents="INC-1", made="2023-01-02T00:00Z", promises=Promise(**given)
    )
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), promised, *records)
        (found,) = book.check(as_of=as_of, profile="capa").promises
        assert found.id == "APO-1/promise-1"
        return str(found.state)


@pytest.mark.parametrize(
    ("as_of", "fields", "state"),
    [
        ("2023-02-01T00:00Z", {}, "open"),
        ("2023-02-01T00:00:00.000001Z", {}, "overdue"),
        ("2023-03-01T00:00Z", {"fulfilled": "2023-02-20T00:00Z"}, "kept"),
        ("2023-02-10T00:00Z", {"fulfilled": "2023-02-20T00:00Z"}, "overdue"),
        ("2023-06-01T00:00Z", {"kind": "non_recurrence", "due": None}, "open"),
        ("2024-01-02T00:00Z", {"kind": "non_recurrence", "due": None}, "open"),
        ("2024-01-03T00:00Z", {"kind": "non_recurrence", "due": None}, "kept"),
        ("2023-06-01T00:00Z", {"kind": "watch"}, "kept"),
        ("2023-01-10T00:00Z", {"kind": "watch"}, "open"),
    ],
)
def test_every_promise_has_a_state(as_of, fields, state):
    assert promise_state(as_of, **fields) == state


def test_a_broken_promise_stays_broken():
    again = incident("INC-2", "2023-03-01T00:00Z")
    assert promise_state("2024-06-01T00:00Z", again, kind="non_recurrence", due=None) == "broken"


def test_a_promise_whose_action_is_verified_is_kept():
    records = [
        cause(), action(),
        remedy.Verification(action="ACT-1", made="2023-02-01T00:00Z", result="effective"),
    ]  # fmt: skip
    assert promise_state(LATER, *records, kind="non_recurrence", due=None) == "kept"


def test_apologies_are_a_sequence():
    apologies = Standings(ApologyState, ["A", "B", "C"], bytes([8, 1, 8]))
    assert len(apologies) == 3
    assert (apologies[0].id, apologies[1].state) == ("A", ApologyState.FAILED)
    assert [each.id for each in apologies[1:]] == ["B", "C"]
    assert apologies.counts() == {ApologyState.FAILED: 1, ApologyState.BACKED: 2}
    assert repr(apologies) == "<Standings: 1 failed, 2 backed>"
    assert repr(Standings(ApologyState, [], b"")) == "<Standings: none>"


@pytest.mark.parametrize("count", [0, 1, 4095, 4096, 4097, 9000])
def test_packed_ids_are_the_ids(count):
    ids = [f"APO-ü{number}" for number in range(count)]
    packed = Packed(ids)
    assert len(packed) == count
    assert list(packed) == ids
    assert packed[-3:] == ids[-3:]
    assert packed[1:9000:4000] == ids[1:9000:4000]
    with pytest.raises(IndexError):
        packed[count]


# --- what stands behind an apology ----------------------------------------------------------------


def behind(book, **options):
    (found,) = book.check(**{"as_of": LATER, "profile": "capa", **options}).apologies
    return [(each.incident, each.cause, each.action, str(each.state)) for each in found.behind]


def stood(*records, **fields):
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), sorry(), cause(), action(**fields), *records)
        ((*_, state),) = behind(book)
        return state


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "process changed"),
        ({"intervention": "training"}, "no process change"),
        ({"events": (), "due": "2024-01-01T00:00Z"}, "in hand"),
        (
            {"events": (), "due": "2024-01-01T00:00Z", "intervention": "training"},
            "no process change planned",
        ),
        ({"events": (), "due": "2023-02-01T00:00Z"}, "not done"),
        ({"events": ("cancelled", "2023-01-12T00:00Z")}, "not done"),
        ({"scope_process": "billing"}, "out of scope"),
        ({"events": ("implemented", "2022-06-01T00:00Z"), "decided": "2022-05-01T00:00Z"},
         "there before"),
    ],
)  # fmt: skip
def test_what_stands_behind_an_apology_says_how_it_stands(fields, state):
    assert stood(**fields) == state


def test_an_action_that_was_found_ineffective_stands_for_nothing():
    found = remedy.Verification(action="ACT-1", made="2023-02-01T00:00Z", result="ineffective")
    assert stood(found) == "ineffective"


def test_what_stands_behind_an_apology_is_told_as_of_the_date_of_the_check():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), incident("INC-2"), sorry(incidents=["INC-1", "INC-2"]))
        assert behind(book) == []
        book.record(cause(), remedy.Cause(id="CAU-2", found="2023-01-03T00:00Z", effects="CAU-1"))
        book.record(action(causes="CAU-2"))
        assert behind(book) == [("INC-1", "CAU-2", "ACT-1", "process changed")]
        report = book.check(as_of="2023-01-02T12:00Z", profile="capa")
        assert report.apologies[0].incidents == ("INC-1", "INC-2")
        assert report.apologies[0].behind == ()


@pytest.mark.parametrize("seed", range(12))
def test_what_is_backed_has_a_process_change_behind_each_incident(seed):
    case = random_casebook(seed)
    with remedy.open(":memory:", config=case.config) as book:
        book.record(*case.records)
        report = book.check(as_of=case.as_of, profile="capa")
        for place, each in enumerate(report.apologies):
            alone = report.apologies[place]
            assert (alone, alone.incidents, alone.behind) == (each, each.incidents, each.behind)
            assert each.incidents
            changed = {one.incident for one in each.behind if one.state == "process changed"}
            if each.state == "backed":
                assert changed == set(each.incidents)


def test_it_is_looked_up_while_the_casebook_is_open():
    book = remedy.examples.load("twice-shipped-collect")
    report = book.check()
    assert [each.incidents for each in report.promises] == [("INC-1",), ("INC-2",)]
    elsewhere = pickle.loads(pickle.dumps(report))
    assert list(elsewhere.apologies) == list(report.apologies)
    with pytest.raises(CasebookError, match="this report: has no open casebook"):
        elsewhere.apologies[0].behind
    book.close()
    with pytest.raises(CasebookError, match="Ask while the casebook is open, or check again"):
        report.apologies[0].incidents
    with pytest.raises(CasebookError, match="knows no casebook"):
        Standings(ApologyState, ["A"], bytes([8]))[0].behind


def test_many_are_looked_up_together(monkeypatch):
    monkeypatch.setattr("remedy.standings._TOGETHER", 2)
    asked = []

    def look_up(ids):
        asked.append(list(ids))
        return {id: ((f"INC-{id}",), ()) for id in ids}

    standings = Standings(ApologyState, ["A", "B", "C"], bytes([8, 1, 8]), look_up)
    assert [each.id for each in standings] == ["A", "B", "C"]
    assert asked == []
    assert [each.incidents for each in standings] == [("INC-A",), ("INC-B",), ("INC-C",)]
    assert asked == [["A", "B"], ["C"]]
    assert standings[1].incidents == ("INC-B",)
    assert asked[2:] == [["B"]]


# --- days are told where they were ----------------------------------------------------------------


def said(*records, **options):
    return {finding.code: finding.message for finding in findings(*records, **options)}


def test_a_day_is_told_as_that_day_whatever_the_zone_of_the_check():
    first, later = (
        incident(f"INC-{n}", remedy.Day(day, "Europe/Vienna"))
        for n, day in ((1, "2023-03-02"), (2, "2023-03-10"))
    )
    for as_of in ("2023-05-01T00:00+00:00", "2023-05-01T00:00+02:00", "2023-05-01T00:00-08:00"):
        told = said(first, later, select="R202", as_of=as_of)["R202"]
        assert told == "shipping / late: it hit C-1 again (first on 2023-03-02: INC-1)."
        assert said(first, later, select="R201", as_of=as_of) == {
            "R201": "shipping / late: it came back on 2023-03-10."
        }


def test_a_clock_time_is_told_in_the_zone_of_its_incident():
    sorry = Apology(id="APO-1", incidents="INC-1", made="2023-03-05T00:10+01:00", customers=ALL)
    here = incident("INC-1", "2023-03-02T00:10+01:00")
    there = incident("INC-2", "2023-03-10T23:30-08:00")
    assert said(here, there, sorry, select="A110")["A110"] == (
        "The apology of 2023-03-05 was hollow: it happened again on 2023-03-10 (INC-2), before "
        "anything that changes the process was in effect."
    )


@pytest.mark.parametrize(
    ("due", "day"),
    [
        ("2023-02-01-08:00", "2023-02-01"),
        ("2023-02-01+09:00", "2023-02-01"),
        ("2023-02-01+00:00", "2023-02-01"),
        (remedy.Day("2023-02-01", "Europe/Vienna"), "2023-02-01"),
        ("2023-02-01T00:10+01:00", "2023-02-01"),
    ],
)
def test_a_due_date_that_was_given_as_a_day_is_told_as_that_day(due, day):
    records = [
        incident("INC-1", "2023-01-01T00:10+01:00"),
        cause(),
        action(events=(), owner="QA", due=due),
    ]
    assert said(*records, select="F402") == {"F402": f"It was due on {day}, and is open (QA)."}


def test_an_action_on_a_deeper_cause_is_told_in_the_zone_of_what_that_explains():
    records = [
        incident("INC-1", "2023-01-01T00:10+09:00"),
        cause(),
        Cause(id="CAU-2", found="2023-01-03T00:00Z", effects="CAU-1"),
        action(causes="CAU-2", events=("implemented", "2023-01-09T20:00Z")),
    ]
    assert "2023-01-10" in said(*records, select="F403")["F403"]


def test_the_zone_of_a_rule_of_ones_own_may_be_anything():
    for zone, day in (("'north'", "2023-01-01"), ("7", "2023-01-01"), ("'-01:00'", "2022-12-31")):
        rule = remedy.Rule(
            "X001",
            f"SELECT id AS subject, occurred AS seen_at, {zone} AS zone FROM focus",
            message="seen on {seen_at}",
        )
        with remedy.open(":memory:") as book:
            book.record(incident("INC-1"))
            (finding,) = remedy.check(book, as_of=LATER, select="X", rules=[rule]).findings
            assert finding.message == f"seen on {day}"


# --- a sentence is of one record ------------------------------------------------------------------


def chance(id, made, **fields):
    return remedy.Response(
        id=id, customer="C-1", incident="INC-1", kind="last_chance", made=made, **fields
    )


def test_a_missed_chance_names_the_first_time_and_how_often_since():
    later = [incident("INC-9", "2023-02-01T00:00Z"), incident("INC-2", "2023-03-01T00:00Z")]
    records = [incident("INC-1"), chance("RES-1", "2023-01-10T00:00Z"), *later]
    (finding,) = findings(*records, select="A143")
    assert finding.message == (
        "Gave us a last chance on 2023-01-10, and it happened again on 2023-02-01 (INC-9), and "
        "once more since."
    )
    assert finding.path == ("C-1", "RES-1", "INC-9")


def test_of_several_chances_the_latest_is_told_with_its_owner():
    first = chance("RES-1", "2023-01-10T00:00Z", next_owner="anna")
    second = chance("RES-2", "2023-02-10T00:00Z", next_owner="zoe")
    assert said(incident("INC-1"), first, second, select="A14") == {
        "A141": "Gave us a last chance on 2023-02-10: zoe owns the next step (the latest of 2 "
        "chances)."
    }
    assert said(incident("INC-1"), first, chance("RES-2", "2023-01-05T00:00Z"), select="A14") == {
        "A142": "Gave us a last chance on 2023-01-05, and nobody owns the next step."
    }


def test_a_fix_that_backfired_names_a_cause_with_an_incident_of_it():
    brought = action(introduces=["CAU-2", "CAU-9"])
    records = [
        incident("INC-1"), cause(), brought, incident("INC-2", "2023-02-02T00:00Z"),
        incident("INC-0", "2023-02-01T00:00Z"), cause("CAU-2", "INC-2"), cause("CAU-9", "INC-0"),
    ]  # fmt: skip
    (finding,) = findings(*records, select="F407")
    assert finding.message == (
        "It brought a cause into being (CAU-9) that has led to an incident (INC-0); 1 more cause "
        "that it brought has led to incidents, too."
    )
    assert finding.path == ("ACT-1", "CAU-9", "INC-0")


def test_all_that_was_tried_in_vain_is_counted():
    times = {"Z": 1, "Y": 2, "W": 3}
    tried = [
        action(id, intervention="training", events=("implemented", f"2023-0{n}-10T00:00Z"))
        for id, n in times.items()
    ]
    back = [incident(f"INC-{n + 1}", f"2023-0{n}-20T00:00Z") for n in times.values()]
    why = cause(incidents=["INC-1", *(each.id for each in back)])
    assert said(incident("INC-1"), why, *back, *tried, select="R208")["R208"] == (
        "The same was tried 3 times (training: Z, then Y, and 1 more), and the failure came back "
        "after each."
    )


def test_a_double_deviation_names_what_they_had_and_how_many_they_are():
    everybody = [f"C-{n}" for n in range(50)]
    records = [
        incident("INC-1", customers=everybody), APOLOGY, incident("INC-0", "2023-01-20T00:00Z",
        customers="X-1"), incident("INC-2", "2023-02-01T00:00Z", customers=everybody),
    ]  # fmt: skip
    (finding,) = findings(*records, select=["R204", "R201"], ignore="A").only(
        lambda key, code, severity: code == "R204"
    )
    assert finding.message == (
        "It hit C-0 again after an apology for the same failure (APO-1, for INC-1), and 49 more "
        "likewise."
    )
    assert finding.path == ("INC-2", "APO-1", "INC-1")
    assert len(finding.customers) == 50


def test_of_several_apologies_the_latest_is_told():
    second = Apology(id="APO-0", incidents="INC-1", made="2023-01-05T00:00Z", customers=ALL)
    assert "(APO-0, for INC-1)" in said(*AGAIN, second, select="R204")["R204"]


def test_of_several_actions_the_change_of_the_process_is_told():
    did = [action("ACT-1", intervention="training"), action("ACT-2", intervention="double_check")]
    records = [incident("INC-1"), cause(), *did, incident("INC-2", "2023-02-01T00:00Z")]
    assert said(*records, select="R205")["R205"] == (
        "It came back although ACT-2 was in effect, and 1 more action as well, for an unknown "
        "cause (before: INC-1, 2023-01-01)."
    )


def test_where_the_customer_is_the_account_findings_still_name_customers():
    people = [remedy.Customer(id=id, account="ACME") for id in ("C-1", "C-2")]
    records = [
        *people, incident("INC-1"), incident("INC-2", "2023-02-01T00:00Z", customers=["C-1", "C-2"]),
        incident("INC-3", "2023-03-01T00:00Z", customers="C-2"),
    ]  # fmt: skip
    config = remedy.Config(same_customer="account")
    (finding,) = findings(*records, select="R202", config=config)
    assert finding.customers == ("C-1", "C-2")
    assert finding.incidents == ("INC-2", "INC-3")
    assert finding.message == (
        "shipping / late: it hit account ACME again (first on 2023-01-01: INC-1). 2 times from "
        "2023-02-01 to 2023-03-01."
    )
    assert finding.key.endswith(":ACME")


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        ({"due": "2023-02-01T00:00Z"}, "was due on 2023-02-01, and is not done"),
        ({"events": ("cancelled", "2023-02-01T00:00Z")}, "was cancelled"),
        ({"events": ("closed", "2023-02-01T00:00Z")},
         "was closed on 2023-02-01 without being done"),
    ],
)  # fmt: skip
def test_an_apology_says_which_action_let_it_down(planned, words):
    fix = action(**{"events": (), **planned})
    assert said(incident("INC-1"), sorry(), cause(), fix, select="A103") == {
        "A103": f"The action behind the apology (ACT-1) {words}."
    }


def test_the_ways_that_are_open_are_named():
    deeper = [
        Cause(id=f"CAU-{n}", found="2023-01-03T00:00Z", effects=above)
        for n, above in ((3, "CAU-2"), (4, "CAU-2"), (5, "CAU-4"), (6, "CAU-4"))
    ]
    deeper[1] = Cause(id="CAU-4", found="2023-01-03T00:00Z", effects="CAU-2", gate="all")
    records = [incident("INC-1"), sorry(), cause(), cause("CAU-2"), *deeper, action()]
    (finding,) = findings(*records, select="A108")
    assert finding.message == (
        "Some of the ways in which it can happen are closed, others are open (CAU-3 and CAU-4)."
    )
    assert finding.path[:3] == ("INC-1", "CAU-3", "CAU-4")


def test_many_ids_are_named_in_part():
    weak = [action(f"ACT-{n}", intervention="training") for n in range(1, 6)]
    assert said(incident("INC-1"), cause(), *weak, select="F405")["F405"] == (
        "All that is done or planned about it (ACT-1, ACT-2, ACT-3 and 2 more) is of the weaker "
        "kind."
    )


def test_an_action_that_is_too_weak_is_named_with_the_incident_that_asks_for_more():
    records = [incident("INC-1", impact="critical"), cause(), action(intervention="training")]
    assert said(*records, select="F408")["F408"] == (
        "The strongest action on it (ACT-1) is of the weaker kind, and the critical impact of "
        "INC-1 asks for the intermediate one."
    )


def test_nobody_is_said_to_have_recorded_what_nobody_did():
    records = [incident("INC-1"), sorry(), cause(), action(intervention=None)]
    (finding,) = findings(*records, select="A104")
    assert finding.message == (
        "What was done (ACT-1) changes no process, as far as is on record: nobody said what kind "
        "of change ACT-1 is."
    )
    assert finding.advice.startswith("Record what kind of change ACT-1 is.")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (remedy.Complaint(id="COM-1", incident="INC-1", made="2023-01-02T00:00Z",
                          reopened="2023-01-09T00:00Z"), "complaint COM-1 was opened again"),
        (action(kind="correction", causes=(), incidents="INC-1",
                events=[("implemented", "2023-01-05T00:00Z"), ("reopened", "2023-01-06T00:00Z")]),
         "correction ACT-1 was opened again"),
    ],
)  # fmt: skip
def test_what_went_wrong_in_putting_it_right_is_told(record, words):
    assert said(incident("INC-1"), record, select="R210") == {
        "R210": f"Putting it right went wrong as well: {words}."
    }


def test_a_correction_that_did_not_work_was_not_opened_again():
    did = action(kind="correction", causes=(), incidents="INC-1")
    judged = remedy.Verification(action="ACT-1", made="2023-01-20T00:00Z", result="ineffective")
    assert said(incident("INC-1"), did, judged, select="R210") == {
        "R210": "Putting it right went wrong as well: correction ACT-1 was verified, and found "
        "ineffective."
    }


@pytest.mark.parametrize(
    ("elements", "missing"),
    [
        (("repair",), "regret, explanation and repentance"),
        (("regret",), "explanation and repentance"),
        (("explanation",), "regret and repentance"),
        (("repentance",), "regret and explanation"),
        (("regret", "explanation"), "repentance"),
        (("regret", "repentance"), "explanation"),
        (("explanation", "repentance"), "regret"),
    ],
)
def test_what_an_apology_leaves_out_is_a_sentence(elements, missing):
    told = Apology(
        id="APO-1", incidents="INC-1", made="2023-01-02T00:00Z", customers=ALL, elements=elements
    )
    assert said(incident("INC-1"), told, select="A124") == {
        "A124": f"The apology leaves out {missing}."
    }


def test_what_was_detected_in_a_text_is_quoted():
    found = Promise(
        kind="deed", owner="QA", due="2023-02-01T00:00Z", provenance="detected",
        text="we will\n call   you",
    )  # fmt: skip
    told = Apology(id="APO-1", incidents="INC-1", made="2023-01-02T00:00Z", promises=found)
    (finding,) = findings(incident("INC-1"), told, select="A131")
    assert str(finding.severity) == "warning"
    assert finding.message.endswith(" This was detected in a text: “we will call you”.")
    silent = Apology(id="APO-1", incidents="INC-1", made="2023-01-02T00:00Z", provenance="detected")
    (finding,) = findings(incident("INC-1"), silent, select="A101")
    assert str(finding.severity) == "warning"
    assert "detected" not in finding.message


def test_one_is_not_told_as_several():
    assert said(incident("INC-1", process=None), select=["R200", "C301"]) == {
        "R200": "1 incident cannot be compared: a part of its signature is missing.",
        "C301": "It has neither a cause nor a decision that none is needed.",
    }
    assert said(incident("INC-1"), select="C301") == {
        "C301": "shipping / late: 1 of its incidents has neither a cause nor a decision that none "
        "is needed (INC-1)."
    }
    planned = Action(id="ACT-1", kind="corrective", decided="2023-01-04T00:00Z")
    assert said(planned, select="F401") == {
        "F401": "It is open, and has neither an owner nor a date."
    }


def test_a_template_nested_beyond_reason_stays_text():
    template = "{a?" * 1_200
    assert isinstance(fill(template, {"a": 1}), str)
