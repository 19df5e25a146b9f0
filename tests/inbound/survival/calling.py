"""The platform, which calls until it is acknowledged, and calls again all the same; and the server, which is killed."""

import asyncio
import os
import random
import signal
import socket
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.inbound.iba_calls import IncomingSms

__all__ = ["Handled", "Platform", "Server"]

ROOT: Final = Path(__file__).parents[3]


class Handled:
    """The handler's own log, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.times: Counter[str] = Counter()

    def read(self) -> Counter[str]:
        """How often each message was handled so far."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._offset)
                new = file.read()
            self._offset += len(new)
            self.times.update(new.decode().split())
        return self.times


class Server:
    """A server process on a port that it keeps over its deaths; an async context manager."""

    def __init__(self, kind: str, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.kills = 0
        self.up = asyncio.Event()
        script = str(Path(__file__).with_name("child.py"))
        self._words = (sys.executable, script, kind, str(self.port), str(folder))
        self._nursery: asyncio.subprocess.Process | None = None
        self._pid = 0

    async def start(self) -> None:
        assert self._nursery is not None
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(b"\n")
        word, pid = (await self._line()).split()
        assert word == "ready"
        self._pid = int(pid)
        self.up.set()

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        self.kills += 1
        self.up.clear()

    async def ended(self) -> None:
        self._pid = 0
        assert await self._line() == "ended\n"

    async def _line(self) -> str:
        assert self._nursery is not None
        assert self._nursery.stdout is not None
        return (await asyncio.wait_for(self._nursery.stdout.readline(), 20)).decode()

    async def __aenter__(self) -> Self:
        self._nursery = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        )
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._nursery is not None
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
        await self._nursery.communicate(b"")  # which closes its standard input


class Platform:
    """Calls for many messages, tens at a time; knows which were in flight when the server was killed."""

    def __init__(self, server: Server, handled: Handled, seed: int) -> None:
        self.answered = 0
        self.calls = 0
        self.statuses: Counter[int] = Counter()
        self.acknowledged: set[str] = set()
        self.untrue: list[str] = []
        """Acknowledged before they were handled."""
        self.doubts: Counter[str] = Counter()
        """How often a message was in flight when the server was killed."""
        self._server = server
        self._handled = handled
        self._random = random.Random(seed)
        self._in_flight: Counter[str] = Counter()
        self._left: set[str] = set()
        """Hung up on, and not answered since: the handler may be at work."""
        self._news = asyncio.Event()
        self._url = f"http://127.0.0.1:{server.port}/"

    async def deliver(self, ids: Sequence[str]) -> None:
        waiting = iter(ids)

        async def work() -> None:
            for message_id in waiting:
                await self._deliver(IncomingSms(message_id=message_id, text=f"Привет {message_id}"))

        async with asyncio.TaskGroup() as group:
            for _ in range(40):
                group.create_task(work())

    async def has_answers(self, more: int) -> None:
        """Wait until so many more calls were answered."""
        until = self.answered + more
        while self.answered < until:
            self._news.clear()
            await self._news.wait()

    def kill(self) -> None:
        """Nothing comes between the two: what is in flight now is all that can be cut off."""
        self.doubts.update(
            {message_id for message_id, calls in self._in_flight.items() if calls} | self._left
        )
        self._left.clear()
        self._server.kill()

    async def _deliver(self, sms: IncomingSms) -> None:
        while sms.message_id not in self.acknowledged:
            await self._calls(sms, self._random.choice([1, 1, 1, 2, 3]))
        repeats = self._random.randint(0, 5)
        while repeats > 0:
            at_once = self._random.randint(1, repeats)
            await self._calls(sms, at_once)
            repeats -= at_once

    async def _calls(self, sms: IncomingSms, at_once: int) -> None:
        await asyncio.gather(*(self._call(sms) for _ in range(at_once)))

    async def _call(self, sms: IncomingSms) -> None:
        message_id = sms.message_id
        hangs_up = self._random.random() < 0.05
        was_left = message_id in self._left
        kills = self._server.kills
        self.calls += 1
        self._in_flight[message_id] += 1
        try:
            timeout = self._random.uniform(0.001, 0.02) if hangs_up else 20
            status, body = await sms.call(self._url, timeout=timeout)
        except TimeoutError:
            assert hangs_up, "no answer came"
            if kills == self._server.kills:
                self._left.add(message_id)
            return
        except OSError:  # refused or cut off: the server was killed
            await asyncio.sleep(self._random.uniform(0.0, 0.02))
            await self._server.up.wait()
            return
        finally:
            self._in_flight[message_id] -= 1
        self.answered += 1
        self._news.set()
        self.statuses[status] += 1
        if was_left:
            self._left.discard(message_id)
        if sms.is_acknowledged(status, body):
            self.acknowledged.add(message_id)
            if not self._handled.times[message_id] and not self._handled.read()[message_id]:
                self.untrue.append(message_id)
        else:
            assert status == 500, (status, body)
