"""Circles among causes are refused with their path, and every cause has its level."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import remedy
from remedy import Cause, Incident
from remedy.errors import CausalCycle

AT = "2026-03-02T09:00+01:00"


def causes(links):
    """Causes by name, each with the shallower ones that it explains."""
    effects = {}
    for effect, cause in links:
        effects.setdefault(effect, set())
        effects.setdefault(cause, set()).add(effect)
    return [Cause(id=id, found=AT, effects=shallower) for id, shallower in effects.items()]


def levels(book):
    return dict(book._store.db.execute("SELECT id, level FROM cause").fetchall())


@pytest.fixture
def book():
    with remedy.open(":memory:") as book:
        yield book


def many(book, records):
    """The bulk path, whatever the number."""
    filler = [Incident(id=f"FILL-{n}", occurred=AT) for n in range(501)]
    book.record_many([*filler, *records])


WAYS = pytest.mark.parametrize("bulk", [False, True], ids=["record", "record_many"])


def write(book, records, bulk):
    if bulk:
        many(book, records)
    else:
        book.record(*records)


@WAYS
@pytest.mark.parametrize(
    ("links", "circle"),
    [
        ([("a", "a")], ["a", "a"]),
        ([("a", "b"), ("b", "a")], ["a", "b", "a"]),
        ([("a", "b"), ("b", "c"), ("c", "a")], ["a", "b", "c", "a"]),
        ([("x", "a"), ("a", "b"), ("b", "a"), ("b", "y")], ["a", "b", "a"]),
    ],
)
def test_a_circle_is_refused_with_its_path(book, links, circle, bulk):
    with pytest.raises(CausalCycle) as caught:
        write(book, causes(links), bulk)
    path = list(caught.value.path)
    assert path[0] == path[-1]
    turn = circle.index(path[0])
    assert path[:-1] == (circle[:-1] * 2)[turn : turn + len(circle) - 1]
    assert " → ".join(path) in str(caught.value)
    assert list(book.records()) == []


def test_a_circle_through_what_is_on_file_is_refused(book):
    book.record(*causes([("a", "b"), ("b", "c")]))
    with pytest.raises(CausalCycle, match="a → b → c → a"):
        book.link("a", effects="c")
    with pytest.raises(CausalCycle):
        book.ingest([Cause(id="d", found=AT, effects="c"), Cause(id="a", found=AT, effects="d")])
    with pytest.raises(CausalCycle, match="b → b"):
        book.link("b", effects="b")
    assert levels(book) == {"a": 2, "b": 1, "c": 0}


def test_a_rhombus_is_no_circle(book):
    book.record(*causes([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")]))
    assert levels(book) == {"a": 2, "b": 1, "c": 1, "d": 0}


def test_levels_follow_links_that_come_and_go(book):
    book.record(*causes([("a", "b")]), Cause(id="c", found=AT))
    book.link("c", effects="b")
    assert levels(book) == {"a": 2, "b": 1, "c": 0}
    book.unlink("c", effects="b", reason="wrong")
    assert levels(book) == {"a": 1, "b": 0, "c": 0}
    book.unlink("b", effects="a", reason="wrong")
    assert levels(book) == {"a": 0, "b": 0, "c": 0}


def test_a_long_chain_needs_no_recursion(book):
    chain = [(f"c{n:04}", f"c{n + 1:04}") for n in range(1_500)]
    many(book, causes(chain))
    assert levels(book)["c0000"] == 1_500
    with pytest.raises(CausalCycle) as caught:
        book.link("c0000", effects="c1500")
    assert len(caught.value.path) == 1_502


names = st.sampled_from("abcdef")


def model(links):
    """Levels, or None where there is a circle: by taking away what has nothing deeper left."""
    deeper = {}
    for effect, cause in links:
        deeper.setdefault(effect, set()).add(cause)
        deeper.setdefault(cause, set())
    found = {}
    while len(found) < len(deeper):
        ready = [c for c, below in deeper.items() if c not in found and below <= found.keys()]
        if not ready:
            return None
        for cause in ready:
            found[cause] = 1 + max((found[each] for each in deeper[cause]), default=-1)
    return found


@WAYS
@given(links=st.lists(st.tuples(names, names), min_size=1, max_size=9, unique=True))
def test_levels_and_circles_are_those_of_the_model(bulk, links):
    expected = model(links)
    with remedy.open(":memory:") as book:
        if expected is None:
            with pytest.raises(CausalCycle) as caught:
                write(book, causes(links), bulk)
            path = caught.value.path
            assert set(itertools.pairwise(path)) <= set(links)
        else:
            write(book, causes(links), bulk)
            assert levels(book) == expected


@given(links=st.lists(st.tuples(names, names), min_size=1, max_size=9, unique=True))
def test_links_one_by_one_give_what_they_give_together(links):
    with remedy.open(":memory:") as book:
        book.record(*(Cause(id=name, found=AT) for name in "abcdef"))
        kept = []
        for effect, cause in links:
            if model([*kept, (effect, cause)]) is None:
                with pytest.raises(CausalCycle):
                    book.link(cause, effects=effect)
            else:
                book.link(cause, effects=effect)
                kept.append((effect, cause))
        expected = dict.fromkeys("abcdef", 0) | (model(kept) or {})
        assert levels(book) == expected
