"""What one would write by hand: a loop over aiohttp, and below it asyncio's own transports as the floor.

Neither validates, keeps verdicts, or knows a recipient again.
"""

import asyncio
from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlsplit

import aiohttp

__all__ = ["CONNECTIONS", "TEXT", "aiohttp_loop", "head_of", "raw_loop"]

TEXT = "Hello from the benchmark"
CONNECTIONS = 20


def head_of(url: str) -> str:
    """The URL of a request, up to its numbers."""
    return f"{url}sendsms.php?user=test&pwd=test&sadr=TESTSMS&text={quote(TEXT)}&dadr="


def _batches(numbers: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))


async def aiohttp_loop(url: str, numbers: Sequence[str], batch: int, connections: int = CONNECTIONS) -> int:
    """As many workers as connections, each sending the next batch when its last one has been answered."""
    head, waiting = head_of(url), _batches(numbers, batch)
    accepted = 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work() -> None:
            nonlocal accepted
            for batched in waiting:
                async with session.get(head + ",".join(batched)) as response:
                    ids = await response.text()  # `accepted +=` of what is awaited would lose others' counts
                    accepted += len(ids.split(","))

        await asyncio.gather(*(work() for _ in range(connections)))
    return accepted


class _Raw(asyncio.Protocol):
    """One connection: the next request as soon as the last reply is whole. No task, no parser, no headers of a reply."""

    def __init__(self, head: bytes, tail: bytes, waiting: Iterator[Sequence[str]]) -> None:
        self._head, self._tail, self._waiting = head, tail, waiting
        self._reply = b""
        self._transport: asyncio.Transport | None = None
        self.accepted = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._reply += data
        head, found, body = self._reply.partition(b"\r\n\r\n")
        if not found or len(body) < int(head[head.index(b"Length: ") + 8 :].partition(b"\r\n")[0]):
            return
        self.accepted += body.count(b",") + 1
        self._reply = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("the gateway has closed the connection"))

    def _next(self) -> None:
        assert self._transport is not None
        for numbers in self._waiting:
            self._transport.write(self._head + ",".join(numbers).encode() + self._tail)
            return
        self.ended.set_result(None)
        self._transport.close()


async def raw_loop(url: str, numbers: Sequence[str], batch: int, connections: int = CONNECTIONS) -> int:
    """The same requests over as many connections, with what asyncio itself has."""
    place = urlsplit(url)
    head = head_of(url).removeprefix(f"{place.scheme}://{place.netloc}").encode()
    tail = f" HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode()
    loop, waiting = asyncio.get_running_loop(), _batches(numbers, batch)

    async def line() -> int:
        _, protocol = await loop.create_connection(
            lambda: _Raw(b"GET " + head, tail, waiting), place.hostname, place.port
        )
        await protocol.ended
        return protocol.accepted

    return sum(await asyncio.gather(*(line() for _ in range(connections))))
