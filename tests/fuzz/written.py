"""Targets for settings, for records as plain data, and for what is done to a casebook."""

from __future__ import annotations

import json
from typing import Any

import remedy
from remedy import Incident, errors, from_dict, to_dict
from remedy.config import config_from, load_config
from tests import on_file
from tests.exports.samples import one_of_each
from tests.fuzz import books
from tests.fuzz.seeds import (
    DEEP_JSON,
    DEEP_TOML,
    JSON_WORDS,
    LONG,
    RECORD_CASES,
    SETTINGS,
    SETTINGS_TOML,
    WHEN,
    as_json,
)
from tests.fuzz.target import (
    Target,
    changed,
    drawn_seeds,
    folder,
    json_of,
    refusing,
)


def config_files(data: bytes) -> None:
    """The first line names the file, where it is pyproject.toml."""
    name, _, content = data.partition(b"\n")
    shared = name == b"pyproject.toml"
    path = folder() / ("pyproject.toml" if shared else "remedy.toml")
    path.write_bytes(content if shared else data)
    with refusing():
        _check_config(load_config(path))


def _check_config(found: remedy.Config) -> None:
    try:
        told = found.to_dict()
    except errors.ConfigError:
        return  # A span of seconds has no words in a file.
    assert config_from(json.loads(json.dumps(told)), "again") == found


def configs(data: bytes) -> None:
    """Settings as JSON has them, by themselves and for a casebook."""
    given = json_of(data)
    if not isinstance(given, dict):
        return
    with refusing():
        _check_config(config_from(given, "given"))
    own = {name: each for name, each in given.items() if name not in ("reason", "self")}
    with books.undone(books.ground()) as book:
        before = book.config
        try:
            with refusing():
                after = book.configure(**own)
                assert book.config == after
                list(book.records(Incident))
                book.check(select="R200")
        finally:
            assert book.verify(records=False).is_right
    assert books.ground().config == before


def plain_records(data: bytes) -> None:
    given = json_of(data)
    with refusing():
        record = from_dict(given)
        told = to_dict(record)
        assert from_dict(json.loads(json.dumps(told))) == record


def calls(data: bytes) -> None:
    """What is done to a casebook, one after another: `[["record", [...]], ["amend", [...]]]`."""
    given = json_of(data)
    with books.undone(books.ground()) as book:
        for each in given if isinstance(given, list) else ():
            match each:
                case [str(how), list(what)]:
                    _call(book, how, what)
        assert book.verify().is_right
        json.dumps([to_dict(record) for record in book.records()])


def _call(book: Any, how: str, what: list[Any]) -> None:
    if how in ("record", "ingest", "record_many"):
        records = []
        for each in what:
            with refusing():
                records.append(from_dict(each))
        before = on_file.tables(book)
        try:
            with refusing():
                if how == "record":
                    book.record(*records)
                elif how == "ingest":
                    book.ingest(records)
                else:
                    book.record_many(records)
                before = on_file.tables(book)
        finally:
            assert on_file.tables(book) == before
        return
    for each in what:
        match each:
            case [id, dict(fields)]:
                _change(book, how, id, fields)


def _change(book: Any, how: str, id: Any, fields: dict[str, Any]) -> None:
    named = {name: each for name, each in fields.items() if name not in ("reason", "id")}
    before = on_file.tables(book)
    try:
        # A field that is not there is a mistake of who wrote the program.
        with refusing(TypeError):
            if how == "amend":
                book.amend(id, named, reason=fields.get("reason", "x"))
            elif how == "link":
                book.link(id, **named)
            elif how == "unlink":
                book.unlink(id, reason=fields.get("reason", "x"), **named)
            elif how == "erase":
                book.erase_customer(id, reason=fields.get("reason", "x"))
            before = on_file.tables(book)
    finally:
        assert on_file.tables(book) == before


_RECORDS = [
    each
    for case in RECORD_CASES.values()
    for how, what in case
    if how in ("record", "ingest")
    for each in what
    if len(as_json(each)) < 1_000
] + [to_dict(each) for each in one_of_each()]


_CUSTOMER = {"record": "customer", "id": "C-17", "name": "Bakery"}
_REPEATED = {"record": "incident", "id": "INC-0", "occurred": WHEN, "customers": ["C-17"]}
_CALLS: list[Any] = [
    # An id of one kind, for a record of another, beside the one that has it.
    [["record", [_REPEATED, _CUSTOMER | {"id": "INC-0"}]]],
    [["record_many", [_CUSTOMER, _REPEATED | {"id": "INC-17"}]], ["erase", [["C-17", {}]]]],
    [["ingest", [_REPEATED | {"id": "INC-17"}]], ["link", [["INC-17", {"customers": "C-1"}]]]],
    [["amend", [["INC-0", {"title": "late"}]]], ["unlink", [["INC-0", {"customers": "C-9"}]]]],
    *(case for case in RECORD_CASES.values() if len(as_json(case)) < 1_500),
]

TARGETS = {
    "config_files": Target(
        run=config_files,
        seeds=(
            SETTINGS_TOML,
            b"pyproject.toml\n[tool.remedy]\n" + SETTINGS_TOML[:60],
            DEEP_TOML,
        ),
        words=(*(name.encode() for name in SETTINGS), b"[tool.remedy]", b"inf", b"nan", b"9" * 30),
        covers=("remedy.load_config", "remedy.Config"),
    ),
    "configs": Target(
        run=configs,
        seeds=(
            as_json(SETTINGS),
            *(as_json({name: each}) for name, each in SETTINGS.items()),
            *(as_json({name: LONG}) for name in SETTINGS),
            *(as_json({name: {LONG: LONG}}) for name in SETTINGS),
            *(as_json({name: [LONG, 1]}) for name in SETTINGS),
        ),
        words=(*(as_json(name) for name in SETTINGS), b"NaN", b"Infinity", b"9" * 30, b'"4 h"'),
        covers=("remedy.Casebook.configure",),
        examples=30,
    ),
    "plain_records": Target(
        run=plain_records,
        seeds=(
            *map(as_json, _RECORDS),
            DEEP_JSON,
            b'{"record": "customer", "id": ' + DEEP_JSON + b"}",
            b'{"record": "customer", "id": "C", "attributes": {"a": ' + DEEP_JSON + b"}}",
            b'{"record": "amends", "incident": "I", "kind": "gift", "amount": ["a", {"b": 1}]}',
            as_json({"record": LONG}),
            as_json({"record": "customer", "id": LONG, LONG: 1}),
            as_json({"record": "customer", "id": "C", "attributes": {LONG.upper(): 1}}),
        ),
        words=JSON_WORDS,
        covers=("remedy.from_dict", "remedy.to_dict"),
    ),
    "calls": Target(
        run=calls,
        seeds=tuple(map(as_json, _CALLS)),
        words=JSON_WORDS,
        covers=(
            *("remedy.Casebook.record", "remedy.Casebook.record_many", "remedy.Casebook.ingest"),
            *("remedy.Casebook.amend", "remedy.Casebook.link", "remedy.Casebook.unlink"),
        ),
        examples=20,
    ),
    "changed_records": changed(plain_records, _RECORDS, seeds=drawn_seeds()),
    "changed_calls": changed(
        calls,
        _CALLS,
        seeds=drawn_seeds(),
        examples=40,
    ),
    "changed_settings": changed(configs, [SETTINGS], seeds=drawn_seeds(), examples=30),
}
