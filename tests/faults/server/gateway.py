"""A gateway on a loopback socket that serves one request after the other as a point says, and keeps a ledger.

It shares no code with the package under test: neither with its drivers nor with its sandbox.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from random import Random
from typing import Protocol

from tests.faults.server.clock import Clock
from tests.faults.server.hearing import hear, is_complete
from tests.faults.server.ledger import Arrival, Ledger
from tests.faults.server.line import Line
from tests.faults.server.narrow import narrowed
from tests.faults.server.turn import Turn

__all__ = ["Conduct", "Gateway", "Greet", "Serve", "Trap"]

Serve = Callable[[Turn], Awaitable[None]]
Greet = Callable[[Line], Awaitable[bool]]


class Conduct(Protocol):
    """How a gateway behaves once it misbehaves."""

    @property
    def serve(self) -> Serve:
        """What it does with a complete send."""

    @property
    def before(self) -> Serve | None:
        """What it does with the send before; None for a good reply."""

    @property
    def greet(self) -> Greet | None:
        """What it does with a connection before it reads; whether it goes on."""

    @property
    def interrupt(self) -> Greet | None:
        """What it does when the first byte of a request has come; whether it goes on to read the rest."""

    @property
    def idle(self) -> Callable[[Line], None] | None:
        """What it does with connections that are idle when it begins to misbehave."""


class Gateway:
    """One provider's server."""

    def __init__(
        self,
        name: str,
        driver: str,
        conduct: Conduct,
        ledger: Ledger,
        *,
        random: Random,
        clock: Clock,
        truthful: bool = True,
        trap: str = "",
        buffer: int = 0,
    ) -> None:
        self.name = name
        self.driver = driver
        self.port = 0
        self.struck = False
        """Until then it answers as it should, but for what the point has for the request before."""
        self.unforeseen: list[BaseException] = []
        """What broke in this server itself."""
        self._conduct = conduct
        self._ledger = ledger
        self._random = random
        self._clock = clock
        self._truthful = truthful
        self._trap = trap
        self._buffer = buffer
        self._lines: list[Line] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self, tls: ssl.SSLContext | None = None) -> None:
        if self._buffer:
            # A stream keeps up to twice its limit, and would itself hold what the socket does not.
            listening = narrowed(socket.socket(), self._buffer)
            listening.bind(("127.0.0.1", 0))
            self._server = await asyncio.start_server(self._accept, sock=listening, ssl=tls, limit=64)
        else:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    def strike(self) -> None:
        """From now on it misbehaves."""
        self.struck = True
        if self._conduct.idle is not None:
            for line in self._lines:
                if line.idle:
                    self._conduct.idle(line)

    async def all_ended(self, seconds: float) -> bool:
        """Whether no connection is left, after so many seconds of real time at the most."""
        until = time.monotonic() + seconds
        while left := [task for task in self._tasks if not task.done()]:
            if time.monotonic() > until:
                return False
            await asyncio.wait(left, timeout=0.05)
        return True

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        await asyncio.sleep(0)  # what has just been accepted is told of in the next turn
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for line in self._lines:
            line.let_go()
        await asyncio.sleep(
            0
        )  # sockets are closed in the next turn, too, and the loop may end right after it

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A function and not a coroutine, so that the task is ours and not the stream's.
        line = Line(reader, writer, self._ledger.visit(self.name), self._random, self._clock)
        self._lines.append(line)
        self._clock.pulse += 1
        task = asyncio.get_running_loop().create_task(self._serve(line))
        self._tasks.add(task)

    async def _serve(self, line: Line) -> None:
        try:
            if self.struck and self._conduct.greet is not None and not await self._conduct.greet(line):
                return
            while not line.closing and await self._one(line):
                line.idle = True
        except ConnectionError:
            pass  # the other side has gone, which it may
        except Exception as error:  # noqa: BLE001  (told to the audit: a server that breaks proves nothing)
            self.unforeseen.append(error)
        finally:
            line.visit.ended = True
            line.hang_up()

    async def _one(self, line: Line) -> bool:
        """Read one request and serve it; whether there was one."""
        data = b""
        try:
            data = await line.read(1)
            line.idle = not data
            if data and self.struck and self._conduct.interrupt is not None:
                already = len(line.visit.received)
                if not await self._conduct.interrupt(line):
                    data += bytes(line.visit.received[already:])
                    self._enter_part(line, data)
                    return False
                data += bytes(line.visit.received[already:])
            while data and not is_complete(data):
                chunk = await line.read()
                if not chunk:
                    self._enter_part(line, data)
                    return False
                data += chunk
        except ConnectionError:
            if data:
                self._enter_part(line, data)
            raise
        if not data:
            return False
        await self._answer(line, data)
        return True

    def _enter_part(self, line: Line, data: bytes) -> None:
        number = next(self._ledger.numbers)
        self._ledger.enter(Arrival(number, self.name, line.visit, data, False, "part", (), ""))

    async def _answer(self, line: Line, data: bytes) -> None:
        heard = hear(data)
        arrival = Arrival(
            next(self._ledger.numbers),
            self.name,
            line.visit,
            data,
            True,
            heard.kind,
            heard.recipients,
            heard.text,
            heard.own_id,
            taken=heard.kind == "send",
        )
        self._ledger.enter(arrival)
        turn = Turn(line, heard, arrival, self.driver, self._ledger)
        turn.trap = self._trap
        if heard.kind == "question" and (self._truthful or not self.struck):
            await turn.answer()
        elif self.struck:
            await self._conduct.serve(turn)
        elif self._conduct.before is not None:
            await self._conduct.before(turn)
        else:
            await turn.accept()


class Trap:
    """A host that nobody may ever speak to."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> str:
        """Its address."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        for writer in self._writers:
            writer.close()
        if self._server is not None:
            self._server.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._ledger.trespasses.append("the host that a reply pointed to was spoken to")
