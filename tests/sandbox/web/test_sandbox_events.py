"""Server-sent events: they say that something changed, and soon."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest

from smsgw.sandbox import Sandbox

Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]
Next = Callable[[], Awaitable[dict[str, Any]]]


@asynccontextmanager
async def listening(sandbox: Sandbox, session: aiohttp.ClientSession) -> AsyncIterator[Next]:
    """Gives the data of the next event, each time that it is called."""
    async with session.get(sandbox.url + "api/events") as response:
        assert response.content_type == "text/event-stream"

        async def following() -> dict[str, Any]:
            async with asyncio.timeout(5):
                assert await response.content.readline() == b"event: news\n"
                data = await response.content.readline()
                assert await response.content.readline() == b"\n"
            told: dict[str, Any] = json.loads(data.removeprefix(b"data: "))
            return told

        yield following


@pytest.fixture
async def news(sandbox: Sandbox, session: aiohttp.ClientSession) -> AsyncIterator[Next]:
    async with listening(sandbox, session) as following:
        yield following


def grown(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """What has another revision than before."""
    return {area for area in ("messages", "faults", "incoming", "settings") if before[area] != after[area]}


async def test_a_listener_is_told_at_once_how_things_stand(send: Ask, news: Next) -> None:
    """So that nothing falls between asking and listening."""
    told = await news()
    assert (told["last"], told["kept"], told["on"]) == (0, 0, {})


async def test_each_change_is_told_where_it_happened(
    sandbox: Sandbox, send: Ask, news: Next, advance: Advance
) -> None:
    """A message, a fault switched and used up, a state that moved on, a setting, a message from a phone."""
    before = await news()
    await send("iba")
    after = await news()
    assert (grown(before, after), after["last"]) == ({"messages"}, 1)
    sandbox.gateways["iba"].faults.bad_gateway = 1
    before, after = after, await news()
    assert (grown(before, after), after["on"]) == ({"faults"}, {"iba": ["bad_gateway"]})
    assert (await send("iba"))[0] == 502
    before, after = after, await news()
    assert (grown(before, after), after["on"]) == ({"faults", "messages"}, {})
    advance(3)
    before, after = after, await news()
    assert grown(before, after) == {"messages"}
    sandbox.world.delivery_after = 9
    before, after = after, await news()
    assert grown(before, after) == {"settings"}
    sandbox.world.incoming.url = "http://127.0.0.1:9/"
    sandbox.world.incoming.write(sender="7", receiver="1", text="Hi")
    before, after = after, await news()
    assert {"incoming", "settings"} <= grown(before, after)


async def test_all_listeners_hear_all(sandbox: Sandbox, session: aiohttp.ClientSession, send: Ask) -> None:
    """One takes nothing from another."""
    async with listening(sandbox, session) as first, listening(sandbox, session) as second:
        await first()
        await second()
        await send("iba")
        assert (await first())["last"] == (await second())["last"] == 1


async def test_many_messages_are_few_events(sandbox: Sandbox, send: Ask, news: Next) -> None:
    """What comes in a burst is told at once, not one by one."""
    await news()
    for number in range(100):
        await send("iba", text=str(number))
    events = 1
    while (await news())["last"] < 100:
        events += 1
    assert events < 50


async def test_a_stopped_sandbox_ends_the_streams(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """At once."""
    async with session.get(sandbox.url + "api/events") as response:
        await response.content.readline()
        async with asyncio.timeout(5):
            await sandbox.stop()
            with suppress(aiohttp.ClientPayloadError):
                await response.read()
