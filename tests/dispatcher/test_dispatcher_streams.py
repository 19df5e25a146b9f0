"""`send_many`: any source, outcomes as they come, bounded memory, and a clean end whoever ends it."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from smsgw import Message, Outcome, State
from smsgw.errors import ConfigurationError, InvalidMessage, InvalidRecipient, UnsupportedOption
from smsgw.flow import AHEAD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from smsgw import Dispatcher
    from tests.dispatcher.conftest import World

FIRST = 79160000000


def messages(count: int, text: str = "Hi", first: int = FIRST) -> list[Message]:
    return [Message(to=str(first + i), text=text) for i in range(count)]


class Source:
    """A source that counts how far it was read, and notes that it was closed."""

    def __init__(self, items: Iterable[Message], *, every: float | None = None) -> None:
        self._items = items
        self._every = every
        self.read = 0
        self.closed = False

    def plain(self) -> Iterator[Message]:
        try:
            for item in self._items:
                self.read += 1
                yield item
        finally:
            self.closed = True

    async def asynchronous(self) -> AsyncIterator[Message]:
        try:
            for item in self._items:
                self.read += 1
                yield item
                if self._every is not None:
                    await asyncio.sleep(self._every)
        finally:
            self.closed = True


@pytest.mark.parametrize("kind", ["list", "plain", "asynchronous"])
async def test_every_message_of_any_source_has_its_outcome(world: World, kind: str) -> None:
    """A list, a generator and an asynchronous generator alike; each outcome has the very message that was given."""
    given = messages(137)
    source = Source(given)
    many: Any = given if kind == "list" else getattr(source, kind)()
    outcomes = [outcome async for outcome in world.dispatcher(iba={}).send_many(many)]
    assert {id(o.message) for o in outcomes} == {id(message) for message in given}
    assert all(o.message is not None and o.message.to == (o.recipient,) for o in outcomes)
    assert {o.state for o in outcomes} == {State.ACCEPTED}
    assert {m.recipient: m.message_id for m in world.ledger.taken()} == {
        o.recipient: o.message_id for o in outcomes
    }
    assert len(outcomes) == len(world.ledger.taken()) == 137
    assert len(world.ledger.requests) == 14


@pytest.mark.parametrize("kind", ["plain", "asynchronous"])
async def test_what_the_source_raises_comes_after_the_outcomes_in_flight(world: World, kind: str) -> None:
    """Nothing that was read is lost for it, and the stream ends there."""

    def failing() -> Iterator[Message]:
        yield from messages(25)
        raise LookupError("the file ends here")

    source = Source(failing())
    stream = world.dispatcher(iba={}).send_many(getattr(source, kind)())
    outcomes: list[Outcome] = []

    async def consume() -> None:
        async for outcome in stream:
            outcomes.append(outcome)  # noqa: PERF401  (what came before the error is looked at)

    with pytest.raises(LookupError):
        await consume()
    assert len(outcomes) == len(world.ledger.taken()) == 25
    assert [outcome async for outcome in stream] == []


async def test_what_is_no_message_is_an_error_after_the_outcomes(world: World) -> None:
    """A `TypeError` names the mistake; what came before it is sent and told."""
    sms = world.dispatcher(iba={})
    stream = sms.send_many([*messages(2), "79160000000"])  # type: ignore[list-item]
    assert [(await anext(stream)).state for _ in range(2)] == [State.ACCEPTED] * 2
    with pytest.raises(TypeError, match="Message"):
        await anext(stream)
    for wrong in (messages(1)[0], "text", 5):
        with pytest.raises(TypeError):
            sms.send_many(wrong)  # type: ignore[arg-type]


async def settled(sms: Dispatcher) -> None:
    for _ in range(200):
        await asyncio.sleep(0.005)
        if not sms._engine._tasks:
            return
    raise AssertionError("something is left running")


@pytest.mark.parametrize("how", ["break", "aclose", "async with", "raise", "cancel"])
@pytest.mark.parametrize("kind", ["plain", "asynchronous"])
async def test_an_abandoned_stream_sends_no_more(world: World, kind: str, how: str) -> None:
    """What had begun goes on, the rest is not sent, the source is closed, and no task is left."""
    world.sandbox.gateways["iba"].faults.delay = 0.02
    source = Source(messages(100_000))
    sms = world.dispatcher(iba={"max_connections": 2})

    async def consume() -> None:
        stream = sms.send_many(getattr(source, kind)())
        if how == "aclose":
            await anext(stream)
            await stream.aclose()
            assert [outcome async for outcome in stream] == []
        elif how == "async with":
            async with stream as outcomes:
                async for _ in outcomes:
                    break
        else:
            del stream
            async for _ in sms.send_many(getattr(source, kind)()):
                if how == "raise":
                    raise LookupError
                if how == "cancel":
                    await asyncio.sleep(60)
                break

    consumer = asyncio.create_task(consume())
    if how == "cancel":
        await asyncio.sleep(0.1)
        consumer.cancel()
    await asyncio.wait([consumer])
    assert consumer.cancelled() == (how == "cancel")
    if how == "raise":
        assert isinstance(consumer.exception(), LookupError)
    del consumer
    gc.collect(0)
    await settled(sms)
    assert source.closed
    taken = len(world.ledger.taken())
    assert 0 < taken < 200
    await asyncio.sleep(0.05)
    assert len(world.ledger.taken()) == taken
    assert not world.ledger.sent_twice()
    assert (await sms.send("79990000000", "still there")).outcome.state is State.ACCEPTED


async def test_a_stream_that_nobody_iterates_reads_nothing(world: World) -> None:
    """Making it, and dropping it, costs nothing."""
    source = Source(messages(5))
    sms = world.dispatcher(iba={})
    stream = sms.send_many(source.plain())
    await asyncio.sleep(0.01)
    assert source.read == 0
    await stream.aclose()
    sms.send_many(source.plain())
    assert source.read == 0
    assert not world.ledger.requests


@pytest.mark.parametrize("kind", ["plain", "asynchronous"])
async def test_a_slow_consumer_bounds_what_is_read_ahead(world: World, kind: str) -> None:
    """At most `AHEAD` recipients are read beyond the outcomes that were taken."""
    source = Source(messages(3 * AHEAD))
    sms = world.dispatcher(targetsms={"batch_size": 150})
    stream = sms.send_many(getattr(source, kind)())
    for taken in range(1, 4):
        await anext(stream)
        for _ in range(100):
            await asyncio.sleep(0.01)
            if len(world.ledger.taken()) >= AHEAD:
                break
        assert source.read <= AHEAD + taken + 1
    assert source.read >= AHEAD
    await stream.aclose()


async def test_one_message_to_many_is_read_ahead_by_recipients(world: World) -> None:
    """A single message of more recipients than that has all its outcomes, and they stay bounded meanwhile."""
    to = [str(FIRST + i) for i in range(AHEAD + 500)]
    sms = world.dispatcher(targetsms={"batch_size": 150})
    outcomes = [outcome async for outcome in sms.send_many([Message(to=to, text="Hi")])]
    assert Counter(o.recipient for o in outcomes) == Counter(to)
    assert len(world.ledger.taken()) == len(to)


async def test_a_message_of_a_slow_source_is_held_back_a_moment_only(world: World) -> None:
    """It waits 0.05 seconds for its batch to fill, though the next message is far away."""
    loop = asyncio.get_running_loop()
    source = Source(messages(3), every=0.3)
    stream = world.dispatcher(iba={}).send_many(source.asynchronous())
    before = loop.time()
    assert (await anext(stream)).state is State.ACCEPTED
    assert 0.04 < loop.time() - before < 0.2
    await stream.aclose()


async def test_equal_contents_share_requests_and_others_do_not(world: World) -> None:
    """Whatever the order they come in; texts, senders and options keep apart."""
    given: list[Message] = []
    for i in range(10):
        given += [
            Message(to=str(FIRST + i), text="one"),
            Message(to=str(FIRST + i), text="two"),
            Message(to=str(FIRST + i), text="one", sender="SHOP"),
        ]
    outcomes = [o async for o in world.dispatcher(iba={}).send_many(given)]
    assert len(world.ledger.requests) == 3
    assert {len(request.recipients) for request in world.ledger.requests} == {10}
    sent = {(o.recipient, o.message.text, o.message.sender or "TESTSMS") for o in outcomes if o.message}
    assert sent == {(m.recipient, m.text, m.sender) for m in world.ledger.taken()}
    assert len(sent) == 30


async def test_a_send_inside_the_loop_does_not_wait_for_the_stream(world: World) -> None:
    """With a single connection, too: what waits holds none."""
    sms = world.dispatcher(iba={"max_connections": 1, "rate": 500})
    count = 0
    async with asyncio.timeout(20):
        async for outcome in sms.send_many(messages(40)):
            assert outcome.state is State.ACCEPTED
            answer = await sms.send(outcome.recipient, f"Reply {count}")
            assert answer.outcome.state is State.ACCEPTED
            count += 1
    assert count == 40
    assert len(world.ledger.taken()) == 80


async def test_recipients_of_one_message_and_those_repeated(world: World) -> None:
    """One outcome for each given recipient; a repeated one is sent once, a wrong one is rejected."""
    message = Message(
        to=["79160000001", "+7 916 000-00-02", "wrong", "79160000001", "79160000001"], text="Hi"
    )
    outcomes = [o async for o in world.dispatcher(iba={}).send_many([message])]
    assert all(o.message is message for o in outcomes)
    told = Counter((o.recipient, o.state, o.duplicate) for o in outcomes)
    assert told == {
        ("79160000001", State.ACCEPTED, False): 1,
        ("79160000001", State.ACCEPTED, True): 2,
        ("79160000002", State.ACCEPTED, False): 1,
        ("wrong", State.REJECTED, False): 1,
    }
    assert {type(o.error) for o in outcomes} == {type(None), InvalidRecipient}
    assert len(world.ledger.taken()) == 2


async def test_what_nobody_can_carry_is_an_outcome(world: World) -> None:
    """An option that no provider has, a provider that there is none of: rejected, and the rest goes on."""
    given = [
        Message(to="79160000001", text="flash", flash=True),
        Message(to="79160000001", text="where", provider="nowhere"),
        Message(to="79160000001", text="Hi"),
    ]
    outcomes = {o.message.text: o async for o in world.dispatcher(iba={}).send_many(given) if o.message}
    assert type(outcomes["flash"].error) is UnsupportedOption
    assert type(outcomes["where"].error) is ConfigurationError
    assert outcomes["Hi"].state is State.ACCEPTED


async def test_a_fault_of_a_driver_neither_hangs_nor_loses(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third party's driver that fails while it prepares a text: that text is rejected, and nobody waits for ever."""
    sms = world.dispatcher(iba={})
    real = sms._engine.lanes["iba"].driver.head

    def head(message: Message, text: str, sender: str | None) -> str:
        if text == "bad":
            raise RuntimeError("a fault")
        return real(message, text, sender)

    monkeypatch.setattr(sms._engine.lanes["iba"].driver, "head", head)
    given = [
        Message(to="79160000001", text="Hi"),
        Message(to="79160000001", text="bad"),
        Message(to=["79160000001", "79160000002"], text="bad", key="k"),
        Message(to="79160000002", text="Hi"),
    ]
    async with asyncio.timeout(2):
        outcomes = [outcome async for outcome in sms.send_many(given)]
        again = (await sms.send("79160000001", "bad", key="k")).outcome
    assert Counter((o.message.text, o.state) for o in outcomes if o.message) == {
        ("Hi", State.ACCEPTED): 2,
        ("bad", State.REJECTED): 3,
    }
    assert {type(o.error) for o in [*outcomes, again]} == {type(None), InvalidMessage}
    assert len(world.ledger.taken()) == 2


async def test_every_connection_is_kept_busy(world: World) -> None:
    """With replies that take a while, as many requests are under way as there are connections, and never more."""
    world.sandbox.gateways["iba"].faults.delay = 0.05
    sms = world.dispatcher(iba={"max_connections": 7})
    outcomes = [o async for o in sms.send_many(messages(280))]
    assert len(outcomes) == 280
    arrivals = [request.clock_at for request in world.ledger.requests]
    assert len(arrivals) == 28
    under_way = max(sum(1 for other in arrivals if at - 0.05 < other <= at) for at in arrivals)
    assert under_way == 7
    assert max(arrivals) - min(arrivals) < 0.3 + 3 * 0.05
