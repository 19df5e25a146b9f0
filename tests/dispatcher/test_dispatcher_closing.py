"""Leaving the dispatcher: nothing more begins, what is in flight is waited for, everyone has an outcome."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from smsgw import Message, Outcome, Reference, State
from smsgw.errors import NotSubmitted, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from smsgw import Dispatcher
    from tests.conftest import Line, Peers
    from tests.dispatcher.conftest import World

NUMBER, OTHER = "79161234567", "79161234568"
SLOW = 0.1


def assert_told_the_truth(world: World, outcomes: list[Outcome], text: str) -> None:
    """Accepted is in the ledger once; rejected is not in it."""
    for outcome in outcomes:
        assert outcome.state in (State.ACCEPTED, State.REJECTED)
        assert world.ledger.count(outcome.recipient, text) == (outcome.state is State.ACCEPTED)


def assert_nothing_is_open(sms: Dispatcher) -> None:
    assert not sms._engine._tasks
    for lane in sms._engine.lanes.values():
        assert lane.gate.transport._session is None


async def test_closing_under_load_begins_nothing_and_tells_everyone(world: World) -> None:
    """Sends that wait are rejected, those in flight have their outcome, and nothing comes afterwards."""
    world.sandbox.gateways["iba"].faults.delay = 0.05
    sms = world.dispatcher(iba={"max_connections": 2, "batch_size": 3})
    to = [str(79160000000 + i) for i in range(60)]
    callers = [asyncio.create_task(sms.send(to[i : i + 20], "Hi")) for i in range(0, 60, 20)]
    while sms.stats["iba"].requests < 3:  # noqa: ASYNC110  (statistics have no event)
        await asyncio.sleep(0.005)
    await sms.aclose()
    assert_nothing_is_open(sms)
    taken = len(world.ledger.taken())
    assert 0 < taken < 30
    outcomes = [outcome for caller in callers for outcome in await caller]
    assert_told_the_truth(world, outcomes, "Hi")
    assert len(outcomes) == 60
    assert {type(o.error) for o in outcomes if o.state is State.REJECTED} == {NotSubmitted}
    assert {request.status for request in world.ledger.requests} == {200}
    await asyncio.sleep(0.1)
    assert len(world.ledger.taken()) == taken


@pytest.mark.parametrize("rate", [None, 1])
async def test_closing_a_stream_tells_what_was_in_flight_and_that_it_is_not_all(
    world: World, rate: float | None
) -> None:
    """The outcomes come, rejected where nothing began; then an error, since the source was not read to its end."""
    world.sandbox.gateways["iba"].faults.delay = 0.03
    sms = world.dispatcher(iba={"max_connections": 1, "rate": rate})
    outcomes: list[Outcome] = []

    async def consume() -> None:
        endless = (Message(to=str(79160000000 + i), text="Hi") for i in range(10**9))
        async for outcome in sms.send_many(endless):
            outcomes.append(outcome)  # noqa: PERF401  (what came before the error is looked at)

    consumer = asyncio.create_task(consume())
    while not sms.stats["iba"].requests:  # noqa: ASYNC110  (the same)
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)
    await sms.aclose()
    assert_nothing_is_open(sms)
    with pytest.raises(RuntimeError, match="closed"):
        await consumer
    assert_told_the_truth(world, outcomes, "Hi")
    assert len({outcome.recipient for outcome in outcomes}) == len(outcomes) >= 100
    assert len([o for o in outcomes if o.state is State.ACCEPTED]) == len(world.ledger.taken()) > 0


async def test_closing_leaves_no_task_of_a_stream(world: World) -> None:
    """When `aclose` returns, the stream's reader has ended, too, and what it held back was not sent."""
    sms = world.dispatcher(iba={})

    async def slow() -> AsyncIterator[Message]:
        yield Message(to=NUMBER, text="Hi")
        await asyncio.sleep(60)

    before = asyncio.all_tasks()
    consumer = asyncio.create_task(anext(sms.send_many(slow())))
    await asyncio.sleep(0.01)
    await sms.aclose()
    assert asyncio.all_tasks() - before <= {consumer}
    assert (await consumer).state is State.REJECTED
    assert not world.ledger.requests


async def test_a_follower_of_a_key_is_not_told_that_nothing_was_sent(world: World) -> None:
    """A stream names a key twice and is closed while the first is in flight: the second has the first's outcome."""
    world.sandbox.gateways["iba"].faults.delay = SLOW
    sms = world.dispatcher(iba={})
    messages = [Message(to=NUMBER, text="Hi", key="k"), Message(to=NUMBER, text="Hi", key="k")]

    async def consume() -> list[Outcome]:
        return [outcome async for outcome in sms.send_many(messages)]

    consumer = asyncio.create_task(consume())
    await asyncio.sleep(SLOW / 2 + 0.02)
    assert len(world.ledger.taken()) == 1
    await sms.aclose()
    outcomes = await consumer
    assert [(o.state, o.duplicate) for o in outcomes] == [(State.ACCEPTED, False), (State.ACCEPTED, True)]


async def test_closing_ends_a_backoff_at_once(world: World) -> None:
    """Nobody waits for a retry that will not come; the refusal is the proof."""
    world.sandbox.gateways["iba"].faults.unavailable = 9
    sms = world.dispatcher(iba={})  # which asks to wait for a second
    caller = asyncio.create_task(sms.send(NUMBER, "Hi"))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(0.5):
        await sms.aclose()
        outcome = (await caller).outcome
    assert outcome.state is State.REJECTED
    assert isinstance(outcome.error, NotSubmitted)
    assert len(world.ledger.requests) == 1


async def test_closing_waits_for_a_request_as_long_as_its_timeout_at_most(world: World) -> None:
    """A gateway that never answers: the outcome is unknown, and closing ends."""
    world.sandbox.gateways["iba"].faults.silent = 1
    sms = world.dispatcher(iba={"timeout": 0.15})
    caller = asyncio.create_task(sms.send(NUMBER, "Hi"))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(0.5):
        await sms.aclose()
    assert (await caller).outcome.state is State.UNKNOWN


async def test_closing_that_is_cancelled_leaves_nobody_waiting(world: World) -> None:
    """Who will not wait cuts the requests off: their callers are told `unknown`, the others `rejected`, at once."""
    world.sandbox.gateways["iba"].faults.silent = 9
    sms = world.dispatcher(iba={"max_connections": 1})
    callers = [asyncio.create_task(sms.send(NUMBER, text, key=text)) for text in ("one", "two")]
    messages = [Message(to=NUMBER, text="three"), Message(to=NUMBER, text="one", key="one")]

    async def consume() -> list[Outcome]:
        return [outcome async for outcome in sms.send_many(messages)]

    consumer = asyncio.create_task(consume())
    await asyncio.sleep(0.08)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await sms.aclose()
    async with asyncio.timeout(1):
        one, two = [(await caller).outcome for caller in callers]
        streamed = {o.message.text: o for o in await consumer if o.message is not None}
    assert (one.state, isinstance(one.error, OutcomeUnknown)) == (State.UNKNOWN, True)
    assert two.state is State.REJECTED
    assert streamed["three"].state is State.REJECTED
    assert streamed["one"].state is State.UNKNOWN
    await sms.aclose()
    assert_nothing_is_open(sms)
    assert len(world.ledger.requests) == 1


async def test_a_closed_dispatcher_sends_and_asks_nothing(world: World) -> None:
    """`RuntimeError` for everything but `preview`; closing again is nothing."""
    async with world.dispatcher(smstele={}) as sms:
        stream = sms.send_many([Message(to=NUMBER, text="Hi")])
    asked: list[Any] = [
        lambda: sms.send(NUMBER, "Hi"),
        lambda: sms.send(NUMBER, "Hi", key="k"),
        lambda: sms.submit(Message(to=NUMBER, text="Hi")),
        lambda: sms.status([Reference("smstele", "1")]),
        lambda: sms.balance("smstele"),
        lambda: sms.lookup(NUMBER),
        sms.__aenter__,
        lambda: anext(stream),
    ]
    for ask in asked:
        with pytest.raises(RuntimeError, match="closed"):
            await ask()
    with pytest.raises(RuntimeError, match="closed"):
        sms.send_many([])
    assert sms.preview(NUMBER, "Hi").requests == 1
    await asyncio.gather(sms.aclose(), sms.aclose())
    assert not world.ledger.requests


async def test_an_exception_in_the_block_comes_out_after_what_was_in_flight(world: World) -> None:
    """Closing waits, and hides nothing."""
    world.sandbox.gateways["iba"].faults.delay = 0.05

    async def use(sms: Dispatcher) -> None:
        async with sms:
            callers.append(asyncio.create_task(sms.send(NUMBER, "Hi")))
            await asyncio.sleep(0.02)
            raise LookupError

    callers: list[asyncio.Task[Any]] = []
    with pytest.raises(LookupError):
        await use(world.dispatcher(iba={}))
    assert callers[0].done()
    assert callers[0].result().outcome.state is State.ACCEPTED


async def test_questions_in_flight_are_answered_and_waiting_ones_are_not_asked(world: World) -> None:
    """Closing ends a status of many: each reference has its report all the same."""
    world.sandbox.gateways["iba"].faults.delay = 0.03
    sms = world.dispatcher(iba={"max_connections": 1})
    references = [Reference("iba", str(1000 + i)) for i in range(50)]
    asking = asyncio.create_task(sms.status(references))
    await asyncio.sleep(0.05)
    await sms.aclose()
    reports = await asking
    assert [report.message_id for report in reports] == [reference.message_id for reference in references]
    assert all(report.error is not None for report in reports)
    assert len(world.ledger.requests) < 5
    assert_nothing_is_open(sms)


async def test_a_dispatcher_that_nobody_closes_leaves_no_task(world: World) -> None:
    """Without traffic there is nothing in the background."""
    sms = world.dispatcher(iba={}, targetsms={"rate": 5})
    await sms.send(NUMBER, "Hi")
    await asyncio.sleep(0)
    assert not sms._engine._tasks
    gc.collect()


async def test_closing_closes_every_connection(world: World, peer: Peers) -> None:
    """Every connection is closed with the dispatcher; the gateway sees the end of each."""

    async def answer(line: Line) -> None:
        await line.send(world.says("4711"))

    gateway = await peer(answer)
    async with world.dispatcher(iba={"url": world.at(gateway)}) as sms:
        await asyncio.gather(*(sms.send(NUMBER, f"Code {i}") for i in range(5)))
    await gateway.all_ended()
