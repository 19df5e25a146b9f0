"""Ctrl-C and SIGTERM while a campaign runs, in real processes; and the same command again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smsgw.sandbox import Sandbox
from tests.cli.campaigns import Campaign, Until, campaign, facts, texts
from tests.cli.conftest import command_line, environment

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke, Start

__all__ = ["campaign"]

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
SLOWLY = {"batch_size": 1, "max_connections": 2}


@BOTH
def test_in_the_middle(
    *,
    number: signal.Signals,
    start: Start,
    invoke: Invoke,
    configure: Configure,
    campaign: Campaign,
    sandbox: Sandbox,
    until: Until,
) -> None:
    """Interrupted, a run begins no more, waits for what is in flight, writes the results and exits 130; the same
    command then sends the rest, and nobody has it twice."""
    campaign.fill(12)
    sandbox.gateways["iba"].faults.delay = 0.3
    config = configure("iba", settings=SLOWLY)
    running = start(*campaign.command(config))
    until(lambda: len(sandbox.ledger.messages) >= 3)
    running.kill(number)
    result = running.ended()
    taken = len(sandbox.ledger.messages)
    assert 3 <= taken < 12
    assert result.status == 130
    assert result.err.splitlines() == [
        "warning: interrupted: nothing more is begun, waiting for what is in flight; again Ctrl-C ends at once"
    ]
    told = facts(result.out)
    assert (told["accepted"], told["unknown"], told["pending"]) == (str(taken), "0", str(12 - taken))
    assert "run the same command again" in result.out
    assert campaign.states == {"accepted": taken, "pending": 12 - taken}
    assert [row["phone"] for row in campaign.rows] == [f"7903{row:07d}" for row in range(12)]
    sandbox.gateways["iba"].faults.delay = 0
    again = invoke(*campaign.command(config))
    assert (again.status, again.err) == (0, "")
    assert facts(again.out)["this run"].startswith(f"{12 - taken} recipients")
    assert len(texts(sandbox)) == 12
    assert campaign.states == {"accepted": 12}


def test_twice(
    *, start: Start, invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox, until: Until
) -> None:
    """A second signal ends at once; what was in flight is unknown to the next run, which sends it no more."""
    campaign.fill(5)
    sandbox.gateways["iba"].faults.silent = 2
    config = configure("iba", settings=SLOWLY)
    running = start(*campaign.command(config))
    until(lambda: len(sandbox.ledger.messages) == 2)
    running.kill(signal.SIGINT)
    time.sleep(0.4)  # two signals at once would be one
    assert running.process.poll() is None
    before = time.monotonic()
    running.kill(signal.SIGTERM)
    result = running.ended()
    assert time.monotonic() - before < 2
    assert (result.status, result.out) == (130, "")
    assert result.err.splitlines()[1:] == [
        "error: ended at once; what was in flight is in doubt: run the same command again"
    ]
    again = invoke(*campaign.command(config))
    assert (again.status, again.err) == (1, "")
    assert campaign.states == {"unknown": 2, "accepted": 3}
    assert len(texts(sandbox)) == 5
    assert "--resend-unknown" in again.out
    resent = invoke(*campaign.command(config, "--resend-unknown"))
    assert resent.status == 0
    assert campaign.states == {"accepted": 5}
    assert len(sandbox.ledger.messages) == 7


def test_proved(
    *, start: Start, invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox, until: Until
) -> None:
    """What was in flight to SMStele when the run ended at once is asked about by the next one, and is accepted."""
    campaign.fill(3)
    sandbox.gateways["smstele"].faults.silent = 2
    config = configure("smstele", settings=SLOWLY)
    running = start(*campaign.command(config))
    until(lambda: len(sandbox.ledger.messages) == 2)
    running.process.kill()
    running.ended()
    again = invoke(*campaign.command(config))
    assert (again.status, again.err) == (0, "")
    assert campaign.states == {"accepted": 3}
    assert len(texts(sandbox)) == 3


def test_on_a_terminal(
    *, tmp_path: Path, configure: Configure, campaign: Campaign, sandbox: Sandbox, until: Until
) -> None:
    """An interrupted bar says that it is stopping, and one that a second signal ends leaves the cursor visible."""
    campaign.fill(5)
    sandbox.gateways["iba"].faults.silent = 2
    ours, its = os.openpty()
    command = command_line(*campaign.command(configure("iba", settings=SLOWLY)))
    terminal = {**environment(), "TERM": "xterm-256color", "COLUMNS": "80"}
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, cwd=tmp_path, env=terminal)
    os.close(its)
    shown = ""
    try:
        until(lambda: len(sandbox.ledger.messages) == 2)
        while "4 on their way" not in shown:
            shown += os.read(ours, 65536).decode(errors="replace")
        process.send_signal(signal.SIGINT)
        while "stopping" not in shown:
            shown += os.read(ours, 65536).decode(errors="replace")
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # how a terminal ends on Linux
            while chunk := os.read(ours, 65536):
                shown += chunk.decode(errors="replace")
        assert process.wait(10) == 130
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert shown.splitlines()[-1].startswith("\x1b[?25herror: ended at once")


@BOTH
def test_while_reading(
    *,
    number: signal.Signals,
    start: Start,
    configure: Configure,
    campaign: Campaign,
    sandbox: Sandbox,
    until: Until,
) -> None:
    """Interrupted while it still reads its input, a run sends nothing, says so and exits 130."""
    campaign.fill(100_000)
    running = start(*campaign.command(configure("iba"), "--json"))
    until(lambda: campaign.journal.with_name("RUN.db-wal").exists())
    time.sleep(0.1)
    running.kill(number)
    result = running.ended()
    assert result.status == 130
    (line,) = result.err.splitlines()
    assert line.startswith("warning: interrupted: the input was still being read, and nothing is sent")
    (told,) = result.objects
    assert (told["ending"], told["sent"], told["accepted"], told["results"]) == ("stopped", 0, 0, None)
    assert not sandbox.ledger.requests
    assert not campaign.results.exists()


@BOTH
def test_before_it_begins(
    number: signal.Signals, start: Start, configure: Configure, campaign: Campaign, sandbox: Sandbox
) -> None:
    """Interrupted before it could begin, a command ends without a traceback."""
    pipe = campaign.people.with_name("text.txt")
    os.mkfifo(pipe)
    command = ("bulk", str(campaign.people), "--text-file", str(pipe), "--journal", "RUN.db")
    running = start(*command, "--config", configure("iba"))
    with pipe.open("wb"):  # which waits until the command reads
        time.sleep(0.1)
        running.kill(number)
        result = running.ended()
    assert (result.status, result.err, result.out) == (130, "error: interrupted\n", "")
