"""Callers who leave in the middle: what they get to see on their way out knows no secret."""

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest

from smsgw import Dispatcher, Message, Reference
from tests.faults.canaries.asking import dispatcher_at, listening, opened, text_for
from tests.faults.canaries.canary import MARKS
from tests.faults.server.speech import DRIVERS
from tests.faults.server.turn import Turn

Call = Callable[[Dispatcher, Message], Awaitable[object]]
_PROVIDER = "main"


async def _stream(sms: Dispatcher, message: Message) -> object:
    async with sms.send_many([message]) as outcomes:
        return [outcome async for outcome in outcomes]


async def _track(sms: Dispatcher, _: Message) -> object:
    async with sms.track([Reference(_PROVIDER, "4711")]) as reports:
        return [report async for report in reports]


CALLS: dict[str, Call] = {
    "submit": lambda sms, message: sms.submit(message),
    "send_many": _stream,
    "status": lambda sms, _: sms.status([Reference(_PROVIDER, "4711", "79161234567")]),
    "track": _track,
    "balance": lambda sms, _: sms.balance(_PROVIDER),
    "lookup": lambda sms, message: sms.lookup(message.to),
}
CASES = [
    pytest.param(driver, call, id=f"{driver}-{call}")
    for driver in DRIVERS
    for call in CALLS
    if (driver == "smstele" or call != "lookup") and (driver, call) != ("smstele", "balance")
]


async def _leave(call: Awaitable[object], limit: asyncio.Timeout) -> TimeoutError:
    try:
        async with limit:
            await call
    except TimeoutError as error:
        return error
    raise AssertionError("it did not wait")


@pytest.mark.parametrize(("driver", "call"), CASES)
async def test_a_call_that_is_given_up_shows_no_secret(driver: str, call: str) -> None:
    """Neither its `CancelledError`, with every variable of its frames, nor what is logged meanwhile and afterwards."""
    limit = asyncio.timeout(5)

    async def silence(turn: Turn) -> None:
        await turn.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK")
        asyncio.get_running_loop().call_later(0.01, limit.reschedule, 0)
        await turn.line.silence()

    message = Message(to=MARKS.recipients[:1], text=text_for(driver))
    with listening() as heard:
        async with opened(driver, silence, 0) as gateway, dispatcher_at(gateway, timeout=0.1) as sms:
            error = await _leave(CALLS[call](sms, message), limit)
            heard.errors += [error]
            heard.complaints += [repr(task) for task in asyncio.all_tasks()]
        gc.collect()
    assert isinstance(error.__cause__, asyncio.CancelledError)
    assert heard.secrets().findings == []


@pytest.mark.parametrize("driver", DRIVERS)
async def test_every_callback_may_be_called_slow(driver: str) -> None:
    """In debug mode asyncio shows the callbacks that take long, with their arguments: none holds a secret."""

    async def accept(turn: Turn) -> None:
        await turn.accept()

    asyncio.get_running_loop().slow_callback_duration = 0.0
    message = Message(to=MARKS.recipients[:2], text=text_for(driver))
    with listening() as heard:
        async with opened(driver, accept, 0) as gateway, dispatcher_at(gateway) as sms:
            submission = await sms.submit(message)
            await sms.status(submission.outcomes)
    assert any("Executing" in record.getMessage() for record in heard.records)
    assert heard.secrets().findings == []
