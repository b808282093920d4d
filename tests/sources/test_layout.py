from typing import Any

import pytest

from remedy.sources._layout import cut, one_line, percent, show_as_text, table


def test_tables_fit_a_terminal() -> None:
    lines = table(("Name", "Count"), [("x" * 200, "7"), ("日本語" * 30, "1,000")], right=" r")

    assert all(len(line) <= 80 for line in lines)
    assert lines[2].endswith("…      7")
    assert lines[1].count("-") > 70


def test_columns_stand_to_the_left_unless_it_is_said_otherwise() -> None:
    rows = [("a", "1", "x"), ("bcd", "20", "y")]

    assert table(("Name", "No.", "Z"), rows) == [
        "Name  No.  Z",
        "----  ---  -",
        "a     1    x",
        "bcd   20   y",
    ]
    assert table(("Name", "No.", "Z"), rows, right="rr") == [
        "Name  No.  Z",
        "----  ---  -",
        "   a    1  x",
        " bcd   20  y",
    ]


def test_a_row_that_lacks_a_cell_is_no_row() -> None:
    with pytest.raises(ValueError, match="shorter"):
        table(("Name", "Count"), [("x",)])


def test_cells_are_cut_by_their_width() -> None:
    assert cut("日本語", 5) == "日本…"
    assert cut("ａｂｃ", 5) == "ａｂ…"
    assert cut("abc", 3) == "abc"
    assert cut("e\u0301" * 3, 3) == "e\u0301" * 3


def test_what_moves_a_cursor_is_not_shown() -> None:
    assert one_line("a\x1b[31mb\n c\u202e") == "a�[31mb c�"
    assert one_line("  a   b ") == "  a b"


def test_a_notebook_shows_what_is_printed() -> None:
    class Printer:
        shown = ""

        def text(self, text: str) -> None:
            self.shown += text

    class Nested:
        _repr_pretty_: Any = show_as_text

        def __str__(self) -> str:
            return "in lines"

    printer = Printer()
    Nested()._repr_pretty_(printer, False)
    assert printer.shown == "in lines"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (0.001, "<1%"), (0.01, "1%"), (0.99, "99%"), (0.996, ">99%"), (1, "100%")],
)
def test_only_none_is_nought_and_only_all_is_a_hundred(share: float, text: str) -> None:
    assert percent(share) == text
