from hypothesis import given
from hypothesis import strategies as st

from remedy.reporting._paper import counted, cut, padded, plain, visible, width, wrapped


def test_plain_text_is_one_line_and_shows_what_would_move_the_cursor() -> None:
    assert plain("a\tline\n and more ") == "a line and more"
    assert plain("\x1b[31mred\x07") == "\\x1b[31mred\\x07"
    assert plain("a\u202etxt.exe") == "a\\u202etxt.exe"
    assert plain("\U000e0001tag") == "\\U000e0001tag"
    assert visible("  kept  apart") == "  kept  apart"


def test_plain_text_leaves_words_and_emoji_that_are_joined() -> None:
    assert plain("\U0001f469\u200d\U0001f373 k\u200cn") == "\U0001f469\u200d\U0001f373 k\u200cn"


def test_width_counts_columns_not_characters() -> None:
    assert width("abc") == 3
    assert width("日本") == 4
    assert width("e\u0301") == 1
    assert width("a\u200db") == 2


def test_padded_and_cut_go_by_columns() -> None:
    assert padded("日本", 6) == "日本  "
    assert cut("日本語", 6) == "日本語"
    assert cut("日本語です", 6) == "日本…"
    assert cut("anything", 0) == "…"


def test_wrapped_text_hangs_under_its_first_line() -> None:
    lines = list(wrapped("one two three four", 12, "  → "))
    assert lines == ["  → one two", "    three", "    four"]
    assert list(wrapped("one two", 8, "", "  ")) == ["one two"]
    assert list(wrapped("one twelve", 11, "- ", "> ")) == ["- one", "> twelve"]


def test_a_word_that_is_too_long_is_parted() -> None:
    assert list(wrapped("a abcdefghijklmnop b", 10)) == ["a", "abcdefghij", "klmnop b"]
    assert list(wrapped("abcdefghijklmnop", 10, "    ", "")) == [
        "    abcdefgh",
        "ijklmnop",
    ]  # over the edge


def test_nothing_is_one_empty_line() -> None:
    assert list(wrapped("", 10, "- ")) == ["- "]


@given(st.text(), st.integers(min_value=8, max_value=60))
def test_wrapped_lines_fit_and_keep_every_word(text: str, columns: int) -> None:
    told = plain(text)
    lines = list(wrapped(told, columns))
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == told.replace(" ", "")


def test_numbers_agree_with_their_nouns() -> None:
    assert counted(1, "apology", "apologies") == "1 apology"
    assert counted(1204, "apology", "apologies") == "1,204 apologies"
    assert counted(0, "error") == "0 errors"
