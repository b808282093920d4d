"""The benchmarks run, say what they promise, and all ways of answering find the same."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import remedy
from benchmarks import _contender as contender
from benchmarks import _generator as generator
from benchmarks import _networkx_check, _pandas_check, bare_check
from tests.oracle.random_casebooks import random_casebook

pytest.importorskip("pandas")

ROOT = Path(__file__).parents[1]
SIZE = 2_000


def run(name: str, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--size", str(SIZE), *options],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("troubled", ["0.01", "0.1"])
def test_all_ways_of_checking_find_the_same(troubled: str) -> None:
    result = run("check", "--rounds", "1", "--no-growth", "--troubled", troubled)
    assert result["benchmark"] == "check"
    assert result["size"] == SIZE
    assert result["agree"] == {"rows": True, "states": True, "findings_tell_all_rows": True}
    assert result["rows"] > 0
    assert 0 < result["share_with_rows"] < 2 * float(troubled)
    contenders = result["contenders"]
    assert set(contenders) == {"remedy", "remedy_rows", "bare_sql", "pandas", "networkx"}
    for name, told in contenders.items():
        for field in ("seconds_wall", "seconds_cpu"):
            assert set(told[field]) == {"median", "min", "runs"}, name
        assert told["peak_mb"] > 1
        assert len(told["sha256"]) == 64
        assert sum(told["counts"].values()) == told["rows"]
    assert contenders["remedy_rows"]["sha256"] == contenders["bare_sql"]["sha256"]
    assert contenders["remedy_rows"]["counts"] == contenders["bare_sql"]["counts"]
    assert contenders["remedy"]["states_sha256"] == contenders["bare_sql"]["states_sha256"]
    assert contenders["remedy"]["findings"] == result["findings"] > 0
    assert set(contenders["pandas"]) >= {"seconds_of_loading_wall", "seconds_of_loading_cpu"}
    assert {
        f"{pair}_{clock}"
        for pair in ("remedy_to_bare_sql", "remedy_rows_to_bare_sql", "pandas_to_remedy",
                     "networkx_to_remedy")
        for clock in ("wall", "cpu")
    } == set(result["ratios"])  # fmt: skip


def test_growth_is_told_from_a_tenth_of_the_size() -> None:
    result = run("check", "--rounds", "1", "--without", "pandas", "networkx")
    assert set(result["growth_from_a_tenth"]) == {
        "remedy_wall", "remedy_cpu", "bare_sql_wall", "bare_sql_cpu"
    }  # fmt: skip
    assert "pandas" not in result["contenders"]


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", range(12))
def test_all_ways_of_checking_find_the_same_in_random_casebooks(seed: int, tmp_path: Path) -> None:
    """In the oracle's casebooks every rule fires in every way that it can."""
    case, path = random_casebook(seed), tmp_path / "book.db"
    with remedy.open(path, config=case.config) as book:
        book.record(*case.records)
        plain = remedy.Config(
            signature=case.config.signature,
            placeholders=case.config.placeholders,
            **generator.CONFIG,
        )
        expected = contender.library_answers(book, as_of=case.as_of, config=plain)
    connection = sqlite3.connect(path, isolation_level=None)
    bare = contender.gathered(bare_check.answers(connection, case.as_of, contender.LIMITS))
    connection.close()
    assert bare == expected
    for module in (_pandas_check, _networkx_check):
        found = module.answers(
            module.load(str(path)), contender.in_microseconds(case.as_of), contender.LIMITS_MICROS
        )
        assert contender.gathered(found) == expected, module.__name__


def test_loading_is_told_beside_executemany() -> None:
    result = run("load", "--rounds", "1")
    assert set(result["ways"]) == {
        "record_many", "record_many_without_history", "verifying_bodies",
        "record_many_scattered_ids", "record_many_one_by_one", "executemany",
        "executemany_without_empty_columns", "making_records_only",
    }  # fmt: skip
    assert result["incidents_per_second"] > 0
    assert result["record_many_to_executemany"] > 0
    assert result["with_history_to_without"] > 0
    assert result["bodies_verified_per_second"] > 0
    assert result["record_many_to_executemany_without_empty_columns"] > 0
    assert result["peak_mb"] > 1
    assert result["peak_mb_of_a_tenth"] > 1


def test_one_case_is_told_in_milliseconds() -> None:
    result = run("around", "--checks", "20")
    assert result["checks"] == 20
    assert set(result["milliseconds"]) == {"p50", "p99", "max"}
    assert result["milliseconds"]["p50"] <= result["milliseconds"]["p99"]
    assert set(result["mean_milliseconds_spent_on"]) == {
        "what belongs to the case", "the relations", "the rules", "the rest"
    }  # fmt: skip


def test_imports_are_told_beside_attrs() -> None:
    result = run("imports", "--rounds", "1")
    assert {"remedy_to_attrs_wall", "records_to_attrs_wall"} < set(result["ratios"])
    assert result["demo_seconds"] > 0
    assert set(result["milliseconds"]) == {"python", "attrs", "remedy", "records", "demo"}


def test_the_generator_always_makes_the_same_casebook() -> None:
    first, second = (list(generator.records(300, troubled=0.1)) for _ in range(2))
    assert first == second
    assert first != list(generator.records(300, troubled=0.1, seed=8))


def test_the_generator_yields_incidents_in_the_order_of_their_ids() -> None:
    ids = [each.id for each in generator.records(300) if isinstance(each, remedy.Incident)]
    assert len(ids) == 300
    assert ids == sorted(ids)


def test_the_generator_makes_six_apologies_for_ten_incidents(tmp_path: Path) -> None:
    made = generator.write_casebook(tmp_path / "book.db", SIZE)
    assert made.records["incident"] == SIZE
    assert made.records["apology"] == SIZE * 6 // 10
    assert made.links > 2 * SIZE
    with remedy.open(tmp_path / "book.db", read_only=True) as book:
        recalls = [each for each in book.records(remedy.Incident) if len(each.customers) == 2_000]
        assert len(recalls) == 1


def test_every_rule_has_something_to_say_about_a_troubled_casebook(tmp_path: Path) -> None:
    generator.write_casebook(tmp_path / "book.db", 6_000, troubled=0.2)
    with remedy.open(tmp_path / "book.db", read_only=True) as book:
        told = {code for code, _ in book.check().findings.rows()}
    # Absorbed rows are told by those that took them, so they are not all here.
    assert told >= {
        "A101", "A102", "A103", "A104", "A105", "A106", "A107", "A108", "A109", "A110", "A114",
        "A120", "A121", "A122", "A124", "A130", "A131", "A132", "A133", "A140", "A141", "A142",
        "A143", "A144", "R200", "R201", "R202", "R203", "R204", "R205", "R206", "R208", "R210",
        "C301", "F401", "F403", "F406", "F407", "F409",
    }  # fmt: skip
