"""What fails is 500, and nothing that could be forgotten is acknowledged."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from smsgw.inbound import Call, InboundMessage, MemoryInboundStore, Receiver
from tests.inbound.conftest import TEXT, Handler
from tests.inbound.doubles import Broken, Gate, call, said

# Failures.


@pytest.mark.parametrize(
    "error", [ValueError(TEXT), asyncio.CancelledError(TEXT), ExceptionGroup(TEXT, [ValueError(TEXT)])]
)
async def test_handler_fails(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """A failure is 500, logged without a word of the message; the next call is handled anew."""

    async def fail_once(message: InboundMessage) -> None:
        if len(handler.messages) == 1:
            raise error

    handler = Handler(fail_once)
    async with Receiver(handler) as receiver:
        assert said(await receiver.receive(call())) == (500, "not handled\n")
        assert said(await receiver.receive(call())) == (200, "smsid=1")
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.getMessage().startswith("the handler of message 1 ")
    assert record.exc_info is None


async def test_handler_of_another_shape(caplog: pytest.LogCaptureFixture) -> None:
    """One that cannot even be called is its own failure, not the store's."""

    async def no_message() -> None:
        pass

    wrong: Any = no_message
    async with Receiver(wrong) as receiver:
        assert (await receiver.receive(call())).status == 500
    assert "the handler of message 1 failed" in caplog.text


async def test_handler_too_slow() -> None:
    """A handler that takes too long is cancelled, and the call answered 500."""
    gate = Gate()
    async with Receiver(Handler(gate), timeout=0.05) as receiver:
        assert (await receiver.receive(call())).status == 500
        assert gate.cancelled
        gate.open.set()
        assert (await receiver.receive(call())).status == 200


async def test_handler_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that ignores its cancellation is not begun a second time beside itself; what it does late counts."""
    monkeypatch.setattr("smsgw.inbound.receiver._GRACE", 0.05)
    end = asyncio.Event()

    async def stubborn(message: InboundMessage) -> None:
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue

    handler = Handler(stubborn)
    async with Receiver(handler, timeout=0.05) as receiver:
        assert [(await receiver.receive(call())).status for _ in range(2)] == [500, 500]
        end.set()
        assert (await receiver.receive(call())).status == 200
    assert handler.ids == ["1"]


@pytest.mark.parametrize(
    ("query", "status"), [(b"text=Hi", 400), (b"smsid=", 400), (b"", 400), (b"a" * 9000, 414)]
)
async def test_bad_call(handler: Handler, query: bytes, status: int) -> None:
    """What is no message reaches neither the store nor the handler."""
    store = Broken()
    async with Receiver(handler, store=store) as receiver:
        assert (await receiver.receive(Call("GET", "", query))).status == status
    assert (handler.messages, store.asked) == ([], ["open"])


async def test_too_many_at_once() -> None:
    """Beyond `max_handlers` a call is turned away for now; repeats of what is at work are not."""
    gate = Gate()
    async with Receiver(Handler(gate), max_handlers=1) as receiver:
        first = asyncio.create_task(receiver.receive(call("1")))
        await gate.reached.wait()
        assert (await receiver.receive(call("2"))).status == 503
        again = asyncio.create_task(receiver.receive(call("1")))
        await asyncio.sleep(0)
        gate.open.set()
        assert [(await task).status for task in (first, again)] == [200, 200]
        assert (await receiver.receive(call("2"))).status == 200


# The store.


async def test_store_cannot_look_up(handler: Handler) -> None:
    """Where it is not known whether a message was handled, it is not handled and not acknowledged."""
    store = Broken()
    async with Receiver(handler, store=store) as receiver:
        store.failing = {"find"}
        assert (await receiver.receive(call())).status == 500
        assert handler.ids == []
        store.failing = set()
        assert (await receiver.receive(call())).status == 200


async def test_store_cannot_mark(handler: Handler) -> None:
    """What is handled and not marked is not acknowledged; a repeat tries the mark again, and not the handler."""
    store = Broken()
    async with Receiver(handler, store=store) as receiver:
        store.failing = {"add"}
        assert [(await receiver.receive(call())).status for _ in range(2)] == [500, 500]
        store.failing = set()
        assert said(await receiver.receive(call())) == (200, "smsid=1")
        assert await store.find("1") == ""
    assert handler.ids == ["1"]


async def test_store_opened_late(handler: Handler) -> None:
    """Where nobody opened the receiver, the first call does; a store that then cannot be opened is 500."""
    store = Broken()
    store.failing = {"open"}
    receiver = Receiver(handler, store=store)
    assert (await receiver.receive(call())).status == 500
    store.failing = set()
    assert (await receiver.receive(call())).status == 200
    await receiver.aclose()


async def test_foreign_fault(handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    """A store that raises what it likes is 500, and its words are not logged: they might be private."""

    class Foreign(MemoryInboundStore):
        async def add(self, message_id: str, reply: str) -> None:
            raise KeyError(TEXT)

    async with Receiver(handler, store=Foreign()) as receiver:
        assert (await receiver.receive(call())).status == 500
    assert "KeyError" in caplog.text


async def test_whose_store(handler: Handler, tmp_path: Path) -> None:
    """A store that was passed in is opened and not closed; one that a path asked for is both."""
    store = Broken()
    async with Receiver(handler, store=store):
        pass
    assert store.asked == ["open"]
    async with Receiver(handler, store=tmp_path / "inbox.db") as receiver:
        await receiver.receive(call())
    async with Receiver(handler, store=str(tmp_path / "inbox.db")) as receiver:
        assert (await receiver.receive(call())).status == 200
    assert handler.ids == ["1"]
