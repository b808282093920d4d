"""The pages of the stories, written from the examples that come with the package.

`python docs/story_pages.py` writes them anew; a test holds them against the examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import remedy
from remedy.findings import failure_told

HERE = Path(__file__).parent / "stories"


def page(name: str) -> str:
    """Return the page of a story: what happened, and what a check says at each moment."""
    story = remedy.examples.story(name)
    lines = [f"# {story.title}", "", story.summary, ""]
    lines += ["```python", "import remedy", "", f'book = remedy.examples.load("{name}")']
    lines += ["print(remedy.check(book).to_text())", "```", ""]
    with remedy.examples.load(name) as book:
        for moment, (as_of, seen) in story.moments.items():
            lines += _moment(book, f"## {moment[0].upper()}{moment[1:]}", as_of, seen)
    for key, continuation in story.continuations.items():
        lines += [f"## {continuation.title}", "", f"`remedy.examples.load({name!r}, {key!r})`", ""]
        with remedy.examples.load(name, key) as book:
            for moment, (as_of, seen) in continuation.moments.items():
                lines += _moment(book, f"### {moment[0].upper()}{moment[1:]}", as_of, seen)
    return "\n".join(lines).rstrip() + "\n"


def _moment(book: remedy.Casebook, heading: str, as_of: datetime, seen: str) -> Iterator[str]:
    report = book.check(as_of=as_of)
    yield from (heading, "", f"As of {as_of:%Y-%m-%d %H:%M}. {seen}", "")
    if not report.findings:
        yield from ("No findings.", "")
        return
    yield from ("| about | code | also | what it says |", "|---|---|---|---|")
    for finding in report.findings:
        about = finding.subject
        if finding.subject_kind == "failure" and ":" in about:
            about = failure_told(about)
        yield (
            f"| {about} | {finding.code} ({finding.severity}) | {', '.join(finding.also)} "
            f"| {finding.message} |"
        )
    yield ""


def overview() -> str:
    """Return the page that lists the stories."""
    lines = ["# The stories", ""]
    lines += [
        "Real cases, retold. Each is a casebook that comes with the package, and is told on a "
        "stored date, so that nothing drifts with the calendar: `remedy demo NAME` shows it.",
        "",
    ]
    for name in remedy.examples.names():
        lines.append(f"- [{remedy.examples.story(name).title}]({name}.md): `{name}`")
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Return all pages by file name."""
    return {"index.md": overview()} | {f"{name}.md": page(name) for name in remedy.examples.names()}


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")
