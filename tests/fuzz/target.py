"""What a target is, and what all of them ask of an outcome."""

from __future__ import annotations

import atexit
import contextlib
import copy
import json
import pickle
import random
import shutil
import tempfile
import time
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remedy.errors import MisleadingId, RemedyError

LONGEST_MESSAGE = 2_000
SLOWEST = 10.0
"""How many seconds of the processor one input may take."""

# A drawing that runs out of bytes gets the plainest of everything: it is not thrown away.
_PLAINEST = bytes(16_384)


@attrs.frozen(kw_only=True)
class Target:
    """One way into the library, or out of it.

    Attributes:
        run: What is done with an input; it raises only where a promise is broken.
        seeds: Inputs to begin with.
        words: What the inputs are likely to hold.
        covers: The public names that are called.
        longest: How many bytes an input may have.
        examples: How many are drawn in the ordinary tests, of a hundred that others would be.
        strategy: For what takes structured values: these.
        check: What is asked of such a value.
    """

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    covers: tuple[str, ...] = ()
    longest: int = 2_048
    examples: int = 100
    strategy: st.SearchStrategy[Any] | None = None
    check: Callable[[Any], None] | None = None

    def __call__(self, data: bytes) -> None:
        """Run the target, and see that it ends in time."""
        with _in_time():
            self.run(data)

    def check_value(self, value: Any) -> None:
        """Ask the same of a structured value."""
        assert self.check is not None
        with _in_time():
            self.check(value)


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    began = time.process_time()
    with warnings.catch_warnings():
        # That an id may mislead is told, and the id taken.
        warnings.simplefilter("ignore", MisleadingId)
        yield
    took = time.process_time() - began
    assert took < SLOWEST, f"took {took:.1f} s"


def structured(
    strategy: st.SearchStrategy[Any], check: Callable[[Any], None], **more: Any
) -> Target:
    """Return a target that draws structured values from its bytes."""

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def drawn(value: Any) -> None:
        try:
            check(value)
        except Exception as error:
            error.add_note(f"of {value!r:.1500}")
            raise

    def run(data: bytes) -> None:
        drawn.hypothesis.fuzz_one_input(data + _PLAINEST)

    return Target(run=run, strategy=strategy, check=check, **more)


def drawn_seeds(count: int = 4) -> tuple[bytes, ...]:
    """Return bytes for a drawing to begin with: some short, some long."""
    rng = random.Random(7)
    return tuple(rng.randbytes(250 * number) for number in range(1, count + 1))


# --- JSON that is changed -------------------------------------------------------------------------

_odd = st.one_of(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.floats(),
    st.text(st.characters(), max_size=6),
    st.sampled_from(
        [
            *("", " ", "x" * 3_000, "\x00", "\ud800", "INC-0", "C-0", "ACT-0", "all", "12.50 EUR"),
            *("2026-03-02T09:00+01:00", "2026-03-02+01:00", "2026-02-30", "9999-12-31T23:59Z"),
            *([], {}, [[]], [None], {"": 1}, {"id": "C-0"}, {"to": "INC-0"}, ["C-0", "C-0"]),
            *({"source": "crm", "external_id": "7"}, ["a", {"b": 1}], 10**400, 2**63, -(2**63) - 1),
        ]
    ),
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what holds something, and where: all of it that can be exchanged."""
    todo = [value]
    while todo:
        inside = todo.pop()
        for place in list(inside) if isinstance(inside, dict) else range(len(inside)):
            yield inside, place
            if isinstance(inside[place], (dict, list)):
                todo.append(inside[place])


@st.composite
def changed_json(draw: Any, cases: tuple[Any, ...]) -> Any:
    """Draw one of some JSON values in which a few things are otherwise."""
    found = [copy.deepcopy(draw(st.sampled_from(cases)))]
    for _ in range(draw(st.integers(1, 3))):
        inside, place = draw(st.sampled_from(list(_places(found))))
        way = draw(st.integers(0, 5))
        if way <= 2:
            inside[place] = copy.deepcopy(draw(_odd))
        elif way == 3:
            # What stands elsewhere, in this case or another.
            other = copy.deepcopy(draw(st.sampled_from(cases)))
            from_inside, from_place = draw(st.sampled_from(list(_places([other]))))
            inside[place] = copy.deepcopy(from_inside[from_place])
        elif isinstance(inside, dict):
            kept = inside.pop(place)
            if way == 4:
                inside[draw(st.text(st.characters(), max_size=3) | st.just("x" * 3_000))] = kept
        elif way == 5:
            inside[place] = [inside[place], copy.deepcopy(inside[place])]
    return found[0]


def changed(run: Any, cases: Iterable[Any], **more: Any) -> Target:
    """Return a target like one that takes JSON, whose inputs are always JSON."""
    return structured(
        changed_json(tuple(cases)), lambda value: run(json.dumps(value).encode()), **more
    )


# --- outcomes -------------------------------------------------------------------------------------


@contextlib.contextmanager
def refusing(*also: type[Exception]) -> Iterator[None]:
    """Take a refusal for an outcome, if it tells well what is wrong.

    Args:
        also: What else is documented to be raised there.
    """
    try:
        yield
    except RemedyError as error:
        check_message(str(error))
        with contextlib.suppress(RecursionError):  # A value that it holds may be very deep.
            again = pickle.loads(pickle.dumps(error))
            assert type(again) is type(error)
            assert str(again) == str(error)
    except also as error:
        check_message(str(error))


def check_message(text: str) -> None:
    """See that a message is of modest length, and holds nothing that a terminal would obey."""
    assert text.strip()
    assert len(text) < LONGEST_MESSAGE, f"a message of {len(text):,} characters: {text[:200]}"
    check_printable(text)


def check_printable(text: str) -> None:
    """See that a text holds no control character but line breaks, and can be encoded."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return
    found = {each for each in text if each != "\n" and unicodedata.category(each) in ("Cc", "Cs")}
    assert not found, f"{sorted(found)!r} in {text[:500]!r}"


def columns_of(line: str) -> int:
    """Return how many columns of a terminal a line takes."""
    found = 0
    for each in line:
        if unicodedata.category(each) not in ("Mn", "Me", "Cf") and not unicodedata.combining(each):
            found += 2 if unicodedata.east_asian_width(each) in ("W", "F") else 1
    return found


def check_page(lines: Iterable[str], width: int) -> None:
    """See that lines fit on a page, and that nothing in them moves a cursor."""
    for line in lines:
        check_printable(line)
        assert "\n" not in line
        assert columns_of(line) <= width, f"{columns_of(line)} columns, not {width}: {line!r}"


# --- inputs ---------------------------------------------------------------------------------------


def text_of(data: bytes) -> str:
    """Return bytes as text; what is no UTF-8 becomes lone surrogates, as in the words of a shell."""
    return data.decode("utf-8", "surrogateescape")


def parts_of(data: bytes, count: int) -> list[str]:
    """Return the first lines, and the rest as the last part."""
    found = text_of(data).split("\n", count - 1)
    return found + [""] * (count - len(found))


def json_of(text: str | bytes) -> Any:
    """Return what a text says as JSON, the things included that are none; nothing for nothing."""
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


@cache
def folder() -> Path:
    """Return a folder of this process."""
    made = tempfile.mkdtemp(prefix="remedy-fuzz-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def small(text: str, least: int, most: int, default: int) -> int:
    """Return the number that a text says, if it is one in this range."""
    with contextlib.suppress(ValueError):
        if least <= int(text) <= most:
            return int(text)
    return default
