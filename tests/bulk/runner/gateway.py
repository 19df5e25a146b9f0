"""A gateway that speaks as IBA's does, watches closely who asks what, and answers as it is told."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from tests.dispatcher.conftest import World

__all__ = ["Gateway"]


class Gateway:
    """As an async context manager. What it is told may change at any time."""

    def __init__(self) -> None:
        self.refusal: bytes | None = None
        """Its whole answer while it takes nothing."""
        self.delay = 0.0
        """Seconds before each answer."""
        self.on_request: Callable[[Sequence[str]], None] = lambda recipients: None
        """Called when a request to these has come, before anything is done."""
        self.taken: Counter[str] = Counter()
        """Recipients and how often each was taken."""
        self.batches: list[Sequence[str]] = []
        """The recipients of each request."""
        self.times: list[float] = []
        """When each came, by the loop's clock."""
        self.in_flight = 0
        self.most_in_flight = 0
        self.at_once: list[int] = []
        """How many were in flight as each came, itself included."""
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def __aenter__(self, port: int = 0) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                query = head.split(b" ", 2)[1].partition(b"?")[2].decode()
                recipients = parse_qs(query).get("dadr", [""])[0].split(",")
                writer.write(await self._answer(recipients))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, recipients: Sequence[str]) -> bytes:
        self.batches.append(recipients)
        self.times.append(asyncio.get_running_loop().time())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.at_once.append(self.in_flight)
        try:
            self.on_request(recipients)
            refusal = self.refusal
            if refusal is None:
                self.taken.update(recipients)
            await asyncio.sleep(self.delay)
        finally:
            self.in_flight -= 1
        if refusal is not None:
            return refusal
        count = sum(self.taken.values())
        return World.says(",".join(str(count + place) for place in range(len(recipients))))
