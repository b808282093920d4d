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
