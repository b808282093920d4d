"""How the tests write down what is expected, so that a person can read it and agree or not.

A line per finding, `SUBJECT  CODE  also CODE CODE  # severity: remark`; the remark, or all of what
follows the code, may be missing. A subject `failure(process / failure mode)` stands for the key of
that failure. `no findings` stands where there are none. Then, where it is said, a line per apology
(`apology APO-1 is hollow`) and per promise (`promise PRO-1 is broken`). Lines that begin with `#`
are remarks.
"""

import re
from typing import Any, NamedTuple

from remedy.config import parts_of

_HEADING = re.compile(r"== (?:(?P<continuation>[\w-]+) / )?(?P<moment>.+), (?P<as_of>\S+)$")
_FINDING = re.compile(
    r"(?P<subject>failure\([^()]*\)|\S+)\s+(?P<code>[ACFR]\d{3})"
    r"(?:\s+also (?P<also>[ACFR]\d{3}(?: [ACFR]\d{3})*))?"
    r"(?:\s+# (?P<severity>error|warning|info)\b.*)?$"
)
_STATE = re.compile(r"(?P<what>apology|promise) (?P<id>\S+) is (?P<state>[a-z ]+)$")


class Line(NamedTuple):
    """A finding, as far as it is compared; no severity where none is said."""

    subject: str
    code: str
    also: tuple[str, ...]
    severity: str | None

    def __str__(self) -> str:
        also = f"  also {' '.join(self.also)}" if self.also else ""
        severity = f"  # {self.severity}" if self.severity else ""
        return f"{self.subject}  {self.code}{also}{severity}"


class Expected(NamedTuple):
    """What is expected at one moment."""

    findings: tuple[Line, ...]
    apologies: dict[str, str]
    promises: dict[str, str]

    def compared(self, found: Any) -> tuple[list[str], list[str]]:
        """Return what is expected and what was found, each as sorted lines to be compared.

        Args:
            found: The findings of a report.
        """
        silent = {line[:3] for line in self.findings if line.severity is None}
        lines = [line_of(finding) for finding in found]
        return (
            sorted(map(str, self.findings)),
            sorted(
                str(line._replace(severity=None) if line[:3] in silent else line) for line in lines
            ),
        )


def line_of(finding: Any) -> Line:
    """Return a finding of a report in the form in which it is compared."""
    subject = finding.subject
    if re.match(r"\d+:", subject):
        subject = f"failure({' / '.join(parts_of(subject))})"
    return Line(subject, str(finding.code), tuple(sorted(finding.also)), str(finding.severity))


def expected_from(text: str) -> Expected:
    """Read what is expected at one moment.

    Raises:
        ValueError: If a line says none of the above, or there is neither a finding nor "no
            findings".
    """
    findings: list[Line] = []
    states: dict[str, dict[str, str]] = {"apology": {}, "promise": {}}
    none = False
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        finding, state = _FINDING.match(line), _STATE.match(line)
        if line == "no findings":
            none = True
        elif finding:
            also = tuple(sorted((finding["also"] or "").split()))
            findings.append(Line(finding["subject"], finding["code"], also, finding["severity"]))
        elif state:
            states[state["what"]][state["id"]] = state["state"]
        else:
            raise ValueError(f"what is to be expected by {line!r}?")
    if none is bool(findings):
        raise ValueError(f"either findings, or 'no findings': {text!r}")
    return Expected(tuple(findings), states["apology"], states["promise"])


def golden_from(text: str) -> dict[tuple[str | None, str], tuple[str, Expected]]:
    """Read a golden file: (continuation, moment) → (as of when, what is expected)."""
    blocks: dict[tuple[str | None, str], tuple[str, Expected]] = {}
    _, *parts = re.split(r"^(?=== )", text, flags=re.MULTILINE)
    for part in parts:
        first, _, rest = part.partition("\n")
        heading = _HEADING.match(first)
        if not heading:
            raise ValueError(f"{first!r} is no heading: == [continuation /] moment, time")
        place = (heading["continuation"], heading["moment"])
        if place in blocks:
            raise ValueError(f"{first!r} stands there twice")
        blocks[place] = (heading["as_of"], expected_from(rest))
    return blocks
