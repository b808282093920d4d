"""`remedy show` and `remedy export`: a case to read, and records for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from remedy.cli._shared import (
    Problem,
    casebook_argument,
    casebook_first,
    customers_option,
    deliver,
    format_option,
    known_at_option,
    moment_given,
    open_as_known,
    output_options,
    page,
    say,
    say_json,
)

if TYPE_CHECKING:
    from datetime import datetime

    from remedy.records import Record
    from remedy.redaction import Redaction


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[CASEBOOK] ID")
@click.option("--as-of", metavar="DATE", help="Say what could be said by then.")
@known_at_option
@format_option("text", "json")
def show(words: tuple[str, ...], as_of: str | None, known_at: str | None, form: str) -> None:
    """Tell the case around a record: what happened when, who, and how it hangs together.

    ID is that of any record: an incident, a customer, a cause, an action.
    """
    given, id = casebook_first(words, "Write: remedy show CASEBOOK ID")
    moment, _ = moment_given(as_of)
    with open_as_known(given, known_at) as book, book.snapshot():
        report = book.check(around=id, as_of=moment)
        graph = book.graph(around=id, also=_named(report), as_of=report.as_of)
        _must_count(id, graph, report.as_of)
        from remedy.reporting import timeline, tree

        states = {each.id: str(each.state) for each in (*report.apologies, *report.promises)}
        if form == "json":
            say_json(_case(id, graph, report, timeline) | {"states": states})
            return
        from remedy.reporting._paper import visible, wrapped
        from remedy.reporting.text import generate_cases

        look = page()
        say([*wrapped(tree.summed_up(graph), look["width"]), ""])
        told = list(timeline.generate_timeline(graph, focus=(id,), **look))
        say([*told, ""] if told else ())
        say(tree.generate_tree(graph, id, states=states, **look))
        say([""])
        if report.findings:
            say(generate_cases(report, look_up=book.get, **look))
        elif not report.waived:
            say(["Nothing to say about it."])
        for each in report.waived:
            by = f" by {each.who}" if each.who else ""
            accepted = f"{each.code} is accepted until {each.until:%Y-%m-%d}{by}: {each.reason}"
            say(wrapped(visible(accepted), look["width"]))


def _named(report: Any) -> Iterable[str]:
    """Return what the findings of a case name: it may belong to another case."""
    return {id for finding in report.findings for id in (*finding.path, *finding.customers)}


def _case(id: str, graph: Any, report: Any, timeline: Any) -> dict[str, Any]:
    from remedy import to_dict

    return {
        "id": id,
        "as_of": report.as_of.isoformat(),
        "records": [to_dict(record) for _, record in graph.nodes(data="record")],
        "timeline": [moment.to_dict() for moment in timeline.moments_of(graph)],
        "links": [
            {"from": source, "kind": str(kind), "to": target}
            for source, target, kind in graph.edges(data="kind")
        ],
        "findings": [finding.to_dict() for finding in report.findings],
        "waived": report.to_dict()["waived"],
    }


_OF_GRAPHS = ("graphml", "mermaid", "dot")


@click.command()
@casebook_argument
@format_option("jsonl", "json", "csv", "graphml", "mermaid", "dot")
@click.option("--around", metavar="ID", help="Only the case around this record.")
@click.option(
    "--as-of",
    metavar="DATE",
    help="With graphml, mermaid and dot: only what had happened by then.",
)
@known_at_option
@click.option(
    "--table", metavar="NAME", help="With csv: one table alone, such as incident or customer."
)
@customers_option
@click.option(
    "--raw", is_flag=True, help="With csv: leave text that looks like a formula as it is."
)
@output_options
def export(
    *,
    casebook: Path | None,
    form: str,
    around: str | None,
    as_of: str | None,
    known_at: str | None,
    table: str | None,
    raw: bool,
    show: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Give out records and graphs for other programs.

    Customers get another name each, and their orders are left out, unless --show-customers is
    given: then json and jsonl are exact copies. csv is a folder of tables, or one of them with
    --table; text that a spreadsheet would take for a formula gets an apostrophe before it. graphml,
    mermaid and dot are graphs: for these name a case with --around, unless the casebook is small.
    A case is what `remedy show` tells of a record.
    """
    if (table or raw) and form != "csv":
        raise click.UsageError("--table and --raw go with --format csv.")
    if as_of is not None and form not in _OF_GRAPHS:
        raise click.UsageError(f"--as-of goes with --format {', '.join(_OF_GRAPHS)}.")
    if form == "csv" and table is None and output is None:
        raise click.UsageError(
            "csv makes a file for each table: name a folder with -o, or one table with --table."
        )
    with open_as_known(casebook, known_at) as book, book.snapshot():
        redaction = None if show else book.redaction()
        if form in _OF_GRAPHS:
            graph = _graph(book, around, moment_given(as_of)[0])
            if redaction is not None:
                graph = redaction.graph(graph)
                around = around if around in graph else redaction.name_of(around or "")
            deliver(_drawn(graph, form, around), output, force=force)
        elif form == "csv" and table is None:
            from remedy import exports

            assert output is not None
            output.mkdir(exist_ok=True)
            records = _records(book, around, redaction)
            written = exports.write_csv(records, output, guard=not raw, overwrite=force)
            say(str(path) for path in written)
        else:
            records = _records(book, around, redaction)
            deliver(_written(records, form, table, raw), output, force=force)


def _graph(book: Any, around: str | None, as_of: Any = None) -> Any:
    """Return the graph of a casebook, or of a case with all that is named in its findings."""
    if around is None:
        return book.graph(as_of=as_of)
    report = book.check(around=around, as_of=as_of)
    graph = book.graph(around=around, also=_named(report), as_of=as_of)
    _must_count(around, graph, report.as_of)
    return graph


def _must_count(id: str, graph: Any, as_of: datetime) -> None:
    if id not in graph:
        raise Problem(f"{id} was not on record by {as_of:%Y-%m-%d}.")


def _records(book: Any, around: str | None, redaction: Redaction | None) -> Iterable[Record]:
    found = _found(book, around)
    return found if redaction is None else redaction.records(found)


def _found(book: Any, around: str | None) -> Iterable[Record]:
    if around is None:
        found: Iterable[Record] = book.records()
        return found
    from remedy.records import Promise

    graph = _graph(book, around)
    # A promise is written with the apology that it was made in.
    return (
        record
        for _, record in sorted(graph.nodes(data="record"))
        if not (isinstance(record, Promise) and record.apology in graph)
    )


def _written(records: Iterable[Record], form: str, table: str | None, raw: bool) -> Iterator[str]:
    from remedy import exports

    if table is not None:
        return exports.generate_csv(records, table, guard=not raw)
    return exports.generate_json(records) if form == "json" else exports.generate_jsonl(records)


def _drawn(graph: Any, form: str, around: str | None) -> Iterator[str]:
    from remedy import exports

    if form == "graphml":
        return exports.generate_graphml(graph)
    drawn = exports.generate_mermaid if form == "mermaid" else exports.generate_dot
    return drawn(graph, focus=around or ())
