"""How the project is checked: `nox` runs all of the default sessions, `nox -s NAME` one."""

import platform
import shutil
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2026.4"
nox.options.sessions = ["lint", "imports", "typing", "tests", "fuzz", "docs"]

PYPROJECT = nox.project.load_toml("pyproject.toml")


def group(name: str) -> tuple[str, ...]:
    return nox.project.dependency_groups(PYPROJECT, name)


def install_wheel(session: nox.Session, group_name: str) -> None:
    """Builds the wheel and installs it with the group's packages.

    What the sessions then see is what users get, and never the source tree.
    """
    wheels = Path(session.virtualenv.location) / "wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    session.run(
        *("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), ".")
    )
    [wheel] = wheels.glob("*.whl")
    # In a reused environment pip would keep an older build of the same version.
    session.install("--force-reinstall", "--no-deps", str(wheel))
    session.install(str(wheel), *group(group_name))


@nox.session
def lint(session: nox.Session) -> None:
    """Style of the code, and whether the changelog fragments can be read."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    version = PYPROJECT["project"]["version"]
    session.run("towncrier", "build", "--draft", "--version", version, silent=True)


@nox.session
def imports(session: nox.Session) -> None:
    """The direction of imports."""
    session.install(*group("imports"))
    session.run("lint-imports", "--no-logo", "--no-cache", env={"PYTHONPATH": "src"})


@nox.session
def typing(session: nox.Session) -> None:
    """Types, strictly."""
    session.install(*PYPROJECT["project"]["dependencies"], *group("typing"))
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """The tests and the examples in docstrings, against the built wheel, with coverage.

    With arguments for pytest (`nox -s tests -- -k promise`) just those, without coverage.
    """
    install_wheel(session, "test")
    whole_run = [
        *("--numprocesses=auto", "--dist=worksteal", "--cov"),
        *("--doctest-modules", "--pyargs", "tests", "remedy"),
    ]
    session.run("pytest", *(session.posargs or whole_run))


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation; every warning is an error."""
    install_wheel(session, "docs")
    session.run(
        *("sphinx-build", "--fresh-env", "--fail-on-warning", "--quiet"),
        *("--builder", "html", "docs", "docs/_build/html"),
    )


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzzing of every parser, exporter, query and renderer: a minute or two, each time the same.

    `nox -s fuzz -- --total 10000000` does ten million executions over all of them, and
    `nox -s fuzz -- times rows --seconds 600` some for longer. One JSON object for each target says
    what libFuzzer has executed; a failure comes with its input, and with how to repeat it.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64" or sys.version_info >= (3, 14):
        session.skip("there is no atheris for this platform, or this version of Python")
    install_wheel(session, "fuzz")
    session.run(
        "python",
        "-m",
        "tests.fuzz",
        *(session.posargs or ["--runs", "300", "--seed", "1", "--jobs", "2"]),
    )


@nox.session(default=False)
def model(session: nox.Session) -> None:
    """A casebook beside a dict that behaves as it should: 100,000 steps at random, for a night."""
    install_wheel(session, "test")
    session.run(
        *("pytest", "-rA", "tests/test_model.py", *session.posargs),
        env={"REMEDY_STEPS": "100000"},
    )


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """Whether the tests notice changes of the code: 90 % of them at least, in each group.

    `nox -s mutation` runs all groups of tests/mutation/groups.toml, which takes hours;
    `nox -s mutation -- history sql` those named, `-- sources --every 10` a sample. The code is
    mutated in a copy. What survived, and why it may, is told in tests/mutation/survivors.md.
    """
    # remedy itself is not installed: its mutants are made from the source.
    session.install(*PYPROJECT["project"]["dependencies"], *group("mutation"))
    session.run("python", "-m", "tests.mutation", *session.posargs)


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """The worst day of a casebook, in full: some 40 minutes. The ordinary tests do a part of it."""
    install_wheel(session, "test")
    session.run(
        *("pytest", "--numprocesses=auto", "--dist=worksteal", "--durations=20"),
        *("tests/test_faults.py", "tests/test_history.py", "tests/test_hosts.py"),
        *("tests/test_erasing.py", "tests/test_migrating.py"),
        *session.posargs,
        env={
            "REMEDY_KILLS": "334",
            "REMEDY_EVERY_STATEMENT": "1",
            "REMEDY_WRITES": "1000",
            "REMEDY_MUTANTS": "10000",
            "REMEDY_TAMPERS": "10000",
            "REMEDY_BESIDE_SECONDS": "300",
        },
    )


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """The benchmarks, each of which prints one JSON object.

    `nox -s bench` runs all of them, `nox -s bench -- check load --size 1000000` those named.
    Modules that begin with an underscore are what the benchmarks share.
    """
    install_wheel(session, "bench")
    names = [argument for argument in session.posargs if argument.isidentifier()]
    options = session.posargs[len(names) :] or ["--size", "100000"]
    if not names:
        names = sorted(path.stem for path in Path("benchmarks").glob("[!_]*.py"))
    for name in names:
        session.run("python", "-m", f"benchmarks.{name}", *options)
