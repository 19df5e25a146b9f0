"""The project's jobs: `python3 -m nox -l` lists them."""

import contextlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

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
    _install(session, "typing", "cli", "bulk")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Everything in tests/; arguments go to pytest."""
    _install(session, "test", "cli", "bulk")
    session.run("pytest", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """The sandbox's page in a real browser: Debian's chromium drives it, npm brings axe-core; arguments go to pytest."""
    _install(session, "browser", "cli")
    if shutil.which("chromium") is None or shutil.which("npm") is None:
        session.error("the browser tests need chromium and npm: apt-get install chromium npm")
    tools = session.create_tmp()
    session.run("npm", "install", "--no-save", "--silent", "--prefix", tools, "axe-core@4", external=True)
    axe = Path(tools, "node_modules", "axe-core", "axe.min.js").resolve()
    arguments = session.posargs or ["tests/browser"]
    session.run("pytest", *arguments, env={"SMSGW_BROWSER": "1", "SMSGW_AXE": str(axe)})


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
    """All benchmarks: beside a hand-written aiohttp loop and what people use instead; arguments go to the script."""
    session.install(".[cli,bulk]", *nox.project.dependency_groups(PYPROJECT, "bench"))
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def journal(session: nox.Session) -> None:
    """What a bulk run's journal costs, and the memory of long runs; arguments go to the script."""
    session.install(".[bulk]")
    session.run("python", "benchmarks/journal.py", *session.posargs)


@nox.session
def tracking(session: nox.Session) -> None:
    """100,000 messages followed to their final states against the sandbox: some minutes (`-- --quick`: seconds)."""
    session.install(".")
    session.run("python", "benchmarks/tracking.py", *session.posargs)


@nox.session
def kills(session: nox.Session) -> None:
    """Bulk runs killed at 500 random moments and resumed, compared with the gateways' ledger: some minutes."""
    _install(session, "test", "cli", "bulk")
    session.run(
        "pytest",
        "tests/bulk/survival",
        "--log-cli-level=INFO",
        *session.posargs,
        env={"SMSGW_KILLS": "500"},
    )


@nox.session
def faults(session: nox.Session) -> None:
    """Every attack on the promise: fault points with 10 seeds, properties, cancellations, overload, canaries."""
    _attack(session, seeds=10, examples=100, steps=30)


@nox.session(name="faults-long")
def faults_long(session: nox.Session) -> None:
    """The same with 100 seeds, 1,000 examples of 50 steps: for the night."""
    _attack(session, seeds=100, examples=1000, steps=50)


def _attack(session: nox.Session, *, seeds: int, examples: int, steps: int) -> None:
    _install(session, "test", "cli", "bulk")
    scale = {"SMSGW_SEEDS": str(seeds), "SMSGW_EXAMPLES": str(examples), "SMSGW_STEPS": str(steps)}
    session.run("pytest", *(session.posargs or ["tests/faults"]), env=scale)


@nox.session
def mutation(session: nox.Session) -> None:
    """Small breaks of what keeps the promise: tests notice 85 % of them (`-- smsgw/dedup.py`: of that file's)."""
    _install(session, "mutation", "cli", "bulk")
    session.run("python", "-m", "tests.mutation.mutate", *session.posargs)


@nox.session
def inbound(session: nox.Session) -> None:
    """10,000 incoming messages to a server that is killed at random moments: some minutes."""
    _install(session, "test", "cli", "bulk")
    session.run(
        "pytest",
        "tests/inbound/survival",
        "--log-cli-level=INFO",
        *session.posargs,
        env={"SMSGW_INBOUND": "10000"},
    )


@nox.session
def postgres(session: nox.Session) -> None:
    """The tests of bulk runs with their journal in PostgreSQL, too, on a server of their own; arguments go to pytest."""
    _install(session, "test", "cli", "bulk")
    session.install("asyncpg")
    with _postgresql(session) as url:
        arguments = session.posargs or ["tests/bulk/journal", "tests/bulk/test_bulk_campaign.py"]
        session.run("pytest", *arguments, env={"SMSGW_TEST_POSTGRES": url})


@contextlib.contextmanager
def _postgresql(session: nox.Session) -> Iterator[str]:
    """The URL of a server that lasts as long as this, on loopback; Debian's package `postgresql` has all it needs."""
    # The newest that is installed; Debian does not have these commands in the path.
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda home: float(home.parent.name))
    places = os.pathsep.join([*map(str, reversed(homes)), os.environ.get("PATH", "")])
    initdb, pg_ctl = shutil.which("initdb", path=places), shutil.which("pg_ctl", path=places)
    if initdb is None or pg_ctl is None:
        session.error("no PostgreSQL server is installed: apt-get install postgresql")
    # It refuses to be root's; its folder is where its own user can reach it.
    as_its_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="smsgw-postgres-", dir="/tmp"))
    if as_its_user:
        shutil.chown(folder, "postgres")
    data, log = str(folder / "data"), str(folder / "log")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = f"-F -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    here = Path.cwd()
    try:
        os.chdir(folder)  # from where it stands, that user may not be able to read
        initialise = [
            initdb,
            "-D",
            data,
            "-U",
            "smsgw",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]
        session.run(*as_its_user, *initialise, external=True, silent=True)
        session.run(*as_its_user, pg_ctl, "-D", data, "-l", log, "-o", options, "-w", "start", external=True)
        os.chdir(here)
        yield f"postgresql+asyncpg://smsgw@127.0.0.1:{port}/postgres"
    finally:
        os.chdir(here)
        session.run(
            *as_its_user,
            *[pg_ctl, "-D", data, "-m", "immediate", "stop"],
            external=True,
            success_codes=[0, 1],
        )
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit("run this with: python3 -m nox")
