"""A synchronous source is read some messages at a time: as if it were one at a time, wherever it stops."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from smsgw import Dispatcher, Message, Outcome, State
from smsgw.flow import AHEAD
from smsgw.streaming import OutcomeStream
from tests.dispatcher.conftest import World

FIRST = 79160000000


def single(number: int, **options: object) -> Message:
    return Message(to=str(FIRST + number), text="Hi", **options)  # type: ignore[arg-type]


def several(number: int, count: int) -> Message:
    return Message(to=[str(FIRST + number + each) for each in range(count)], text="Hi")


async def collect(stream: OutcomeStream) -> tuple[list[Outcome], Exception | None]:
    told: list[Outcome] = []
    try:
        async for outcome in stream:
            told.append(outcome)  # noqa: PERF401 - it may end by an error
    except Exception as error:  # noqa: BLE001 - whatever the source raised
        return told, error
    return told, None


@pytest.mark.parametrize("before", [0, 1, 7, 31, 32, 33, 63, 64, 70])
@pytest.mark.parametrize("kind", ["singles", "lists", "keys", "mixed"])
async def test_what_came_before_a_fault_of_the_source_is_told_once(
    world: World, before: int, kind: str
) -> None:
    """Wherever in a breath it comes: those messages are sent, what was raised comes last, and no more is read."""
    after = 0

    def source() -> Iterator[Message]:
        nonlocal after
        for number in range(before):
            if kind == "keys" or (kind == "mixed" and number % 5 == 1):
                yield single(number, key=f"key {number}")
            elif kind == "lists" or (kind == "mixed" and number % 3 == 1):
                yield several(100 + 2 * number, 2)
            else:
                yield single(number)
        try:
            raise LookupError("no more")
        finally:
            after += 1

    async with asyncio.timeout(5):
        told, error = await collect(world.dispatcher(iba={}).send_many(source()))
    assert isinstance(error, LookupError)
    assert after == 1
    assert {outcome.state for outcome in told} <= {State.ACCEPTED}
    counts = Counter(outcome.recipient for outcome in told)
    assert set(counts.values()) <= {1}
    assert Counter(taken.recipient for taken in world.ledger.taken()) == counts
    if kind != "mixed":
        assert len(told) == before * (2 if kind == "lists" else 1)


@pytest.mark.parametrize("first", [AHEAD - 40, AHEAD - 1, AHEAD], ids=str)
@pytest.mark.parametrize("keyed", [False, True], ids=["list", "keyed list"])
async def test_a_list_in_a_breath_leaves_no_room_for_the_rest_of_it(
    world: World, first: int, keyed: bool
) -> None:
    """The messages behind it in the same breath wait, too: one is read and waits, and no more than `AHEAD` are taken."""
    read = 0
    sms = world.dispatcher(targetsms={"batch_size": 150})

    def source() -> Iterator[Message]:
        nonlocal read
        to = [str(FIRST + number) for number in range(first)]
        read += first
        yield Message(to=to, text="Hi", key="k" if keyed else None)
        for number in range(AHEAD):
            read += 1
            yield single(AHEAD + number)

    stream = sms.send_many(source())
    async with asyncio.timeout(10):
        await anext(stream)
        while len(world.ledger.taken()) < AHEAD:  # noqa: ASYNC110 - a ledger tells nobody of it
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    # One outcome was taken: one more is read for it, and one more that waits for room.
    assert AHEAD <= read <= AHEAD + 2
    await stream.aclose()


async def test_messages_to_several_share_requests(world: World) -> None:
    """With each other, with those to one, and with those that have a key: equal content is one request."""
    given = [several(0, 3), single(3), several(4, 2), single(6, key="k"), several(7, 3)]
    outcomes = [outcome async for outcome in world.dispatcher(iba={}).send_many(given)]
    assert len(outcomes) == 10
    assert [len(request.recipients) for request in world.ledger.requests] == [10]


def closes_the_dispatcher(sms: Dispatcher, stream: OutcomeStream) -> object:
    return asyncio.ensure_future(sms.aclose())


def closes_the_stream(sms: Dispatcher, stream: OutcomeStream) -> object:
    stream._flow.close("the source said so")
    return None


@pytest.mark.parametrize("close", [closes_the_dispatcher, closes_the_stream])
@pytest.mark.parametrize("at", [0, 1, 31, 32, 45])
async def test_a_source_that_ends_its_own_stream_has_all_its_outcomes(
    world: World, close: Callable[[Dispatcher, OutcomeStream], object], at: int
) -> None:
    """In the middle of a breath: each message that it gave is told of once, and what is rejected was not sent."""
    sms = world.dispatcher(iba={"max_connections": 1})
    closing: list[object] = []
    given = 0

    def source() -> Iterator[Message]:
        nonlocal given
        for number in range(200):
            if number == at:
                closing.append(close(sms, stream))
            given += 1
            yield single(number)

    stream = sms.send_many(source())
    async with asyncio.timeout(5):
        told, error = await collect(stream)
        if isinstance(closing[0], asyncio.Future):
            await closing[0]
    assert isinstance(error, RuntimeError)
    assert Counter(outcome.recipient for outcome in told) == Counter(
        str(FIRST + number) for number in range(given)
    )
    accepted = {outcome.recipient for outcome in told if outcome.state is State.ACCEPTED}
    assert accepted == {taken.recipient for taken in world.ledger.taken()}
    assert given < at + 64
