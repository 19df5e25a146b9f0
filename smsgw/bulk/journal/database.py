"""The database behind a journal: opened, made safe, and read and written in transactions."""

import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from smsgw.bulk.errors import JournalError
from smsgw.bulk.journal.address import Address
from smsgw.bulk.journal.meanings import meaning_of

__all__ = ["Database"]

_BUSY: Final = 10.0
"""Seconds that SQLite waits for another connection's transaction."""
_SMALLEST: Final = 512
"""Bytes of the smallest page that a database of SQLite's may have."""
_PATIENCE: Final = 60.0
"""Seconds that a server has for one statement."""
_SERVER_SETTINGS: Final = {
    "application_name": "smsgw",
    "synchronous_commit": "on",  # whatever the server's default: a claim is on its disk before a request begins
    # A machine that is gone is found out in a minute, and its lock with it.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

_TELLS_ALL: Final = logging.getLogger("aiosqlite")
"""At DEBUG it logs every statement with its values: numbers, and texts."""

_Identity = tuple[int, int] | None
"""Of a file, whatever it is called; None where there is none."""


class Database:
    """A database that is read and written in transactions. Everything raises `JournalError`.

    `where` is the path of an SQLite file, or a URL of SQLAlchemy's with an asynchronous driver, such as
    `postgresql+asyncpg://user@host/database`.
    """

    def __init__(self, where: str | os.PathLike[str]) -> None:
        address = Address.parse(where)
        self.path: Path | None = address.path
        """Of the SQLite file; None for a server."""
        self.name = address.name
        self._url = address.url
        self._engine: AsyncEngine | None = None
        self._file: _Identity = None

    @property
    def exists(self) -> bool:
        """Whether there is anything to open; of a server that is not asked."""
        return self.path is None or _size_of(self.path) > 0

    @property
    def engine(self) -> AsyncEngine:
        if self._engine is None:
            self._engine = self._new_engine()
        return self._engine

    # The file.

    def make_file(self) -> None:
        """An SQLite file that only its owner reads, for it holds numbers and texts; or the one that is there."""
        if self.path is None:
            return
        if not self.exists and _size_of(self._wal) > 0:
            raise JournalError(
                f"{self.name}: is gone, but what was written last is still in {self._wal}: put the journal back, "
                "or remove that file, too, to begin anew"
            )
        try:
            with suppress(FileExistsError):
                # One that is there is not opened: when it is closed, all locks end that this process has on it.
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            found = self.path.stat()
        except OSError as error:
            raise JournalError(f"{self.name}: cannot be opened: {error.strerror}") from None
        self._check_regular(found.st_mode)
        if 0 < found.st_size < _SMALLEST:  # which SQLite would take for an empty one, and write over
            raise JournalError(f"{self.name}: is not a journal: it is no SQLite database")
        if not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)):
            raise JournalError(f"{self.name}: cannot be written: it is read-only, or its folder is")
        if found.st_nlink > 1:
            raise JournalError(
                f"{self.name}: is a file of several names (hard links), each of which would be locked alone: "
                "copy it to one of its own"
            )
        self._file = found.st_dev, found.st_ino

    def check_file(self) -> None:
        """Raise where there is nothing to look at."""
        if self.path is None:
            return
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise JournalError(f"{self.name}: there is no such journal") from None
        except OSError as error:
            raise JournalError(f"{self.name}: cannot be opened: {error.strerror}") from None
        self._check_regular(found.st_mode)
        if not found.st_size:
            raise JournalError(f"{self.name}: there is no such journal")

    def _check_regular(self, mode: int) -> None:
        if not S_ISREG(mode):
            raise JournalError(f"{self.name}: is not a journal: it is not even a file")

    def check_place(self, wal: _Identity = None) -> _Identity:
        """Raise where the file is not where it was made: what is written to it would be gone with this process.

        Its log belongs to it. As long as one connection is open it stays the same: give back what this returned.
        """
        if self.path is None:
            return None
        now = _identity_of(self._wal)
        if _identity_of(self.path) != self._file or (wal is not None and wal != now):
            raise JournalError(f"{self.name}: was moved or removed: put it back before the next run")
        return now

    @property
    def _wal(self) -> Path:
        return Path(f"{self.path}-wal")

    # Transactions.

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncConnection]:
        """For reading."""
        with self.translated():
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """For reading more than once, as of one moment."""
        async with self.connected() as connection:
            if self.path is None:
                await connection.execution_options(isolation_level="REPEATABLE READ")
            else:
                await connection.exec_driver_sql("BEGIN")
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """For writing; committed at the end."""
        with self.translated():
            async with self.engine.begin() as connection:
                yield connection

    @contextmanager
    def translated(self, name: str | None = None) -> Iterator[None]:
        """The database's errors as one line that says what is wrong with the journal."""
        try:
            yield
        except (SQLAlchemyError, OSError, sqlite3.Error) as error:
            # Not chained: SQLAlchemy's errors quote statements with their values.
            raise JournalError(f"{name or self.name}: {meaning_of(error)}") from None

    async def aclose(self) -> None:
        if self._engine is not None:
            engine, self._engine = self._engine, None
            with self.translated():
                await engine.dispose()

    def new_blocking_engine(self) -> Engine | None:
        """For a thread of one's own, with one connection; None for a server."""
        if self.path is None:
            return None
        url = self._url.set(drivername="sqlite+pysqlite")
        engine = create_engine(url, connect_args={"timeout": _BUSY}, poolclass=NullPool, hide_parameters=True)
        event.listen(engine, "connect", _secure)
        return engine

    def _new_engine(self) -> AsyncEngine:
        if _TELLS_ALL.level == logging.NOTSET:
            _TELLS_ALL.setLevel(logging.INFO)  # for who sets a level for all; who asks for this one has it
        settings: dict[str, Any] = {"timeout": _BUSY}
        if self._url.drivername == "postgresql+asyncpg":
            settings = {"timeout": _BUSY, "command_timeout": _PATIENCE, "server_settings": _SERVER_SETTINGS}
        elif self.path is None:
            settings = {}  # a driver of the user's own choice
        try:
            engine = create_async_engine(self._url, connect_args=settings, hide_parameters=True)
        except ImportError as error:
            raise JournalError(
                f"{self.name}: the driver {error.name} is not installed: pip install {error.name}"
            ) from None
        except SQLAlchemyError:
            raise JournalError(
                f"{self.name}: not a database with an asynchronous driver, such as postgresql+asyncpg://…"
            ) from None
        if self.path is not None:
            event.listen(engine.sync_engine, "connect", _secure)
        return engine


def _secure(connection: Any, _: Any) -> None:
    """A commit is on the disk before anything else happens."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA fullfsync=ON")  # on macOS, where the disk itself would still keep it in mind only
    cursor.execute("PRAGMA cache_size=-16000")  # KiB, whatever the journal's size
    cursor.close()


def _identity_of(path: Path) -> _Identity:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
