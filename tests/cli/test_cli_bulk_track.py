"""`smsgw bulk --track`: what was sent, followed to its delivery; resumed, interrupted and shown."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from smsgw.bulk import Phase, Progress
from smsgw.cli.delivering import delivery_facts, not_delivered
from smsgw.cli.watching import Lines, Pace
from smsgw.sandbox import Sandbox
from smsgw.tracking import waits
from tests.cli.campaigns import Campaign, Until, campaign, facts

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke, Start, TerminalRun

__all__ = ["campaign"]

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
NO_END = 1000.0
"""Seconds to delivery."""


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions come hundredths of a second apart, in commands of this process."""
    for name in ("FIRST", "FIRST_IN_WINDOW", "LEAST", "MOST"):
        monkeypatch.setattr(waits, name, 0.03)


def delivered_after(sandbox: Sandbox, seconds: float) -> None:
    for gateway in sandbox.gateways.values():
        gateway.delivery_after = seconds


def questions(sandbox: Sandbox) -> int:
    return sum(record.kind == "status" for record in sandbox.ledger.requests)


def learnt(campaign: Campaign) -> int:
    """Rows of which the journal has a state, as another process sees it."""
    with closing(sqlite3.connect(campaign.journal)) as connection:
        count: int = connection.execute("SELECT count(*) FROM smsgw_deliveries").fetchone()[0]
    return count


@pytest.mark.usefixtures("hurry")
def test_all(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """The table, the results, JSON and --status tell what became of all; what was not delivered is no failure."""
    campaign.fill(20)
    config = configure("iba")
    result = invoke(*campaign.command(config, "--track"))
    assert (result.status, result.err) == (0, "")
    told = facts(result.out)
    assert (told["accepted"], told["delivered"]) == ("20", "14")
    ends = {"undeliverable": "4", "expired": "1", "unknown": "1"}
    assert {end: told[f"delivery: {end}"] for end in ends} == ends
    assert told["no final delivery state"] == "0"
    assert "--track to go on" not in result.out
    rows = campaign.rows
    assert (rows[13]["delivery"], rows[13]["delivery_final"], rows[13]["delivery_word"]) == (
        *("undeliverable", "yes"),
        "not_deliver",
    )
    before = questions(sandbox)
    again = invoke(*campaign.command(config, "--track", "--track-for", "5", "--json"))
    assert (again.status, questions(sandbox)) == (0, before)
    (summary,) = again.objects
    assert summary["deliveries"] == {"delivered": 14, "undeliverable": 4, "expired": 1, "unknown": 1}
    assert (summary["tracked"], summary["in_delivery"], summary["sent"]) == (True, 0, 0)
    ask = ("bulk", "--status", str(campaign.journal))
    assert facts(invoke(*ask).out)["delivered"] == "14"
    (standing,) = invoke(*ask, "--json").objects
    assert (standing["tracked"], standing["deliveries"]) == (True, summary["deliveries"])
    assert campaign.rows == rows


@pytest.mark.usefixtures("hurry")
def test_the_deadline(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """It ends in good order: all is sent, and what is known is told, with what to do about the rest."""
    campaign.fill(3)
    delivered_after(sandbox, NO_END)
    result = invoke(*campaign.command(configure("iba"), "--track", "--track-for", "0.4"))
    assert (result.status, result.err) == (0, "")
    assert facts(result.out)["no final delivery state"] == "3"
    assert "run the same command again with --track to go on" in result.out
    assert {(row["delivery"], row["delivery_final"]) for row in campaign.rows} == {("enroute", "no")}


def test_not_tracked(invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox) -> None:
    """Without it nothing is asked, and nothing is said of delivery."""
    campaign.fill(3)
    result = invoke(*campaign.command(configure("iba")))
    assert questions(sandbox) == 0
    assert "deliver" not in result.out
    assert "deliver" not in invoke("bulk", "--status", str(campaign.journal)).out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--track", "--track-for", "0"), "--track-for: a number of seconds above 0"),
        (("--track", "--track-for", "nan"), "--track-for: a number of seconds above 0"),
        (("--track", "--track-for", "inf"), "--track-for: a number of seconds above 0"),
        (("--track", "--track-for", "1e9"), "no more than a year"),
        (("--track-for", "5"), "--track-for: says for how long --track goes on: give that, too"),
    ],
)
def test_refused(
    options: tuple[str, ...], said: str, invoke: Invoke, configure: Configure, campaign: Campaign
) -> None:
    """One line and exit status 2, before anything begins."""
    campaign.fill(1)
    result = invoke(*campaign.command(configure("iba"), *options))
    assert (result.status, said in result.error) == (2, True)
    assert not campaign.journal.exists()


@BOTH
def test_interrupted(
    *,
    number: signal.Signals,
    start: Start,
    invoke: Invoke,
    configure: Configure,
    campaign: Campaign,
    sandbox: Sandbox,
    until: Until,
) -> None:
    """It asks no more, writes the results with what is known, and exits 130; what was sent stays sent."""
    campaign.fill(4)
    delivered_after(sandbox, NO_END)
    running = start(*campaign.command(configure("iba"), "--track"))
    until(lambda: len(sandbox.ledger.messages) == 4 and questions(sandbox) >= 4 and learnt(campaign) == 4)
    running.kill(number)
    began = time.monotonic()
    result = running.ended()
    assert time.monotonic() - began < 5
    assert result.status == 130
    assert result.err.splitlines() == [
        "warning: interrupted: nothing more is asked, and what is known is written down; again Ctrl-C ends at once"
    ]
    told = facts(result.out)
    assert (told["accepted"], told["no final delivery state"]) == ("4", "4")
    assert {(row["state"], row["delivery"]) for row in campaign.rows} == {("accepted", "enroute")}
    (standing,) = invoke("bulk", "--status", str(campaign.journal), "--json").objects
    assert (standing["in_delivery"], standing["ended_at"] is None) == (4, False)
    assert len(sandbox.ledger.messages) == 4


def test_killed(
    *, start: Start, invoke: Invoke, configure: Configure, campaign: Campaign, sandbox: Sandbox, until: Until
) -> None:
    """What was learnt stays, the results are there, and the next run goes on."""
    campaign.fill(4)
    delivered_after(sandbox, NO_END)
    config = configure("iba")
    running = start(*campaign.command(config, "--track"))
    until(lambda: len(sandbox.ledger.messages) == 4 and learnt(campaign) == 4)
    running.kill(signal.SIGKILL)
    running.ended()
    assert campaign.states == {"accepted": 4}
    result = invoke(*campaign.command(config))
    assert result.status == 0
    assert {row["delivery"] for row in campaign.rows} == {"enroute"}
    assert facts(result.out)["no final delivery state"] == "4"


class Clock:
    """On the test's own clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.progress = Progress(phase=Phase.TRACKING, rows=12)
        self.pace = Pace(self.progress, lambda: self.now)
        self.lines = Lines(self.pace, self.said.append)


def test_lines() -> None:
    """How many are final, delivered, not delivered and waiting, and until when."""
    clock = Clock()
    progress = clock.progress
    progress.states.update(accepted=9, held=1, rejected=2)
    progress.deliveries.update(delivered=5, expired=1, undeliverable=1)
    progress.tracked_until = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    clock.now = 6
    clock.lines.look()
    until = progress.tracked_until.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    assert clock.said == [
        f"following deliveries, until {until} at the latest: 7 of 10 final (5 delivered, 2 not delivered), 3 waiting"
    ]
    progress.deliveries["unknown"] = 1
    clock.pace.stopping = True
    clock.now = 20
    clock.lines.look()
    assert clock.said[1:] == [
        (
            "following deliveries, stopping: "
            "8 of 10 final (5 delivered, 2 not delivered, 1 that nobody will tell of), 2 waiting"
        )
    ]


def test_facts() -> None:
    """What was delivered first, though it is none; the rest by name."""
    assert delivery_facts({"unknown": 1, "expired": 2}, 3) == [
        ("delivered", 0),
        ("delivery: expired", 2),
        ("delivery: unknown", 1),
        ("no final delivery state", 3),
    ]
    assert not_delivered({"unknown": 1, "expired": 2, "delivered": 4, "rejected": 1}) == 3


def test_on_a_terminal(
    on_terminal: TerminalRun, configure: Configure, campaign: Campaign, sandbox: Sandbox
) -> None:
    """A bar, and the counts under it."""
    campaign.fill(5)
    delivered_after(sandbox, NO_END)
    status, shown = on_terminal(*campaign.command(configure("iba"), "--track", "--track-for", "4"))
    assert status == 0
    assert "0/5  final  until " in shown
    assert "0 delivered  0 not delivered  5 waiting" in shown
