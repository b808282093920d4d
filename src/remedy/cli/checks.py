"""`remedy check`, and what is accepted of what it says: `baseline` and `waive`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from remedy.cli._shared import (
    Problem,
    casebook_argument,
    customers_option,
    deliver,
    format_option,
    journal_option,
    known_at_option,
    moment_given,
    open_as_known,
    open_casebook,
    output_options,
    page,
    say,
    say_json,
)
from remedy.cli.rules import extra_rules, rules_option

if TYPE_CHECKING:
    from remedy.casebook import Casebook
    from remedy.findings import Finding
    from remedy.records import Record
    from remedy.reporting import Report

F = TypeVar("F", bound=Callable[..., Any])

_CODE = re.compile(r"[A-Za-z]{1,8}[0-9]{1,4}\Z")
_LISTED = 10


def _how_options(command: F) -> F:
    command = rules_option(command)
    command = click.option(
        "--profile",
        type=click.Choice(["tickets", "register", "capa"]),
        help="How much to assess; by default, what is on record says it.",
    )(command)
    return click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Settings: a remedy.toml, or a pyproject.toml with [tool.remedy]. By default, the one "
        "in this folder.",
    )(command)


def _run(
    book: Casebook,
    config_path: Path | None,
    modules: tuple[str, ...],
    profile: str | None,
    **options: Any,
) -> tuple[Report, dict[str, str]]:
    """Check a casebook, and return the report and what to say about how it came about."""
    from remedy.config import find_config, load_config

    notes = {}
    path = config_path or find_config(Path.cwd())
    config = None
    if path is not None:
        config = load_config(path, book.config)
        notes["settings"] = path.name if config_path is None else str(path)
    if options.get("as_of") is None:
        told_on = book.told_on
        options["as_of"] = told_on or datetime.now().astimezone()
        if told_on is not None:
            notes["as of"] = "when this casebook is told"
    report = book.check(rules=extra_rules(modules), profile=profile, config=config, **options)
    return report, notes


def _codes(given: tuple[str, ...]) -> list[str]:
    return [part.strip().upper() for each in given for part in each.split(",") if part.strip()]


@click.command()
@casebook_argument
@click.option("--as-of", metavar="DATE", help="What had happened by then; by default, by now.")
@known_at_option
@click.option("--around", metavar="ID", help="Only the case around this record.")
@click.option("--select", multiple=True, metavar="CODES", help="Only these rules: A,R20")
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these rules: A122,F4")
@_how_options
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    default="warning",
    show_default=True,
    help="From which severity on the exit status is 1.",
)
@format_option("text", "json", "markdown")
@click.option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    default=10,
    show_default=True,
    help="How many findings of each rule to show. (json has all.)",
)
@click.option("--all", "old", is_flag=True, help="Show what stands in the baseline, too.")
@click.option(
    "--standings",
    is_flag=True,
    help="With json: name all apologies and promises, and what stands behind each.",
)
@customers_option
@output_options
@click.pass_context
def check(
    context: click.Context,
    *,
    casebook: Path | None,
    as_of: str | None,
    known_at: str | None,
    around: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    config_path: Path | None,
    modules: tuple[str, ...],
    profile: str | None,
    fail_on: str,
    form: str,
    top: int,
    old: bool,
    standings: bool,
    show: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Ask which failures came back, and which apologies have nothing behind them.

    Nothing is written to the casebook. The exit status is 0 if there is nothing as grave as
    --fail-on, 1 if there is, and 2 if the command could not be carried out. What stands in the
    baseline does not count, unless it has become worse since.

    In a file, and as json or markdown, customers get another name each, unless --show-customers is
    given.
    """
    if standings and form != "json":
        raise click.UsageError("--standings goes with --format json.")
    moment, notes = moment_given(as_of)
    with open_as_known(casebook, known_at) as book:
        report, more = _run(
            book, config_path, modules, profile,
            as_of=moment or moment_given(known_at)[0], around=around,
            select=_codes(select), ignore=_codes(ignore),
        )  # fmt: skip
        notes |= more
        shown: Report = report
        look_up: Callable[[str], Record] = book.get
        if (form != "text" or output is not None) and not show:
            # What is shown in a terminal stays in the house.
            shown, look_up = _for_others(report, book)
        if form == "json":
            lines: Iterator[str] = iter([shown.to_json(standings=standings)])
        elif form == "markdown":
            from remedy.reporting.markdown import generate_markdown

            lines = generate_markdown(shown, top=top, old=old, look_up=look_up, notes=notes)
        else:
            from remedy.reporting.text import generate_text

            lines = generate_text(
                shown, top=top, old=old, look_up=look_up, notes=notes, **page(output)
            )
        deliver(lines, output, force=force)
    if output is not None:
        from remedy.reporting._digest import counts_words

        click.echo(f"{counts_words(report, old=old)} → {output}", err=True)
    elif form == "text" and report.findings and sys.stdout.isatty():
        say(_hints(report, casebook))
    if fail_on != "never" and report.fails(fail_on):
        context.exit(1)


def _for_others(report: Report, book: Casebook) -> tuple[Report, Callable[[str], Record]]:
    """Return a report, and what looks up its records, without customers."""
    redaction = book.redaction()
    return report.redacted(redaction), lambda id: redaction.record(book.get(id))


def _hints(report: Report, casebook: Path | None) -> list[str]:
    first = report.findings[0]
    at = "" if casebook is None else f"{casebook} "
    hints = ["", f"remedy explain {first.code} says why; "]
    if first.path:
        hints[-1] += f"remedy show {at}{first.path[0]} tells the case."
    return [hints[0], hints[1].removesuffix("; ")]


# --- baseline -------------------------------------------------------------------------------------


@click.command()
@casebook_argument
@click.option("--show", "look", is_flag=True, help="Say how much of it is left; write nothing.")
@click.option("--clear", is_flag=True, help="Take everything out of it.")
@_how_options
@journal_option
@format_option("text", "json")
def baseline(
    *,
    casebook: Path | None,
    look: bool,
    clear: bool,
    config_path: Path | None,
    modules: tuple[str, ...],
    profile: str | None,
    journal: str | None,
    form: str,
) -> None:
    """Accept what is there today, so that from now on only what is new or worse counts.

    Worse is a graver finding on the same matter, or one more incident in a finding that brings
    incidents together. Run again, it takes out what is gone, and accepts what has come in addition.
    """
    if look and clear:
        raise click.UsageError("--show or --clear, not both.")
    with open_casebook(casebook, write=not look, journal=journal) as book:
        if clear:
            number = book.clear_baseline()
            if form == "json":
                say_json({"cleared": number})
            else:
                say([f"The baseline is empty now ({number:,} taken out): all findings count."])
            return
        report, _ = _run(book, config_path, modules, profile)
        if look:
            _show_baseline(book, report, form)
            return
        new, gone = book.set_baseline(report)
        total = len(book.baseline())
    if form == "json":
        say_json({"baseline": total, "new": new, "gone": gone})
        return
    from remedy.reporting._paper import counted, wrapped

    told = f"The baseline holds {counted(total, 'finding')}: {new:,} new, {gone:,} taken out."
    more = "From now on only what is new or worse counts for the exit status of remedy check."
    say(wrapped(f"{told} {more}", page()["width"]))


def _show_baseline(book: Casebook, report: Report, form: str) -> None:
    held = book.baseline()
    states = report.baseline.states
    new = len(report.new)
    codes: dict[str, dict[str, int]] = {}
    for key, (code, _) in held.items():
        numbers = codes.setdefault(code, dict.fromkeys(map(str, report.baseline.counts()), 0))
        numbers[states[key]] += 1
    since = min((moment for _, moment in held.values()), default=None)
    if form == "json":
        say_json(
            {
                "baseline": len(held),
                "since": None if since is None else since.isoformat(),
                **_as_json(report.baseline.counts()),
                "new": new,
                "codes": {
                    code: {"baseline": sum(numbers.values()), **_as_json(numbers)}
                    for code, numbers in codes.items()
                },
            }
        )
    elif since is None:
        say(["There is no baseline: all findings count. remedy baseline sets one."])
    else:
        say(_burn_down(codes, since, new, page()["width"]))


def _as_json(numbers: Mapping[Any, int]) -> dict[str, int]:
    return {state.replace(" ", "_"): number for state, number in numbers.items()}


def _burn_down(
    codes: Mapping[str, Mapping[str, int]], since: datetime, new: int, width: int
) -> Iterator[str]:
    from remedy.reporting._digest import is_are, name_of
    from remedy.reporting._paper import counted, cut, wrapped

    total = sum(sum(numbers.values()) for numbers in codes.values())
    left = sum(numbers["left"] for numbers in codes.values())
    yield f"{left:,} of {counted(total, 'finding')} are left of the baseline of {since:%Y-%m-%d}."
    yield f"{is_are(new, 'new or worse')} since."
    yield ""
    for code in sorted(codes):
        numbers = codes[code]
        others = ", ".join(
            f"{number:,} {state}" for state, number in numbers.items() if number and state != "left"
        )
        row = f"  {code:<5}  {numbers['left']:>7,} of {sum(numbers.values()):>7,}  "
        yield row + cut(name_of(code), width - len(row))
        if others:
            yield from wrapped(others, width, " " * len(row))


# --- waive ----------------------------------------------------------------------------------------


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[CASEBOOK] FINDING")
@click.option("--reason", required=True, help="Why it is accepted. It stays on record.")
@click.option("--until", required=True, metavar="DATE", help="Until when.")
@click.option("--who", help="Who accepts it; by default, the user of this machine.")
@_how_options
@journal_option
@format_option("text", "json")
def waive(
    *,
    words: tuple[str, ...],
    reason: str,
    until: str,
    who: str | None,
    config_path: Path | None,
    modules: tuple[str, ...],
    profile: str | None,
    journal: str | None,
    form: str,
) -> None:
    """Accept one finding, with a reason and an end date.

    FINDING is its key (--format json has the keys), the beginning of one, or what it is about and
    its code: INC-1 A110. The waiver is a record. A graver finding on the same matter is shown
    again; and so is one that brings incidents together (R201, R202), once another one is added.
    """
    given, wanted = _finding_named(words)
    with open_casebook(given, write=True, journal=journal) as book:
        from remedy.records import Waiver

        report, _ = _run(book, config_path, modules, profile)
        finding = _the_one(report, wanted)
        end, _ = moment_given(until)
        assert end is not None
        waiver = Waiver(
            finding=finding.key,
            code=finding.code,
            reason=reason,
            made=report.as_of,
            until=end,
            who=who or book.actor,
        )
        if waiver.until <= report.as_of:
            raise Problem(f"--until {until} is over already: the waiver would say nothing.")
        book.record(waiver)
    if form == "json":
        from remedy import to_dict

        say_json(to_dict(waiver))
        return
    from remedy.reporting._digest import as_of_words
    from remedy.reporting._paper import plain, wrapped

    told = f"{finding.code} on {_about(finding)} is accepted until {as_of_words(waiver.until)}"
    say(wrapped(plain(f"{told}, by {waiver.who}: {reason}"), page()["width"]))


def _finding_named(words: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Return the casebook, if one is named, and the words that name a finding."""
    match words:
        case (one,):
            return None, tuple(one.split())
        case (first, second) if not (_CODE.match(second) and not Path(first).exists()):
            return first, tuple(second.split())
        case (first, second):
            return None, (first, second)
        case (first, second, third):
            return first, (second, third)
        case _:
            raise click.UsageError("That are too many words. Write: remedy waive CASEBOOK KEY")


def _the_one(report: Report, wanted: tuple[str, ...]) -> Finding:
    found = [finding for finding in report.findings if _is_named(finding, wanted)]
    if len(found) == 1:
        return found[0]
    told = " ".join(wanted)
    if not found:
        for waived in report.waived:
            if waived.key.startswith(told):
                raise Problem(
                    f"{waived.key} is accepted already, until {waived.until:%Y-%m-%d} "
                    f"({waived.reason})."
                )
        raise Problem(
            f"There is no finding {told!r}. remedy check --format json has the keys of all."
        )
    exact = [finding for finding in found if finding.key == told]
    if exact:
        return exact[0]
    listed = [f"  {each.code} on {_about(each)}: {each.key}" for each in found[:_LISTED]]
    if len(found) > _LISTED:
        listed.append(f"  and {len(found) - _LISTED:,} more")
    raise Problem("\n".join((f"{told!r} could be any of {len(found):,} findings:", *listed)))


def _is_named(finding: Finding, wanted: tuple[str, ...]) -> bool:
    if finding.key.startswith(" ".join(wanted)):
        return True
    *subject, code = wanted
    if not subject:
        return False
    about = (finding.subject, _about(finding), *finding.customers, *finding.incidents)
    return finding.code == code.upper() and " ".join(subject) in about


def _about(finding: Finding) -> str:
    from remedy.reporting._digest import failure_words

    return failure_words(finding.subject) if finding.subject_kind == "failure" else finding.subject
