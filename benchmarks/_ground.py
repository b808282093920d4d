"""What the parts of the generator share: the calendar, the words, the places of incidents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = [
    "BEGINS", "CHANGES", "CHANNELS", "EVERY_ELEMENT", "MONTH", "MONTHS", "PROCESSES", "PRODUCTS",
    "SITES", "TOLD_ON", "Month", "Slot", "mixed",
]  # fmt: skip

MONTHS = 60
MONTH = timedelta(days=25)
BEGINS = datetime(2021, 1, 1, tzinfo=UTC)
TOLD_ON = BEGINS + MONTHS * MONTH

PROCESSES = (
    "shipping", "billing", "returns", "assembly", "food safety", "pricing", "call centre",
    "web shop", "installation", "repair", "deliveries abroad", "contracts",
)  # fmt: skip
PRODUCTS = ("standard", "plus", "fresh", "frozen", "spare part", "subscription", "gift card")
CHANNELS = ("shop", "phone", "web", "app", "partner")
SITES = ("Bochum", "Lyon", "Gdansk", "Porto", "Graz")
CHANGES = (
    "automation", "forcing_function", "simplify_process", "standardise", "software_enhancement",
    "checklist", "redundancy", "monitoring",
)  # fmt: skip
"""Interventions that change the process, and are intermediate or stronger."""
EVERY_ELEMENT = ("regret", "explanation", "responsibility", "repentance", "repair")


def mixed(*numbers: int) -> int:
    """Return a number that looks random, and is always the same for the same ones."""
    value = 0x9E3779B97F4A7C15
    for number in numbers:
        value = ((value ^ number) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        value ^= value >> 31
    return value


class Slot:
    """The place of one incident.

    Attributes:
        number: Its number in the casebook, from 1.
        month: The number of its month, from 0.
        column: Its number in the month, from 0.
        at: When it occurs.
        id: Its id.
    """

    __slots__ = ("at", "column", "id", "month", "number")

    def __init__(self, number: int, month: int, column: int, at: datetime) -> None:
        self.number = number
        self.month = month
        self.column = column
        self.at = at
        self.id = f"INC-{number:07}"

    def later(self, days: float) -> datetime:
        """Return the moment so many days after it occurred."""
        return self.at + timedelta(days=days)


class Month:
    """A month, and the places in it: at even distances.

    Attributes:
        number: Its number, from 0.
        begins: When it begins.
        ends: When it ends.
        slots: The places of its incidents.
    """

    __slots__ = ("begins", "ends", "number", "slots")

    def __init__(self, number: int, size: int) -> None:
        self.number = number
        self.begins = BEGINS + number * MONTH
        self.ends = self.begins + MONTH
        first = size * number // MONTHS
        count = size * (number + 1) // MONTHS - first
        step = MONTH / max(1, count)
        self.slots = [
            Slot(first + column + 1, number, column, self.begins + step * (column + 0.5))
            for column in range(count)
        ]

    def day(self, days: float) -> datetime:
        """Return the moment so many days after it began."""
        return self.begins + timedelta(days=days)
