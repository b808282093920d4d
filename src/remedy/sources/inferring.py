"""Inferring a mapping: what a source's columns seem to be, and what only its owner can know."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from remedy._coerce import Refused, identifier, zone_of
from remedy.errors import BadMapping, shown
from remedy.sources._layout import percent, show_as_text, table
from remedy.sources.asking import NONE, Question, columns_in, questions_about
from remedy.sources.columns import Survey, survey
from remedy.sources.drafting import Draft
from remedy.sources.mapping import Mapping as RowMapping
from remedy.sources.mapping import mapping_from
from remedy.sources.profiling import (
    best_signatures,
    guessed_points,
    misfit_notes,
    readable_again,
    signatures_table,
)
from remedy.sources.roles import Roles, guess
from remedy.sources.rows import Limited, Reading
from remedy.sources.signatures import Signature
from remedy.sources.times import LONG_MONTHS, SHORT_MONTHS

__all__ = ["Inferred", "infer"]

_SAMPLE = 20_000


@attrs.frozen(kw_only=True)
class Inferred:
    """A mapping in the making.

    Attributes:
        source: What was read.
        survey: What its columns look like.
        signatures: How the candidates for a signature would do.
        questions: What cannot be known from the source.
        answers: What was answered, by the name of the question.
    """

    source: str
    survey: Survey
    signatures: tuple[Signature, ...]
    questions: tuple[Question, ...]
    answers: Mapping[str, str]
    _roles: Roles
    _reading: Reading

    @property
    def open(self) -> tuple[Question, ...]:
        """The questions that have no answer yet, and none that would do without asking."""
        return tuple(
            each
            for each in self.questions
            if each.name not in self.answers and each.default is None
        )

    def answered(self, answers: Mapping[str, str] | None = None, **more: str) -> Inferred:
        """Return this with answers, by the names of the questions.

        Raises:
            BadMapping: If there is no such question, or it does not take this answer.
        """
        given = {}
        by_name = {each.name: each for each in self.questions}
        for name, answer in (dict(answers or {}) | more).items():
            question = by_name.get(name)
            if question is None:
                raise BadMapping(
                    self.source, f"there is no question {shown(name)}: {', '.join(by_name)}."
                )
            given[name] = self._checked(question, answer)
        return attrs.evolve(self, answers={**self.answers, **given})

    def _checked(self, question: Question, answer: str) -> str:
        """Return an answer as it is kept.

        Raises:
            BadMapping: If the question does not take it.
        """
        if answer in {each.answer for each in question.choices}:
            return answer
        if question.name in ("source", "zone"):
            try:
                (zone_of if question.name == "zone" else identifier)(answer)
            except Refused as refused:
                raise BadMapping(question.name, refused.problem) from None
        elif question.free:
            known = [each.name for each in self.survey.columns]
            parts = columns_in(answer)
            if not set(parts) <= set(known):
                # Without blanks, unless that is the name of one column.
                parts = [part.strip() for part in answer.split("+")]
            for column in parts:
                if column not in known:
                    near = difflib.get_close_matches(column, known, n=1)
                    hint = (
                        f"Did you mean {shown(near[0])}?"
                        if near
                        else "Which there are is shown by: remedy profile"
                    )
                    raise BadMapping(question.name, f"there is no column {shown(column)}. {hint}")
            return " + ".join(parts) or answer
        else:
            known_answers = ", ".join(repr(each.answer) for each in question.choices)
            raise BadMapping(question.name, f"{shown(answer)} is not one of {known_answers}.")
        return answer

    def mapping(self) -> RowMapping:
        """Return the mapping.

        Raises:
            BadMapping: If a question is open, or the source has no column with times.
        """
        if self.open:
            named = ", ".join(each.name for each in self.open)
            raise BadMapping(self.source, f"these questions have no answer yet: {named}.")
        return mapping_from(self._draft().tables(), self.source)

    def _draft(self) -> Draft:
        answers = {each.name: each.default or NONE for each in self.questions}
        return Draft(self.survey, self._roles, self._reading, answers | dict(self.answers))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "source": self.source,
            "survey": attrs.asdict(self.survey),
            "signatures": [attrs.asdict(each) for each in self.signatures],
            "questions": [attrs.asdict(each) for each in self.questions],
            "answers": dict(self.answers),
            "open": [each.name for each in self.open],
        }

    _repr_pretty_ = show_as_text

    def __str__(self) -> str:
        """Say what would become what, in lines of at most 80 columns."""
        becomes = self._draft().becomes()
        rows = [
            (
                each.name,
                percent(each.share_filled),
                f"{each.distinct:,}",
                each.looks_like,
                becomes.get(each.name, "" if each.looks_like == "empty" else "an attribute"),
            )
            for each in self.survey.columns
        ]
        looked = f"the first {self.survey.rows:,} rows" if not self.survey.whole else "all rows"
        lines = [f"{self.source} ({looked})", ""]
        lines += table(("Column", "Filled", "Distinct", "Looks like", "Becomes"), rows, right=" rr")
        lines += ["", *signatures_table(self.signatures, 90, 5)]
        lines += [f"Note: {note}" for note in misfit_notes(self.survey)]
        for number, question in enumerate(self.questions, start=1):
            answer = self.answers.get(question.name)
            lines += ["", f"{number}. {question.name}" + (f": {answer}" if answer else "")]
            lines += [f"   {line}" for line in str(question).splitlines()] if not answer else []
        return "\n".join(lines)


def infer(
    data: object,
    *,
    source: str | None = None,
    name: str = "rows",
    reading: Reading | None = None,
    sample: int = _SAMPLE,
) -> Inferred:
    """Look at a source, and propose what its rows become.

    What the source does not say is asked: the time zone, whether 04/05 is in April or in May,
    which column is the customer, what makes two incidents the same failure.

    Args:
        data: A file, an iterable of dictionaries, or a DataFrame.
        source: What the source is to be called; by default, like the file.
        name: What messages call it, where it is no file.
        reading: How the file is read.
        sample: How many rows to look at.

    Raises:
        SourceError: If the source cannot be read.

    Example:
        >>> from remedy.sources import infer
        >>> rows = [
        ...     {"Ticket": "T1", "Opened": "2.3.2026 09:00", "Client": "C-17", "Issue": "late"},
        ...     {"Ticket": "T2", "Opened": "19.3.2026 09:00", "Client": "C-17", "Issue": "late"},
        ... ]
        >>> inferred = infer(rows, source="crm")
        >>> [question.name for question in inferred.open]
        ['zone']
        >>> mapping = inferred.answered(zone="Europe/Vienna").mapping()
        >>> print(mapping.to_toml())
        source = "crm"
        key = ["Ticket"]
        zone = "Europe/Vienna"
        rest = "attributes"
        <BLANKLINE>
        [records.incident]
        ...
    """
    rows = readable_again(data, reading, name)
    seen = survey(rows, limit=sample)
    if not seen.columns:
        raise BadMapping(rows.name, "has no rows, so that there is nothing to infer from.")
    roles = guess(seen)
    points, _ = guessed_points(Limited(rows, sample), seen, roles, roles.labels)
    known = any(point.customers for point in points)
    signatures = best_signatures(roles.labels, points, window_days=90, customers_known=known)
    return Inferred(
        source=rows.name,
        survey=seen,
        signatures=tuple(signatures),
        questions=tuple(questions_about(seen, roles, signatures, _source_name(rows.name))),
        answers={},
        roles=roles,
        reading=reading or Reading(),
    ).answered({} if source is None else {"source": source})


# What tells the files of one system apart, rather than the system.
_NO_SYSTEM = frozenset(
    (
        *SHORT_MONTHS,
        *LONG_MONTHS,
        *("sept", "januar", "februar", "märz", "maerz", "mai", "juni", "juli", "oktober", "okt"),
        *("dezember", "dez", "q", "w", "kw", "v", "week", "month", "year", "of", "from", "to"),
        *("copy", "kopie", "final", "new", "latest", "export", "exported", "rejected"),
    )
)


def _source_name(place: str) -> str:
    """Return what a system is called, as far as the name of a file can say.

    It is the same for the files of every month: dates, numbers and months are left out.
    """
    words = re.findall(r"[^\W\d_]+", Path(place).name.split(".")[0].lower())
    return "-".join([each for each in words if each not in _NO_SYSTEM]) or "source"
