"""The project's jobs: `python3 -m nox -l` lists them."""

import sys

import nox

nox.options.sessions = ["lint", "typing", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True
nox.needs_version = ">=2025.2.9"

PYPROJECT = nox.project.load_toml("pyproject.toml")


def _install(session: nox.Session, group: str, *extras: str) -> None:
    target = f".[{','.join(extras)}]" if extras else "."
    session.install("-e", target, *nox.project.dependency_groups(PYPROJECT, group))


@nox.session
def lint(session: nox.Session) -> None:
    """ruff: rules and format."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """mypy, strict, over the package and its tests."""
    _install(session, "typing", "cli")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Everything in tests/; arguments go to pytest."""
    _install(session, "test", "cli")
    session.run("pytest", *session.posargs)


@nox.session
def core(session: nox.Session) -> None:
    """The package without any extra: it imports, and says which extra its command needs."""
    session.install(".")
    session.run(
        "python",
        "-W",
        "error",
        "-c",
        "import smsgw; print('smsgw', smsgw.__version__, 'imports without extras')",
    )
    session.run("smsgw", "--version", success_codes=[2], silent=True)


@nox.session
def demo(session: nox.Session) -> None:
    """The main job: thousands of recipients through five fake gateways, faults on, checked against their ledger."""
    session.install("-e", ".[cli]")
    session.run("smsgw", "demo", "--recipients", "examples/recipients.csv", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """CPU time a recipient beside a hand-written aiohttp loop; arguments go to the script."""
    session.install(".")
    session.run("python", "benchmarks/overhead.py", *session.posargs)


if __name__ == "__main__":
    sys.exit("run this with: python3 -m nox")
