"""Callers who stop waiting: what never began is not sent any more, what began is never called unsent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from smsgw import State
from smsgw.errors import ConnectionFailed, GatewayTimeout, NotSubmitted
from smsgw.sending import _Work as Work

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from smsgw import Dispatcher
    from tests.conftest import Line, Peer, Peers
    from tests.dispatcher.conftest import World

NUMBER, OTHER = "79161234567", "79161234568"
SLOW = 0.1


async def busy_connection(world: World) -> Dispatcher:
    """A dispatcher whose only connection is busy for `SLOW` seconds."""
    world.sandbox.gateways["iba"].faults.delay = SLOW
    sms = world.dispatcher(iba={"max_connections": 1})
    sms._engine.spawn(ignore(sms.send("79160000000", "busy")))
    await asyncio.sleep(0.02)
    return sms


async def spent_rate(world: World) -> Dispatcher:
    """A dispatcher that may send again in a second only."""
    sms = world.dispatcher(iba={"rate": 1})
    await sms.send("79160000000", "busy")
    return sms


async def ignore(coroutine: Coroutine[Any, Any, object]) -> None:
    await coroutine


WAITS = [busy_connection, spent_rate]


@pytest.mark.parametrize("wait", WAITS)
async def test_a_timeout_before_the_request_is_proof_that_nothing_was_sent(world: World, wait: Any) -> None:
    """Rejected with `NotSubmitted`, and the gateway never sees the message afterwards."""
    sms = await wait(world)
    async with asyncio.timeout(1):
        submission = await sms.send([NUMBER, OTHER], "Hi", timeout=0.03)
    assert {(o.state, type(o.error), o.attempts) for o in submission} == {(State.REJECTED, NotSubmitted, 0)}
    await sms.aclose()
    assert world.ledger.count(NUMBER, "Hi") == world.ledger.count(OTHER, "Hi") == 0


@pytest.mark.parametrize("wait", WAITS)
async def test_a_caller_cancelled_before_the_request_sends_nothing(world: World, wait: Any) -> None:
    """The cancellation comes out, and the gateway never sees the message."""
    sms = await wait(world)
    caller = asyncio.create_task(sms.send(NUMBER, "Hi"))
    await asyncio.sleep(0.02)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await sms.aclose()
    assert world.ledger.count(NUMBER, "Hi") == 0


async def test_a_timeout_after_the_request_began_is_unknown(world: World) -> None:
    """The gateway has it, but nobody has heard of it."""
    world.sandbox.gateways["iba"].faults.delay = SLOW
    sms = world.dispatcher(iba={}, targetsms={})
    outcome = (await sms.send(NUMBER, "Hi", timeout=0.05)).outcome
    assert (outcome.state, type(outcome.error), outcome.provider) == (State.UNKNOWN, GatewayTimeout, "iba")
    assert outcome.attempts == 1
    await sms.aclose()
    assert [message.gateway for message in world.ledger.taken()] == ["iba"]


async def test_a_timeout_between_requests_tells_which_began(world: World) -> None:
    """Of 25 recipients ten are under way; only those are unknown, and only those are ever sent."""
    to = [str(79160000000 + i) for i in range(25)]
    world.sandbox.gateways["iba"].faults.delay = SLOW
    sms = world.dispatcher(iba={"max_connections": 1})
    submission = await sms.send(to, "Hi", timeout=SLOW / 2)
    await sms.aclose()
    assert [o.recipient for o in submission.unknown] == [m.recipient for m in world.ledger.taken()] == to[:10]
    assert len(submission.rejected) == 15


async def test_a_timeout_during_a_backoff_tells_the_refusal(world: World) -> None:
    """The last refusal is the proof; nothing is tried again."""
    world.sandbox.gateways["iba"].faults.unavailable = 9
    sms = world.dispatcher(iba={})  # which asks to wait for a second
    outcome = (await sms.send(NUMBER, "Hi", timeout=0.05)).outcome
    assert outcome.state is State.REJECTED
    assert isinstance(outcome.error, NotSubmitted)
    world.sandbox.gateways["iba"].faults.unavailable = 0
    await sms.aclose()
    assert len(world.ledger.requests) == 1


async def test_a_timeout_while_a_batch_is_taken_apart_knows_what_was_taken(world: World, peer: Peers) -> None:
    """The part that the gateway took is never called rejected, though the other part has no answer yet."""
    gateway: Peer

    async def answer(line: Line) -> None:
        asked = gateway.requests[-1]
        if b"balance" in asked:
            await line.send(world.says("5 RUR"))
        elif NUMBER.encode() in asked and OTHER.encode() in asked:
            await line.send(world.says("0"))
        elif NUMBER.encode() in asked:
            await line.send(world.says("501"))
        else:
            await asyncio.sleep(SLOW)
            await line.send(world.says("0"))

    gateway = await peer(answer)
    sms = world.dispatcher(iba={"url": world.at(gateway)})
    submission = await sms.send([NUMBER, OTHER], "Hi", timeout=SLOW / 2)
    assert (submission[NUMBER].state, submission[NUMBER].message_id) == (State.ACCEPTED, "501")
    assert submission[OTHER].state is State.UNKNOWN
    await sms.aclose()


@pytest.mark.parametrize("gone", ["cancelled", "timed out"])
async def test_a_lost_reply_is_looked_up_for_nobody_too(world: World, gone: str) -> None:
    """SMStele's lookup belongs to the request: a caller who leaves meanwhile is told `unknown`, not `rejected`."""
    faults = world.sandbox.gateways["smstele"].faults
    faults.drop = 1
    faults.delay = SLOW
    sms = world.dispatcher(smstele={})
    caller = asyncio.create_task(sms.send(NUMBER, "Hi", timeout=None if gone == "cancelled" else 1.5 * SLOW))
    await asyncio.sleep(1.4 * SLOW)
    if gone == "cancelled":
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
    else:
        assert (await caller).outcome.state is State.UNKNOWN
    await sms.aclose()
    assert [request.kind for request in world.ledger.requests] == ["send", "status"]


async def test_a_caller_cancelled_after_the_request_began_leaves_it_be(world: World) -> None:
    """What had begun goes on to its end, and closing waits for that."""
    world.sandbox.gateways["iba"].faults.delay = SLOW
    async with world.dispatcher(iba={}, targetsms={}) as sms:
        caller = asyncio.create_task(sms.send(NUMBER, "Hi"))
        await asyncio.sleep(SLOW / 2)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
    (request,) = world.ledger.requests
    assert (request.gateway, request.status) == ("iba", 200)


async def test_a_failing_task_group_sends_what_began_and_nothing_else(world: World) -> None:
    """Its error comes out, no task is left, and the ledger has what was under way."""
    world.sandbox.gateways["iba"].faults.delay = SLOW
    sms = world.dispatcher(iba={"max_connections": 1})

    async def fail() -> None:
        await asyncio.sleep(SLOW / 2)
        raise LookupError

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            for i in range(4):
                group.create_task(sms.send(NUMBER, f"Code {i}"))
            group.create_task(fail())

    with pytest.raises(ExceptionGroup) as caught:
        await together()
    assert [type(error) for error in caught.value.exceptions] == [LookupError]
    await sms.aclose()
    assert [message.text for message in world.ledger.taken()] == ["Code 0"]


async def test_another_callers_cancellation_disturbs_nobody(world: World) -> None:
    """Callers who share nothing but the connections have their own outcomes."""
    world.sandbox.gateways["iba"].faults.delay = 0.02
    sms = world.dispatcher(iba={"max_connections": 2})
    callers = [asyncio.create_task(sms.send(NUMBER, f"Code {i}")) for i in range(20)]
    await asyncio.sleep(0.03)
    for caller in callers[::2]:
        caller.cancel()
    await asyncio.wait(callers)
    for i, caller in enumerate(callers):
        if i % 2:
            assert caller.result().outcome.state is State.ACCEPTED
            assert world.ledger.count(NUMBER, f"Code {i}") == 1
    assert not world.ledger.sent_twice()


async def test_a_cancellation_before_any_await_sends_nothing(world: World) -> None:
    """A task that is cancelled before its first step, or in it, has sent nothing."""
    sms = world.dispatcher(iba={})
    caller = asyncio.create_task(sms.send(NUMBER, "Hi"))
    caller.cancel()
    await asyncio.wait([caller])
    caller = asyncio.create_task(sms.send(NUMBER, "Hi"))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait([caller])
    assert caller.cancelled()
    await sms.aclose()
    assert not world.ledger.requests


@pytest.mark.parametrize("refused", [False, True])
async def test_whenever_a_caller_would_leave_a_rejection_is_the_truth(world: World, refused: bool) -> None:
    """At every turn of the event loop: what a caller would be told is rejected only if the gateway has not taken it."""
    to = [str(79160000000 + i) for i in range(6)]
    if refused:
        world.sandbox.gateways["iba"].faults.stop_list = {to[4]}
    sms = world.dispatcher(iba={}, smsco={})
    caller = asyncio.create_task(sms.send(to, "Hi"))
    gone = NotSubmitted("the caller left")
    turns = 0
    while not caller.done():
        await asyncio.sleep(0)
        turns += 1
        for work in sms._engine._callers:
            assert isinstance(work, Work)
            for entry in work.entries.values():
                if entry.so_far(gone).state is State.REJECTED:
                    assert world.ledger.count(entry.recipient, "Hi") == 0, turns
    assert turns > 10
    assert len((await caller).accepted) == 6
    assert not world.ledger.sent_twice()


async def test_a_timeout_ends_the_retries(world: World) -> None:
    """A gateway that is down: the retries end with the caller's time, and the error says why it was not sent."""
    sms = world.dispatcher(
        {"retry": {"attempts": 500, "budget": 1000}, "breaker": {"failures": 1000}},
        iba={"url": "http://127.0.0.1:1/"},
    )
    outcome = (await sms.send(NUMBER, "Hi", timeout=0.1)).outcome
    assert (outcome.state, outcome.attempts > 1) == (State.REJECTED, True)
    assert type(outcome.error) in (ConnectionFailed, NotSubmitted)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), True, "5"])
async def test_a_timeout_that_is_none_is_refused(world: World, timeout: Any) -> None:
    """Before anything is sent."""
    sms = world.dispatcher(iba={})
    with pytest.raises((TypeError, ValueError), match="timeout"):
        await sms.send(NUMBER, "Hi", timeout=timeout)
    assert not world.ledger.requests
