"""The caller's idempotency key: one key, one sending, whoever asks and whenever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from smsgw import Message, State
from smsgw.errors import (
    GatewayTimeout,
    InvalidMessage,
    InvalidRecipient,
    NotSubmitted,
    RecipientRejected,
)

if TYPE_CHECKING:
    from smsgw import Dispatcher, Outcome
    from tests.dispatcher.conftest import World

NUMBER, OTHER, BAD = "79161234567", "79161234568", "79161234569"
SLOW = 0.1


async def block(world: World, sms: Dispatcher) -> asyncio.Task[object]:
    """Keep the only connection to IBA busy for `SLOW` seconds."""
    world.sandbox.gateways["iba"].faults.delay = SLOW
    busy = asyncio.create_task(sms.send("79160000000", "busy"))
    await asyncio.sleep(0.02)
    return busy


async def test_concurrent_sends_of_a_key_are_one(world: World) -> None:
    """All have the outcome of the one request; all but the first as duplicates."""
    world.sandbox.gateways["iba"].faults.delay = 0.02
    sms = world.dispatcher(iba={})
    outcomes = [s.outcome for s in await asyncio.gather(*(sms.send(NUMBER, "Hi", key="k") for _ in range(5)))]
    (taken,) = world.ledger.taken()
    assert [o.duplicate for o in outcomes] == [False, True, True, True, True]
    assert {(o.state, o.message_id) for o in outcomes} == {(State.ACCEPTED, taken.message_id)}


async def test_a_later_send_of_a_key_sends_nothing(world: World) -> None:
    """It has the first's outcomes, whatever happened since, and its own message."""
    sms = world.dispatcher(iba={})
    first = await sms.send([NUMBER, OTHER], "Hi", key="k")
    world.sandbox.gateways["iba"].faults.blocked = True
    again = await sms.send([OTHER, NUMBER, "not a number", NUMBER], "Hi", key="k")
    assert [o.message_id for o in again.outcomes[:2]] == [o.message_id for o in reversed(first.outcomes)]
    assert [o.state for o in again] == [State.ACCEPTED, State.ACCEPTED, State.REJECTED, State.ACCEPTED]
    assert isinstance(again.outcomes[2].error, InvalidRecipient)
    assert [o.duplicate for o in again] == [True, True, False, True]
    assert all(o.message is again.message for o in again)
    assert len(world.ledger.requests) == 1


@pytest.mark.parametrize("concurrent", [True, False])
@pytest.mark.parametrize(
    "other",
    [
        {"text": "Hello"},
        {"to": OTHER},
        {"to": [NUMBER, OTHER]},
        {"sender": "SHOP"},
        {"transliterate": True},
        {"provider": "iba"},
    ],
    ids=str,
)
async def test_a_key_with_other_content_is_a_mistake(
    world: World, concurrent: bool, other: dict[str, object]
) -> None:
    """`ValueError`, nothing is sent for it, and the first is not disturbed."""
    world.sandbox.gateways["iba"].faults.delay = 0.02
    sms = world.dispatcher(iba={})
    first = asyncio.create_task(sms.send(NUMBER, "Hi", key="k"))
    await (asyncio.sleep(0) if concurrent else first)
    with pytest.raises(ValueError, match="content"):
        await sms.send(**{"to": NUMBER, "text": "Hi", "key": "k", **other})  # type: ignore[arg-type]
    assert (await first).outcome.state is State.ACCEPTED
    assert len(world.ledger.requests) == 1


async def test_what_was_rejected_is_not_remembered(world: World) -> None:
    """A repeat sends just the recipients that were rejected."""
    faults = world.sandbox.gateways["iba"].faults
    faults.stop_list = {BAD}
    sms = world.dispatcher(iba={})
    first = await sms.send([NUMBER, BAD, OTHER], "Hi", key="k")
    assert [o.state for o in first] == [State.ACCEPTED, State.REJECTED, State.ACCEPTED]
    faults.stop_list = set()
    world.ledger.clear()
    again = await sms.send([NUMBER, BAD, OTHER], "Hi", key="k")
    assert [(o.state, o.duplicate) for o in again] == [
        (State.ACCEPTED, True),
        (State.ACCEPTED, False),
        (State.ACCEPTED, True),
    ]
    assert [request.recipients for request in world.ledger.requests] == [(BAD,)]
    assert {o.duplicate for o in await sms.send([NUMBER, BAD, OTHER], "Hi", key="k")} == {True}
    assert len(world.ledger.requests) == 1


async def test_a_key_of_which_all_was_rejected_is_free_again(world: World) -> None:
    """Nothing was sent under it, so it may be used for other content."""
    world.sandbox.gateways["iba"].faults.stop_list = {BAD}
    sms = world.dispatcher({"dedup": {"max_keys": 1}}, iba={})
    assert isinstance((await sms.send(BAD, "Hi", key="k")).outcome.error, RecipientRejected)
    assert (await sms.send(NUMBER, "Hello", key="k")).outcome.state is State.ACCEPTED


async def test_what_is_unknown_is_remembered(world: World) -> None:
    """A repeat is told that it is unknown, and sends nothing."""
    world.sandbox.gateways["iba"].faults.drop = 1
    sms = world.dispatcher(iba={})
    first = (await sms.send(NUMBER, "Hi", key="k")).outcome
    again = (await sms.send(NUMBER, "Hi", key="k")).outcome
    assert (first.state, first.duplicate) == (State.UNKNOWN, False)
    assert (again.state, again.duplicate, again.error) == (State.UNKNOWN, True, first.error)
    assert len(world.ledger.requests) == 1


async def test_a_key_is_forgotten_after_its_time(world: World) -> None:
    """After `key_ttl` the key is new."""
    sms = world.dispatcher({"dedup": {"key_ttl": 0.05}}, iba={})
    await sms.send(NUMBER, "Hi", key="k")
    await asyncio.sleep(0.06)
    assert not (await sms.send(NUMBER, "Hi", key="k")).outcome.duplicate
    assert world.ledger.count(NUMBER, "Hi") == 2


async def test_a_new_key_is_refused_when_the_store_is_full(world: World) -> None:
    """Rejected outcomes, not an exception; no old key is forgotten for it."""
    sms = world.dispatcher({"dedup": {"max_keys": 2}}, iba={})
    for key in ("a", "b"):
        await sms.send(NUMBER, key, key=key)
    submission = await sms.send([NUMBER, OTHER], "c", key="c")
    assert {(o.state, type(o.error)) for o in submission} == {(State.REJECTED, NotSubmitted)}
    assert (await sms.send(NUMBER, "a", key="a")).outcome.duplicate
    assert (await sms.send(NUMBER, "d")).outcome.state is State.ACCEPTED
    many = [Message(to=NUMBER, text="c", key="c"), Message(to=NUMBER, text="a", key="a")]
    outcomes = {o.message.text: o async for o in sms.send_many(many) if o.message is not None}
    assert outcomes["c"].state is State.REJECTED
    assert outcomes["a"].duplicate
    assert len(world.ledger.requests) == 3


@pytest.mark.parametrize("how", ["cancelled", "timed out"])
async def test_when_the_first_caller_leaves_before_it_began_the_other_sends(world: World, how: str) -> None:
    """The key's message goes out once, for the caller who still waits."""
    sms = world.dispatcher(iba={"max_connections": 1})
    busy = await block(world, sms)
    timeout = 0.03 if how == "timed out" else None
    first = asyncio.create_task(sms.send([NUMBER, OTHER], "Hi", key="k", timeout=timeout))
    await asyncio.sleep(0)
    second = asyncio.create_task(sms.send([NUMBER, OTHER], "Hi", key="k"))
    await asyncio.sleep(0.01)
    if how == "cancelled":
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    else:
        assert {(o.state, type(o.error)) for o in await first} == {(State.REJECTED, NotSubmitted)}
    assert {(o.state, o.duplicate) for o in await second} == {(State.ACCEPTED, False)}
    await busy
    assert [world.ledger.count(number, "Hi") for number in (NUMBER, OTHER)] == [1, 1]


@pytest.mark.parametrize("how", ["cancelled", "timed out"])
async def test_when_the_first_caller_leaves_after_it_began_the_other_has_its_outcome(
    world: World, how: str
) -> None:
    """What had begun goes on, and is told to the caller who still waits."""
    world.sandbox.gateways["iba"].faults.delay = SLOW
    sms = world.dispatcher(iba={})
    timeout = 0.05 if how == "timed out" else None
    first = asyncio.create_task(sms.send(NUMBER, "Hi", key="k", timeout=timeout))
    await asyncio.sleep(0.03)
    second = asyncio.create_task(sms.send(NUMBER, "Hi", key="k"))
    await asyncio.sleep(0)
    if how == "cancelled":
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    else:
        outcome = (await first).outcome
        assert (outcome.state, type(outcome.error)) == (State.UNKNOWN, GatewayTimeout)
    outcome = (await second).outcome
    assert (outcome.state, outcome.duplicate) == (State.ACCEPTED, True)
    assert len(world.ledger.requests) == 1
    assert (await sms.send(NUMBER, "Hi", key="k")).outcome.message_id == outcome.message_id


async def test_whoever_waits_for_anothers_key_waits_no_longer_than_its_timeout(world: World) -> None:
    """It does not know what the other's request comes to, and says so."""
    world.sandbox.gateways["iba"].faults.delay = SLOW
    sms = world.dispatcher(iba={})
    first = asyncio.create_task(sms.send(NUMBER, "Hi", key="k"))
    await asyncio.sleep(0.02)
    outcome = (await sms.send(NUMBER, "Hi", key="k", timeout=0.02)).outcome
    assert (outcome.state, type(outcome.error)) == (State.UNKNOWN, GatewayTimeout)
    assert (await first).outcome.state is State.ACCEPTED
    assert len(world.ledger.requests) == 1


async def test_a_part_that_never_began_is_sent_by_the_next_caller(world: World) -> None:
    """The first caller times out between two requests of a batch: the rest is the second caller's, and no more."""
    to = [str(79160000000 + i) for i in range(20)]
    world.sandbox.gateways["iba"].faults.delay = SLOW
    sms = world.dispatcher(iba={"max_connections": 1})
    first = await sms.send(to, "Hi", key="k", timeout=SLOW / 2)
    assert [o.state for o in first] == [State.UNKNOWN] * 10 + [State.REJECTED] * 10
    again = await sms.send(to, "Hi", key="k")
    assert [(o.state, o.duplicate) for o in again] == [(State.ACCEPTED, True)] * 10 + [
        (State.ACCEPTED, False)
    ] * 10
    assert not world.ledger.sent_twice()
    assert len(world.ledger.taken()) == 20


async def test_keys_hold_in_send_many(world: World) -> None:
    """Within one stream, against an earlier send, and for messages of several recipients."""
    sms = world.dispatcher(iba={})
    await sms.send(NUMBER, "earlier", key="earlier")
    messages = [
        Message(to=NUMBER, text="Hi", key="a"),
        Message(to=NUMBER, text="Hi", key="a"),
        Message(to=NUMBER, text="earlier", key="earlier"),
        Message(to=NUMBER, text="other content", key="earlier"),
        Message(to=[NUMBER, OTHER, NUMBER], text="Several", key="b"),
        Message(to=[OTHER, NUMBER], text="Several", key="b"),
    ]
    told: dict[int, list[Outcome]] = {}
    async for outcome in sms.send_many(messages):
        told.setdefault(id(outcome.message), []).append(outcome)
    by_message = [told[id(message)] for message in messages]
    assert [len(outcomes) for outcomes in by_message] == [1, 1, 1, 1, 3, 2]
    assert not by_message[0][0].duplicate
    assert by_message[1][0].duplicate
    assert by_message[2][0].duplicate
    assert by_message[3][0].state is State.REJECTED
    assert isinstance(by_message[3][0].error, InvalidMessage)
    assert sorted(o.duplicate for o in by_message[4]) == [False, False, True]
    assert all(o.duplicate for o in by_message[5])
    assert not world.ledger.sent_twice()
    assert len(world.ledger.taken()) == 4
