"""A sandbox in a thread of its own, and the commands run against it, in this process and as real ones."""

import asyncio
import contextlib
import fcntl
import json
import os
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from smsgw.cli.app import app
from smsgw.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PASSWORD = "CANARY-pa55word"
TEXT = "CANARY-private-text"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMSGW_CONFIG", "SMSGW_DSN", "SMSGW_DEBUG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox; its faults may be set and its ledger read from here."""
    made = Sandbox(password=PASSWORD, delivery_after=0.0)
    loop = asyncio.new_event_loop()
    started = threading.Event()
    ended = asyncio.Event()

    async def serve() -> None:
        async with made:
            started.set()
            await ended.wait()

    def work() -> None:
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(10)
    yield made
    loop.call_soon_threadsafe(ended.set)
    thread.join(10)
    assert not thread.is_alive()


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value)


Configure = Callable[..., str]


@pytest.fixture
def configure(sandbox: Sandbox, tmp_path: Path) -> Configure:
    """`configure("iba", "avist", retry={…}, settings={…})`: the path of a TOML file with those of the sandbox's
    gateways (or all), `settings` added to each."""

    def written(*names: str, settings: Mapping[str, Any] | None = None, **tables: Any) -> str:
        providers = sandbox.config()["providers"]
        tables["providers"] = {
            name: {**providers[name], **(settings or {})} for name in names or tuple(providers)
        }
        path = tmp_path / "smsgw.toml"
        path.write_text(
            "\n".join(f"{key} = {_toml(value)}" for key, value in tables.items()), encoding="utf-8"
        )
        return str(path)

    return written


class Result:
    """What a command came to. No secret is ever in it, and no traceback."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err
        assert PASSWORD not in out + err
        assert TEXT not in out + err
        assert "Traceback" not in out + err

    @property
    def objects(self) -> list[Any]:
        """Standard output as JSON, an object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> str:
        """The one line on standard error, of a command that said nothing else."""
        assert self.out == ""
        (line,) = self.err.splitlines()
        return line


Invoke = Callable[..., Result]


@pytest.fixture
def invoke() -> Invoke:
    """`invoke("send", …)` runs a command in this process."""

    def invoked(*args: str, stdin: bytes | None = None) -> Result:
        result = CliRunner().invoke(app, args, input=stdin, catch_exceptions=False)
        return Result(result.exit_code, result.stdout, result.stderr)

    return invoked


def command_line(*args: str) -> list[str]:
    return [sys.executable, "-m", "smsgw.cli", *args]


def environment() -> dict[str, str]:
    """For a process that runs this checkout, wherever it starts."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}


@pytest.fixture
def run(tmp_path: Path) -> Invoke:
    """`run("send", …)` runs a command as a process."""

    def ran(*args: str, stdin: bytes = b"", cwd: Path = tmp_path) -> Result:
        done = subprocess.run(
            command_line(*args),
            input=stdin,
            capture_output=True,
            check=False,
            cwd=cwd,
            env=environment(),
            timeout=30,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return ran


class Running:
    """A command that runs as a process."""

    def __init__(self, *args: str, cwd: Path) -> None:
        self.process = subprocess.Popen(
            command_line(*args),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=cwd,
            env=environment(),
        )

    def line(self) -> str:
        """The next line of its standard output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def leave(self) -> None:
        """Read no more of its standard output, as `head` does."""
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.stdout = None

    def kill(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self) -> Result:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=20)
        return Result(self.process.returncode, out or "", err)


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start("send", …)` starts a command as a process, and leaves it to the test."""
    started: list[Running] = []

    def begin(*args: str) -> Running:
        started.append(Running(*args, cwd=tmp_path))
        return started[-1]

    yield begin
    for running in started:
        if running.process.returncode is None:
            running.process.kill()
            running.process.communicate()


TerminalRun = Callable[..., tuple[int, str]]


@pytest.fixture
def on_terminal(tmp_path: Path) -> TerminalRun:
    """`on_terminal("send", …)` runs a command on a terminal of 80 columns: its status, and all that was shown."""

    def ran(*args: str) -> tuple[int, str]:
        ours, its = os.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
        process = subprocess.Popen(
            command_line(*args),
            stdin=its,
            stdout=its,
            stderr=its,
            cwd=tmp_path,
            env={**environment(), "TERM": "xterm-256color"},
        )
        os.close(its)
        shown = bytearray()
        with contextlib.suppress(OSError):  # how a terminal ends on Linux
            while chunk := os.read(ours, 65536):
                shown += chunk
        os.close(ours)
        return process.wait(20), shown.decode()

    return ran


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """`until(condition)` waits until it holds."""

    def waited(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "it never came to that"
            time.sleep(0.01)

    return waited
