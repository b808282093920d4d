"""`remedy demo` and `remedy stories`: real cases that come with the library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from remedy.cli._shared import Problem, format_option, page, say, say_json

if TYPE_CHECKING:
    from remedy.casebook import Casebook
    from remedy.examples import Continuation, Story
    from remedy.examples._story import Moments
    from remedy.reporting import Report
    from remedy.reporting._paper import Paint

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
    telling = _Telling(story, told, ending, moment)
    if moment is not None and moment not in telling.moments:
        listed = ", ".join(repr(each) for each in telling.moments)
        raise Problem(f"{story} has no moment {moment!r}. Its moments are: {listed}.")
    with examples.load(name, continuation or None) as book:
        report = book.check(as_of=telling.moments[moment][0] if moment else None)
        if target is not None:
            _keep(book, target)
        if form == "json":
            say_json({"story": story, "moment": moment, "report": report.to_dict()})
            return
        from remedy.reporting.text import generate_text

        look = page()
        say(_told(telling, **look))
        say(generate_text(report, look_up=book.get, **look))
        say(_further(telling, report, target, look["width"]))


class _Telling(NamedTuple):
    name: str
    story: Story
    ending: Continuation | None
    moment: str | None

    @property
    def moments(self) -> Moments:
        return (self.ending or self.story).moments


def _keep(book: Casebook, target: Path) -> None:
    from remedy import casebook

    if target.exists():
        raise Problem(f"{target} exists already, and was left as it is. Choose another name.")
    with casebook.open(target, config=book.config) as kept:
        kept.configure(told_on=book.told_on)
        kept.record_many(book.records())


def _told(telling: _Telling, width: int, paint: Paint | None = None) -> Iterator[str]:
    from remedy.reporting._paper import unpainted, wrapped

    paint = paint or unpainted
    yield paint(telling.story.title, "title")
    yield ""
    yield from wrapped(telling.story.summary, width)
    if telling.ending is not None:
        yield ""
        yield from wrapped(f"And then: {telling.ending.title}.", width)
    if telling.moment is not None:
        line = telling.moments[telling.moment][1]
        yield ""
        yield from wrapped(f"{telling.moment[0].upper()}{telling.moment[1:]}: {line}", width)
    yield ""
    yield paint("What remedy says", "title")
    yield ""


def _further(telling: _Telling, report: Report, target: Path | None, width: int) -> Iterator[str]:
    from remedy.reporting._paper import wrapped

    yield ""
    tips = list(_tips(telling, report, target))
    room = max(len(tip) for tip, _ in tips if len(tip) <= width // 2)
    for tip, what in tips:
        if len(tip) > room:
            yield f"  {tip}"
            yield from wrapped(what, width, "      ")
        else:
            yield from wrapped(what, width, f"  {tip:<{room}}  ")


def _tips(telling: _Telling, report: Report, target: Path | None) -> Iterator[tuple[str, str]]:
    command = "remedy demo" if telling.name == _DEFAULT else f"remedy demo {telling.name}"
    if report.findings:
        yield f"remedy explain {report.findings[0].code}", "why that is asked"
    others = [moment for moment in telling.moments if moment not in (telling.moment, "now")]
    if others:
        yield f'{command} --at "{others[0]}"', "the same, at another moment"
    if telling.ending is None:
        for name, ending in telling.story.continuations.items():
            yield f"remedy demo {telling.story.name}/{name}", ending.title
    if target is None:
        yield f"{command} --to story.db", "keep it, to try other commands on it"
    else:
        yield f"remedy check {target}", "the same from the file"
        yield f"remedy show {target} INC-1", "the case, day by day"
    yield "remedy stories", "the other stories"


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


def _listed(found: list[Story], width: int, paint: Paint | None = None) -> Iterator[str]:
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
