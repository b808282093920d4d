import enum
import inspect

import pytest

from remedy import vocabulary
from remedy.errors import ConfigError
from remedy.vocabulary import (
    ALL,
    Everyone,
    Strength,
    interventions_from,
    read_interventions,
    shipped_interventions,
)

HEAD = "intervention,strength,changes_process,source"


def test_every_word_prints_as_itself():
    lists = [
        each
        for _, each in inspect.getmembers(vocabulary, inspect.isclass)
        if issubclass(each, enum.StrEnum) and each is not enum.StrEnum
    ]
    assert len(lists) > 15
    for words in lists:
        assert [str(word) for word in words] == [word.value for word in words]
        assert words.__name__ in vocabulary.__all__


def test_all_is_the_one_member_of_everyone():
    assert ALL is Everyone.ALL
    assert repr(ALL) == "ALL"


def test_the_shipped_table_is_the_hierarchy_of_strengths():
    table = shipped_interventions()
    assert len(table) == 25
    assert table["forcing_function"].strength == "stronger"
    assert table["forcing_function"].changes_process
    assert table["training"].strength == "weaker"
    assert not table["training"].changes_process
    assert not table["leadership_involvement"].changes_process
    assert not table["simulation_training"].changes_process
    assert {each.source for each in table.values()} == {"VA NCPS / IHI RCA2", "remedy"}


def test_a_table_of_ones_own_is_read_from_a_file(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("intervention,strength,changes_process\n jig ,stronger,yes\n", "utf-8")
    table = interventions_from(path)
    assert (table["jig"].strength, table["jig"].changes_process) == (Strength.STRONGER, True)
    assert table["jig"].source is None


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "own.csv: the intervention table lacks the column changes_process"),
        (["intervention,strength"], "lacks the column changes_process"),
        ([HEAD, "jig,strong,yes"], "own.csv, line 2: strength must be stronger, intermediate"),
        ([HEAD, "jig,stronger,true"], "changes_process yes or no"),
        ([HEAD, "jig"], "own.csv, line 2: strength must be"),
        ([HEAD, ",stronger,yes"], "the name '' is empty, or used twice"),
        ([HEAD, "jig,stronger,yes", "jig,weaker,no"], "line 3: the name 'jig' is empty, or used"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_line(lines, problem):
    with pytest.raises(ConfigError) as caught:
        read_interventions(lines, "own.csv")
    assert problem in str(caught.value)
