"""A gateway that costs next to nothing, in a process of its own: it answers each `dadr` with as many IDs, and counts.

It parses just enough of HTTP/1.1 to count recipients, so that what is measured is the client. What the other
libraries of `peers.py` need is answered in the same way (`replies.py`).
"""

import asyncio
import contextlib
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import NamedTuple

from replies import reply_to

_BACKLOG = 1000
"""Connections that may wait to be accepted: a hundred come at once."""


class Taken(NamedTuple):
    """What came over the wire."""

    requests: int
    recipients: int


class Gateway:
    """A running one, seen from here."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.url = f"http://127.0.0.1:{pipe.recv()}/"

    def taken(self) -> Taken:
        """What it has taken since it was asked the last time."""
        self._pipe.send(None)
        return Taken(*self._pipe.recv())


class _Line(asyncio.Protocol):
    """One connection. Requests are answered in their order, each `delay` seconds after it came."""

    def __init__(self, delay: float, taken: Counter[str]) -> None:
        self._delay = delay
        self._taken = taken
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, start = self._buffer[:end], end + 4
            end = start + (_length(head) if head.startswith(b"POST") else 0)
            if len(self._buffer) < end:
                return
            body, self._buffer = self._buffer[start:end], self._buffer[end:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        reply, recipients = reply_to(head, body)
        self._taken["requests"] += 1
        self._taken["recipients"] += recipients
        assert self._transport is not None
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, reply)
        else:
            self._transport.write(reply)


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0] or 0)


def _serve(pipe: Connection, delay: float) -> None:
    async def main() -> None:
        loop, taken, ended = asyncio.get_running_loop(), Counter[str](), asyncio.Event()

        def asked() -> None:
            try:
                pipe.recv()
                pipe.send((taken["requests"], taken["recipients"]))
                taken.clear()
            except (EOFError, OSError):  # whoever started it has gone
                loop.remove_reader(pipe.fileno())
                ended.set()

        server = await loop.create_server(lambda: _Line(delay, taken), "127.0.0.1", 0, backlog=_BACKLOG)
        loop.add_reader(pipe.fileno(), asked)
        pipe.send(server.sockets[0].getsockname()[1])
        await ended.wait()
        server.close()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())


@contextlib.contextmanager
def counting(delay: float = 0.0) -> Iterator[Gateway]:
    """A gateway that answers after `delay` seconds, and stops with the block, or with this process."""
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(there, delay), daemon=True)
    process.start()
    there.close()
    try:
        yield Gateway(here)
    finally:
        here.close()
        process.join(5)


@contextlib.contextmanager
def gateway(delay: float = 0.0) -> Iterator[str]:
    """The URL of one, for those who do not ask it what it took."""
    with counting(delay) as running:
        yield running.url
