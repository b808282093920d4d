from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remedy import Money, RemedyError
from remedy.money import _CURRENCIES


@pytest.mark.parametrize(
    ("given", "minor", "currency"),
    [
        ("12.50 EUR", 1250, "EUR"),
        ("  12.5   EUR ", 1250, "EUR"),
        ("12 EUR", 1200, "EUR"),
        ("100 JPY", 100, "JPY"),
        ("1.234 BHD", 1234, "BHD"),
        ("1.2345 UYW", 12345, "UYW"),
        (("12.50", "EUR"), 1250, "EUR"),
        ((Decimal("12.5"), "EUR"), 1250, "EUR"),
        ((Decimal("12.5000"), "EUR"), 1250, "EUR"),
        ((Decimal("100.0"), "JPY"), 100, "JPY"),
        ((12, "EUR"), 1200, "EUR"),
        (Money(7, "EUR"), 7, "EUR"),
        ("0 EUR", 0, "EUR"),
    ],
)
def test_a_sum_is_taken_in_many_forms(given, minor, currency):
    assert Money.of(given) == Money(minor, currency)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("-1 EUR", "is no amount: digits, and after a point"),
        ("1,50 EUR", "is no amount"),
        ("1.505 EUR", "more digits than EUR knows (2)"),
        ("12.500 EUR", "more digits than EUR knows (2). If the point parts thousands"),
        ("1.000 EUR", "more digits than EUR knows (2)"),
        (("12.500", "EUR"), "more digits than EUR knows (2)"),
        ("100.0 JPY", "more digits than JPY knows (0)"),
        ("1.5 JPY", "more digits than JPY knows (0)"),
        ("NaN EUR", "is no amount"),
        ("inf EUR", "is no amount"),
        ("1e3 EUR", "is no amount"),
        ("١٢ EUR", "is no amount"),
        ("12345678901234567890 EUR", "is no amount"),
        ("12345678901234567 UYW", "beyond 64 bits"),
        (" EUR", "is no amount"),
        ("12.50", "is no currency of ISO 4217"),
        ("12.50 eur", "is no currency"),
        ("12.50 ABC", "is no currency of ISO 4217: write EUR, USD, JPY"),
        ((0.1, "EUR"), "a float cannot hold every sum"),
        ((Decimal("NaN"), "EUR"), "is no amount"),
        (12, 'write a sum as "12.50 EUR"'),
        (("1", "EUR", "x"), 'write a sum as "12.50 EUR"'),
    ],
)
def test_what_is_no_sum_is_refused(given, problem):
    with pytest.raises(RemedyError) as caught:
        Money.of(given)
    assert problem in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_the_smallest_unit_is_a_whole_number_and_not_negative():
    with pytest.raises(RemedyError, match="not negative"):
        Money(-1, "EUR")
    with pytest.raises(RemedyError, match="whole number"):
        Money(1.5, "EUR")
    with pytest.raises(RemedyError, match="no currency"):
        Money(1, "euro")


@given(st.integers(0, 2**63 - 1), st.sampled_from(sorted(_CURRENCIES)))
def test_a_sum_reads_as_it_is_written(minor, currency):
    money = Money(minor, currency)
    assert Money.of(str(money)) == money
    assert money.amount * 10 ** _CURRENCIES[currency] == minor


def test_a_sum_is_written_with_all_digits_of_its_currency():
    assert str(Money(1250, "EUR")) == "12.50 EUR"
    assert str(Money(5, "EUR")) == "0.05 EUR"
    assert str(Money(1250, "JPY")) == "1250 JPY"
    assert str(Money(10**18, "EUR")) == "10000000000000000.00 EUR"
