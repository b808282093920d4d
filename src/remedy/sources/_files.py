"""Text files that importing writes: mappings, and the rows that were refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from remedy._placing import beside, settle
from remedy.errors import SourceError

__all__ = ["refuse_existing", "write_text", "written"]


_SAY_SO = "Name another file, or say that it may be replaced: overwrite=True."


def refuse_existing(path: Path, instead: str = _SAY_SO) -> None:
    """Refuse to write over what is there, and say what to do instead."""
    if os.path.lexists(path):
        raise _is_there(path, instead)


def _is_there(path: Path, instead: str) -> SourceError:
    return SourceError(path, f"is there already. {instead}")


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
    part = beside(path)
    with _told(path):
        file = part.open("x", encoding=encoding, errors="backslashreplace", newline="")
    try:
        with file:
            yield file
            with _told(path):
                file.flush()
        with _told(path):
            try:
                settle(part, path, overwrite=overwrite)
            except FileExistsError:
                raise _is_there(path, instead) from None
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, overwrite: bool) -> Path:
    """Write a whole file."""
    with written(path, overwrite=overwrite) as file:
        file.write(text)
    return path
