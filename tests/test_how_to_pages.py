"""The code of the how-to pages runs as it stands, one block after the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HOW_TO = Path(__file__).resolve().parents[1] / "docs" / "how-to"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["graph", "notebook"])
def test_the_code_of_a_page_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    page = HOW_TO / f"{name}.md"
    names: dict[str, object] = {}
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, str(page), "exec"), names)
    assert capsys.readouterr().out


def test_a_report_shows_itself_in_a_notebook() -> None:
    import remedy

    with remedy.examples.load("twice-shipped-collect") as book:
        report = book.check()
        assert report._repr_markdown_() == report.to_markdown()
        assert report._repr_markdown_().startswith("#")


def test_what_becomes_of_a_source_shows_itself_in_a_notebook() -> None:
    from remedy.sources import infer

    class Printer:
        told = ""

        def text(self, given: str) -> None:
            self.told += given

    rows = [{"No": number, "When": "2026-01-05T09:00Z", "What": "late"} for number in (1, 2)]
    guess = infer(rows, source="tickets")
    for each, part in (
        (guess, "Becomes"),
        (guess.answered(signature="What").mapping(), 'source = "tickets"'),
    ):
        printer = Printer()
        assert "_repr_pretty_" in type(each).__dict__, "IPython looks in the class itself"
        each._repr_pretty_(printer, cycle=False)
        assert printer.told == str(each)
        assert part in printer.told
