"""`remedy demo` and `remedy stories`: real cases that come with the library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from remedy.cli._shared import Problem, format_option, page, say, say_json

if TYPE_CHECKING:
    from remedy.examples import Continuation, Story

_DEFAULT = "twice-shipped-collect"


@click.command()
@click.argument("story", default=_DEFAULT)
@click.option("--at", "moment", metavar="MOMENT", help="Look at an earlier moment of the story.")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    help="Also keep the story as a casebook in this file, to try the other commands on.",
)
@format_option("text", "json")
def demo(story: str, moment: str | None, target: Path | None, form: str) -> None:
    """Tell a story, and what remedy makes of it.

    STORY is one of those that `remedy stories` lists. A slash leads to another ending of it:
    twice-shipped-collect/third.
    """
    from remedy import examples

    name, _, continuation = story.partition("/")
    told = examples.story(name)
    ending = told.continuation(continuation) if continuation else None
    moments = (ending or told).moments
    if moment is not None and moment not in moments:
        listed = ", ".join(repr(each) for each in moments)
        raise Problem(f"{story} has no moment {moment!r}. Its moments are: {listed}.")
    with examples.load(name, continuation or None) as book:
        as_of, line = moments[moment] if moment else (book.told_on, "")
        report = book.check(as_of=as_of)
        if target is not None:
            _keep(book, target)
        if form == "json":
            say_json({"story": story, "moment": moment, "report": report.to_dict()})
            return
        from remedy.reporting.text import generate_text

        look = page()
        say(_told(told, ending, moment, line, **look))
        say(generate_text(report, look_up=book.get, **look))
        say(_further(story, told, moment, moments, report, target, look["width"]))


def _keep(book: Any, target: Path) -> None:
    from remedy import casebook

    if target.exists():
        raise Problem(f"{target} exists already, and was left as it is. Choose another name.")
    with casebook.open(target, config=book.config) as kept:
        kept.configure(told_on=book.told_on)
        kept.record_many(book.records())


def _told(
    story: Story, ending: Continuation | None, moment: str | None, line: str, width: int,
    paint: Any = None,
) -> Iterator[str]:  # fmt: skip
    from remedy.reporting._paper import unpainted, wrapped

    paint = paint or unpainted
    yield paint(story.title, "title")
    yield ""
    yield from wrapped(story.summary, width)
    if ending is not None:
        yield ""
        yield from wrapped(f"And then: {ending.title}.", width)
    if moment is not None:
        yield ""
        yield from wrapped(f"{moment[0].upper()}{moment[1:]}: {line}", width)
    yield ""
    yield paint("What remedy says", "title")
    yield ""


def _further(
    name: str, story: Story, moment: str | None, moments: Any, report: Any, target: Path | None,
    width: int,
) -> Iterator[str]:  # fmt: skip
    from remedy.reporting._paper import wrapped

    yield ""
    command = "remedy demo" if name == _DEFAULT else f"remedy demo {name}"
    other = next((each for each in moments if each not in (moment, "now")), None)
    tips = []
    if report.findings:
        tips.append((f"remedy explain {report.findings[0].code}", "why that is asked"))
    if other is not None:
        tips.append((f'{command} --at "{other}"', "the same, earlier"))
    if "/" not in name:
        tips.extend(
            (f"remedy demo {story.name}/{each}", ending.title)
            for each, ending in story.continuations.items()
        )
    if target is None:
        tips.append((f"{command} --to story.db", "keep it, to try other commands on it"))
    else:
        tips.append((f"remedy check {target}", "the same from the file"))
        tips.append((f"remedy show {target} INC-1", "the case, day by day"))
    tips.append(("remedy stories", "the other stories"))
    room = max(len(tip) for tip, _ in tips if len(tip) <= width // 2)
    for tip, what in tips:
        if len(tip) > room:
            yield f"  {tip}"
            yield from wrapped(what, width, "      ")
        else:
            yield from wrapped(what, width, f"  {tip:<{room}}  ")


@click.command()
@format_option("text", "json")
def stories(form: str) -> None:
    """List the stories that `remedy demo` tells."""
    from remedy import examples

    found = [examples.story(name) for name in examples.names()]
    if form == "json":
        say_json(
            [
                {
                    "name": story.name,
                    "title": story.title,
                    "summary": story.summary,
                    "told_on": story.told_on.isoformat(),
                    "moments": list(story.moments),
                    "continuations": list(story.continuations),
                }
                for story in found
            ]
        )
        return
    say(_listed(found, **page()))


def _listed(found: list[Story], width: int, paint: Any = None) -> Iterator[str]:
    from remedy.reporting._paper import unpainted, wrapped

    paint = paint or unpainted
    for story in found:
        yield paint(story.name, "title")
        line = list(story.moments.values())[-1][1]
        yield from wrapped(f"{story.title}. {line}", width, "    ")
        for name, ending in story.continuations.items():
            yield from wrapped(f"{story.name}/{name}: {ending.title}", width, "    or ", "       ")
    yield ""
    yield "remedy demo NAME tells one of them."
