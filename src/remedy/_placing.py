"""Files that are there whole, or not at all: made beside their place, and put there when done."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

__all__ = ["beside", "settle"]


def beside(place: Path) -> Path:
    """Return a path beside a place, in the same folder, that nobody else uses."""
    # Short, whatever the place is called: a name that is nearly too long is no reason to fail.
    return place.with_name(f".{secrets.token_hex(8)}.part")


def settle(part: Path, place: Path, *, overwrite: bool = False) -> None:
    """Give a finished file its place, once all of it is on the disk.

    Raises:
        FileExistsError: If there is something in the place, and `overwrite` is not set.
    """
    _sync(part, os.O_RDWR)
    if overwrite:
        part.replace(place)
    else:
        try:
            # A link, unlike a renaming, fails where somebody else made the file meanwhile.
            os.link(part, place)
        except FileExistsError:
            raise
        except OSError:  # A file system without links.
            os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            part.replace(place)
        part.unlink(missing_ok=True)
    if os.name == "posix":  # pragma: no branch - elsewhere a folder cannot be opened
        _sync(place.absolute().parent, os.O_RDONLY)


def _sync(path: Path, how: int) -> None:
    handle = os.open(path, how)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
