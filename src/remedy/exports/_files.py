"""Text files for other programs: what they are called, and how they are written."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from remedy._placing import beside, settle
from remedy.errors import TargetExists

_LONGEST_NAME = 60
_UNSAFE = re.compile(r"[^\w.-]+")
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|COM\d|LPT\d)(\.|\Z)", re.IGNORECASE)


def safe_name(text: str, suffix: str = "") -> str:
    """Return a file name for something with an id: one that is a name on every system.

    A name that had to be changed, or cut, carries a few characters of a digest, so that two ids do
    not become one file.

    Args:
        text: The id.
        suffix: What comes after it (".mmd").

    Example:
        >>> from remedy.exports import safe_name
        >>> safe_name("INC-1", ".mmd")
        'INC-1.mmd'
        >>> safe_name("../../etc/passwd", ".mmd")
        'etc_passwd-3754d6cb.mmd'
    """
    plain = unicodedata.normalize("NFC", text)
    name = _UNSAFE.sub("_", plain).strip("._-")[:_LONGEST_NAME]
    if _RESERVED.match(name):
        name = f"_{name}"
    if name != text or not name:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        name = f"{name}-{digest}" if name else digest
    return f"{name}{suffix}"


@contextlib.contextmanager
def replacing(
    path: str | os.PathLike[str],
    *,
    overwrite: bool,
    encoding: str = "utf-8",
) -> Iterator[TextIO]:
    """Give a file to write to, which gets its name once all of it is on the disk.

    Raises:
        TargetExists: If there is something under that name, and `overwrite` is not set.
        FileNotFoundError: If the folder is missing.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(target.parent))
    if not overwrite and os.path.lexists(target):
        raise TargetExists(target)
    part = beside(target)
    try:
        with part.open("x", encoding=encoding, newline="") as file:
            yield file
        try:
            settle(part, target, overwrite=overwrite)
        except FileExistsError:
            raise TargetExists(target) from None
    finally:
        part.unlink(missing_ok=True)


def write_lines(lines: Iterable[str], path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """Write lines to a file, and return its path."""
    with replacing(path, overwrite=overwrite) as file:
        file.writelines(f"{line}\n" for line in lines)
    return Path(path)
