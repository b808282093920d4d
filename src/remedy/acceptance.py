"""What people have accepted: findings under a waiver, and those of the baseline.

Accepted is what was there: that it got worse since is told again. Worse is a graver code; and of a
finding that brings incidents together, one more of them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import attrs

from remedy._forms import moment
from remedy.findings import Waived
from remedy.rules import Rule

__all__ = [
    "Acceptance",
    "Accepted",
    "Baseline",
    "BaselineState",
    "Extent",
    "Line",
    "digest",
]

Line = tuple[str, int, int, str, tuple[str, ...], tuple[tuple[int, tuple[Any, ...]], ...]]
"""key, severity, place of the leading rule, subject, also, rows."""

_GATHERED = {"R202": "R:customer:", "R201": "R:failure:"}
"""The codes that bring incidents together, and what the keys of such findings begin with."""

_COUNTS = {"C301": "incidents", "A120": "missed", "A121": "late"}
"""Of other findings that can grow, the column that says how large they are."""


def digest(failure: str) -> str:
    """Return the short form of a failure key that stands in the keys of findings."""
    return hashlib.sha256(failure.encode()).hexdigest()[:12]


class BaselineState(StrEnum):
    """What has become of a finding of the baseline."""

    LEFT = "left"
    WORSE = "worse"
    WAIVED = "waived"
    GONE = "gone"
    NOT_ASKED = "not asked"


@attrs.frozen
class Baseline:
    """How it stands with the baseline: what was accepted together, and what has become of it.

    Attributes:
        states: Of each finding of the baseline, by its key: left as it was; worse (a graver code,
            more incidents, or told with a graver finding now), so that it counts; waived; gone; or
            not asked, because of what was selected or ignored, of the profile, of the date, or
            because only one case was looked at.
    """

    states: Mapping[str, BaselineState] = attrs.field(factory=dict)

    def __len__(self) -> int:
        return len(self.states)

    def counts(self) -> dict[BaselineState, int]:
        """Return how many there are in each state, in the order of the states; also 0."""
        counts = dict.fromkeys(BaselineState, 0)
        for state in self.states.values():
            counts[state] += 1
        return counts

    @property
    def left(self) -> int:
        """How many are there as they were accepted."""
        return self.counts()[BaselineState.LEFT]

    @property
    def gone(self) -> int:
        """How many were asked for, and are not there any more."""
        return self.counts()[BaselineState.GONE]


class Accepted(NamedTuple):
    """What was accepted as a part of the baseline.

    Attributes:
        code: The code that led.
        since: Since when it is in the baseline.
        size: How many incidents, or people, the finding was about.
        newest: When the last of the incidents that it brought together occurred.
    """

    code: str
    since: int
    size: int
    newest: int | None


@attrs.frozen(kw_only=True)
class Extent:
    """How far a check went, as far as it says whether something can be called gone.

    Attributes:
        codes: The codes that were asked.
        as_of: The date.
        everything: Whether it was about the whole casebook.
        left_out: Keys of findings that the profile left out.
        taken: Keys of findings that graver ones took into their `also`.
    """

    codes: Collection[str]
    as_of: int
    everything: bool
    left_out: Collection[str]
    taken: Collection[str]


class Acceptance:
    """Says of findings whether what somebody accepted holds them.

    Args:
        chosen: The rules that were asked.
        columns: The names of the columns of their rows.
        rules: All rules: what was accepted may not have been asked for this time.
    """

    def __init__(
        self, chosen: Sequence[Rule], columns: Sequence[tuple[str, ...]], rules: Sequence[Rule]
    ) -> None:
        self._rank = {rule.code: place for place, rule in enumerate(rules)}
        self._codes = [rule.code for rule in chosen]
        self._columns = columns

    def _holds(self, code: str, line: Line) -> bool:
        """Whether an accepted code holds a line: it and milder ones, not a graver one."""
        return code in self._rank and self._rank[code] <= self._rank[self._codes[line[2]]]

    def _leading(self, line: Line) -> Iterator[dict[str, Any]]:
        columns = self._columns[line[2]]
        return (dict(zip(columns, row, strict=True)) for at, row in line[5] if at == line[2])

    def _is_gathered(self, line: Line) -> bool:
        return line[0].startswith(_GATHERED.get(self._codes[line[2]], " "))

    def accepted(self, line: Line, since: int) -> Accepted:
        """Return a finding as the baseline keeps it."""
        code = self._codes[line[2]]
        if self._is_gathered(line):
            leading = list(self._leading(line))
            size = len({values["subject"] for values in leading})
            return Accepted(code, since, size, max(values["later_at"] for values in leading))
        column = _COUNTS.get(code)
        size = sum(values[column] for values in self._leading(line)) if column else 1
        return Accepted(code, since, size, None)

    def without_waived(
        self,
        lines: list[Line],
        waivers: Iterable[tuple[Any, ...]],
        came_later: Callable[[Collection[str], int], bool],
    ) -> tuple[list[Line], list[Waived]]:
        """Return the findings that no waiver holds, and those that one does.

        Args:
            lines: The findings.
            waivers: Of each: key, code, reason, end, who, and when it was made.
            came_later: Whether one of some incidents counts only from after a moment: a waiver
                accepts no incident that came after it.
        """
        held: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for waiver in waivers:
            held[waiver[0]].append(waiver)
        if not held:
            return lines, []

        def holds(waiver: tuple[Any, ...], line: Line) -> bool:
            if not self._holds(waiver[1], line):
                return False
            if not self._is_gathered(line):
                return True
            return not came_later({values["subject"] for values in self._leading(line)}, waiver[5])

        kept, waived = [], []
        for line in lines:
            found = [waiver for waiver in held.get(line[0], ()) if holds(waiver, line)]
            if not found:
                kept.append(line)
                continue
            _, code, reason, until, who, _ = found[0]
            waived.append(
                Waived(
                    key=line[0],
                    code=self._codes[line[2]],
                    accepted=code,
                    reason=reason,
                    until=moment(until),
                    who=who,
                )
            )
        return kept, waived

    def against(
        self,
        baseline: Mapping[str, Accepted],
        lines: Iterable[Line],
        waived: Iterable[Waived],
        extent: Extent,
    ) -> Baseline:
        """Return what has become of the findings of the baseline.

        Args:
            baseline: What was accepted, by key.
            lines: The findings that no waiver holds.
            waived: Those that one does.
            extent: How far the check went.
        """
        states: dict[str, BaselineState] = {}
        if not baseline:
            return Baseline()
        for line in lines:
            held = baseline.get(line[0])
            if held is not None:
                is_left = self._holds(held.code, line) and not self._has_grown(held, line)
                states[line[0]] = BaselineState.LEFT if is_left else BaselineState.WORSE
        for each in waived:
            if each.key in baseline:
                states[each.key] = BaselineState.WAIVED
        missing = {key: held for key, held in baseline.items() if key not in states}
        for key, held in missing.items():
            was_asked = (
                extent.everything
                and held.code in extent.codes
                and held.since <= extent.as_of
                and key not in extent.left_out
            )
            states[key] = BaselineState.GONE if was_asked else BaselineState.NOT_ASKED
        if any(states[key] is BaselineState.GONE for key in missing):
            for key in (*extent.taken, *self._told_within(missing, lines)):
                if states.get(key) is BaselineState.GONE:
                    states[key] = BaselineState.WORSE
        return Baseline(states)

    def _has_grown(self, held: Accepted, line: Line) -> bool:
        now = self.accepted(line, held.since)
        if now.code != held.code:
            return False
        return now.size > held.size or (now.newest or 0) > (held.newest or 0)

    def _told_within(self, missing: Collection[str], lines: Iterable[Line]) -> Iterator[str]:
        """Yield the keys of findings whose incidents have all come to be told by graver ones."""
        beginnings = tuple(_GATHERED.values())
        if not any(key.startswith(beginnings) for key in missing):
            return
        short: dict[str, str] = {}
        for line in lines:
            for place, row in line[5]:
                code = self._codes[place]
                if code not in _GATHERED:
                    continue
                values = dict(zip(self._columns[place], row, strict=True))
                failure = values["failure"]
                short[failure] = short.get(failure) or digest(failure)
                whose = f":{values['customer']}" if code == "R202" else ""
                yield f"{_GATHERED[code]}{short[failure]}{whose}"
