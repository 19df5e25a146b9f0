"""What waits for a connection: without a task, in its turn, in its caller's context; and it gives back what it held."""

import asyncio
from collections.abc import Iterator, Sequence
from contextvars import ContextVar

import pytest

from smsgw import Dispatcher, Message, State
from smsgw.drivers.base import Batch, Verdict
from smsgw.transport import Wire
from tests.conftest import Line, Peers
from tests.dispatcher.conftest import World

FIRST = 79160000000
CALLER: ContextVar[str] = ContextVar("CALLER")


def numbers(count: int, first: int = FIRST) -> list[str]:
    return [str(first + i) for i in range(count)]


def own_texts(count: int) -> Iterator[Message]:
    """One request each."""
    return (Message(to=number, text=f"Text {number}") for number in numbers(count))


async def begun(world: World, requests: int) -> None:
    async with asyncio.timeout(5):
        while len(world.ledger.requests) < requests:  # noqa: ASYNC110 - a ledger tells nobody of it
            await asyncio.sleep(0.005)


async def test_what_waits_for_a_connection_has_no_task(world: World, peer: Peers) -> None:
    """Thousands of requests of a stream wait with about as many tasks as there are connections."""
    answers = asyncio.Event()

    async def answer(line: Line) -> None:
        await answers.wait()
        await line.send(world.says("12345678"))

    gateway = await peer(answer)
    sms = world.dispatcher(iba={"max_connections": 5, "url": world.at(gateway)})
    before = len(asyncio.all_tasks())
    stream = sms.send_many(own_texts(4000))
    first = asyncio.create_task(anext(stream))
    await gateway.seen(5)
    slots = sms._engine.lanes["iba"].gate.transport.slots
    async with asyncio.timeout(10):
        # (What was read is held back for 0.05 seconds.)
        while len(slots._waiting) < 3990:  # noqa: ASYNC110 - slots tell nobody of it
            await asyncio.sleep(0.01)
    # Each connection has one here and one in the gateway; the reader and `first` are two more.
    assert len(asyncio.all_tasks()) - before <= 2 * 5 + 2
    answers.set()
    assert (await first).state is State.ACCEPTED
    await stream.aclose()


@pytest.mark.parametrize("recipients", [1, 2], ids=["singles", "lists"])
async def test_each_request_has_its_callers_context(
    world: World, monkeypatch: pytest.MonkeyPatch, recipients: int
) -> None:
    """Whoever's request ends and lets it in: what a driver logs or traces belongs to who sent the message."""
    sms = world.dispatcher(iba={"max_connections": 1})
    driver = sms._engine.lanes["iba"].driver
    real = driver.send
    seen: list[tuple[str, str]] = []

    async def send(wire: Wire, batch: Batch) -> Sequence[Verdict]:
        seen.append((batch.prepared.text, CALLER.get()))
        return await real(wire, batch)

    monkeypatch.setattr(driver, "send", send)

    async def stream(name: str) -> None:
        CALLER.set(name)
        to = numbers(recipients)
        async for _ in sms.send_many([Message(to=to, text=f"{name} {i}") for i in range(4)]):
            pass

    async def call(name: str) -> None:
        CALLER.set(name)
        for i in range(4):
            await sms.send(numbers(recipients), f"{name} {i}")

    async with asyncio.TaskGroup() as group:
        for name in ("one", "two"):
            group.create_task(stream(f"stream-{name}"))
            group.create_task(call(f"send-{name}"))
    assert len(seen) == 16
    assert all(text.startswith(f"{caller} ") for text, caller in seen)


async def test_a_short_send_passes_a_long_list(world: World) -> None:
    """Before it are only the batches that a list sets off at once: two for each connection."""
    world.sandbox.gateways["iba"].faults.delay = 0.01
    sms = world.dispatcher(iba={"max_connections": 2})
    long = asyncio.create_task(sms.send(numbers(400), "long"))
    await begun(world, 1)
    short = asyncio.create_task(sms.send(numbers(1), "short"))
    await asyncio.gather(long, short)
    sizes = [len(request.recipients) for request in world.ledger.requests]
    assert len(sizes) == 41
    # Two are under way and two in line; one or two may have got in line before it, while the test looked.
    assert sizes.index(1) <= 2 * 2 + 2


async def test_those_in_line_come_first(world: World) -> None:
    """A list's next batch stands behind who came before it was set off, whoever's request let it in."""
    world.sandbox.gateways["iba"].faults.delay = 0.02
    sms = world.dispatcher(iba={"max_connections": 1})
    long = asyncio.create_task(sms.send(numbers(100), "long"))
    await begun(world, 1)
    shorts = [asyncio.create_task(sms.send(number, "short")) for number in numbers(3, FIRST + 500)]
    await asyncio.gather(long, *shorts)
    sizes = [len(request.recipients) for request in world.ledger.requests]
    assert sizes == [10, 10, 1, 1, 1, *[10] * 8]


async def test_a_task_factory_need_not_know_of_contexts(world: World) -> None:
    """One that was written before Python 3.11 takes no `context`: nobody who waited in line is lost by that."""
    loop = asyncio.get_running_loop()
    sms = world.dispatcher(iba={"max_connections": 1})
    loop.set_task_factory(lambda loop, coroutine: asyncio.Task(coroutine, loop=loop))
    try:
        async with asyncio.timeout(5):
            sent = await asyncio.gather(*(sms.send(number, "Hi") for number in numbers(4)))
    finally:
        loop.set_task_factory(None)
    assert [each.outcome.state for each in sent] == [State.ACCEPTED] * 4


async def test_what_cancels_one_request_leaves_the_rest_of_its_list(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third party's driver whose own wait is cancelled by somebody: only its batch is cut off."""
    sms = world.dispatcher(iba={"max_connections": 1})
    driver = sms._engine.lanes["iba"].driver
    real = driver.send

    async def send(wire: Wire, batch: Batch) -> Sequence[Verdict]:
        if batch.recipients[0] == str(FIRST):
            raise asyncio.CancelledError
        return await real(wire, batch)

    monkeypatch.setattr(driver, "send", send)
    async with asyncio.timeout(5):
        submission = await sms.send(numbers(60), "Hi")
    assert [outcome.recipient for outcome in submission.rejected] == numbers(10)
    assert len(submission.accepted) == len(world.ledger.taken()) == 50
    assert_all_free(sms, 1)


# Whatever became of it, its place is the next one's.


def assert_all_free(sms: Dispatcher, connections: int) -> None:
    slots = sms._engine.lanes["iba"].gate.transport.slots
    assert slots.free == connections
    assert not slots._waiting


@pytest.mark.parametrize("many", [False, True], ids=["one", "list"])
async def test_a_driver_that_asks_nothing_holds_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    """One that fails before its request gives the connection back that was kept free for it."""
    sms = world.dispatcher(iba={"max_connections": 2, "batch_size": 2})
    driver = sms._engine.lanes["iba"].driver

    async def send(wire: Wire, batch: Batch) -> Sequence[Verdict]:
        raise RuntimeError("a fault")

    with monkeypatch.context() as patched:
        patched.setattr(driver, "send", send)
        async with asyncio.timeout(5):
            failed = await sms.send(numbers(20 if many else 1), "Hi")
    assert not failed.accepted
    assert not world.ledger.requests
    assert_all_free(sms, 2)
    assert len((await sms.send(numbers(20), "Hi again")).accepted) == 20


@pytest.mark.parametrize("how", ["timeout", "cancelled"])
async def test_who_leaves_the_line_holds_nothing(world: World, how: str) -> None:
    """Callers who stop waiting for their turn are not sent, and those behind them are."""
    world.sandbox.gateways["iba"].faults.delay = 0.2
    sms = world.dispatcher(iba={"max_connections": 1})
    first = asyncio.create_task(sms.send(numbers(1), "first"))
    await begun(world, 1)
    leaving = [
        asyncio.create_task(sms.send(number, "left", timeout=0.05 if how == "timeout" else None))
        for number in numbers(3)
    ]
    last = asyncio.create_task(sms.send(numbers(1), "last"))
    await asyncio.sleep(0)
    if how == "cancelled":
        for task in leaving:
            task.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    assert [(await task).outcome.state for task in (first, last)] == [State.ACCEPTED] * 2
    assert [taken.text for taken in world.ledger.taken()] == ["first", "last"]
    assert_all_free(sms, 1)


async def test_a_circuit_that_opens_empties_the_line(world: World, peer: Peers) -> None:
    """Who stands in line when the circuit opens is told so at once, and holds no connection."""
    gateway = await peer(world.says("Bad", 500))
    sms = world.dispatcher(
        {"retry": {"attempts": 1}, "breaker": {"failures": 1, "rest": 600}},
        iba={"max_connections": 1, "url": world.at(gateway)},
    )
    async with asyncio.timeout(5):
        sent = await asyncio.gather(*(sms.send(number, "Hi") for number in numbers(5)))
    assert [each.outcome.state for each in sent] == [State.UNKNOWN, *[State.REJECTED] * 4]
    assert len(gateway.requests) == 1
    assert_all_free(sms, 1)


async def test_what_fails_over_to_smaller_requests_holds_nothing(world: World) -> None:
    """The first provider's connection is the next one's, and each further request takes one of its own provider's."""
    sms = world.dispatcher(
        {"retry": {"attempts": 1}},
        iba={"max_connections": 1, "url": "http://127.0.0.1:1/"},
        other={"driver": "iba", "max_connections": 1, "batch_size": 3},
    )
    async with asyncio.timeout(5):
        submission = await sms.send(numbers(30), "Hi")
    assert {outcome.provider for outcome in submission.accepted} == {"other"}
    assert len(world.ledger.taken()) == len(submission.accepted) == 30
    assert {len(request.recipients) for request in world.ledger.requests} == {3, 1}
    assert_all_free(sms, 1)
    assert sms._engine.lanes["other"].gate.transport.slots.free == 1
