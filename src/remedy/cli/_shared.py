"""What all commands share: their casebook, their output, their errors."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from remedy.errors import CannotOpen, MisleadingId, RemedyError

if TYPE_CHECKING:
    from remedy.casebook import Casebook

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT = "remedy.db"
VARIABLE = "REMEDY_DB"

_WIDEST = 100
_STYLES: dict[str, dict[str, Any]] = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
    "info": {"fg": "cyan", "bold": True},
    "title": {"bold": True},
    "aside": {"dim": True},
    "id": {"fg": "cyan"},
}


class Problem(click.ClickException):
    """Bad use, or bad input: what is wrong goes to stderr, and the exit status is 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it, without anything that a terminal would obey."""
        from remedy.reporting._paper import visible, wrapped

        lines = list(map(visible, f"Error: {self.message}".splitlines()))
        if (file or sys.stderr).isatty():
            # A program that reads it gets each sentence on one line.
            lines = [
                part
                for line in lines
                for part in wrapped(line.lstrip(" "), _width(), _margin(line), 2 * _margin(line))
            ]
        click.echo("\n".join(lines), file=file, err=file is None)


def _margin(line: str) -> str:
    return " " * (len(line) - len(line.lstrip(" ")))


def _width() -> int:
    import shutil

    return min(shutil.get_terminal_size().columns, _WIDEST)


@contextlib.contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """Show warnings of ours as what they say, without the place in the code."""
    shown_by_python = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
        if issubclass(category, MisleadingId):
            from remedy.reporting._paper import visible

            click.echo(f"Note: {visible(str(message))}", err=True)
        else:
            shown_by_python(message, category, *rest, **more)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


class Commands(click.Group):
    """A group of commands that shows errors of ours without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        for stream in (sys.stdout, sys.stderr):
            # What another encoding than UTF-8 cannot say is replaced, and not a reason to fail.
            with contextlib.suppress(AttributeError, ValueError):
                stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        try:
            with _warnings_as_notes():
                return super().invoke(ctx)
        except RemedyError as error:
            notes = getattr(error, "__notes__", ())
            raise Problem("\n".join((str(error), *notes))) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            place = f"{error.filename}: " if error.filename else ""
            raise Problem(f"{place}{error.strerror or error}") from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order in which one meets them."""
        return list(self.commands)


# --- the casebook ---------------------------------------------------------------------------------


def casebook_argument(command: F) -> F:
    """Give a command the optional argument CASEBOOK."""
    return click.argument("casebook", required=False, type=click.Path(path_type=Path))(command)


def journal_option(command: F) -> F:
    """Give a command that writes the option --journal."""
    return click.option(
        "--journal",
        type=click.Choice(["delete", "wal", "wal-insist"]),
        help="How the file is protected while it is written; by default as it is.",
    )(command)


def open_casebook(
    given: Path | str | None, *, write: bool = False, journal: str | None = None
) -> Casebook:
    """Open the casebook that a command is about."""
    from remedy import casebook

    path = Path(given or os.environ.get(VARIABLE) or DEFAULT)
    try:
        return casebook.open(path, read_only=not write, create=False, journal=journal)
    except CannotOpen:
        if given is None and VARIABLE not in os.environ and not path.exists():
            raise Problem(
                f"There is no casebook here ({DEFAULT}). Name one as the first argument, or in "
                f"{VARIABLE}; or make one with: remedy init"
            ) from None
        raise


def known_at_option(command: F) -> F:
    """Give a command that reads the option --known-at."""
    return click.option(
        "--known-at", metavar="DATE", help="Only what was on record by then, by the history."
    )(command)


@contextlib.contextmanager
def open_as_known(given: Path | str | None, known_at: str | None) -> Iterator[Casebook]:
    """Open the casebook that a command is about, as it was on record at a time."""
    with open_casebook(given) as book:
        moment, _ = moment_given(known_at)
        if moment is None:
            yield book
        else:
            with book.known_at(moment) as then:
                yield then


def casebook_first(words: tuple[str, ...], usage: str) -> tuple[str | None, str]:
    """Return the casebook, if one is named, and the one word after it."""
    if len(words) > 2:
        raise click.UsageError(f"That are too many words. {usage}")
    return (None, words[0]) if len(words) == 1 else (words[0], words[1])


def customers_option(command: F) -> F:
    """Give a command whose output leaves the house the option --show-customers."""
    return click.option(
        "--show-customers",
        "show",
        is_flag=True,
        help="Name customers in what leaves the house; by default each gets another name there.",
    )(command)


# --- times ----------------------------------------------------------------------------------------

# A date, or a time, without a zone. Python takes any character for the one between the two, so that
# it would read 2026-03-02+01:00 as one o'clock.
_WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?\Z")


def moment_given(text: str | None) -> tuple[datetime | str | None, dict[str, str]]:
    """Return a moment as the library takes it, and a note where a zone had to be chosen.

    A date, or a time, without a zone is one of this machine's zone; a date counts to its end.
    """
    if text is None:
        return None, {}
    text = text.strip()
    found = _WITHOUT_ZONE.match(text)
    if not found:
        return text, {}
    try:
        naive = datetime.fromisoformat(text)
    except ValueError:
        return text, {}  # The library says what is wrong.
    if found[1] is None:
        moment = (naive + timedelta(days=1)).astimezone() - timedelta(microseconds=1)
    else:
        moment = naive.astimezone()
    return moment, {"as of": "in this machine's zone"}


# --- output ---------------------------------------------------------------------------------------


def format_option(*formats: str) -> Callable[[F], F]:
    """Give a command the option --format."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="In which form to answer.",
    )


def output_options(command: F) -> F:
    """Give a command the options -o and --force."""
    command = click.option(
        "--force", "--overwrite", "force", is_flag=True, help="Replace what is there already."
    )(command)
    return click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        help="Write to this file instead of the terminal.",
    )(command)


def coloured() -> bool:
    """Whether colours are wanted, and can be seen."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and sys.stdout.isatty()


def paint(text: str, what: str) -> str:
    """Give a piece of text its colours."""
    return click.style(text, **_STYLES[what])


def page(output: Path | None = None) -> dict[str, Any]:
    """Return how wide a text may be and how it is painted: arguments for what makes it."""
    if output is not None or not sys.stdout.isatty():
        return {"width": 80}
    return {"width": _width(), "paint": paint} if coloured() else {"width": _width()}


def say(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        click.echo(line)


def say_json(content: object) -> None:
    """Print JSON."""
    import json

    click.echo(json.dumps(content, ensure_ascii=False, indent=2))


def deliver(lines: Iterable[str], output: Path | None, *, force: bool) -> None:
    """Print lines, or write them to a file."""
    if output is None:
        say(lines)
        return
    from remedy.exports._files import write_lines

    write_lines(lines, output, overwrite=force)


@contextlib.contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """Show how far a long work is, on a terminal, on stderr; give what is told how far it is."""
    with click.progressbar(
        length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        yield lambda done: bar.update(done - bar.pos)
