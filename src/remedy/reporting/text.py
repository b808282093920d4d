"""A report as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from remedy.findings import Finding
from remedy.reporting._digest import (
    Digest,
    LookUp,
    Names,
    RuleSection,
    also_of,
    apologies_words,
    baseline_words,
    counts_words,
    digest,
    failure_words,
    how_words,
    looked_at,
    promise_states_words,
    promises_to_name,
    promises_words,
    states_words,
)
from remedy.reporting._paper import Paint, counted, cut, padded, plain, unpainted, wrapped
from remedy.reporting._paper import width as width_of

if TYPE_CHECKING:
    from remedy.reporting.report import Report

__all__ = ["generate_cases", "generate_text"]

_SHORTEST = 24
_PATH = 8
_LEGEND = 20


def generate_text(
    report: Report,
    *,
    width: int = 80,
    top: int = 10,
    old: bool = False,
    look_up: LookUp | None = None,
    notes: Mapping[str, str] | None = None,
    paint: Paint = unpainted,
) -> Iterator[str]:
    r"""Yield the lines of a report.

    A few findings are told case by case, many by rule.

    Args:
        report: The report.
        width: How wide the lines may be, in columns of a terminal.
        top: How many findings of each rule are shown.
        old: Whether to show what stands in the baseline, too.
        look_up: Returns the record with an id (`Casebook.get`), so that records are called by their
            titles; without it they are called by their ids.
        notes: What there is to say, by name, of how the report came about ("settings").
        paint: Gives pieces of text their colours.

    Example:
        >>> import remedy
        >>> from remedy.reporting.text import generate_text
        >>> book = remedy.examples.load("brunch")
        >>> print(*list(generate_text(book.check()))[:2], sep="\n")
        No findings in 1 incident and 1 apology.
        <BLANKLINE>
    """
    width = max(width, _SHORTEST)
    shown = digest(report, top, old=old)
    names = Names(look_up)
    yield from _head(report, old, width, paint)
    if shown.by_case:
        if shown.sections:
            yield ""
            yield from _cases(shown, names, width, paint)
            yield from _legend(shown, names, width, paint)
        yield from _sums(report, names, top, width)
    else:
        yield ""
        yield from _overview(shown, width, paint)
        yield from _sums(report, names, top, width)
        for section in shown.sections:
            yield ""
            yield from _rule(section, names, width, paint)
    yield ""
    for name, value in how_words(report, notes or {}):
        for line in wrapped(value, width, f"{name:<14}"):
            yield paint(line, "aside")
    if report.anchor is not None:  # On a line of its own, to be copied.
        yield paint(str(report.anchor), "aside")


def generate_cases(
    report: Report,
    *,
    width: int = 80,
    top: int = 10,
    look_up: LookUp | None = None,
    paint: Paint = unpainted,
) -> Iterator[str]:
    """Yield the lines of the findings alone, case by case; the arguments are `generate_text`'s."""
    shown = digest(report, top, old=True)
    width = max(width, _SHORTEST)
    yield from _cases(shown, Names(look_up), width, paint)
    for section in shown.sections:
        if section.count > len(section.shown):
            more = section.count - len(section.shown)
            yield paint(f"  and {more:,} more of {section.code}", "aside")


def _head(report: Report, old: bool, width: int, paint: Paint) -> Iterator[str]:
    counts = counts_words(report, old=old)
    told = f"{counts[0].upper()}{counts[1:]} in {looked_at(report)}."
    for line in wrapped(told, width):
        yield paint(line, "title")
    burned = baseline_words(report, old=old)
    if burned:
        yield from wrapped(burned, width)


# --- case by case ---------------------------------------------------------------------------------


def _cases(shown: Digest, names: Names, width: int, paint: Paint) -> Iterator[str]:
    for number, findings in enumerate(shown.cases()):
        if number:
            yield ""
        subject = names.subject(findings[0])
        head = f"{subject.kind} {subject.id}".strip()
        for line in wrapped(f"{head}  {subject.title}".rstrip(), width, "", "  "):
            yield paint(line, "title")
        if subject.context:
            for line in wrapped(subject.context, width, "  "):
                yield paint(line, "aside")
        for finding in findings:
            yield ""
            yield from _finding(finding, width, paint)


def _finding(finding: Finding, width: int, paint: Paint) -> Iterator[str]:
    label = f"  {finding.severity} {finding.code}"
    name = plain(finding.name)
    first, *rest = wrapped(name, width, f"{label}  ", "    ")
    yield paint(label, str(finding.severity)) + first.removeprefix(label).rstrip()
    yield from rest
    yield from wrapped(plain(finding.message), width, "    ")
    if finding.advice:
        yield from wrapped(plain(finding.advice), width, "    → ")
    also = also_of(finding)
    if also:
        for line in wrapped(f"also: {also}", width, "    ", "          "):
            yield paint(line, "aside")
    if len(finding.path) > 1:
        more = len(finding.path) - _PATH
        path = ", ".join(map(plain, finding.path[:_PATH])) + (
            f" and {more} more" if more > 0 else ""
        )
        for line in wrapped(f"see: {path}", width, "    ", "         "):
            yield paint(line, "aside")


def _legend(shown: Digest, names: Names, width: int, paint: Paint) -> Iterator[str]:
    """Yield what the ids mean that findings name, where these are few."""
    cases = shown.cases()
    ids = dict.fromkeys(id for case in cases for finding in case for id in finding.path[:_PATH])
    for case in cases:
        ids.pop(case[0].subject, None)
    called = names.called(sorted(ids)) if len(ids) <= _LEGEND else []
    if called:
        yield ""
        yield paint("What the other ids stand for", "title")
        room = max(width_of(id) for id, _ in called)
        for id, title in called:
            yield f"  {padded(id, room)}  {cut(title, width - room - 4)}"


# --- by rule --------------------------------------------------------------------------------------


def _overview(shown: Digest, width: int, paint: Paint) -> Iterator[str]:
    numbers = [f"{section.count:,}" for section in shown.sections]
    room = max(map(len, numbers))
    for section, number in zip(shown.sections, numbers, strict=True):
        label = paint(f"{section.severity:<7} {section.code:<5}", str(section.severity))
        yield f"  {number:>{room}}  {label} {cut(plain(section.name), width - room - 18)}"
    if shown.failures:
        yield ""
        yield "Most of it is about"
        for failure, incidents in shown.failures:
            told = counted(incidents, "incident")
            yield from wrapped(plain(failure_words(failure)), width, f"  {told:>{room + 10}}  ")


def _rule(section: RuleSection, names: Names, width: int, paint: Paint) -> Iterator[str]:
    label = f"{section.severity} {section.code}"
    told = f"{plain(section.name)}: {counted(section.count, 'finding')}"
    first, *rest = wrapped(told, width, f"{label}  ", "  ")
    yield paint(label, str(section.severity)) + first.removeprefix(label)
    yield from rest
    messages = {finding.message for finding in section.shown}
    advices = {finding.advice for finding in section.shown}
    if len(messages) == 1 and section.count > 1:
        yield from wrapped(plain(section.shown[0].message), width, "  ")
    if len(advices) == 1 and section.shown[0].advice:
        yield from wrapped(plain(section.shown[0].advice), width, "  → ")
    ids = [names.subject(finding) for finding in section.shown]
    room = min(max(width_of(each.id) for each in ids) + 2, 20, width // 3)
    for subject, finding in zip(ids, section.shown, strict=True):
        told = subject.title if len(messages) == 1 and section.count > 1 else plain(finding.message)
        if finding.subject_kind in ("failure", "casebook"):
            yield from wrapped(told or subject.id, width, "    ", "      ")
        elif width_of(subject.id) + 2 > room:
            yield f"    {subject.id}"
            if told:
                yield from wrapped(told, width, " " * (4 + room))
        else:
            yield from wrapped(told, width, f"    {padded(subject.id, room)}")
        if len(advices) > 1 and finding.advice:
            yield from wrapped(plain(finding.advice), width, " " * (4 + room) + "→ ")
    if section.count > len(section.shown):
        yield paint(f"    and {section.count - len(section.shown):,} more", "aside")


# --- the sums -------------------------------------------------------------------------------------


def _sums(report: Report, names: Names, top: int, width: int) -> Iterator[str]:
    apologies, promises = apologies_words(report), promises_words(report)
    if apologies:
        yield ""
        yield from wrapped(f"{apologies}.", width)
        yield from _states(states_words(report), width)
    if promises:
        yield ""
        yield from wrapped(f"{promises}.", width)
        yield from _promises(report, names, top, width)
    if report.waived:
        yield ""
        codes = ", ".join(sorted({each.code for each in report.waived}))
        yield from wrapped(
            f"{counted(len(report.waived), 'finding')} accepted by a waiver ({codes}).", width
        )


def _promises(report: Report, names: Names, top: int, width: int) -> Iterator[str]:
    named = promises_to_name(report, top)
    if not named:
        yield from _states(promise_states_words(report), width)
        return
    room = max(width_of(plain(id)) for _, id in named) + 2
    for state, id in named:
        begin = f"  {state:<9}{padded(plain(id), room)}"
        yield cut(begin + dict(names.called([id])).get(plain(id), ""), width).rstrip()


def _states(states: list[tuple[int, str, str]], width: int) -> Iterator[str]:
    room = max((len(f"{number:,}") for number, _, _ in states), default=0)
    widest = max((8, *(len(state) for _, state, _ in states)))
    for number, state, words in states:
        yield from wrapped(words, width, f"  {number:>{room},} {state:<{widest}}  ")
