import builtins
import inspect
import pickle
import re

import pytest

from remedy import errors

CASES = [
    (
        errors.InvalidRecord("Incident", "impact", "huge", "must be one of: minor."),
        ValueError,
        "Incident.impact = 'huge': must be one of: minor.",
    ),
    (
        errors.InvalidTime("Incident", "occurred", "soon", "is no time."),
        errors.InvalidRecord,
        "Incident.occurred = 'soon': is no time.",
    ),
    (
        errors.UnknownRecord("INC-7", near=["INC-1", "INC-2"]),
        LookupError,
        "There is no record with the id 'INC-7'. Did you mean INC-1, INC-2?",
    ),
    (
        errors.UnreadableRecord("incident", "INC-7", "x is no time."),
        ValueError,
        "What is on file of incident INC-7 cannot be read: x is no time. The file is damaged, or "
        "was changed by hand. Look at it with remedy doctor; go back to a backup.",
    ),
    (
        errors.UnknownRecord("INC-7", "incident"),
        LookupError,
        "There is no incident with the id 'INC-7'.",
    ),
    (
        errors.Conflict("incident", "INC-1", {"process": ("shipping", "billing")}),
        ValueError,
        "incident INC-1 is on file already, and differs: process is 'shipping' on file and "
        "'billing' here. To change the one on file, amend it: in Python, book.amend('INC-1', ..., "
        "reason=...). To add something else, give it an id of its own.",
    ),
    (
        errors.Conflict("cause", "X-1", {"kind": ("incident", "cause")}),
        ValueError,
        "cause X-1 is on file already, and differs: kind is 'incident' on file and 'cause' here. "
        "An id is of one record only: give this one an id of its own.",
    ),
    (
        errors.TakenId("incident", "1001", ("shop", "1001"), ("crm", "1001")),
        errors.Conflict,
        "incident 1001 is on file already as '1001' of the source 'crm'; here it is '1001' of the "
        "source 'shop'. An id is of one record only: give this one an id of its own, such as "
        "'shop-1001'. If the one on file goes under the wrong source, amend it: in Python, "
        "book.amend('1001', source=..., external_id=..., reason=...).",
    ),
    (
        errors.TakenId("customer", "C-2", ("crm", "77"), "C-1"),
        errors.Conflict,
        "customer C-2 is '77' of the source 'crm', and so is customer C-1, which is on file. If "
        "they are one, give both one id. If not, take the id in the source from the one it does "
        "not belong to: in Python, book.unlink('C-1', aliases=..., reason=...), or "
        "book.amend('C-1', source=None, external_id=None, reason=...).",
    ),
    (
        errors.Conflict(
            "apology", "A", {"text": ("a", "b"), "customers": ([], ["C"])}, plural=["customers"]
        ),
        ValueError,
        "apology A is on file already, and differs: text is 'a' on file and 'b' here; customers is "
        "[] on file and ['C'] here. To change the one on file, amend it: in Python, "
        "book.amend('A', ..., reason=...); and take from its customers with book.unlink(), and add "
        "to them with book.link(). To add something else, give it an id of its own.",
    ),
    (
        errors.Conflict("incident", "I-2", {"id": ("I-1", "I-2")}, external=("crm", "7")),
        ValueError,
        "incident I-2 is told to be '7' of 'crm', and that is I-1 on file. An id in a source is of "
        "one record: leave it out here, or take it from I-1 first. Where both are the same, amend "
        "that one.",
    ),
    (
        errors.ErasedCustomer("incident", "INC-1", "erased-77"),
        ValueError,
        "incident INC-1 names a customer who was erased, and is called erased-77 since. Nothing was "
        "written. Say that name instead, and leave out what tells who they are. If they are a "
        "customer again and agree to be on record, give them a new id.",
    ),
    (
        errors.DanglingReference([("complaint COM-1", "incident", "INC-7")]),
        LookupError,
        "complaint COM-1 refers to 'INC-7' in its incident, and that is not on file. Record it "
        "first, or in the same call. Where the other half of a source comes later, take it in "
        "with remedy import, or in Python with book.ingest(): then the reference waits.",
    ),
    (
        errors.DanglingReference([("cause C", "effects", f"C-{n}") for n in range(7)], 1234),
        LookupError,
        "cause C refers to 'C-0' in its effects; cause C refers to 'C-1' in its effects; cause C "
        "refers to 'C-2' in its effects; cause C refers to 'C-3' in its effects; cause C refers "
        "to 'C-4' in its effects (and 1,229 more), and that is not on file. Record it first, or "
        "in the same call. Where the other half of a source comes later, take it in with remedy "
        "import, or in Python with book.ingest(): then the reference waits.",
    ),
    (
        errors.CausalCycle(["CAU-1", "CAU-2", "CAU-1"]),
        ValueError,
        "These causes would explain each other in a circle: CAU-1 → CAU-2 → CAU-1. Nothing was "
        "written. Leave out the link that is wrong, or split the cause that stands for two "
        "things.",
    ),
    (
        errors.CannotAmend("cause", "id", "an id is for good. Record a new one."),
        ValueError,
        "cause.id is not amended: an id is for good. Record a new one.",
    ),
    (errors.CasebookError("q.db", "is closed."), errors.RemedyError, "q.db: is closed."),
    (errors.CannotOpen("q.db", "is a folder."), OSError, "q.db: is a folder."),
    (errors.NotACasebook("q.db", "is empty."), errors.CannotOpen, "q.db: is empty."),
    (errors.NewerCasebook("q.db", "is newer."), errors.CannotOpen, "q.db: is newer."),
    (errors.CasebookBusy("q.db", "is busy."), TimeoutError, "q.db: is busy."),
    (errors.ReadOnlyCasebook("q.db", "no."), PermissionError, "q.db: no."),
    (errors.SourceError("a.csv", "is bad."), ValueError, "a.csv: is bad."),
    (errors.BadMapping("a.toml", "is bad."), errors.SourceError, "a.toml: is bad."),
    (
        errors.BadRows("a.csv", ["row 2: no date"], 1),
        errors.SourceError,
        "a.csv: 1 row was refused, and nothing was written.\n  row 2: no date\nMend the rows, or "
        "write the good ones and keep the others in a file of their own: --skip-bad, or "
        "on_error='collect'.",
    ),
    (
        errors.BadRows("a.csv", [f"row {n}" for n in range(12)], 1200),
        errors.SourceError,
        "a.csv: 1,200 rows were refused, and nothing was written.\n"
        + "".join(f"  row {n}\n" for n in range(10))
        + "  and 1,190 more\nMend the rows, or write the good ones and keep the others in a file "
        "of their own: --skip-bad, or on_error='collect'.",
    ),
    (errors.ConfigError("remedy.toml", "is bad."), ValueError, "remedy.toml: is bad."),
    (errors.RuleError("X001", "is bad."), ValueError, "Rule X001: is bad."),
    (
        errors.UnknownRule("A999", ["A101", "A102"]),
        LookupError,
        "There is no rule 'A999'. The codes are A101, A102.",
    ),
    (errors.UnknownRule("A999"), LookupError, "There is no rule 'A999'."),
    (
        errors.UnknownExample("nothing", ["one", "two"]),
        LookupError,
        "There is no example 'nothing'. The examples are: one, two.",
    ),
    (
        errors.UnknownTable("incidents", ["customer", "incident"]),
        LookupError,
        "There is no table 'incidents'. The tables are: customer, incident.",
    ),
    (
        errors.TargetExists("case.mmd"),
        FileExistsError,
        "case.mmd exists already, and was left as it is. Choose another name, or say that it may "
        "be replaced: overwrite=True, --overwrite.",
    ),
    (
        errors.MissingExtra("duckdb", "The DuckDB engine"),
        ImportError,
        "The DuckDB engine needs an extra: pip install 'remedy-casebook[duckdb]'",
    ),
]


@pytest.mark.parametrize(
    ("error", "base", "text"),
    CASES,
    ids=[f"{type(e).__name__}{n}" for n, (e, _, _) in enumerate(CASES)],
)
def test_an_error_says_what_is_wrong_and_what_to_do(error, base, text):
    assert str(error) == text
    assert isinstance(error, base)
    assert isinstance(error, errors.RemedyError)


@pytest.mark.parametrize(
    ("error", "base", "text"),
    CASES,
    ids=[f"{type(e).__name__}{n}" for n, (e, _, _) in enumerate(CASES)],
)
def test_an_error_crosses_process_boundaries(error, base, text):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == text
    assert again.args == error.args
    assert vars(again) == vars(error)


def public():
    return {
        name: each
        for name, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, errors.RemedyError)
    }


def test_every_error_has_its_sentence_tested_and_is_public():
    assert {*public(), "MisleadingId"} == set(errors.__all__)
    assert {type(error) for error, _, _ in CASES} == set(public().values()) - {errors.RemedyError}


def test_the_tree_that_the_module_opens_with_is_the_tree():
    tree = errors.__doc__.split("```")[1]
    told = re.findall(r"^[│├└─ ]*(\w+)(?: \((\w+)\))?", tree.strip(), re.M)
    assert {name for name, _ in told} == set(public())
    for name, builtin in told:
        if builtin:
            assert getattr(builtins, builtin) in public()[name].__bases__, name


def test_a_long_value_is_cut():
    assert errors.shown("x" * 200) == "'" + "x" * 78 + "…"
    assert errors.shown("a\nb") == r"'a\nb'"


def test_the_warning_says_what_may_happen_and_what_to_do():
    warning = errors.MisleadingId("C\u202e1")
    assert str(warning) == (
        r"the id 'C\u202e1' holds a mark that turns the direction of writing: it is taken as it "
        r"is, and may look like another id. Leave the mark out if you can."
    )
    assert str(pickle.loads(pickle.dumps(warning))) == str(warning)


def test_what_an_error_is_about_can_be_read_from_it():
    conflict = errors.Conflict("incident", "INC-1", {"process": ("a", "b")})
    assert (conflict.kind, conflict.id) == ("incident", "INC-1")
    assert conflict.differences == {"process": ("a", "b")}
    taken = errors.TakenId("incident", "1001", ("shop", "1001"), ("crm", "1001"))
    assert (taken.id, taken.differences) == ("1001", {"source": ("crm", "shop")})
    dangling = errors.DanglingReference([("complaint COM-1", "incident", "INC-7")])
    assert dangling.references == (("complaint COM-1", "incident", "INC-7"),)
    assert dangling.total == 1
    assert errors.CausalCycle(["a", "a"]).path == ("a", "a")
    assert errors.CannotOpen("q.db", "x").path == "q.db"
    assert errors.SourceError("a.csv", "x").place == "a.csv"
    assert errors.MissingExtra("stats", "x").extra == "stats"
    assert errors.UnknownRecord("INC-7").id == "INC-7"


def test_a_message_has_a_modest_length_and_nothing_that_a_terminal_obeys():
    error = errors.CasebookError("a\x1b[31m\ud800", "b" * 5_000 + "\nc")
    assert len(str(error)) == 1_800
    assert str(error).startswith(r"a\x1b[31m\ud800: bbb")
    assert str(errors.CasebookError("über", "a\n\u200db")) == "über: a\n\u200db"
    taken = errors.TakenId("customer", "C\x07-1", ("crm", "7"), "C-2")
    assert "\x07" not in str(taken)
