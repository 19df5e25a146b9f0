"""`smsgw inbox`: incoming messages, shown as they come."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import command_line, environment
from tests.inbound.iba_calls import IncomingSms

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Invoke, Running, Start

SECRET = "a-secret-of-enough-letters"


def call(url: str, message_id: str = "5094", text: str = "Привет") -> tuple[int, str]:
    return asyncio.run(IncomingSms(message_id=message_id, text=text, prefix="demo").call(url))


def place_of(line: str) -> str:
    found = re.search(r"http://[^ <]+/", line)
    assert found is not None, line
    return found[0]


def told_on_stderr(running: Running) -> str:
    assert running.process.stderr is not None
    return str(running.process.stderr.readline())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_for_people(number: signal.Signals, start: Start) -> None:
    """It says where it listens, shows each message once on a line, acknowledges it, and ends with exit status 0."""
    running = start("inbox", "--listen", "127.0.0.1:0")
    url = place_of(running.line())
    assert (running.line(), running.line().split()[-1]) == ("\n", "text")
    assert [call(url) for _ in range(2)] == [(200, "smsid=5094")] * 2
    assert call(url, "5095", "x\x1b[2J\r\ny\u202e") == (200, "smsid=5095")
    first, second = running.line(), running.line()
    assert first.split()[2:] == ["5094", "79031234567", "79160000000", "demo", "Привет"]
    assert second.endswith("x\ufffd[2J  y\ufffd\n")
    running.kill(number)
    result = running.ended()
    assert (result.status, result.out, result.err) == (0, "", "")


def test_for_programs(start: Start) -> None:
    """With `--json` standard output has one object for each message and nothing else."""
    running = start("inbox", "--listen", "127.0.0.1:0", "--json")
    url = place_of(told_on_stderr(running))
    assert call(url, text="При\x1b[2J\u202eвет\n")[0] == 200
    line = running.line()
    assert "\x1b" not in line
    assert "\u202e" not in line
    message = json.loads(line)
    assert list(message) == ["message_id", "received_at", "text", "sender", "receiver", "prefix", "raw"]
    assert (message["message_id"], message["text"]) == ("5094", "При\x1b[2J\u202eвет\n")
    assert message["raw"]["smsid"] == "5094"
    running.kill(signal.SIGINT)
    assert running.ended().status == 0


def test_guarded(start: Start, tmp_path: Path) -> None:
    """The secret path and the allow-list are the library's; a store remembers over a restart."""
    for run in range(2):
        options = ("--secret", SECRET, "--allow", "127.0.0.1", "--store", str(tmp_path / "inbox.db"))
        running = start("inbox", "--listen", "127.0.0.1:0", *options)
        first = running.line()
        assert SECRET not in first
        url = place_of(first)
        assert call(url)[0] == 404
        assert call(url + SECRET) == (200, "smsid=5094")
        running.kill(signal.SIGINT)
        assert running.ended().out.count("Привет") == (run == 0)


def test_not_allowed(start: Start) -> None:
    """Who is not on the list may not call."""
    running = start("inbox", "--listen", "127.0.0.1:0", "--allow", "192.0.2.0/24")
    assert call(place_of(running.line()))[0] == 403


def test_trial(start: Start) -> None:
    """`--try` lets the sandbox call once, so that a message can be seen."""
    running = start("inbox", "--listen", "127.0.0.1:0", "--secret", SECRET, "--try")
    shown = [running.line() for _ in range(4)][-1]
    assert "Привет! This is what an incoming message looks like." in shown
    running.kill(signal.SIGINT)
    assert running.ended().err == ""


def test_trial_with_a_store(start: Start, tmp_path: Path) -> None:
    """A store remembers nothing of a trial that hides the next one, or a message of the platform's."""
    for number in ("5094", "5095"):
        running = start("inbox", "--listen", "127.0.0.1:0", "--store", str(tmp_path / "inbox.db"), "--try")
        place = place_of(running.line())
        assert "Привет!" in [running.line() for _ in range(3)][-1]
        assert call(place, number, "a real one") == (200, f"smsid={number}")
        assert "a real one" in running.line()
        running.kill(signal.SIGINT)
        assert running.ended().err == ""


def test_beyond_this_machine(start: Start) -> None:
    """Listening on every address is said loudly; on loopback nothing is."""
    running = start("inbox", "--listen", "0.0.0.0:0")
    assert told_on_stderr(running).startswith("warning: LISTENING BEYOND THIS MACHINE")
    running.kill(signal.SIGINT)
    assert running.ended().status == 0


def test_nobody_reads(start: Start, until: Callable[[Callable[[], object]], None]) -> None:
    """When nobody reads any more it ends, and what it could not show is not acknowledged."""
    running = start("inbox", "--listen", "127.0.0.1:0", "--json")
    url = place_of(told_on_stderr(running))
    running.leave()
    assert call(url) == (500, "not handled\n")
    result = running.ended()
    assert result.status == 0
    assert "Привет" not in result.err


def test_disk_full(tmp_path: Path) -> None:
    """When standard output takes no more it ends with one line and status 1; the message is not acknowledged."""
    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen(
            command_line("inbox", "--listen", "127.0.0.1:0", "--json"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            cwd=tmp_path,
        )
    with process:
        assert process.stderr is not None
        assert call(place_of(process.stderr.readline()))[0] == 500
        *_, last = process.stderr.read().splitlines()
        assert process.wait(20) == 1
    assert last == "error: the result could not be written (No space left on device)"


def test_port_in_use(invoke: Invoke) -> None:
    """A port in use is one line and exit status 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        result = invoke("inbox", "--listen", place)
    assert result.status == 2
    assert (
        result.error == f"error: {place} is in use: choose another port with --listen, or 0 for any free one"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--listen", "8026"), "--listen is HOST:PORT"),
        (("--listen", ":8026"), "--listen is HOST:PORT"),
        (("--listen", "127.0.0.1:x"), "--listen is HOST:PORT"),
        (("--listen", "127.0.0.1:70000"), "--listen is HOST:PORT"),
        (("--listen", "192.0.2.1:8026"), "is no address of this machine"),
        (("--listen", "nowhere.invalid:8026"), "is no address of this machine"),
        (("--secret", "short"), "`secret` is 16 to 256"),
        (("--allow", "192.0.2.1/99"), "is no address and no network"),
        (("--store", "nowhere/inbox.db"), "nowhere/inbox.db: cannot be used as the store"),
    ],
)
def test_usage(
    options: tuple[str, ...], said: str, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be is one line and exit status 2."""
    monkeypatch.chdir(tmp_path)
    result = invoke("inbox", *(() if "--listen" in options else ("--listen", "127.0.0.1:0")), *options)
    assert result.status == 2
    assert said in result.error
