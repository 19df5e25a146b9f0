"""A journal that cannot be written any more in the middle of a run."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import pytest

from smsgw.bulk import Ending, JournalError
from smsgw.bulk.journal import Journal, writer
from tests.bulk.conftest import BulkWorld, texts_to
from tests.bulk.runner.gateway import Gateway

ROWS = 600


class Disk:
    """Where the writer writes: full after so many commits, until there is room again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fits: int, *, full_once: bool = False) -> None:
        self.full_at: float | None = None
        self._fits = fits
        self._full_once = full_once
        self._write: Callable[..., Any] = writer._write
        monkeypatch.setattr(writer, "_write", self.write)

    def make_room(self) -> None:
        self._fits = 10**9

    def write(self, *given: Any, **options: Any) -> None:
        if not self._fits:
            self.full_at = self.full_at or time.monotonic()
            if self._full_once:
                self.make_room()
            raise sqlite3.OperationalError("database or disk is full")
        self._fits -= 1
        self._write(*given, **options)


@pytest.mark.parametrize("fits", [0, 1, 5, 12])
async def test_a_full_disk_stops_the_run_at_once(
    world: BulkWorld, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, fits: int
) -> None:
    """No request begins after it; what is known and was not written is in the summary; the next run goes on."""
    gateway.delay = 0.02
    disk = Disk(monkeypatch, fits)
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 4, "timeout": 5})
    async with asyncio.timeout(5):
        summary = await world.run(sms, texts_to(ROWS))
    assert summary.ending is Ending.FAILED
    assert isinstance(summary.failure, JournalError)
    assert "the disk is full" in str(summary.failure)
    assert disk.full_at is not None
    # What was claimed before was on its way to the gateway.
    assert all(at < disk.full_at + 0.01 for at in gateway.times)
    written = {row.number: row.state for row in world.rows() if row.state != "pending"}
    known = {int(str(values["number"])): values["state"] for values in summary.unwritten}
    assert not written.keys() & known.keys()
    assert len(written) + len(known) == gateway.taken.total()
    assert {*written.values(), *known.values()} <= {"accepted"}
    if fits > 1:
        assert known
    assert summary.accepted == gateway.taken.total()
    assert summary.pending == ROWS - summary.accepted
    disk.make_room()
    gateway.delay = 0.0
    summary = await world.run(sms, texts_to(ROWS))
    assert summary.ending is Ending.DONE
    assert summary.accepted + summary.unknown == ROWS
    assert {row.number for row in world.rows() if row.state == "unknown"} == set(known)
    assert set(gateway.taken.values()) == {1}


async def test_room_that_is_made_in_time_loses_nothing(
    world: BulkWorld, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sending has stopped; but what came of the last requests can be written after all."""
    gateway.delay = 0.05
    Disk(monkeypatch, 5, full_once=True)
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 4, "timeout": 5})
    summary = await world.run(sms, texts_to(ROWS))
    assert summary.ending is Ending.FAILED
    assert not summary.unwritten
    assert summary.accepted == gateway.taken.total() == world.states()["accepted"]
    assert all(claim.completed for claim in world.claims())


async def test_a_journal_that_cannot_be_read_stops_the_run(
    world: BulkWorld, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in flight then is finished and written down."""
    gateway.delay = 0.01
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 4, "timeout": 5})
    pending, pages = Journal.pending, 0

    async def fails(self: Journal, after: int, limit: int) -> Any:
        nonlocal pages
        pages += 1
        if pages > 3:
            raise JournalError("run.db: is corrupt")
        return await pending(self, after, limit)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "pending", fails)
        summary = await world.run(sms, texts_to(3000))
    assert summary.ending is Ending.FAILED
    assert str(summary.failure) == "run.db: is corrupt"
    assert not summary.unwritten
    assert 0 < summary.accepted == gateway.taken.total() < 1600
    assert all(claim.completed for claim in world.claims())
    assert (await world.run(sms, texts_to(3000))).all_accepted
    assert set(gateway.taken.values()) == {1}


async def test_a_run_that_another_took_over_from_stops(world: BulkWorld, gateway: Gateway) -> None:
    """The journal has a later run's number: nothing more is claimed, so nothing is sent twice."""
    gateway.delay = 0.01
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 4, "timeout": 5})
    task = asyncio.create_task(world.run(sms, texts_to(ROWS)))
    await world.until(lambda: len(gateway.batches) > 10)
    with sqlite3.connect(world.journal, isolation_level=None) as journal:
        journal.execute("UPDATE smsgw_campaign SET run = run + 1")
    journal.close()
    seen = len(gateway.batches)
    summary = await task
    assert summary.ending is Ending.FAILED
    assert "another run has taken this journal over" in str(summary.failure)
    assert len(gateway.batches) <= seen + 8
    assert set(gateway.taken.values()) == {1}


async def test_a_fault_of_the_source_ends_the_run_and_loses_nothing(
    world: BulkWorld, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it raises is raised, after what is in flight has come back."""
    gateway.delay = 0.01
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 4, "timeout": 5})
    run = world.new(
        sms, [message for at in range(30) for message in texts_to(50, text=f"Hi {at}", start=50 * at)]
    )
    make = run._source.message

    def fails(recipient: str, content: str) -> Any:
        if "Hi 20" in content:
            raise LookupError("a fault of the source")
        return make(recipient, content)

    with monkeypatch.context() as patch:
        patch.setattr(run._source, "message", fails)
        with pytest.raises(LookupError):
            await run.run()
    assert gateway.in_flight == 0
    assert all(claim.completed for claim in world.claims())
    assert world.states().get("accepted", 0) == gateway.taken.total()
