"""A server of incoming messages that can die, and whose handler fails at random.

Run as a script it imports everything once, and then forks a server for each line of its standard input, which tells
its process ID when it listens. When that server has ended, it tells so.

The handler's work: a line at the end of `handled.log`, which counts every handling, and a row in `work.db`, which is
idempotent by the message's identifier, as a user's work should be.
"""

import asyncio
import os
import random
import socket
import sqlite3
import sys
import traceback
from pathlib import Path
from typing import Final

import uvicorn

from smsgw.inbound import InboundASGI, InboundMessage, InboundServer, inbound_app

__all__: Final = ()

_TIMEOUT: Final = 0.3


class Work:
    """What a user's handler would do, on a bad day."""

    def __init__(self, folder: Path) -> None:
        self._log = os.open(folder / "handled.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._rows = sqlite3.connect(folder / "work.db", isolation_level=None)
        self._rows.executescript(
            "PRAGMA synchronous=OFF;"  # a kill does not lose what the system has
            "CREATE TABLE IF NOT EXISTS work (message_id TEXT PRIMARY KEY);"
            "CREATE TABLE IF NOT EXISTS effects (message_id TEXT);"
        )
        self._random = random.Random()

    async def handle(self, message: InboundMessage) -> None:
        dice = self._random.random()
        if dice < 0.1:
            raise RuntimeError("before the work")
        await asyncio.sleep(self._random.choice([0.0, 0.001, 0.02]))
        if dice < 0.15:
            raise RuntimeError("in the middle of the work")
        if dice < 0.16:
            await asyncio.sleep(60)
        # From here to the return nothing is awaited: it was handled if, and only if, the line is there.
        os.write(self._log, f"{message.message_id}\n".encode())
        with self._rows:
            self._rows.execute("BEGIN IMMEDIATE")
            done = self._rows.execute("INSERT OR IGNORE INTO work VALUES (?)", (message.message_id,))
            if done.rowcount == 1:
                self._rows.execute("INSERT INTO effects VALUES (?)", (message.message_id,))


async def _aiohttp(port: int, folder: Path) -> None:
    app = inbound_app(Work(folder).handle, store=folder / "inbox.db", timeout=_TIMEOUT)
    async with InboundServer(app, "127.0.0.1", port):
        _tell("ready", os.getpid())
        await asyncio.Event().wait()


async def _uvicorn(port: int, folder: Path) -> None:
    app = InboundASGI(Work(folder).handle, store=folder / "inbox.db", timeout=_TIMEOUT)
    with socket.create_server(("127.0.0.1", port)) as listening:
        config = uvicorn.Config(app, log_level="critical", lifespan="on", ws="none", http="h11")
        _tell("ready", os.getpid())  # whoever connects now waits in the socket's queue
        await uvicorn.Server(config).serve([listening])


def _tell(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def _serve(kind: str, port: int, folder: Path) -> None:
    for _ in sys.stdin:
        pid = os.fork()
        if not pid:
            try:
                asyncio.run({"aiohttp": _aiohttp, "uvicorn": _uvicorn}[kind](port, folder))
            except BaseException:  # noqa: BLE001 - whatever it is, it must not go on as the parent
                traceback.print_exc()
            sys.stderr.flush()
            os._exit(70)
        os.waitpid(pid, 0)
        _tell("ended")


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
