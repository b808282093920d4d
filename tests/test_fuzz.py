"""Whatever comes in, the outcome is a result or an error of the library's own.

A part of what `python -m tests.fuzz` does for as long as one likes: some inputs for each target.
"""

import importlib
import pkgutil
import sys
from functools import reduce

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import remedy
from remedy import exports, reporting, sources
from remedy.cli import main
from remedy.errors import RemedyError
from tests.fuzz import __main__ as fuzz
from tests.fuzz.target import Target, refusing, structured
from tests.fuzz.targets import TARGETS

# Files are damaged, and what is written is taken back at once: the targets look for themselves.
pytestmark = pytest.mark.behind_its_back

each = pytest.mark.parametrize("name", TARGETS)


@st.composite
def mutated(draw, target):
    """Draw a seed of a target in which a few things are otherwise."""
    data = draw(st.sampled_from(target.seeds))
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.integers(0, 12)))
        piece = draw(
            st.one_of(
                st.binary(max_size=4),
                st.just(data[begin:end] * 2),
                st.sampled_from([b"", *target.words]),
                st.sampled_from(target.seeds).map(lambda other, place=begin: other[place:]),
            )
        )
        data = data[:begin] + piece + data[end:]
    return data


def inputs(target):
    return mutated(target) | st.binary(max_size=64)


def taking(target):
    """Settings for a target: what takes long gets fewer examples."""
    most = settings().max_examples * target.examples // 100
    return settings(max_examples=max(most, 3), suppress_health_check=list(HealthCheck))


def feed(target):
    """Give a target inputs, and structured values where it takes some."""

    @taking(target)
    @given(inputs(target) if target.strategy is None else target.strategy)
    def fed(value):
        target(value) if target.strategy is None else target.check_value(value)

    fed()


@each
def test_no_input_brings_forth_another_error(name):
    feed(TARGETS[name])


# --- every way in and out has a target ------------------------------------------------------------

EXEMPT = {
    "remedy.sources.Choice": "is made by the library alone",
    "remedy.sources.Question": "is made by the library alone",
    "remedy.exports.TargetExists": "is an error",
    "remedy.exports.UnknownTable": "is an error",
}
"""Public names without a target, and why."""


def public():
    """The public names of what parses, exports and renders."""
    for package in (sources, exports, reporting):
        yield from (f"{package.__name__}.{name}" for name in package.__all__)
    for module in pkgutil.iter_modules(reporting.__path__, "remedy.reporting."):
        names = getattr(importlib.import_module(module.name), "__all__", ())
        yield from (f"{module.name}.{name}" for name in names)
    yield from (
        f"remedy.{name}"
        for name in remedy.__all__
        if name in ("check", "diagnose", "from_dict", "load_config", "open", "to_dict")
    )


def covered():
    return {name for target in TARGETS.values() for name in target.covers}


def test_every_parser_exporter_and_renderer_has_a_target():
    classes = {"remedy.reporting.report.Report": "remedy.reporting.Report"}
    missing = {classes.get(name, name) for name in public()} - covered() - set(EXEMPT)
    assert not missing, f"give these a target in tests/fuzz, and name them in its covers: {missing}"
    assert not covered() & set(EXEMPT)


def test_every_command_is_among_what_the_command_line_begins_with():
    begun = {seed.decode().split("\n")[0] for seed in TARGETS["command_line"].seeds}
    assert set(main.commands) <= begun


def called_by(target):
    """Run the seeds of a target, and return the code of what was called."""
    called = set()

    def note(frame, event, _):
        if event == "call":
            called.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        # Of very many, some: all of them are what fuzzing begins with.
        for seed in (*target.seeds[:20], *target.seeds[20 :: len(target.seeds) // 30 + 1]):
            target(seed)
    finally:
        sys.setprofile(before)
    return called


def codes(thing):
    """Return the code of a function, or of the functions of a class."""
    thing = getattr(thing, "__wrapped__", getattr(thing, "callback", thing))
    if isinstance(thing, type):
        inside = (getattr(each, "__func__", each) for each in vars(thing).values())
        return {each.__code__ for each in inside if hasattr(each, "__code__")}
    return {thing.__code__} if hasattr(thing, "__code__") else codes(type(thing))


@each
def test_the_seeds_are_taken_well_and_call_what_the_target_covers(name):
    called = called_by(TARGETS[name])
    silent = {
        covers
        for covers in TARGETS[name].covers
        if not codes(reduce(_inside, covers.split(".")[1:], remedy)) & called
    }
    assert not silent


def _inside(thing, name):
    try:
        return getattr(thing, name)
    except AttributeError:
        return importlib.import_module(f"{thing.__name__}.{name}")


# --- a target that breaks is found ----------------------------------------------------------------


def broken(data):
    """A parser that takes the digit seven badly."""
    with refusing():
        if b"7" in data:
            raise KeyError("7")
        raise RemedyError("x", message="is no number.")


def test_a_parser_that_raises_something_else_is_found():
    with pytest.raises(KeyError):
        feed(Target(run=broken, seeds=(b"6",), words=(b"7",)))


@pytest.mark.parametrize(
    "message",
    ["", "long " * 400, "a bell \x07", "a colour \x1b[31m", "half \ud800", "a\rb", "\x85"],
)
def test_a_message_that_tells_badly_is_found(message):
    def tells_badly(_):
        with refusing(ValueError):
            raise ValueError(message)

    with pytest.raises(AssertionError):
        feed(Target(run=tells_badly, seeds=(b"",)))


def test_an_input_that_takes_too_long_is_found(monkeypatch):
    monkeypatch.setattr("tests.fuzz.target.SLOWEST", 0.0)
    with pytest.raises(AssertionError, match="took"):
        Target(run=lambda data: sum(range(100_000)), seeds=())(b"")


def test_a_value_that_breaks_an_exporter_is_found_in_bytes_too():
    def check(value):
        assert value < 200

    target = structured(st.integers(0, 255), check, seeds=(b"6",))
    target(b"6")
    with pytest.raises(AssertionError):
        for number in range(256):
            target(bytes([number]))
    with pytest.raises(AssertionError):
        feed(target)


# --- what is run for long -------------------------------------------------------------------------


def test_a_total_is_parted_by_speed_and_none_gets_less_than_the_floor():
    speeds = {"slow": 10.0, "middling": 1_000.0, "fast": 50_000.0}
    found = fuzz.shares(1_000_000, speeds, 20_000)
    assert sum(found.values()) >= 1_000_000
    assert found["slow"] == 20_000
    assert found["fast"] > 900_000
    assert fuzz.shares(1_000, speeds, 20_000) == dict.fromkeys(speeds, 20_000)
    assert sum(fuzz.shares(10_000_000, dict.fromkeys("abc", 5.0), 20_000).values()) >= 10_000_000


def test_an_input_that_failed_is_repeated_without_the_fuzzer(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(fuzz_targets(), "broken", Target(run=broken, seeds=(b"6",)))
    saved = tmp_path / "crash"
    saved.write_bytes(b"67")
    with pytest.raises(KeyError):
        fuzz.main(["broken", "--repeat", str(saved)])
    saved.write_bytes(b"66")
    assert fuzz.main(["broken", "--repeat", str(saved)]) == 0
    assert '"outcome": "ok"' in capsys.readouterr().out


def fuzz_targets():
    return importlib.import_module("tests.fuzz.targets").TARGETS


def test_what_is_no_target_is_refused(capsys, monkeypatch):
    monkeypatch.setattr(fuzz, "_instrumented", lambda: None)
    for words in (["nothing"], ["--repeat", "x"], ["times", "rows", "--repeat", "x"]):
        with pytest.raises(SystemExit):
            fuzz.main(words)
    assert "there is no target 'nothing'" in capsys.readouterr().err
    assert fuzz.main(["times", "--list"]) == 0
