"""A user's application on loopback that answers as a test says, and incoming messages that go to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from smsgw.sandbox.incoming import IncomingMessage, IncomingMessages

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

WRITTEN = datetime(2026, 11, 21, 22, 30, 5, tzinfo=UTC)  # in Moscow the next day has begun


class App:
    """The user's application: answers by a list, the last of which stays, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[Handler] = [acknowledge]
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.raw_path)
        self.headers.append(dict(request.headers))
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return await answer(request)


async def acknowledge(request: web.Request) -> web.Response:
    return web.Response(text=f"smsid={request.query['smsid']}")


async def drop(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silence(request: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_length = 100
    await response.prepare(request)
    await response.write(b"smsid=")
    assert request.transport is not None
    request.transport.close()
    return response


def says(text: str, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        body = text.replace("{id}", request.query["smsid"]).encode("utf-8", "surrogateescape")
        return web.Response(body=body, status=status, headers=headers)

    return answer


@pytest.fixture
async def app() -> AsyncIterator[App]:
    told = App()
    served = web.Application()
    served.router.add_route("*", "/{path:.*}", told.handle)
    runner = web.AppRunner(served, access_log=None, handler_cancellation=True, shutdown_timeout=0.05)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    told.url = f"http://127.0.0.1:{runner.addresses[0][1]}/sms.php"
    yield told
    await runner.cleanup()


@pytest.fixture
async def incoming(app: App, clock: Callable[[], float]) -> AsyncIterator[IncomingMessages]:
    start = clock()
    made = IncomingMessages(clock=clock, wall=lambda: WRITTEN + timedelta(seconds=clock() - start))
    made.url = app.url
    await made.start()
    yield made
    await made.aclose()


def write(incoming: IncomingMessages, text: str = "Да", **given: str) -> int:
    return incoming.write(**{"sender": "79031234567", "receiver": "1234", "text": text, **given}).number


def found(incoming: IncomingMessages, number: int) -> IncomingMessage:
    message = incoming.message(number)
    assert message is not None
    return message


def ids_in(asked: list[str]) -> list[str]:
    return [parse_qs(urlsplit(target).query)["smsid"][0] for target in asked]


async def glances(seconds: float = 0.25) -> None:
    """Long enough for the timer to look at the clock."""
    await asyncio.sleep(seconds)
