"""`remedy history`, `verify`, `anchor` and `upgrade`: what was written, and whether it still is."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

import click

from remedy.cli._shared import (
    Problem,
    casebook_argument,
    casebook_first,
    format_option,
    journal_option,
    open_casebook,
    page,
    progress,
    say,
    say_json,
)


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[CASEBOOK] ID")
@format_option("text", "json")
def history(words: tuple[str, ...], form: str) -> None:
    """Tell all changes of a record: who made them, when, why, and what they were.

    ID is that of any record. Times are those of the clocks of who wrote, in this machine's zone.
    """
    given, id = casebook_first(words, "Write: remedy history CASEBOOK ID")
    with open_casebook(given) as book:
        changes = book.history(id)
    if form == "json":
        say_json([change.to_dict() for change in changes])
    else:
        from remedy.reporting.changes import generate_changes

        say(generate_changes(changes, **page()))


@click.command()
@casebook_argument
@format_option("text", "json")
def anchor(*, casebook: Path | None, form: str) -> None:
    """Print how long the history is, and the hash at its end.

    Keep it where whoever can change the casebook cannot change it: in a mail, a ticket, a printed
    report, a file on another machine (remedy anchor >> anchors.txt). remedy verify --anchors then
    shows whether the end of the history was cut off, or the history written anew.
    """
    with open_casebook(casebook) as book:
        found = book.anchor()
    if form == "json":
        say_json({"count": found.count, "head": found.head})
    else:
        say([str(found)])


@click.command()
@casebook_argument
@click.option("--anchor", "given", multiple=True, metavar="ANCHOR", help="An anchor that was kept.")
@click.option(
    "--anchors",
    "path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with anchors that were kept, one on a line.",
)
@click.option(
    "--history-only",
    is_flag=True,
    help="Look at the history alone, and do not compare the records with it.",
)
@format_option("text", "json")
@click.pass_context
def verify(
    context: click.Context,
    *,
    casebook: Path | None,
    given: tuple[str, ...],
    path: Path | None,
    history_only: bool,
    form: str,
) -> None:
    """Show whether the casebook says what was written, or was changed otherwise.

    Every entry of the history is looked at, whether it follows the one before, and whether what it
    says of each record is what it said when it was written; then whether the records on file are
    what the history says. The exit status is 1 if anything is wrong, and 2 if the command could not
    be carried out.
    """
    kept = [*given, *(_anchors(path) if path is not None else ())]
    with open_casebook(casebook) as book:
        try:
            with progress("Verifying", book.anchor().count) as done:
                found = book.verify(kept, records=not history_only, progress=done)
        except ValueError as error:
            raise Problem(str(error)) from None
    if form == "json":
        say_json(found.to_dict())
    else:
        say(_told(found, with_anchor=bool(kept)))
    context.exit(0 if found.is_right else 1)


def _anchors(path: Path) -> list[str]:
    try:
        told = path.read_bytes()
        # PowerShell writes what a command prints in UTF-16.
        form = "utf-16" if told.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
        return [line.strip() for line in told.decode(form).splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(
            f"{path} holds no anchors: it cannot be read as text ({error}). Name the file that "
            "remedy anchor >> FILE writes."
        ) from None


def _told(found: object, *, with_anchor: bool) -> list[str]:
    from remedy.reporting._paper import counted, visible, wrapped
    from remedy.verifying import Verified

    assert isinstance(found, Verified)
    width = page()["width"]
    lines: list[str] = []
    for problem in found.problems:
        lines += wrapped(visible(f"{problem[0].upper()}{problem[1:]}"), width, "", "  ")
    what = [
        f"{counted(found.entries, 'entry', 'entries')} of the history",
        f"{counted(found.bodies, 'change')} of records in them",
    ]
    if found.erased:
        what.append(f"{found.erased:,} more that were erased")
    if found.records is not None:
        what.append(f"{counted(found.records, 'record')} on file")
    told = f"{', '.join(what[:-1])} and {what[-1]}"
    if found.is_right:
        lines += wrapped(f"{told} are as they were written.", width)
        if not with_anchor:
            lines += wrapped(
                "That nothing was cut off at the end only an anchor can show that was kept "
                "elsewhere (--anchor). This is the one of now:",
                width,
            )
        lines.append(str(found.head))
        if with_anchor and found.erasures:
            times = "once" if found.erasures == 1 else f"{found.erasures:,} times"
            lines += wrapped(
                f"Since the last of these anchors something was erased {times}. An erasure puts "
                "other values in the place of what the history held: see that each was meant.",
                width,
            )
    else:
        lines += ["", *wrapped(f"Apart from that, {told} are as they were written.", width)]
        lines += wrapped(
            "Somebody, or some program other than remedy, has changed the file; or the disk has. "
            "Compare it with a backup from before.",
            width,
        )
    return lines


@click.command()
@casebook_argument
@journal_option
def upgrade(*, casebook: Path | None, journal: str | None) -> None:
    """Bring a casebook of an older version of remedy over to this one.

    Whatever writes to a casebook does so, too. Older versions cannot open it any more. If it cannot
    be done, the file stays as it was.
    """
    from remedy.reporting._paper import visible, wrapped

    with open_casebook(casebook, write=True, journal=journal) as book:
        told = f"{book.path} is of this version, with {book.anchor().count:,} entries of history."
        say(wrapped(visible(told), page()["width"]))
