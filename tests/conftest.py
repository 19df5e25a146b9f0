"""Gateways that misbehave over real loopback sockets, and what a transport may never do in front of them.

`peer` starts a gateway: `await peer(step, step, ...)`. A step answers one request: bytes are sent as they are, a
function gets the `Line` and does what it likes; the last step answers all further requests. It counts what it saw.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import ssl
import struct
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from smsgw.errors import SmsgwError
from smsgw.transport import Request, Transport

PASSWORD = "CANARY-pa55word"
TEXT = "CANARY-private-text"
_SECRETS = f"pwd={PASSWORD}&text={TEXT}"


class Line:
    """One connection, from the gateway's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        """RST instead of FIN."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    async def silence(self) -> None:
        """Say nothing until the other side has gone."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass


Step = bytes | Callable[[Line], Awaitable[None]]


class Peer:
    """A gateway that follows a script, and counts."""

    def __init__(self, script: tuple[Step, ...], greeting: bytes, scheme: str) -> None:
        self.requests: list[bytes] = []
        """Every complete request: head and body."""
        self.received = bytearray()
        """Every byte."""
        self.lines: list[Line] = []
        """Every connection."""
        self._script = script
        self._greeting = greeting
        self._scheme = scheme
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/send.php?{_SECRETS}"

    def get(self) -> Request:
        return Request("GET", self.url)

    def post(self) -> Request:
        return Request("POST", self.url.partition("?")[0], _SECRETS.encode())

    async def seen(self, requests: int) -> None:
        """Wait until so many requests were seen."""
        async with asyncio.timeout(2):
            while len(self.requests) < requests:
                self._news.clear()
                await self._news.wait()

    async def all_ended(self) -> None:
        """Wait until no connection is left."""
        _, open_ = await asyncio.wait(self._tasks, timeout=2)
        assert not open_, "a connection was left open"

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(Line(reader, writer)))
        self._tasks.add(task)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _serve(self, line: Line) -> None:
        self.lines.append(line)
        try:
            if self._greeting:
                await line.send(self._greeting)
            while not line.writer.is_closing() and await self._take(line):
                step = self._script[min(len(self.requests), len(self._script)) - 1]
                await (line.send(step) if isinstance(step, bytes) else step(line))
        except ConnectionError:
            pass
        finally:
            line.close()

    async def _take(self, line: Line) -> bool:
        """Read one request; whether there was one."""
        data = b""
        while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < _length(data):
            chunk = await line.reader.read(65536)
            if not chunk:
                return False
            self.received += chunk
            data += chunk
        self.requests.append(data)
        self._news.set()
        return True


def _length(data: bytes) -> int:
    for header in data.partition(b"\r\n\r\n")[0].lower().split(b"\r\n"):
        name, _, value = header.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0


class Peers:
    """Starts peers."""

    def __init__(self, stack: contextlib.AsyncExitStack) -> None:
        self._stack = stack

    async def __call__(self, *script: Step, greeting: bytes = b"", tls: ssl.SSLContext | None = None) -> Peer:
        peer = Peer(script, greeting, "http" if tls is None else "https")
        server = await asyncio.start_server(peer.accept, "127.0.0.1", 0, ssl=tls)
        self._stack.push_async_callback(peer.stop)
        self._stack.callback(server.close)
        peer.port = server.sockets[0].getsockname()[1]
        return peer


class Client:
    """Makes sessions and transports, which it closes in the end, and watches what their failures give away."""

    def __init__(self) -> None:
        self._transports: list[Transport] = []
        self._sessions: list[aiohttp.ClientSession] = []

    def session(
        self, *, connector: aiohttp.BaseConnector | None = None, **options: object
    ) -> aiohttp.ClientSession:
        connector = connector or aiohttp.TCPConnector(keepalive_timeout=2)
        session = aiohttp.ClientSession(connector=connector, **options)  # type: ignore[arg-type]
        self._sessions.append(session)
        return session

    def transport(
        self,
        *,
        timeout: float = 5,
        keepalive: float = 2,
        session: aiohttp.ClientSession | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Transport:
        transport = Transport(provider="main", timeout=timeout, keepalive=keepalive, session=session, tls=tls)
        self._transports.append(transport)
        return transport

    async def fails(
        self,
        transport: Transport,
        request: Request,
        kind: type[SmsgwError],
        before_first_byte: Callable[[], None] | None = None,
    ) -> SmsgwError:
        """`request` fails with exactly `kind`, which gives no secret away."""
        with pytest.raises(kind) as caught:
            await transport.request(request, before_first_byte)
        error = caught.value
        assert type(error) is kind
        assert error.__cause__ is None
        assert error.__context__ is None
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        frames = [frame for frame in shown.stack if "/smsgw/transport/" in frame.filename]
        assert frames
        for said in (
            str(error),
            repr(error),
            repr(error.args),
            repr(vars(error)),
            repr([f.locals for f in frames]),
        ):
            _assert_discreet(said)
        return error

    async def close(self) -> None:
        for transport in self._transports:
            connector = transport._session.connector if transport._session is not None else None
            if connector is not None:
                assert not connector._acquired, "a connection was left open"
            await transport.aclose()
        for session in self._sessions:
            await session.close()


def _assert_discreet(said: str) -> None:
    assert "CANARY" not in said


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Processes that tests start end by SIGINT, also where the tests run in the background, which ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
async def peer() -> AsyncIterator[Peers]:
    async with contextlib.AsyncExitStack() as stack:
        yield Peers(stack)


@pytest.fixture
async def client(caplog: pytest.LogCaptureFixture) -> AsyncIterator[Client]:
    """A `Client`, in asyncio's debug mode; no logger may name a secret, nor warn of something left behind."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    caplog.set_level(logging.DEBUG)
    gc.freeze()  # so that collecting looks at what the test made, and is quick
    client = Client()
    yield client
    try:
        await client.close()
    finally:
        gc.collect()
        gc.unfreeze()
    for record in caplog.get_records("call") + caplog.records:
        _assert_discreet(f"{record.getMessage()} {record.args!r} {record.exc_info!r} {record.exc_text}")
        if (
            "transport creation for incoming connection" not in record.getMessage()
        ):  # the peer's own complaint
            assert record.levelno < logging.WARNING, record.getMessage()


@pytest.fixture(params=["its own session", "a session passed in"])
async def transport(request: pytest.FixtureRequest, client: Client) -> Transport:
    """A transport, with either kind of session; both reuse connections."""
    return client.transport(session=client.session() if request.param == "a session passed in" else None)


@pytest.fixture(scope="session", autouse=True)
def no_stray_loop() -> None:
    """The plugin of looptime 0.9 opens a loop for a sync test that comes first, and never closes it."""
    asyncio.set_event_loop(None)
