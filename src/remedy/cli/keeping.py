"""`remedy doctor`, `backup` and `erase`: keeping a file, and keeping people out of it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from remedy.cli._shared import (
    DEFAULT,
    VARIABLE,
    Problem,
    casebook_argument,
    casebook_first,
    format_option,
    journal_option,
    open_casebook,
    page,
    paint,
    progress,
    say,
    say_json,
)


@click.command()
@casebook_argument
@format_option("text", "json")
@click.pass_context
def doctor(context: click.Context, *, casebook: Path | None, form: str) -> None:
    """Say what is wrong with a file, and what to do; nothing of it is changed.

    For a file that cannot be opened, or that somebody sent. The exit status is 1 if anything is
    wrong.
    """
    from remedy import diagnose
    from remedy.reporting._paper import visible, wrapped

    path = Path(casebook or os.environ.get(VARIABLE) or DEFAULT)
    found = diagnose(path)
    if form == "json":
        say_json(found.to_dict())
        context.exit(0 if found.is_sound else 1)
    look = page()
    styles = {"right": "aside", "note": "warning", "wrong": "error"}
    for each in found.symptoms:
        label = f"{each.health:<7}"
        told = f"{each.told[0].upper()}{each.told[1:]}"
        for number, line in enumerate(wrapped(visible(told), look["width"] - 7)):
            head = label if number == 0 else " " * 7
            say([(paint(head, styles[each.health]) if "paint" in look else head) + line])
        if each.advice:
            say(wrapped(visible(each.advice), look["width"], "       → "))
    context.exit(0 if found.is_sound else 1)


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[CASEBOOK] COPY")
@click.pass_context
def backup(context: click.Context, *, words: tuple[str, ...]) -> None:
    """Copy a casebook to a new file, and verify the copy, while others write.

    COPY is seen when it is whole. A file that is there is not written over. The exit status is 1 if
    what was copied is not what was written.
    """
    given, to = casebook_first(words, "Write: remedy backup CASEBOOK COPY")
    with open_casebook(given) as book, progress("Verifying", book.anchor().count) as done:
        found = book.backup(to, progress=done)
    from remedy.reporting._paper import counted, visible, wrapped

    width = page()["width"]
    for problem in found.problems:
        say(wrapped(visible(f"{problem[0].upper()}{problem[1:]}"), width, "", "  "))
    told = (
        f"{visible(to)} holds {counted(found.records or 0, 'record')} and "
        f"{counted(found.entries, 'entry', 'entries')} of history"
    )
    if found.is_right:
        say([*wrapped(f"{told}, as they were written. Its anchor:", width), str(found.head)])
    else:
        say(wrapped(f"{told}. What is wrong in it is wrong in the casebook: remedy doctor", width))
    context.exit(0 if found.is_right else 1)


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[CASEBOOK] CUSTOMER")
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why: this stays on record, without the name."
)
@click.option("--yes", is_flag=True, help="Do not ask before.")
@journal_option
@format_option("text", "json")
def erase(
    *, words: tuple[str, ...], reason: str, yes: bool, journal: str | None, form: str
) -> None:
    """Erase who a customer is, from the records, the history and the file.

    What happened to them stays, as what happened to a customer without a name. Their name, ids and
    orders are gone, and what texts say of them; and the next import does not bring them back. It
    cannot be undone, but from a backup.
    """
    given, id = casebook_first(words, "Write: remedy erase CASEBOOK CUSTOMER --reason TEXT")
    from remedy.reporting._paper import counted, visible, wrapped

    with open_casebook(given, write=True, journal=journal) as book:
        book.get(id)
        if not yes:
            size = Path(str(book.path)).stat().st_size / 1e6
            question = (
                f"Erase who {visible(id)} is from {visible(str(book.path))}? It cannot be undone, "
                f"and takes {2 * size:,.1f} MB of room beside the file while it lasts."
            )
            if not click.confirm(question, err=True):
                raise Problem("Nothing was erased.")
        found = book.erase_customer(id, reason=reason)
    if form == "json":
        say_json(found.to_dict())
        return
    width = page()["width"]
    told = (
        f"They are {found.customer} from now on. {counted(found.records, 'record')} and "
        f"{counted(found.changes, 'change')} in the history no longer say who they are."
    )
    say(wrapped(told, width))
    if not found.compacted:
        say(
            wrapped(
                "The file could not be written anew, since somebody was reading, or the disk is "
                "full: between its rows traces may be left until it is. Then run: remedy compact",
                width,
            )
        )
    say(["", "Out of reach from here are:"])
    for each in found.out_of_reach:
        say(wrapped(f"{each}.", width, "  - "))


@click.command()
@casebook_argument
@journal_option
def compact(*, casebook: Path | None, journal: str | None) -> None:
    """Write a casebook anew, so that nothing is left in it of what was erased or deleted."""
    from remedy.reporting._paper import visible, wrapped

    with open_casebook(casebook, write=True, journal=journal) as book:
        before = Path(str(book.path)).stat().st_size
        book.compact()
        after = Path(str(book.path)).stat().st_size
        told = f"{book.path} takes {after / 1e6:,.1f} MB; it took {before / 1e6:,.1f}."
        say(wrapped(visible(told), page()["width"]))
