"""Duplicates: against a dict of who is a duplicate of whom."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import remedy
import remedy.casebook
from remedy import Apology, Cause, Complaint, Incident
from remedy.errors import InvalidRecord

AT = "2026-03-02T09:00+01:00"
NAMES = "abcdef"


@pytest.fixture
def book():
    with remedy.open(":memory:", actor="test") as book:
        yield book


def incident(id, **fields):
    return Incident(id=id, occurred=AT, **fields)


def canonicals(book):
    names = ", ".join(f"'{name}'" for name in NAMES)
    rows = book._store.db.execute(f"SELECT id, canonical FROM incident WHERE id IN ({names})")
    return dict(rows.fetchall())


def places(book, table):
    rows = book._store.db.execute(f"SELECT incident, stated FROM {table}").fetchall()
    return sorted(rows)


def test_what_refers_to_a_duplicate_moves_to_its_root_and_back(book):
    book.record(
        incident("a"), incident("b"), incident("c", customers="C-1"),
        Cause(id="CAU-1", found=AT, incidents="c"), Complaint(id="COM-1", made=AT, incident="c"),
        Apology(id="APO-1", made=AT, incidents=["a", "c"]),
    )  # fmt: skip
    tables = ("incident_customer", "incident_cause", "complaint")
    book.amend("c", duplicate_of="b", reason="the same event")
    assert [places(book, table) for table in tables] == [[("b", "c")]] * 3
    book.amend("b", duplicate_of="a", reason="the same event")
    assert [places(book, table) for table in tables] == [[("a", "c")]] * 3
    assert places(book, "apology_incident") == [("a", ""), ("a", "c")]
    book.amend("b", duplicate_of=None, reason="no, another one")
    assert [places(book, table) for table in tables] == [[("b", "c")]] * 3
    book.amend("c", duplicate_of=None, reason="no, another one")
    assert [places(book, table) for table in tables] == [[("c", "")]] * 3


def test_customers_of_duplicates_are_united_for_the_rules(book):
    book.record(incident("a", customers=["C-1", "C-2"]),
                incident("b", customers=["C-2", "C-3"], duplicate_of="a"))  # fmt: skip
    rows = book._store.db.execute("SELECT DISTINCT customer FROM incident_customer "
                                  "WHERE incident = 'a' ORDER BY 1")  # fmt: skip
    assert [row[0] for row in rows] == ["C-1", "C-2", "C-3"]


@pytest.mark.parametrize("bulk", [False, True])
@pytest.mark.parametrize(
    ("links", "told"),
    [
        ({"a": "b", "b": "a"}, "a → b → a"),
        ({"a": "b", "b": "c", "c": "b"}, "a → b → c → b|b → c → b"),
    ],
)
def test_a_circle_of_duplicates_is_refused(book, monkeypatch, bulk, links, told):
    monkeypatch.setattr(remedy.casebook, "_FEW", -1 if bulk else 500)
    records = [incident(id, duplicate_of=links.get(id)) for id in NAMES]
    with pytest.raises(InvalidRecord, match=f"duplicates in a circle: ({told})"):
        book.record_many(records)
    assert list(book.records()) == []


def test_a_circle_that_an_amendment_would_close_is_refused(book):
    book.record(incident("a"), incident("b", duplicate_of="a"))
    with pytest.raises(InvalidRecord, match="duplicates in a circle: a → b → a"):
        book.amend("a", duplicate_of="b", reason="typo")
    assert canonicals(book) == {"a": None, "b": "a"}


def root(model, id):
    while model[id] is not None:
        id = model[id]
    return id


def closes_a_circle(model, id, above):
    while above is not None:
        if above == id:
            return True
        above = model[above]
    return False


steps = st.lists(
    st.tuples(
        st.sampled_from(["amend", "ingest", "bulk", "link", "complain"]),
        st.sampled_from(NAMES),
        st.none() | st.sampled_from(NAMES),
    ),
    max_size=10,
)


@settings(max_examples=80)
@given(steps=steps)
def test_duplicates_are_those_of_the_model(steps):
    model = dict.fromkeys(NAMES)
    said = dict.fromkeys(NAMES)
    customers = {name: set() for name in NAMES}
    complaints = {}
    few = remedy.casebook._FEW
    with remedy.open(":memory:") as book:
        book.record(*(incident(name) for name in NAMES))
        for number, (what, id, above) in enumerate(steps):
            if what == "link":
                book.link(id, customers=f"C-{number}")
                customers[id].add(f"C-{number}")
            elif what == "complain":
                book.record(Complaint(id=f"COM-{number}", made=AT, incident=id))
                complaints[f"COM-{number}"] = id
            elif id != above:
                remedy.casebook._FEW = -1 if what == "bulk" else few
                try:
                    if what == "amend":
                        book.amend(id, duplicate_of=above, reason="x")
                    else:
                        book.ingest([incident(id, duplicate_of=above)])
                        if above == said[id]:
                            continue  # The same again does not undo what a person has said since.
                    assert not closes_a_circle(model, id, above)
                    model[id] = above
                    if what != "amend":
                        said[id] = above
                except InvalidRecord:
                    assert closes_a_circle(model, id, above)
                finally:
                    remedy.casebook._FEW = few
        roots = {id: root(model, id) for id in NAMES}
        assert canonicals(book) == {id: None if roots[id] == id else roots[id] for id in NAMES}
        assert places(book, "incident_customer") == sorted(
            (roots[id], "" if roots[id] == id else id) for id, of in customers.items() for _ in of
        )
        assert places(book, "complaint") == sorted(
            (roots[id], "" if roots[id] == id else id) for id in complaints.values()
        )
        for id in NAMES:
            told = book.get(id)
            assert told.duplicate_of == model[id]
            assert {each.customer for each in told.customers} == customers[id]
        for complaint, id in complaints.items():
            assert book.get(complaint).incident == id
