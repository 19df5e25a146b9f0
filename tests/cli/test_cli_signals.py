"""Ctrl-C and SIGTERM, in real processes; and the sandbox, which ends by them."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from smsgw.cli.running import Signals
from smsgw.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Configure, Invoke, Start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_send_interrupted(
    number: signal.Signals,
    configure: Configure,
    start: Start,
    sandbox: Sandbox,
    until: Callable[[Callable[[], object]], None],
) -> None:
    """Interrupted, a send waits for what is in flight and begins no more; each recipient has its outcome."""
    sandbox.gateways["avist"].faults.delay = 0.5
    numbers = [word for digit in range(4) for word in ("--to", f"7903123456{digit}")]
    config = configure("avist", settings={"max_connections": 1})
    running = start("send", "--config", config, *numbers, "--text", "Hi", "--json")
    until(lambda: sandbox.ledger.messages)
    running.kill(number)
    result = running.ended()
    assert result.status == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    (line,) = result.err.splitlines()
    assert line.startswith("warning: interrupted: waiting for what is in flight")
    states = [outcome["state"] for outcome in result.objects]
    assert states == ["accepted", "rejected", "rejected", "rejected"]
    assert result.objects[1]["error"]["type"] == "NotSubmitted"
    assert len(sandbox.ledger.messages) == 1


def test_interrupted_again(
    configure: Configure,
    start: Start,
    sandbox: Sandbox,
    until: Callable[[Callable[[], object]], None],
) -> None:
    """A second Ctrl-C ends at once, and says that the outcome is not known."""
    sandbox.gateways["avist"].faults.silent = 1
    running = start("send", "--config", configure("avist"), "--to", "79031234567", "--text", "Hi")
    until(lambda: sandbox.ledger.messages)
    running.kill(signal.SIGINT)
    time.sleep(0.2)  # two signals at once would be one
    before = time.monotonic()
    running.kill(signal.SIGINT)
    result = running.ended()
    assert time.monotonic() - before < 2
    assert result.status == 130
    assert result.err.splitlines()[-1] == "error: interrupted; what was in flight is unknown"


def test_question_interrupted(
    configure: Configure,
    start: Start,
    sandbox: Sandbox,
    until: Callable[[Callable[[], object]], None],
) -> None:
    """Interrupted, a question still prints the answer that was on its way."""
    sandbox.gateways["iba"].faults.delay = 0.5
    running = start("balance", "--config", configure("iba"), "--json")
    until(lambda: sandbox.ledger.requests)
    running.kill(signal.SIGINT)
    result = running.ended()
    assert result.status == 130
    assert result.objects[0]["amount"] == "100.50"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_sandbox(number: signal.Signals, start: Start) -> None:
    """The sandbox tells its URLs, answers there on this machine, and ends by either signal with exit status 0."""
    running = start("sandbox", "--port", "0", "--json")
    told = json.loads(running.line())
    assert set(told["gateways"]) == {"avist", "iba", "smsco", "smstele", "targetsms"}
    assert told["url"].startswith("http://127.0.0.1:")
    url = f"{told['gateways']['avist']}sms.php?user={told['login']}&pass={told['password']}&action=balance"
    with urllib.request.urlopen(url) as reply:
        assert reply.read() == b"Balance: 1000 SMS"
    running.kill(number)
    result = running.ended()
    assert (result.status, result.out, result.err) == (0, "", "")


async def test_signal_that_wakes_nobody() -> None:
    """A signal that interrupts another thread while the loop sleeps is seen all the same, soon."""

    def interrupt() -> None:
        time.sleep(0.1)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    seen = asyncio.Event()
    thread = threading.Thread(target=interrupt)
    began = time.monotonic()
    with Signals(seen.set, lambda _: None) as signals:
        thread.start()
        await asyncio.wait_for(seen.wait(), 5)
    thread.join()
    assert signals.status == 143
    assert time.monotonic() - began < 3


def test_sandbox_for_people(start: Start, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the sandbox suggests to try works as it stands."""
    running = start("sandbox", "--port", "0")
    lines = [running.line() for _ in range(12)]
    (dsn,) = [line.partition("=")[2].strip().strip("'") for line in lines if "SMSGW_DSN" in line]
    monkeypatch.setenv("SMSGW_DSN", dsn)
    result = invoke("send", "--to", "+7 903 123-45-67", "--text", "Code 1234")
    assert (result.status, result.err) == (0, "")
    running.kill(signal.SIGINT)
    assert running.ended().status == 0


def test_sandbox_port_in_use(invoke: Invoke) -> None:
    """A port in use is one line and exit status 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = invoke("sandbox", "--port", str(port))
    assert result.status == 2
    assert result.error == f"error: port {port} is in use: choose another with --port, or 0 for any free one"


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_sandbox_no_port(port: str, invoke: Invoke) -> None:
    """What is no port is one line and exit status 2."""
    result = invoke("sandbox", "--port", port)
    assert result.status == 2
    assert "--port" in result.error
