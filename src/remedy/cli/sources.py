"""`remedy import` and `remedy profile`: what comes from other systems."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from remedy._placing import beside, settle
from remedy.cli._shared import (
    DEFAULT,
    VARIABLE,
    Problem,
    format_option,
    journal_option,
    progress,
    say,
    say_json,
)
from remedy.errors import CasebookError

if TYPE_CHECKING:
    from remedy.sources import Imported, Inferred, Mapping, Question

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path, dir_okay=False)

# The questions that `remedy.sources.infer` may ask, each with an option that answers it.
_ANSWERS = {
    "source": "What the system is called that it comes from: the same for all its files.",
    "key": "The column that tells the rows apart.",
    "occurred": "The column that says when it happened.",
    "basis": "observed, or reported: whether that is when it happened, or when we heard of it.",
    "zone": "The time zone of times that do not say theirs: Europe/Vienna, -05:00, UTC.",
    "day_or_month": "day, month or swapped: what comes first in dates such as 04/05.",
    "customer": "The column that says whom it happened to, or none.",
    "signature": "What makes two incidents the same failure: columns ('Product + Issue'), or none.",
    "noticed_by": "customer, us or unknown.",
}


def _reading_options(command: F) -> F:
    command = click.option("--records", help="In a JSON file: the key of the list of rows.")(
        command
    )
    command = click.option("--delimiter", help="What parts the cells; by default a comma.")(command)
    return click.option("--encoding", help="How the text is encoded; by default utf-8.")(command)


def _answer_options(command: F) -> F:
    for name, what in reversed(_ANSWERS.items()):
        option = click.option(_flag(name), f"answer_{name}", metavar="ANSWER", help=what)
        command = option(command)
    return command


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


@click.command("import")
@click.argument("file", type=_FILE)
@click.option(
    "--to",
    "casebook",
    type=_FILE,
    help=f"The casebook; by default the one that {VARIABLE} names, else {DEFAULT}. It is made if "
    "it is not there.",
)
@click.option("--mapping", "mapping_path", type=_FILE, help="A TOML file: what becomes what.")
@click.option("--skip-bad", is_flag=True, help="Take the good rows, and keep the others in a file.")
@click.option("--rejects", type=_FILE, help="Where refused rows go; by default beside the file.")
@click.option("--yes", is_flag=True, help="Ask nothing that can be answered by a good guess.")
@click.option("--dry-run", is_flag=True, help="Show what the first rows become; write nothing.")
@_answer_options
@_reading_options
@format_option("text", "json")
@click.option("--force", is_flag=True, help="Replace a file of refused rows that is there already.")
@journal_option
def import_(
    *,
    file: Path,
    casebook: Path | None,
    mapping_path: Path | None,
    skip_bad: bool,
    rejects: Path | None,
    yes: bool,
    dry_run: bool,
    encoding: str | None,
    delimiter: str | None,
    records: str | None,
    form: str,
    force: bool,
    journal: str | None,
    **answers: str | None,
) -> None:
    """Take in tickets, complaints or a log: all of it, or nothing.

    FILE is CSV, JSON or JSON Lines, and may be packed (.gz). Without --mapping, what its columns
    become is guessed and shown; what cannot be known is asked, or given by the options below. The
    outcome is saved beside the file, as tickets.mapping.toml, and used from then on: correct it
    there. Importing the same file again changes nothing.
    """
    given = {
        name.removeprefix("answer_"): value for name, value in answers.items() if value is not None
    }
    target = casebook or Path(os.environ.get(VARIABLE) or DEFAULT)
    said = _reading_said(encoding, delimiter, records)
    mapping_path = mapping_path or _mapping_for(file)
    if mapping_path is not None:
        if given:
            raise click.UsageError(
                f"{_flag(min(given))} is for imports without a mapping, and {mapping_path} says "
                f"what becomes what. Correct it there; to be asked anew, move it away."
            )
        mapping = _loaded(mapping_path, said)
        _tell(f"What becomes what: {mapping_path}")
    else:
        from remedy.sources import Reading

        mapping = _inferred(file, Reading(**said), given, ask=not yes, form=form)
        if not dry_run:
            mapping_path = _beside(file)
            mapping.save(mapping_path, comment=f"What the columns of {file.name} become.")
            _tell(
                f"Saved as {mapping_path}: correct it there, and import again. Later files of "
                f"this system are imported by it too: --mapping {mapping_path}"
            )
    if dry_run:
        from remedy.sources import preview

        say(_harmless(str(preview(file, mapping))))
        return
    imported = _imported(
        file, mapping, target, skip_bad=skip_bad, rejects=rejects, force=force, journal=journal
    )
    if form == "json":
        say_json(imported.to_dict() | {"casebook": str(target)})
        return
    say(_harmless(str(imported)))
    if imported.rejects is not None:
        options = {"mapping": mapping_path, **said, "to": casebook, "journal": journal}
        words = ["remedy", "import", str(imported.rejects)]
        for name, each in options.items():
            words += [] if each is None else [_flag(name), str(each)]
        say(_harmless(f"When it is mended: {shlex.join(words)}"))
    at = "" if target == Path(DEFAULT) else f" {shlex.quote(str(target))}"
    say([f"Next: remedy check{at}"])


def _reading_said(
    encoding: str | None, delimiter: str | None, records: str | None
) -> dict[str, Any]:
    """Return what was said of how the file is read."""
    given = {"encoding": encoding, "delimiter": delimiter, "records": records}
    return {name: value for name, value in given.items() if value is not None}


def _loaded(path: Path, said: dict[str, Any]) -> Mapping:
    """Return a mapping, for a file that is read as was said, and otherwise as the mapping says."""
    import attrs

    from remedy.sources import load_mapping

    found = load_mapping(path)
    return attrs.evolve(found, read=attrs.evolve(found.read, **said))


def _beside(file: Path) -> Path:
    """Return where the mapping of a file is kept."""
    name = file.name.removesuffix(".gz")
    return file.with_name(f"{Path(name).stem}.mapping.toml")


def _mapping_for(file: Path) -> Path | None:
    """Return the mapping beside a file, or beside the one that its rows were refused from."""
    path = _beside(file)
    while not path.exists():
        stem = path.name.removesuffix(".mapping.toml")
        if not stem.endswith(".rejected"):
            return None
        path = path.with_name(f"{stem.removesuffix('.rejected')}.mapping.toml")
    return path


def _tell(line: str) -> None:
    """Say what is not the answer, but about it."""
    from remedy.reporting._paper import plain, wrapped

    for each in wrapped(plain(line), 80):
        click.echo(each, err=True)


def _harmless(text: str) -> Iterator[str]:
    from remedy.reporting._paper import visible

    return map(visible, text.splitlines())


# --- without a mapping ----------------------------------------------------------------------------


def _inferred(file: Path, reading: Any, given: dict[str, str], *, ask: bool, form: str) -> Mapping:
    from remedy.reporting._paper import wrapped
    from remedy.sources import infer

    inferred = infer(file, reading=reading).answered(given)
    guesses = {
        each.name: each.default
        for each in inferred.questions
        if each.default is not None and each.name not in given
    }
    shown = list(_harmless(str(inferred.answered(guesses))))
    if ask and sys.stdin.isatty() and sys.stderr.isatty():
        for line in takewhile(lambda line: not line.startswith("1. "), shown):
            click.echo(line, err=True)
        return _asked(inferred).mapping()
    if inferred.open:
        raise Problem("\n".join(_missing(inferred)))
    if form == "text":
        options = ", ".join(_flag(name) for name in guesses)
        say([*shown, ""])
        if guesses:
            told = f"These are guesses, where you said nothing: {options}."
            if "source" in guesses:
                told += (
                    f" All ids begin with {guesses['source']!r}, which has to be the same for all "
                    f"files of that system, and another one for other systems: --source."
                )
            say([*_harmless("\n".join(wrapped(told, 80))), ""])
    return inferred.mapping()


def _asked(inferred: Inferred) -> Inferred:
    from remedy.errors import BadMapping

    click.echo("Some questions. Return alone takes what stands in brackets.", err=True)
    for question in inferred.questions:
        while question.name not in inferred.answers:
            click.echo(err=True)
            for line in _harmless(str(question)):
                click.echo(line, err=True)
            answer = click.prompt(question.name, default=question.default, err=True)
            try:
                inferred = inferred.answered({question.name: answer.strip()})
            except BadMapping as error:
                _tell(f"{error}")
    return inferred


def _missing(inferred: Inferred) -> Iterator[str]:
    yield f"{inferred.source} does not say all that has to be known. Answer with these options:"
    for question in inferred.open:
        yield ""
        yield f"  {_flag(question.name)}  {question.text}"
        for choice in _choices(question):
            yield f"      {choice}"
    yield ""
    yield f"What can be guessed is shown by: remedy profile {inferred.source}"


def _choices(question: Question) -> Iterator[str]:
    room = max((len(each.answer) for each in question.choices), default=0)
    for each in question.choices:
        yield f"{each.answer:<{min(room, 30)}}  {each.meaning}"


# --- with one -------------------------------------------------------------------------------------

_STEPS = 1000


def _imported(
    file: Path,
    mapping: Mapping,
    target: Path,
    *,
    skip_bad: bool,
    rejects: Path | None,
    force: bool,
    journal: str | None,
) -> Imported:
    def into(path: Path, *, overwrite: bool) -> Imported:
        from remedy import casebook
        from remedy.config import Config
        from remedy.sources import import_file

        config = Config(signature=mapping.signature) if mapping.signature else Config()
        with (
            casebook.open(path, config=config, journal=journal) as book,
            progress(file.name, _STEPS) as advance,
        ):
            return import_file(
                book,
                file,
                mapping,
                on_error="collect" if skip_bad else "reject",
                rejects=rejects,
                overwrite_rejects=overwrite,
                progress=lambda _, share: advance(int((share or 0) * _STEPS)),
            )

    if target.exists() or str(target) == ":memory:":
        return into(target, overwrite=force)
    # In a file of its own, so that none is there if it fails; taking one away again could take
    # away what somebody else has written to it meanwhile.
    half = beside(target)
    try:
        imported = into(half, overwrite=force)
        with contextlib.suppress(FileExistsError):
            settle(half, target)
            return imported
    except CasebookError as error:
        raise type(error)(target, error.problem) from None
    finally:
        half.unlink(missing_ok=True)
    # Somebody made one meanwhile. The file of refused rows is there, and is the same again.
    return into(target, overwrite=True)


# --- profile --------------------------------------------------------------------------------------


@click.command()
@click.argument("file", type=_FILE)
@click.option("--mapping", "mapping_path", type=_FILE, help="A TOML file: what becomes what.")
@click.option(
    "--window",
    type=click.IntRange(min=1),
    metavar="DAYS",
    default=90,
    show_default=True,
    help="Within how many days a failure counts as back.",
)
@_reading_options
@format_option("text", "json")
def profile(
    *,
    file: Path,
    mapping_path: Path | None,
    window: int,
    encoding: str | None,
    delimiter: str | None,
    records: str | None,
    form: str,
) -> None:
    """Say what a file looks like, and what each signature would call a repeat.

    Nothing is written.
    """
    from remedy import sources

    said = _reading_said(encoding, delimiter, records)
    found = sources.profile(
        file,
        None if mapping_path is None else _loaded(mapping_path, said),
        reading=sources.Reading(**said),
        window_days=window,
    )
    if form == "json":
        say_json(found.to_dict())
        return
    say(_harmless(str(found)))
