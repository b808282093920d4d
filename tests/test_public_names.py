"""What `import remedy` gives, and what it does not bring in."""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import remedy


def python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_all_is_true():
    assert remedy.__all__ == sorted(set(remedy.__all__))
    for name in remedy.__all__:
        value = getattr(remedy, name)
        assert not name.startswith("_")
        if not inspect.ismodule(value) and name != "ALL":
            assert value.__name__ == name
    assert set(dir(remedy)) == {*remedy.__all__, "__version__"}


def test_star_brings_what_is_in_all():
    names = {}
    exec("from remedy import *", names)
    assert set(remedy.__all__) <= names.keys()


def test_what_the_type_checker_sees_is_what_is_there():
    told = python(
        "import ast, inspect, json, remedy\n"
        "tree = ast.parse(inspect.getsource(remedy))\n"
        "block = next(n for n in tree.body if isinstance(n, ast.If))\n"
        "print(json.dumps(sorted(a.asname or a.name for n in block.body for a in n.names)))"
    )
    assert set(json.loads(told)) >= set(remedy.__all__) - {"errors", "vocabulary"}
    assert set(json.loads(told)) <= set(remedy.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'remedy' has no attribute 'opne'"):
        remedy.opne


def test_names_are_the_same_however_they_are_reached():
    from remedy.casebook import Casebook
    from remedy.records import Incident

    assert remedy.Casebook is Casebook
    assert remedy.Incident is Incident
    assert remedy.errors is importlib.import_module("remedy.errors")
    assert remedy.check is remedy.check


def test_no_public_function_shares_the_name_of_a_submodule():
    modules = {each.name for each in pkgutil.iter_modules(remedy.__path__)}
    values = {name for name in remedy.__all__ if not inspect.ismodule(getattr(remedy, name))}
    assert not modules & values


HEAVY = ("networkx", "sqlite3", "sqlite_utils", "cattrs", "click", "pandas", "numpy", "duckdb")


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import remedy", set()),
        ("from remedy import Incident, Apology", set()),
        ("from remedy import Config, Money, errors, vocabulary", set()),
        ("import remedy; remedy.to_dict(remedy.Customer(id='C'))", {"cattrs"}),
        (
            "import remedy; remedy.open().check()",
            {"sqlite3", "sqlite_utils", "cattrs", "click"},
        ),
    ],
    ids=["remedy", "records", "words", "dicts", "check"],
)
def test_importing_brings_in_little(statement, allowed):
    """sqlite-utils imports pandas by itself where that is installed."""
    code = f"import sys\n{statement}\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    found = set(eval(python(code)))
    if "sqlite_utils" in allowed:
        found -= {"pandas", "numpy"}
    assert found <= allowed


def test_importing_the_names_alone_brings_in_no_records():
    told = python("import sys, remedy; print([m for m in sys.modules if m.startswith('remedy')])")
    assert eval(told) == ["remedy"]


def test_there_is_a_version_and_a_mark_for_types():
    from importlib import resources

    assert remedy.__version__.count(".") == 2
    assert (resources.files("remedy") / "py.typed").is_file()


def test_a_module_is_imported_when_it_is_first_asked_for():
    import sys

    assert remedy.__getattr__("examples") is sys.modules["remedy.examples"]


def test_the_reference_has_every_package_with_public_names():
    page = (Path(__file__).parents[1] / "docs/reference/api.md").read_text(encoding="utf-8")
    for name in ("remedy", "remedy.errors", "remedy.graph", "remedy.exports", "remedy.sources"):
        assert f".. automodule:: {name}\n   :members:\n" in page
        module = importlib.import_module(name)
        assert module.__all__
        for each in module.__all__:
            assert inspect.getdoc(getattr(module, each)) or each == "ALL", f"{name}.{each}"
