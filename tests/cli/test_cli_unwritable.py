"""Whatever becomes of the output, nobody is left to think that nothing was sent."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from smsgw.sandbox import Sandbox
from tests.cli.conftest import command_line, environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Configure, Start

NO_SPACE = "error: the result could not be written (No space left on device)"


def _shell(redirection: str, *args: str) -> tuple[int, list[str]]:
    """The exit status and the lines on standard error of a command whose output is redirected."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *command_line(*args)],
        stderr=subprocess.PIPE,
        check=False,
        env=environment(),
        timeout=30,
        text=True,
    )
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_full_disk(more: tuple[str, ...], configure: Configure, sandbox: Sandbox) -> None:
    """Outcomes that cannot be written go to standard error, and the exit status is the one that they earned."""
    send = ("send", "--config", configure("avist"), "--to", "79031234567", "--text", "Hi", *more)
    status, lines = _shell("> /dev/full", *send)
    (taken,) = sandbox.ledger.messages
    assert lines == [f"79031234567 accepted avist:{taken.message_id}", NO_SPACE]
    assert status == 0
    status, lines = _shell("> /dev/full", *send, "--to", "12")
    assert lines[1:] == ["12 rejected", NO_SPACE]
    assert status == 1


def test_a_full_disk_for_others(configure: Configure) -> None:
    """An answer that cannot be written is one line and exit status 1."""
    assert _shell("> /dev/full", "balance", "--config", configure("iba")) == (1, [NO_SPACE])


def test_a_closed_output(configure: Configure, sandbox: Sandbox) -> None:
    """Where standard output is closed, nothing is sent, and one line says so."""
    status, lines = _shell(">&-", "send", "--config", configure("iba"), "--to", "79031234567", "--text", "Hi")
    assert (status, lines) == (
        2,
        ["error: standard output is closed: there is nowhere to write the result to"],
    )
    assert not sandbox.ledger.requests


def test_all_outputs_closed(configure: Configure, sandbox: Sandbox) -> None:
    """Without any output the exit status still says that nothing was done."""
    assert _shell(">&- 2>&-", "balance", "--config", configure("iba")) == (2, [])
    assert not sandbox.ledger.requests


def test_ended_at_once(
    configure: Configure, start: Start, sandbox: Sandbox, until: Callable[[Callable[[], object]], None]
) -> None:
    """Ctrl-C twice: what is known is printed, what had begun is unknown, and what had not is rejected."""
    numbers = [word for digit in range(3) for word in ("--to", f"7903123456{digit}")]
    config = configure("avist", settings={"max_connections": 1})
    sandbox.gateways["avist"].faults.delay = 0.3
    running = start("send", "--config", config, *numbers, "--text", "Hi", "--json")
    until(lambda: len(sandbox.ledger.messages) == 1)
    sandbox.gateways["avist"].faults.silent = 1
    until(lambda: len(sandbox.ledger.requests) == 2)
    time.sleep(0.1)
    running.kill(signal.SIGINT)
    time.sleep(0.2)  # two signals at once would be one
    before = time.monotonic()
    running.kill(signal.SIGINT)
    result = running.ended()
    assert time.monotonic() - before < 2
    assert result.status == 130
    assert [outcome["state"] for outcome in result.objects] == ["accepted", "unknown", "rejected"]
    assert result.err.splitlines()[-1] == "error: interrupted; what was in flight is unknown"


def test_result_at_the_deadline(
    configure: Configure, start: Start, sandbox: Sandbox, until: Callable[[Callable[[], object]], None]
) -> None:
    """The result is printed when --timeout passes; then a line says what is waited for, and Ctrl-C ends that."""
    sandbox.gateways["iba"].faults.silent = 1
    config = configure("iba", settings={"timeout": 20})
    running = start(
        *("send", "--config", config, "--to", "79031234567", "--text", "Hi", "--timeout", "0.3", "--json")
    )
    until(lambda: sandbox.ledger.requests)
    before = time.monotonic()
    assert '"unknown"' in running.line()
    assert time.monotonic() - before < 2
    assert running.process.stderr is not None
    said = running.process.stderr.readline()
    assert said == "warning: still waiting for what is in flight; Ctrl-C ends at once\n"
    running.kill(signal.SIGINT)
    result = running.ended()
    assert time.monotonic() - before < 4
    assert (result.status, result.out) == (130, "")
    assert result.err == "error: interrupted; what was in flight is unknown\n"
