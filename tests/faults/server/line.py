"""One connection, from the gateway's side."""

import asyncio
import contextlib
import socket
import struct
from random import Random

from tests.faults.server.clock import TIMEOUT, Clock
from tests.faults.server.ledger import Visit

__all__ = ["Line"]

_PAUSES = (None, 0.0, 0.001)
"""Between two writes: none, a turn of the loop, or so long that the other side has read the first."""


class Line:
    """Reads and writes, and writes down what it reads."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        visit: Visit,
        random: Random,
        clock: Clock,
    ) -> None:
        self.visit = visit
        self.random = random
        self.idle = True
        """Nothing of a request has come since the last reply."""
        self.unsaid = b""
        """The rest of a reply that was begun."""
        self.clock = clock
        self._reader = reader
        self._writer = writer

    @property
    def closing(self) -> bool:
        return self._writer.is_closing()

    @property
    def gone(self) -> bool:
        """Whether the other side has hung up."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def read(self, most: int = 65536) -> bytes:
        """Some bytes; none once the other side has gone."""
        data = await self._reader.read(most)
        self.visit.received += data
        self.clock.pulse += 1
        return data

    async def write(self, data: bytes) -> None:
        """All at once."""
        self._writer.write(data)
        await self._writer.drain()

    async def write_in_pieces(self, data: bytes) -> None:
        """All but the last of the pieces that the seed cuts it into, and then that."""
        cuts = sorted(self.random.randrange(len(data)) for _ in range(self.random.choice((0, 0, 1, 2))))
        pause = self.random.choice(_PAUSES)
        start = 0
        for cut in cuts:
            await self.write(data[start:cut])
            start = cut
            if pause is not None:
                await asyncio.sleep(pause)
        self._writer.write(data[start:])

    def say_now(self, data: bytes) -> None:
        """Not a turn of the loop later."""
        self._writer.write(data)

    async def flush(self) -> None:
        await self._writer.drain()

    def hang_up(self) -> None:
        """FIN."""
        self._writer.close()

    def stop_talking(self) -> None:
        """FIN, now and not a turn of the loop later; what comes is still read."""
        if not self._writer.is_closing():
            self._writer.get_extra_info("socket").shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """RST instead of FIN."""
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    def let_go(self) -> None:
        """Whatever was to be said or read: nothing is left of it after the next turn of the loop."""
        self._writer.transport.abort()

    async def wait_for_end(self) -> None:
        """Say nothing until the other side has gone, by a clock that does not jump."""
        with contextlib.suppress(ConnectionError):  # gone is gone
            while await self.read():
                pass

    async def silence(self) -> None:
        """Say nothing, for longer than anybody waits, and on until the other side has gone."""
        await self.clock.jump(TIMEOUT + 0.1)
        await self.wait_for_end()
