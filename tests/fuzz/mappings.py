"""Targets for mappings, and for what is previewed and imported by them."""

from __future__ import annotations

import contextlib
import json
import tomllib
from typing import Any

import attrs

from remedy import from_dict, to_dict
from remedy.errors import RemedyError
from remedy.sources import (
    import_file,
    import_rows,
    load_mapping,
    preview,
)
from remedy.sources.mapping import mapping_from
from tests import on_file
from tests.fuzz import books
from tests.fuzz.files import check_mapping, put
from tests.fuzz.seeds import (
    DEEP_JSON,
    DEEP_TOML,
    FILE_WORDS,
    FILES,
    LONG,
    MAPPING_TOML,
    MAPPING_WORDS,
    ODD_MAPPINGS,
    SMALL_MAPPING,
    TIME_WORDS,
    WHEN,
    as_json,
    with_long,
)
from tests.fuzz.target import (
    Target,
    changed,
    check_message,
    check_printable,
    drawn_seeds,
    folder,
    json_of,
    refusing,
)
from tests.fuzz.target import parts_of as lines_of
from tests.sources.tickets import tickets


def mapping_files(data: bytes) -> None:
    path = folder() / "mapping.toml"
    path.write_bytes(data)
    with refusing():
        check_mapping(load_mapping(path))


def mapping_tables(data: bytes) -> None:
    """A mapping as JSON has it: with what no TOML holds."""
    with refusing():
        given = json_of(data)
        check_mapping(mapping_from(given if isinstance(given, dict) else {"source": given}))


_AROUND = {
    "source": "crm",
    "key": "k",
    "zone": "Europe/Vienna",
    "rest": "attributes",
}
_NEEDED = {
    "customer": {},
    "incident": {"occurred": {"value": WHEN}},
    "complaint": {},
    "cause": {},
    "action": {"kind": {"value": "corrective"}},
    "apology": {"incidents": {"value": "INC-1"}},
    "amends": {"incident": {"value": "INC-1"}, "kind": {"value": "refund"}},
}


def mapped_values(data: bytes) -> None:
    """Lines: record and field; how its value is found, as JSON; and JSON rows."""
    where, how, given = lines_of(data, 3)
    record, _, field = where.partition(".")
    field, _, attribute = field.partition(".")
    value = json_of(how)
    fields = {field: {attribute: value} if attribute else value}
    mapping = {
        **_AROUND,
        "records": {record: {**_NEEDED.get(record, {}), **fields}}
        | {"incident": _NEEDED["incident"]},
    }
    found = json_of(given)
    listed = found if isinstance(found, list) else [found]
    with refusing():
        shown = preview(
            [each if isinstance(each, dict) else {"k": 1, "v": each} for each in listed], mapping
        )
        _check_shown(shown)


def _check_shown(shown: Any) -> None:
    check_printable(str(shown))
    for rejected in shown.rejected:
        check_message(str(rejected))
    for _, records in shown.cases:
        for record in records:
            assert from_dict(json.loads(json.dumps(to_dict(record)))) == record


def previews(data: bytes) -> None:
    """A mapping in TOML, a line `---`, and a file as for rows."""
    mapping, _, rest = data.partition(b"\n---\n")
    path, reading, _ = put(rest)
    if reading is None:
        return
    with refusing():
        try:
            tables = tomllib.loads(mapping.decode())
        except (ValueError, RecursionError):
            tables = None
        own = {name: each for name, each in attrs.asdict(reading).items() if each}
        _check_shown(preview(path, {"read": own} | (tables or tickets().to_dict())))


def imports(data: bytes) -> None:
    """As for previews, into a casebook: all of it, or nothing; and the rows refused come back."""
    toml, _, rest = data.partition(b"\n---\n")
    path, reading, _ = put(rest)
    if reading is None:
        return
    tables: Any = tickets().to_dict()
    with contextlib.suppress(ValueError, RecursionError):
        tables = tomllib.loads(toml.decode()) or tables
    own = {name: each for name, each in attrs.asdict(reading).items() if each}
    tables.setdefault("read", own)
    rejects = folder() / f"rejected{path.suffix.removesuffix('.gz') or '.csv'}"
    rejects.unlink(missing_ok=True)
    kept = path.read_bytes()
    with books.undone(books.ground()) as book:
        before = on_file.tables(book)
        with refusing():
            try:
                import_file(book, path, tables)
            except RemedyError:
                assert on_file.tables(book) == before
                raise
        with refusing():
            done = import_file(book, path, tables, on_error="collect", rejects=rejects)
            check_printable(str(done))
            json.dumps(done.to_dict())
            assert rejects.exists() == (done.rejects is not None)
            if done.rejects is not None:
                again = import_file(book, rejects, tables, on_error="collect")
                assert again.rows == done.rejected_rows
        rejects.with_name(f"{rejects.stem}.rejected{rejects.suffix}").unlink(missing_ok=True)
        assert book.verify().is_right
    assert path.read_bytes() == kept


def imported_rows(data: bytes) -> None:
    """Rows as JSON has them, imported by a fixed mapping."""
    given = json_of(data)
    with books.undone(books.ground()) as book, refusing():
        import_rows(book, given, tickets(rest="attributes"), on_error="collect")
        assert book.verify().is_right


TARGETS = {
    "mapping_files": Target(
        run=mapping_files,
        seeds=(*MAPPING_TOML, SMALL_MAPPING, DEEP_TOML),
        words=MAPPING_WORDS,
        covers=("remedy.sources.load_mapping", "remedy.sources.Mapping"),
        longest=4_096,
    ),
    "mapping_tables": Target(
        run=mapping_tables,
        seeds=(
            *(as_json(tomllib.loads(each.decode())) for each in (*MAPPING_TOML, SMALL_MAPPING)),
            *map(as_json, with_long(tickets().to_dict() | {"read": {}, "rows": "one"})),
            *(
                as_json(tickets().to_dict() | {"records": {"incident": each}})
                for each in with_long(tickets().to_dict()["records"]["incident"])
            ),
            *(
                as_json(tickets().to_dict() | {"read": each})
                for each in (
                    *({"encoding": LONG}, {"format": LONG}, {"delimiter": LONG}, {LONG: 1}),
                    *({"records": LONG}, {"max_cell": 1.5}, {"max_cell": LONG}),
                )
            ),
            DEEP_JSON,
        ),
        words=MAPPING_WORDS,
        covers=("remedy.sources.Mapping",),
        longest=4_096,
    ),
    "mapped_values": Target(
        run=mapped_values,
        seeds=(
            b'incident.occurred\n{"column": "v", "format": "%d.%m.%Y"}\n["02.03.2026", null, 5]',
            b'amends.amount\n{"column": "v", "thousands": ".", "decimal": ","}\n["1.200,50 EUR"]',
            b'incident.attributes.rank\n{"column": "v", "as": "whole"}\n["7", 2.5, [1], true]',
            b'complaint.justified\n{"column": "v", "values": {"ja": true}}\n["ja", "nein"]',
            b'incident.impact\n{"column": "v"}\n["major", "x"]',
            b'incident.customers\n{"column": "v", "split": ";"}\n["C-1; C-2", ""]',
            b'action.due\n{"template": "{k}-{v}", "format": "iso"}\n[{"k": "2026", "v": "03-02"}]',
            b'incident.process\n{"column": "v", "rules": [{"contains": "x", "is": "y"}]}\n["x"]',
            b'incident.title\n{"column": "v", "after": ":", "before": "."}\n["a: b. c"]',
        ),
        words=(*MAPPING_WORDS, *TIME_WORDS),
        covers=("remedy.sources.preview",),
        longest=512,
    ),
    "previews": Target(
        run=previews,
        seeds=tuple(mapping + b"\n---\n" + FILES[0] for mapping in ODD_MAPPINGS)
        + tuple(SMALL_MAPPING + b"\n---\n" + each for each in FILES),
        words=(*MAPPING_WORDS, *FILE_WORDS),
        covers=("remedy.sources.preview", "remedy.sources.Preview", "remedy.sources.RejectedRow"),
        examples=50,
    ),
    "imports": Target(
        run=imports,
        seeds=tuple(mapping + b"\n---\n" + FILES[0] for mapping in ODD_MAPPINGS)
        + tuple(SMALL_MAPPING + b"\n---\n" + each for each in FILES),
        words=(*MAPPING_WORDS, *FILE_WORDS),
        covers=("remedy.sources.import_file", "remedy.sources.Imported"),
        examples=15,
    ),
    "imported_rows": Target(
        run=imported_rows,
        seeds=(
            b'[{"Ticket": 7, "Opened": "02.03.2026 09:00", "Client": "C-1", "Topic": "late"}]',
            b'[{"Ticket": [7], "a": {"b": {"c": 1}}}, 5, null]',
            b'{"Ticket": 7}',
        ),
        words=FILE_WORDS,
        covers=("remedy.sources.import_rows",),
        examples=15,
    ),
    "changed_mappings": changed(
        mapping_tables,
        [tomllib.loads(each.decode()) for each in (*MAPPING_TOML, SMALL_MAPPING)],
        seeds=drawn_seeds(),
    ),
    "changed_rows": changed(
        imported_rows,
        [[{"Ticket": 7, "Opened": "02.03.2026 09:00", "Client": "C-1", "Topic": "late", "a": [1]}]],
        seeds=drawn_seeds(),
        examples=40,
    ),
}
