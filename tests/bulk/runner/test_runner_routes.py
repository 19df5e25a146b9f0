"""Routes of several providers in a bulk run: shares, failover, and back."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from smsgw.bulk import Ending
from tests.bulk.conftest import QUICK, BulkWorld, texts_to
from tests.bulk.runner.gateway import Gateway

BOTH = ["first", "second"]
SHARES = {"first": 1, "second": 3}


def settings(strategy: str, **more: Any) -> dict[str, Any]:
    return {"breaker": QUICK, "routes": [{"providers": BOTH, "strategy": strategy, **more}]}


def at(gateway: Gateway, **more: Any) -> dict[str, Any]:
    return {"driver": "iba", "url": gateway.url, "max_connections": 2, "timeout": 5, **more}


def shares(world: BulkWorld) -> Counter[str]:
    assert world.states().keys() == {"accepted"}
    return Counter(row.provider or "" for row in world.rows())


async def test_round_robin_gives_both_the_same(world: BulkWorld, gateway: Gateway, other: Gateway) -> None:
    """Two providers of one speed get half of the rows each."""
    gateway.delay = other.delay = 0.01
    sms = world.dispatcher(settings("round_robin"), first=at(gateway), second=at(other))
    assert (await world.run(sms, texts_to(1000))).ending is Ending.DONE
    assert shares(world)["first"] == pytest.approx(500, abs=100)
    assert set((gateway.taken + other.taken).values()) == {1}


async def test_round_robin_does_not_wait_for_the_slower(
    world: BulkWorld, gateway: Gateway, other: Gateway
) -> None:
    """A provider over its rate has as much of the list as it can take meanwhile."""
    sms = world.dispatcher(settings("round_robin"), first=at(gateway, rate=2), second=at(other))
    run = world.new(sms, texts_to(2000))
    task = asyncio.create_task(run.run())
    await world.until(lambda: run.progress.done > 1900, within=3)
    run.stop()
    await task
    assert len(gateway.batches) <= 8


@pytest.mark.parametrize("faster", ["first", "second"])
async def test_weights_are_shares_of_the_whole(
    world: BulkWorld, gateway: Gateway, other: Gateway, faster: str
) -> None:
    """However quick each of them is: a quarter of the rows is a quarter of the rows."""
    gateway.delay, other.delay = (0.002, 0.02) if faster == "first" else (0.02, 0.002)
    sms = world.dispatcher(settings("weighted", weights=SHARES), first=at(gateway), second=at(other))
    assert (await world.run(sms, texts_to(1200))).ending is Ending.DONE
    assert shares(world) == {"first": 300, "second": 900}


@pytest.mark.parametrize("strategy", ["round_robin", "weighted", "failover"])
async def test_while_one_is_down_all_goes_to_the_other(
    world: BulkWorld, gateway: Gateway, other: Gateway, strategy: str
) -> None:
    """Nothing waits for a provider that another one can stand in for."""
    gateway.refusal = world.says("", 503, Retry_After="0")
    more = {"weights": SHARES} if strategy == "weighted" else {}
    sms = world.dispatcher(settings(strategy, **more), first=at(gateway), second=at(other))
    assert (await world.run(sms, texts_to(1000))).ending is Ending.DONE
    assert shares(world) == {"second": 1000}
    assert len(gateway.batches) < 40


async def test_the_first_of_a_failover_route_is_used_again_once_it_is_back(
    world: BulkWorld, gateway: Gateway, other: Gateway
) -> None:
    """The second one gets what comes while the first is down, and no more."""
    gateway.refusal = world.says("", 503, Retry_After="0")
    other.delay = 0.02
    sms = world.dispatcher(settings("failover"), first=at(gateway), second=at(other))
    run = world.new(sms, texts_to(3000))
    task = asyncio.create_task(run.run())
    await world.until(lambda: other.taken.total() > 300)
    gateway.refusal = None
    assert (await task).all_accepted
    assert set((gateway.taken + other.taken).values()) == {1}
    assert gateway.taken.total() > 1500


async def test_a_busy_first_provider_is_no_reason_to_use_the_second(
    world: BulkWorld, gateway: Gateway, other: Gateway
) -> None:
    """Failover is for failures: rows wait for room at the first."""
    gateway.delay = 0.01
    sms = world.dispatcher(settings("failover"), first=at(gateway), second=at(other))
    assert (await world.run(sms, texts_to(1000))).all_accepted
    assert not other.batches


@pytest.mark.parametrize("status", [403, 404])
async def test_two_that_refuse_in_turn_are_both_left_alone(
    world: BulkWorld, gateway: Gateway, other: Gateway, status: int
) -> None:
    """That the second refused, too, does not hide that the first did: neither is asked again and again."""
    gateway.refusal = other.refusal = world.says("", status)
    sms = world.dispatcher(settings("failover"), first=at(gateway), second=at(other))
    run = world.new(sms, texts_to(1000))
    task = asyncio.create_task(run.run())
    await world.until(lambda: run.progress.paused is not None)
    assert run.progress.paused is not None
    assert "first: " in run.progress.paused
    assert "second: " in run.progress.paused
    await asyncio.sleep(0.3)
    assert len(gateway.batches) < 20
    assert len(other.batches) < 20
    gateway.refusal = other.refusal = None
    assert (await task).all_accepted
    assert set((gateway.taken + other.taken).values()) == {1}


async def test_a_first_that_refuses_what_the_second_takes_is_left_alone(
    world: BulkWorld, gateway: Gateway, other: Gateway
) -> None:
    """HTTP 403 opens no circuit; still not each batch is refused by the first before the second gets it."""
    gateway.refusal = world.says("", 403)
    sms = world.dispatcher(settings("failover"), first=at(gateway), second=at(other))
    assert (await world.run(sms, texts_to(2000))).all_accepted
    assert other.taken.total() == 2000
    assert len(gateway.batches) < 20
