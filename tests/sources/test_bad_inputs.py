"""What cannot be taken is refused, with its place and what to do; nothing is written."""

import gzip
import json
from typing import Any

import attrs
import pytest

from remedy.errors import BadMapping, BadRows, SourceError
from remedy.sources import import_file
from tests.sources.tickets import HEAD, ROW, tickets

GOOD = HEAD + ROW


def row(opened: str = "02.03.2026 09:00", **cells: str) -> str:
    given = {"Ticket": "8", "Opened": opened, "Client": "C-17", "Topic": "late"} | cells
    return ",".join(given.values()) + "\n"


def line(**fields: Any) -> str:
    given = {"Ticket": "8", "Opened": "02.03.2026 09:00", "Client": "C-17", "Topic": "late"}
    return json.dumps(given | fields) + "\n"


@attrs.frozen
class Case:
    name: str
    content: str | bytes
    told: list[str]
    error: type[Exception] = BadRows
    file: str = "tickets.csv"
    mapping: dict[str, Any] = attrs.field(factory=dict)


TABLES = [
    # Decoding
    Case("cp1252", GOOD.encode() + "8,02.03.2026 09:00,C-17,zu spät\n".encode("cp1252"),
         ["byte 85 (0xE4)", "line 3", "not utf-8", "encoding = 'cp1252'"], SourceError),
    Case("utf-16", GOOD.encode("utf-16"), ["byte 0", "UTF-16", "encoding = 'utf-16'"], SourceError),
    Case("mixed encodings", (GOOD + row(Topic="zu spät")).encode() + b"9,x,C,sp\xe4t\n",
         ["(0xE4)", "line 4"], SourceError),
    Case("cut in a character", GOOD.encode() + b"8,02.03.2026 09:00,C-17,sp" + b"\xc3",
         ["(0xC3)", "line 3"], SourceError),
    Case("gzip by another name", gzip.compress(GOOD.encode()), ["packed", ".gz"], SourceError),
    Case("a workbook", b"PK\x03\x04\xff\xff", ["workbook", "CSV in UTF-8"], SourceError),
    Case("unknown encoding", GOOD, ["no encoding 'utf-9'"], SourceError,
         mapping={"read": {"encoding": "utf-9"}}),
    Case("no text encoding", GOOD, ["no encoding 'rot13'"], SourceError,
         mapping={"read": {"encoding": "rot13"}}),
    Case("hex", GOOD, ["no encoding 'hex'"], SourceError, mapping={"read": {"encoding": "hex"}}),
    Case("undefined", GOOD, ["no encoding 'undefined'"], SourceError,
         mapping={"read": {"encoding": "undefined"}}),
    Case("utf-16 that is not", GOOD, ["is not utf-16", "utf-16-le"], SourceError,
         mapping={"read": {"encoding": "utf-16"}}),
    Case("utf-16 without mark", GOOD.encode("utf-16-le"), ["U+0000", "utf-16"], SourceError),
    # Packing
    Case("cut gzip", gzip.compress(GOOD.encode() * 50)[:60],
         ["ends early", "Fetch it again", "cut_short = true"], SourceError, "tickets.csv.gz"),
    Case("damaged gzip", gzip.compress(GOOD.encode())[:-8] + b"\0" * 8,
         ["cannot be unpacked", "CRC"], SourceError, "tickets.csv.gz"),
    Case("no gzip", GOOD, ["cannot be unpacked", "gzip"], SourceError, "tickets.csv.gz"),
    Case("broken deflate", gzip.compress(b"x")[:10] + b"\xff" * 40,
         ["cannot be unpacked", "Error -3"], SourceError, "tickets.csv.gz"),
    # Shape of the table
    Case("empty", "", ["is empty", "names of its columns"], SourceError),
    Case("only a mark", b"\xef\xbb\xbf", ["is empty"], SourceError),
    Case("short row", GOOD + "8,02.03.2026 09:00,C-17\n",
         ["line 3", "3 cells", "4 columns", "line break"]),
    Case("long row", GOOD + "8,02.03.2026 09:00,C-17,late, again\n",
         ["line 3", "5 cells", "[' again']", "quoted"]),
    Case("one cell", GOOD + "8\n", ["1 cell,"]),
    Case("duplicate names", "Ticket,Opened,Ticket,Topic\n" + ROW,
         ["columns 1 and 3", "'Ticket'", "another name"], SourceError),
    Case("unclosed quote", GOOD + '8,02.03.2026 09:00,C-17,"late\n9,a,b,c\n',
         ["line 3", "not closed", "in line 4"], SourceError),
    Case("stray quote", GOOD + '8,02.03.2026 09:00,C-17,"late" again\n',
         ["line 3", "after its closing quote", '""'], SourceError),
    Case("semicolons", GOOD.replace(",", ";"), ["single column", "delimiter = ';'"], SourceError),
    Case("tabs", GOOD.replace(",", "\t"), ["delimiter = '\\t'"], SourceError),
    Case("a long cell", GOOD + row(Topic="x" * 2000), ["line 3", "more than 1,000", "max_cell"],
         SourceError, mapping={"read": {"max_cell": 1000}}),
    Case("a long line", GOOD + ",".join(["y"] * 40_000), ["line 3", "32,000", "max_cell"],
         SourceError, mapping={"read": {"max_cell": 1000}}),
    Case("NUL", GOOD + row(Topic="la\0te"), ["line 3", "'Topic'", "U+0000 at position 2"]),
    Case("bell", GOOD + row(Client="C\a17"), ["line 3", "'Client'", "U+0007"]),
    Case("C1 control", GOOD + row(Topic="caf\x85"), ["'Topic'", "U+0085"]),
    Case("control in a name", "Ticket,Op\x01ened\n", ["line 1", "name of column 2", "U+0001"],
         SourceError),
    Case("unknown name", GOOD, ["does not say what it is", "format ="], SourceError, "tickets.dat"),
    # Columns and the mapping
    Case("unknown columns", "Ticket,Opened,Client,Topic,Mood\n7,02.03.2026 09:00,C,late,sad\n",
         ["'Mood'", "ignore", "rest = 'attributes'"], SourceError),
    Case("missing column", GOOD.replace("Opened", "Opend"), ["'Opened'", "mean 'Opend'"],
         SourceError),
    Case("missing column, none like it", "A,B\n1,2\n", ["'Client'", "There are 'A', 'B'"],
         SourceError),
    Case("attributes that clash", "Ticket,Opened,Client,Topic,A b,A-b\n", ["'A b' and 'A-b'"],
         SourceError, mapping={"rest": "attributes"}),
    # Times
    Case("no zone", GOOD, ["line 2", "'Opened'", "no time zone", "zone = 'Europe/Vienna'"],
         mapping={"zone": None}),
    Case("another format", GOOD + row("2026-03-02"), ["'Opened' = '2026-03-02'", "%d.%m.%Y %H:%M"]),
    Case("no such day", GOOD + row("31.02.2026 09:00"), ["day is out of range"]),
    Case("month 13", GOOD + row("02.13.2026 09:00"), ["month must be in 1..12"]),
    Case("year 0", GOOD + row("02.03.0000 09:00"), ["year"]),
    Case("24:00", GOOD + row("02.03.2026 24:00"), ["hour must be in 0..23"]),

    Case("minute 60", GOOD + row("02.03.2026 09:60"), ["minute must be in 0..59"]),
    Case("a gap", GOOD + row("29.03.2026 02:30"), ["does not exist", "clocks in Europe/Vienna"]),
    Case("a fold", GOOD + row("25.10.2025 02:30").replace("25.10", "26.10"),
         ["happened twice", "fold = 'first'"]),
    Case("the future", GOOD + row("02.03.9998 09:00"), ["lies in the future"]),
    Case("no time", GOOD + row(""), ["line 3", "'Opened'", "can do without 'occurred'"]),
    Case("noticed before", GOOD + row(), ["incident.detected", "before it happened"],
         mapping={"detected": {"value": "2020-01-01T00:00Z"}}),
    # Ids and keys
    Case("no key", GOOD + row(Ticket=""), ["line 3", "'Ticket'", "tells the rows apart"]),
    Case("the same id twice", GOOD + row(Ticket="7", Topic="wrong price"),
         ["line 3", "crm-7", "line 2 already", "rows = 'consecutive'"]),
    Case("an invisible id", GOOD + row(Client="C\u200b17"), ["'Client'", "invisible"]),
    Case("a line break in an id", GOOD + row(Client='"C\n17"'), ["line 3", "'Client'", "id"]),
    # Words, numbers, money
    Case("a word of no list", GOOD, ["'Topic' = 'late'", "minor, moderate", "values = {"],
         mapping={"impact": "Topic"}),
    Case("not in the table", GOOD, ["not in the table of values", "others ="],
         mapping={"impact": {"column": "Topic", "values": {"early": "minor"}}}),
    Case("no number", GOOD, ["is no number", "thousands"], mapping={"order_no": "Topic"}),
    Case("no whole number", GOOD + row(Topic="1.5"), ["is no whole number"],
         mapping={"order_no": {"column": "Topic", "when": {"column": "Topic", "contains": "."}}}),
    Case("beyond 64 bits", GOOD + row(Topic=str(2**63)), ["beyond 64 bits"],
         mapping={"order_no": {"column": "Topic", "when": {"column": "Topic", "contains": "9"}}}),
    Case("other digits", GOOD + row(Topic="٣"), ["is no number"],
         mapping={"order_no": {"column": "Topic", "when": {"column": "Topic", "equals": "٣"}}}),
    Case("several customers, one order", GOOD + row(Client="A;B"), ["Affected(customer"],
         mapping={"customers": {"column": "Client", "split": ";"}, "order": "Topic"}),
]  # fmt: skip

LINES = [
    Case("no JSON", line() + "{nope}\n", ["line 2", "is no JSON", "character 2"]),
    Case("no object", line() + "[1]\n", ["line 2", "a list, not an object"]),
    Case("a number", line() + "7\n", ["a number, not an object"]),
    Case("a key twice", '{"Ticket": "7", "Ticket": "8"}\n', ["line 1", "'Ticket' stands twice"]),
    Case("NaN", line(Topic=float("nan")), ["holds NaN", "null"]),
    Case("infinity", line(Topic=float("-inf")), ["holds -Infinity"]),
    Case("5,000 digits", line().replace('"late"', "9" * 5000), ["beyond 64 bits", "999…"]),
    Case("2^63", line(Topic=2**63), ["9223372036854775808 is beyond 64 bits"]),
    Case("1e999", line().replace('"late"', "1e999"), ["1e999 is too large"]),
    Case("65 levels", line().replace('"late"', "[" * 65 + "]" * 65), ["deeper than 64 levels"]),
    Case("64 dictionaries", line().replace('"late"', '{"a":' * 64 + "1" + "}" * 64),
         ["deeper than 64 levels"]),
    Case("a long text", line(Topic="x" * 2000), ["line 1", "'Topic'", "1,000"],
         mapping={"read": {"max_cell": 1000}}),
    Case("a lone surrogate", line(Topic="\ud800"), ["line 1", "'Topic'", "U+D800"]),
    Case("a surrogate in an id", line(Client="\ud800"), ["line 1", "'Client'", "invisible"]),
    Case("a list for one value", line(Opened=["a", "b"]), ["'Opened'", "is a list"]),
    Case("an unknown key", line(Mood="sad"), ["'Mood'", "says nothing of this column", "ignore"]),
    Case("a name of nothing", line(**{" ": 1}), ["name ' '", "empty"]),
    Case("a name twice", line(**{"user.id": 1, "user": {"id": 2}}), ["'user.id' stands in"]),
    Case("cut gzip lines", gzip.compress((line() * 50).encode())[:60], ["ends early"],
         SourceError, "tickets.jsonl.gz"),
]  # fmt: skip

DOCUMENTS = [
    Case("no list", '{"items": [1]}', ["keys 'items'", "records ="], SourceError),
    Case("a text", '"hello"', ["single string", "list of objects"], SourceError),
    Case("nothing under the path", '{"items": []}', ["nothing under records = 'rows'"], SourceError,
         mapping={"read": {"records": "rows"}}),
    Case("no list under the path", '{"rows": 7}', ["'rows' is a number"], SourceError,
         mapping={"read": {"records": "rows"}}),
    Case("numbers under the path", '{"rows": [7]}', ["row 1", "a number, not an object"],
         mapping={"read": {"records": "rows"}}),
    Case("no JSON at all", "hello", ["no sound JSON", "Expecting value"], SourceError),
    Case("an empty file", "", ["no sound JSON"], SourceError),
    Case("an unclosed list", "[" + line(), ["in the middle", "line 1", "cut_short"], SourceError),
    Case("an unclosed text", '[{"Ticket": "7', ["in the middle"], SourceError),
    Case("a comma too many", f"[{line()},]", ["line 2", "a comma has nothing"], SourceError),
    Case("only a comma", "[,]", ["a comma has nothing"], SourceError),
    Case("more after the end", "[] []", ["something follows"], SourceError),
    Case("closed by another sign", "[1}", ["closed by '}'"], SourceError),
    Case("a bad object", f'[{line()}, {{"Ticket": nope}}]', ["line 2", "is no JSON"]),
    Case("an object too long", '[{"Ticket": "' + "x" * 600_000, ["line 1", "max_cell"], SourceError,
         mapping={"read": {"max_cell": 1000}}),
]  # fmt: skip

CASES = [
    *TABLES,
    *(attrs.evolve(each, file=each.file.replace(".csv", ".jsonl")) for each in LINES),
    *(attrs.evolve(each, file="tickets.json") for each in DOCUMENTS),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_refused(case: Case, file: Any, book: Any) -> None:
    path = file(case.content, case.file)

    with pytest.raises(case.error) as caught:
        import_file(book, path, tickets(**case.mapping))

    assert type(caught.value) is case.error
    assert str(path) in str(caught.value)
    for words in case.told:
        assert words in str(caught.value)
    assert book.records == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_refusal_is_of_modest_length(case: Case, file: Any, book: Any) -> None:
    with pytest.raises(case.error) as caught:
        import_file(book, file(case.content, case.file), tickets(**case.mapping))

    assert len(str(caught.value)) < 1500


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 60


def test_a_mapping_is_no_source_of_other_errors(file: Any, book: Any) -> None:
    with pytest.raises(BadMapping, match="neither 'reject' nor 'collect'"):
        import_file(book, file(GOOD), tickets(), on_error="ignore")
