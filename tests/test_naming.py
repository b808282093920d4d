"""Names found in texts."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy._naming import Names
from tests.strategies import texts


@pytest.mark.parametrize(
    ("name", "text", "without"),
    [
        ("Anna Quist", "ANNA QUIST paid; Annalena Quist did not", "… paid; Annalena Quist did not"),
        ("Anna Quist", "Anna\n  Quist, and Anna\u00a0Quist", "…, and …"),
        ("Ann", "Anna, Joann and ann2 are others; ann is not", "Anna, Joann and ann2 are others; … is not"),
        ("Zoë", unicodedata.normalize("NFD", "Zoë and Zoëlla"), unicodedata.normalize("NFD", "… and Zoëlla")),
        (unicodedata.normalize("NFD", "Zoë"), "ZOË", "…"),
        ("Frau Strauß", "FRAU STRAUSS", "…"),
        ("İbrahim Işık", "ibrahim ışık, IBRAHIM IŞIK", "…, …"),
        ("田中太郎", "昨日、田中太郎様から", "昨日、…様から"),
        ("김민수", "김민수가 전화했다", "…가 전화했다"),
        ("สมชาย", "คุณสมชายโทรมา", "คุณ…โทรมา"),
        ("राम", "राम और रामायण", "… और रामायण"),
        ("C-4711", "c-4711: C-47110, XC-4711", "…: C-47110, XC-4711"),
        ('Smith & "Sons"', 'by smith & "sons".', "by …."),
        ("+49 170 1", "(+49 170 1)", "(…)"),
        ("Seán O'Brien", "Seán O’Brien, SEÁN O`BRIEN, Seán O´Brien", "…, …, …"),
        ("Smith-Jones", "Smith\u2011Jones, Smith–Jones and Smith", "…, … and Smith"),
        ("C-4711", "label_C-4711_a.pdf, C\u20114711", "label_…_a.pdf, …"),
        ("Anna Quist", "anna_quist.pdf, anna.quist@x, Anna+Quist", "….pdf, …@x, …"),
        ("Anna Quist", "Anna, Quist; Anna / Quist", "Anna, Quist; Anna / Quist"),
        ("Anna_Quist", "Anna Quist, anna_quist", "Anna Quist, …"),
        ("Seán O'Brien", "?n=Se%C3%A1n%20O%27Brien&c=1%2D2", "?n=…&c=1%2D2"),
        ("Quist", "50% Quist, %FFQuist, %20Quist%2C", "50% …, %FFQuist, %20…%2C"),
        ("김민수", unicodedata.normalize("NFD", "고객 김민수가"), unicodedata.normalize("NFD", "고객 …가")),
        ("がぎぐ", unicodedata.normalize("NFD", "客がぎぐ様"), "客…様"),
        ("Anna Quist", "Ａｎｎａ Ｑｕｉｓｔ", "…"),
        ("Anna Quist", "An\u00adna\u200b \u200bQuist", "…"),
        ("", "nobody", "nobody"),
        ("anna", "\u0301anna", "\u0301…"),
    ],
)  # fmt: skip
def test_a_name_is_found_however_it_is_spelt_and_not_within_another(name, text, without):
    names = Names({name: "…"})
    assert names.replaced_in(text) == without
    assert names.found_in(text) == (text != without)


def test_the_longest_of_several_names_is_meant():
    names = Names({"Anna": "one", "Anna Quist": "other", "Quist": "third"})
    assert names.replaced_in("Anna Quist, Anna, Quist Anna") == "other, one, third one"


def test_of_very_many_names_those_in_a_text_are_found():
    names = Names({f"customer number {place}": f"<{place}>" for place in range(5_000)})
    assert names.replaced_in("Customer Number 17, and 4999: customer number 4999.") == (
        "<17>, and 4999: <4999>."
    )


def test_texts_are_found_in_what_json_can_hold():
    names = Names({"Anna": "…"})
    told = {"a": ["Anna", {"b": "for anna"}], "n": 5, "none": None}
    assert names.replaced_in(told) == {"a": ["…", {"b": "for …"}], "n": 5, "none": None}


@given(name=texts, before=texts, after=texts, depth=st.integers(0, 3))
def test_no_text_that_says_a_name_is_taken_for_one_that_cannot(name, before, after, depth):
    names = Names({name: "…"})
    text = f"{before} {name} {after}"
    assert names.found_in(text) == bool(name.split())
    assert not names.found_in(names.replaced_in(text).replace("…", " "))
    for _ in range(depth):
        text = json.dumps(text, ensure_ascii=False)
    assert names.may_be_in(text) or not name.split()
