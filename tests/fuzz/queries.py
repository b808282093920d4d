"""Targets for what a person types, what a rule of one's own says, and the casebook file itself."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner

import remedy
from remedy import Incident, Rule, diagnose
from remedy.cli import main
from remedy.cli.rules import extra_rules
from remedy.findings import _parsed, fill, spoken_template
from remedy.graph import around, evidence, graph_of
from tests import on_file
from tests.fuzz import books
from tests.fuzz.target import (
    Target,
    check_printable,
    folder,
    json_of,
    parts_of,
    refusing,
    small,
    text_of,
)
from tests.strategies import GROUND

# --- looking up -----------------------------------------------------------------------------------


def lookups(data: bytes) -> None:
    """A text that is looked up in every way; and a value, as JSON, for fields."""
    typed, field, value = parts_of(data, 3)
    book = books.story()
    with refusing():
        assert book.get(typed).id == typed
    with refusing():
        assert book.history(typed)
    for kind in (None, Incident, remedy.Cause):
        # Fields that are not there are a mistake of who wrote the program.
        with refusing(TypeError):
            list(book.records(kind, **{field: json_of(value)}))
    with refusing():
        assert list(book.records(Incident, customers=typed)) is not None
    with refusing():
        assert typed in book.graph(typed)
    with refusing():
        assert typed in around(graph_of(GROUND), typed)
    with refusing():
        evidence(graph_of(GROUND), [typed, "INC-1"])
    with refusing():
        book.redaction().text(typed)
    with refusing():
        book.acting_as(typed)
    with refusing():
        remedy.examples.load(typed)
    with refusing(ValueError):
        book.verify(typed)


def checks(data: bytes) -> None:
    """Lines: what to ask, what to leave out, the date, the record in the centre, the profile."""
    select, ignore, as_of, centre, profile = parts_of(data, 5)
    book = books.story()
    with refusing():
        report = remedy.check(
            book,
            select=select.split(","),
            ignore=ignore or (),
            as_of=as_of or None,
            around=centre or None,
            profile=profile or None,
        )
        check_printable(report.to_text(look_up=book.get))
    with refusing():
        book.graph(centre or None, also=[select], as_of=as_of)


def times_of_record(data: bytes) -> None:
    """The text of a time, at which the casebook is looked at."""
    typed = text_of(data)
    book = books.ground()
    with refusing(), book.known_at(typed) as known:
        json.dumps([remedy.to_dict(record) for record in known.records()])
    with books.undone(book), refusing():
        book.purge_texts(typed, reason=typed)


# --- the command line -----------------------------------------------------------------------------

_FILES = {
    "tickets.csv": "Ticket,Opened,Client,Topic\n7,02.03.2026 09:00,C-17,late\n",
    "mapping.toml": (
        'source = "crm"\nkey = "Ticket"\nzone = "UTC"\n[records.incident]\n'
        'occurred = { column = "Opened", format = "%d.%m.%Y %H:%M" }\n'
    ),
    "remedy.toml": 'grace = "14 days"\n',
    "own_rules.py": 'from remedy import Rule\nRULES = [Rule("X001", "SELECT id AS subject FROM focus")]\n',
    "anchors.txt": f"1:{'0' * 64}\n",
}


@contextlib.contextmanager
def _in_a_folder() -> Iterator[Path]:
    """Work in a folder with a casebook in it and files to read."""
    place, before = folder() / "here", Path.cwd()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, content in _FILES.items():
        (place / name).write_text(content, "utf-8")
    (place / "remedy.db").write_bytes(books.sound_file())
    os.chdir(place)
    try:
        yield place
    finally:
        os.chdir(before)


def _words(data: bytes) -> list[str]:
    """Return the words of a command line, none of which leads out of the folder, or runs code."""
    words = []
    for word in text_of(data).replace("\0", "").split("\n"):
        if words and words[-1].startswith("--r") and word != "own_rules.py":
            word = f"{word} ?"
        words.append(word.replace("/", "_").replace("..", "_"))
    return [re.sub(r"^(--r[a-z]*)=", r"\1=? ", word) for word in words]


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def command_line(data: bytes) -> None:
    """The words of a command, each on a line."""
    words = _words(data)
    with _in_a_folder():
        done = CliRunner().invoke(main, words, env={"REMEDY_DB": None, "COLUMNS": "80"})
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(
        done.exception
    ) + str(done.exc_info)
    assert done.exit_code in (0, 1, 2), done.exit_code
    assert "Traceback" not in done.output
    # What click itself says of a word repeats it as it came.
    own = not done.stderr.startswith("Usage:")
    assert not (own and _CONTROL.search(done.output)), done.output[-500:]


# --- rules of one's own ---------------------------------------------------------------------------


def templates(data: bytes) -> None:
    """A template of a message, and the values for it, as JSON."""
    template, _, values = text_of(data).rpartition("\n")
    if _parsed.cache_info().currsize > 1_000:
        _parsed.cache_clear()  # It is made for the few templates of rules.
    given = json_of(values)
    filled = fill(template, given if isinstance(given, dict) else {"subject": given})
    assert isinstance(filled, str)
    assert isinstance(spoken_template(template), str)


def rule_statements(data: bytes) -> None:
    """What a rule asks, in SQL; nothing is written by it."""
    ask = text_of(data)
    # What makes a file, or never ends, is for people who run what they wrote themselves.
    if re.search(r"attach|vacuum|recursive|load_extension|blob\s*\(|print", ask, re.IGNORECASE):
        return
    book = books.ground()
    with books.undone(book):
        before = on_file.tables(book)
        with refusing():
            rule = Rule("X001", ask, subject="incident", message="{subject} {other}")
            report = book.check(rules=[rule], select="X")
            check_printable(report.to_text())
            check_printable(report.to_markdown())
            report.to_json()
        assert on_file.tables(book) == before


def rule_rows(data: bytes) -> None:
    """What the function of a rule yields, as JSON, after its words, each on a line."""
    code, subject, severity, message, advice, rows = parts_of(data, 6)
    given = json_of(rows)
    book = books.story()
    with refusing():
        rule = Rule(
            code,
            lambda book, as_of: given,
            subject=subject,
            severity=severity,
            name=message,
            message=message,
            advice=advice,
        )
        report = book.check(rules=[rule], select=code, ignore=["A", "C", "F", "R"])
        for old in (False, True):
            check_printable(report.to_text(look_up=book.get, old=old))
            check_printable(report.to_markdown(look_up=book.get, old=old))
        report.to_json()


def rule_files(data: bytes) -> None:
    """A file of rules that Python does not take: what it does take would be run."""
    path = folder() / "fuzzed_rules.py"
    path.write_bytes(data)
    try:
        compile(data, str(path), "exec", dont_inherit=True)
    except Exception:
        with refusing():
            extra_rules([str(path)])
            raise AssertionError("it was taken") from None


# --- the file -------------------------------------------------------------------------------------


def damaged_files(data: bytes) -> None:
    """The first byte says what is done to a sound casebook; then patches, or bytes instead of it."""
    kind, rest = data[:1], data[1:]
    content = bytearray(books.sound_file())
    if kind == b"=":
        content = bytearray(rest)
    else:
        if kind == b"-":
            del content[int.from_bytes(rest[:3], "big") % len(content) :]
            rest = rest[3:]
        while len(rest) >= 4 and content:
            # Which place: three bytes; how many bytes of the rest stand there: one.
            place, size = int.from_bytes(rest[:3], "big") % len(content), rest[3] % 32 + 1
            content[place : place + size] = rest[4 : 4 + size]
            rest = rest[4 + size :]
    damaged = bytes(content)
    path = folder() / "damaged.db"
    for beside in folder().glob("damaged.db*"):
        beside.unlink()
    path.write_bytes(damaged)
    with refusing():
        found = diagnose(path)
        for symptom in found.symptoms:
            check_printable(f"{symptom.told} {symptom.advice or ''}")
    assert path.read_bytes() == damaged
    with refusing(), remedy.open(path, read_only=True, timeout=0.05) as book:
        json.dumps([remedy.to_dict(record) for record in book.records()])
        book.verify()
        book.history("INC-1")
        book.graph("INC-2")
        book.config
        if len(data) % 4 == 0:
            book.check()
    assert path.read_bytes() == damaged


def settings_on_file(data: bytes) -> None:
    """What is stored under a name in the file, changed by another program."""
    name, content = parts_of(data, 2)
    path = folder() / "doctored.db"
    path.write_bytes(books.sound_file())
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA journal_mode = MEMORY")
    with contextlib.suppress(sqlite3.Error, UnicodeEncodeError), db:
        db.execute("UPDATE OR IGNORE meta SET content = ? WHERE name = ?", [content, name])
        db.execute("INSERT OR IGNORE INTO meta (name, content) VALUES (?, ?)", [name, content])
    db.close()
    doctored = path.read_bytes()
    with refusing():
        for symptom in diagnose(path).symptoms:
            check_printable(f"{symptom.told} {symptom.advice or ''}")
    for read_only in (True, False):
        with refusing(), remedy.open(path, actor="test", read_only=read_only) as book:
            book.config, book.told_on, book.interventions
            book.verify()
            list(book.records())
            if not small(content, 0, 9, 0):
                book.check(select="R200")
    assert path.read_bytes() == doctored


# --- the targets ----------------------------------------------------------------------------------

_ID_WORDS = (
    *(
        b"INC-1",
        b"C-17",
        b"APO-1",
        b"PRO-1",
        b"ACT-1",
        b"CAU-1",
        b"GONE-1",
        b"A110",
        b"R2",
        b"X001",
    ),
    *(b"\x00", b"\xed\xa0\x80", b"\xe2\x80\xae", b"%", b"_", b"*", b"'", b'"', b"--", b";", b"\\"),
    *(b"id", b"customers", b"process", b"occurred", b"attributes", b"promises", b"not_reached"),
    *(b"2026-03-09", b"2026-03-09T09:00+01:00", b"9998-12-31T23:59Z", b"[Europe/Vienna]", b"capa"),
    *(b"tickets", b"register", b"twice-shipped-collect", b"1:" + b"0" * 64, b"null", b"[]", b"{}"),
)
_COMMANDS = (
    *("demo", "demo\nbrunch\n--at\n1", "stories\n--format\njson", "init\nother.db"),
    *("profile\ntickets.csv", "profile\ntickets.csv\n--mapping\nmapping.toml\n--window\n9"),
    *(
        "import\ntickets.csv\n--to\nremedy.db\n--mapping\nmapping.toml",
        "check\n--as-of\n2026-04-01",
    ),
    *("import\ntickets.csv\n--to\nnew.db\n--yes\n--zone\nUTC\n--dry-run", "baseline", "doctor"),
    *("check\nremedy.db\n--format\njson\n--around\nINC-1\n--select\nR", "baseline\n--show"),
    *("waive\nR:1\n--reason\nx\n--until\n2027-01-01", "explain\nA1", "explain\n--format\nmarkdown"),
    *(
        "check\n--rules\nown_rules.py\n--all\n--top\n3\n--standings\n--format\nmarkdown",
        "explain\nX",
    ),
    *("show\nINC-1", "show\nremedy.db\nC-17\n--as-of\n2026-03-02\n--format\njson", "compact"),
    *(
        "export\n--format\nmermaid\n--around\nINC-1",
        "export\n--format\ncsv\n--table\nincident\n--raw",
    ),
    *("export\n--format\ngraphml\n-o\nout.xml\n--show-customers", "history\nINC-1\n--format\njson"),
    *(
        "verify\n--anchors\nanchors.txt\n--history-only",
        "verify\n--anchor\n1:0",
        "anchor",
        "upgrade",
    ),
    *("backup\ncopy.db", "erase\nC-17\n--reason\nasked\n--yes", "check\n--config\nremedy.toml"),
    *(
        "init\nx.db\n--signature\nprocess, site\n--profile\ncapa\n--config\nremedy.toml",
        "--version",
    ),
)
_SQL = (
    "SELECT id AS subject FROM focus",
    "SELECT i.id AS subject, i.process AS other, 5 AS later_at, 'UTC' AS zone FROM incident i",
    "SELECT s.incident AS subject, s.apology FROM now_sorry s JOIN focus f ON f.id = s.incident",
    "DELETE FROM incident",
    "PRAGMA user_version = 5",
    "SELECT x'00' AS subject",
)

TARGETS = {
    "lookups": Target(
        run=lookups,
        seeds=(
            b'INC-1\ncustomers\n"C-17"',
            b'APO-1\noccurred\n"2026-03-02T09:00+01:00"',
            b'twice-shipped-collect\nattributes\n{"a": 1}',
            b"2:" + b"0" * 64 + b"\nid\n5",
        ),
        words=_ID_WORDS,
        covers=("remedy.Casebook.get", "remedy.Casebook.history", "remedy.Casebook.records"),
        longest=256,
        examples=50,
    ),
    "checks": Target(
        run=checks,
        seeds=(
            b"A,R20\nA122\n2026-03-09T09:00+01:00\nINC-1\ncapa",
            b"\n\n2026-03-09[Europe/Vienna]\nC-17\n",
            b"F4,C\nX\n\nPRO-1\ntickets",
        ),
        words=_ID_WORDS,
        covers=("remedy.check", "remedy.Casebook.check", "remedy.Casebook.graph"),
        longest=256,
        examples=20,
    ),
    "times_of_record": Target(
        run=times_of_record,
        seeds=(b"2026-03-09T09:00+01:00", b"2030-03-09[Europe/Vienna]", b"9998-12-31+00:00"),
        words=_ID_WORDS,
        covers=("remedy.Casebook.known_at", "remedy.Casebook.purge_texts"),
        longest=64,
        examples=30,
    ),
    "command_line": Target(
        run=command_line,
        seeds=tuple(each.encode() for each in _COMMANDS),
        words=(*_ID_WORDS, *(name.encode() for name in main.commands), b"--format\njson", b"\n"),
        covers=("remedy.cli.main",),
        longest=256,
        examples=30,
    ),
    "templates": Target(
        run=templates,
        seeds=(
            b'{later_at}{action?, although {action} was there|}.\n{"later_at": 5, "action": "x"}',
            b'{more=1?one|{more}}{kind}\n{"more": 1, "kind": "a_b"}',
            b"{a?{b?{c?d|e}|f}|{g}\nnull",
            b"{a?" * 1_200 + b"\nnull",
        ),
        words=(b"{", b"}", b"?", b"|", b"=1?", b"{a?", b"{subject}", b"{more}", b'{"a": 1}'),
        longest=4_096,
    ),
    "rule_statements": Target(
        run=rule_statements,
        seeds=tuple(each.encode() for each in _SQL),
        words=(b"SELECT", b"FROM", b"focus", b"incident", b" AS subject", b"NULL", b"UNION", b"--"),
        covers=("remedy.Rule",),
        longest=256,
        examples=15,
    ),
    "rule_rows": Target(
        run=rule_rows,
        seeds=(
            b'X001\nincident\nerror\n{subject}: {other}\nAsk.\n[{"subject": "INC-1", "other": "C-17"}]',
            b"X001\nfailure\ninfo\n{failure_told} {later_at}\n\n"
            b'[{"subject": "1:a", "failure": "1:a", "later_at": 1, "zone": "Europe/Vienna"}]',
            b'X1\ncasebook\nwarning\n{more?x|y}\n{who}\n[{"subject": "s", "customer": "C-17", '
            b'"quoted": "q", "weak": 1, "account": "A", "every_promise": "x"}, {"subject": "t"}]',
            b'X1\npromise\nwarning\n\n\n[{"subject": "PRO-1", "promise": 5, "kind": null}]',
        ),
        words=(*_ID_WORDS, b'"subject"', b'"later_at"', b'"zone"', b'"failure"', b"9" * 18, b"-1"),
        covers=("remedy.Rule", "remedy.Report"),
        longest=512,
        examples=20,
    ),
    "rule_files": Target(
        run=rule_files,
        seeds=(b"RULES = [", b"\x00", b"# coding: nowhere\n", b"x = '\\ud800", b"(" * 300, b"\xff"),
        words=(
            b"# coding: utf-7\n",
            b"((((((((",
            b"\t",
            b"    ",
            b"\\N{",
            b"0777",
            b"f'{",
            b"lambda",
        ),
        longest=512,
        examples=30,
    ),
    "damaged_files": Target(
        run=damaged_files,
        seeds=(
            b"+",
            b"+\x00\x00\x10\x03abcd",
            b"+\x00\x10\x05\x01\xff\xff\x00\x20\x00\x00\x00",
            b"-\x00\x80\x00",
            b"=SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20",
            b"=",
        ),
        words=(b"SQLite format 3\x00", b"INC-1", b"shipping", b"\xff" * 8, b"\x00" * 8),
        covers=("remedy.open", "remedy.diagnose", "remedy.Casebook.verify"),
        longest=256,
        examples=20,
    ),
    "settings_on_file": Target(
        run=settings_on_file,
        seeds=(
            b'config\n{"signature": ["process"], "grace": "5 min"}',
            b"config\n[]",
            b'config\n{"grace": null}',
            b'told_on\n"2026-03-02T09:00+01:00"',
            b"told_on\n5",
            b"format\n1",
        ),
        words=(
            b'"signature"',
            b'"placeholders"',
            b'"process"',
            b"null",
            b"NaN",
            b"9" * 30,
            b"told_on",
        ),
        covers=("remedy.open", "remedy.diagnose"),
        longest=256,
        examples=8,
    ),
}
