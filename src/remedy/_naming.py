"""What names a customer, found in texts and replaced by something else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["Names", "in_texts"]


def in_texts(change: Callable[[str], Any], value: Any) -> Any:
    """Return a text, or something that holds texts as JSON does, with each of them changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: in_texts(change, each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [in_texts(change, each) for each in value]
    return value


# Scripts that put no space between words: of South-East Asia, and of China, Japan and Korea.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1100-\u115f\u1780-\u17ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff"
    r"\uf900-\ufaff\ufe30-\ufe6f\uff00-\uffef\U00020000-\U0003ffff"
)
# What stands above, below or beside letters, and is none to the module re.
_MARKS = r"\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}](?:[^\W{_UNSPACED}]|[{_MARKS}])*|\S")
_FEW = 50


class _Token(NamedTuple):
    begin: int
    end: int
    word: str


class Names:
    """Words that name customers, and what to say for each.

    They are found as whole words, whatever their case, the blanks between them, and in either of
    Unicode's forms. Where a script puts no space between words, they are found within others.

    Args:
        meant: Name → what to say for it.
    """

    def __init__(self, meant: Mapping[str, str]) -> None:
        self._starting: dict[str, list[tuple[list[str], str]]] = {}
        telling = set()
        for name, other in meant.items():
            words = [token.word for token in _tokens(name)]
            if words:
                self._starting.setdefault(words[0], []).append((words, other))
                telling.add(max(words, key=len))
        for alike in self._starting.values():
            alike.sort(key=lambda each: len(each[0]), reverse=True)
        self._telling = sorted(telling)

    def may_be_in(self, text: str) -> bool:
        """Whether a text may say any of them, also one in which JSON has put marks before some."""
        folded = _folded(text)
        return any(word in folded for word in self._telling)

    def found_in(self, text: str | None) -> bool:
        """Whether a text says any of them."""
        return text is not None and next(self._found(text), None) is not None

    def replaced_in(self, value: Any) -> Any:
        """Return a text, or something that holds texts, without them."""
        return in_texts(self._replaced, value) if self._starting else value

    def _replaced(self, text: str) -> str:
        parts, done = [], 0
        for begin, end, other in self._found(text):
            parts += [text[done:begin], other]
            done = end
        return "".join([*parts, text[done:]])

    def _found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield where they stand, with what to say; of those that begin at a place, the longest."""
        if not self._starting or (len(self._telling) <= _FEW and not self.may_be_in(text)):
            return
        tokens = list(_tokens(text))
        place = 0
        while place < len(tokens):
            for words, other in self._starting.get(tokens[place].word, ()):
                here = tokens[place : place + len(words)]
                if [token.word for token in here] == words:
                    yield here[0].begin, here[-1].end, other
                    place += len(words) - 1
                    break
            place += 1


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        yield _Token(found.start(), found.end(), _folded(found[0]))


def _folded(text: str) -> str:
    """Return a text as it is compared: the same for all forms and cases of one."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFC", text.casefold())
    # In Turkish the capital of i has a dot, and the letter of the capital I has none.
    return folded.replace("i\u0307", "i").replace("\u0131", "i")
