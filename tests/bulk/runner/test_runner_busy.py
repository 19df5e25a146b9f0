"""A run keeps every connection busy while there are rows, and the processor idle while there is nothing to do."""

import asyncio
import time

import pytest

from smsgw.bulk.journal.writer import Writer
from smsgw.bulk.sending import Sender
from tests.bulk.conftest import QUICK, BulkWorld, texts_to
from tests.bulk.runner.gateway import Gateway


@pytest.mark.parametrize("own_texts", [False, True], ids=["one text", "a text of its own for each"])
async def test_all_connections_are_in_use(world: BulkWorld, gateway: Gateway, own_texts: bool) -> None:
    """Eight connections to a gateway that takes 50 ms: eight requests at once, most of the time."""
    gateway.delay = 0.05
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 8})
    messages = texts_to(1600)
    if own_texts:
        messages = [message for at in range(160) for message in texts_to(1, start=at, text=f"Code {at}")]
    assert (await world.run(sms, messages)).all_accepted
    assert gateway.most_in_flight == 8
    assert len(gateway.batches) == 160
    # Counted, not timed: they come eight by eight, or each as another ends.
    assert gateway.at_once.count(8) >= 16


async def test_two_providers_are_busy_at_once(world: BulkWorld, gateway: Gateway, other: Gateway) -> None:
    """On routes of their own, each with rows sorted behind the other's: both work from the beginning to the end."""
    gateway.delay = other.delay = 0.02
    table = {"driver": "iba", "max_connections": 4}
    sms = world.dispatcher(
        {"routes": [{"prefixes": ["79"], "providers": ["one"]}, {"providers": ["two"]}]},
        one={**table, "url": gateway.url},
        two={**table, "url": other.url},
    )
    assert (await world.run(sms, [*texts_to(2500), *texts_to(2500, "9955")])).all_accepted
    assert gateway.most_in_flight == other.most_in_flight == 4
    overlap = min(gateway.times[-1], other.times[-1]) - max(gateway.times[0], other.times[0])
    assert overlap > 0.7 * (gateway.times[-1] - gateway.times[0])


async def test_a_run_that_waits_costs_nothing(
    world: BulkWorld, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While all is down and while a slow reply is on its way, the run sleeps."""
    naps = 0
    nap = Sender._nap

    async def counted(self: Sender) -> None:
        nonlocal naps
        naps += 1
        await nap(self)

    monkeypatch.setattr(Sender, "_nap", counted)
    sms = world.dispatcher(
        {"breaker": {**QUICK, "rest": 30}}, iba={"url": gateway.url, "max_connections": 2, "timeout": 5}
    )
    gateway.delay = 1.0
    run = world.new(sms, texts_to(5000))
    task = asyncio.create_task(run.run())
    await world.until(lambda: run.progress.out > 0)
    await asyncio.sleep(0.2)
    before, processor = naps, time.process_time()
    await asyncio.sleep(0.5)
    assert naps - before <= 2
    gateway.refusal = world.says("", 503, Retry_After="0")
    gateway.delay = 0.0
    await world.until(lambda: run.progress.paused is not None)
    await asyncio.sleep(0.1)
    before, processor = naps, time.process_time()
    await asyncio.sleep(0.5)
    assert naps - before <= 2
    assert time.process_time() - processor < 0.1
    run.stop()
    await task


async def test_a_row_that_comes_back_is_handed_out_at_once(world: BulkWorld, gateway: Gateway) -> None:
    """The run does not sleep on while there is room again: one connection, a row a request, no gaps."""
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 1, "batch_size": 1})
    assert (await world.run(sms, texts_to(200))).all_accepted
    gaps = [late - early for early, late in zip(gateway.times, gateway.times[1:], strict=False)]
    assert max(gaps) < 0.5
    assert sum(gaps) < 3


async def test_claims_wait_together(world: BulkWorld, gateway: Gateway) -> None:
    """Requests that wait for the disk share one commit: far fewer commits than claims."""
    commits = 0
    commit = Writer._commit

    async def counted(self: Writer, *given: object) -> None:
        nonlocal commits
        commits += 1
        await commit(self, *given)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Writer, "_commit", counted)
        sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 20})
        assert (await world.run(sms, texts_to(2000))).all_accepted
    assert len(world.claims()) == 200
    assert commits < 130
