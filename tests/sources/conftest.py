from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sources.tickets import Collector


@pytest.fixture
def book() -> Collector:
    return Collector()


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file: text in UTF-8 with its line ends as they are, or bytes."""

    def write(content: str | bytes, name: str = "tickets.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
