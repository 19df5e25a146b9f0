"""Whoever ends it, and at whatever moment: nobody waits for ever, and what was taken on has its outcome."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import pytest

from smsgw import Message, NotSubmitted, State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from smsgw import Outcome
    from smsgw.streaming import OutcomeStream
    from tests.conftest import Peers
    from tests.dispatcher.conftest import World

FIRST = 79160000000


def numbers(count: int) -> list[str]:
    return [str(FIRST + n) for n in range(count)]


async def collect(stream: OutcomeStream, into: list[Outcome]) -> None:
    async for outcome in stream:
        into.append(outcome)  # noqa: PERF401  (what came before an error counts)


@pytest.mark.parametrize("who", ["the dispatcher", "the stream"])
async def test_a_stream_that_is_closed_before_it_reads_ends(world: World, who: str) -> None:
    """Closing may come before the reader's first step: whoever waits for an outcome is told all the same."""
    sms = world.dispatcher(iba={})
    stream = sms.send_many([Message(to=numbers(1), text="Hi")])
    consumer = asyncio.create_task(collect(stream, []))
    closing = asyncio.create_task(sms.aclose() if who == "the dispatcher" else stream.aclose())
    done, _ = await asyncio.wait([consumer], timeout=2)
    await closing
    assert done
    if who == "the dispatcher":
        assert isinstance(consumer.exception(), RuntimeError)


@pytest.mark.parametrize("whole", [True, False])
async def test_what_was_read_has_its_outcome_when_the_dispatcher_closes(world: World, whole: bool) -> None:
    """Also where the reader waits for room: in one message of thousands, or in thousands of messages."""
    to = numbers(6000)
    read = 0

    def source() -> Iterator[Message]:
        nonlocal read
        for message in [Message(to=to, text="Hi")] if whole else [Message(to=n, text="Hi") for n in to]:
            read += len(message.to)
            yield message

    sms = world.dispatcher(iba={})
    stream = sms.send_many(source())
    outcomes = [await anext(stream)]
    await asyncio.sleep(0.05)
    await sms.aclose()
    with pytest.raises(RuntimeError, match="did not read its source to the end"):
        await collect(stream, outcomes)
    assert len(outcomes) == read
    assert len({outcome.recipient for outcome in outcomes}) == read
    for outcome in outcomes:
        assert world.ledger.count(outcome.recipient, "Hi") == (outcome.state is State.ACCEPTED)


async def test_a_source_that_was_cancelled_is_not_taken_for_complete(world: World) -> None:
    """A source may await what others cancel: the outcomes in flight come, and then an error."""
    producer = asyncio.create_task(asyncio.sleep(60))

    async def source() -> AsyncIterator[Message]:
        yield Message(to=numbers(1), text="Hi")
        producer.cancel()
        await producer
        yield Message(to=numbers(2), text="Hi")

    outcomes: list[Outcome] = []
    with pytest.raises(RuntimeError, match="source of send_many was cancelled"):
        await collect(world.dispatcher(iba={}).send_many(source()), outcomes)
    assert [outcome.state for outcome in outcomes] == [State.ACCEPTED]


async def test_a_source_may_close_the_dispatcher(world: World) -> None:
    """What is in flight then is waited for as ever."""
    world.sandbox.gateways["iba"].faults.delay = 0.15
    sms = world.dispatcher(iba={})

    async def source() -> AsyncIterator[Message]:
        yield Message(to=numbers(10), text="Hi")
        await asyncio.sleep(0.1)
        await sms.aclose()

    outcomes: list[Outcome] = []
    with pytest.raises(RuntimeError):
        await collect(sms.send_many(source()), outcomes)
    assert [outcome.state for outcome in outcomes] == [State.ACCEPTED] * 10


async def test_a_stream_of_a_closed_dispatcher_ends_after_saying_so(world: World) -> None:
    """The error comes once; whoever asks on is told that there is nothing more."""
    sms = world.dispatcher(iba={})
    stream = sms.send_many([Message(to=numbers(1), text="Hi")])
    await sms.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await anext(stream)
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(stream), 2)


@pytest.mark.parametrize("what", ["balance", "status"])
async def test_a_caller_who_leaves_does_not_take_the_answer_along(
    world: World, what: Literal["balance", "status"]
) -> None:
    """Whoever asks the same within TargetSMS's window gets the answer that the first one did not wait for."""
    sms = world.dispatcher(targetsms={})
    (outcome,) = (await sms.send(numbers(1), "Hi")).outcomes
    world.sandbox.gateways["targetsms"].faults.delay = 0.1

    async def ask() -> object:
        if what == "balance":
            return (await sms.balance("targetsms")).amount
        (report,) = await sms.status([outcome])
        assert report.error is None
        return report.provider_state

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ask(), 0.05)
    assert await ask()
    assert await ask()
    assert len(world.ledger.requests_of("targetsms", what)) == 1


async def test_closing_that_is_cancelled_cancels_no_question(world: World, peer: Peers) -> None:
    """Who waits for a status is told that no answer came, and is not cancelled for it."""

    gateway = await peer(lambda line: line.silence())
    sms = world.dispatcher(iba={"url": world.at(gateway)})
    (outcome,) = (await world.dispatcher(iba={}).send(numbers(1), "Hi")).outcomes
    asking = asyncio.create_task(sms.status([outcome]))
    await gateway.seen(1)
    closing = asyncio.create_task(sms.aclose())
    await asyncio.sleep(0.01)
    closing.cancel()
    (report,) = await asking
    assert report.error is not None
    assert not report.final


async def test_a_key_is_known_for_its_time_from_the_last_sending(world: World) -> None:
    """A repeat that sent what was rejected is remembered as long as the first one was."""
    world.sandbox.gateways["avist"].faults.stop_list = {numbers(2)[1]}
    sms = world.dispatcher({"dedup": {"key_ttl": 1.5}}, avist={})
    first = await sms.send(numbers(2), "Hi", key="k")
    assert [outcome.state for outcome in first] == [State.ACCEPTED, State.REJECTED]
    world.sandbox.gateways["avist"].faults.stop_list = set()
    await asyncio.sleep(1)
    second = await sms.send(numbers(2), "Hi", key="k")
    assert [(o.state, o.duplicate) for o in second] == [(State.ACCEPTED, True), (State.ACCEPTED, False)]
    await asyncio.sleep(1)
    third = await sms.send(numbers(2), "Hi", key="k")
    assert [outcome.duplicate for outcome in third] == [True, True]
    assert world.ledger.count(numbers(2)[1], "Hi") == 1


async def test_a_key_outlives_a_slow_request(world: World) -> None:
    """What was accepted is remembered, also where the request took longer than keys are known."""
    world.sandbox.gateways["iba"].faults.delay = 0.2
    sms = world.dispatcher({"dedup": {"key_ttl": 0.1}}, iba={})
    await sms.send(numbers(1), "Hi", key="k")
    assert (await sms.send(numbers(1), "Hi", key="k")).outcome.duplicate


async def test_a_key_of_which_all_was_rejected_is_free_at_once(world: World) -> None:
    """No turn of the loop has to pass before the corrected message goes out under the same key."""
    sms = world.dispatcher(smsco={})
    assert (await sms.send(numbers(1), "Привет", key="k")).outcome.state is State.REJECTED
    assert (await sms.send(numbers(1), "Privet", key="k")).outcome.state is State.ACCEPTED


async def test_an_open_circuit_ends_the_retries(world: World, peer: Peers) -> None:
    """Once the provider rests, nobody sits out its backoffs before going elsewhere, nor counts tries not made."""
    down = await peer(world.says("Busy", 503, Retry_After="1"))
    settings = {"retry": {"initial": 1.0, "maximum": 1.0}, "breaker": {"failures": 1}}
    sms = world.dispatcher(settings, a={"driver": "smsco", "url": world.at(down)}, iba={})
    before = asyncio.get_running_loop().time()
    outcome = (await sms.send(numbers(1), "Hi")).outcome
    assert (outcome.state, outcome.provider) == (State.ACCEPTED, "iba")
    assert asyncio.get_running_loop().time() - before < 1.9
    assert len(down.requests) == 1
    assert sms.stats["a"].retries == 0


async def test_the_deadline_is_for_all_providers_together(world: World, peer: Peers) -> None:
    """`retry.deadline` bounds the tries of a message, not those of each provider."""
    down = await peer(world.says("Busy", 503, Retry_After="0"))
    settings = {"retry": {"attempts": 50, "initial": 0.1, "maximum": 0.1, "deadline": 0.5, "budget": 1000}}
    settings["breaker"] = {"failures": 1000}
    providers = {name: {"driver": "smsco", "url": world.at(down)} for name in "abc"}
    sms = world.dispatcher(settings, **providers)
    before = asyncio.get_running_loop().time()
    outcome = (await sms.send(numbers(1), "Hi")).outcome
    assert isinstance(outcome.error, NotSubmitted)
    assert asyncio.get_running_loop().time() - before < 1.2


async def test_who_waits_for_the_window_has_not_begun(world: World) -> None:
    """With `on_duplicate = "wait"` the first one's request is not the second's."""
    world.sandbox.gateways["targetsms"].faults.delay = 0.05
    sms = world.dispatcher(targetsms={"on_duplicate": "wait"})
    first = asyncio.create_task(sms.send(numbers(1), "Hi"))
    await asyncio.sleep(0.02)
    second = (await sms.send(numbers(1), "Hi", timeout=0.2)).outcome
    assert second.state is State.REJECTED
    assert isinstance(second.error, NotSubmitted)
    assert (await first).outcome.state is State.ACCEPTED
    assert len(world.ledger.taken()) == 1


async def test_a_resting_provider_is_no_reason_to_ask_another_without_end(world: World, peer: Peers) -> None:
    """What a stream's provider refused after all its tries is refused, also while another one rests."""
    bars = await peer(world.says("Who are you?", 401))
    busy = await peer(world.says("Busy", 503, Retry_After="0"))
    settings = {"retry": {"attempts": 2, "deadline": 0.5}, "breaker": {"failures": 1000}}
    sms = world.dispatcher(
        settings,
        a={"driver": "smsco", "url": world.at(bars)},
        b={"driver": "smsco", "url": world.at(busy)},
    )
    await sms.send(numbers(1), "Hi", provider="a")
    outcomes: list[Outcome] = []
    await asyncio.wait_for(collect(sms.send_many([Message(to=numbers(1), text="Hi")]), outcomes), 5)
    assert [(outcome.state, outcome.provider) for outcome in outcomes] == [(State.REJECTED, "b")]
    assert len(busy.requests) == 2
