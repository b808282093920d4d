"""What is taken down while one call writes."""

import json

import pytest

import remedy
from remedy._ledger import Ledger

pytestmark = pytest.mark.behind_its_back


@pytest.fixture
def ledger():
    with remedy.open() as book, book._store.transaction() as db:
        yield Ledger(db, "anna")


def told(ledger):
    """The bodies that a flush adds."""
    count = "SELECT coalesce(max(place), 0) FROM history_body"
    (before,) = ledger.db.execute(count).fetchone()
    ledger.flush()
    rows = ledger.db.execute(
        "SELECT record, body FROM history_body WHERE place > ? ORDER BY place", [before]
    )
    return [(record, json.loads(body)) for record, body in rows]


def test_what_comes_and_goes_leaves_nothing(ledger):
    ledger.came("customer", "C-1", {"name": "a"})
    ledger.went("customer", "C-1", {"name": "a"})
    assert told(ledger) == []


def test_what_is_changed_there_and_back_leaves_nothing(ledger):
    ledger.now("customer", "C-1", {"name": "a"}, {"name": "b"})
    ledger.now("customer", "C-1", {"name": "b"}, {"name": "a"})
    ledger.added("customer", "C-1", "aliases", {"source": "s"})
    ledger.taken("customer", "C-1", "aliases", {"source": "s"})
    ledger.taken("customer", "C-1", "aliases", {"source": "t"})
    ledger.added("customer", "C-1", "aliases", {"source": "t"})
    ledger.now("customer", "C-2", {"name": "a"}, {"name": "a"})
    assert told(ledger) == []


def test_what_was_before_all_of_it_stays(ledger):
    ledger.now("customer", "C-1", {"name": "a"}, {"name": "b"})
    ledger.now("customer", "C-1", {"name": "b"}, {"name": "c"})
    assert told(ledger) == [("C-1", {"set": {"name": "c"}, "was": {"name": "a"}})]
    ledger.now("customer", "C-1", {"name": "c", "account": None}, {"name": "d", "account": None})
    ledger.went("customer", "C-1", {"name": "d", "account": None})
    assert told(ledger) == [("C-1", {"gone": True, "was": {"name": "c"}})]


def test_of_what_came_only_what_it_is_in_the_end_is_told(ledger):
    ledger.came("customer", "C-1", {"name": "a", "account": "x"})
    ledger.now("customer", "C-1", {"name": "a", "account": "x"}, {"name": "b", "account": None})
    assert told(ledger) == [("C-1", {"came": True, "set": {"name": "b"}})]


def test_what_was_rolled_back_is_forgotten(ledger):
    ledger.came("customer", "C-1", {"name": "a"})
    ledger.forget()
    assert told(ledger) == []


def entries(ledger):
    """What kinds of change a flush adds entries of, each with the number of its bodies."""
    (before,) = ledger.db.execute("SELECT coalesce(max(seq), 0) FROM history").fetchone()
    ledger.flush()
    return ledger.db.execute(
        "SELECT op, entity, length(commitments) / 32 FROM history WHERE seq > ? ORDER BY seq",
        [before],
    ).fetchall()


def test_what_changed_is_told_though_something_before_it_did_not(ledger):
    ledger.now("customer", "C-1", {"name": "a"}, {"name": "b"})
    ledger.now("customer", "C-1", {"name": "b"}, {"name": "a"})
    ledger.came("customer", "C-2", {"name": "a"})
    assert told(ledger) == [("C-2", {"came": True, "set": {"name": "a"}})]


def test_a_change_of_which_nothing_else_is_said_is_a_replacement(ledger):
    ledger.now("customer", "C-1", {"name": "a"}, {"name": "b"})
    ledger.came("customer", "C-2", {"name": "a"})
    assert entries(ledger) == [("replace", "customer", 1), ("record", "customer", 1)]


def test_of_more_bodies_than_an_entry_has_room_for_each_is_told_once(ledger):
    ledger._reason = "why"
    names = [f"C-{n:04}" for n in range(1_500)]
    for name in names:
        ledger.came("customer", name, {"name": name})
    found = told(ledger)
    assert [record for record, _ in found if record] == names
    assert [body for record, body in found if not record] == [{"reason": "why"}] * 2


def test_each_entry_of_very_many_bodies_is_full_but_the_last(ledger):
    for n in range(2_001):
        ledger.came("customer", f"C-{n:04}", {"name": "a"})
    assert entries(ledger) == [("record", "customer", n) for n in (1000, 1000, 1)]


def of_many(ledger, *given, **options):
    """The bodies of a bulk load, with the words that its shape has for their places."""
    (before,) = ledger.db.execute("SELECT coalesce(max(seq), 0) FROM history").fetchone()
    ledger.came_many(*given, **options)
    rows = ledger.db.execute(
        "SELECT b.record, b.body, h.shape, h.op FROM history_body b "
        "JOIN history h ON h.seq = b.place / 1000 WHERE h.seq > ? ORDER BY b.place",
        [before],
    ).fetchall()
    [(shape, op)] = {(shape, op) for *_, shape, op in rows}
    return op, json.loads(shape), [(record, json.loads(body)) for record, body, *_ in rows]


def test_of_many_what_they_have_in_common_is_told_once(ledger):
    rows = [["C-1", "a", "a", 7, None, "more"], ["C-2", "b,\n", "b,\n", 7, None, "and more"]]
    names = ["id", "name", "account", "size", "note"]
    op, shape, bodies = of_many(ledger, "customer", names, rows, {"provenance": "recorded"}, {})
    assert op == "record"
    assert shape == {
        "columns": ["name"],
        "fixed": {"provenance": "recorded", "size": 7, "note": None},
        "same": {"account": "name"},
        "children": {},
    }
    assert bodies == [("C-1", ["a"]), ("C-2", ["b,\n"])]


def test_of_many_each_has_the_rows_of_its_plural_fields(ledger):
    rows = [["C-1", "a"], ["C-2", "b"], ["C-3", "c"]]
    children = {
        "one": (["x", "y"], ["C-1", "C-2", "C-3"], [[1, "p"], [2, "q"], [3, "r"]]),
        "some": (["x"], ["C-2", "C-2", "C-3"], [[4], [5], [6]]),
        "none": (["x"], [], []),
        "again": (["x"], ["C-1", "C-2", "C-3"], [[7], [8], [9]]),
    }
    _, shape, bodies = of_many(ledger, "customer", ["id", "name"], rows, {}, children, op="adopt")
    assert shape["children"] == {"one": ["x", "y"], "some": ["x"], "none": ["x"], "again": ["x"]}
    assert bodies == [
        ("C-1", ["a", [[1, "p"]], [], [], [[7]]]),
        ("C-2", ["b", [[2, "q"]], [[4], [5]], [], [[8]]]),
        ("C-3", ["c", [[3, "r"]], [[6]], [], [[9]]]),
    ]


def test_of_many_of_which_no_number_differs_only_the_rows_of_fields_are_told(ledger):
    rows = [["C-1", 7], ["C-2", 7]]
    children = {"some": (["x"], ["C-2", "C-2"], [[4], [5]])}
    _, shape, bodies = of_many(ledger, "customer", ["id", "size"], rows, {}, children)
    assert (shape["columns"], shape["fixed"]) == ([], {"size": 7})
    assert bodies == [("C-1", [[]]), ("C-2", [[[4], [5]]])]
    children = {"one": (["x"], ["C-1", "C-2"], [[4], [5]])}
    *_, bodies = of_many(ledger, "customer", ["id", "size"], rows, {}, children)
    assert bodies == [("C-1", [[[4]]]), ("C-2", [[[5]]])]


def test_a_text_that_all_of_many_say_stands_where_it_can_be_erased(ledger):
    rows = [["C-1", "a", "mapped"], ["C-2", "a", "mapped"]]
    _, shape, bodies = of_many(ledger, "customer", ["id", "name", "provenance"], rows, {}, {})
    assert (shape["columns"], shape["fixed"]) == (["name"], {"provenance": "mapped"})
    assert bodies == [("C-1", ["a"]), ("C-2", ["a"])]


def test_what_was_taken_down_before_many_came_stands_before_them(ledger):
    ledger.came("customer", "C-0", {"name": "z"})
    ledger.came_many("customer", ["id", "name"], [["C-1", "a"]], {}, {})
    rows = ledger.db.execute("SELECT record FROM history_body ORDER BY place DESC LIMIT 2")
    assert rows.fetchall() == [("C-1",), ("C-0",)]
