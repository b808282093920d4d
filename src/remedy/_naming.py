"""What names a customer, found in texts and replaced by something else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["Names", "in_texts", "weight"]


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
# What joins words in names of files and in addresses is no part of a word.
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}](?:[^\W_{_UNSPACED}]|[{_MARKS}])*|\S")
_JOINING = frozenset("_+.-")
_FEW = 50
# In addresses, and as browsers copy them.
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_SIMPLE = re.compile(r"[\x00-$&-\x7f]+")
# As word processors and telephones write them.
_AS_TYPED = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    # Signs that are not seen.
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")
)
_TYPED = re.compile(f"[{''.join(map(chr, _AS_TYPED))}]")
_FIRST_TO_JOIN, _LAST_TO_JOIN = "\u1160", "\u11ff"
"""The vowels and last consonants that make syllables of Korean."""


_SIGN_OF_UNSPACED = re.compile(rf"[{_UNSPACED}]")


def weight(name: str) -> int:
    """Return how much a name tells: its letters, those of scripts without spaces twice.

    Two of those are the whole name of many people.
    """
    return len(name) + len(_SIGN_OF_UNSPACED.findall(name))


class _Token(NamedTuple):
    begin: int
    end: int
    word: str


class Names:
    """Words that name customers, and what to say for each.

    They are found as whole words, whatever their case, the blanks between them, in any of Unicode's
    forms, with the apostrophes and hyphens of word processors, and as files and addresses have
    them: joined by signs, or with signs as numbers. Where a script puts no space between words,
    they are found within others.

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
                last = _last_of(words, tokens, place)
                if last is not None:
                    yield tokens[place].begin, tokens[last].end, other
                    place = last
                    break
            place += 1


def _last_of(words: list[str], tokens: list[_Token], place: int) -> int | None:
    """Return with which token some words end that begin with one; None if they are not there."""
    for number, word in enumerate(words):
        if place < len(tokens) and number and tokens[place].word != word:
            # Words of a name may be joined by a sign, where the name has none.
            place += (
                tokens[place].word in _JOINING and word.isalnum() and words[number - 1].isalnum()
            )
        if place == len(tokens) or tokens[place].word != word:
            return None
        place += 1
    return place - 1


def _tokens(text: str) -> Iterator[_Token]:
    plain, places = _plain(text)
    for found in _TOKEN.finditer(plain):
        begin, end = found.span()
        if places is not None:
            begin, end = places[begin][0], places[end - 1][1]
        yield _Token(begin, end, found[0])


def _plain(text: str) -> tuple[str, list[tuple[int, int]] | None]:
    """Return a text as it is compared, and from where to where each of its signs stands in it.

    Nothing of that, where each stands at its own place.
    """
    if text.isascii() and "%" not in text:
        return _folded(text), None
    signs: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        if plain := _SIMPLE.match(text, at):
            begin, at = plain.span()
            if at < len(text) and _goes_with_the_last(text[at]):
                at -= 1
            signs += _folded(text[begin:at])
            places += zip(range(begin, at), range(begin + 1, at + 1), strict=True)
        if at == len(text):
            break
        if decoded := _decoded(text, at):
            for sign in decoded:
                end = at + 3 * len(sign.encode())
                _add(sign, at, end, signs, places)
                at = end
            continue
        end = at + 1
        while end < len(text) and _goes_with_the_last(text[end]):
            end += 1
        _add(text[at:end], at, end, signs, places)
        at = end
    return "".join(signs), places


def _add(text: str, begin: int, end: int, signs: list[str], places: list[tuple[int, int]]) -> None:
    folded = _folded(text)
    signs += folded
    places += [(begin, end)] * len(folded)


def _decoded(text: str, at: int) -> str:
    """Return what is written as numbers at a place of a text, if that is a text."""
    found = _ESCAPED.match(text, at) if text[at] == "%" else None
    try:
        return "" if found is None else bytes.fromhex(found[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return ""


def _goes_with_the_last(sign: str) -> bool:
    """Whether a sign may make one with the sign before it."""
    if sign < "\u0300":
        return False
    return unicodedata.category(sign)[0] == "M" or _FIRST_TO_JOIN <= sign <= _LAST_TO_JOIN


def _folded(text: str) -> str:
    """Return a text as it is compared: the same for all forms and cases of one."""
    if "%" in text:
        text = _ESCAPED.sub(lambda found: _decoded(text, found.start()) or found[0], text)
    if text.isascii():
        return text.lower().replace("`", "'")
    folded = text.casefold()
    if _TYPED.search(folded):
        folded = folded.translate(_AS_TYPED)
    if not unicodedata.is_normalized("NFKC", folded):
        folded = unicodedata.normalize("NFKC", folded).casefold()
    # In Turkish the capital of i has a dot, and the letter of the capital I has none.
    return folded.replace("i\u0307", "i").replace("\u0131", "i")
