"""What targets begin with: the corpus of bad input, mappings, settings, records; and words."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import remedy
from tests.sources.tickets import HEAD, ROW, tickets

CORPUS = Path(__file__).parents[1] / "bad_inputs"
MAPPINGS = Path(__file__).parents[1] / "sources" / "mappings"


WHEN = "2026-03-02T09:00+01:00"

TIME_WORDS = (
    *(b"%Y", b"%m", b"%d", b"%H", b"%M", b"%S", b"%f", b"%z", b"%b", b"%I", b"%p", b"%y", b"%a"),
    *(b"iso", b"unix", b"unix_ms", b"Europe/Vienna", b"America/Sao_Paulo", b"Pacific/Apia", b"UTC"),
    *(b"+01:00", b"-23:59", b"Z", b"T", b"first", b"second", b"2026-03-29", b"02:30", b"24:00"),
    *(b"9999-12-31", b"0001-01-01", b"[Europe/Vienna]", b"1e999", b"EUR", b"JPY", b"0.001", b"min"),
    *(b"days", b"h", b"\xc3\xbc", b"\xd9\xa3", b"253402300799", b"-62135596800", b"\xef\xbc\x91"),
)


def _corpus(*suffixes: str) -> list[tuple[str, bytes]]:
    """Return the files of the corpus of bad input that end so, by how they are read."""
    return [
        (suffix, path.read_bytes()[:1_500])
        for path in sorted((CORPUS / "files").iterdir())
        for suffix in suffixes
        if path.name.endswith(suffix) and path.stat().st_size < 100_000
    ]


TICKETS = (HEAD + ROW + "8,03.03.2026 10:30,C-17,late\n9,04.03.2026 11:00,C-18,lost\n").encode()
FILES = (
    b".csv\n" + TICKETS,
    b".csv|utf-16|;|100|cut|\n" + TICKETS.decode().replace(",", ";").encode("utf-16"),
    b".tsv|cp1252|||cut\n" + TICKETS.replace(b",", b"\t"),
    b".csv.gz||||cut\n" + TICKETS,
    b".raw.csv.gz||||cut\n" + gzip.compress(TICKETS, mtime=0)[:-9],
    b'.json\n[{"Ticket": 7, "Opened": "02.03.2026 09:00", "a": [1, {"b": null}]}, {"c": "\\u00fc"}]',
    b'.json|||||data.items\n{"data": {"items": [{"Ticket": 7, "Opened": 1.5e3}]}}',
    b'.jsonl\n{"Ticket": 7, "Topic": "late"}\n{"Ticket": 8, "user": {"id": -1}}\n',
    *(
        f"{'.raw' if suffix.endswith('.gz') else ''}{suffix}\n".encode() + content
        for suffix, content in _corpus(".csv", ".json", ".jsonl", ".csv.gz")
        if suffix != ".jsonl.gz"
    ),
)
_PACKED_READ = tuple(
    f".csv|{encoding}|||cut\n".encode() + TICKETS
    for encoding in (
        "idna",
        "punycode",
        "utf-7",
        "unicode_escape",
        "undefined",
        "utf-8-sig",
        "x" * 3_000,
    )
)
FILES += _PACKED_READ
FILE_WORDS = (
    *(b'"', b'""', b",", b";", b"\r\n", b"\r", b"\n", b"\t", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00"),
    *(b"{", b"}", b"[", b"]", b":", b"null", b"true", b"NaN", b"1e999", b"\\u0000", b"\\ud800"),
    *(
        b".csv",
        b".tsv",
        b".json",
        b".jsonl",
        b".csv.gz",
        b".raw.csv.gz",
        b"|",
        b"utf-16",
        b"cp1252",
    ),
    *(b"utf-7", b"utf-8-sig", b"idna", b"punycode", b"hex", b"rot13", b"unicode_escape", b"cut"),
    *(b"Ticket", b"Opened", b"Client", b"Topic", b"02.03.2026 09:00", b"2026-03-02T09:00+01:00"),
    *(b"\xe2\x80\xae", b"\xc2\x85", b"\xe2\x80\xa8", b"\x1b[31m", b"=1+1", b"9" * 30, b"\x1f\x8b"),
)
MAPPING_TOML = tuple(path.read_bytes() for path in sorted(MAPPINGS.glob("*.toml")))
MAPPING_WORDS = (
    *(
        b"source",
        b"key",
        b"records",
        b"zone",
        b"rest",
        b"rows",
        b"missing",
        b"ignore",
        b"signature",
    ),
    *(b"read", b"encoding", b"delimiter", b"cut_short", b"max_cell", b"[records.incident]"),
    *(b"column", b"value", b"values", b"format", b"template", b"otherwise", b"others", b"split"),
    *(b"rules", b"contains", b"like", b"when", b"take", b"needs", b"per", b"after", b"before"),
    *(b"record", b"incident", b"complaint", b"customers", b"occurred", b"attributes", b"external"),
    *(b"thousands", b"decimal", b"currency", b"currency_column", b"as", b"fold", b"first", b"each"),
    *(b" = ", b"{ ", b" }", b'"', b"'''", b"#", b"\\u0000", b"\\ud800", b"1e999", b"inf", b"nan"),
    *(b"1979-05-27", b"consecutive", b"scattered", b"{Ticket}", b"scope_process", b"promises"),
)
SMALL_MAPPING = tickets(rest="attributes").to_toml().encode()
ODD_MAPPINGS = (
    SMALL_MAPPING + b"[read]\nmax_cell = 1.5\n",
    SMALL_MAPPING + b'[read]\ndelimiter = "\\u0000"\n',
    tickets(rows="scattered", rest="attributes").to_toml().encode(),
    tickets(rows="consecutive", missing=["late"]).to_toml().encode(),
    tickets(key=["Ticket", "Client"], ignore=["Topic"], failure_mode=None).to_toml().encode(),
)
RECORD_CASES = json.loads((CORPUS / "records.json").read_text("ascii"))
SETTINGS: dict[str, Any] = {
    "signature": ["process", "failure_mode", "product"],
    "placeholders": ["?"],
    "profile": "register",
    "grace": "14 days",
    "first_contact": {"critical": "4 h"},
    "severity": {"A105": "error"},
    "strength_for": {"major": "strong"},
    "coarse_share": 0.5,
    "told_on": WHEN,
    "interventions": {},
    "same_customer": "account",
    "select": ["A", "R20"],
    "store_text": "excerpt",
    "excerpt": 20,
    "amends_from": None,
}
SETTINGS_TOML = (
    b'signature = ["process", "site"]\nprofile = "capa"\ngrace = "14 days"\nignore = ["A122"]\n'
    b'coarse_share = 0.25\n[first_contact]\ncritical = "4 h"\n[severity]\nA105 = "error"\n'
)
JSON_WORDS = tuple(
    json.dumps(each).encode()
    for each in (
        *remedy.records.RECORDS,
        *(
            "record",
            "id",
            "occurred",
            "made",
            "customers",
            "incidents",
            "attributes",
            "to",
            "since",
        ),
        *("promises", "kind", "source", "external_id", "shares", "percent", "amount", "reason"),
        *(WHEN, "2026-03-02+01:00", "INC-0", "C-0", "12.50 EUR", "all", "\ud800", "\x00", 2**63),
        *(None, True, -1, 0.5, [], {}, "amend", "link", "unlink", "ingest", "erase", "recorded"),
    )
)


LONG = "x" * 3_000
DEEP_TOML = b"a = " + b"[" * 2_000
DEEP_JSON = b"[" * 900 + b"]" * 900


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def with_long(tables: dict[str, Any]) -> list[dict[str, Any]]:
    """Return tables of which each has one value, or one name, that is very long."""
    return [{**tables, name: LONG} for name in tables] + [{**tables, LONG: 1}]
