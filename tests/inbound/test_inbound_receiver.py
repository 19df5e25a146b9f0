"""The heart: the handler once for each message, its mark, and only then the acknowledgement."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from smsgw.inbound import InboundMessage, MemoryInboundStore, Receiver
from tests.inbound.conftest import SENDER, TEXT, Handler
from tests.inbound.doubles import Broken, Gate, call, said

# Once.


async def test_acknowledged(handler: Handler) -> None:
    """A message is handled, and acknowledged by its identifier."""
    async with Receiver(handler) as receiver:
        answer = await receiver.receive(call("5094"))
    assert said(answer) == (200, "smsid=5094")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert [(message.text, message.sender) for message in handler.messages] == [(TEXT, SENDER)]


async def test_repeat(handler: Handler) -> None:
    """A repeat is acknowledged at once, without the handler."""
    async with Receiver(handler) as receiver:
        answers = [said(await receiver.receive(call())) for _ in range(3)]
    assert answers == [(200, "smsid=1")] * 3
    assert handler.ids == ["1"]


async def test_not_before_the_end() -> None:
    """While the handler is at work there is no acknowledgement."""
    gate = Gate()
    async with Receiver(Handler(gate)) as receiver:
        task = asyncio.create_task(receiver.receive(call()))
        await gate.reached.wait()
        await asyncio.sleep(0.02)
        assert not task.done()
        gate.open.set()
        assert said(await task) == (200, "smsid=1")


async def test_marked_before_the_acknowledgement(handler: Handler) -> None:
    """The mark is in the store before the answer is there; the handler was called before."""
    marked = asyncio.Event()
    order: list[str] = []

    class Slow(MemoryInboundStore):
        async def add(self, message_id: str, reply: str) -> None:
            order.append("handled" if handler.messages else "not handled")
            await marked.wait()
            await super().add(message_id, reply)

    async with Receiver(handler, store=Slow()) as receiver:
        task = asyncio.create_task(receiver.receive(call()))
        await asyncio.sleep(0.02)
        assert (order, task.done()) == (["handled"], False)
        marked.set()
        assert (await task).status == 200


async def test_at_once() -> None:
    """Two calls at once are one: the second shares the end of the first."""
    gate = Gate()
    handler = Handler(gate)
    async with Receiver(handler) as receiver:
        calls = [asyncio.create_task(receiver.receive(call())) for _ in range(5)]
        await gate.reached.wait()
        gate.open.set()
        answers = await asyncio.gather(*calls)
    assert [said(answer) for answer in answers] == [(200, "smsid=1")] * 5
    assert handler.ids == ["1"]


async def test_at_once_failing() -> None:
    """They share a failure, too."""
    gate = Gate()

    async def fail(message: InboundMessage) -> None:
        await gate(message)
        raise RuntimeError

    handler = Handler(fail)
    async with Receiver(handler) as receiver:
        calls = [asyncio.create_task(receiver.receive(call())) for _ in range(3)]
        await gate.reached.wait()
        gate.open.set()
        assert [(await task).status for task in calls] == [500] * 3
    assert handler.ids == ["1"]


async def test_different_ones_side_by_side() -> None:
    """A message does not wait for another."""
    gate = Gate()

    async def first_waits(message: InboundMessage) -> None:
        if message.message_id == "1":
            await gate(message)

    async with Receiver(Handler(first_waits)) as receiver:
        task = asyncio.create_task(receiver.receive(call("1")))
        await gate.reached.wait()
        assert (await receiver.receive(call("2"))).status == 200
        gate.open.set()
        await task


async def test_caller_gone() -> None:
    """A caller that goes away disturbs neither the handler nor who waits for it, too."""
    gate = Gate()
    handler = Handler(gate)
    async with Receiver(handler) as receiver:
        first = asyncio.create_task(receiver.receive(call()))
        await gate.reached.wait()
        second = asyncio.create_task(receiver.receive(call()))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        gate.open.set()
        assert said(await second) == (200, "smsid=1")
    assert (handler.ids, gate.cancelled) == (["1"], False)


async def test_all_callers_gone() -> None:
    """What nobody waits for any more is handled to its end, and then remembered."""
    gate = Gate()
    handler = Handler(gate)
    async with Receiver(handler) as receiver:
        first = asyncio.create_task(receiver.receive(call()))
        await gate.reached.wait()
        first.cancel()
        await asyncio.wait([first])
        gate.open.set()
        assert said(await receiver.receive(call())) == (200, "smsid=1")
    assert handler.ids == ["1"]


# The synchronous mode.


async def test_reply() -> None:
    """In the reply mode the handler's str is the body, also of a repeat, and of one after a restart."""

    async def answer(message: InboundMessage) -> str:
        return f"Спасибо {len(handler.messages)}"

    handler = Handler(answer)
    store = MemoryInboundStore()
    for _ in range(2):
        async with Receiver(handler, store=store, reply=True) as receiver:
            assert said(await receiver.receive(call())) == (200, "Спасибо 1")
            assert said(await receiver.receive(call())) == (200, "Спасибо 1")
    assert handler.ids == ["1"]


@pytest.mark.parametrize(
    ("returned", "expected"),
    [(None, (200, "")), ("", (200, "")), (5, (500, "not handled\n")), ("\ud800", (500, "not handled\n"))],
)
async def test_no_reply(returned: object, expected: tuple[int, str]) -> None:
    """None is an empty body; what is no text fails, for the subscriber is owed one."""

    async def answer(message: InboundMessage) -> object:
        return returned

    async with Receiver(Handler(answer), reply=True) as receiver:
        assert said(await receiver.receive(call())) == expected


async def test_reply_that_goes_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    """Without the reply mode a returned str is not sent, and that is said once."""

    async def answer(message: InboundMessage) -> str:
        return TEXT

    async with Receiver(Handler(answer)) as receiver:
        answers = [said(await receiver.receive(call(number))) for number in "12"]
    assert answers == [(200, "smsid=1"), (200, "smsid=2")]
    assert caplog.text.count("reply=True") == 1


# The end.


async def test_close_waits() -> None:
    """Closing takes no more messages, and waits for handlers that are at work."""
    gate = Gate()
    receiver = Receiver(Handler(gate))
    await receiver.open()
    task = asyncio.create_task(receiver.receive(call()))
    await gate.reached.wait()
    closing = asyncio.create_task(receiver.aclose())
    await asyncio.sleep(0.02)
    assert not closing.done()
    assert (await receiver.receive(call("2"))).status == 503
    gate.open.set()
    await closing
    assert said(await task) == (200, "smsid=1")
    await receiver.aclose()


async def test_close_is_bounded() -> None:
    """What takes longer than closing may is cancelled, and not acknowledged."""
    gate = Gate()
    store = Broken()
    receiver = Receiver(Handler(gate), store=store)
    task = asyncio.create_task(receiver.receive(call()))
    await gate.reached.wait()
    await receiver.aclose(0.02)
    assert (await task).status == 500
    assert gate.cancelled
    assert "add" not in store.asked


async def test_close_cuts_off_words(caplog: pytest.LogCaptureFixture) -> None:
    """What a handler raises as it is cut off is not logged in its own words either."""
    reached = asyncio.Event()

    async def fail(message: InboundMessage) -> None:
        reached.set()
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError(message.text)

    receiver = Receiver(Handler(fail))
    task = asyncio.create_task(receiver.receive(call()))
    await reached.wait()
    await receiver.aclose(0)
    assert (await task).status == 500
    gc.collect()
    assert "the handler of message 1 failed" in caplog.text
    assert TEXT not in caplog.text


def plain(message: InboundMessage) -> None:
    """No coroutine function."""


@pytest.mark.parametrize("handler", [plain, None, "handle"])
def test_not_a_handler(handler: Any) -> None:
    """A handler that is not `async def` is told at once."""
    with pytest.raises(TypeError, match="async def"):
        Receiver(handler)


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_bad_timeout(handler: Handler, timeout: float) -> None:
    """A timeout is more than nothing."""
    with pytest.raises(ValueError, match="timeout"):
        Receiver(handler, timeout=timeout)


@pytest.mark.parametrize("max_handlers", [0, -1])
def test_bad_max_handlers(handler: Handler, max_handlers: int) -> None:
    """At least one message can be handled."""
    with pytest.raises(ValueError, match="max_handlers"):
        Receiver(handler, max_handlers=max_handlers)


@pytest.mark.parametrize("name", [None, "inbox.db"])
async def test_opened_again(handler: Handler, tmp_path: Path, name: str | None) -> None:
    """One that was closed goes on when it is opened again, and remembers."""
    receiver = Receiver(handler, store=None if name is None else tmp_path / name)
    for message_id in ("1", "2", "3"):
        async with receiver:
            answers = [said(await receiver.receive(call(given))) for given in ("1", message_id)]
        assert answers == [(200, "smsid=1"), (200, f"smsid={message_id}")]
        assert said(await receiver.receive(call("4")))[0] == 503
    assert handler.ids == ["1", "2", "3"]
