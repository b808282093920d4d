import contextlib
import os
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

PROJECT = Path(__file__).resolve().parents[1]

# "default" every day, "long" on request: pytest --hypothesis-profile=long. No deadline, and no
# complaint about slow data: a busy machine is not a failure of ours.
settings.register_profile(
    "default",
    max_examples=100,
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", settings.get_profile("default"), max_examples=1000)
settings.load_profile("default")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with the real data. A test that asks for it is marked `data` by that."""
    folder = Path(os.environ.get("REMEDY_SHARED_DATA") or PROJECT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is missing (REMEDY_SHARED_DATA can name another)")
    return folder


@pytest.fixture(autouse=True)
def _history_says_what_is_on_file(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Generator[None, None, None]:
    """Whatever a test writes, the history of the casebook says the same as its tables.

    And what was on record now, as the history has it, makes the same tables again.

    A test that changes a file behind the library's back is marked `behind_its_back`.
    """
    if request.node.get_closest_marker("behind_its_back"):
        yield
        return
    import remedy
    from remedy import verifying
    from remedy.casebook import Casebook
    from remedy.store import Store
    from tests import on_file

    begun: list[Any] = []
    problems: list[str] = []
    begin, end = Store.__init__, Store.close

    def begin_it(store: Any, *given: Any, **options: Any) -> None:
        begin(store, *given, **options)
        begun.append(store)

    def look(store: Any) -> None:
        begun.remove(store)
        if store.label is not None or store.is_closed:
            return
        if store.read_only or store.in_transaction:
            return
        with store.snapshot() as db:
            if not db.execute("SELECT 1 FROM history").fetchone():
                return
            verified = verifying.verify(db)
        problems.extend(verified.problems)
        if problems or verified.bodies > 2_000:
            return
        book = Casebook(store, actor="test")
        with store.snapshot(), book.known_at(datetime.now(UTC)) as again:
            told, here = on_file.known(again), on_file.known(book)
        for table in here:
            if told[table] != here[table]:
                differing = set(told[table]) ^ set(here[table])
                problems.append(f"{table}: {sorted(differing, key=repr)[:2]}")

    def end_it(store: Any) -> None:
        if store in begun:
            with contextlib.suppress(remedy.RemedyError):  # Others may hold it.
                look(store)
        end(store)

    monkeypatch.setattr(Store, "__init__", begin_it)
    monkeypatch.setattr(Store, "close", end_it)
    yield
    for store in list(begun):
        with contextlib.suppress(remedy.RemedyError):
            look(store)
    assert not problems, problems


@pytest.fixture(params=["few", "bulk"])
def book_either_way(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Generator[Any, None, None]:
    """A casebook that takes every batch by the way for few records, or by that for very many."""
    import remedy.casebook

    monkeypatch.setattr(remedy.casebook, "_FEW", 500 if request.param == "few" else -1)
    with remedy.open(":memory:", actor="test") as book:
        yield book


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker("data")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test of the real data that did not run has failed."""
    report = yield
    if report.skipped and os.environ.get("CI") and item.get_closest_marker("data"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"In CI this may not be skipped. {reason}"
    return report
