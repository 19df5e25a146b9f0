"""One dispatcher and several event loops, one after the other."""

import asyncio
import gc
import logging
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from smsgw import Dispatcher, Message, Outcome, State
from smsgw.entry import Entry, Scope
from smsgw.errors import NotSubmitted
from smsgw.sandbox import Ledger
from smsgw.streaming import OutcomeStream
from smsgw.testing import SandboxServer

NUMBERS = [str(79160000000 + number) for number in range(30)]


@pytest.fixture
def line(caplog: pytest.LogCaptureFixture) -> Iterator[tuple[Dispatcher, Ledger]]:
    """A dispatcher of two connections before a slow gateway, and what was taken there; nothing is complained about."""
    caplog.set_level(logging.DEBUG)
    with SandboxServer() as sandbox:
        sandbox.faults["iba"].delay = 0.05
        given = sandbox.config("iba")["providers"]["iba"]
        provider = {**given, "max_connections": 2, "batch_size": 1}
        yield Dispatcher.from_config({"providers": {"iba": provider}}), sandbox.ledger
        gc.collect()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


class Told:
    """Who is told of entries that nobody waits for."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def settled(self, entry: Entry) -> None:
        if entry.outcome is not None:
            self.outcomes.append(entry.outcome)


async def until_in_line(sms: Dispatcher) -> None:
    """Both connections are busy, and others wait for them."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    async with asyncio.timeout(5):
        slots = sms._engine.lanes["iba"].gate.transport.slots
        while sms.stats["iba"].requests < 2 or not slots._waiting:  # noqa: ASYNC110 - nobody is told of it
            await asyncio.sleep(0.005)


def assert_nothing_waits(sms: Dispatcher) -> None:
    slots = sms._engine.lanes["iba"].gate.transport.slots
    assert slots.free == 2
    assert not slots._waiting


async def send_and_close(sms: Dispatcher) -> None:
    async with asyncio.timeout(5):
        assert (await sms.send("79031234567", "second")).outcome.state is State.ACCEPTED
        await sms.aclose()


def test_what_a_loop_that_ended_has_closed_is_opened_again_in_the_next() -> None:
    """A dispatcher that nobody closed sends in the next loop as in the first."""
    with SandboxServer() as sandbox:
        sms = Dispatcher.from_config(sandbox.config("iba"))

        async def send(text: str) -> State:
            return (await sms.send("79031234567", text)).outcome.state

        assert [asyncio.run(send(text)) for text in ("one", "two")] == [State.ACCEPTED] * 2
        asyncio.run(sms.aclose())


def test_a_list_in_line_ends_with_its_loop(line: tuple[Dispatcher, Ledger]) -> None:
    """Nobody closed the dispatcher: nothing takes the places of the requests that were cut off, then or later."""
    sms, ledger = line
    tasks: list[asyncio.Task[object]] = []

    async def begin() -> None:
        tasks.append(asyncio.create_task(sms.send(NUMBERS, "first")))
        await until_in_line(sms)

    asyncio.run(begin())
    began = sms.stats["iba"].requests
    assert_nothing_waits(sms)
    asyncio.run(send_and_close(sms))
    assert sms.stats["iba"].requests == began + 1
    assert not ledger.sent_twice()


def test_a_loop_closed_before_it_gave_tasks_leaves_that_to_the_next() -> None:
    """What it had let in is begun by the next loop that lets anyone in; nothing waits for the dead one."""
    with SandboxServer() as sandbox:
        given = sandbox.config("iba")["providers"]["iba"]
        provider = {**given, "max_connections": 1, "batch_size": 1}
        sms = Dispatcher.from_config({"providers": {"iba": provider}})
        slots = sms._engine.lanes["iba"].gate.transport.slots

        async def let_in_and_die() -> None:
            assert slots.take()
            sms._engine.start(sms._engine.contents.of(message), [Entry(message, NUMBERS[0], told)], Scope())
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(asyncio.get_running_loop(), "call_soon", lambda *_, **__: None)
                slots.release()

        async def go_on() -> list[Outcome]:
            async with asyncio.timeout(5):
                return list(await sms.send(NUMBERS[1:4], "second"))

        message, told = Message(to=NUMBERS[0], text="first"), Told()
        asyncio.run(let_in_and_die())
        outcomes = asyncio.run(go_on())
        assert [outcome.state for outcome in [*told.outcomes, *outcomes]] == [State.ACCEPTED] * 4


@pytest.mark.parametrize("count", [30, 100_000], ids=["read to its end", "still being read"])
def test_a_stream_in_line_ends_with_its_loop(line: tuple[Dispatcher, Ledger], count: int) -> None:
    """So too, and whoever goes on with it in the next loop is told of all that was read, and if it is not all."""
    sms, ledger = line
    read: list[str] = []
    told: list[Outcome] = []
    streams: list[OutcomeStream] = []

    def source() -> Iterator[Message]:
        for number in range(count):
            read.append(str(79160000000 + number))
            yield Message(to=read[-1], text="first")

    async def begin() -> None:
        streams.append(sms.send_many(source()))
        told.append(await anext(streams[0]))
        await until_in_line(sms)

    async def go_on() -> None:
        async with asyncio.timeout(5):
            async for outcome in streams[0]:
                told.append(outcome)  # noqa: PERF401 - it ends by an error

    asyncio.run(begin())
    began = sms.stats["iba"].requests
    assert_nothing_waits(sms)
    not_all = pytest.raises(RuntimeError, match="did not read its source to the end: the event loop ended")
    with nullcontext() if count == len(NUMBERS) else not_all:
        asyncio.run(go_on())
    recipients = {outcome.recipient for outcome in told}
    assert len(recipients) == len(told)
    assert recipients in (set(read), set(read[:-1]))  # the last one may have waited for room
    refused = [outcome for outcome in told if outcome.state is State.REJECTED]
    assert {type(outcome.error) for outcome in refused} == {NotSubmitted}
    taken = {message.recipient for message in ledger.messages}
    assert not taken & {outcome.recipient for outcome in refused}
    asyncio.run(send_and_close(sms))
    assert sms.stats["iba"].requests == began + 1
