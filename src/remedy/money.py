"""Sums of money: whole minor units of one currency, never a float."""

from __future__ import annotations

import re

import attrs

from remedy._coerce import Refused, needed_whole
from remedy.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal

__all__ = ["Money"]

# ISO 4217, by the number of digits after the decimal sign.
_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN "
        "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP "
        "GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT "
        "LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN "
        "NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE "
        "SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES "
        "WST XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_CURRENCIES = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}

_AMOUNT = re.compile(r"(\d{1,19})(?:\.(\d{1,6}))?\Z", re.A)


def _currency(value: str) -> str:
    if value not in _CURRENCIES:
        raise Refused("is no currency of ISO 4217: write EUR, USD, JPY.")
    return value


def _minor(value: int) -> int:
    if needed_whole(value) < 0:
        raise Refused("an amount is not negative.")
    return value


@attrs.frozen
class Money:
    """A sum in one currency.

    Args:
        minor: The amount in the currency's smallest unit (cents), not negative.
        currency: Its ISO 4217 code.

    Example:
        >>> from remedy import Money
        >>> Money.of("12.50 EUR")
        Money(minor=1250, currency='EUR')
        >>> str(Money(1250, "EUR"))
        '12.50 EUR'
    """

    minor: int = attrs.field(converter=_minor)
    currency: str = attrs.field(converter=_currency)

    @classmethod
    def of(cls, value: Money | str | tuple[Decimal | int | str, str]) -> Money:
        """Return the sum that a text ("12.50 EUR") or a pair ("12.50", "EUR") says.

        Raises:
            Refused: If the amount is negative, not a plain decimal number, has more digits than
                the currency, or the currency is not known. Of a text, that holds of zeros too:
                "12.500" may be twelve thousand and five hundred. A float is refused: 0.1 is none.
        """
        if isinstance(value, Money):
            return value
        if isinstance(value, str):
            amount, _, currency = value.strip().rpartition(" ")
            written = True
        else:
            try:
                given, currency = value
            except (TypeError, ValueError):
                raise Refused('write a sum as "12.50 EUR" or ("12.50", "EUR").') from None
            if isinstance(given, float):
                raise Refused("a float cannot hold every sum: write it as text or Decimal.")
            amount = str(given)
            written = isinstance(given, str)
        if not isinstance(currency, str):
            raise Refused('write a sum as "12.50 EUR" or ("12.50", "EUR").')
        currency = _currency(currency.strip())
        found = _AMOUNT.match(amount.strip())
        if not found:
            raise Refused(
                f"{shown(amount)} is no amount: digits, and after a point at most as many more as "
                f"{currency} has; never negative."
            )
        digits = _CURRENCIES[currency]
        fraction = found[2] or ""
        # A point in a text may part thousands; in a number it cannot.
        if len(fraction if written else fraction.rstrip("0")) > digits:
            raise Refused(
                f"{shown(amount)} has more digits than {currency} knows ({digits}). If the point "
                f"parts thousands, leave it out."
            )
        return cls(int(found[1] + fraction[:digits].ljust(digits, "0")), currency)

    @property
    def amount(self) -> Decimal:
        """The amount in the currency's main unit."""
        from decimal import Decimal

        return Decimal(self.minor).scaleb(-_CURRENCIES[self.currency])

    def __str__(self) -> str:
        return f"{self.amount:.{_CURRENCIES[self.currency]}f} {self.currency}"
