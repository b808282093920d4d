"""What of a report is shown to people, and what things are called there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from remedy import records as r
from remedy.acceptance import BaselineState
from remedy.config import Config, parts_of
from remedy.errors import UnknownRecord
from remedy.findings import Finding, Findings
from remedy.graph._zones import offset_words as zone_words
from remedy.reporting._paper import counted, plain
from remedy.rules import BY_CODE
from remedy.vocabulary import ApologyState, PromiseState, Severity

if TYPE_CHECKING:
    from remedy.reporting.report import Report

LookUp = Callable[[str], r.Record]
"""Returns the record with an id: `Casebook.get`."""

_FEW = 30
_SORTED_BY_SIZE = 20_000
_FAILURES = 5
_FAILURES_OF = 100_000


@attrs.frozen
class RuleSection:
    """The findings that one rule leads, at one severity.

    Attributes:
        severity: Their severity.
        code: The rule.
        name: What it is called.
        count: How many there are.
        shown: The first of them; of failures and customers, those with the most incidents.
    """

    severity: Severity
    code: str
    name: str
    count: int
    shown: tuple[Finding, ...]


@attrs.frozen
class Digest:
    """What of a report is shown.

    Attributes:
        sections: By rule, gravest first.
        by_case: Whether they are few enough to be told case by case.
        failures: Of how many incidents each failure has something said about it, the most first.
    """

    sections: tuple[RuleSection, ...]
    by_case: bool
    failures: tuple[tuple[str, int], ...]

    def cases(self) -> list[tuple[Finding, ...]]:
        """Return the findings that are shown, those of one subject together, gravest case first."""
        found: dict[tuple[str, str], list[Finding]] = {}
        for section in self.sections:
            for finding in section.shown:
                found.setdefault((finding.subject_kind, finding.subject), []).append(finding)
        return [tuple(each) for each in found.values()]


def digest(report: Report, top: int, *, old: bool) -> Digest:
    """Choose what of a report is shown.

    Args:
        report: The report.
        top: How many findings of each rule, at most.
        old: Whether to show what stands in the baseline, too.
    """
    findings = report.findings if old else report.new
    places: dict[tuple[Severity, str], list[int]] = {}
    for place, (_, code, severity) in enumerate(findings.heads()):
        places.setdefault((severity, code), []).append(place)
    sections = []
    for (severity, code), found in places.items():
        chosen = found[:top]
        if code in ("R201", "R202") and len(found) <= _SORTED_BY_SIZE:
            sizes = {place: -len(findings[place].incidents) for place in found}
            chosen = sorted(found, key=lambda place: (sizes[place], place))[:top]
        shown = tuple(findings[place] for place in chosen)
        name = shown[0].name if shown else name_of(code)
        sections.append(RuleSection(severity, code, name, len(found), shown))
    by_case = len(findings) <= _FEW and all(each.count <= top for each in sections)
    failures = () if by_case or len(findings) > _FAILURES_OF else _failures(findings)
    return Digest(tuple(sections), by_case, failures)


def _failures(findings: Findings) -> tuple[tuple[str, int], ...]:
    incidents: dict[str, set[str]] = {}
    for _, row in findings.rows():
        if row.get("failure") and row["failure"] != row["subject"]:
            incidents.setdefault(row["failure"], set()).add(row["subject"])
    sizes = sorted(((failure, len(ids)) for failure, ids in incidents.items()), key=_most_first)
    return tuple(sizes[:_FAILURES])


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    return -counted[1], counted[0]


def name_of(code: str) -> str:
    """Return the name of a shipped rule; of others, their code."""
    return BY_CODE[code].name if code in BY_CODE else code


def failure_words(subject: str) -> str:
    """Return a failure key as people read it: "shipping / shipped collect"."""
    return " / ".join(parts_of(subject))


@attrs.frozen
class Subject:
    """What a finding is about.

    Attributes:
        id: Its id, or what it is called where it is no record.
        kind: A word before the id where the id alone would not tell; or "".
        title: A few words on it, or "".
        context: A line that places it: when, which failure, who; or "".
    """

    id: str
    kind: str
    title: str
    context: str


class Names:
    """What the records are called that findings name.

    Args:
        look_up: Returns the record with an id; None where there is no casebook at hand.
    """

    def __init__(self, look_up: LookUp | None) -> None:
        self._look_up = look_up
        self._known: dict[str, r.Record | None] = {}

    def record(self, id: str) -> r.Record | None:
        """Return the record with an id, if it is on file."""
        if id not in self._known:
            try:
                self._known[id] = self._look_up(id) if self._look_up else None
            except UnknownRecord:
                self._known[id] = None
        return self._known[id]

    def subject(self, finding: Finding) -> Subject:
        """Return what a finding is about."""
        if finding.subject_kind == "casebook":
            return Subject("the casebook", "", "", "")
        record = self.record(finding.subject)
        if record is None and finding.subject_kind == "failure":
            return Subject(plain(failure_words(finding.subject)), "failure", "", "")
        kind = "" if finding.subject_kind == "incident" else finding.subject_kind
        title, context = ("", "") if record is None else (title_of(record), self._context(record))
        return Subject(plain(finding.subject), kind, title, context)

    def called(self, ids: Iterable[str]) -> list[tuple[str, str]]:
        """Return those of some ids that are on file and have a title, with it."""
        found = ((id, self.record(id)) for id in ids)
        titles = [(plain(id), title_of(record)) for id, record in found if record is not None]
        return [(id, title) for id, title in titles if title]

    def _context(self, record: r.Record) -> str:
        if not isinstance(record, r.Incident):
            return ""
        parts = [day_of(record.occurred)]
        parts.append(" / ".join(filter(None, (record.process, record.failure_mode))))
        if record.impact:
            parts.append(f"{record.impact} impact")
        customers = [str(each.customer) for each in record.customers]
        if len(customers) == 1:
            name = self.record(customers[0])
            known = title_of(name) if name else ""
            parts.append(f"customer {customers[0]}" + (f" ({known})" if known else ""))
        elif customers:
            parts.append(counted(len(customers), "customer"))
        return plain(" · ".join(filter(None, parts)))


def title_of(record: r.Record) -> str:
    """Return a few words on a record, on one line, or nothing."""
    words: str | None
    match record:
        case r.Customer():
            words = record.name
        case r.Incident():
            words = record.title or record.text
        case r.Action():
            words = record.text or spoken(record.intervention or record.kind)
        case r.Promise():
            words = record.text or spoken(record.kind)
        case _:
            words = getattr(record, "text", None)
    return plain(words or "")


def spoken(word: str | None) -> str:
    """Return a word of a list as people say it: "took effect"."""
    return (word or "").replace("_", " ")


def also_of(finding: Finding) -> str:
    """Return what else a finding tells, or nothing: "R203 in consecutive orders, …"."""
    return ", ".join(
        f"{code} {BY_CODE[code].name}" if code in BY_CODE else code for code in finding.also
    )


# --- times ----------------------------------------------------------------------------------------


def day_of(moment: datetime | r.Day) -> str:
    """Return the day of a moment, where it was."""
    return str(moment.date if isinstance(moment, r.Day) else moment.date())


def as_of_words(moment: datetime) -> str:
    """Return the date of a check: "the end of 2026-03-09 (UTC+01:00)"."""
    following = moment + timedelta(microseconds=1)
    if moment.date() < following.date():
        return f"the end of {moment:%Y-%m-%d} ({zone_words(moment)})"
    return f"{moment:%Y-%m-%d %H:%M} ({zone_words(moment)})"


# --- the sums -------------------------------------------------------------------------------------


def counts_words(report: Report, *, old: bool) -> str:
    """Return "2 errors, 1 warning", "no findings"; with a baseline, "2 new errors"."""
    findings = report.findings if old else report.new
    new = "" if old or not _burning(report) else "new "
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
    told = [
        counted(number, f"{new}{words[severity]}") for severity, number in findings.counts().items()
    ]
    return ", ".join(told) or f"no {new}findings"


_STATE_WORDS = {
    ApologyState.FAILED: "it came back although the process had been changed",
    ApologyState.HOLLOW: "it came back before the process was changed",
    ApologyState.UNBACKED: "nothing behind it that changes the process",
    ApologyState.PARTLY: "some of the ways in which it can happen are closed",
    ApologyState.WAITING: "there is still time to find the cause",
    ApologyState.IN_HAND: "a change of the process is planned, and in time",
    ApologyState.DECIDED: "somebody decided that nothing is needed",
    ApologyState.BACKED: "a change of the process stands behind it",
    ApologyState.NOT_ASSESSED: "no causes, actions or decisions are on record",
}


def apologies_words(report: Report) -> str:
    """Return "37 of 1,204 apologies are backed", or nothing."""
    total = len(report.apologies)
    if not total or report.profile == "tickets":
        return ""
    counts = report.apologies.counts()
    state = ApologyState.NOT_ASSESSED if ApologyState.NOT_ASSESSED in counts else "backed"
    return _of_total(counts.get(ApologyState(state), 0), total, ("apology", "apologies"), state)


def _of_total(number: int, total: int, noun: tuple[str, str], state: str) -> str:
    verb = "is" if number == 1 or total == 1 else "are"
    return f"{number:,} of {counted(total, *noun)} {verb} {state}"


def states_words(report: Report) -> list[tuple[int, str, str]]:
    """Return how many apologies are in each state, worst first, and what that means."""
    counts = report.apologies.counts()
    return [(counts[s], str(s), words) for s, words in _STATE_WORDS.items() if s in counts]


_PROMISE_WORDS = {
    PromiseState.BROKEN: "it came back to somebody to whom that was promised",
    PromiseState.OVERDUE: "the day by which it was to be done is over",
    PromiseState.OPEN: "neither kept nor broken yet",
    PromiseState.KEPT: "done, or it stayed away",
}


def promises_words(report: Report) -> str:
    """Return "3 of 4 promises are kept", or nothing."""
    total = len(report.promises)
    if not total:
        return ""
    kept = report.promises.counts().get(PromiseState.KEPT, 0)
    return _of_total(kept, total, ("promise", "promises"), "kept")


def promise_states_words(report: Report) -> list[tuple[int, str, str]]:
    """Return how many promises are in each state, worst first, and what that means.

    Where all are kept there is no more to say.
    """
    counts = report.promises.counts()
    if counts.keys() == {PromiseState.KEPT}:
        return []
    return [(counts[s], str(s), words) for s, words in _PROMISE_WORDS.items() if s in counts]


def promises_to_name(report: Report, top: int) -> list[tuple[str, str]]:
    """Return the states and ids of the promises that are not kept, worst first, if few."""
    counts = report.promises.counts()
    if len(report.promises) - counts.get(PromiseState.KEPT, 0) > top:
        return []
    order = list(_PROMISE_WORDS)
    found = [each for each in report.promises if each.state is not PromiseState.KEPT]
    found.sort(key=lambda each: (order.index(PromiseState(each.state)), each.id))
    return [(str(each.state), each.id) for each in found]


def _burning(report: Report) -> bool:
    """Whether any of the baseline was asked for."""
    return any(state != BaselineState.NOT_ASKED for state in report.baseline.states.values())


def baseline_words(report: Report, *, old: bool) -> str:
    """Return the burn-down against the baseline, or nothing."""
    if report.around is not None or not _burning(report):
        return ""
    counts = report.baseline.counts()
    left = counts[BaselineState.LEFT]
    told = [is_are(counts[BaselineState.GONE], "gone")]
    told.extend(is_are(counts[s], words) for s, words in _BASELINE_WORDS.items() if counts[s])
    unasked = counts[BaselineState.NOT_ASKED]
    if unasked:
        told.append(f"{unasked:,} {'was' if unasked == 1 else 'were'} not asked for")
    shown = "" if old or not left else ", and not shown"
    return (
        f"Of the baseline of {counted(len(report.baseline), 'finding')}, {', '.join(told)} "
        f"and {left:,} left{shown}."
    )


_BASELINE_WORDS = {
    BaselineState.WORSE: "worse",
    BaselineState.WAIVED: "waived",
}


def is_are(number: int, what: str) -> str:
    """Return "1 is gone", "2 are gone"."""
    return f"{number:,} {'is' if number == 1 else 'are'} {what}"


def looked_at(report: Report) -> str:
    """Return what a check looked at: "2 incidents and 2 apologies"."""
    told = counted(report.incidents, "incident")
    if report.apologies:
        told += f" and {counted(len(report.apologies), 'apology', 'apologies')}"
    return told if report.around is None else f"the case around {plain(report.around)}: {told}"


def span_words(span: timedelta) -> str:
    """Return a span of time as people say it: "14 days", "12 hours", "1 day 12 hours"."""
    hours, rest = divmod(span, timedelta(hours=1))
    days, hours = divmod(hours, 24)
    minutes = rest / timedelta(minutes=1)
    told = [(days, "day"), (hours, "hour")]
    parts = [counted(number, unit) for number, unit in told if number]
    if minutes:
        parts.append(f"{minutes:g} {'minute' if minutes == 1 else 'minutes'}")
    return " ".join(parts) or "0 days"


def _windows(config: Config) -> str:
    return (
        f"recurrence {span_words(config.recurrence_window)}, promise horizon "
        f"{span_words(config.promise_horizon)}, grace {span_words(config.grace)}"
    )


def how_words(report: Report, notes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return how a check looked: names and values, for the end of a report.

    Args:
        report: The report.
        notes: What there is to say besides, by name.
    """
    config = report.config
    on_record = []
    if report.known_at is not None:
        on_record = [("on record", f"what had been written by {as_of_words(report.known_at)}")]
    told = [
        ("as of", ", ".join(filter(None, (as_of_words(report.as_of), notes.get("as of"))))),
        *on_record,
        ("profile", f"{report.profile} ({report.profile_reason})"),
        ("same failure", "same " + " and ".join(map(spoken, config.signature))),
        ("windows", _windows(config)),
    ]
    told.extend((name, plain(note)) for name, note in notes.items() if name != "as of")
    if config.select:
        told.append(("only", ", ".join(config.select)))
    if config.ignore:
        told.append(("left out", ", ".join(config.ignore)))
    told.extend(("not assessed", plain(each)) for each in report.not_assessed)
    told.extend(("look at", plain(each)) for each in report.remarks)
    if report.anchor is not None:
        told.append(("history", f"{counted(report.anchor.count, 'entry', 'entries')}; its anchor:"))
    return told
