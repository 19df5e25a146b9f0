"""A provider that rests, or is over its rate, slows its own rows down and nobody else's."""

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from smsgw import Message
from smsgw.bulk.queues import RowEntry
from tests.bulk.conftest import QUICK, BulkWorld, texts_to
from tests.bulk.runner.gateway import Gateway

SETTINGS = {
    "breaker": QUICK,
    "routes": [
        {"prefixes": ["79"], "providers": ["russia"]},
        {"prefixes": ["995"], "providers": ["georgia"]},
    ],
}
MOST_ALIVE = 2 * 2000 + 500 + 2 * 400
"""Two full queues, what is being read, and what is on its way."""


def two(world: BulkWorld, gateway: Gateway, other: Gateway, **russia: Any) -> Any:
    return world.dispatcher(
        SETTINGS,
        russia={"driver": "iba", "url": gateway.url, **russia},
        georgia={"driver": "iba", "url": other.url},
    )


def georgians_done(world: BulkWorld, count: int) -> Callable[[], bool]:
    def done() -> bool:
        query = "SELECT count(*) FROM smsgw_outcomes WHERE provider = 'georgia' AND state = 'accepted'"
        return world.journal.exists() and world.read(query) == [(count,)]

    return done


async def test_rows_behind_thousands_for_a_resting_provider_are_sent_at_once(
    world: BulkWorld, gateway: Gateway, other: Gateway
) -> None:
    """Sorted by country, the first one's provider down: the others' rows wait for nothing but being read."""
    gateway.refusal = world.says("", 503, Retry_After="0")
    sms = two(world, gateway, other)
    run = world.new(sms, [*texts_to(6000), *texts_to(500, "9955")])
    task = asyncio.create_task(run.run())
    await world.until(lambda: other.taken.total() == 500)
    await world.until(georgians_done(world, 500), within=1)
    assert not gateway.taken
    assert len(gateway.batches) < 60
    assert run.progress.troubles.keys() == {"russia"}
    gateway.refusal = None
    assert (await task).all_accepted
    assert set(gateway.taken.values()) == {1}
    assert gateway.taken.total() == 6000


async def test_rows_behind_thousands_for_a_slow_provider_are_sent_at_once(
    world: BulkWorld, gateway: Gateway, other: Gateway
) -> None:
    """The same where the first one's provider is over its rate."""
    sms = two(world, gateway, other, rate=4)
    run = world.new(sms, [*texts_to(5500), *texts_to(1000, "9955")])
    task = asyncio.create_task(run.run())
    await world.until(lambda: other.taken.total() == 1000)
    assert len(gateway.batches) <= 12
    run.stop()
    summary = await task
    assert summary.unknown == 0
    assert summary.accepted == 1000 + gateway.taken.total()


async def test_rows_that_come_mixed_go_at_each_ones_own_pace(
    world: BulkWorld, gateway: Gateway, other: Gateway
) -> None:
    """A slow provider's rows between a quick one's: the quick one is done long before."""
    sms = two(world, gateway, other, rate=4)
    mixed = [message for pair in zip(texts_to(5000), texts_to(5000, "9955"), strict=True) for message in pair]
    run = world.new(sms, mixed)
    task = asyncio.create_task(run.run())
    await world.until(lambda: other.taken.total() == 5000, within=10)
    assert len(gateway.batches) <= 24
    run.stop()
    assert (await task).accepted == 5000 + gateway.taken.total()
    assert set((gateway.taken + other.taken).values()) == {1}


async def test_memory_does_not_grow_with_what_waits(
    world: BulkWorld, gateway: Gateway, other: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty thousand rows of a resting provider: no more than its queue holds is in memory, and all are sent."""
    alive = most = 0
    begin = RowEntry.__init__

    class Counted(RowEntry):
        __slots__ = ()

        def __init__(self, *given: Any) -> None:
            nonlocal alive, most
            begin(self, *given)
            alive += 1
            most = max(most, alive)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    monkeypatch.setattr("smsgw.bulk.sending.RowEntry", Counted)
    monkeypatch.setattr("smsgw.bulk.queues.RowEntry", Counted)
    gateway.refusal = world.says("", 503, Retry_After="0")
    sms = two(world, gateway, other)
    run = world.new(sms, numbered(20_000, 3000))
    task = asyncio.create_task(run.run())
    await world.until(lambda: other.taken.total() == 3000, within=20)
    assert 2000 <= most <= MOST_ALIVE
    gateway.refusal = None
    assert (await task).all_accepted
    assert most <= MOST_ALIVE
    assert set(gateway.taken.values()) == {1}
    assert gateway.taken.total() == 20_000
    gc.collect()
    assert alive == 0


def numbered(russians: int, georgians: int) -> list[Message]:
    return [*texts_to(russians), *texts_to(georgians, "9955")]
