"""A TCP proxy before the gateways that resets connections at random points of an exchange."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final
from urllib.parse import urlsplit

__all__ = ["Proxy"]

_RESET: Final = struct.pack("ii", 1, 0)
"""What `SO_LINGER` is set to so that closing sends RST instead of FIN."""


class Proxy:
    """Passes bytes on. At `share` of the pieces, of requests and of replies, the client's connection is reset.

    By then none, half or all of the piece has been passed on.
    """

    def __init__(self, seed: int) -> None:
        self.share = 0.0
        self.resets = 0
        self.url = ""
        self._random = Random(f"proxy {seed}")
        self._host = ""
        self._port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def to(self, url: str) -> AsyncIterator[None]:
        """Serve on a free port, before what listens there."""
        target = urlsplit(url)
        self._host, self._port = target.hostname or "", target.port or 0
        server = await asyncio.start_server(self._accept, self._host, 0)
        self.url = f"http://{self._host}:{server.sockets[0].getsockname()[1]}/"
        try:
            yield
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, behind = await asyncio.open_connection(self._host, self._port)
        ways = [
            asyncio.ensure_future(self._pass(reader, behind)),
            asyncio.ensure_future(self._pass(back, writer)),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if any(way.result() for way in done):
                self.resets += 1
                linger = writer.get_extra_info("socket")
                linger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for side in (behind, writer):
                side.close()
                with suppress(OSError):
                    await side.wait_closed()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Until either side closes, and False; or until a reset is due, and True."""
        with suppress(OSError):
            while piece := await reader.read(65536):
                due = self._random.random() < self.share
                writer.write(piece[: self._random.choice((0, len(piece) // 2, len(piece)))] if due else piece)
                await writer.drain()
                if due:
                    return True
        return False
