"""The examples of the how-to run as they stand."""

import doctest
import re
from pathlib import Path

import pytest

from remedy.sources import load_mapping

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "import-csv.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    page = PAGE.read_text(encoding="utf-8")
    try:
        for found in BLOCK.finditer(page):
            language, name, content = found.groups()
            if name is not None:
                Path(name).write_text(content, encoding="utf-8")
            elif language == "python":
                line = page.count("\n", 0, found.start()) + 1
                test = doctest.DocTestParser().get_doctest(
                    content, names, PAGE.name, str(PAGE), line
                )
                runner.run(test, clear_globs=False)
                names.update(test.globs)
    finally:
        if "book" in names:
            names["book"].close()  # type: ignore[attr-defined]

    assert runner.summarize(verbose=False) == doctest.TestResults(failed=0, attempted=runner.tries)
    assert load_mapping("crm.toml").key == ("Ticket",)
