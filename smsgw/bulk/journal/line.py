"""A connection for many small transactions, each of which is one step: begun, filled and committed in one go.

On SQLite that is one hop from the event loop to a thread and back. Through aiosqlite each statement and each cursor is
a hop of its own, ten for a group of claims: 4 µs a recipient. To a server each statement has its way to go anyhow.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from smsgw.bulk.journal.database import Database

__all__ = ["Line", "Work", "open_line"]

Work = Callable[[Connection], None]
"""What is done in a transaction."""


class Line(Protocol):
    """One transaction at a time. What the database raises is not translated here."""

    async def transact(self, work: Work) -> None:
        """Return once it is committed."""

    async def aclose(self) -> None:
        """Where it is broken, that has been told."""


async def open_line(database: Database) -> Line:
    if (engine := database.new_blocking_engine()) is not None:
        return await _ThreadLine.open(engine)
    return _ServerLine(await database.engine.connect())


class _ThreadLine:
    """A file's, in a thread of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "smsgw-journal")
        self._connection: Connection | None = None

    @classmethod
    async def open(cls, engine: Engine) -> "_ThreadLine":
        line = cls(engine)
        try:
            await line._step(line._connect)
        except BaseException:  # cancellation, too: the thread would outlive it
            await line.aclose()
            raise
        return line

    async def transact(self, work: Work) -> None:
        await self._step(lambda: self._transact(work))

    async def aclose(self) -> None:
        try:
            with suppress(SQLAlchemyError, sqlite3.Error):
                await self._step(self._close)
        finally:
            self._thread.shutdown()

    async def _step(self, step: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, step)

    # In the thread.

    def _connect(self) -> None:
        self._connection = self._engine.connect()

    def _transact(self, work: Work) -> None:
        if self._connection is None:
            raise RuntimeError("the line is not open")
        with self._connection.begin():
            work(self._connection)

    def _close(self) -> None:
        try:
            if self._connection is not None:
                self._connection.close()
        finally:
            self._engine.dispose()


class _ServerLine:
    """A server's."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def transact(self, work: Work) -> None:
        async with self._connection.begin():
            await self._connection.run_sync(work)

    async def aclose(self) -> None:
        with suppress(SQLAlchemyError, OSError):
            await self._connection.close()
