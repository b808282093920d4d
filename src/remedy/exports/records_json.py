"""Records as JSON, one after another: the exact copy, which can be imported again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from remedy._convert import to_dict
from remedy.exports._files import write_lines
from remedy.records import Record

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["generate_json", "generate_jsonl", "write_json", "write_jsonl"]


def generate_jsonl(records: Iterable[Record]) -> Iterator[str]:
    """Yield JSON Lines: one object for each record, as `remedy.to_dict` makes it.

    Example:
        >>> from remedy import Customer
        >>> from remedy.exports import generate_jsonl
        >>> list(generate_jsonl([Customer(id="C-17")]))
        ['{"record": "customer", "id": "C-17"}']
    """
    for record in records:
        yield json.dumps(to_dict(record), ensure_ascii=False, allow_nan=False)


def generate_json(records: Iterable[Record]) -> Iterator[str]:
    r"""Yield the lines of one JSON array with an object for each record.

    Example:
        >>> from remedy import Customer
        >>> from remedy.exports import generate_json
        >>> print(*generate_json([Customer(id="C-17")]), sep="\n")
        [
        {"record": "customer", "id": "C-17"}
        ]
    """
    yield "["
    before = None
    for line in generate_jsonl(records):
        if before is not None:
            yield f"{before},"
        before = line
    if before is not None:
        yield before
    yield "]"


def write_jsonl(
    records: Iterable[Record], path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write records to a file as `generate_jsonl` yields them, and return its path.

    The file is there whole or not at all.

    Raises:
        TargetExists: If the file exists, and `overwrite` is not set.
    """
    return write_lines(generate_jsonl(records), path, overwrite=overwrite)


def write_json(
    records: Iterable[Record], path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write records to a file as `generate_json` yields them, and return its path.

    The file is there whole or not at all.

    Raises:
        TargetExists: If the file exists, and `overwrite` is not set.
    """
    return write_lines(generate_json(records), path, overwrite=overwrite)
