from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy import (
    ALL,
    Apology,
    Customer,
    Exposure,
    External,
    Incident,
    Promise,
    Record,
    errors,
)
from remedy.exports import (
    TargetExists,
    UnknownTable,
    _tables,
    generate_csv,
    generate_jsonl,
    guarded,
    table_names,
    unguarded,
    write_csv,
)
from remedy.exports._tables import rows, tables
from remedy.records import RECORDS
from tests.exports.samples import NOON, one_of_each


def read(lines: Iterable[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("\n".join(lines) + "\n"), strict=True))


def table(name: str, *records: Record, guard: bool = True) -> list[dict[str, str]]:
    return read(generate_csv(records or one_of_each(), name, guard=guard))


def test_there_is_a_table_for_each_kind_and_for_each_plural_field() -> None:
    assert set(RECORDS) < set(table_names())
    assert set(table_names()) - set(RECORDS) == {
        "customer_aliases",
        "incident_customers",
        "cause_incidents",
        "cause_effects",
        "action_causes",
        "action_introduces",
        "action_incidents",
        "action_events",
        "apology_incidents",
        "apology_customers",
        "apology_not_reached",
        "promise_actions",
        "amends_shares",
    }


def test_every_field_has_its_column() -> None:
    for entity, kind in RECORDS.items():
        columns = {column.name for column in tables()[entity].columns}
        fields = {field.name for field in attrs.fields(kind)}
        assert fields - columns <= {"order", "order_no", "role", "promises"}
        assert columns - fields <= {"currency"}


def test_the_tables_are_the_same_once_records_were_converted() -> None:
    before = dict(tables())
    list(generate_jsonl(one_of_each()))
    for cached in (tables, _tables._plural_fields, _tables._fields_of):
        cached.cache_clear()
    assert dict(tables()) == before


def test_a_table_names_what_it_has_to_be_called() -> None:
    with pytest.raises(
        UnknownTable, match=r"There is no table 'incidents'\. The tables are: customer, "
    ):
        list(generate_csv([], "incidents"))
    assert UnknownTable is errors.UnknownTable
    assert TargetExists is errors.TargetExists


def test_a_row_says_what_the_record_says() -> None:
    first, second = table("incident")
    assert first == {
        "id": "INC-1",
        "occurred": "2026-03-02+01:00",
        "occurred_basis": "observed",
        "detected": "2026-03-02T12:00:00+00:00",
        "acknowledged": "",
        "process": "shipping",
        "failure_mode": "collect",
        "product": "",
        "channel": "",
        "site": "",
        "impact": "major",
        "detected_by": "",
        "gate": "any",
        "duplicate_of": "",
        "title": "'-1 € ﬂ\r\nnext",
        "text": "",
        "customers": "C-1; C-2",
        "source": "",
        "external_id": "",
        "updated": "",
        "provenance": "recorded",
        "attributes": '{"rank": 1, "name": "ü"}',
    }
    assert second["customers"] == second["attributes"] == ""


def test_the_tables_of_plural_fields_say_all_that_a_link_says() -> None:
    assert table("incident_customers") == [
        {
            "incident": "INC-1",
            "customer": "C-1",
            "order": "'+1001",
            "order_no": "-5",
            "acknowledged": "2026-04-11T12:00:00+00:00",
            "since": "",
        },
        {
            "incident": "INC-1",
            "customer": "C-2",
            "order": "",
            "order_no": "",
            "acknowledged": "",
            "since": "",
        },
    ]
    assert [list(row.values()) for row in table("cause_incidents")] == [
        ["CAU-1", "INC-1", "cause", ""],
        ["CAU-1", "INC-2", "escape", "2026-04-11T12:00:00+00:00"],
    ]
    assert table("cause_effects") == [
        {"cause": "CAU-2", "effect": "CAU-1", "since": "2026-04-11T12:00:00+00:00"}
    ]
    assert table("action_causes") == [{"action": "ACT-1", "cause": "CAU-1", "since": ""}]
    assert table("action_events")[0]["who"] == "the shipping lead"
    assert table("apology_not_reached") == [{"apology": "APO-1", "customer": "C-2"}]
    assert table("customer_aliases") == [{"customer": "C-1", "source": "crm", "external_id": "17"}]
    assert [row["percent"] for row in table("amends_shares")] == ["50", "50"]


def test_lists_for_people_name_the_other_end() -> None:
    assert table("customer")[0]["aliases"] == "crm:17"
    assert table("action")[0]["events"] == "took_effect 2026-04-11T12:00:00+00:00"
    assert table("amends")[0]["shares"] == "us 50 %; customer 50 %"
    assert table("apology")[0]["incidents"] == "INC-1; crm:9"
    assert table("apology")[0]["elements"] == "regret; repair"


def test_a_long_list_is_cut_for_people_and_whole_in_its_own_table() -> None:
    incident = Incident(id="I", occurred=NOON, customers=[f"C{n:04}" for n in range(1022)])
    assert table("incident", incident)[0]["customers"].endswith("; C0019; and 1,002 more")
    assert len(table("incident_customers", incident)) == 1022


def test_everyone_nobody_and_not_known_differ() -> None:
    told = [
        Apology(id=f"A{n}", incidents="I", made=NOON, customers=customers, elements=elements)
        for n, (customers, elements) in enumerate([(ALL, None), ((), ()), (None, "regret")])
    ]
    rows = table("apology", *told)
    assert [row["customers"] for row in rows] == ["ALL", "none", ""]
    assert [row["elements"] for row in rows] == ["", "none", "regret"]
    assert table("apology_customers", *told) == []


def test_money_is_a_number_and_a_currency() -> None:
    lines = list(generate_csv(one_of_each(), "amends"))
    assert ',12.50,"EUR",' in lines[1]


def test_numbers_are_not_in_quotes_and_text_is() -> None:
    lines = list(generate_csv(one_of_each(), "exposure"))
    assert lines[1].startswith('"EXP-1",1204,"2026-03-02T12:00:00+00:00"')
    assert '"true"' in lines[1]


def test_a_promise_is_one_row_however_often_it_is_told() -> None:
    apology = one_of_each()[8]
    assert isinstance(apology, Apology)
    [promise] = apology.promises
    for records in (
        (apology,),
        (apology, promise),
        (promise, apology),
        (promise, promise, apology),
    ):
        assert [row["id"] for row in table("promise", *records)] == ["APO-1/promise-1"]
        assert len(table("promise_actions", *records)) == 1


def test_a_promise_on_its_own_is_a_row() -> None:
    assert table("promise", Promise(id="P", apology="A"))[0]["apology"] == "A"


def test_a_reference_by_the_id_in_a_source_is_told_as_such() -> None:
    promise = Promise(id="P", apology=External(source="crm", external_id="7"))
    assert table("promise", promise)[0]["apology"] == "crm:7"


@pytest.mark.parametrize(
    "begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_what_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(begin: str) -> None:
    text = f"{begin}cmd|' /C calc'!A0"
    [row] = table("customer", Customer(id="C", name=text))
    assert row["name"] == f"'{text}"
    assert unguarded(row["name"]) == text
    [row] = table("customer", Customer(id="C", name=text), guard=False)
    assert row["name"] == text


def test_ids_and_column_names_are_text_too() -> None:
    [row] = table("customer", Customer(id="=C"))
    assert row["id"] == "'=C"


def test_a_negative_number_stays_a_number() -> None:
    incident = Incident(id="I", occurred=NOON, customers="C", order_no=-5)
    line = list(generate_csv([incident], "incident_customers"))[1]
    assert line == '"I","C","",-5,"",""'


def test_ordinary_text_is_left_alone() -> None:
    for text in ("tis'", "'tis", "a=b", " =1", "1-2", "", "it's"):
        assert guarded(text) == text
        assert unguarded(text) == text


@given(st.text() | st.text("'=+-@\t\r\n\uff1da"))
def test_taking_the_apostrophe_away_is_exact(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in set("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])), st.booleans())
def test_every_text_comes_back(text: str, guard: bool) -> None:
    [row] = table("customer", Customer(id="C", name=text), guard=guard)
    assert (unguarded(row["name"]) if guard else row["name"]) == text


def test_files_are_called_after_their_tables(tmp_path: Path) -> None:
    paths = write_csv(iter(one_of_each()), tmp_path)
    assert paths == [
        tmp_path / f"{name}.csv" for name in table_names() if (tmp_path / f"{name}.csv").exists()
    ]
    assert len(paths) == len({name for name, _ in rows(one_of_each())})
    for path in paths:
        expected = "".join(f"{line}\n" for line in generate_csv(one_of_each(), path.stem))
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert file.read() == expected
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_no_file_is_replaced_unasked_and_none_is_left_half(tmp_path: Path) -> None:
    (tmp_path / "cause.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(TargetExists, match=r"cause\.csv"):
        write_csv(one_of_each(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["cause.csv"]
    write_csv(one_of_each(), tmp_path, guard=False, overwrite=True)
    assert "mine" not in (tmp_path / "cause.csv").read_text(encoding="utf-8")
    assert '"=HYPERLINK()"' in (tmp_path / "customer.csv").read_text(encoding="utf-8")


def test_records_are_read_once_and_not_held(tmp_path: Path) -> None:
    def many() -> Iterable[Record]:
        for number in range(3):
            yield Exposure(
                id=f"E{number}", chances=number, began=NOON, ended=NOON + timedelta(days=1)
            )

    [path] = write_csv(many(), tmp_path)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 4
