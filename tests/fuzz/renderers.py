"""Targets for what is written for people: reports, trees, histories, texts without customers."""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata
from functools import cache
from typing import Any

import attrs
from hypothesis import strategies as st

from remedy import Customer, Incident, Record, Rule
from remedy._naming import Names
from remedy.checking import CheckResult
from remedy.exports import generate_jsonl
from remedy.findings import Findings
from remedy.graph import graph_of
from remedy.history import Change
from remedy.reporting import Report, _paper
from remedy.reporting.changes import generate_changes
from remedy.reporting.markdown import escaped, generate_markdown
from remedy.reporting.text import generate_cases, generate_text
from remedy.reporting.timeline import generate_timeline, moments_of
from remedy.reporting.tree import generate_tree, summed_up
from remedy.sources import _layout
from remedy.sources._toml import document
from tests.fuzz import books
from tests.fuzz.exporters import some_records
from tests.fuzz.target import (
    Target,
    check_page,
    check_printable,
    columns_of,
    drawn_seeds,
    parts_of,
    refusing,
    small,
    structured,
    text_of,
)
from tests.strategies import GROUND, json_values, moments, names, texts

try:
    from markdown_it import MarkdownIt
except ImportError:  # What it reads is looked at without it, too.
    MarkdownIt = None

NARROWEST = 46
"""How wide a page has to be for what stands before the text."""

widths = st.integers(NARROWEST, 120)

# --- paper ----------------------------------------------------------------------------------------


def papers(data: bytes) -> None:
    """Lines: a width, what stands before, and a text."""
    width, first, text = parts_of(data, 3)
    columns, first = small(width, 1, 200, 40), _paper.plain(first)[:8]
    shown = _paper.plain(text)
    assert "\n" not in shown
    assert all(each.isprintable() or each in "\u200c\u200d" for each in shown)
    assert columns_of(_paper.cut(shown, columns)) <= columns
    assert columns_of(_paper.padded(shown, columns)) >= columns
    lines = list(_paper.wrapped(shown, columns, first))
    check_page(lines, max(columns, columns_of(first) + 8))
    margin = columns_of(first)
    told = lines[0][len(first) :] + "".join(line[margin:] for line in lines[1:])
    assert told.replace(" ", "") == shown.replace(" ", "")
    one = _layout.one_line(text)
    check_page([one], columns_of(one))
    assert len(_layout.table(["a", "b"], [[text, first]], width=max(columns, 20))) == 3
    read = _toml(text)
    assert read == {"records": {}, text: [text, {text: text}]} or read is None


def _toml(text: str) -> Any:
    import tomllib

    with contextlib.suppress(UnicodeEncodeError):
        text.encode()
        if text and text != "records":
            return tomllib.loads(document({text: [text, {text: text}]})) | {"records": {}}
    return None


# --- Markdown -------------------------------------------------------------------------------------

_TEXT_TOKENS = {"text", "text_special", "softbreak", "hardbreak"}
# Of ours: headings, lists, a table, weight, and the anchor.
_OUR_TOKENS = {
    *("heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline"),
    *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"),
    *("table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close"),
    *("tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close"),
}


def marked_up(data: bytes) -> None:
    """A text in a paragraph, a list, a heading and a table stays a text."""
    text = text_of(data)
    shown = escaped(text)
    assert "\n" not in shown
    check_printable(shown)
    # Nothing that a site makes a link of by itself.
    plain = re.sub(r"\\(.)", r"\1", shown)
    assert not re.search(r"[@#]\w|://|\bwww\.", plain), plain
    if MarkdownIt is None or not shown.strip():
        return
    for line in (f"- {shown}", f"### {shown}", f"INC-1: {shown}", f"| {shown} | x |\n|---|---|"):
        _check_tokens(
            MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(line), set()
        )


def _check_tokens(tokens: list[Any], ours: set[str]) -> None:
    for token in tokens:
        assert token.type in _OUR_TOKENS, token
        for inner in token.children or ():
            assert inner.type in _TEXT_TOKENS | ours, inner


# --- reports --------------------------------------------------------------------------------------

_KINDS = ("incident", "promise", "customer", "failure", "cause", "action", "casebook")
_RESULTS: list[CheckResult] = []


@cache
def _result() -> CheckResult:
    """Return what a check of a story found, in which other findings are put."""
    return books.story().check()._result


ids = st.one_of(names, st.sampled_from(["INC-1", "C-17", "APO-1", "PRO-1"]))
cells = st.one_of(st.none(), texts, ids, st.integers(-(2**62), 2**62), st.just(1))
written_rules = st.builds(
    Rule,
    st.sampled_from(["X001", "A110", "Z9"]),
    st.just("SELECT id AS subject FROM focus"),
    name=texts | st.just(""),
    severity=st.sampled_from(["error", "warning", "info"]),
    subject=st.sampled_from(_KINDS),
    message=texts | st.just("{subject}: {other} {customer} {failure_told} {when_at} {who}"),
    advice=texts | st.just(""),
)
found = st.lists(
    st.tuples(
        written_rules, st.lists(st.tuples(ids, cells, cells, cells, cells), min_size=1, max_size=3)
    ),
    max_size=3,
)
_COLUMNS = ("subject", "other", "customer", "failure", "quoted")
_MOMENT_COLUMNS = ("subject", "when_at", "zone", "promise", "account")


def _findings(told: list[Any]) -> Findings:
    rules = [rule for rule, _ in told]
    columns = [_COLUMNS if place % 2 else _MOMENT_COLUMNS for place in range(len(rules))]
    lines = []
    for place, (_, rows) in enumerate(told):
        for number, row in enumerate(rows):
            row = _fitting(columns[place], row)
            lines.append((f"X:{place}:{number}", number % 3, place, row[0], (), ((place, row),)))
    lines.sort(key=lambda line: line[1])
    return Findings(rules, columns, lines, {}, _result().as_of.tzinfo)


def _fitting(columns: tuple[str, ...], row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row with a text where the casebook itself would hold one or nothing."""
    plain = ("customer", "failure", "account", "zone")
    return tuple(
        None
        if name in plain and not isinstance(each, str)
        else min(max(each, -(2**55)), 2**57)
        if name == "when_at" and isinstance(each, int)
        else each
        for name, each in zip(columns, row, strict=True)
    )


def reports(given: tuple[Any, int, list[Record], int, bool]) -> None:
    """Findings of any words about records of any kind, on pages of any width."""
    told, width, about, top, old = given
    result = attrs.evolve(_result(), findings=_findings(told))
    report = Report(result)
    on_file = {record.id: record for record in about}

    def look_up(id: str) -> Record:
        return on_file[id] if id in on_file else books.story().get(id)

    options: dict[str, Any] = {"top": top, "old": old, "look_up": look_up}
    notes = {"settings": about[0].id}
    check_page(generate_text(report, width=width, notes=notes, **options), max(width, NARROWEST))
    cases = generate_cases(report, width=width, top=top, look_up=look_up)
    check_page(cases, max(width, NARROWEST))
    markdown = list(generate_markdown(report, notes=notes, **options))
    for line in markdown:
        assert "\n" not in line
        check_printable(line)
    if MarkdownIt is not None:
        parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
        ours = {"strong_open", "strong_close", "code_inline"}
        _check_tokens(parser.parse("\n".join(markdown)), ours)
    json.loads(report.to_json(standings=True))


# --- cases ----------------------------------------------------------------------------------------


def cases(given: tuple[list[Record], int]) -> None:
    """The case of a record as a tree, and as what happened one after another."""
    about, width = given
    graph = graph_of([*GROUND, *about])
    # Ids are not cut, nor what ties them: "brought about by action ACT-1 (see above)".
    room = max(map(columns_of, graph)) + 36
    check_page(generate_timeline(graph, focus={about[0].id}, width=width), max(width, room))
    for moment in moments_of(graph):
        json.dumps(moment.to_dict())
    check_printable(summed_up(graph))
    for record in about:
        for line in generate_tree(graph, record.id, width=width):
            margin = len(line) - len(line.lstrip("│├└─ "))
            check_page([line], max(width, margin + room))


_FIELD = st.from_regex(r"\A[a-z]{1,9}\Z")
_PLAIN = st.none() | texts | json_values
changes = st.lists(
    st.builds(
        Change,
        seq=st.integers(1, 2**40),
        written=moments,
        actor=texts,
        op=st.sampled_from(["record", "amend", "link", "unlink", "replace", "make", "adopt"]),
        entity=st.sampled_from(["incident", "cause"]),
        id=names,
        reason=st.none() | texts,
        fields=st.dictionaries(_FIELD, st.tuples(_PLAIN, _PLAIN), max_size=2),
        redacted=st.booleans(),
    ),
    max_size=3,
)


def histories(given: tuple[list[Change], int]) -> None:
    told, width = given
    check_page(generate_changes(told, width=width), width)
    json.dumps([each.to_dict() for each in told], allow_nan=False)


# --- without customers ----------------------------------------------------------------------------

_OUTSIDE = re.compile(r"customer-[0-9a-f]{12}")
# What is found as a word, and what is too short to be looked for.
people = (
    st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=3, max_size=9)
    .map(str.strip)
    .filter(lambda name: len(name) >= 3 and not name.isspace())
)


_UNSEEN = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")
"""Signs that are not seen, and part no words."""


def _says(text: str, name: str) -> bool:
    """Whether a text says a name, as a word of its own, in either case."""
    text = _OUTSIDE.sub(" ", _UNSEEN.sub("", text))
    plain, wanted = (unicodedata.normalize("NFC", each) for each in (text, name))
    return any(
        (_is_wide(wanted[0]) or not _goes_on(plain[found.start(1) - 1 : found.start(1)]))
        and (_is_wide(wanted[-1]) or not _goes_on(plain[found.end(1) : found.end(1) + 1]))
        for found in re.finditer(f"(?=({re.escape(wanted)}))", plain, re.IGNORECASE)
    )


def _is_wide(sign: str) -> bool:
    return unicodedata.east_asian_width(sign) in "WF"


def _goes_on(sign: str) -> bool:
    """Whether a word goes on with a sign: a letter, a number, or a mark on one."""
    return bool(sign) and (
        re.match(r"\w", sign) is not None or unicodedata.category(sign)[0] == "M"
    )


def namelessness(given: tuple[list[str], list[str]]) -> None:
    """Names of customers, in texts, records, graphs and reports that leave the house."""
    called, around = given
    with books.undone(books.ground()) as book:
        customers = [
            Customer(id=f"CU-{n}", name=name, source="crm", external_id=f"X-{n}")
            for n, name in enumerate(called)
        ]
        text = "".join(f"{words} {name} " for words, name in zip(around, called * 9, strict=False))
        with refusing():
            incident = Incident(
                id="INC-X",
                occurred="2026-03-02T09:00+01:00",
                customers=[each.id for each in customers],
                title=text,
                text=text.upper(),
                attributes={"said": [text, {"deep": text}]},
            )
            book.record(*customers, incident)
            redaction = book.redaction()
            outside = [*redaction.records([*customers, incident])]
            told = "\n".join(generate_jsonl(outside))
            graph = redaction.graph(book.graph("INC-X"))
            drawn = " ".join(f"{node} {data['label']}" for node, data in graph.nodes(data=True))
            written = redaction.text(f"INC-X: {text}")
            secret = [
                *(name for name in called if not any(_is_ours(name, each) for each in around)),
                *(each.id for each in customers),
            ]
            for name in secret:
                for where in (
                    *_texts(json.loads(f"[{told.replace(chr(10), ',')}]")),
                    drawn,
                    written,
                ):
                    assert not _says(where, name), (name, where)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]


_OURS = re.compile(r"[\w-]+")
_WORDS_OF_OURS = {
    *("incident", "customer", "recorded", "inc-x", "observed", "any", "said", "deep", "crm"),
}


def _is_ours(name: str, around: str) -> bool:
    """Whether a name is a word of the library's own, or made by what stands around it."""
    return bool({each.lower() for each in _OURS.findall(name)} & _WORDS_OF_OURS) or any(
        each in name.lower() for each in ("customer", "inc", "2026", "+01", "00")
    )


def replaced_names(data: bytes) -> None:
    """Names, each on a line, and a text: none is left, and nothing else is changed."""
    one, other, text = parts_of(data, 3)
    named = [each for each in (one.strip(), other.strip()) if len(each) >= 3]
    names = Names(dict.fromkeys(named, "\x00"))
    shown = names.replaced_in(text)
    for piece in shown.split("\x00"):
        for name in named:
            # Where one name ends with what another begins with, what is left of it is no name.
            assert "\x00" in shown or not _says(piece, name), (name, piece)
    if not names.found_in(text):
        assert shown == text


_SEEDS = drawn_seeds()
_TEXT_WORDS = (
    *(b"\x1b[31m", "\u202e".encode(), "\u200d".encode(), "日本語".encode(), b"\xcc\x81", b"\x85"),
    *(
        b"<b>",
        b"![x](y)",
        b"@all",
        b"#12",
        b"www.",
        b"http://",
        b"|",
        b"\\",
        b"`",
        b"*",
        b"~~",
        b"$$",
    ),
    *(
        b"- ",
        b"1. ",
        b"# ",
        b"> ",
        b"+ ",
        b"===",
        b"---",
        b"&lt;",
        b"&#",
        b"[^1]",
        b"<!--",
        b"    ",
    ),
    *(b"Anna", b"\xc3\x9f", "İ".encode(), "ſ".encode(), "ﬁ".encode(), b"\xc2\xa0", b"\xe2\x80\xa8"),
)

TARGETS = {
    "papers": Target(
        run=papers,
        seeds=(
            b"20\n  - \nwords that are wrapped, and averyveryverylongwordthatisnot",
            "9\n→ \n日本語の失敗 wide ✈️ 👩‍👩‍👧 e\u0301".encode(),
            b"80\n\n\x1b[31mred\xe2\x80\xaetxt.exe\x00\r\n\t",
        ),
        words=_TEXT_WORDS,
        longest=256,
    ),
    "marked_up": Target(
        run=marked_up,
        seeds=(b"<b>*now*</b> & then", b"1. no list", b"@team fixes #12 at www.x.org http://y"),
        words=_TEXT_WORDS,
        covers=("remedy.reporting.markdown.escaped",),
        longest=128,
    ),
    "reports": structured(
        st.tuples(found, widths, some_records, st.integers(1, 4), st.booleans()),
        reports,
        seeds=_SEEDS,
        covers=(
            *("remedy.reporting.Report", "remedy.reporting.text.generate_text"),
            *("remedy.reporting.text.generate_cases",),
            "remedy.reporting.markdown.generate_markdown",
        ),
        examples=20,
    ),
    "cases": structured(
        st.tuples(some_records, widths),
        cases,
        seeds=_SEEDS,
        covers=(
            *(
                "remedy.reporting.timeline.generate_timeline",
                "remedy.reporting.timeline.moments_of",
                "remedy.reporting.timeline.Moment",
            ),
            *("remedy.reporting.tree.generate_tree", "remedy.reporting.tree.summed_up"),
        ),
        examples=20,
    ),
    "histories": structured(
        st.tuples(changes, widths),
        histories,
        seeds=_SEEDS,
        covers=(
            *("remedy.reporting.changes.generate_changes",),
            "remedy.Change",
        ),
        examples=50,
    ),
    "namelessness": structured(
        st.tuples(
            st.lists(people, min_size=1, max_size=2, unique=True),
            st.lists(texts.map(lambda text: f"{text} "), min_size=1, max_size=3),
        ),
        namelessness,
        seeds=_SEEDS,
        covers=("remedy.Redaction", "remedy.Casebook.redaction"),
        examples=20,
    ),
    "replaced_names": Target(
        run=replaced_names,
        seeds=(
            "Anna\nBäckerei Müller\nAnna paid BÄCKEREI MÜLLER, not Hanna".encode(),
            "日本語\nabc\nx日本語x".encode(),
        ),
        words=_TEXT_WORDS,
        longest=128,
    ),
}
