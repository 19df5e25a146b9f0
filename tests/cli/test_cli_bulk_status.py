"""`smsgw bulk --status`."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from smsgw.sandbox import Sandbox
from tests.cli.campaigns import Campaign, Until, campaign, facts

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke, Start

__all__ = ["campaign"]


def test_status(
    *, start: Start, invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox, until: Until
) -> None:
    """It shows a campaign at work, one that was killed, and one that has ended, and disturbs none."""
    campaign.fill(6)
    campaign.write(campaign.people.read_text() + "word,x\n79030000000,n0\n")
    sandbox.gateways["iba"].faults.silent = 2
    config = configure("iba", settings={"batch_size": 1, "max_connections": 2})
    running = start(*campaign.command(config))
    until(lambda: len(sandbox.ledger.messages) == 2)
    ask = ("bulk", "--status", str(campaign.journal))
    result = invoke(*ask, "--json")
    (told,) = result.objects
    assert (result.status, result.err) == (0, "")
    assert (told["input"], told["journal"]) == (str(campaign.people), str(campaign.journal))
    assert (told["at_work"], told["loaded"], told["runs"]) == (True, True, 1)
    assert told["runner"].startswith(f"process {running.process.pid} on ")
    assert told["begun_at"] == told["started_at"]
    assert told["ended_at"] is None
    assert (told["rows"], told["rejected"], told["pending"], told["duplicates"]) == (8, 1, 7, 1)
    assert (told["open_requests"], told["percent"]) == (2, 12.5)
    at_work = facts(invoke(*ask).out)
    assert at_work["now"].startswith(f"at work: run 1, process {running.process.pid} on ")
    assert at_work["requests in flight"] == "2"
    running.kill(signal.SIGKILL)
    running.ended()
    killed = invoke(*ask)
    assert "not at work: run 1, process" in killed.out
    assert "did not end in good order" in killed.out
    assert facts(killed.out)["requests in doubt"] == "2"
    assert "run the same command again" in killed.out
    invoke(*campaign.command(config))
    ended = facts(invoke(*ask).out)
    assert ended["now"].startswith("not at work: run 2, process ")
    assert " ended " in ended["now"]
    assert (ended["done"], ended["unknown"], ended["pending"]) == ("100%", "3", "0")
    assert "requests in doubt" not in ended


def test_not_read_to_its_end(invoke: Invoke, configure: Configure, campaign: Campaign) -> None:
    """A campaign whose input was not read to its end has sent nothing, and says so."""
    campaign.write("phone,name\n79031234567,Anna\n79031234568\n")
    assert invoke(*campaign.command(configure("iba"))).status == 2
    result = invoke("bulk", "--status", str(campaign.journal))
    assert (result.status, result.err) == (0, "")
    assert "not read to its end; nothing was sent" in result.out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such journal"),
        ("", "there is no such journal"),
        ("phone,name\n" + "79031234567,Anna\n" * 100, "it is no SQLite database"),
    ],
)
def test_no_journal(content: str | None, said: str, invoke: Invoke, campaign: Campaign) -> None:
    """What is no journal is one line and exit status 2, and stays as it is."""
    if content is not None:
        campaign.journal.write_text(content)
    result = invoke("bulk", "--status", str(campaign.journal), "--json")
    assert (result.status, said in result.error) == (2, True)
    assert list(campaign.journal.parent.iterdir()) == ([] if content is None else [campaign.journal])


@pytest.mark.parametrize(
    ("journal", "said"),
    [
        ("/", "is not a journal: it is not even a file"),
        (".", "is not a journal: it is not even a file"),
        ("/dev/null", "is not a journal: it is not even a file"),
        ("", "the journal is a file's path"),
        ("x" * 300, "cannot be opened: File name too long"),
        ("nowhere/run.db", "there is no such journal"),
        ("/etc/hostname/run.db", "there is no such journal"),
    ],
)
def test_status_of_what_is_no_journal(invoke: Invoke, journal: str, said: str) -> None:
    """One line, whatever it is."""
    result = invoke("bulk", "--status", journal)
    assert (result.status, said in result.error) == (2, True), result.err
