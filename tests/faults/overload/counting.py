"""A gateway in a process of its own that counts who was sent to how often, and how many connections stood at once.

It speaks IBA's protocol over plain sockets, so that a fault of aiohttp's would not be on both sides.
"""

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

__all__ = ["Counted", "CountingGateway", "counting_gateway"]


class Counted(NamedTuple):
    """What came by now."""

    times: Counter[str]
    """Number to how often it was sent to."""
    requests: int
    most_connections: int


class _Book:
    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.times: Counter[str] = Counter()
        self.requests = 0
        self.open = self.most = 0


class _Line(asyncio.Protocol):
    def __init__(self, book: _Book) -> None:
        self._book = book
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._book.open += 1
        self._book.most = max(self._book.most, self._book.open)

    def connection_lost(self, error: Exception | None) -> None:
        self._book.open -= 1
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            query = parse_qs(urlsplit(head.split(b" ", 2)[1].decode()).query)
            recipients = query["dadr"][0].split(",")
            self._book.requests += 1
            self._book.times.update(recipients)
            ids = ",".join(number[-9:] for number in recipients).encode()
            reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(ids), ids)
            asyncio.get_running_loop().call_later(self._book.delay, self._write, reply)

    def _write(self, reply: bytes) -> None:
        if self._transport is not None:
            self._transport.write(reply)


def _serve(pipe: Connection, delay: float) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        book, stopped = _Book(delay), asyncio.Event()

        def asked() -> None:
            try:
                pipe.recv()
            except EOFError:
                loop.remove_reader(pipe.fileno())
                stopped.set()
            else:
                pipe.send((book.times, book.requests, book.most))

        server = await loop.create_server(lambda: _Line(book), "127.0.0.1", 0, backlog=1000)
        pipe.send(server.sockets[0].getsockname()[1])
        loop.add_reader(pipe.fileno(), asked)
        await stopped.wait()
        server.close()

    asyncio.run(main())


class CountingGateway:
    """Where it is, and what came."""

    def __init__(self, url: str, pipe: Connection) -> None:
        self.url = url
        self._pipe = pipe

    def counted(self) -> Counted:
        self._pipe.send("count")
        return Counted(*self._pipe.recv())


@contextmanager
def counting_gateway(delay: float = 0.0) -> Iterator[CountingGateway]:
    """One that answers after `delay` seconds, and stops with the block or with this process."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, delay), daemon=True)
    process.start()
    there.close()
    try:
        yield CountingGateway(f"http://127.0.0.1:{here.recv()}/", here)
    finally:
        here.close()
        process.join(5)
        process.close()
