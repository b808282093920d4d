from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

import remedy
from remedy import Apology, Casebook, Customer, Incident


@pytest.fixture
def story() -> Casebook:
    return remedy.examples.load("twice-shipped-collect")


@pytest.fixture
def many() -> Casebook:
    """Fifteen customers who were apologised to, and fifteen who got it again and again."""
    book = remedy.open()
    start = datetime.fromisoformat("2026-01-05T09:00+01:00")
    book.record(*_many(start))
    return book


def _many(start: datetime) -> Iterator[remedy.Record]:
    yield Customer(id="C-1", name="the first")
    for number in range(15):
        when = start + timedelta(days=number)
        yield Incident(
            id=f"INC-{number:02}",
            title=f"Incident {number}",
            occurred=when,
            process="shipping",
            failure_mode=f"mode {number}",
            customers=f"C-{number}",
        )
        yield Apology(id=f"APO-{number:02}", incidents=f"INC-{number:02}", made=when)
        for again in range(2 if number == 7 else 1):
            yield Incident(
                id=f"REP-{number:02}-{again}",
                occurred=when + timedelta(days=100 + again),
                process="billing",
                failure_mode="late" if number % 2 else "twice",
                customers=f"C-{number}",
            )
