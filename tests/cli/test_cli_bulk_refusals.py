"""What `smsgw bulk` refuses: one line, exit status 2, nothing sent, nothing written over."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from smsgw.sandbox import Sandbox
from tests.cli.campaigns import TEXT, Campaign, Until, campaign, texts
from tests.cli.conftest import Result

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke, Start

__all__ = ["campaign"]

Refused = Callable[[Result], str]


@pytest.fixture
def refused(sandbox: Sandbox, campaign: Campaign) -> Refused:
    """`refused(result)`: the one line of a refusal."""

    def line(result: Result) -> str:
        assert result.status == 2
        assert not sandbox.ledger.requests
        assert not campaign.results.exists()
        return result.error

    return line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--give-up-after 0", "--give-up-after: a number of seconds above 0"),
        ("--give-up-after nan", "--give-up-after: a number of seconds above 0"),
        ("--give-up-after soon", "'--give-up-after'"),
        ("--max-messages -1", "'--max-messages'"),
        ("--max-messages few", "'--max-messages'"),
        ("--max-cost -1", "--max-cost: a number such as 150 or 99.90"),
        ("--max-cost inf", "--max-cost: a number such as 150 or 99.90"),
        ("--max-cost little", "--max-cost: a number such as 150 or 99.90"),
        ("--provider nobody", "nobody"),
        ("--text-file text.txt", "--text and --text-file: give one of them, not both"),
        ("--status RUN.db", "--status RUN.db: only shows how a campaign stands"),
    ],
)
def test_options(
    *, options: str, said: str, invoke: Invoke, configure: Configure, campaign: Campaign, refused: Refused
) -> None:
    """A wrong option is refused before anything: no journal is made."""
    campaign.fill(1)
    line = refused(invoke(*campaign.command(configure("iba"), *options.split())))
    assert said in line
    assert not campaign.journal.exists()


def test_missing(invoke: Invoke, configure: Configure, campaign: Campaign, refused: Refused) -> None:
    """Without a journal, a file or a text, a line says what it is for."""
    campaign.fill(1)
    people, config = str(campaign.people), configure("iba")
    journal = ("--journal", str(campaign.journal))
    for command, said in {
        ("bulk", people, "--text", TEXT, "--config", config): "goes on where it stopped",
        ("bulk", "--text", TEXT, "--config", config, *journal): "there is no FILE.csv",
        ("bulk", people, "--config", config, *journal): "there is no text",
        ("bulk", people, "--text", TEXT, *journal): "no configuration",
    }.items():
        assert said in refused(invoke(*command))
    assert not campaign.journal.exists()


@pytest.mark.parametrize(
    ("content", "text", "said"),
    [
        ("phone,name\n79031234567,Anna\n", "Hi {nam}", "--text: no column nam"),
        ("phone,name\n79031234567,Anna\n", "Hi {name", "--text: a single brace"),
        ("number,name\n79031234567,Anna\n", "Hi", "has no column phone"),
        (b"phone,name\n79031234567,\xc8\xf0\xe0\n", "Hi", "line 2 is not UTF-8"),
        ("phone,name\n79031234567\n", "Hi", "cells are missing"),
        ("", "Hi", "is empty"),
    ],
)
def test_files(
    *,
    content: str | bytes,
    text: str,
    said: str,
    invoke: Invoke,
    configure: Configure,
    campaign: Campaign,
    refused: Refused,
) -> None:
    """A file or a text that is wrong somewhere is refused before a single message."""
    campaign.write(content)
    assert said in refused(invoke(*campaign.command(configure("iba"), text=text)))


def test_a_text_of_a_file(invoke: Invoke, configure: Configure, campaign: Campaign, refused: Refused) -> None:
    """What is wrong with the text of --text-file is said of --text-file."""
    campaign.fill(1)
    text_file = campaign.people.with_name("text.txt")
    text_file.write_text("Hi {nam}", encoding="utf-8")
    command = ("bulk", str(campaign.people), "--text-file", str(text_file), "--config", configure("iba"))
    line = refused(invoke(*command, "--journal", str(campaign.journal)))
    assert line == "error: --text-file: no column nam; did you mean name?"


def test_overwriting(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """Neither results nor journal are written over a file that the user still needs, by whatever name."""
    campaign.fill(1)
    config = configure("iba")
    before = campaign.people.read_bytes()
    link = campaign.people.with_name("link.csv")
    link.symlink_to(campaign.people)
    people, run = str(campaign.people), str(campaign.journal)
    for journal, results, said in (
        (run, people, "--results: is the same file as FILE.csv"),
        (run, str(link), "--results: is the same file as FILE.csv"),
        (run, config, "--results: is the same file as --config"),
        (run, run, "--results: is the same file as --journal"),
        (run, f"{run}-wal", "--results: is the same file as --journal, or one that belongs to it"),
        (people, str(campaign.results), "--journal: is the same file as FILE.csv"),
        (f"sqlite:///{people}", str(campaign.results), "--journal: is the same file as FILE.csv"),
        (config, str(campaign.results), "--journal: is the same file as --config"),
    ):
        command = ("bulk", people, "--text", TEXT, "--config", config)
        result = invoke(*command, "--journal", journal, "--results", results)
        assert (result.status, said in result.error) == (2, True), result.err
    assert campaign.people.read_bytes() == before
    assert not campaign.journal.exists()
    assert not sandbox.ledger.requests


@pytest.mark.parametrize("place", ["nowhere/OUT.csv", "."])
def test_unwritable_results(
    place: str, invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox
) -> None:
    """Results that cannot be written are refused before a single message."""
    campaign.fill(1)
    results = campaign.people.parent / place
    command = ("bulk", str(campaign.people), "--text", TEXT, "--config", configure("iba"))
    result = invoke(*command, "--journal", str(campaign.journal), "--results", str(results))
    assert result.status == 2
    assert "the results cannot be written" in result.error
    assert not sandbox.ledger.requests


def test_another_campaign(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """A journal of another text or another file is refused, and the results of its own stay as they are."""
    campaign.fill(1)
    config = configure("iba")
    assert invoke(*campaign.command(config)).status == 0
    results = campaign.results.read_bytes()
    other_text = invoke(*campaign.command(config, text="Bye {name}"))
    assert (other_text.status, "belongs to another text" in other_text.error) == (2, True)
    campaign.fill(2)
    other_file = invoke(*campaign.command(config))
    assert (other_file.status, "belongs to another input" in other_file.error) == (2, True)
    assert campaign.results.read_bytes() == results
    assert len(sandbox.ledger.messages) == 1


def test_no_journal(invoke: Invoke, configure: Configure, campaign: Campaign, refused: Refused) -> None:
    """What is no journal, or one that a later version wrote, is not written in."""
    campaign.fill(1)
    campaign.journal.write_text("notes of mine, and long enough to be none of SQLite's headers" * 9)
    config = configure("iba")
    assert "is no SQLite database" in refused(invoke(*campaign.command(config)))
    campaign.journal.unlink()
    assert invoke(*campaign.command(config, "--max-messages", "0")).status == 2
    with sqlite3.connect(campaign.journal) as connection:
        connection.execute("UPDATE smsgw_campaign SET version = 99")
    connection.close()
    assert "later version" in refused(invoke(*campaign.command(config)))


def test_caps(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """Above --max-messages or --max-cost nothing is sent; within them all is, and the rest of a campaign counts alone."""
    campaign.fill(3)
    unpriced = configure("iba")
    many = invoke(*campaign.command(unpriced, "--max-messages", "2"))
    assert (many.status, many.error) == (
        2,
        "error: 3 messages would be sent, more than the 2 allowed: nothing was sent",
    )
    unknown = invoke(*campaign.command(unpriced, "--max-cost", "100"))
    assert (unknown.status, "what it would cost is not known" in unknown.error) == (2, True)
    config = configure("iba", settings={"prices": {"": 2.5}})
    dear = invoke(*campaign.command(config, "--max-cost", "7.49"))
    assert (dear.status, "it would cost 7.5" in dear.error) == (2, True)
    assert not sandbox.ledger.requests
    assert not campaign.results.exists()
    within = invoke(*campaign.command(config, "--max-cost", "7.5", "--max-messages", "3"))
    assert (within.status, within.err) == (0, "")
    assert len(texts(sandbox)) == 3
    assert invoke(*campaign.command(config, "--max-cost", "0", "--max-messages", "0")).status == 0


def test_two_runs(
    *, start: Start, invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox, until: Until
) -> None:
    """A second run of a journal in use is refused, says whose it is, and disturbs nobody."""
    campaign.fill(4)
    sandbox.gateways["iba"].faults.delay = 0.7
    config = configure("iba", settings={"batch_size": 1, "max_connections": 2})
    running = start(*campaign.command(config))
    until(lambda: sandbox.ledger.messages)
    second = invoke(*campaign.command(config))
    assert second.status == 2
    assert f"another run works on this journal (process {running.process.pid} on " in second.error
    assert running.ended().status == 0
    assert len(texts(sandbox)) == 4
