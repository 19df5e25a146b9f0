"""A run that tracks: whom it asks, what it writes down, how it ends, and where the next one goes on."""

import asyncio
import csv
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from smsgw import Message
from smsgw.bulk import BulkRun, Ending, Phase, campaign
from smsgw.bulk.errors import JournalError
from smsgw.bulk.following import Follower
from smsgw.bulk.journal import Journal, learn
from smsgw.bulk.source import MessageSource
from smsgw.dispatcher import Dispatcher, engine_of
from smsgw.tracking import Known
from tests.bulk.conftest import QUICK, BulkWorld, texts_to

pytestmark = pytest.mark.usefixtures("hurry")


def asked(world: BulkWorld) -> int:
    """Questions so far."""
    return sum(record.kind == "status" for record in world.ledger.requests)


def fates(world: BulkWorld, *endings: str) -> None:
    """Only numbers that end so are not delivered."""
    for gateway in world.sandbox.gateways.values():
        gateway.fates = dict.fromkeys(endings, "undeliverable")


def delivered_after(world: BulkWorld, seconds: float) -> None:
    for gateway in world.sandbox.gateways.values():
        gateway.delivery_after = seconds


def results_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def change(world: BulkWorld, statement: str) -> None:
    """As if the runs before had left it so."""
    with closing(sqlite3.connect(world.journal)) as connection, connection:
        connection.execute(statement)


async def tracking(run: BulkRun, final: int) -> "asyncio.Task[Any]":
    """A run under way that knows of so many ends."""
    task = asyncio.create_task(run.run())
    await BulkWorld.until(
        lambda: run.progress.phase is Phase.TRACKING and sum(run.progress.deliveries.values()) >= final
    )
    return task


async def test_all_to_their_ends(world: BulkWorld, tmp_path: Path) -> None:
    """Counts, results and progress say what became of each; the next run has nothing to ask."""
    delivered_after(world, 0.1)
    fates(world, "5")
    sms = world.dispatcher(iba={})
    run = world.new(sms, texts_to(20), results=tmp_path / "out.csv", track=30)
    summary = await run.run()
    assert (summary.ending, summary.failure, summary.all_accepted) == (Ending.DONE, None, True)
    assert (summary.deliveries, summary.in_delivery, summary.tracked) == (
        {"delivered": 18, "undeliverable": 2},
        0,
        True,
    )
    progress = run.progress
    assert (progress.taken, progress.ended, progress.waiting) == (20, 20, 0)
    results = results_of(tmp_path / "out.csv")
    assert [row["delivery"] for row in results[4:6]] == ["delivered", "undeliverable"]
    assert {row["delivery_final"] for row in results} == {"yes"}
    assert [row["delivery_word"] for row in results[4:6]] == ["deliver", "not_deliver"]
    before = asked(world)
    again = await world.run(sms, texts_to(20), results=tmp_path / "out.csv", track=timedelta(seconds=30))
    assert (again.deliveries, again.ending) == (summary.deliveries, Ending.DONE)
    assert asked(world) == before
    assert results_of(tmp_path / "out.csv") == results
    assert len(world.ledger.messages) == 20


async def test_without_it_nobody_is_asked(world: BulkWorld, tmp_path: Path) -> None:
    """The columns are there, and empty."""
    summary = await world.run(world.dispatcher(iba={}), texts_to(3), results=tmp_path / "out.csv")
    assert asked(world) == 0
    assert (summary.tracked, summary.deliveries, summary.in_delivery) == (False, {}, 3)
    assert {row["delivery"] + row["delivery_final"] for row in results_of(tmp_path / "out.csv")} == {""}


async def test_the_deadline(world: BulkWorld) -> None:
    """It ends tracking with what is known, and the run in good order."""
    sms = world.dispatcher(iba={"batch_size": 1})
    delivered_after(world, 60)
    await world.run(sms, texts_to(6))
    began = asyncio.get_running_loop().time()
    summary = await world.run(sms, texts_to(6), track=0.3)
    assert asyncio.get_running_loop().time() - began < 3
    assert (summary.ending, summary.failure) == (Ending.DONE, None)
    assert (summary.deliveries, summary.in_delivery) == ({}, 6)
    assert world.read("SELECT DISTINCT state, rank FROM smsgw_deliveries") == [("enroute", 2)]


async def test_the_next_run_goes_on(world: BulkWorld) -> None:
    """What is final is not asked about again, and what is not is."""
    fates(world)
    sms = world.dispatcher(iba={"batch_size": 1})
    delivered_after(world, 0.0)
    await world.run(sms, texts_to(4), track=20)
    change(world, "UPDATE smsgw_deliveries SET state = 'enroute', rank = 2 WHERE number = 3")
    change(world, "DELETE FROM smsgw_deliveries WHERE number = 4")
    world.ledger.clear()
    summary = await world.run(sms, texts_to(4), track=20)
    urls = [exchange.url for exchange in world.ledger.newest_exchanges()]
    left = [row.message_id or "" for row in world.rows()[2:]]
    assert [sum(message_id in url for url in urls) for message_id in left] == [1, 1]
    assert len(urls) == 2
    assert summary.deliveries == {"delivered": 4}


async def test_stopped(world: BulkWorld, tmp_path: Path) -> None:
    """It asks no more, and what is known by then is in the journal and the results."""
    fates(world)
    sms = world.dispatcher(iba={})
    delivered_after(world, 0.0)
    world.sandbox.gateways["iba"].faults.delay = 0.02
    run = world.new(sms, texts_to(60), results=tmp_path / "out.csv", track=60)
    task = await tracking(run, 5)
    run.stop()
    summary = await asyncio.wait_for(task, 3)
    assert summary.ending is Ending.STOPPED
    known = summary.deliveries["delivered"]
    assert 5 <= known < 60
    assert summary.in_delivery == 60 - known
    assert sum(row["delivery"] == "delivered" for row in results_of(tmp_path / "out.csv")) == known
    before = asked(world)
    await asyncio.sleep(0.1)
    assert asked(world) == before
    again = await world.run(sms, texts_to(60), track=60)
    assert again.deliveries == {"delivered": 60}
    assert asked(world) - before <= 60 - known + 2


async def test_stopped_before_it_began(world: BulkWorld) -> None:
    """A run that is stopped while it sends asks nobody."""
    sms = world.dispatcher(iba={"batch_size": 1, "max_connections": 1})
    world.sandbox.gateways["iba"].faults.delay = 0.05
    run = world.new(sms, texts_to(30), track=60)
    task = asyncio.create_task(run.run())
    await world.until(lambda: world.sends() >= 2)
    run.stop()
    assert (await task).ending is Ending.STOPPED
    assert asked(world) == 0
    assert (await world.run(sms, texts_to(30))).tracked is False


async def test_gave_up(world: BulkWorld) -> None:
    """While rows are pending nothing is tracked: the run ends, as without it."""
    sms = world.dispatcher({"breaker": QUICK}, iba={"batch_size": 1, "max_connections": 1})
    world.sandbox.gateways["iba"].faults.unavailable = 1000
    summary = await world.run(sms, texts_to(3), give_up_after=0.5, track=60)
    assert (summary.ending, summary.pending, summary.tracked) == (Ending.GAVE_UP, 3, False)
    assert asked(world) == 0


async def test_a_provider_that_is_gone(world: BulkWorld) -> None:
    """Its messages cannot be asked about; the others are."""
    delivered_after(world, 0.0)
    fates(world)
    messages = [Message(to="79030000001", text="Hi", provider="iba"), *texts_to(2, start=2)]
    await world.run(world.dispatcher(avist={}, iba={}), messages)
    summary = await asyncio.wait_for(world.run(world.dispatcher(avist={}), messages, track=60), 5)
    assert (summary.deliveries, summary.in_delivery) == ({"delivered": 2}, 1)


async def test_the_dispatcher_closes(world: BulkWorld) -> None:
    """That ends it, too."""
    delivered_after(world, 60)
    sms = world.dispatcher(iba={})
    run = world.new(sms, texts_to(3), track=60)
    task = asyncio.create_task(run.run())
    await world.until(lambda: asked(world) >= 1)
    await sms.aclose()
    assert (await asyncio.wait_for(task, 3)).ending is Ending.STOPPED


async def test_a_doubt_is_settled_by_it(
    world: BulkWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that was unknown, and that SMStele proves to have, is accepted: in the journal, results and counts."""

    async def told_nothing(*_: object) -> int:
        return 0

    monkeypatch.setattr(campaign, "ask", told_nothing)
    delivered_after(world, 0.0)
    sms = world.dispatcher(smstele={"batch_size": 5})
    await world.run(sms, texts_to(5))
    change(
        world, "UPDATE smsgw_outcomes SET state = 'unknown', message_id = NULL, error = 'OutcomeUnknown: x'"
    )
    run = world.new(sms, texts_to(5), results=tmp_path / "out.csv", track=20)
    summary = await run.run()
    assert (summary.accepted, summary.unknown, summary.deliveries) == (5, 0, {"delivered": 5})
    assert (run.progress.states["accepted"], run.progress.states["unknown"]) == (5, 0)
    assert {(row["state"], row["delivery"], row["error"]) for row in results_of(tmp_path / "out.csv")} == {
        ("accepted", "delivered", "")
    }
    world.assert_true()


async def test_a_doubt_that_nobody_can_settle(world: BulkWorld) -> None:
    """Nobody is asked about it, and it stays."""
    world.sandbox.gateways["iba"].faults.truncated = 1
    summary = await world.run(world.dispatcher(iba={}), texts_to(2), track=20)
    assert (summary.unknown, summary.in_delivery, asked(world)) == (2, 0, 0)


async def test_a_batch_is_asked_about_at_once(world: BulkWorld) -> None:
    """Also by a later run, which reads its rows while others are asked about already."""
    fates(world)
    delivered_after(world, 0.0)
    sms = world.dispatcher(smstele={"batch_size": 100})
    await world.run(sms, texts_to(400))
    change(world, "UPDATE smsgw_claims SET claimed_at = claimed_at - 3600")
    summary = await world.run(sms, texts_to(400), track=20)
    assert summary.deliveries == {"delivered": 400}
    assert asked(world) == len({row.message_id for row in world.rows()})


async def test_the_journal_fails(world: BulkWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends at once and says so; what was sent is known."""

    async def broken(journal: Journal, reports: Any) -> Any:
        if asked(world) > 3:
            raise JournalError("run.db: cannot be written: the disk is full")
        return await learn(journal, reports)

    monkeypatch.setattr("smsgw.bulk.following.learn", broken)
    delivered_after(world, 0.0)
    summary = await asyncio.wait_for(
        world.run(world.dispatcher(iba={"batch_size": 1}), texts_to(9), track=60), 5
    )
    assert (summary.ending, summary.accepted) == (Ending.FAILED, 9)
    assert "the disk is full" in str(summary.failure)


async def test_nothing_counts_before_it_is_written(world: BulkWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The progress shows what stands in the journal, and no more."""
    seen: list[tuple[int, int]] = []

    async def watched(journal: Journal, reports: Any) -> Any:
        ((before,),) = world.read("SELECT count(*) FROM smsgw_deliveries WHERE rank = 4")
        seen.append((sum(run.progress.deliveries.values()), before))
        return await learn(journal, reports)

    monkeypatch.setattr("smsgw.bulk.following.learn", watched)
    delivered_after(world, 0.0)
    run = world.new(world.dispatcher(iba={"batch_size": 1}), texts_to(30), track=60)
    await run.run()
    assert all(shown <= written for shown, written in seen)
    assert len(seen) > 1


async def subjects(follower: Follower) -> list[Known]:
    return [known async for rows in follower._rows() for known in rows]


async def follower_of(sms: Dispatcher, journal: Journal, asked_until: float | None = None) -> Follower:
    return Follower(
        engine_of(sms), journal, MessageSource([]), BulkRun(sms, [], journal="x").progress, asked_until
    )


async def test_how_it_begins(world: BulkWorld) -> None:
    """With when it was sent, or is to be, and what is known of it."""
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    messages = [Message(to="79030000001", text="Hi"), Message(to="79030000002", text="Hi", send_at=at)]
    delivered_after(world, 60)
    sms = world.dispatcher(smstele={})
    began = datetime.now(UTC)
    await world.run(sms, messages, track=0.2)
    journal = await Journal.look(world.journal)
    first, second = await subjects(await follower_of(sms, journal))
    await journal.aclose()
    assert first.sent_at is not None
    assert began <= first.sent_at <= datetime.now(UTC)
    assert second.sent_at == at
    assert first.state == "enroute"


@pytest.mark.parametrize(("ago", "waits"), [(0.0, True), (-50.0, True), (0.9, True), (99.0, False)])
async def test_a_window_that_an_earlier_run_may_have_opened(
    world: BulkWorld, monkeypatch: pytest.MonkeyPatch, ago: float, waits: bool
) -> None:
    """TargetSMS is left alone until what that run asked is forgotten, whatever its clock said; others are not."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    sms = world.dispatcher(targetsms={"duplicate_window": 5})
    await world.run(sms, texts_to(2))
    journal = await Journal.look(world.journal)
    follower = await follower_of(sms, journal, _now() - ago)
    monkeypatch.setattr("smsgw.bulk.following.asyncio.sleep", sleep)
    assert len(await subjects(follower)) == 2
    monkeypatch.undo()
    await journal.aclose()
    (waited,) = slept
    assert (waited > 0) == waits
    assert waited <= 6


def _now() -> float:
    return datetime.now(UTC).timestamp()


@pytest.mark.parametrize("track", [0, -1, float("inf"), float("nan"), True, timedelta(0)])
def test_what_is_no_time(world: BulkWorld, track: Any) -> None:
    """It is refused before anything else."""
    with pytest.raises(ValueError, match="`track` is a number of seconds"):
        world.new(world.dispatcher(iba={}), texts_to(1), track=track)
