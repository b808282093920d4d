"""What a check found, as users hold it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import attrs

from remedy._chain import Anchor
from remedy.acceptance import Accepted, Baseline, BaselineState
from remedy.checking import CheckResult
from remedy.config import Config
from remedy.findings import Finding, Findings, Waived
from remedy.records import Record
from remedy.redaction import Redaction
from remedy.standings import Standings
from remedy.vocabulary import Severity

__all__ = ["Report"]

_GRAVITY = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def _days(span: timedelta) -> int | float:
    """Return a span in days: a whole number, if it is one."""
    return span.days if span == timedelta(days=span.days) else span / timedelta(days=1)


class Report:
    """What a check found.

    Attributes:
        findings: Everything that is not waived, gravest first.
        apologies: Every apology and how it stands with it.
        promises: Every promise and how it stands with it.
        waived: What somebody has accepted.
        baseline: What has become of the findings of the baseline, by key and in numbers.
        not_assessed: What was not looked at, and why.
        remarks: What may be wrong on record, so that the check was misled.
        as_of: The date of the check.
        known_at: Of what was on record at a time (`Casebook.known_at`), that time; else None.
        profile: tickets, register or capa.
        profile_reason: Why it was this one.
        config: The configuration.
        around: The record whose case was checked, or None.
        incidents: How many incidents were looked at.
        anchor: How long the history of the casebook was, and the hash at its end, so that the
            report says later whether it was cut off or written anew; None of one in memory.
    """

    def __init__(self, result: CheckResult) -> None:
        self._result = result
        self.findings: Findings = result.findings
        self.apologies: Standings = result.apologies
        self.promises: Standings = result.promises
        self.waived: tuple[Waived, ...] = result.waived
        self.baseline: Baseline = result.baseline
        self.not_assessed: tuple[str, ...] = result.not_assessed
        self.remarks: tuple[str, ...] = result.remarks
        self.as_of: datetime = result.as_of
        self.known_at: datetime | None = result.known_at
        self.profile: str = result.profile
        self.profile_reason: str = result.profile_reason
        self.config: Config = result.config
        self.around: str | None = result.around
        self.incidents: int = result.incidents
        self.anchor: Anchor | None = result.anchor

    def __repr__(self) -> str:
        return f"<Report as of {self.as_of:%Y-%m-%d}, {self.profile}: {self.findings!r}>"

    def __bool__(self) -> bool:
        return len(self.findings) > 0

    @property
    def new(self) -> Findings:
        """The findings that were not there, or not as bad, when the baseline was set.

        A finding that brings incidents together (R201, R202) is worse with each that is added.
        """
        states = self.baseline.states
        if not states:
            return self.findings
        return self.findings.only(lambda key, *_: states.get(key) != BaselineState.LEFT)

    def counts(self) -> dict[Severity, int]:
        """Return how many findings there are of each severity."""
        return self.findings.counts()

    def fails(self, at: Severity | str = Severity.WARNING) -> bool:
        """Return whether a finding that is new or worse is of this severity or graver."""
        limit = _GRAVITY.index(Severity(at))
        told = self.new.heads()
        return any(_GRAVITY.index(severity) <= limit for _, _, severity in told)

    def accepted(self) -> dict[str, Accepted]:
        """Return the findings as the baseline keeps them, by key."""
        return self._result.accepted()

    def redacted(self, redaction: Redaction) -> Report:
        """Return the report without customers, for what leaves the house.

        Where records are looked up besides, as by `to_text`, redact these as well:
        `look_up=lambda id: redaction.record(book.get(id))`.

        Args:
            redaction: That of the casebook: `Casebook.redaction()`.

        Example:
            >>> import remedy
            >>> book = remedy.examples.load("twice-shipped-collect")
            >>> outside = book.check().redacted(book.redaction())
            >>> {name[:9] for finding in outside.findings for name in finding.customers}
            {'customer-'}
        """
        told = self._result
        around = told.around
        return Report(
            attrs.evolve(
                told,
                findings=told.findings.changed(redaction.findings),
                waived=tuple(map(redaction.waived, told.waived)),
                around=None if around is None else redaction.text(around),
                not_assessed=tuple(map(redaction.text, told.not_assessed)),
                remarks=tuple(map(redaction.text, told.remarks)),
            )
        )

    def about(self, subject: str) -> list[Finding]:
        """Return the findings whose subject, or one of whose incidents, is a record."""
        return [f for f in self.findings if f.subject == subject or subject in f.incidents]

    def to_dict(self, *, standings: bool = False) -> dict[str, Any]:
        """Return the report as JSON can hold it.

        Args:
            standings: Whether to name every apology and every promise, with its state, its
                incidents and what stands behind it; not only those that are not backed, or not
                kept. The casebook has to be open for that.
        """
        old = self.baseline.states
        config = self.config
        return {
            "as_of": self.as_of.isoformat(),
            "known_at": None if self.known_at is None else self.known_at.isoformat(),
            "profile": self.profile,
            "profile_reason": self.profile_reason,
            "around": self.around,
            "incidents": self.incidents,
            "windows": {
                "recurrence_days": _days(config.recurrence_window),
                "promise_horizon_days": _days(config.promise_horizon),
                "grace_days": _days(config.grace),
            },
            "signature": list(config.signature),
            "counts": {str(severity): count for severity, count in self.counts().items()},
            "findings": [
                finding.to_dict() | {"baseline": old.get(key) == BaselineState.LEFT}
                for (key, *_), finding in zip(self.findings.heads(), self.findings, strict=True)
            ],
            "apologies": {
                "states": {str(state): n for state, n in self.apologies.counts().items()},
                "not_backed": [
                    {"id": each.id, "state": str(each.state)}
                    for each in self.apologies
                    if each.state not in ("backed", "not assessed")
                ],
                **({"all": [each.to_dict() for each in self.apologies]} if standings else {}),
            },
            "baseline": {
                state.value.replace(" ", "_"): n for state, n in self.baseline.counts().items()
            },
            "promises": {
                "states": {str(state): n for state, n in self.promises.counts().items()},
                "not_kept": [
                    {"id": each.id, "state": str(each.state)}
                    for each in self.promises
                    if each.state != "kept"
                ],
                **({"all": [each.to_dict() for each in self.promises]} if standings else {}),
            },
            "waived": [
                {
                    "key": each.key,
                    "code": each.code,
                    "accepted": each.accepted,
                    "reason": each.reason,
                    "until": each.until.isoformat(),
                    "who": each.who,
                }
                for each in self.waived
            ],
            "not_assessed": list(self.not_assessed),
            "remarks": list(self.remarks),
            "anchor": None if self.anchor is None else str(self.anchor),
        }

    def to_json(self, *, indent: int | None = 2, standings: bool = False) -> str:
        """Return the report as JSON; `standings` as for `to_dict`."""
        return json.dumps(self.to_dict(standings=standings), ensure_ascii=False, indent=indent)

    def to_text(
        self,
        *,
        width: int = 80,
        top: int = 10,
        old: bool = False,
        look_up: Callable[[str], Record] | None = None,
    ) -> str:
        """Return the report as text for a terminal.

        Args:
            width: How wide it may be, in columns of a terminal.
            top: How many findings of each rule are shown.
            old: Whether to show what stands in the baseline, too.
            look_up: Returns the record with an id (`Casebook.get`), so that records are called by
                their titles.
        """
        from remedy.reporting.text import generate_text

        return "\n".join(generate_text(self, width=width, top=top, old=old, look_up=look_up))

    def to_markdown(
        self,
        *,
        top: int = 10,
        old: bool = False,
        look_up: Callable[[str], Record] | None = None,
    ) -> str:
        """Return the report as Markdown; the options are those of `to_text`."""
        from remedy.reporting.markdown import generate_markdown

        return "\n".join(generate_markdown(self, top=top, old=old, look_up=look_up))

    def _repr_markdown_(self) -> str:
        """Return what a notebook shows."""
        return self.to_markdown()
