"""Writing the one kind of TOML document that mappings are: tables, and inline tables in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["document"]

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z", re.A)
_WIDTH = 96
_ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\b": "\\b",
    "\f": "\\f",
}


def document(tables: Mapping[str, Any], comment: str = "") -> str:
    """Return the text of a document: values first, then `[read]`, then `[records.NAME]` each.

    Example:
        >>> print(document({"source": "crm", "records": {"incident": {"occurred": "Opened"}}}))
        source = "crm"
        <BLANKLINE>
        [records.incident]
        occurred = "Opened"
        <BLANKLINE>
    """
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    if lines:
        lines.append("")
    lines += [_entry(key, each) for key, each in tables.items() if not isinstance(each, Mapping)]
    for key, each in tables.items():
        if isinstance(each, Mapping) and key != "records":
            lines += ["", f"[{_key(key)}]", *(_entry(name, value) for name, value in each.items())]
    for name, section in tables.get("records", {}).items():
        head = f"records.{_key(name)}"
        lines += ["", f"[{head}]"]
        lines += [_entry(key, each) for key, each in section.items() if key != "attributes"]
        if "attributes" in section:
            lines += ["", f"[{head}.attributes]"]
            lines += [_entry(key, each) for key, each in section["attributes"].items()]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _BARE.match(name) else _text(name)


def _entry(key: str, value: Any) -> str:
    return f"{_key(key)} = {_value(value, len(_key(key)) + 3)}"


def _value(value: Any, used: int) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_value(each, _WIDTH)}" for key, each in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, (list, tuple)):
        pieces = [_value(each, _WIDTH) for each in value]
        line = f"[{', '.join(pieces)}]"
        if used + len(line) <= _WIDTH or used == _WIDTH:
            return line
        # Only arrays may be broken over lines; inside an inline table this one is not.
        return "[\n" + "".join(f"    {piece},\n" for piece in pieces) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _text(value: str) -> str:
    return '"' + "".join(_sign(sign) for sign in value) + '"'


def _sign(sign: str) -> str:
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if sign.isprintable() or sign == " ":
        return sign
    return f"\\u{ord(sign):04x}" if ord(sign) <= 0xFFFF else f"\\U{ord(sign):08x}"
