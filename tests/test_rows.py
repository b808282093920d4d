import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import remedy
from remedy import _forms, _rows, _schema
from remedy.records import RECORDS
from remedy.vocabulary import Element, Impact, Strength
from tests.strategies import GROUND, moments, records


@pytest.fixture(scope="module")
def ground():
    with remedy.open(":memory:", actor="test") as book:
        book.record(*GROUND)
        yield book


class Undo(Exception):
    pass


@pytest.mark.parametrize("kind", RECORDS.values())
@settings(max_examples=25)
@given(data=st.data())
def test_a_record_comes_back_from_the_casebook_as_it_was(ground, kind, data):
    record = data.draw(records(kind))
    with pytest.raises(Undo), ground.transaction():
        ground.record(record)
        assert ground.get(record.id) == record
        raise Undo


@pytest.mark.parametrize("kind", RECORDS.values())
@settings(max_examples=10)
@given(data=st.data())
def test_a_bulk_load_stores_the_same(ground, kind, data):
    record = data.draw(records(kind))
    with pytest.raises(Undo), ground.transaction():
        ground.record_many([record])
        assert ground.get(record.id) == record
        raise Undo


@given(moments)
def test_a_moment_is_whole_microseconds(value):
    assert _forms.moment(_forms.micros(value)) == value
    assert _forms.moment(_forms.micros(value), value.tzinfo).utcoffset() == value.utcoffset()


def test_occurred_and_detected_keep_their_offset_and_precision():
    """Decision 5: times as UTC, but occurred and detected keep offset and precision besides."""
    with remedy.open(":memory:") as book:
        book.record(
            remedy.Incident(
                id="INC-1", occurred="2025-03-02T09:00+01:00", detected="2025-03-03 Europe/Vienna"
            ),
            remedy.Incident(id="INC-2", occurred="2025-03-02T09:00-03:30:15"),
        )
        incident = book.get("INC-1")
        assert incident.occurred.isoformat() == "2025-03-02T09:00:00+01:00"
        assert incident.detected == remedy.Day("2025-03-03", "Europe/Vienna")
        assert book.get("INC-2").occurred.isoformat() == "2025-03-02T09:00:00-03:30:15"


def test_many_offsets_are_told_apart():
    zones = [timezone(timedelta(seconds=n)) for n in range(2_100)]
    assert len({_forms.zone_name(zone) for zone in zones}) == 2_100
    assert _forms.zone_name(zones[-1]) == "+00:34:59"


def test_money_is_stored_in_minor_units():
    """Decision 5: money as whole minor units and the currency's code."""
    with remedy.open(":memory:") as book:
        book.record(
            remedy.Incident(id="INC-1", occurred="2025-03-02T09:00+01:00"),
            remedy.Amends(
                incident="INC-1", kind="refund", made="2025-03-03T09:00+01:00", amount="0.10 EUR"
            ),
        )
        row = book._store.db.execute("SELECT amount, typeof(amount), currency FROM amends")
        assert row.fetchone() == (10, "integer", "EUR")


def test_custom_fields_stand_in_one_json_column():
    """Decision 5: custom fields in one JSON column, never as columns."""
    with remedy.open(":memory:") as book:
        book.record(remedy.Customer(id="C-1", attributes={"colour": "blau", "size": [1, 2]}))
        row = book._store.db.execute("SELECT attributes FROM customer").fetchone()
        assert row == ('{"colour": "blau", "size": [1, 2]}',)


def test_every_entity_fits_its_table():
    connection = sqlite3.connect(":memory:")
    for statement in _schema.statements():
        connection.execute(statement)
    for entity in _rows.ENTITIES:
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({entity.name})")}
        assert {*entity.names, *entity.derived} == columns, entity.name
        for child in entity.children:
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({child.table})")}
            assert set(child.columns) == columns, child.table
    assert [entity.name for entity in _rows.ENTITIES] == list(_schema.ENTITIES)
    assert {entity.record for entity in _rows.ENTITIES} == set(RECORDS.values())


def test_ranks_and_bits_follow_the_vocabulary():
    assert [_forms.impact_rank(each) for each in Impact] == [1, 2, 3, 4]
    assert [_forms.strength_rank(each) for each in Strength] == [3, 2, 1]
    assert _forms.elements_in(63) == tuple(Element)
    assert _forms.elements_in(4) == (Element.RESPONSIBILITY,)
    assert _forms.elements_in(0) == ()


def test_spans_are_whole_microseconds():
    assert _forms.span_micros(timedelta(days=90)) == 90 * 86_400 * 1_000_000
    assert _forms.micros(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert _forms.micros(datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)) == -1
