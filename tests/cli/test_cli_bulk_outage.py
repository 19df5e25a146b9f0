"""A campaign in trouble: gateways that take nothing, journals that take no more, output that fails."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import OperationalError

from smsgw.bulk.journal import writer
from smsgw.sandbox import Sandbox
from tests.cli.campaigns import Campaign, Until, campaign, facts, texts
from tests.cli.conftest import PASSWORD, command_line, environment

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke, Start

__all__ = ["campaign"]


def test_a_wrong_password(run: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """A refused account pauses the run and burns no row: it says why, gives up with exit status 1, and once the
    password is right the same command sends them all."""
    campaign.fill(5)
    config = configure("iba")
    right = Path(config).read_text(encoding="utf-8")
    Path(config).write_text(right.replace(PASSWORD, "wrong"), encoding="utf-8")
    result = run(*campaign.command(config, "--give-up-after", "1"))
    assert result.status == 1
    paused, gave_up = result.err.splitlines()
    assert paused.startswith("paused (iba: the gateway refused the account")
    assert "gives up in 1 s" in paused
    assert gave_up.startswith("error: gave up after 1 s in which nobody took anything (iba: ")
    assert facts(result.out)["pending"] == "5"
    assert campaign.states == {"pending": 5}
    Path(config).write_text(right, encoding="utf-8")
    again = run(*campaign.command(config, "--give-up-after", "1"))
    assert (again.status, again.err) == (0, "")
    assert len(texts(sandbox)) == 5


def test_an_outage_that_ends(
    start: Start, configure: Configure, campaign: Campaign, sandbox: Sandbox, until: Until
) -> None:
    """Lines say at once when a run pauses, and when it goes on; nothing else is said of a short run."""
    campaign.fill(5)
    sandbox.gateways["iba"].faults.unavailable = 10_000
    running = start(
        *campaign.command(
            configure("iba", retry={"attempts": 1}, breaker={"failures": 1, "rest": 0.5}), "--json"
        )
    )
    assert running.process.stderr is not None
    assert running.process.stderr.readline().startswith("paused (iba: ")
    sandbox.gateways["iba"].faults.unavailable = 0
    sandbox.gateways["iba"].faults.delay = 0.4  # so that somebody looks in between
    result = running.ended()
    assert result.status == 0
    (line,) = result.err.splitlines()
    assert line.startswith("no longer paused; ")
    assert len(texts(sandbox)) == 5


def test_gave_up_as_json(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """For programs, why a run gave up is in the object, too."""
    campaign.fill(2)
    sandbox.gateways["iba"].faults.blocked = True
    result = invoke(*campaign.command(configure("iba"), "--give-up-after", "0.3", "--json"))
    (told,) = result.objects
    assert (result.status, told["ending"], told["pending"]) == (1, "gave_up", 2)
    assert told["failure"]["type"] == "BulkError"
    assert told["failure"]["description"] in result.err


def _fails_on_outcomes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full once outcomes are to be written."""
    write = writer._write

    def written(connection: Any, group: Any, **options: Any) -> None:
        if group.outcomes:
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        write(connection, group, **options)

    monkeypatch.setattr(writer, "_write", written)


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_full_disk(
    *,
    more: tuple[str, ...],
    invoke: Invoke,
    configure: Configure,
    campaign: Campaign,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the journal takes no more, sending stops, and outcomes that stand nowhere else are told by their rows."""
    campaign.fill(40)
    _fails_on_outcomes(monkeypatch)
    config = configure("iba", settings={"batch_size": 1, "max_connections": 2})
    result = invoke(*campaign.command(config, *more))
    assert result.status == 1
    taken = {int(message.recipient[4:]) + 1: message.message_id for message in sandbox.ledger.messages}
    assert 0 < len(taken) < 40
    *known, failure = result.err.splitlines()
    assert set(known) == {f"row {number} accepted iba:{place}" for number, place in taken.items()}
    assert failure == f"error: {campaign.journal}: cannot be written: the disk is full"
    assert campaign.states == {"accepted": len(taken), "pending": 40 - len(taken)}
    monkeypatch.undo()
    again = invoke(*campaign.command(config))
    assert again.status == 1
    assert len(texts(sandbox)) == 40
    assert campaign.states["unknown"] <= len(taken)


def test_unwritable_output(configure: Configure, campaign: Campaign) -> None:
    """A summary that standard output does not take goes to standard error; the exit status is the one earned."""
    campaign.fill(2)
    done = subprocess.run(
        ["sh", "-c", '"$@" > /dev/full', "sh", *command_line(*campaign.command(configure("iba")))],
        capture_output=True,
        check=False,
        env=environment(),
        text=True,
    )
    assert done.stderr.splitlines() == [
        "2 rows: 2 accepted, 0 held, 0 rejected, 0 unknown, 0 pending",
        "error: the result could not be written (No space left on device)",
    ]
    assert done.returncode == 0


def test_no_standard_error(configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """Without a standard error to show anything on, the campaign is sent all the same."""
    campaign.fill(2)
    sandbox.gateways["iba"].faults.delay = 0.3
    done = subprocess.run(
        ["sh", "-c", '"$@" 2>&-', "sh", *command_line(*campaign.command(configure("iba")))],
        stdout=subprocess.PIPE,
        check=False,
        env=environment(),
        text=True,
    )
    assert (done.returncode, facts(done.stdout)["accepted"]) == (0, "2")
