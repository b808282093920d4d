"""What cannot be seen in a source: the questions, and the answers that they take."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import attrs

from remedy.errors import BadMapping
from remedy.sources._layout import one_line, percent, show_as_text
from remedy.sources.columns import Survey
from remedy.sources.roles import Roles, words_of
from remedy.sources.signatures import Signature

__all__ = ["NONE", "Choice", "Question", "columns_in", "questions_about"]

NONE = "none"
"""The answer that there is no such column."""


@attrs.frozen
class Choice:
    """A possible answer: what to answer, and what that means."""

    answer: str
    meaning: str


@attrs.frozen(kw_only=True)
class Question:
    """Something that cannot be seen in the source.

    Attributes:
        name: What it is called where it is answered.
        text: The question.
        why: What depends on it.
        choices: The possible answers, or, where any will do, examples.
        default: The answer that stands unless another is given; None where there is none.
        free: Whether other answers than the choices are taken.
    """

    name: str
    text: str
    why: str
    choices: tuple[Choice, ...]
    default: str | None = None
    free: bool = False

    _repr_pretty_ = show_as_text

    def __str__(self) -> str:
        """Ask it in lines of at most 80 columns."""
        lines = textwrap.wrap(f"{self.text} {self.why}", 78)
        width = max((len(one_line(each.answer)) for each in self.choices), default=0)
        for each in self.choices:
            mark = "→" if each.answer == self.default else " "
            line = f"  {mark} {one_line(each.answer):{min(width, 30)}}  {one_line(each.meaning)}"
            lines.append(line.rstrip())
        return "\n".join(lines)


def columns_in(answer: str) -> list[str]:
    """Return the columns that an answer names: several are joined by a plus sign."""
    return [] if answer == NONE else [each.strip() for each in answer.split(" + ")]


def questions_about(
    seen: Survey, roles: Roles, signatures: Iterable[Signature], source: str
) -> Iterable[Question]:
    """Yield what cannot be seen in a source.

    Args:
        seen: What its columns look like.
        roles: What they probably are.
        signatures: How the candidates for a signature would do.
        source: What it is called, as far as can be guessed.

    Raises:
        BadMapping: If no column holds times: no mapping can do without.
    """
    if not roles.times:
        raise BadMapping(
            "occurred",
            "no column holds times in a way of writing that is known, and an incident has to have "
            "one. Write the mapping by hand: occurred = { column = ..., format = ... }.",
        )
    yield Question(
        name="source",
        text="What is the system called that this comes from?",
        why="Its name is a part of every id: the same for all files of that system, this month's "
        "and the next, and another one for every other system.",
        choices=(Choice(source, "a guess, from the name of the file"),),
        default=source,
        free=True,
    )
    yield Question(
        name="key",
        text="Which column tells the records apart?",
        why="By it, a later import knows what is on file already.",
        choices=tuple(_choices(roles.keys[:6], seen)),
        default=roles.keys[0] if roles.sure_of_key else None,
        free=True,
    )
    yield Question(
        name="occurred",
        text="Which column says when it happened?",
        why="What came back, and after what, is judged by this time.",
        choices=tuple(_choices(roles.times, seen)),
        default=roles.times[0],
    )
    yield Question(
        name="basis",
        text="Is that when it happened, or when somebody told us?",
        why="What rests on the time of a report is a warning at most, never an error.",
        choices=(
            Choice("observed", "when it happened"),
            Choice("reported", "when it was reported, opened or entered"),
        ),
        default="reported" if roles.reported else "observed",
    )
    yield from _day_or_month(seen)
    yield Question(
        name="zone",
        text="In which time zone are the times?",
        why="Where the source does not say, nobody else can know.",
        choices=(
            Choice("UTC", "universal time"),
            Choice("Europe/Vienna", "a place, with its summer time"),
            Choice("-05:00", "an offset, all the year"),
        ),
        default="UTC" if _all_have_zones(seen, roles) else None,
        free=True,
    )
    yield Question(
        name="customer",
        text="Which column says whom it happened to?",
        why="Without it, nothing can be said of failures that came back to the same customer.",
        choices=(*_choices(roles.customers[:6], seen), Choice(NONE, "the source does not say")),
        default=_default_customer(roles),
        free=True,
    )
    yield _signature_question(signatures, roles)
    yield Question(
        name="noticed_by",
        text="Who noticed?",
        why="Where customers did, each row is a complaint as well as an incident.",
        choices=(
            Choice("customer", "these are complaints"),
            Choice("us", "we found it before they did"),
            Choice("unknown", "the source does not say"),
        ),
        default="customer" if _are_complaints(seen) else "unknown",
    )


def _are_complaints(seen: Survey) -> bool:
    words = frozenset(("complaint", "complaints", "beschwerde", "reklamation"))
    return any(words_of(each.name) & words for each in seen.columns)


def _default_customer(roles: Roles) -> str | None:
    if not roles.customers:
        return NONE
    return roles.customers[0] if roles.sure_of_customer else None


def _choices(names: Iterable[str], seen: Survey) -> Iterable[Choice]:
    for name in names:
        column = seen[name]
        samples = ", ".join(value for value, _ in column.common[:2])
        yield Choice(name, f"{column.distinct:,} different, such as {one_line(samples)[:40]}")


def _day_or_month(seen: Survey) -> Iterable[Question]:
    unclear = [each for each in seen.columns if each.is_time and each.is_ambiguous]
    if not unclear:
        return
    column = next((each for each in unclear if each.swapped), unclear[0])
    sample = next((value for value, _ in column.common), "")
    yield Question(
        name="day_or_month",
        text=f"In {column.name!r}, such as {sample}: does the day come first, or the month?",
        why=(
            "Some dates would be valid either way, and wrong the other way."
            if not column.swapped
            else "It looks as if some program had swapped them wherever the day is 12 or less: "
            "only those dates lie in months where no other date lies."
        ),
        choices=(
            Choice("day", "day first: 04/05 is in May"),
            Choice("month", "month first: 04/05 is in April"),
            Choice("swapped", "month first where that can be, and day first in the others"),
        ),
        default="swapped" if column.swapped else None,
    )


def _all_have_zones(seen: Survey, roles: Roles) -> bool:
    return all(seen[name].zoned for name in (roles.times[0], roles.updated) if name is not None)


def _signature_question(signatures: Iterable[Signature], roles: Roles) -> Question:
    listed = list(signatures)
    # Nothing rests on a guess that is known to tell nothing, or that nobody would call a failure.
    good = [each for each in listed if each.is_useful and _is_called_failure(each, roles)]
    default = " + ".join(good[0].columns) if good else None
    shown = listed[:6] if not good or good[0] in listed[:6] else [good[0], *listed[:5]]
    choices = [
        Choice(
            " + ".join(each.columns),
            f"compares {percent(each.share_comparable)}, calls {percent(each.within)} repeats"
            + (": too coarse" if each.coarse else ""),
        )
        for each in shown
    ]
    return Question(
        name="signature",
        text="What makes two incidents the same failure?",
        why="Columns that are the same in both; several are joined by ' + '. All that is said "
        "of what came back rests on it.",
        choices=(*choices, Choice(NONE, "nothing in this source")),
        default=default if choices else NONE,
        free=True,
    )


def _is_called_failure(signature: Signature, roles: Roles) -> bool:
    """Whether a signature is made of what went wrong, and perhaps of where."""
    parts = set(signature.columns)
    return bool(parts & set(roles.failures)) and parts <= {*roles.failures, *roles.areas}
