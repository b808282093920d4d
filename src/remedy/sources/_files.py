"""Writing files so that a reader sees all of one, or nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from remedy.errors import SourceError

__all__ = ["refuse_existing", "write_text", "written"]


_SAY_SO = "Name another file, or say that it may be replaced: overwrite=True."


def refuse_existing(path: Path, instead: str = _SAY_SO) -> None:
    """Refuse to write over what is there, and say what to do instead."""
    if path.exists():
        raise SourceError(path, f"is there already. {instead}")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(path, f"cannot be written ({error.strerror}).") from None


@contextmanager
def written(
    path: Path, *, overwrite: bool, encoding: str = "utf-8", instead: str = _SAY_SO
) -> Iterator[IO[str]]:
    """Open a file that takes its place when the block ends well, and is gone when it does not.

    What the encoding does not know is written as an escape.

    Args:
        path: Its place.
        overwrite: Whether a file that is there may be replaced.
        encoding: How its text is encoded.
        instead: What to do where one is there and may not be.

    Raises:
        SourceError: If the file is there already and `overwrite` was not said, or cannot be
            written.
    """
    if not overwrite:
        refuse_existing(path, instead)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    with _told(path):
        file = temporary.open("x", encoding=encoding, errors="backslashreplace", newline="")
    try:
        with file:
            yield file
            with _told(path):
                file.flush()
                os.fsync(file.fileno())
        if not overwrite:
            refuse_existing(path, instead)
        with _told(path):
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, overwrite: bool) -> Path:
    """Write a whole file."""
    with written(path, overwrite=overwrite) as file:
        file.write(text)
    return path
