"""The check: which rules are asked, what leads, what is taken into what, what is accepted."""

import inspect
import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

import remedy
from remedy import (
    ALL,
    Action,
    Affected,
    Amends,
    Apology,
    Cause,
    Complaint,
    Config,
    Customer,
    Decision,
    Evidence,
    Exposure,
    FollowUp,
    Incident,
    Promise,
    Response,
    Rule,
    Verdict,
    Verification,
    Waiver,
    _telling,
    backing,
    checking,
)
from remedy._relations import STATE, _views, steps
from remedy.acceptance import digest
from remedy.engines.sqlite import SqliteEngine
from remedy.errors import ConfigError, ReadOnlyCasebook, RuleError, UnknownRecord, UnknownRule
from remedy.rules import BY_CODE, RULES
from tests.oracle.random_casebooks import random_casebook

JANUARY = "2023-01-01T00:00Z"
LATER = "2023-06-01T00:00Z"
KEY = "8:shipping4:late"


def incident(id, occurred=JANUARY, **fields):
    given = {"process": "shipping", "failure_mode": "late", "customers": "C-1", **fields}
    return Incident(id=id, occurred=occurred, **given)


def apology(**fields):
    given = {"incidents": "INC-1", "made": "2023-01-02T00:00Z", "customers": ALL, **fields}
    return Apology(id="APO-1", **given)


def cause(**fields):
    return Cause(id="CAU-1", **{"found": "2023-01-03T00:00Z", "incidents": "INC-1", **fields})


def fix(**fields):
    given = {
        "kind": "corrective", "decided": "2023-01-04T00:00Z", "intervention": "training",
        "causes": "CAU-1", "owner": "QA", "due": "2023-02-01T00:00Z",
        "events": ("implemented", "2023-01-10T00:00Z"), **fields,
    }  # fmt: skip
    return Action(id="ACT-1", **given)


def checked(*records, **options):
    with remedy.open(":memory:", actor="test") as book:
        book.record(*records)
        return book.check(**{"as_of": LATER, "profile": "capa", **options})


def told(report):
    return {(finding.subject, finding.code, finding.also) for finding in report.findings}


def led(report):
    return {finding.key: finding.code for finding in report.findings}


# --- select and ignore ----------------------------------------------------------------------------


def test_codes_are_chosen_before_one_leads():
    records = incident("INC-1"), apology(), cause(is_human=True), fix()
    whole = led(checked(*records))
    assert whole["A:backing:INC-1"] == "A104"
    assert "F:strength:CAU-1" not in whole
    without = checked(*records, ignore="A104")
    assert "A:backing:INC-1" not in led(without)
    assert led(without)["F:strength:CAU-1"] == "F405"
    only = checked(*records, select=["F405", "C3"])
    assert set(led(only).values()) == {"F405", "C302", "C303"}
    assert led(checked(*records, select="C", ignore="C303")) == {"C:depth:CAU-1": "C302"}


def test_of_what_tells_one_fact_the_gravest_leads_and_the_others_are_also_told():
    records = [incident("INC-1"), apology(), incident("INC-2", "2023-03-01T00:00Z")]
    (again,) = [f for f in checked(*records).findings if f.subject == "INC-2"]
    assert (again.key, again.code, again.also) == ("R:again:INC-2", "R204", ("R202", "R201"))
    (milder,) = checked(*records, select="R", ignore="R204").findings
    assert (milder.code, milder.subject, milder.also) == ("R202", KEY, ("R201",))
    assert milder.key.endswith(":C-1")
    (mildest,) = checked(*records, select="R201").findings
    assert (mildest.code, mildest.subject, mildest.incidents) == ("R201", KEY, ("INC-2",))


def test_settings_of_the_casebook_hold_and_those_of_the_call_are_added():
    with remedy.open(":memory:", config=Config(select="R", ignore="R201")) as book:
        book.record(incident("INC-1"), incident("INC-2", "2023-03-01T00:00Z"))
        assert led(book.check(as_of=LATER)).popitem()[1] == "R202"
        assert led(book.check(as_of=LATER, ignore="R202")) == {}
        assert set(led(book.check(as_of=LATER, select="C", profile="capa")).values()) == {"C301"}


@pytest.mark.parametrize("how", ["select", "ignore"])
def test_a_code_that_no_rule_begins_with_is_refused(how):
    with pytest.raises(UnknownRule, match="There is no rule 'A9'. The codes are A101, A102"):
        checked(**{how: ["A1", "A9"]})


# --- severities -----------------------------------------------------------------------------------


def test_severities_can_be_configured():
    records = incident("INC-1"), apology()
    report = checked(*records, config=Config(severity={"A101": "info", "R200": "error"}))
    assert {f.code: str(f.severity) for f in report.findings} == {"A101": "info", "C301": "warning"}


def test_a_severity_of_a_rule_that_there_is_not_is_refused():
    with pytest.raises(UnknownRule, match="There is no rule 'A999'"):
        checked(config=Config(severity={"A999": "info"}))


def test_a_milder_finding_takes_nothing_graver():
    records = incident("INC-1"), apology()
    assert told(checked(*records)) == {("INC-1", "A101", ("C301",))}
    milder = checked(*records, config=Config(severity={"A101": "info"}))
    assert told(milder) == {("INC-1", "A101", ()), (KEY, "C301", ())}


@pytest.mark.parametrize(
    ("first", "second", "said", "severity"),
    [
        ({}, {}, {}, "error"),
        ({}, {"occurred_basis": "reported"}, {}, "warning"),
        ({}, {"provenance": "detected"}, {}, "warning"),
        ({"provenance": "detected"}, {}, {}, "error"),
        ({}, {}, {"provenance": "detected"}, "warning"),
        ({}, {}, {"provenance": "mapped"}, "error"),
    ],
)
def test_what_rests_on_something_weak_is_at_most_a_warning(first, second, said, severity):
    report = checked(
        incident("INC-1", **first), apology(**said), incident("INC-2", "2023-03-01T00:00Z", **second),
        select="R204",
    )  # fmt: skip
    assert [str(finding.severity) for finding in report.findings] == [severity]


def test_caps_hold_per_code():
    """The apology was read from a text: R204 is a warning, but the order numbers are ours."""
    report = checked(
        incident("INC-1", order_no=1), apology(provenance="detected"),
        incident("INC-2", "2023-03-01T00:00Z", order_no=2), select=["R203", "R204"],
    )  # fmt: skip
    (finding,) = report.findings
    assert (finding.code, finding.also, str(finding.severity)) == ("R204", ("R203",), "error")


def test_an_info_is_not_raised_by_being_weak():
    report = checked(incident("INC-1", provenance="detected"), select="C301",
                     config=Config(severity={"C301": "info"}))  # fmt: skip
    assert [str(finding.severity) for finding in report.findings] == ["info"]


# --- waivers --------------------------------------------------------------------------------------


def waiver(code, until="2023-12-31+00:00", key="A:backing:INC-1", made="2023-02-01T00:00Z"):
    return Waiver(finding=key, code=code, reason="agreed", made=made, until=until, who="QA lead")


def test_a_waiver_holds_the_code_it_accepted_and_milder_ones():
    records = [incident("INC-1"), apology(), cause(), fix()]
    assert led(checked(*records))["A:backing:INC-1"] == "A104"
    report = checked(*records, waiver("A104"))
    assert "A:backing:INC-1" not in led(report)
    (held,) = report.waived
    assert (held.key, held.code, held.accepted, held.reason, held.who) == (
        "A:backing:INC-1", "A104", "A104", "agreed", "QA lead",
    )  # fmt: skip
    assert held.until == datetime.fromisoformat("2023-12-31T23:59:59.999999+00:00")
    assert checked(*records, waiver("A101")).waived[0].accepted == "A101"


def test_a_graver_code_on_the_same_key_is_shown_again():
    records = [incident("INC-1"), apology(), cause(), fix()]
    report = checked(*records, waiver("A103"))
    assert led(report)["A:backing:INC-1"] == "A104"
    assert report.waived == ()


def test_a_graver_code_is_shown_even_where_the_accepted_one_is_not_asked():
    records = [incident("INC-1"), apology(), cause(), fix()]
    report = checked(*records, waiver("A103"), ignore="A103")
    assert led(report)["A:backing:INC-1"] == "A104"


@pytest.mark.parametrize(
    ("waiver", "held"),
    [
        (waiver("A104", until="2023-06-01T00:00Z"), True),
        (waiver("A104", until="2023-05-31T23:59Z"), False),
        (waiver("A104", made="2023-06-02T00:00Z"), False),
        (waiver("A104", key="A:backing:INC-2"), False),
        (waiver("X999"), False),
    ],
    ids=["until now", "over", "made later", "another finding", "an unknown code"],
)
def test_a_waiver_holds_one_finding_until_its_end(waiver, held):
    report = checked(incident("INC-1"), apology(), cause(), fix(), waiver)
    assert ("A:backing:INC-1" not in led(report)) is held


# --- baseline -------------------------------------------------------------------------------------


def test_after_a_baseline_only_what_is_new_or_worse_counts():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), apology(), cause(), fix())
        options = {"as_of": LATER, "profile": "capa"}
        book.set_baseline(book.check(**options))
        report = book.check(**options)
        assert not report.fails("info")
        assert len(report.new) == 0
        assert (report.baseline.left, report.baseline.gone) == (len(report.findings), 0)
        book.record(incident("INC-2", "2023-03-01T00:00Z"))
        worse = book.check(**options)
        new = {finding.key: finding.code for finding in worse.new}
        assert new["A:backing:INC-1"] == "A110"
        assert "R:again:INC-2" in new
        assert worse.fails("error")
        assert {f["key"] for f in worse.to_dict()["findings"] if f["baseline"]} == {
            finding.key for finding in worse.findings
        } - new.keys()


def test_what_is_milder_than_it_was_accepted_is_left():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), apology(), cause(), fix(), again(2, "03-01"))
        options = accepted(book, select="A1")
        assert led(book.check(**options))["A:backing:INC-1"] == "A110"
        book.amend("INC-2", failure_mode="lost", reason="it was another one")
        report = book.check(**options)
        assert led(report)["A:backing:INC-1"] == "A104"
        assert report.baseline.states["A:backing:INC-1"] == "left"


def test_a_waiver_of_what_is_not_in_the_baseline_leaves_the_baseline_as_it_is():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), apology())
        options = accepted(book)
        book.record(again(2, "03-01"))
        report = book.check(**options)
        states = report.baseline.states
        new = [finding for finding in report.new if finding.key not in states]
        for finding in new:
            book.record(waiver(finding.code, key=finding.key, made="2023-05-01T00:00Z"))
        report = book.check(**options)
        assert {each.key for each in report.waived} == {finding.key for finding in new} != set()
        assert report.baseline.states == states


def test_what_is_gone_since_the_baseline_is_counted():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), apology())
        options = {"as_of": LATER, "profile": "capa"}
        book.set_baseline(book.check(**options))
        book.record(Decision(kind="no_analysis", incident="INC-1", made=JANUARY, reason="x"))
        baseline = book.check(**options).baseline
        assert baseline.states == {"A:backing:INC-1": "gone"}
        assert (len(baseline), baseline.left, baseline.gone) == (1, 0, 1)


def accepted(book, **options):
    """Accept what is there; return how to check."""
    options = {"as_of": LATER, "profile": "capa"} | options
    book.set_baseline(book.check(**options))
    return options


def again(number, day, **fields):
    return incident(f"INC-{number}", f"2023-{day}T00:00Z", **fields)


def test_another_incident_makes_an_accepted_recurrence_worse():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), again(2, "02-01"), again(3, "02-01", customers="C-2"))
        book.record(again(4, "02-20", customers="C-2", failure_mode="lost"))
        book.record(again(5, "02-25", customers="C-2", failure_mode="lost"))
        options = accepted(book, select="R")
        assert len(book.check(**options).new) == 0
        book.record(again(6, "03-01"))
        worse = book.check(**options)
        assert [(f.code, f.incidents) for f in worse.new] == [("R202", ("INC-2", "INC-6"))]
        assert sorted(worse.baseline.states.values()) == ["left", "left", "worse"]
        assert worse.fails("warning")
        assert not book.check(**options | {"as_of": "2023-02-28T00:00Z"}).fails("info")
        assert book.set_baseline(worse) == (0, 0)
        assert not book.check(**options).fails("info")
        book.record(again(7, "03-02", customers="C-3"))
        worse = book.check(**options)
        assert [f.code for f in worse.new] == ["R201"]
        assert worse.fails("info")


def test_an_old_incident_that_comes_late_makes_it_worse_too():
    """Nothing reopens by it, but nobody has accepted it either."""
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), again(2, "03-01"))
        options = accepted(book, select="R202")
        book.record(again(3, "02-01"))
        assert book.check(**options).fails()


def test_as_many_incidents_as_before_are_worse_if_one_is_newer():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), again(2, "02-01"))
        options = accepted(book, select="R202")
        book.amend("INC-2", failure_mode="lost", reason="it was another one")
        assert book.check(**options).baseline.states.popitem()[1] == "gone"
        book.record(again(3, "03-01"))
        assert book.check(**options).fails()


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("C301", [incident("INC-1")], [incident("INC-2", customers="C-2")]),
        (
            "A120",
            [incident("INC-1", customers=["C-1", "C-2"]), apology(customers="C-9")],
            [Affected(customer="C-3")],
        ),
    ],
)
def test_more_incidents_or_people_make_an_accepted_finding_worse(code, before, after):
    with remedy.open(":memory:") as book:
        book.record(*before)
        options = accepted(book, select=code)
        assert not book.check(**options).fails("info")
        if code == "A120":
            book.link("INC-1", customers=after)
        else:
            book.record(*after)
        assert book.check(**options).fails("info")


def test_only_what_was_asked_for_can_be_gone():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), apology(), again(2, "03-01"), cause(), fix())
        options = accepted(book)
        whole = book.check(**options).baseline.states
        assert set(whole.values()) == {"left"}

        def states(**changes):
            found = book.check(**options | changes).baseline.states
            assert found.keys() == whole.keys()
            return found

        for changes in ({"select": "A110"}, {"ignore": ["R", "C", "F"]}, {"profile": "tickets"}):
            assert set(states(**changes).values()) == {"left", "not asked"}
        assert set(states(as_of="2023-01-02T12:00Z").values()) == {"not asked"}
        assert "gone" not in states(around="INC-2").values()
        book.record(waiver("A110"))
        assert states()["A:backing:INC-1"] == "waived"


def test_what_a_register_leaves_out_is_not_asked():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), apology(), fix(causes=(), kind="preventive"))
        options = accepted(book, select="A101")
        register = book.check(**options | {"profile": "register"})
        assert register.baseline.states == {"A:backing:INC-1": "not asked"}


def test_what_a_coarse_signature_mutes_is_not_asked():
    with remedy.open(":memory:") as book:
        book.record(*(incident(f"INC-{n}", f"2023-01-{n:02}T00:00Z", customers=()) for n in (1, 2)))
        options = accepted(book, select="R201", config=Config(coarse_from=3))
        book.record(incident("INC-3", "2023-01-03T00:00Z", customers=()))
        assert list(book.check(**options).baseline.states.values()) == ["not asked"]


def test_what_a_graver_finding_tells_now_is_worse_and_not_gone():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), cause(), fix(), again(2, "03-01", customers="C-2"))
        options = accepted(book, select=["A104", "F405", "R201", "R202"])
        assert {f.code for f in book.check(**options).findings} == {"F405", "R201"}
        book.record(apology())
        book.link("INC-2", customers="C-1")
        report = book.check(**options)
        assert {f.code for f in report.new} == {"A104", "R202"}
        assert set(report.baseline.states.values()) == {"worse"}


def test_what_is_waived_or_not_asked_for_stays_in_the_baseline():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), apology(), cause(), fix(), again(2, "03-01"))
        options = accepted(book)
        held = book.baseline()
        book.record(waiver("A110"))
        assert book.set_baseline(book.check(**options | {"profile": "tickets"})) == (0, 0)
        assert book.baseline().keys() == held.keys()


def test_a_waiver_accepts_no_incident_that_came_after_it():
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), again(2, "02-01"))
        options = {"as_of": LATER, "profile": "capa", "select": ["R201", "R202"]}
        (finding,) = book.check(**options).findings
        book.record(waiver("R202", key=finding.key, made="2023-02-10T00:00Z"))
        assert len(book.check(**options).findings) == 0
        book.record(again(3, "01-20", customers="C-2"))
        assert [f.code for f in book.check(**options).findings] == ["R201"]
        book.record(again(4, "02-09", detected="2023-02-11T00:00Z"))
        report = book.check(**options)
        assert [f.code for f in report.findings] == ["R202", "R201"]
        assert report.waived == ()
        book.record(waiver("R202", key=finding.key, made="2023-02-12T00:00Z"))
        assert [each.code for each in book.check(**options).waived] == ["R202"]


# --- profiles -------------------------------------------------------------------------------------


def profile_of(*records):
    report = checked(*records, profile=None)
    return report.profile, report.profile_reason


def test_the_profile_follows_from_what_is_on_record():
    assert profile_of(incident("INC-1")) == (
        "tickets", "no apologies, causes, actions or decisions are on record",
    )  # fmt: skip
    assert profile_of(incident("INC-1"), apology()) == (
        "register", "apologies are on record, and no causes, actions or decisions",
    )  # fmt: skip
    assert profile_of(incident("INC-1"), incident("INC-2"), cause()) == (
        "capa", "1 of the 2 incidents recorded last have a cause or a decision",
    )  # fmt: skip
    three = [incident(f"INC-{n}") for n in (1, 2, 3)]
    assert profile_of(*three, cause())[0] == "register"
    assert profile_of(*three, Action(id="ACT-9", kind="preventive", decided=JANUARY))[0] == (
        "register"
    )
    assert checked(profile="tickets").profile_reason == "as configured"
    with pytest.raises(ConfigError, match="profile: 'all' is not one of tickets, register, capa"):
        checked(profile="all")


def codes(report):
    return {code for f in report.findings for code in (f.code, *f.also)}


def test_tickets_has_recurrence_promises_and_customers_at_risk():
    promise = Promise(kind="deed", due="2023-02-01T00:00Z")
    records = [
        incident("INC-1", failure_mode="lost", impact="major"), apology(promises=promise),
        incident("INC-2"), incident("INC-3", "2023-03-01T00:00Z"),
        Response(customer="C-1", kind="last_chance", made=JANUARY),
    ]  # fmt: skip
    assert codes(checked(*records, profile="tickets")) == {"R202", "R201", "A131", "A130", "A142"}
    report = checked(*records, profile="register")
    assert codes(report) == {"R202", "R201", "A131", "A130", "A142", "A140"}


def test_a_register_looks_at_apologies_where_it_matters():
    plain = incident("INC-1"), apology(customers="C-9"), fix(causes=(), kind="preventive")
    assert codes(checked(*plain, profile="register")) == set()
    for more in (
        [incident("INC-2", "2022-01-01T00:00Z")],
        [Promise(id="P", apology="APO-1", kind="non_recurrence", made="2023-01-02T00:00Z",
                 actions="ACT-1")],
    ):  # fmt: skip
        assert {"A101", "A120"} <= codes(checked(*plain, *more, profile="register"))
    grave = [incident("INC-1", impact="major"), *plain[1:]]
    assert codes(checked(*grave, profile="register")) == {"A101", "A120", "A140"}
    assert codes(checked(*plain, profile="capa")) >= {"A101", "A120", "C301", "F403"}


def test_where_nothing_was_ever_done_causes_and_actions_are_not_assessed():
    records = [incident("INC-1", impact="major"), apology()]
    register = checked(*records, profile="register")
    assert codes(register) == {"A140"}
    assert register.not_assessed[0] == (
        "causes, actions, decisions: none on record; A101–A109, A114, C, F not assessed"
    )
    tickets = checked(*records, profile="tickets").not_assessed
    assert tickets[1] == "apologies: not in tickets, but for promises and last chances"
    done = checked(*records, cause(), profile="register").not_assessed
    assert done[0] == "causes and actions for themselves (C, F): not in register"
    assert codes(checked(*records)) == {"A101", "C301", "A140"}


def test_who_asks_for_first_contact_is_told_that_it_needs_limits():
    assert any("first_contact" in line for line in checked(select="A121").not_assessed)
    report = checked(config=Config(first_contact={"major": "4 h"}), select="A121")
    assert report.not_assessed == ()
    assert checked().not_assessed == ()


def test_a_coarse_signature_mutes_r201_whatever_is_selected():
    records = [incident(f"INC-{n}", f"2023-01-{n:02}T00:00Z", customers=()) for n in range(1, 5)]
    config = Config(coarse_from=3)
    assert codes(checked(*records, config=config, select="R")) == {"R200"}
    assert codes(checked(*records, config=config, select="R201")) == set()
    assert codes(checked(*records, config=config, ignore="R200", select="R")) == set()
    assert codes(checked(*records, select="R")) == {"R201"}


# --- rules of one's own ---------------------------------------------------------------------------

UNSIGNED = Rule(
    "X001",
    "SELECT s.apology, s.incident AS subject FROM now_sorry s JOIN focus f ON f.id = s.incident "
    "JOIN apology a ON a.id = s.apology WHERE a.author IS NULL",
    name="unsigned",
    message="nobody signed {apology}.",
    advice="Sign it.",
)


def test_a_rule_of_ones_own_is_a_few_lines_of_sql():
    report = checked(incident("INC-1"), apology(), rules=[UNSIGNED], select="X")
    (finding,) = report.findings
    assert (finding.key, finding.code, finding.subject) == ("X:X001:INC-1", "X001", "INC-1")
    assert (finding.message, finding.advice) == ("nobody signed APO-1.", "Sign it.")
    assert finding.path == ("INC-1", "APO-1")
    assert str(finding.severity) == "warning"


def test_a_rule_of_ones_own_is_asked_in_every_profile():
    for profile in ("tickets", "register", "capa"):
        report = checked(incident("INC-1"), apology(), rules=[UNSIGNED], profile=profile)
        assert "X001" in codes(report)
    own = attrs_evolve(UNSIGNED, code="AX001")
    assert "AX001" in codes(checked(incident("INC-1"), apology(), rules=[own], profile="register"))


def attrs_evolve(rule, **changes):
    import attrs

    return attrs.evolve(rule, **changes)


def test_a_rule_of_ones_own_is_a_function_of_the_casebook_and_the_date():
    asked = []

    def many_customers(book, as_of):
        asked.append(as_of)
        for record in book.records(Incident):
            if len(record.customers) > 1:
                yield {"count": len(record.customers), "subject": record.id}
        yield from ()

    rule = Rule("X002", many_customers, severity="error", message="it hit {count} customers.")
    report = checked(incident("INC-1", customers=["A", "B"]), incident("INC-2"), rules=[rule])
    (finding,) = [f for f in report.findings if f.code == "X002"]
    assert (finding.subject, finding.message, str(finding.severity)) == (
        "INC-1", "it hit 2 customers.", "error",
    )  # fmt: skip
    assert asked == [datetime.fromisoformat(LATER)]
    assert codes(checked(rules=[rule])) == set()


def test_a_rule_without_words_is_told_by_its_name_or_code():
    for rule, message in (
        (Rule("X003", "SELECT id AS subject FROM focus", name="all of them"), "all of them"),
        (Rule("X003", "SELECT id AS subject FROM focus"), "X003"),
    ):
        (finding,) = checked(incident("INC-1"), rules=[rule], select="X").findings
        assert finding.message == message


def test_rules_with_the_same_fact_tell_one_thing():
    graver = Rule("X001", "SELECT id AS subject FROM focus", fact="X:both", severity="error")
    milder = Rule("X002", "SELECT id AS subject FROM focus", fact="X:both")
    (finding,) = checked(incident("INC-1"), rules=[graver, milder], select="X").findings
    assert (finding.key, finding.code, finding.also) == ("X:both:INC-1", "X001", ("X002",))


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (Rule("X001", "SELEC 1"), 'Rule X001: its SQL does not work: near "SELEC"'),
        (Rule("X001", "SELECT id FROM nowhere"), "its SQL does not work: no such table: nowhere"),
        (Rule("X001", "SELECT id FROM focus"), "its rows have no column named subject"),
        (
            Rule("X001", "SELECT NULL AS subject FROM focus"),
            "one of its rows has no id as its subj",
        ),
        (Rule("X001", "SELECT 7 AS subject"), "one of its rows has no id as its subject"),
        (Rule("X001", "DELETE FROM incident"), "its SQL does not work"),
        (Rule("X001", lambda book, as_of: 1 / 0), "its function failed: ZeroDivisionError"),
        (Rule("X001", lambda book, as_of: [5]), "its function failed: TypeError"),
        (Rule("X001", lambda book, as_of: [{"a": 1}]), "no column named subject"),
        (Rule("X001", lambda book, as_of: [{"subject": None}]), "no id as its subject"),
        (
            Rule("X001", lambda book, as_of: [{"subject": "\ud800"}]),
            "holds what is no text: '\\ud800'",
        ),
        (Rule("A101", "SELECT 1"), "Rule A101: there is a rule with this code already"),
        ("X001", "is no Rule(code, sql or function)"),
    ],
    ids=range(13),
)
def test_a_rule_that_does_not_work_is_a_typed_error(rule, problem):
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"))
        with pytest.raises(RuleError) as caught:
            book.check(rules=[rule], as_of=LATER)
        assert problem in str(caught.value)
        assert book.get("INC-1").id == "INC-1"
        assert book.check(as_of=LATER, profile="capa").incidents == 1


@pytest.mark.parametrize("code", ["x001", "X", "001", "X00001", "X 1", None])
def test_a_code_is_some_capital_letters_and_a_number(code):
    with pytest.raises(RuleError, match="a code is some capital letters and a number"):
        Rule(code, "SELECT 1")


def test_a_rule_knows_kinds_of_subjects_and_severities():
    with pytest.raises(RuleError, match="subject: 'weather' is not one of incident, promise"):
        Rule("X001", "SELECT 1", subject="weather")
    with pytest.raises(RuleError, match="severity: 'fatal' is not one of error, warning, info"):
        Rule("X001", "SELECT 1", severity="fatal")


def test_what_stops_a_shipped_rule_is_no_error_of_a_rule(monkeypatch):
    def interrupted(*_):
        raise sqlite3.OperationalError("interrupted")

    monkeypatch.setattr("remedy.engines.sqlite.SqliteEngine.rows", interrupted)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        checked(incident("INC-1"))


def test_a_function_that_would_write_is_refused():
    def writing(book, as_of):
        book.record(Customer(id="C-9"))
        return []

    with pytest.raises(ReadOnlyCasebook, match="read as of one moment"):
        checked(rules=[Rule("X001", writing)])


def test_a_function_that_would_check_is_refused():
    """Its check would lay other relations over those that are being asked."""
    with remedy.open(":memory:") as book:
        book.record(incident("INC-1"), apology())
        before = book.check(as_of=LATER)

        def checking(book, as_of):
            return [{"subject": each.subject} for each in book.check(as_of=as_of).findings]

        def around(book, as_of):
            return [{"subject": each.subject} for each in book.check(around="INC-1").findings]

        def looking(book, as_of):
            return [{"subject": id} for each in before.apologies for id in each.incidents]

        for function in (checking, around, looking):
            for options in ({}, {"around": "INC-1"}):
                with pytest.raises(
                    RuleError, match=r"^Rule X001: its function checks the casebook"
                ):
                    book.check(rules=[Rule("X001", function)], as_of=LATER, **options)
        assert before.apologies[0].incidents == ("INC-1",)

        def using(book, as_of):
            return [{"subject": each.id} for each in before.apologies]

        assert "X001" in codes(book.check(rules=[Rule("X001", using)], as_of=LATER))


def test_a_rule_about_failures_needs_no_column_besides_their_key():
    records = [incident("INC-1"), incident("INC-2", "2023-03-01T00:00Z", customers="C-2")]
    counting = "SELECT {columns} FROM focus WHERE failure IS NOT NULL GROUP BY failure"
    for columns in (
        "failure AS subject, COUNT(*) AS n",
        "COUNT(*) AS n, failure AS subject",
        "failure AS subject, COUNT(*) AS n, failure",
        "failure AS subject, failure, COUNT(*) AS n",
    ):
        rule = Rule(
            "X001", counting.format(columns=columns), subject="failure",
            message="{failure_told}: {n} times.",
        )  # fmt: skip
        report = checked(*records, rules=[rule], select="X")
        (finding,) = report.findings
        assert (finding.subject, finding.subject_kind) == (KEY, "failure")
        assert finding.message == "shipping / late: 2 times."
        assert finding.key == f"X:X001:{digest(KEY)}"
        assert "\nfailure shipping / late\n" in report.to_text()


def test_a_column_failure_may_hold_any_words():
    again = "SELECT id AS subject, 'no key' AS failure FROM focus WHERE id = 'INC-2'"
    rule = Rule("X001", again, fact="R:again", message="{failure_told} ({subject})")
    records = [incident("INC-1"), incident("INC-2", "2023-03-01T00:00Z")]
    alone = checked(*records, rules=[rule], select="X")
    assert [f.message for f in alone.findings] == ["no key (INC-2)"]
    for select, lead in ((["R201", "X"], "R201"), (["R202", "R201", "X"], "R202")):
        report = checked(*records, rules=[rule], select=select)
        (finding,) = report.findings
        assert (finding.code, finding.subject, finding.also[-1]) == (lead, KEY, "X001")
        assert "shipping / late" in report.to_text()
    many = [incident(f"INC-{n}", "2023-03-01T00:00Z", failure_mode=f"m{n}") for n in range(40)]
    wide = Rule("X001", "SELECT id AS subject, 'no key' AS failure FROM focus", message="x")
    assert "no key" in checked(*many, rules=[wide], select="X").to_text()


# --- scopes ---------------------------------------------------------------------------------------


def test_a_scope_that_is_only_written_otherwise_is_remarked_on():
    def remarks(*records, **options):
        report = checked(
            incident("INC-1", process="Shipping ", site="Vienna"), incident("INC-2"), apology(),
            cause(incidents=["INC-1", "INC-2"]), *records, **options,
        )  # fmt: skip
        return report.remarks

    assert remarks(fix()) == remarks(fix(scope_process="billing", scope_site="Vienna")) == ()
    found = remarks(fix(scope_process="shipping", scope_site="VIENNA"))
    assert found == (
        "the scope of ACT-1 is the process 'shipping', which does not take in the incidents of its "
        "causes that have 'Shipping ': a scope is compared to the letter",
        "the scope of ACT-1 is the site 'VIENNA', which does not take in the incidents of its "
        "causes that have 'Vienna': a scope is compared to the letter",
    )
    deeper = Cause(id="CAU-2", found="2023-01-03T00:00Z", effects="CAU-1")
    assert len(remarks(deeper, fix(causes="CAU-2", scope_process="shipping"))) == 1
    assert len(remarks(fix(scope_process="shipping"), around="INC-1")) == 1
    many = [
        Action(id=f"ACT-{n}", kind="corrective", decided=JANUARY, causes="CAU-1",
               scope_process="SHIPPING") for n in range(4)
    ]  # fmt: skip
    assert remarks(*many)[-1] == "3 more scopes are written otherwise than incidents"


def test_remarks_stand_in_every_report():
    report = checked(incident("INC-1"), cause(), fix(scope_process="SHIPPING"))
    (remark,) = report.remarks
    assert report.to_dict()["remarks"] == [remark]
    assert "look at       the scope of ACT-1 is the process 'SHIPPING'" in report.to_text()
    assert "- look at: the scope of ACT-1 is" in report.to_markdown()


# --- a check never writes -------------------------------------------------------------------------


def test_a_check_never_writes(tmp_path):
    path = tmp_path / "quality.db"
    case = random_casebook(7)
    with remedy.open(path, config=case.config) as book:
        book.record(*case.records)
    before = path.read_bytes()
    with remedy.open(path) as book:
        for _ in range(2):
            book.check(as_of=case.as_of, profile="capa")
            book.check(as_of=case.as_of, around=case.records[0].id)
        db = book._store.db
        assert not db.conn.in_transaction
        assert db.execute("SELECT name FROM sqlite_schema WHERE name = 'focus'").fetchall() == []
    assert path.read_bytes() == before


def test_relations_hide_no_table():
    """A temporary table goes before one of the casebook with the same name."""
    from remedy import _schema
    from remedy._relations import Done, steps, views

    names = {
        step.name for step in steps(everything=True, by_account=False) if not isinstance(step, Done)
    }
    names |= views(everything=True, by_account=False).keys()
    assert not names & _schema.TABLES.keys()


def test_a_check_inside_a_transaction_sees_what_was_written():
    with remedy.open(":memory:") as book, book.transaction():
        book.record(incident("INC-1"))
        assert book.check(as_of=LATER, profile="capa").incidents == 1
        assert book.check(as_of=LATER, profile="capa", around="INC-1").incidents == 1
        book.record(incident("INC-2"))
        assert book.check(as_of=LATER, profile="capa").incidents == 2


# --- around one record ----------------------------------------------------------------------------

CASE = [
    incident("INC-1", customers=Affected(customer="C-1", order_no=1), detected_by="customer"),
    Complaint(id="COM-1", customer="C-1", made=JANUARY, incident="INC-1"),
    apology(promises=Promise(id="PRO-1", kind="non_recurrence")),
    cause(is_human=True),
    fix(),
    Verification(id="VER-1", action="ACT-1", made="2023-02-01T00:00Z", result="effective"),
    Evidence(id="EVI-1", cause="CAU-1", made="2023-02-01T00:00Z", text="x"),
    Evidence(id="EVI-2", action="ACT-1", made="2023-02-01T00:00Z", text="x"),
    Decision(id="DEC-1", kind="no_analysis", incident="INC-1", made=JANUARY, reason="x"),
    Amends(id="AMD-1", incident="INC-1", kind="gift", made=JANUARY),
    Response(id="RES-1", customer="C-1", incident="INC-1", kind="last_chance", made=JANUARY),
    FollowUp(id="FOL-1", incident="INC-1", due="2023-01-20T00:00Z"),
    incident("INC-2", "2023-03-01T00:00Z", customers=Affected(customer="C-1", order_no=2)),
    Verdict(id="VDT-1", a="INC-1", b="INC-2", kind="not_same", made=LATER),
]
ELSEWHERE = [
    incident("INC-8", process="billing", customers="C-8"),
    incident("INC-9", "2023-03-01T00:00Z", process="billing", customers="C-8"),
    Exposure(id="EXP-1", chances=100, began=JANUARY, ended=LATER),
    waiver("A104"),
]


@pytest.mark.parametrize("id", [record.id for record in CASE] + ["PRO-1", "C-1"])
def test_around_any_record_of_a_case_are_the_findings_of_the_case(id):
    with remedy.open(":memory:") as book:
        book.record(*CASE, *ELSEWHERE)
        whole = book.check(as_of=LATER, profile="capa")
        part = book.check(as_of=LATER, profile="capa", around=id)
        assert part.around == id
        assert "the casebook as a whole: R200 is for a check of everything" in part.not_assessed
        expected = {
            (f.key, f.code, f.also, f.message) for f in whole.findings if "billing" not in f.message
            and f.subject not in ("INC-8", "INC-9")
        }  # fmt: skip
        found = {(f.key, f.code, f.also, f.message) for f in part.findings}
        assert found <= expected
        if id in ("INC-1", "COM-1", "APO-1", "PRO-1", "CAU-1", "ACT-1", "VER-1", "EVI-1", "EVI-2"):
            assert any(f.subject == "INC-1" for f in part.findings)


def test_around_what_belongs_to_no_case_nothing_is_found():
    with remedy.open(":memory:") as book:
        book.record(*CASE, *ELSEWHERE)
        for id in ("EXP-1", ELSEWHERE[-1].id):
            assert len(book.check(as_of=LATER, around=id).findings) == 0
        with pytest.raises(UnknownRecord, match="INC-77"):
            book.check(around="INC-77")


def test_around_takes_turns_with_full_checks_and_other_configurations():
    with remedy.open(":memory:") as book:
        book.record(*CASE, *ELSEWHERE)
        one = book.check(as_of=LATER, profile="capa", around="INC-1").to_dict()
        book.check(as_of=LATER, profile="capa")
        book.check(as_of=LATER, around="INC-8", config=Config(same_customer="account"))
        assert book.check(as_of=LATER, profile="capa", around="INC-1").to_dict() == one


def test_around_keeps_its_relations_from_check_to_check():
    """Laying them is most of the time of looking at one case."""
    with remedy.open(":memory:") as book:
        book.record(*CASE)
        count = "SELECT count(*) FROM sqlite_temp_schema"
        book.check(as_of=LATER, around="INC-1")
        kept = book._store.db.execute(count).fetchone()
        assert kept[0] > 50
        book.check(as_of=LATER, around="INC-2")
        assert book._store.db.execute(count).fetchone() == kept
        book.check(as_of=LATER)
        assert book._store.db.execute(count).fetchone() == kept


# --- reports --------------------------------------------------------------------------------------


def test_a_report_is_json():
    with remedy.open(":memory:") as book:
        book.record(*CASE, waiver("A104", key="A:chance:C-1"), waiver("A101", key="A:chance:C-1"))
        report = book.check(as_of=LATER, profile="capa")
    plain = json.loads(report.to_json())
    assert plain == json.loads(json.dumps(report.to_dict()))
    assert plain["as_of"] == "2023-06-01T00:00:00+00:00"
    assert plain["profile"] == "capa"
    assert sum(plain["counts"].values()) == len(report.findings) == len(plain["findings"])
    assert plain["windows"]["grace_days"] == 14
    assert plain["signature"] == ["process", "failure_mode"]
    assert plain["apologies"]["states"] == {"hollow": 1}
    assert plain["apologies"]["not_backed"][0]["state"] == "hollow"
    assert {"key", "code", "also", "severity", "subject", "path", "message", "advice"} <= set(
        plain["findings"][0]
    )
    assert plain["not_assessed"] == list(report.not_assessed)


def test_a_report_says_whether_it_fails():
    clean = checked(incident("INC-1"), as_of="2023-01-02T00:00Z")
    assert not clean
    assert not clean.fails("info")
    assert repr(clean) == "<Report as of 2023-01-02, capa: <Findings: none>>"
    report = checked(incident("INC-1"))
    assert report
    assert report.fails("warning")
    assert report.fails()
    assert not report.fails("error")


def test_what_a_report_says_of_one_record():
    report = checked(*CASE)
    assert {f.subject for f in report.about("INC-1")} == {"INC-1"}
    assert report.about("nothing") == []
    gathered = checked(incident("INC-1"), incident("INC-2", "2023-02-01T00:00Z"), select="R")
    assert [f.code for f in gathered.about("INC-2")] == ["R202"]


def test_windows_move_with_the_configuration():
    records = [incident("INC-1"), incident("INC-2", "2023-03-01T00:00Z", customers="C-2")]
    assert codes(checked(*records, select="R")) == {"R201"}
    short = Config(recurrence_window=timedelta(days=10))
    assert codes(checked(*records, select="R", config=short)) == set()


def test_every_shipped_rule_is_documented():
    for rule in RULES:
        assert BY_CODE[rule.code] is rule
        assert rule.name, rule.code
        assert rule.message.strip(), rule.code
        assert rule.advice.strip(), rule.code
        assert rule.why.strip(), rule.code


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM incident",
        "UPDATE incident SET title = 'x' RETURNING id AS subject",
        "COMMIT",
        "ATTACH 'other.db' AS other",
        "PRAGMA foreign_keys = OFF",
        "CREATE TABLE x (y)",
    ],
)
def test_a_rule_may_read_and_nothing_else(sql, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with remedy.open("q.db") as book:
        book.record(incident("INC-1"))
        with book.transaction():
            book.record(incident("INC-2"))
            with pytest.raises(RuleError, match="its SQL does not work"):
                book.check(rules=[Rule("X001", sql)], as_of=LATER)
        assert {each.id: each.title for each in book.records(Incident)} == {
            "INC-1": None,
            "INC-2": None,
        }
        assert [file.name for file in tmp_path.iterdir()] == ["q.db"]
        book.record(incident("INC-3"))


def test_relations_that_nobody_asks_are_gone_when_the_rules_are_asked():
    """Over a whole casebook their room counts."""
    asking = (backing, _telling, checking, _views)
    asked = "\n".join([STATE, *(str(rule.ask) for rule in RULES), *map(inspect.getsource, asking)])
    read = set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", asked))
    made = {step.name for step in steps(everything=True, by_account=False) if hasattr(step, "sql")}
    with remedy.open(":memory:", actor="test") as book, book._store.snapshot() as db:
        checking._prepare(SqliteEngine(db.conn), Config(), datetime.now(UTC), None)
        kept = {
            name
            for (name,) in db.execute("SELECT name FROM sqlite_temp_schema WHERE type = 'table'")
        } & made

    assert kept == made & read
    assert len(kept) < len(made)
