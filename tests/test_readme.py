"""What the README and the documentation show is run as it stands there."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from remedy.cli import main

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


WITH_PYTHON = [page for page in PAGES if blocks(page)]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: str(page.relative_to(PROJECT)))
def test_the_python_of_a_page_runs_from_top_to_bottom(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for number, block in enumerate(blocks(page), start=1):
        if block.startswith(">>> "):
            continue  # A page of examples with what they print: held by tests of its own.
        exec(compile(block, f"{page.name}, block {number}", "exec"), names)


def test_the_readme_shows_the_finding_that_its_example_is_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(blocks(PROJECT / "README.md")[0], {})
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(
        "error A101 INC-1 Apologised for on 2026-03-09, and nobody has found out why it happened."
    )


def test_the_two_commands_stand_in_the_readme_each_on_a_line() -> None:
    commands = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert commands == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/remedy demo",
        "python3 -m venv .venv && .venv/bin/pip install nox && .venv/bin/nox",
    ]


def test_the_readme_names_no_hosts_and_no_folders_of_one_machine() -> None:
    assert "://" not in README
    assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users)/", README)


def test_every_link_of_a_page_leads_to_a_file() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_command_of_a_page_is_one(page: Path) -> None:
    for line in re.findall(r"^\$ remedy (\S+)", page.read_text(encoding="utf-8"), re.MULTILINE):
        assert line in main.commands, line


def test_the_commands_of_the_tutorial_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REMEDY_DB", raising=False)
    Path("tickets.csv").write_text(
        "Ticket,Opened,Client,Topic\n"
        "7,2026-03-02T09:00+01:00,C-17,shipped collect\n"
        "8,2026-03-19T15:00+01:00,C-17,shipped collect\n",
        encoding="utf-8",
    )
    page = (PROJECT / "docs/tutorial/first-look.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ remedy (.+)$", page, re.MULTILINE)
    assert len(commands) > 8
    for command in commands:
        done = CliRunner().invoke(main, shlex.split(command))
        # What `check` finds is no failure of the command.
        allowed = (0, 1) if command.startswith("check") else (0,)
        assert done.exit_code in allowed, (command, done.output)


def test_what_the_tutorial_shows_of_the_output_is_true() -> None:
    import remedy
    from remedy.reporting.tree import generate_tree

    page = (PROJECT / "docs/tutorial/first-look.md").read_text(encoding="utf-8")
    book = remedy.examples.load("twice-shipped-collect")
    report = book.check()
    text = report.to_text(look_up=book.get)
    graph = book.graph(around="INC-1")
    shown = re.findall(r"^```text\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL)
    listed = "\n".join(f"{f.severity} {f.code} {f.subject}" for f in report.findings)
    assert shown[0] in text
    assert "\n".join(generate_tree(graph, "INC-1")).startswith(shown[1])
    assert shown[2] == listed
