"""A report as Markdown, for a wiki, a merge request or a mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from remedy.findings import Finding
from remedy.reporting._digest import (
    LookUp,
    Names,
    RuleSection,
    also_of,
    apologies_words,
    baseline_words,
    counts_words,
    digest,
    how_words,
    looked_at,
    promise_states_words,
    promises_to_name,
    promises_words,
    states_words,
)
from remedy.reporting._paper import counted, plain

if TYPE_CHECKING:
    from remedy.reporting.report import Report

__all__ = ["escaped", "generate_markdown"]

_PATH = 8
# What Markdown, or the HTML in it, could read as something else than text. A number of up to nine
# digits with a dot or parenthesis after it begins a list.
_NUMBERED = "|".join(rf"(?<=^\d{{{digits}}})(?=[.)])" for digits in range(1, 10))
_MEANT = re.compile(rf"[\\`*_\[\]<>~|$]|^(?=[-+=])|{_NUMBERED}")
# What sites turn into links by themselves: mentions, numbers of issues, addresses. A space of no
# width keeps the parts of these apart, where a backslash or an entity would be undone before.
_LINKED = re.compile(r"[@#](?=\w)|:(?=//)|\bwww(?=\.)")


def escaped(text: str) -> str:
    r"""Return text of one line that Markdown shows as it stands.

    Example:
        >>> from remedy.reporting.markdown import escaped
        >>> print(escaped("<b>*now*</b> & then"))
        \<b\>\*now\*\</b\> &amp; then
    """
    shown = _MEANT.sub(r"\\\g<0>", plain(text)).replace("&", "&amp;")
    return _LINKED.sub("\\g<0>\u200b", shown)


def generate_markdown(
    report: Report,
    *,
    top: int = 10,
    old: bool = False,
    look_up: LookUp | None = None,
    notes: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Yield the lines of a report; the arguments are those of `generate_text`.

    Whatever a record says stays text: nothing of it becomes a link, an image, a mention or HTML.
    """
    shown = digest(report, top, old=old)
    names = Names(look_up)
    counts = counts_words(report, old=old)
    yield f"## {counts[0].upper()}{counts[1:]}"
    yield ""
    told = looked_at(report)
    yield f"{escaped(f'{told[0].upper()}{told[1:]}')}."
    burned = baseline_words(report, old=old)
    if burned:
        yield burned
    if shown.by_case:
        for findings in shown.cases():
            yield ""
            yield from _case(findings, names)
    else:
        yield ""
        yield "| Findings | Severity | Rule | |"
        yield "|---:|---|---|---|"
        for section in shown.sections:
            name = escaped(section.name)
            yield f"| {section.count:,} | {section.severity} | {section.code} | {name} |"
        for section in shown.sections:
            yield ""
            yield from _rule(section, names)
    yield ""
    yield from _tail(report, names, top, notes or {})


def _case(findings: tuple[Finding, ...], names: Names) -> Iterator[str]:
    subject = names.subject(findings[0])
    head = f"{subject.kind} {escaped(subject.id)}".strip()
    yield f"### {head}" + (f": {escaped(subject.title)}" if subject.title else "")
    if subject.context:
        yield ""
        yield escaped(subject.context)
    yield ""
    for finding in findings:
        label = f"**{finding.severity} {finding.code}**"
        name = escaped(finding.name)
        yield f"- {label} {name}  " if name else f"- {label}  "
        yield f"  {escaped(finding.message)}"
        if finding.advice:
            yield f"  - → {escaped(finding.advice)}"
        also = also_of(finding)
        if also:
            yield f"  - also: {escaped(also)}"
        if len(finding.path) > 1:
            more = len(finding.path) - _PATH
            path = ", ".join(map(escaped, finding.path[:_PATH]))
            yield f"  - see: {path}" + (f" and {more} more" if more > 0 else "")


def _rule(section: RuleSection, names: Names) -> Iterator[str]:
    yield f"### {section.code} {escaped(section.name)}: {counted(section.count, section.severity)}"
    yield ""
    advices = {finding.advice for finding in section.shown}
    if len(advices) == 1 and section.shown[0].advice:
        yield f"→ {escaped(section.shown[0].advice)}"
        yield ""
    for finding in section.shown:
        subject = names.subject(finding)
        about = (
            "" if finding.subject_kind in ("failure", "casebook") else f"{escaped(subject.id)}: "
        )
        yield f"- {about}{escaped(finding.message)}"
        if len(advices) > 1 and finding.advice:
            yield f"  - → {escaped(finding.advice)}"
    if section.count > len(section.shown):
        yield f"- and {section.count - len(section.shown):,} more"


def _tail(report: Report, names: Names, top: int, notes: Mapping[str, str]) -> Iterator[str]:
    apologies = apologies_words(report)
    if apologies:
        yield f"**{apologies}.**"
        yield ""
        for number, state, words in states_words(report):
            yield f"- {number:,} {state}: {words}"
        yield ""
    promises = promises_words(report)
    if promises:
        yield f"**{promises}.**"
        yield ""
        named = promises_to_name(report, top)
        for state, id in named:
            title = dict(names.called([id])).get(plain(id), "")
            yield f"- {state}: {escaped(id)}" + (f" {escaped(title)}" if title else "")
        states = () if named else promise_states_words(report)
        for number, state, words in states:
            yield f"- {number:,} {state}: {words}"
        if named or states:
            yield ""
    if report.waived:
        codes = ", ".join(sorted({each.code for each in report.waived}))
        yield f"{counted(len(report.waived), 'finding')} accepted by a waiver ({codes})."
        yield ""
    yield "### How it was looked at"
    yield ""
    for name, value in how_words(report, notes):
        yield f"- {name}: {escaped(value)}"
    if report.anchor is not None:
        yield f"  `{report.anchor}`"
