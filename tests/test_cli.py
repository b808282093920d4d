import errno
import importlib.metadata
import io
import json
import os
import runpy
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import remedy
from remedy.cli import _shared, checks, main, sources
from remedy.findings import spoken_template
from tests.cli_reference import generate_reference

PROJECT = Path(__file__).resolve().parents[1]

Run = Callable[..., Result]

TICKETS = """\
Ticket,Opened,Client,Area,Issue
7,02.03.2026 09:00,C-17,shipping,shipped collect
8,19.03.2026 15:00,C-17,shipping,shipped collect
9,21.03.2026 15:00,C-18,billing,billed twice
"""
ANSWERS = ("--zone", "Europe/Vienna", "--customer", "Client", "--signature", "Area + Issue")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("REMEDY_DB", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run() -> Run:
    def run(*words: str, code: int = 0, **options: Any) -> Result:
        done = CliRunner().invoke(main, words, **options)
        assert done.exit_code == code, (done.output, done.exception)
        return done

    return run


@pytest.fixture
def story(run: Run) -> str:
    run("demo", "--to", "story.db")
    return "story.db"


@pytest.fixture
def tickets() -> str:
    Path("tickets.csv").write_text(TICKETS, encoding="utf-8")
    return "tickets.csv"


@pytest.fixture
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The streams of a command pretend to be a terminal of 80 columns."""
    from click import testing

    monkeypatch.setattr(testing._NamedTextIOWrapper, "isatty", lambda _: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    return


# --- the whole ------------------------------------------------------------------------------------


def test_help_and_version(run: Run) -> None:
    assert "Begin with: remedy demo" in run("--help").output
    assert run("--version").output == f"remedy {remedy.__version__}\n"
    assert run("check", "-h").output.startswith("Usage: main check")


def test_the_reference_has_the_help_of_every_command() -> None:
    page = (PROJECT / "docs/reference/cli.md").read_text(encoding="utf-8")
    assert page == "\n".join(generate_reference()) + "\n", (
        "python -m tests.cli_reference > docs/reference/cli.md"
    )


def test_the_command_line_is_there_at_once() -> None:
    heavy = ["attrs", "networkx", "sqlite3", "sqlite_utils", "remedy.casebook", "remedy.rules"]
    code = f"import sys, remedy.cli; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_module_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "remedy", "check", "missing.db"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: missing.db: there is no such casebook.")
    assert "Traceback" not in done.stderr


def test_the_module_runs_only_when_it_is_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["remedy", "--version"])
    with pytest.raises(SystemExit) as left:
        runpy.run_module("remedy", run_name="__main__")
    assert left.value.code == 0
    assert capsys.readouterr().out == f"remedy {remedy.__version__}\n"
    runpy.run_module("remedy.__main__", run_name="remedy.__main__")
    assert capsys.readouterr().out == ""


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = "import sys; sys.argv = ['remedy', 'stories']; from remedy.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert b"Traceback" not in errors


def test_a_broken_pipe_is_left_to_click() -> None:
    @click.command()
    def burst() -> None:
        raise OSError(errno.EPIPE, "broken pipe")

    group = _shared.Commands(commands={"burst": burst})
    with pytest.raises(OSError, match="broken pipe"):
        group.invoke(group.make_context("group", ["burst"]))


def test_bad_use_is_told_in_a_line(run: Run) -> None:
    assert "No such option '--foo'" in run("check", "--foo", code=2).stderr
    assert "No such command" in run("chekc", code=2).stderr


def test_errors_of_the_system_are_told_in_a_line(run: Run, story: str) -> None:
    failed = run("check", story, "-o", "missing/report.txt", code=2)
    assert failed.stderr == "Error: missing: there is no such folder\n"


def test_an_error_without_a_file_is_told_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no luck")

    monkeypatch.setattr("remedy.casebook.open", fail)
    assert run("check", "x.db", code=2).stderr == "Error: no luck\n"


def test_what_an_error_quotes_cannot_move_the_cursor(run: Run, story: str) -> None:
    failed = run("show", story, "INC\u202e-1", code=2)
    assert "\u202e" not in failed.stderr


def test_another_signature_in_the_configuration_says_what_to_do_here_and_in_python(
    run: Run, story: str
) -> None:
    Path("remedy.toml").write_text('signature = ["site"]\n')
    failed = run("check", story, "--config", "remedy.toml", code=2)
    assert "are made with process, failure_mode, not with site" in failed.stderr
    assert "Take the signature out of the configuration that is given" in failed.stderr
    assert "in Python, book.configure(signature=...)." in failed.stderr


def test_a_casebook_that_somebody_writes_says_what_to_do(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("tickets.csv").write_text(TICKETS)
    run("import", "tickets.csv", "--to", "q.db", *ANSWERS)
    plain = remedy.casebook.open
    monkeypatch.setattr("remedy.casebook.open", lambda *a, **k: plain(*a, **k | {"timeout": 0.01}))
    with remedy.open("q.db") as book, book.transaction():
        failed = run("import", "tickets.csv", "--to", "q.db", code=2)
    assert "Try again when they are done; in Python, timeout=... says how long" in failed.stderr


def journal_of(book: remedy.Casebook) -> str:
    return str(book._store.db.execute("PRAGMA journal_mode").fetchone()[0])


@pytest.mark.parametrize("safe", [True, False])
def test_importing_beside_a_crm_leaves_the_journal_as_it_is(
    run: Run, tickets: str, monkeypatch: pytest.MonkeyPatch, safe: bool
) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 51, 3) if safe else (3, 40, 1))
    wanted = "wal" if safe else "wal-insist"
    run("init", "q.db", "--journal", wanted, "--signature", "process,failure_mode")
    said = () if safe else ("--journal", wanted)
    with remedy.open("q.db", journal=wanted) as crm:
        assert len(list(crm.records())) == 0
        if not safe:
            failed = run("import", tickets, "--to", "q.db", *ANSWERS, code=2)
            assert "take the risk, with journal='wal-insist' or --journal wal-insist" in (
                " ".join(failed.stderr.split())
            )
        words = ("--mapping", "tickets.mapping.toml") if not safe else ANSWERS
        run("import", tickets, "--to", "q.db", *words, *said)
        assert len(list(crm.records(remedy.Incident))) == 3
        run("baseline", "q.db", *said)
        assert journal_of(crm) == "wal"
    run("import", tickets, "--to", "q.db", *said)
    with remedy.open("q.db", read_only=True) as book:
        assert journal_of(book) == "wal"
    run("baseline", "q.db", "--clear", "--journal", "delete")
    with remedy.open("q.db") as book:
        assert journal_of(book) == "delete"


def test_ids_that_may_mislead_are_told_without_the_place_in_the_code(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warn(*_: object, **__: object) -> None:
        warnings.warn("of somebody else", DeprecationWarning, stacklevel=1)
        remedy.Customer(id="C\u202e1")
        raise OSError("no luck")

    others: list[str] = []
    monkeypatch.setattr("remedy.casebook.open", warn)
    monkeypatch.setattr("warnings.showwarning", lambda message, *_, **__: others.append(message))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        told, error = run("check", "x.db", code=2).stderr.splitlines()
    assert told.startswith(r"Note: the id 'C\u202e1' holds a mark that turns the direction")
    assert error == "Error: no luck"
    assert [str(each) for each in others] == ["of somebody else"]


def test_without_a_casebook_it_says_where_it_looked(run: Run) -> None:
    failed = run("check", code=2)
    assert failed.stderr == (
        "Error: There is no casebook here (remedy.db). Name one as the first argument, or in "
        "REMEDY_DB; or make one with: remedy init\n"
    )


def test_the_casebook_may_be_named_by_the_environment(
    run: Run, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMEDY_DB", story)
    assert "INC-1" in run("check", code=1).output
    assert "INC-1" in run("show", "INC-1").output
    monkeypatch.setenv("REMEDY_DB", "missing.db")
    assert "missing.db: there is no such casebook" in run("check", code=2).stderr
    Path("remedy.db").write_text("no casebook", encoding="utf-8")
    monkeypatch.delenv("REMEDY_DB")
    assert "remedy.db: is no casebook" in run("check", code=2).stderr


# --- stories --------------------------------------------------------------------------------------


def test_demo_tells_the_story_and_then_the_report(run: Run) -> None:
    lines = run("demo").output.splitlines()
    assert lines[0] == "Twice shipped collect"
    assert "What remedy says" in lines
    assert "  error A110  hollow apology" in lines
    assert lines[-1] == "  remedy stories                           the other stories"
    assert max(map(len, lines)) <= 80


def test_demo_imports_nothing_that_it_does_not_need() -> None:
    # What takes long to import, but for pandas: sqlite-utils brings that in where it is installed.
    heavy = ["matplotlib", "networkx", "scipy"]
    code = (
        "import sys; from remedy.cli import main; main(['demo'], standalone_mode=False); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONUTF8": "1"},
        encoding="utf-8",
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_demo_looks_at_other_moments(run: Run) -> None:
    told = run("demo", "--at", "the day before the second order").output
    assert "The day before the second order: Still nobody has asked why." in told
    assert "error A101  no cause" in told
    assert 'remedy demo --at "a week after the apology"' in told
    failed = run("demo", "--at", "never", code=2)
    assert "twice-shipped-collect has no moment 'never'. Its moments are: 'a week" in failed.stderr


def test_demo_tells_how_a_story_goes_on(run: Run) -> None:
    told = run("demo", "twice-shipped-collect/third").output
    assert "And then: A third parcel goes out collect." in told
    assert "error A143  failed after a last chance" in told
    assert "the same, at another moment" in told


def test_demo_of_a_clean_story_has_nothing_to_explain(run: Run) -> None:
    told = run("demo", "brunch").output
    assert "No findings in 1 incident" in told
    assert "remedy explain" not in told


def test_demo_of_a_story_with_one_moment_offers_no_other(run: Run) -> None:
    assert "--at" not in run("demo", "signed-off-misprint").output


def test_demo_keeps_a_story_as_a_file(run: Run) -> None:
    told = run("demo", "--to", "mine.db").output
    assert "remedy show mine.db INC-1" in told
    assert "when this casebook is told" in run("check", "mine.db", code=1).output
    failed = run("demo", "--to", "mine.db", code=2)
    assert "mine.db exists already, and was left as it is." in failed.stderr


def test_demo_as_json(run: Run) -> None:
    told = json.loads(run("demo", "--format", "json").output)
    assert told["story"] == "twice-shipped-collect"
    assert [each["code"] for each in told["report"]["findings"]][:2] == ["A110", "R204"]


def test_a_story_that_there_is_not(run: Run) -> None:
    assert "The examples are: twice-shipped-collect" in run("demo", "x", code=2).stderr
    assert "brunch/no-decision" in run("demo", "brunch/x", code=2).stderr


def test_stories_are_listed(run: Run) -> None:
    told = run("stories").output
    assert told.startswith("twice-shipped-collect\n    Twice shipped collect. ")
    assert "    or twice-shipped-collect/third: A third parcel goes out collect\n" in told
    listed = json.loads(run("stories", "--format", "json").output)
    assert [each["name"] for each in listed] == list(remedy.examples.names())


# --- init -----------------------------------------------------------------------------------------


def test_init_makes_a_casebook(run: Run) -> None:
    assert "Next: remedy import tickets.csv\n" in run("init").output
    with remedy.open("remedy.db", create=False) as book:
        assert book.config == remedy.Config()
    assert "remedy.db exists already, and was left as it is." in run("init", code=2).stderr


def test_init_takes_settings(run: Run) -> None:
    Path("mine.toml").write_text('grace = "7 days"\n', encoding="utf-8")
    options = ("--signature", "process, failure_mode,product", "--same-customer", "account")
    told = run("init", "a.db", *options, "--profile", "capa", "--config", "mine.toml").output
    assert "same process and failure mode and product are" in " ".join(told.split())
    assert "Next: remedy import tickets.csv --to a.db\n" in told
    with remedy.open("a.db", create=False) as book:
        assert book.config.signature == ("process", "failure_mode", "product")
        assert book.config.same_customer == "account"
        assert book.config.profile == "capa"
        assert book.config.grace.days == 7


def test_init_as_json(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMEDY_DB", "named.db")
    made = json.loads(run("init", "--format", "json").output)
    assert made == {"casebook": "named.db", "signature": ["process", "failure_mode"]}


def test_init_refuses_a_signature_that_is_none(run: Run) -> None:
    assert "is no signature" in run("init", "--signature", "", code=2).stderr
    assert not Path("remedy.db").exists()


# --- check ----------------------------------------------------------------------------------------


def test_the_exit_status_follows_the_findings(run: Run, story: str) -> None:
    run("check", story, code=1)
    run("check", story, "--fail-on", "never")
    run("check", story, "--fail-on", "error", code=1)
    run("check", story, "--select", "A105", "--fail-on", "error")
    run("check", story, "--select", "A141")
    run("check", story, "--select", "A141", "--fail-on", "info", code=1)


def test_check_writes_nothing(run: Run, story: str) -> None:
    before = Path(story).read_bytes()
    run("check", story, code=1)
    run("show", story, "INC-1")
    run("baseline", story, "--show")
    assert Path(story).read_bytes() == before


def test_rules_are_selected_and_left_out(run: Run, story: str) -> None:
    told = json.loads(
        run(
            "check", story, "--select", "a110, R", "--ignore", "R2", "--format", "json", code=1
        ).output
    )
    assert [each["code"] for each in told["findings"]] == ["A110"]
    assert "There is no rule 'Z9'" in run("check", story, "--select", "Z9", code=2).stderr


def test_one_case_can_be_checked(run: Run, story: str) -> None:
    assert "in the case around C-17" in run("check", story, "--around", "C-17", code=1).output
    assert "no record with the id 'C-99'" in run("check", story, "--around", "C-99", code=2).stderr


def test_a_date_without_a_zone_is_one_of_this_machine(run: Run, story: str) -> None:
    told = run("check", story, "--as-of", "2026-03-02", code=1).output
    assert "the end of 2026-03-02 (UTC" in told
    assert "in this machine's zone" in told
    told = run("check", story, "--as-of", "2026-03-02T18:00", code=1).output
    assert "2026-03-02 18:00 (UTC" in told
    assert "in this machine's zone" in told


def test_a_date_with_a_zone_is_taken_as_it_is(run: Run, story: str) -> None:
    for text in ("2026-03-02+01:00", "2026-03-02[Europe/Vienna]"):
        told = run("check", story, "--as-of", text, code=1).output
        assert "the end of 2026-03-02 (UTC+01:00)\n" in told
    told = run("check", story, "--as-of", "2026-03-02T18:00+01:00", code=1).output
    assert "2026-03-02 18:00 (UTC+01:00)\n" in told
    for text in ("last week", "2026-02-30"):
        failed = run("check", story, "--as-of", text, code=2)
        assert failed.stderr.startswith(f"Error: check.as_of = '{text}': ")


def test_the_end_of_a_day_is_the_same_in_every_zone(
    run: Run, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    for zone, offset in (("Europe/Vienna", "UTC+01:00"), ("America/New_York", "UTC-05:00")):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        told = run("check", story, "--as-of", "2026-03-02", code=1).output
        assert f"the end of 2026-03-02 ({offset})" in told
    monkeypatch.delenv("TZ")
    time.tzset()


def test_a_casebook_that_is_told_today_is_checked_today(run: Run) -> None:
    run("init")
    told = json.loads(run("check", "--format", "json").output)
    assert told["as_of"][:4] >= "2025"


def test_settings_of_the_folder_are_read_and_named(run: Run, story: str) -> None:
    Path("remedy.toml").write_text('ignore = ["R", "A11"]\n', encoding="utf-8")
    told = run("check", story, code=1).output
    assert "A110" not in told.splitlines()
    assert "settings      remedy.toml\n" in told
    assert "left out      R, A11\n" in told


def test_settings_can_be_named(run: Run, story: str) -> None:
    Path("other.toml").write_text('profile = "tickets"\n', encoding="utf-8")
    told = run("check", story, "--config", "other.toml", code=1).output
    assert "settings      other.toml\n" in told
    assert "profile       tickets" in told
    failed = run("check", story, "--config", "missing.toml", code=2)
    assert "missing.toml: cannot be read" in failed.stderr
    assert "capa" in run("check", story, "--profile", "capa", code=1).output


def test_a_report_goes_to_a_file(run: Run, story: str) -> None:
    done = run("check", story, "-o", "report.txt", code=1)
    assert done.stdout == ""
    assert done.stderr == "2 errors, 1 warning, 1 info → report.txt\n"
    before = Path("report.txt").read_text(encoding="utf-8")
    assert before.startswith("2 errors, ")
    failed = run("check", story, "-o", "report.txt", code=2)
    assert "report.txt exists already" in failed.stderr
    run("check", story, "-o", "report.txt", "--force", "--format", "markdown", code=1)
    assert Path("report.txt").read_text(encoding="utf-8").startswith("## 2 errors, ")


def test_a_check_as_json(run: Run, story: str) -> None:
    told = json.loads(run("check", story, "--format", "json", code=1).stdout)
    assert told["profile"] == "capa"
    assert told["findings"][0]["key"] == "A:backing:INC-1"


def test_on_a_terminal_there_are_colours_and_hints(
    run: Run, story: str, on_a_terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run("check", story, code=1, color=True).output
    assert "\x1b[31m\x1b[1m  error A110\x1b[0m" in told
    assert "remedy explain A110 says why; remedy show story.db INC-1 tells the case." in told
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("check", story, code=1, color=True).output
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in run("check", story, code=1, color=True).output
    monkeypatch.setenv("REMEDY_DB", story)
    assert "remedy show INC-1 tells the case." in run("check", code=1).output


def test_a_hint_needs_a_case(run: Run, on_a_terminal: None) -> None:
    run("init")
    with remedy.open("remedy.db") as book:
        book.record(remedy.Incident(id="INC-1", occurred="2026-01-01T09:00+01:00"))
    assert run("check", code=1).output.endswith("\nremedy explain R200 says why\n")


def test_a_narrow_terminal_gets_narrow_lines(
    run: Run, story: str, on_a_terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert max(map(len, run("demo", "brunch").output.splitlines())) <= 50


def test_another_encoding_replaces_what_it_cannot_say() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "remedy", "explain", "A122"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0


# --- rules of one's own ---------------------------------------------------------------------------

RULE = """
from remedy import Rule
unsigned = Rule("X001", "SELECT id AS subject FROM focus", name="mine", message="{subject} it is.")
"""


def test_rules_come_from_a_file(run: Run, story: str) -> None:
    Path("my_rules.py").write_text(RULE, encoding="utf-8")
    told = run("check", story, "--rules", "my_rules.py", "--select", "X", code=1).output
    assert "  warning X001  mine\n    INC-1 it is." in told
    assert (
        "X001  mine  (warning, per incident)"
        in run("explain", "X001", "--rules", "./my_rules.py").output
    )


def test_rules_come_from_a_module(
    run: Run, story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("house_rules.py").write_text(f"{RULE}\nRULES = [unsigned, 7]\n", encoding="utf-8")
    failed = run("check", story, "--rules", "house_rules", code=2)
    assert "give its path: house_rules.py" in failed.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    run("check", story, "--rules", "house_rules", "--select", "X", code=1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "holds no rules"),
        ("RULES = 7", "holds no rules"),
        ("from remedy.rules.causes import RULES", "holds no rules"),
        ("import nothing_of_the_kind", "needs a module that is not there: nothing_of_the_kind"),
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
    ],
)
def test_modules_without_rules_are_refused(
    run: Run, story: str, content: str, problem: str
) -> None:
    Path("bad.py").write_text(content, encoding="utf-8")
    assert problem in run("check", story, "--rules", "bad.py", code=2).stderr


def test_a_file_of_rules_that_is_missing(run: Run, story: str) -> None:
    failed = run("check", story, "--rules", "missing.py", code=2)
    assert failed.stderr == "Error: missing.py: there is no such file\n"


class _Point:
    value = "their.rules"

    def __init__(self, content: object, package: str | None = "theirs") -> None:
        self._content = content
        self.dist = package and type("Package", (), {"name": package})

    def load(self) -> object:
        if isinstance(self._content, Exception):
            raise self._content
        return self._content


def test_installed_packages_offer_rules(
    run: Run, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = remedy.Rule("X001", "SELECT id AS subject FROM focus")
    points = [_Point(rule), _Point([rule])]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    run("check", story, "--select", "X", code=1)
    points[:] = [_Point(ValueError("broken"), None)]
    failed = run("check", story, code=2)
    assert "their.rules (an entry point of a package): Rule" not in failed.stderr
    assert "(an entry point of a package): cannot be loaded: broken." in failed.stderr


# --- explain --------------------------------------------------------------------------------------


def test_explain_says_what_is_behind_a_rule(run: Run) -> None:
    told = run("explain", "a110").output
    assert told.startswith("A110  hollow apology  (error, per incident)\n")
    assert "  Says    The apology of … was hollow" in told
    assert "  Source  story: twice shipped collect\n" in told
    assert "  Source" not in run("explain", "R202").output


def test_explain_lists_rules(run: Run) -> None:
    told = run("explain").output
    assert told.startswith("Apologies and promises\n  A101   error    no cause\n")
    assert "\nRecurrence\n" in told
    assert run("explain", "C").output.startswith("Causes\n  C301 ")
    assert "There is no rule 'Q'" in run("explain", "Q", code=2).stderr


def test_explain_lists_other_families_last(run: Run) -> None:
    Path("my_rules.py").write_text(RULE, encoding="utf-8")
    told = run("explain", "--rules", "my_rules.py").output
    assert "\nFamily X\n  X001   warning  mine\n" in told
    page = run("explain", "--rules", "my_rules.py", "--format", "markdown").output
    assert "\n## Family X (X)\n\n### X001: mine\n" in page


def test_explain_as_json(run: Run) -> None:
    [told] = json.loads(run("explain", "A101", "--format", "json").output)
    assert told["severity"] == "error"
    assert "{" not in "".join(told.values())
    bare = '\nfrom remedy import Rule\nx = Rule("X001", "SELECT 1")\n'
    Path("my_rules.py").write_text(bare, encoding="utf-8")
    assert (
        "### X001: \n\nWarning, per incident.\n"
        in run("explain", "X001", "--rules", "my_rules.py", "--format", "markdown").output
    )


def test_the_page_on_the_rules_is_true(run: Run) -> None:
    page = (PROJECT / "docs/reference/rules.md").read_text(encoding="utf-8")
    assert page == run("explain", "--format", "markdown").output, (
        "remedy explain --format markdown > docs/reference/rules.md"
    )


def test_messages_are_told_with_marks_for_what_differs() -> None:
    told = spoken_template(
        "{a?{a} and|} then {b?|nothing}{c}{n=1?, once|, {n} times}{more? or {more}|}"
    )
    assert told == "… and then nothing…, … times"


# --- baseline -------------------------------------------------------------------------------------


def test_a_baseline_silences_what_is_there(run: Run, story: str) -> None:
    assert "There is no baseline" in run("baseline", story, "--show").output
    told = run("baseline", story).output
    assert told.startswith("The baseline holds 4 findings: 4 new, 0 taken out.")
    assert "No new findings" in run("check", story).output
    assert "error A110" in run("check", story, "--all").output
    assert "0 new, 0 taken out" in run("baseline", story).output
    told = run("baseline", story, "--show").output
    assert told.startswith(
        "4 of 4 findings are left of the baseline of 2026-03-09.\n0 are new or worse since.\n"
    )
    assert "  A110         1 of       1  hollow apology\n" in told
    run("waive", story, "INC-1", "A110", *WHY)
    told = run("baseline", story, "--show").output
    assert (
        "  A110         0 of       1  hollow apology\n                             1 waived\n"
        in told
    )


def test_the_burn_down_counts_what_is_gone_and_new(run: Run, story: str) -> None:
    Path("my_rules.py").write_text(RULE, encoding="utf-8")
    run("baseline", story, "--rules", "my_rules.py", "--profile", "tickets")
    told = json.loads(run("baseline", story, "--show", "--format", "json").output)
    assert told["baseline"] == 4
    assert told["left"] == 2
    assert told["new"] == 2
    assert (told["gone"], told["not_asked"]) == (0, 2)
    assert told["codes"]["X001"] == {
        "baseline": 2, "left": 0, "worse": 0, "waived": 0, "gone": 0, "not_asked": 2,
    }  # fmt: skip
    assert told["since"] == "2026-03-09T08:00:00+00:00"
    text = run("baseline", story, "--show").output
    assert "2 are new or worse since." in text
    assert "\n  X001         0 of       2  X001\n                             2 not asked\n" in text
    run("check", story, code=1)


def test_a_baseline_can_be_cleared(run: Run, story: str) -> None:
    made = json.loads(run("baseline", story, "--format", "json").output)
    assert made == {"baseline": 4, "new": 4, "gone": 0}
    cleared = json.loads(run("baseline", story, "--clear", "--format", "json").output)
    assert cleared == {"cleared": 4}
    run("check", story, code=1)
    assert "The baseline is empty now (0 taken out)" in run("baseline", story, "--clear").output
    assert json.loads(run("baseline", story, "--show", "--format", "json").output)["since"] is None
    assert "not both" in run("baseline", story, "--clear", "--show", code=2).stderr


def test_a_baseline_needs_a_check_of_everything() -> None:
    book = remedy.examples.load("twice-shipped-collect")
    with pytest.raises(remedy.errors.ConfigError, match="case around INC-1 only"):
        book.set_baseline(book.check(around="INC-1"))


def test_a_configuration_that_cannot_be_used_makes_no_casebook(run: Run) -> None:
    for settings in ("placeholders = [1]", "ignore = [1.5]", "select = 5", "severity = 3"):
        Path("wrong.toml").write_text(settings, encoding="utf-8")
        told = run("init", "q.db", "--config", "wrong.toml", code=2).stderr
        assert f"wrong.toml, {settings.split()[0]}: " in told
        assert not Path("q.db").exists()


def test_a_day_that_there_is_not_is_told_as_that(run: Run, story: str) -> None:
    for day in ("2026-02-30", "2026-13-01"):
        assert "is no day of the calendar" in run("check", story, "--as-of", day, code=2).stderr


# --- waive ----------------------------------------------------------------------------------------

WHY = ("--reason", "told the customer", "--until", "2027-01-01")


def test_a_finding_is_waived_by_its_key(run: Run, story: str) -> None:
    told = run("waive", story, "A:backing:INC-1", *WHY, "--who", "QA lead").output
    assert told.startswith("A110 on INC-1 is accepted until the end of 2027-01-01 (UTC")
    assert "by QA lead: told" in " ".join(told.split())
    checked = run("check", story, code=1).output
    assert "1 finding accepted by a waiver (A110)." in checked
    shown = " ".join(run("show", story, "INC-1").output.split())
    assert "A110 is accepted until 2027-01-01 by QA lead: told" in shown
    assert "Nothing to say" not in shown
    failed = run("waive", story, "A:backing:INC-1", *WHY, code=2)
    assert "A:backing:INC-1 is accepted already, until 2027-01-" in failed.stderr
    assert (
        "There is no finding 'A:nothing'" in run("waive", story, "A:nothing", *WHY, code=2).stderr
    )


@pytest.mark.parametrize(
    "words",
    [
        ("INC-2", "r204"),
        ("INC-2 R204",),
        ("R:again",),
        ("C-17", "R204"),
        ("story.db", "INC-2", "R204"),
        ("story.db", "INC-2 R204"),
    ],
)
def test_a_finding_is_named_by_what_it_is_about(
    run: Run, story: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REMEDY_DB", story)
    made = json.loads(run("waive", *words, *WHY, "--format", "json").output)
    assert made["finding"] == "R:again:INC-2"
    assert made["code"] == "R204"
    assert made["who"]


def test_a_failure_is_named_in_words(run: Run) -> None:
    run("init")
    with remedy.open("remedy.db") as book:
        book.record(
            *(
                remedy.Incident(
                    id=f"INC-{number}",
                    occurred=f"2026-01-0{number}T09:00+01:00",
                    process="billing",
                    failure_mode="late",
                )
                for number in (1, 2, 3)
            )
        )
    told = run("waive", "billing / late", "R201", *WHY).output
    assert told.startswith("R201 on billing / late is accepted")


def test_a_name_that_fits_several_or_none_is_refused(run: Run, story: str) -> None:
    failed = run("waive", story, "A:", *WHY, code=2).stderr
    assert "'A:' could be any of 3 findings:\n  A110 on INC-1: A:backing:INC-1\n" in failed
    assert (
        "There is no finding 'INC-7 A110'" in run("waive", story, "INC-7 A110", *WHY, code=2).stderr
    )
    assert "There is no finding 'INC-7'" in run("waive", story, "INC-7", *WHY, code=2).stderr
    assert "too many words" in run("waive", *"abcd", *WHY, code=2).stderr


def test_many_that_fit_are_listed_in_part(run: Run) -> None:
    run("init")
    with remedy.open("remedy.db") as book:
        book.record(
            *(
                remedy.Apology(
                    id=f"APO-{number}", incidents="INC-1", made="2026-01-05T09:00+01:00",
                    promises=remedy.Promise(text="something"),
                )
                for number in range(12)
            ),
            remedy.Incident(id="INC-1", occurred="2026-01-05T09:00+01:00"),
        )  # fmt: skip
    failed = run("waive", "A:promise:APO-1", *WHY, code=2).stderr
    assert "could be any of 3 findings" in failed
    failed = run("waive", "A:promise:", *WHY, code=2).stderr
    assert "  and 2 more\n" in failed
    # The key itself names one finding, even if others begin alike.
    checks._the_one(
        _Report([_Finding("A:x:1"), _Finding("A:x:12")]),  # type: ignore[arg-type]
        ("A:x:1",),
    )


class _Finding:
    def __init__(self, key: str) -> None:
        self.key = key


class _Report:
    waived = ()

    def __init__(self, findings: list[_Finding]) -> None:
        self.findings = findings


def test_a_waiver_has_to_end_later(run: Run, story: str) -> None:
    failed = run("waive", story, "R:again", "--reason", "x", "--until", "2026-01-01", code=2)
    assert "--until 2026-01-01 is over already" in failed.stderr
    failed = run("waive", story, "R:again", "--reason", "x", "--until", "soon", code=2)
    assert "Waiver.until = 'soon'" in failed.stderr


# --- show -----------------------------------------------------------------------------------------


def test_show_tells_a_case(run: Run, story: str) -> None:
    told = run("show", story, "INC-1").output
    assert told.startswith("1 customer, 2 incidents, 1 complaint, 2 causes")
    assert "2026-02-03 14:20  INC-1  A prepaid order was shipped freight collect\n" in told
    assert "\nincident INC-1  A prepaid order was shipped freight collect\n├─ " in told
    assert "\n  error A110  hollow apology\n" in told
    assert max(map(len, told.splitlines())) <= 80


def test_show_says_what_could_be_said_by_then(run: Run, story: str) -> None:
    told = run("show", story, "INC-1", "--as-of", "2026-02-18T18:00+01:00").output
    assert "INC-2" not in told
    assert "error A101" in told
    failed = run("show", story, "INC-2", "--as-of", "2026-02-18T18:00+01:00", code=2)
    assert "INC-2 was not on record by 2026-02-18." in failed.stderr


def test_show_tells_the_same_case_around_any_of_its_records(run: Run, story: str) -> None:
    head, when, *_ = run("show", story, "INC-1").output.split("\n\n")
    for id in ("ACT-2", "DEC-1", "EVI-1", "EVI-3", "RES-1", "PRO-2", "CAU-2", "C-17", "COM-1"):
        told = run("show", story, id).output.split("\n\n")
        assert told[:2] == [head, when], id


@pytest.mark.parametrize("id", ["ACT-2", "DEC-1", "RES-1", "INC-2", "APO-1", "C-17"])
def test_show_has_all_that_its_findings_name(run: Run, story: str, id: str) -> None:
    for moment in ((), ("--as-of", "2026-03-04")):
        told = json.loads(run("show", story, id, "--format", "json", *moment).output)
        shown = {record["id"] for record in told["records"]}
        assert told["findings"]
        for finding in told["findings"]:
            assert {*finding["path"], *finding["customers"]} <= shown


def test_show_has_what_its_findings_name_of_another_case(run: Run) -> None:
    run("init")
    with remedy.open("remedy.db") as book:
        book.configure(told_on="2026-03-20T12:00+01:00")
        book.record(
            remedy.Incident(id="INC-1", occurred="2026-03-01T09:00+01:00", customers="C-1"),
            remedy.Incident(id="INC-2", occurred="2026-03-02T09:00+01:00", customers="C-1"),
            remedy.Response(
                id="RES-2", customer="C-1", incident="INC-2", kind="last_chance",
                made="2026-03-03T09:00+01:00",
            ),
        )  # fmt: skip
    told = json.loads(run("show", "INC-1", "--format", "json").output)
    [finding] = (each for each in told["findings"] if "RES-2" in each["path"])
    assert finding["code"] == "A142"
    assert {record["id"] for record in told["records"]} == {"INC-1", "C-1", "RES-2"}
    assert "RES-2" in run("export", "--around", "INC-1").output
    assert "response RES-2" in run("export", "--around", "INC-1", "--format", "dot").output


def test_show_says_in_which_zone_times_are_told_that_no_incident_has(run: Run) -> None:
    run("init")
    with remedy.open("remedy.db") as book:
        book.record(
            remedy.Cause(id="CAU-1", found="2026-03-01T09:00+01:00"),
            remedy.Evidence(id="EVI-1", cause="CAU-1", text="x", made="2026-03-01T09:00+01:00"),
        )
    assert "\ntimes in UTC:\n2026-03-01 08:00  CAU-1  cause found\n" in run("show", "EVI-1").output
    drawn = run("export", "--around", "EVI-1", "--format", "mermaid").output
    assert "2026-03-01 08:00 UTC found" in drawn


def test_show_of_what_has_no_day_is_one_line(run: Run) -> None:
    run("init")
    with remedy.open("remedy.db") as book:
        book.record(remedy.Customer(id="C-1", name="a bakery"))
    assert run("show", "C-1").output == (
        "1 customer\n\ncustomer C-1  a bakery\n\nNothing to say about it.\n"
    )


def test_show_says_nothing_that_had_not_happened_by_then(run: Run, story: str) -> None:
    told = run("show", story, "INC-1", "--as-of", "2026-02-10T09:10+01:00").output
    assert "correction ACT-1  (open, due 2026-02-10)" in told
    assert "implemented" not in told
    assert told.startswith("1 customer, 1 incident, 1 complaint, 1 action\n")


def test_show_says_if_there_is_nothing_to_say(run: Run) -> None:
    run("demo", "brunch", "--to", "b.db")
    assert run("show", "b.db", "INC-1").output.endswith("\nNothing to say about it.\n")


def test_show_says_if_all_that_there_is_to_say_is_accepted(run: Run) -> None:
    run("init")
    with remedy.open("remedy.db") as book:
        for day in (2, 3):
            book.record(
                remedy.Incident(
                    id=f"INC-{day}",
                    occurred=f"2026-03-0{day}T09:00Z",
                    process="shipping",
                    failure_mode="late",
                )
            )
    [finding] = json.loads(run("check", "--format", "json").output)["findings"]
    run("waive", finding["key"], *WHY)
    told = run("show", "INC-3").output
    assert "R201 is accepted until 2027-01-01" in told
    assert "Nothing to say" not in told


def test_show_as_json(run: Run, story: str) -> None:
    told = json.loads(run("show", story, "CAU-1", "--format", "json").output)
    assert told["id"] == "CAU-1"
    assert {"from": "ACT-3", "kind": "addresses", "to": "CAU-1"} in told["links"]
    assert told["timeline"][0]["event"] == "happened"
    assert {"A110", "R204"} <= {each["code"] for each in told["findings"]}
    assert any(each["id"] == "INC-1" for each in told["records"])
    assert told["states"] == {
        "APO-1": "hollow", "APO-2": "backed", "PRO-1": "broken", "PRO-2": "open",
    }  # fmt: skip


def test_show_says_what_has_become_of_promises(run: Run, story: str) -> None:
    assert (
        "promise PRO-1  (broken) It will never happen again." in run("show", story, "INC-1").output
    )


def test_json_can_name_all_apologies(run: Run, story: str) -> None:
    told = json.loads(run("check", story, "--format", "json", "--standings", code=1).output)
    assert [each["id"] for each in told["apologies"]["all"]] == ["APO-1", "APO-2"]
    assert "--standings goes with" in run("check", story, "--standings", code=2).stderr


def test_show_takes_one_id(run: Run) -> None:
    assert "Write: remedy show CASEBOOK ID" in run("show", "a", "b", "c", code=2).stderr


# --- export ---------------------------------------------------------------------------------------


def test_export_gives_an_exact_copy(run: Run, story: str) -> None:
    lines = run("export", story, "--show-customers").output.splitlines()
    records = [remedy.from_dict(json.loads(line)) for line in lines]
    with remedy.open(story, read_only=True) as book:
        assert records == list(book.records())
    copy = run("export", story, "--format", "json", "--show-customers").output
    assert json.loads(copy) == list(map(json.loads, lines))


def test_export_around_a_record(run: Run, story: str) -> None:
    lines = run("export", story, "--around", "INC-1", "-o", "case.jsonl").output
    assert lines == ""
    records = [
        remedy.from_dict(json.loads(line))
        for line in Path("case.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    with remedy.open() as book:
        book.record(*records)
        assert book.get("PRO-1").apology == "APO-1"
    assert "EXP-1" not in {record.id for record in records}
    assert "exists already" in run("export", story, "-o", "case.jsonl", code=2).stderr
    run("export", story, "-o", "case.jsonl", "--force")


def test_export_of_tables(run: Run, story: str) -> None:
    told = run("export", story, "--format", "csv", "-o", "tables").output
    assert str(Path("tables/incident.csv")) in told.splitlines()
    assert (
        "exists already" in run("export", story, "--format", "csv", "-o", "tables", code=2).stderr
    )
    run("export", story, "--format", "csv", "-o", "tables", "--force")
    told = run("export", story, "--format", "csv", "--table", "customer", "--show-customers").output
    assert told.splitlines()[1].startswith('"C-17"')
    assert "name a folder with -o" in run("export", story, "--format", "csv", code=2).stderr
    assert "go with --format csv" in run("export", story, "--table", "x", code=2).stderr
    failed = run("export", story, "--format", "csv", "--table", "x", code=2)
    assert "There is no table 'x'" in failed.stderr


def test_exported_tables_are_safe_unless_raw(run: Run) -> None:
    run("init")
    with remedy.open("remedy.db") as book:
        book.record(remedy.Customer(id="C-1", name="=cmd()"))
    table = ("export", "--format", "csv", "--table", "customer", "--show-customers")
    assert '"\'=cmd()"' in run(*table).output
    assert '"=cmd()"' in run(*table, "--raw").output


@pytest.mark.parametrize(
    ("form", "begin"),
    [("graphml", "<?xml"), ("mermaid", "flowchart BT"), ("dot", "digraph remedy {")],
)
def test_export_of_graphs(run: Run, story: str, form: str, begin: str) -> None:
    assert run("export", story, "--format", form, "--around", "INC-1").output.startswith(begin)
    assert run("export", story, "--format", form).output.startswith(begin)


def test_a_drawing_as_of_a_date_has_what_had_happened_by_then(run: Run, story: str) -> None:
    draw = ("export", story, "--format", "mermaid")
    early = ("--as-of", "2026-02-10T09:10+01:00")
    drawn = run(*draw, "--around", "INC-1", *early).output
    assert "2026-02-10 09:00 decided" in drawn
    assert "INC-2" not in drawn
    assert "INC-2" not in run(*draw, *early).output
    assert "INC-2" in run(*draw).output
    failed = run(*draw, "--around", "INC-2", *early, code=2)
    assert "INC-2 was not on record by 2026-02-10." in failed.stderr
    failed = run("export", story, "--as-of", "2026-02-10", code=2)
    assert "--as-of goes with --format graphml, mermaid, dot." in failed.stderr


def test_a_drawing_tells_times_as_the_incidents_of_the_case_do(run: Run, story: str) -> None:
    drawn = run("export", story, "--format", "mermaid", "--around", "ACT-2").output
    assert "2026-03-03 15:30 decided" in drawn
    assert "incident INC-1" in drawn
    assert "UTC" not in drawn


# --- profile and import ---------------------------------------------------------------------------


def test_profile_says_what_a_file_looks_like(run: Run, tickets: str) -> None:
    told = run("profile", tickets).output
    assert told.startswith("tickets.csv: 3 rows, 3 incidents\n")
    told = json.loads(run("profile", tickets, "--window", "30", "--format", "json").output)
    assert told["rows"] == 3
    assert told["window_days"] == 30
    assert list(Path().iterdir()) == [Path(tickets)]


def test_profile_reads_as_it_is_told(run: Run) -> None:
    Path("t.csv").write_bytes(TICKETS.replace(",", ";").replace("late", "spät").encode("cp1252"))
    told = run("profile", "t.csv", "--encoding", "cp1252", "--delimiter", ";").output
    assert "\nTicket " in told
    Path("t.json").write_text('{"rows": [{"Ticket": 1, "Opened": "2026-03-02"}]}', encoding="utf-8")
    assert "t.json: 1 rows" in run("profile", "t.json", "--records", "rows").output


def test_import_without_a_mapping_asks_for_what_it_cannot_know(run: Run, tickets: str) -> None:
    failed = run("import", tickets, code=2)
    assert failed.stdout == ""
    assert (
        "Answer with these options:\n\n  --zone  In which time zone are the times?" in failed.stderr
    )
    assert "      Europe/Vienna  a place, with its summer time\n" in failed.stderr
    assert "remedy profile tickets.csv" in failed.stderr
    assert list(Path().iterdir()) == [Path(tickets)]


def test_yes_does_not_answer_what_everything_rests_on(run: Run, tickets: str) -> None:
    Path(tickets).write_text(TICKETS.replace("shipped collect\n8", "x\n8"), encoding="utf-8")
    failed = run("import", tickets, "--yes", "--zone", "UTC", code=2)
    assert "  --signature  What makes two incidents the same failure?\n" in failed.stderr
    assert "\n      Issue  compares 100%, calls 0% repeats\n" in failed.stderr
    assert not Path("remedy.db").exists()
    run("import", tickets, "--yes", "--zone", "UTC", "--signature", "Issue")


def test_import_shows_and_saves_what_becomes_what(run: Run, tickets: str) -> None:
    done = run("import", tickets, "--to", "q.db", *ANSWERS)
    assert "Opened    100%         3  time        occurred" in done.stdout
    assert "These are guesses, where you said nothing: --source, --key, --occurred," in done.stdout
    assert "All ids begin with 'tickets', which has to be the" in done.stdout
    assert "tickets.csv: 3 rows → 3 incidents\n3 new" in done.stdout
    assert done.stdout.endswith("Next: remedy check q.db\n")
    assert done.stderr.startswith("Saved as tickets.mapping.toml: correct it there")
    assert "--mapping tickets.mapping.toml" in done.stderr
    with remedy.open("q.db", create=False) as book:
        incidents = list(book.records(remedy.Incident, customers="C-17"))
    assert [each.failure_mode for each in incidents] == ["shipped collect"] * 2


def test_a_source_that_was_said_is_no_guess(run: Run, tickets: str) -> None:
    done = run("import", tickets, *ANSWERS, "--source", "crm")
    assert "These are guesses, where you said nothing: --key, --occurred," in done.stdout
    assert "All ids begin with" not in done.stdout


def test_importing_again_uses_the_saved_mapping_and_changes_nothing(run: Run, tickets: str) -> None:
    run("import", tickets, *ANSWERS)
    done = run("import", tickets)
    assert done.stderr.startswith("What becomes what: tickets.mapping.toml\n")
    assert "0 new, 0 updated, 3 unchanged" in done.stdout
    assert done.stdout.endswith("Next: remedy check\n")
    failed = run("import", tickets, *ANSWERS, code=2)
    assert "--customer is for imports without a mapping" in failed.stderr
    failed = run("import", tickets, "--mapping", "tickets.mapping.toml", "--zone", "UTC", code=2)
    assert "--zone is for imports without a mapping, and tickets.mapping.toml" in failed.stderr
    assert "to be asked anew, move it away" in failed.stderr


def test_import_as_json(run: Run, tickets: str) -> None:
    done = run("import", tickets, "--format", "json", *ANSWERS)
    told = json.loads(done.stdout)
    assert told["new"] == 3
    assert told["casebook"] == "remedy.db"


def test_every_question_may_have_its_answer(run: Run, tickets: str) -> None:
    answers = (*ANSWERS, "--key", "Ticket", "--occurred", "Opened", "--basis", "observed")
    answers += ("--source", "crm")
    done = run("import", tickets, *answers, "--noticed-by", "us")
    assert "guesses" not in done.stdout


def test_import_tries_a_mapping(run: Run, tickets: str) -> None:
    done = run("import", tickets, "--dry-run", *ANSWERS)
    assert "line 2 becomes\n  incident tickets-7\n" in done.stdout
    assert list(Path().iterdir()) == [Path(tickets)]


def test_bad_rows_are_refused_or_left_out(run: Run, tickets: str) -> None:
    run("import", tickets, *ANSWERS)
    Path("more.csv").write_text(f"{TICKETS}10,someday,C-1,a,b\n", encoding="utf-8")
    mapped = ("import", "more.csv", "--mapping", "tickets.mapping.toml")
    failed = run(*mapped, "--to", "new.db", code=2)
    assert "1 row was refused, and nothing was written." in failed.stderr
    assert not Path("new.db").exists()
    assert run(*mapped, code=2).stdout == ""
    assert Path("remedy.db").exists()
    done = run(*mapped, "--skip-bad")
    assert "1 row refused:" in done.stdout
    assert "someday" in Path("more.rejected.csv").read_text(encoding="utf-8")
    assert "They are in more.rejected.csv: mend them there" in done.stdout
    mended = "remedy import more.rejected.csv --mapping tickets.mapping.toml"
    assert f"When it is mended: {mended}\nNext: remedy check\n" in done.stdout
    failed = run(*mapped, "--skip-bad", code=2)
    assert "(--rejects, or rejects=), or have it replaced: --force, or" in failed.stderr
    run(*mapped, "--skip-bad", "--force")
    run(*mapped, "--skip-bad", "--rejects", "r.csv")
    assert Path("r.csv").exists()


def test_rows_that_were_mended_are_imported_as_it_was_said(run: Run, tickets: str) -> None:
    rows = f"{TICKETS}10,someday,C-1,a,b\n".replace(",", ";")
    Path(tickets).write_bytes(rows.replace("a;b", "ä;b").encode("cp1252"))
    # The mapping beside it is made for commas and UTF-8: what is said counts.
    Path("t.csv").write_text(TICKETS, encoding="utf-8")
    run("import", "t.csv", *ANSWERS)
    Path("t.mapping.toml").rename("tickets.mapping.toml")
    said = ("--encoding", "cp1252", "--delimiter", ";")
    done = run("import", tickets, "--to", "a b.db", "--skip-bad", *said)
    command = next(line for line in done.stdout.splitlines() if "mended:" in line)
    words = shlex.split(command.removeprefix("When it is mended: remedy "))
    assert words[-6:] == [*said, "--to", "a b.db"]
    path = Path("tickets.rejected.csv")
    path.write_bytes(path.read_bytes().replace(b"someday", b"22.03.2026 09:00"))
    assert "1 new" in run(*words).stdout
    assert "1 unchanged" in run("import", str(path), *said, "--to", "a b.db").stdout
    run("import", tickets, "--to", "c.db", code=2)
    json = '{"rows": [{"Ticket": 1, "Opened": "22.03.2026 09:00", "Client": "C", "Area": "a"}]}'
    Path("t.json").write_text(json, encoding="utf-8")
    mapped = ("t.json", "--mapping", "tickets.mapping.toml", "--records", "rows")
    assert "1 new" in run("import", *mapped).stdout
    assert "t.json: 1 rows, 1 incidents" in run("profile", *mapped).stdout


@pytest.mark.parametrize("bad", [True, False])
@pytest.mark.parametrize("links", [True, False])
def test_a_casebook_that_somebody_makes_meanwhile_is_left(
    run: Run, tickets: str, monkeypatch: pytest.MonkeyPatch, bad: bool, links: bool
) -> None:
    run("import", tickets, *ANSWERS)
    more = "10,someday,C-1,a,b\n" if bad else ""
    Path("more.csv").write_text(f"{TICKETS}{more}", encoding="utf-8")
    original = remedy.sources.import_file

    def while_they_write(book: Any, *words: Any, **options: Any) -> Any:
        if not Path("new.db").exists():
            with remedy.open("new.db") as theirs:
                theirs.record(remedy.Customer(id="theirs"))
        return original(book, *words, **options)

    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr("remedy.sources.import_file", while_they_write)
    if not links:
        monkeypatch.setattr("os.link", no_links)
    mapped = ("import", "more.csv", "--mapping", "tickets.mapping.toml", "--to", "new.db")
    run(*mapped, code=2 if bad else 0)
    if bad:
        done = run(*mapped, "--skip-bad")
        assert "3 new" in done.stdout
    with remedy.open("new.db", create=False) as book:
        assert book.get("theirs")
        assert len(list(book.records(remedy.Incident))) == 3
    assert not list(Path().glob(".*"))


def test_a_casebook_is_made_where_files_cannot_be_linked(
    run: Run, tickets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr("os.link", no_links)
    run("import", tickets, "--to", "new.db", *ANSWERS)
    with remedy.open("new.db", create=False) as book:
        assert len(list(book.records(remedy.Incident))) == 3


def test_a_casebook_that_cannot_be_made_is_called_by_its_name(run: Run, tickets: str) -> None:
    failed = run("import", tickets, "--to", "no/such.db", *ANSWERS, code=2)
    assert "no/such.db: cannot be made here" in failed.stderr


def test_a_casebook_in_memory_is_no_file(run: Run, tickets: str) -> None:
    assert "3 new" in run("import", tickets, "--to", ":memory:", *ANSWERS).stdout
    assert not Path(":memory:").exists()


def test_a_mapping_brings_its_signature_to_a_new_casebook(run: Run, tickets: str) -> None:
    run("import", tickets, "--to", "first.db", *ANSWERS)
    mapping = Path("tickets.mapping.toml")
    with_signature = 'signature = ["failure_mode"]\n' + mapping.read_text(encoding="utf-8")
    mapping.write_text(with_signature, encoding="utf-8")
    run("import", tickets, "--to", "second.db")
    with remedy.open("second.db", create=False) as book:
        assert book.config.signature == ("failure_mode",)


def test_on_a_terminal_import_asks(run: Run, tickets: str, on_a_terminal: None) -> None:
    said = [
        "desk",
        "",
        "",
        "",
        "Europe/Nowhere",
        "Europe/Vienna",
        "Client",
        "Area + Issue",
        "customer",
    ]
    done = run("import", tickets, "--to", "q.db", input="\n".join((*said, "")))
    assert "Some questions. Return alone takes what stands in brackets." in done.stderr
    assert "source [tickets]:" in done.output
    assert "key [Ticket]:" in done.output
    assert 'source = "desk"' in Path("tickets.mapping.toml").read_text(encoding="utf-8")
    assert "there is no time zone 'Europe/Nowhere'" in done.stderr
    assert "3 incidents, 3 complaints" in done.stdout


def test_on_a_terminal_yes_asks_nothing(run: Run, tickets: str, on_a_terminal: None) -> None:
    done = run("import", tickets, "--yes", *ANSWERS)
    assert "Some questions" not in done.stderr
    assert "3 new" in done.stdout


def test_what_is_wrong_is_told_in_lines_that_fit_on_a_terminal(
    run: Run, tickets: str, on_a_terminal: None
) -> None:
    Path(tickets).write_text(
        TICKETS + "10,23.03.2026 15:00,C-18,billing,billed\x7f" + " again" * 20
    )
    done = run("import", tickets, "--yes", *ANSWERS, code=2)
    told = done.stderr[done.stderr.index("Error: ") :].splitlines()
    assert max(map(len, told)) <= 80
    assert any("refused, and nothing was written" in line for line in told)
    assert "U+007F" in done.stderr


def test_progress_is_told_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    with _shared.progress("working", 10) as advance:
        advance(4)
        advance(10)
    assert "working" in terminal.getvalue()
    assert "100%" in terminal.getvalue()


def test_a_packed_file_has_its_mapping_under_its_plain_name() -> None:
    assert sources._beside(Path("a/tickets.csv.gz")) == Path("a/tickets.mapping.toml")


def test_a_file_name_is_shown_without_what_a_terminal_obeys(run: Run) -> None:
    told = run("init", "a\x15 b.db").stdout
    assert "\x15" not in told
    assert r"--to 'a\x15 b.db'" in told
