"""`smsgw bulk`: the command of the README, its results, and the command again."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from smsgw.sandbox import Sandbox
from tests.cli.campaigns import TEXT, Campaign, campaign, facts, texts
from tests.cli.conftest import environment

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke, TerminalRun

__all__ = ["campaign"]

MIXED = (
    "phone,Name,state\n"
    "+7 903 123-45-67,Anna,x\n"
    '79031234568,"Boris\nthe Great",y\n'
    "word,Clara,z\n"
    "79031234567,Anna,again\n"
    "79031234567,Dora,another text\n"
)


def test_command(run: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """Every row goes out once, the summary tells it, and the exit status is 0."""
    campaign.write("phone,name\n79031234567,Anna\n79031234568,Boris\n")
    result = run(*campaign.command(configure("iba")))
    assert (result.status, result.err) == (0, "")
    told = facts(result.out)
    assert (told["rows"], told["accepted"], told["pending"], told["segments"]) == ("2", "2", "0", "2")
    assert told["this run"].startswith("2 recipients in ")
    assert f"Row by row: {campaign.results}" in result.out
    assert texts(sandbox) == {"79031234567": "Hi Anna", "79031234568": "Hi Boris"}
    assert campaign.journal.stat().st_mode & 0o777 == 0o600


def test_results(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """A row for each row, in the input's order: its state, whose duplicate it is, and its own columns behind."""
    campaign.write(MIXED)
    result = invoke(*campaign.command(configure("iba")))
    assert (result.status, result.err) == (1, "")
    told = facts(result.out)
    assert (told["accepted"], told["rejected"], told["duplicates"]) == ("4", "1", "1")
    first, second, third, fourth, fifth = campaign.rows
    assert list(first) == [
        *("phone", "state", "provider", "message_id", "segments", "cost", "error", "attempts", "duplicate"),
        *("delivery", "delivery_final", "delivery_at", "delivery_word", "delivery_code"),
        *("Name", "input_state"),
    ]
    assert (first["phone"], first["state"], first["provider"]) == ("+7 903 123-45-67", "accepted", "iba")
    taken = {message.text: message.message_id for message in sandbox.ledger.messages}
    assert first["message_id"] == taken["Hi Anna"]
    assert (first["Name"], first["input_state"]) == ("Anna", "x")
    assert second["Name"] == "Boris\nthe Great"
    assert (third["state"], third["phone"], third["attempts"]) == ("rejected", "word", "0")
    assert third["error"].startswith("InvalidRecipient: ")
    assert (fourth["state"], fourth["duplicate"], fourth["input_state"]) == (
        "accepted",
        "duplicate of line 2",
        "again",
    )
    assert fourth["message_id"] == first["message_id"]
    assert (fifth["state"], fifth["duplicate"]) == ("accepted", "")
    assert sandbox.ledger.count("79031234567", "Hi Anna") == 1
    assert sandbox.ledger.count("79031234567", "Hi Dora") == 1


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfPHONE; Name \r\n79031234567;\xd0\x98\xd1\x80\xd0\xb0\r\n",
        "sep=;\r\nphone;name;\r\n79031234567;Ира;\r\n;;\r\n".encode(),
        "phone\tname\r79031234567\tИра\r".encode(),
    ],
)
def test_spreadsheets(
    content: bytes, invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox
) -> None:
    """What spreadsheets save is read as it is."""
    campaign.write(content)
    result = invoke(*campaign.command(configure("iba")))
    assert (result.status, result.err) == (0, "")
    assert texts(sandbox) == {"79031234567": "Hi Ира"}
    assert campaign.states == {"accepted": 1}


@pytest.mark.parametrize("content", ["phone,name\n79031234567,Anna\n", MIXED])
def test_command_again(
    content: str, invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox
) -> None:
    """The second run of a finished campaign asks no gateway, writes the same results, and exits as the first did."""
    campaign.write(content)
    config = configure("iba")
    first = invoke(*campaign.command(config))
    results, requests = campaign.results.read_bytes(), len(sandbox.ledger.requests)
    campaign.results.unlink()
    second = invoke(*campaign.command(config))
    assert second.status == first.status
    assert "0 recipients; nothing was left to send" in second.out
    assert len(sandbox.ledger.requests) == requests
    assert campaign.results.read_bytes() == results


def test_as_json(invoke: Invoke, configure: Configure, campaign: Campaign) -> None:
    """With --json one object is all that is on standard output."""
    campaign.write(MIXED)
    result = invoke(*campaign.command(configure("smstele"), "--json"))
    (told,) = result.objects
    seconds, rate = told.pop("seconds"), told.pop("recipients_per_second")
    assert rate == pytest.approx(3 / seconds, rel=0.1, abs=0.1)
    assert told == {
        "rows": 5,
        "accepted": 4,
        "held": 0,
        "rejected": 1,
        "unknown": 0,
        "pending": 0,
        "duplicates": 1,
        "segments": 3,
        "costs": told["costs"],
        "ending": "done",
        "sent": 3,
        "tracked": False,
        "deliveries": {},
        "in_delivery": 4,
        "failure": None,
        "results": str(campaign.results),
        "journal": str(campaign.journal),
    }
    assert (result.status, result.err) == (1, "")


def test_held(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """What a gateway holds until it is paid is no success, and nobody is told to send it again."""
    campaign.fill(1)
    sandbox.gateways["iba"].faults.held = True
    result = invoke(*campaign.command(configure("iba")))
    assert (result.status, facts(result.out)["held"]) == (1, "1")
    assert "do not send it again" in result.out


def test_a_text_of_a_file(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """--text-file is the text; --sender, --provider and --transliterate are as for `send`."""
    campaign.write("phone,name\n79031234567,Ира\n")
    text_file = campaign.people.with_name("text.txt")
    text_file.write_text("Привет, {NAME}\n", encoding="utf-8")
    options = ("--sender", "SHOP", "--provider", "iba", "--transliterate")
    command = ("bulk", str(campaign.people), "--text-file", str(text_file), *options)
    result = invoke(*command, "--config", configure("avist", "iba"), "--journal", str(campaign.journal))
    assert (result.status, result.err) == (0, "")
    (message,) = sandbox.ledger.messages
    assert (message.gateway, message.sender, message.text) == ("iba", "SHOP", "Privet, Ira")
    assert "Row by row" not in result.out


def test_an_empty_list(invoke: Invoke, configure: Configure, campaign: Campaign) -> None:
    """A file without rows is no success, as for `preview`; the results have their line of names."""
    campaign.write("phone,name\n")
    result = invoke(*campaign.command(configure("iba")))
    assert (result.status, result.err) == (1, "")
    assert result.out == "The file has no rows but its line of column names.\n"
    assert campaign.rows == []


def test_dry_run(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """--dry-run prints what `preview` does; no journal is made, no gateway asked."""
    campaign.write(MIXED)
    config = configure("iba", settings={"prices": {"": 2}})
    for more in ((), ("--json",)):
        dry = invoke(*campaign.command(config, "--dry-run", *more))
        shown = invoke("preview", str(campaign.people), "--text", TEXT, "--config", config, *more)
        assert (dry.status, dry.out, dry.err) == (shown.status, shown.out, shown.err)
        assert dry.out
    assert not sandbox.ledger.requests
    assert not campaign.journal.exists()
    assert not campaign.results.exists()


def test_a_device(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """Results go to a file, which is written from its start more than once, and to nothing else."""
    campaign.fill(1)
    campaign.results.symlink_to("/dev/full")
    refused = invoke(*campaign.command(configure("iba")))
    assert refused.status == 2
    assert refused.error == f"error: --results {campaign.results}: is not a regular file"
    assert not sandbox.ledger.requests


def test_a_terminal(
    on_terminal: TerminalRun, configure: Configure, campaign: Campaign, sandbox: Sandbox
) -> None:
    """A terminal shows a bar with the counts while it runs, and has its cursor back in the end."""
    campaign.fill(8)
    sandbox.gateways["iba"].faults.delay = 0.2
    config = configure("iba", settings={"batch_size": 1, "max_connections": 2})
    status, shown = on_terminal(*campaign.command(config))
    assert status == 0
    assert "━" in shown
    assert "/8" in shown
    assert "0 rejected" in shown
    assert "Traceback" not in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert "8 recipients in" in shown.replace("\x1b[0m", "")


def test_others_do_without() -> None:
    """The other commands import nothing of SQLAlchemy, nor of what sends campaigns."""
    script = "import sys, smsgw.cli.app; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, env=environment(), text=True
    ).stdout.split()
    assert "smsgw.cli.bulk" in loaded
    assert not [name for name in loaded if name.startswith(("sqlalchemy", "aiosqlite", "smsgw.bulk"))]


@pytest.mark.parametrize("missing", ["sqlalchemy", "aiosqlite"])
def test_without_the_extra(
    missing: str, invoke: Invoke, configure: Configure, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra one line says how to get it."""
    campaign.fill(1)
    monkeypatch.setitem(sys.modules, missing, None)
    for command in (campaign.command(configure("iba")), ("bulk", "--status", str(campaign.journal))):
        result = invoke(*command)
        assert result.status == 2
        assert result.error == "error: smsgw bulk needs the extra bulk: pip install 'smsgw[cli,bulk]'"


def test_costs(invoke: Invoke, configure: Configure, campaign: Campaign) -> None:
    """What gateways say that they charge is summed up, each in its own unit."""
    campaign.fill(2)
    result = invoke(*campaign.command(configure("smsco", "smstele"), "--json"))
    (told,) = result.objects
    charged = [row for row in campaign.rows if row["cost"]]
    assert set(told["costs"]) == {row["provider"] for row in charged}
    assert json.dumps(told["costs"])
