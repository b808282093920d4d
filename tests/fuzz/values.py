"""Targets for single values out of text: times, zones, money, ids, failure keys."""

from __future__ import annotations

import remedy
from remedy import Anchor, Incident, Money
from remedy._coerce import (
    Day,
    day_of,
    deadline,
    flag,
    identifier,
    moment,
    moment_or_day,
    several,
    storable,
    text,
    whole,
    zone_of,
)
from remedy.config import parts_of, signature_reader, span
from remedy.sources.times import TimeReader, format_of
from tests.fuzz.seeds import (
    TIME_WORDS,
    WHEN,
)
from tests.fuzz.target import (
    Target,
    json_of,
    refusing,
    text_of,
)
from tests.fuzz.target import parts_of as lines_of


def times(data: bytes) -> None:
    """Lines: formats, parted by a bar; zone; fold; and the text of a time."""
    forms, zone, fold, value = lines_of(data, 4)
    if format_of.cache_info().currsize > 1_000:
        format_of.cache_clear()
    with refusing():
        formats = [format_of(each) for each in forms.split("|")]
        if not all(each.has_day for each in formats):
            return  # A clock is found in tables, and no mapping reads times by it.
        reader = TimeReader(formats, zone or None, fold)
        found = reader(value)
        if isinstance(found, Day):
            assert day_of(str(found)) == found
        else:
            assert found.utcoffset() is not None
            assert moment_or_day(found.isoformat()) == found


def coerced(data: bytes) -> None:
    """A single text, taken for everything that a text can be."""
    value = text_of(data)
    with refusing():
        assert text(value) in (value, None)
    with refusing():
        assert identifier(value) == value
    with refusing():
        found = moment_or_day(value)
        assert found is not None
        assert moment_or_day(str(found) if isinstance(found, Day) else found.isoformat()) == found
        first, last = moment(value), deadline(value)
        assert first is not None
        assert last is not None
        assert first <= last
    with refusing():
        zone_of(value)
    with refusing():
        made = Money.of(value)
        assert Money.of(str(made)) == made
    with refusing():
        amount, _, currency = value.partition(" ")
        Money.of((amount, currency))
    with refusing():
        assert span(value).total_seconds() >= 0
    with refusing(ValueError):
        anchor = Anchor.read(value)
        assert Anchor.read(str(anchor)) == anchor
    given = json_of(value)
    for convert in (text, identifier, whole, flag, moment_or_day, Money.of, span):
        with refusing():
            convert(given)
    with refusing():
        several(given, identifier)


def failure_keys(data: bytes) -> None:
    """Parts of a signature, each on a line: a key tells them apart, and gives them back."""
    one, other, *placeholders = lines_of(data, 4)
    parts_of(one)
    with refusing():
        config = remedy.Config(placeholders=placeholders)
        told = dict.fromkeys(("process", "failure_mode"), other) | {"process": one}
        key = signature_reader(config)(Incident(id="I", occurred=WHEN, **told))
        if key is not None:
            parts = parts_of(key)
            assert len(parts) == 2
            assert all(parts)
            again = dict(zip(told, parts, strict=True))
            if all(map(storable, parts)):
                twice = signature_reader(config)(Incident(id="I", occurred=WHEN, **again))
                assert twice is None or parts_of(twice) == parts


TARGETS = {
    "times": Target(
        run=times,
        seeds=(
            b"%d.%m.%Y %H:%M\nEurope/Vienna\n\n02.03.2026 09:00",
            b"iso|unix_ms\n\n\n2026-03-02T09:00:00.5+01:00",
            b"iso\nEurope/Vienna\nfirst\n2026-10-25 02:30",
            b"%m/%d/%y %I:%M %p|%F %T\nAmerica/Sao_Paulo\n\n3/2/26 9:00 a.m.",
            b"%d. %B %Y\nPacific/Apia\nsecond\n30. December 2011",
            b"unix\n+14:00\n\n-62135596800.999999",
        ),
        words=TIME_WORDS,
        longest=256,
    ),
    "coerced": Target(
        run=coerced,
        seeds=(
            *(b"2026-03-02T09:00+01:00", b"2026-03-02[Europe/Vienna]", b"12.50 EUR", b"90 min"),
            *(b"C-17", b"3:" + b"0af9" * 16, b'["a", {"b": 1}]', b"-9223372036854775809", b"1e400"),
            *(b"Europe/Vienna", b"0002-01-01T00:00Z", b"9998-12-31+14:00", b'{"a": [null]}'),
        ),
        words=TIME_WORDS,
        covers=("remedy.Money", "remedy.Day", "remedy.Anchor"),
        longest=256,
    ),
    "failure_keys": Target(
        run=failure_keys,
        seeds=(b"Shipping\nfreight  collect\n?", b"8:shipping15:shipped collect\nn/a\nN/A\n"),
        words=(b"1:", b"0:", b"9999999999:", "ﬁ".encode(), "İ".encode(), "ß".encode(), b"\xcc\x81"),
        longest=256,
    ),
}
