"""What type checkers are told: `assert_type` does nothing when it runs, and mypy reads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import remedy
from remedy import (
    Action,
    ActionEvent,
    Affected,
    Apology,
    Casebook,
    CausalLink,
    Cause,
    Config,
    Customer,
    Day,
    External,
    Finding,
    Incident,
    Ingested,
    Link,
    Money,
    Pending,
    Promise,
    Record,
    Report,
    Rule,
)
from remedy.findings import Findings
from remedy.standings import Standing, Standings
from remedy.vocabulary import Element, Everyone, Impact, Severity

AT = "2023-01-01T00:00Z"


def test_records_take_what_people_write() -> None:
    incident = Incident(
        id="INC-1",
        occurred=AT,
        detected=Day("2023-01-02", "Z"),
        impact="major",
        customers=["C-1", Affected(customer="C-2")],
    )
    assert_type(incident.id, str)
    assert_type(incident.occurred, datetime | Day)
    assert_type(incident.acknowledged, datetime | None)
    assert_type(incident.impact, Impact | None)
    assert_type(incident.customers, tuple[Affected, ...])
    assert_type(incident.attributes, dict[str, Any])
    Incident(id="INC-2", occurred=AT, customers="C-1", order="7", order_no=4)
    cause = Cause(id="CAU-1", found=AT, incidents="INC-1", effects=["CAU-2", Link(to="CAU-3")])
    assert_type(cause.incidents, tuple[CausalLink, ...])
    assert_type(cause.effects, tuple[Link, ...])
    action = Action(id="ACT-1", kind="corrective", decided=AT, events=("implemented", AT))
    assert_type(action.events, tuple[ActionEvent, ...])
    assert_type(action.decided, datetime)
    apology = Apology(
        id="APO-1", incidents="INC-1", made=AT, elements="regret", promises=Promise(kind="deed")
    )
    assert_type(apology.elements, tuple[Element, ...] | None)
    assert_type(apology.customers, Everyone | tuple[str | External, ...] | None)
    assert_type(apology.promises, tuple[Promise, ...])


def test_a_casebook_gives_the_records_that_were_asked_for() -> None:
    with remedy.open(":memory:", actor="test") as book:
        assert_type(book, Casebook)
        assert_type(book.path, str | Path)
        book.record(Customer(id="C-1"), Incident(id="INC-1", occurred=AT))
        assert_type(book.get("C-1"), Record)
        assert_type(book.records(Incident), Iterator[Incident])
        assert_type(book.records(Customer, name=None), Iterator[Customer])
        assert_type(book.records(), Iterator[Record])
        assert_type(book.record_many([]), int)
        assert_type(book.ingest([]), Ingested)
        assert_type(book.pending(), list[Pending])
        assert_type(book.amend("C-1", name="Anna", reason="they told us"), Record)
        assert_type(book.amend("C-1", {"name": "Anna"}, reason="they told us"), Record)
        assert_type(book.config, Config)
        assert_type(book.config.grace, timedelta)
        assert_type(book.told_on, datetime | None)
        assert_type(book.configure(grace="3 days"), Config)


def test_a_report_gives_findings() -> None:
    rule = Rule("X001", "SELECT id AS subject FROM focus", severity="info")
    assert_type(rule.severity, Severity)
    with remedy.open() as book:
        book.record(Incident(id="INC-1", occurred=AT))
        report = remedy.check(book, rules=[rule], as_of=AT)
        assert_type(report, Report)
        assert_type(report.findings, Findings)
        assert_type(report.findings[0], Finding)
        assert_type(report.findings[:1], Findings)
        assert_type(report.apologies, Standings)
        assert_type(list(report.promises), list[Standing])
        assert_type(report.counts(), dict[Severity, int])
        assert_type(report.to_dict(), dict[str, Any])
        assert_type(report.fails("error"), bool)


def test_dicts_and_money() -> None:
    assert_type(remedy.to_dict(Customer(id="C-1")), dict[str, Any])
    assert_type(remedy.from_dict({"record": "customer", "id": "C-1"}), Record)
    assert_type(Money.of("5 EUR"), Money)
    assert_type(Day("2023-01-01", "Z").start, datetime)
