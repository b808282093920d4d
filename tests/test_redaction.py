"""Customers without their names, for what leaves the house."""

import json
import re
import unicodedata

import pytest
from click.testing import CliRunner

import remedy
from remedy import Affected, Alias, Apology, Complaint, Customer, External, Incident, Waiver
from remedy.cli import main
from tests.given import DAY

NAME = "Svenja Ångström"
SECRETS = ("C-4711", NAME, "SHOP-9911", "ORD-7744", "4711-x", "svenja@example.org")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "q.db"
    with remedy.open(path, actor="anna") as book:
        book.record(
            Customer(
                id="C-4711",
                name=NAME,
                account="ACC-1",
                source="crm",
                external_id="4711-x",
                aliases=Alias(source="shop", external_id="SHOP-9911"),
                attributes={"mail": "svenja@example.org"},
            ),
            Incident(
                id="INC-1",
                occurred=DAY[1],
                process="p",
                failure_mode="f",
                customers=Affected(customer="C-4711", order="ORD-7744", order_no=3),
                title=f"{NAME.upper()} paid the carrier",
                text="That is c-4711, SHOP-9911",
                attributes={"who": NAME, "deep": [{"a": "C-4711"}, 7]},
            ),
            Incident(
                id="INC-2", occurred=DAY[9], process="p", failure_mode="f", customers=["C-4711", "C-2"]
            ),
            Complaint(id="COM-1", customer="C-4711", made=DAY[2], incident="INC-1", text=NAME),
            Complaint(id="COM-2", made=DAY[2], incident="INC-1", text=f"for {NAME}"),
            Apology(
                id="APO-1", incidents="INC-1", made=DAY[3], customers="C-4711", text=f"Dear {NAME}",
                promises=remedy.Promise(kind="non_recurrence", text=f"Never again, {NAME}"),
            ),
            Apology(id="APO-2", incidents="INC-2", made=DAY[3], customers=remedy.ALL),
            Waiver(
                id="WAI-1", finding="R:customer:x:C-4711", code="R202", reason="x", made=DAY[3],
                until=DAY[9],
            ),
        )  # fmt: skip
    return path


@pytest.fixture
def book(path):
    with remedy.open(path) as book:
        yield book


def named(text):
    """What a text says that only the house is to know."""
    return {word for word in SECRETS if re.search(re.escape(word), text, re.IGNORECASE)}


def test_records_say_what_happened_to_one_and_not_to_whom(book):
    redaction = book.redaction()
    records = {record.id: record for record in redaction.records(book.records())}
    outside = redaction.name_of("C-4711")
    assert re.fullmatch("customer-[0-9a-f]{12}", outside)
    assert records[outside] == Customer(id=outside)
    assert records["INC-1"].customers == (Affected(customer=outside),)
    assert records["INC-1"].title == f"{outside} paid the carrier"
    assert records["INC-1"].attributes == {"who": outside, "deep": [{"a": outside}, 7]}
    assert records["COM-2"].text == f"for {outside}"
    assert records["APO-1"].promises[0].text == f"Never again, {outside}"
    assert records["APO-2"].customers is remedy.ALL
    told = "\n".join(remedy_lines(records.values()))
    assert not named(told)


def remedy_lines(records):
    from remedy.exports import generate_jsonl

    return generate_jsonl(records)


def test_one_casebook_gives_one_name_and_another_casebook_another(book, path, tmp_path):
    assert book.redaction().name_of("C-4711") == book.redaction().name_of("C-4711")
    with remedy.open() as other:
        assert other.redaction().name_of("C-4711") != book.redaction().name_of("C-4711")


def test_who_was_erased_keeps_the_name_that_names_nobody(book):
    new = book.erase_customer("C-4711", reason="asked for it").customer
    redaction = book.redaction()
    assert redaction.name_of(new) == new
    assert redaction.record(book.get("INC-1")).customers == (Affected(customer=new),)


def test_the_key_of_a_finding_that_names_nobody_stays(book):
    waiver = Waiver(
        id="WAI-2", finding="A:backing:INC-1", code="A110", reason="x", made=DAY[3], until=DAY[9]
    )
    assert book.redaction().record(waiver) == waiver


def test_the_key_of_a_finding_that_names_an_account_names_it_otherwise(book):
    waiver = Waiver(
        id="WAI-2", finding="R:customer:x:ACC-1", code="R202", reason="x", made=DAY[3], until=DAY[9]
    )
    told = book.redaction().record(waiver).finding
    assert re.fullmatch("R:customer:x:account-[0-9a-f]{12}", told)


def test_a_graph_names_nobody(book):
    redaction = book.redaction()
    graph = redaction.graph(book.graph())
    from remedy.exports import generate_dot, generate_graphml, generate_mermaid

    for generate in (generate_dot, generate_graphml, generate_mermaid):
        assert not named("\n".join(generate(graph)))
    assert redaction.name_of("C-4711") in graph
    assert "C-4711" in book.graph()


def test_texts_of_the_library_name_nobody(book):
    redaction = book.redaction()
    outside = redaction.name_of("C-4711")
    text = f"INC-1 hit C-4711. {NAME} ({NAME}) paid; see R:customer:x:C-4711"
    assert redaction.text(text) == (
        f"INC-1 hit {outside}. {outside} ({outside}) paid; see R:customer:x:{outside}"
    )
    assert redaction.text(f"INC-1: {NAME} paid") == f"INC-1: {outside} paid"
    assert redaction.text("INC-77 hit nobody") == "INC-77 hit nobody"


def test_a_reference_that_waits_is_named_otherwise_too(book):
    record = Incident(id="INC-9", occurred=DAY[1], customers=External(source="a", external_id="b"))
    (affected,) = book.redaction().record(record).customers
    assert affected.customer.startswith("customer-")


def run(*words):
    result = CliRunner().invoke(main, list(map(str, words)))
    assert result.exit_code in (0, 1), result.output
    return result.output


@pytest.mark.parametrize(
    "words",
    [
        ["export"],
        ["export", "--format", "json"],
        ["export", "--format", "csv", "--table", "incident"],
        ["export", "--format", "mermaid"],
        ["export", "--format", "dot", "--around", "C-4711"],
        ["export", "--format", "graphml", "--around", "INC-1"],
        ["check", "--format", "json", "--standings", "--as-of", "2026-05-01"],
        ["check", "--format", "markdown", "--as-of", "2026-05-01"],
    ],
)
def test_on_the_command_line_what_leaves_the_house_names_nobody(path, words):
    command, *options = words
    inside = run(command, path, *options, "--show-customers")
    outside = run(command, path, *options)
    assert named(inside)
    assert not named(outside)
    if "json" in options:
        json.loads(outside)


def test_what_is_written_to_a_file_names_nobody_and_the_terminal_does(path, tmp_path):
    told = tmp_path / "report.txt"
    run("check", path, "-o", told, "--as-of", "2026-05-01")
    assert not named(told.read_text())
    assert "C-4711" in run("check", path, "--as-of", "2026-05-01")
    run("export", path, "--format", "csv", "-o", tmp_path / "tables")
    assert not any(named(file.read_text()) for file in (tmp_path / "tables").iterdir())


AWKWARD = {
    'Smithson & "Sonderby" <UKLIMITED>': ["smithson", "sonderby", "uklimited"],
    "*O'Haralund* [xonia](yonia)_zonia_": ["haralund", "xonia", "yonia", "zonia"],
    "Longinus Maximilianus Bartholomaeus Constantinus Athanasius Ferdinandus Theophilus Ltd": [
        "longinus", "bartholomaeus", "ferdinandus", "theophilus",
    ],
    "backwards\\slashing | piping": ["backwards", "slashing", "piping"],
    "田中太郎": ["田中太郎"],
    unicodedata.normalize("NFD", "Zoë Ångström"): ["zoë", "ångström"],
}  # fmt: skip


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_names_and_accounts_are_found_before_they_are_wrapped_and_escaped(tmp_path, name, form):
    path, told = tmp_path / "q.db", tmp_path / "told"
    spelt = unicodedata.normalize("NFC", name).upper()
    with remedy.open(path, config=remedy.Config(same_customer="account")) as book:
        book.record(
            Customer(id="C-17", name=f"{name} of Vienna", account=name),
            Customer(id="C-18", account=name),
            Incident(
                id="INC-1", occurred=DAY[1], process="p", failure_mode="f", customers="C-17",
                title=f"Of all of our customers {spelt} of Vienna was the one that had to pay",
            ),
            Incident(id="INC-2", occurred=DAY[5], customers="C-18", process="p", failure_mode="f"),
        )  # fmt: skip
    for shown in (True, False):
        run(
            "check", path, "-o", told, "--force", "--format", form, "--as-of", "2026-05-01",
            *(["--show-customers"] if shown else []),
        )  # fmt: skip
        text = unicodedata.normalize("NFC", told.read_text("utf-8").casefold())
        assert [word in text for word in AWKWARD[name]] == [shown] * len(AWKWARD[name])
        assert shown or "c-17" not in text
        assert ("account account-" in text) != shown


def test_a_finding_of_the_baseline_is_one_without_customers_too(book):
    report = book.check(as_of=DAY[20])
    book.set_baseline(report)
    again = book.check(as_of=DAY[20]).redacted(book.redaction()).to_dict()
    assert again["findings"]
    assert all(finding["baseline"] for finding in again["findings"])


def test_names_that_change_their_length_with_their_case_are_found():
    with remedy.open() as book:
        book.record(
            Customer(id="C-17", name="Frau Strauß"),
            Incident(id="INC-1", occurred=DAY[1], customers="C-17", title="Frau Strauß called"),
        )
        redaction = book.redaction()
        assert redaction.record(book.get("INC-1")).title == f"{redaction.name_of('C-17')} called"
        then = book.known_at("2100-01-01T00:00Z").redaction()
        assert then.record(book.get("INC-1")).customers[0].customer.startswith("customer-")


def test_what_is_no_record_and_what_is_no_text_of_a_casebook(book):
    redaction = book.redaction()
    with pytest.raises(TypeError, match="5 is no record"):
        redaction.record(5)
    assert redaction.text("a \ud800 b") == "a \ud800 b"


def test_what_was_on_record_at_a_time_calls_customers_the_same(book):
    then = book.known_at("2100-01-01T00:00Z")
    assert then.redaction().name_of("C-4711") == book.redaction().name_of("C-4711")
    erased = book.erase_customer("C-4711", reason="asked for it").customer
    then = book.known_at("2100-01-01T00:00Z").acting_as("anna")
    assert then.redaction().name_of(erased) == erased
