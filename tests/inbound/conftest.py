"""Incoming messages over real loopback sockets, to the same handler under aiohttp and under uvicorn."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import uvicorn
from attrs import frozen

from smsgw.inbound import InboundASGI, InboundMessage, InboundServer, inbound_app

SECRET = "CANARY-secret-path"
TEXT = "CANARY-private-text"
SENDER = "79035550101"


@frozen
class Reply:
    status: int
    head: str
    body: str


class Place:
    """Where a server listens."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def ask(self, target: str, *, method: str = "GET", headers: tuple[str, ...] = ()) -> Reply:
        """One request, written as it stands."""
        reader, writer = await self.begin(target, method=method, headers=headers)
        try:
            raw = await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()
        head, _, body = raw.partition(b"\r\n\r\n")
        return Reply(int(head.split(b" ")[1]), head.decode(), body.decode())

    async def begin(
        self, target: str, *, method: str = "GET", headers: tuple[str, ...] = ()
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A request that is under way, for a client that hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"{method} {target} HTTP/1.1", "Host: here", "Connection: close", *headers, "", ""]
        writer.write("\r\n".join(lines).encode("utf-8", "surrogateescape"))
        await writer.drain()
        return reader, writer


@contextlib.asynccontextmanager
async def _aiohttp(handler: Any, **settings: Any) -> AsyncIterator[Place]:
    async with InboundServer(inbound_app(handler, **settings), "127.0.0.1", 0) as server:
        yield Place(server.addresses[0][1])


@contextlib.asynccontextmanager
async def _uvicorn(handler: Any, **settings: Any) -> AsyncIterator[Place]:
    app = InboundASGI(handler, **settings)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            app, log_level="critical", lifespan="on", ws="none", http="h11", proxy_headers=False
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve([listening]))
        try:
            while not server.started:
                assert not task.done(), "the server ended"
                await asyncio.sleep(0.001)
            yield Place(listening.getsockname()[1])
        finally:
            server.should_exit = True
            await task


Serve = Callable[..., contextlib.AbstractAsyncContextManager[Place]]


@pytest.fixture(params=[_aiohttp, _uvicorn], ids=["aiohttp", "uvicorn"])
def serve(request: pytest.FixtureRequest) -> Serve:
    """`async with serve(handler, …) as place`: a server of incoming messages."""
    made: Serve = request.param
    return made


class Handler:
    """A handler that remembers what it was handed; `work` may wait, or fail."""

    def __init__(self, work: Callable[[InboundMessage], Awaitable[object]] | None = None) -> None:
        self.messages: list[InboundMessage] = []
        self.work = work

    async def __call__(self, message: InboundMessage) -> object:
        self.messages.append(message)
        return None if self.work is None else await self.work(message)

    @property
    def ids(self) -> list[str]:
        return [message.message_id for message in self.messages]


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture(autouse=True)
def _logs_tell_nothing(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No test may find a text, a number or the secret in a log."""
    caplog.set_level(logging.DEBUG, "smsgw")
    yield
    records = [record for phase in ("setup", "call") for record in caplog.get_records(phase)]
    said = "\n".join([record.getMessage() for record in records if record.name.startswith("smsgw")])
    for private in (TEXT, SENDER, SECRET):
        assert private not in said
