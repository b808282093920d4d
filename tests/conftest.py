import os
from collections.abc import Generator
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
