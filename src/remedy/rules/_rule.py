"""What a rule is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from remedy.errors import RuleError
from remedy.vocabulary import Severity

__all__ = ["Rule"]

_CODE = re.compile(r"[A-Z]{1,8}[0-9]{1,4}\Z")
_KINDS = ("incident", "promise", "customer", "failure", "cause", "action", "casebook")


def _code(value: str) -> str:
    if not isinstance(value, str) or not _CODE.match(value):
        raise RuleError(value, "a code is some capital letters and a number, such as X001.")
    return value


def _severity(value: Severity | str) -> Severity:
    try:
        return Severity(value)
    except ValueError:
        raise RuleError("severity", f"{value!r} is not one of {', '.join(Severity)}.") from None


def _kind(value: str) -> str:
    if value not in _KINDS:
        raise RuleError("subject", f"{value!r} is not one of {', '.join(_KINDS)}.")
    return value


@attrs.frozen
class Rule:
    """One question that is put to a casebook, and the words of its finding.

    A rule of one's own needs a code and what answers it; the rest has defaults.

    Attributes:
        code: A letter for the family and a number ("X001").
        ask: A SELECT over the relations of `remedy.rules`, or a function of the casebook and the
            date that yields mappings. Each row has a `subject`, the id of what it is about, and
            may have a `customer`; its other columns can stand in the message. What ends in `_at`
            is a moment, told as a day in the zone that a column `zone` names. An error is told as
            a warning where `weak` is 1, or `quoted` holds the text in which something was detected.
            A function may read the casebook, but neither write to it nor check it: make such a
            check first, and let the function use its report.
        name: A few words, for lists.
        severity: error, warning or info.
        subject: What kind of thing the subject is. That of a failure is its key
            (`incident.failure`), and `{failure_told}` in the message tells it in words, as it does
            for any row with a column `failure`.
        fact: Rules with the same fact and subject tell one thing; the gravest of them leads. By
            default a rule tells something of its own.
        message: The sentence that says what is wrong, with `{columns}` of the row in it;
            `{column?this|that}` chooses by whether it is there and not 0, `{column=1?this|that}` by
            whether it is 1.
        advice: The sentence that says what to do next.
        why: The paragraph that `remedy explain` prints.
        source: The standard, study or story that it rests on.

    Example:
        >>> from remedy import Rule
        >>> unsigned = Rule(
        ...     "X001",
        ...     "SELECT s.incident AS subject, s.apology FROM now_sorry s "
        ...     "JOIN focus f ON f.id = s.incident JOIN apology a ON a.id = s.apology "
        ...     "WHERE a.author IS NULL",
        ...     message="nobody signed {apology}.",
        ... )
        >>> unsigned.severity
        <Severity.WARNING: 'warning'>
    """

    code: str = attrs.field(converter=_code)
    ask: str | Callable[[Any, Any], Iterable[Mapping[str, Any]]]
    name: str = attrs.field(default="")
    severity: Severity = attrs.field(default=Severity.WARNING, converter=_severity)
    subject: str = attrs.field(default="incident", converter=_kind)
    fact: str = attrs.field()
    message: str = ""
    advice: str = ""
    why: str = ""
    source: str = ""

    @fact.default
    def _own_fact(self) -> str:
        return f"{self.family}:{self.code}"

    @property
    def family(self) -> str:
        """The letter of its family."""
        return self.code.rstrip("0123456789")
