"""A store that a restart does not empty: one SQLite file, worked on by one thread of its own."""

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from smsgw.inbound.errors import InboundStoreError

__all__ = ["SQLiteInboundStore"]

T = TypeVar("T")

_FORMAT: Final = 1
"""Of the table below, in `user_version`."""
_BUSY: Final = 5.0
"""Seconds to wait for another process that writes."""
_SMALLEST: Final = 512
"""Bytes of a database's first page. SQLite takes a shorter file for an empty one, and writes over it."""
_TABLE: Final = """
CREATE TABLE handled (
    message_id TEXT PRIMARY KEY, reply TEXT NOT NULL, handled_at REAL NOT NULL
) WITHOUT ROWID
"""


class SQLiteInboundStore:
    """What was handled is on the disk (WAL, `synchronous=FULL`) before `add` returns.

    The file is its owner's alone. It holds the `smsid` of each message, and in the reply mode the replies; no texts
    and no numbers of subscribers. What was handled more than `ttl` seconds ago is forgotten, by the wall clock; a
    forgotten message that is repeated is handled again. Opened at its first use; whoever made it closes it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        ttl: float = 30 * 86400.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not ttl > 0:
            raise ValueError("`ttl` is more than 0 seconds")
        self._path = Path(path)
        self._ttl = ttl
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "smsgw-inbound-store")
        self._closed = False

    def __repr__(self) -> str:
        return f"<SQLiteInboundStore {self._path}>"

    async def open(self) -> None:
        await self._run(self._connected)

    async def find(self, message_id: str) -> str | None:
        return await self._run(lambda: self._find(message_id))

    async def add(self, message_id: str, reply: str) -> None:
        await self._run(lambda: self._add(message_id, reply))

    async def aclose(self) -> None:
        """What was asked before is done first."""
        if not self._closed:
            self._closed = True
            closed = asyncio.get_running_loop().run_in_executor(self._thread, self._close)
            self._thread.shutdown(wait=False)
            await closed

    async def _run(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise InboundStoreError(f"{self._path}: this store of incoming messages is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._translated(work))

    # What follows runs in the thread.

    def _translated(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.Error as error:
            why: object = error
        except OSError as error:
            why = error.strerror
        raise InboundStoreError(f"{self._path}: cannot be used as the store of incoming messages: {why}")

    def _find(self, message_id: str) -> str | None:
        query = "SELECT reply FROM handled WHERE message_id = ? AND handled_at > ?"
        row = self._connected().execute(query, (message_id, self._clock() - self._ttl)).fetchone()
        return None if row is None else str(row[0])

    def _add(self, message_id: str, reply: str) -> None:
        now = self._clock()
        connection = self._connected()
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM handled WHERE handled_at <= ?", (now - self._ttl,))
            connection.execute("INSERT OR REPLACE INTO handled VALUES (?, ?, ?)", (message_id, reply, now))

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._opened()
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        with suppress(FileExistsError):
            _create(self._path)
        if 0 < self._path.stat().st_size < _SMALLEST:
            raise sqlite3.DatabaseError("file is not a database")
        connection = sqlite3.connect(self._path, timeout=_BUSY, isolation_level=None)
        try:
            self._prepare(connection)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        except BaseException:  # whatever it is, the file is let go
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the table, or see that it is ours."""
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if not tables and version == 0:
                connection.execute(_TABLE)
                connection.execute("CREATE INDEX handled_by_age ON handled (handled_at)")
                connection.execute(f"PRAGMA user_version={_FORMAT}")
            elif "handled" not in tables or version != _FORMAT:
                raise sqlite3.DatabaseError(
                    "it is a database of something else, or of a later version of smsgw"
                )

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):  # all that was promised is on the disk
                connection.close()


def _create(path: Path) -> None:
    """An empty file for its owner alone (SQLite gives those beside it the same mode), which a power cut leaves there."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
