"""One run at a time: a lock that ends with its process, however that ends.

It is for the user's sake, who is told at once. That two runs never send the same row is guarded by the run's number,
which each transaction of a run checks (`Journal.writing`).
"""

import sqlite3
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import func, select, text

from smsgw.bulk.errors import JournalError
from smsgw.bulk.journal.database import Database

__all__ = ["Lock", "is_held", "lock_of"]

_GLANCE: Final = 1.0
"""Seconds to wait for somebody who only looks whether the lock is held."""
_KEY: Final = 0x736D7367770001
"""Of PostgreSQL's advisory lock: the journal is all that is in its database."""


class Lock(Protocol):
    """Held by the one run."""

    async def acquire(self) -> bool:
        """Whether it is ours now; False where another process has it."""

    async def release(self) -> None: ...


def lock_of(database: Database) -> Lock:
    if database.path is None:
        return _AdvisoryLock(database)
    return _FileLock(database, _beside(database.path))


async def is_held(database: Database) -> bool:
    """Whether a run has it now. One that is just taking it is not disturbed."""
    if database.path is None:
        return await _is_held_on_server(database)
    path = _beside(database.path)
    if not path.exists():
        return False
    with database.translated(str(path)):
        try:
            with closing(sqlite3.connect(path, timeout=0)) as connection:
                connection.execute("SELECT 1 FROM sqlite_master").fetchall()
        except sqlite3.OperationalError as error:
            if _is_taken(error):
                return True
            raise
    return False


async def _is_held_on_server(database: Database) -> bool:
    held = text(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND classid = :high AND objid = :low AND objsubid = 1)"
    ).bindparams(high=_KEY >> 32, low=_KEY & 0xFFFFFFFF)
    async with database.connected() as connection:
        return bool(await connection.scalar(held))


def _beside(path: Path) -> Path:
    """As SQLite names its own files. It stays where it is: to remove it would let two runs hold two of them."""
    return Path(f"{path}-lock")


def _is_taken(error: sqlite3.Error) -> bool:
    return "locked" in str(error)


class _FileLock:
    """A file beside the journal, locked by SQLite's means, which work on every system."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database = database
        self._path = path
        self._connection: sqlite3.Connection | None = None

    async def acquire(self) -> bool:
        connection: sqlite3.Connection | None = None
        with self._database.translated(str(self._path)):
            try:
                connection = sqlite3.connect(self._path, timeout=_GLANCE, isolation_level=None)
                connection.execute("PRAGMA journal_mode=MEMORY")  # no file of its own
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.Error as error:
                if connection is not None:
                    connection.close()
                if _is_taken(error):
                    return False
                raise
        self._connection = connection
        return True

    async def release(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _AdvisoryLock:
    """PostgreSQL's lock of a session, which ends with its connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held = AsyncExitStack()
        """What is to be undone when it is released."""

    async def acquire(self) -> bool:
        async with AsyncExitStack() as undo:
            connection = await undo.enter_async_context(self._database.connected())
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            if not await connection.scalar(select(func.pg_try_advisory_lock(_KEY))):
                return False
            undo.push_async_callback(connection.execute, select(func.pg_advisory_unlock(_KEY)))
            self._held = undo.pop_all()
        return True

    async def release(self) -> None:
        with suppress(JournalError):  # where its connection is lost, so is the lock
            await self._held.aclose()
