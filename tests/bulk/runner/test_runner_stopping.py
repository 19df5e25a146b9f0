"""A run that is stopped, cancelled, or loses its dispatcher: nothing in doubt, and the next one goes on."""

import asyncio
from random import Random

import pytest

from smsgw import Dispatcher
from smsgw.bulk import Ending, settling
from tests.bulk.conftest import BulkWorld, texts_to
from tests.bulk.runner.gateway import Gateway

ROWS = 600


def dispatcher(world: BulkWorld, gateway: Gateway) -> Dispatcher:
    return world.dispatcher(iba={"url": gateway.url, "max_connections": 4, "timeout": 5})


def assert_nothing_in_doubt(world: BulkWorld, gateway: Gateway) -> None:
    """No open claim; accepted is taken, once; what is pending is not."""
    assert all(claim.completed for claim in world.claims())
    assert set(gateway.taken.values()) <= {1}
    for row in world.rows():
        assert row.state == ("accepted" if row.recipient in gateway.taken else "pending"), row


@pytest.mark.parametrize("seed", range(8))
async def test_a_run_stopped_anywhere(world: BulkWorld, gateway: Gateway, seed: int) -> None:
    """What was in flight is finished and known, the rest is pending, and the next run sends just that."""
    random = Random(seed)
    gateway.delay = random.choice([0.0, 0.005, 0.02])
    sms = dispatcher(world, gateway)
    for _ in range(3):
        run = world.new(sms, texts_to(ROWS))
        after, seen = random.randrange(1, 25), len(gateway.batches)

        def look(_: object, run: object = run, least: int = seen + after) -> None:
            if len(gateway.batches) >= least:
                asyncio.get_running_loop().call_later(random.random() * 0.01, run.stop)  # type: ignore[attr-defined]

        gateway.on_request = look
        summary = await run.run()
        assert summary.ending in (Ending.STOPPED, Ending.DONE)
        assert gateway.in_flight == 0
        assert run.progress.out == 0
        assert summary.accepted == gateway.taken.total()
        assert_nothing_in_doubt(world, gateway)
    summary = await world.run(sms, texts_to(ROWS))
    assert summary.ending is Ending.DONE
    assert summary.all_accepted
    assert_nothing_in_doubt(world, gateway)


async def test_a_run_stopped_while_rows_wait_for_a_batch_or_a_retry(
    world: BulkWorld, gateway: Gateway
) -> None:
    """Backoff, rate and half-filled requests are left at once; nothing waits for its time."""
    gateway.refusal = world.says("", 503, Retry_After="60")
    sms = world.dispatcher(iba={"url": gateway.url, "rate": 2, "timeout": 5})
    run = world.new(sms, texts_to(55))
    task = asyncio.create_task(run.run())
    await world.until(lambda: len(gateway.batches) == 2)
    run.stop()
    async with asyncio.timeout(0.5):
        assert (await task).ending is Ending.STOPPED
    assert_nothing_in_doubt(world, gateway)


async def test_a_run_stopped_before_it_began(world: BulkWorld, gateway: Gateway) -> None:
    """It sends nothing."""
    run = world.new(dispatcher(world, gateway), texts_to(ROWS))
    run.stop()
    assert (await run.run()).ending is Ending.STOPPED
    assert not gateway.batches


async def test_a_dispatcher_closed_under_the_run(world: BulkWorld, gateway: Gateway) -> None:
    """The run ends as if it was stopped, and the next one, with another dispatcher, goes on."""
    gateway.delay = 0.01
    sms = dispatcher(world, gateway)
    task = asyncio.create_task(world.run(sms, texts_to(ROWS)))
    await world.until(lambda: len(gateway.batches) > 10)
    await sms.aclose()
    summary = await task
    assert summary.ending is Ending.STOPPED
    assert 0 < summary.accepted < ROWS
    assert_nothing_in_doubt(world, gateway)
    assert (await world.run(dispatcher(world, gateway), texts_to(ROWS))).all_accepted
    assert_nothing_in_doubt(world, gateway)


async def test_a_dispatcher_that_was_closed_before(world: BulkWorld, gateway: Gateway) -> None:
    """Nothing is sent through it, and no connection is opened."""
    sms = dispatcher(world, gateway)
    await sms.aclose()
    assert (await world.run(sms, texts_to(ROWS))).ending is Ending.STOPPED
    assert not gateway.batches


@pytest.mark.parametrize("seed", range(4))
async def test_a_run_cancelled_once(world: BulkWorld, gateway: Gateway, seed: int) -> None:
    """What is in flight is waited for and written down; then the cancellation is passed on."""
    random = Random(seed)
    gateway.delay = 0.02
    sms = dispatcher(world, gateway)
    task = asyncio.create_task(world.run(sms, texts_to(ROWS)))
    await world.until(lambda: len(gateway.batches) > random.randrange(20))
    await asyncio.sleep(random.random() * 0.03)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gateway.in_flight == 0
    assert_nothing_in_doubt(world, gateway)
    assert (await world.run(sms, texts_to(ROWS))).all_accepted
    assert_nothing_in_doubt(world, gateway)


@pytest.mark.parametrize("seed", range(4))
async def test_a_run_cancelled_twice(world: BulkWorld, gateway: Gateway, seed: int) -> None:
    """It waits for nothing any more: what is in flight is in doubt, nothing else is, and nobody gets it again."""
    random = Random(seed)
    gateway.delay = 0.3
    sms = dispatcher(world, gateway)
    task = asyncio.create_task(world.run(sms, texts_to(ROWS)))
    await world.until(lambda: gateway.in_flight == 4)
    task.cancel()
    await asyncio.sleep(random.random() * 0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(0.2):
            await task
    assert not [left for left in asyncio.all_tasks() if "Writer" in repr(left)]
    doubtful = {number for claim in world.claims() if not claim.completed for number in claim.numbers}
    assert 0 < len(doubtful) <= 40
    gateway.delay = 0.0
    summary = await world.run(sms, texts_to(ROWS))
    assert summary.ending is Ending.DONE
    assert summary.unknown <= len(doubtful)
    assert {row.number for row in world.rows() if row.state == "unknown"} <= doubtful
    assert summary.accepted + summary.unknown == ROWS
    assert set(gateway.taken.values()) == {1}


async def test_what_closing_cut_off_can_still_be_proved(
    world: BulkWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dispatcher was torn down in the middle of requests to SMStele: the next run asks by their IDs."""
    monkeypatch.setattr(settling, "_FIRST_WAIT", 0.01)
    world.sandbox.gateways["smstele"].faults.delay = 0.3
    sms = world.dispatcher(smstele={"max_connections": 2, "batch_size": 10})
    task = asyncio.create_task(world.run(sms, texts_to(40)))
    await world.until(lambda: len(world.ledger.messages) == 20)
    closing = asyncio.create_task(sms.aclose())
    await asyncio.sleep(0.02)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    summary = await task
    assert summary.ending is Ending.STOPPED
    assert (summary.unknown, summary.pending) == (20, 20)
    world.sandbox.gateways["smstele"].faults.delay = 0
    assert (await world.run(world.dispatcher(smstele={}), texts_to(40))).all_accepted
    world.assert_true()
