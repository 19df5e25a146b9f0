"""What `import smsgw` brings, and when the rest comes: with the settings, never with a message."""

import subprocess
import sys
from pathlib import Path

import pytest

import smsgw

NOT_YET = (
    "cattrs",
    "importlib.metadata",
    "multiprocessing",
    "pyrate_limiter",
    "sqlite3",
    "tenacity",
    "tomllib",
)
"""What the settings, a rate or a dispatcher need, and `import smsgw` does not."""
NEVER = (
    "aiohttp.test_utils",
    "aiosqlite",
    "phonenumbers",
    "pytest",
    "rich",
    "smsgw.bulk",
    "smsgw.cli",
    "smsgw.inbound",
    "smsgw.sandbox",
    "smsgw.sheets",
    "smsgw.testing",
    "sqlalchemy",
    "typer",
    "unittest.mock",
)
"""What belongs to an extra, to a room that users import by its own name, or to tests."""

# Where aiohttp, or what starts with the interpreter, brings a module, that is nothing of ours.
_IMPORT = """
import sys, aiohttp
before = set(sys.modules)
import smsgw
for name in smsgw.__all__:
    getattr(smsgw, name)
print(*sorted(set(sys.modules) - before))
"""

_SEND = """
import asyncio, socket, sys
import smsgw

async def main():
    with socket.socket() as closed:  # bound, and it does not listen: each connection is refused
        closed.bind(("127.0.0.1", 0))
        provider = {"driver": "smsco", "login": "test", "password": "test", RATE
                    "url": "http://127.0.0.1:%d/" % closed.getsockname()[1]}
        sms = smsgw.Dispatcher.from_config({"providers": {"main": provider}, "retry": {"attempts": 2, "initial": 0.01}})
        made = set(sys.modules)
        async with sms:
            outcome = (await sms.send("995599445448", "text")).outcome
        assert isinstance(outcome.error, smsgw.ConnectionFailed) and outcome.attempts == 2, outcome
    print(*sorted(made))
    print(*sorted(set(sys.modules) - made))

asyncio.run(main())
"""


def lines_of(script: str) -> list[set[str]]:
    """What a fresh interpreter prints: a set of modules for each line."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=Path(smsgw.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return [set(line.split()) for line in run.stdout.splitlines()]


@pytest.fixture(scope="module")
def brought() -> set[str]:
    """The modules that `import smsgw` adds to those of aiohttp."""
    return lines_of(_IMPORT)[0]


@pytest.mark.parametrize("module", NOT_YET + NEVER)
def test_the_import_brings_only_what_every_user_needs(brought: set[str], module: str) -> None:
    """Others' slow imports wait for the settings that want them, and extras for those who use them."""
    assert "smsgw.dispatcher" in brought
    assert module not in brought


def test_a_message_waits_for_no_import() -> None:
    """What is not imported at first comes with the dispatcher: later it would hold up the loop. A retry shows it."""
    made, later = lines_of(_SEND.replace("RATE", '"rate": 50,'))
    assert {"cattrs", "pyrate_limiter", "tenacity"} <= made
    heads = {name.partition(".")[0] for name in later}
    assert not heads - set(sys.stdlib_module_names), later
    assert not later & set(NOT_YET)


def test_who_sets_no_rate_needs_no_limiter() -> None:
    """It is the slowest of them, and stays out."""
    made, later = lines_of(_SEND.replace("RATE", ""))
    assert "tenacity" in made
    assert "pyrate_limiter" not in made | later
