"""The file behind a store: found fit, made, and opened for one sandbox alone."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

from smsgw.sandbox.store.schema import APPLICATION, TABLES, VERSION

__all__ = ["StoreError", "check_place", "file_of", "opened", "readable", "translated"]

_SMALLEST: Final = 512
"""Bytes of the smallest page that a database of SQLite's may have."""
_BUSY: Final = 0.3
"""Seconds to wait for somebody who only looks into the file."""
_NO_DATABASE: Final = "is no store of the sandbox: it is no SQLite database"
_CORRUPT: Final = "is corrupt: restore it from a copy, or remove it"
_MEANINGS: Final = (
    ("file is not a database", _NO_DATABASE),
    ("malformed", _CORRUPT),
    ("is full", "cannot be written: the disk is full"),
    ("readonly", "cannot be written: it is read-only"),
    ("unable to open", "cannot be opened: look at its folder and its permissions"),
    ("disk i/o error", "cannot be read or written: the disk is full, or fails"),
    ("locked", "is in use by another sandbox, or another program"),
    ("no such", "is corrupt: some of its tables are missing; restore it from a copy, or remove it"),
)
"""What SQLite says, and what it means."""

Identity = tuple[int, int]
"""Of a file, whatever it is called."""


class StoreError(Exception):
    """One line that names the file and says what is wrong with it."""


@contextmanager
def translated(name: str) -> Iterator[None]:
    """SQLite's errors as one line."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error).lower()
        meaning = next((meaning for words, meaning in _MEANINGS if words in said), f"failed: {said}")
        raise StoreError(f"{name}: {meaning}") from None


@contextmanager
def readable(name: str) -> Iterator[None]:
    """What stands in the file and makes no value, as one line; nothing of it is quoted."""
    try:
        yield
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
        raise StoreError(f"{name}: {_CORRUPT}") from None


def file_of(where: str | os.PathLike[str]) -> Path:
    """With no links in it, so that two ways to one file are one."""
    given = os.fspath(where)
    if not isinstance(given, str) or not given or "\0" in given:
        raise StoreError("the store is a file: its path is wanted")
    return Path(os.path.realpath(given))


def opened(path: Path, name: str) -> tuple[sqlite3.Connection, Identity]:
    """The file, made if there is none, checked and locked; and which file it is."""
    identity = _made(path, name)
    connection: sqlite3.Connection | None = None
    try:
        with translated(name):
            # `rw`: a file that is gone is not made anew, and nothing in its name means anything.
            connection = sqlite3.connect(
                f"{path.as_uri()}?mode=rw", uri=True, timeout=_BUSY, isolation_level=None
            )
            _prepare(connection, name)
    except BaseException:
        if connection is not None:
            connection.close()
        raise
    return connection, identity


def check_place(path: Path, name: str, identity: Identity) -> None:
    """Raise where the file is not where it was: what is written to it would be gone with this process."""
    if _identity_of(path) != identity:
        raise StoreError(f"{name}: was moved or removed: what comes now is kept in memory only")


def _made(path: Path, name: str) -> Identity:
    """A file that only its owner reads, for it holds numbers and texts; or the one that is there."""
    try:
        with suppress(FileExistsError):
            # One that is there is not opened: when it is closed, all locks end that this process has on it.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        found = path.stat()
    except FileNotFoundError:
        raise StoreError(f"{name}: its folder does not exist") from None
    except OSError as error:
        raise StoreError(
            f"{name}: cannot be opened: {(error.strerror or 'no reason given').lower()}"
        ) from None
    if S_ISDIR(found.st_mode):
        raise StoreError(f"{name}: is a folder, no file")
    if not S_ISREG(found.st_mode):
        raise StoreError(f"{name}: is no ordinary file")
    if 0 < found.st_size < _SMALLEST:  # which SQLite would take for an empty one, and write over
        raise StoreError(f"{name}: {_NO_DATABASE}")
    if not (os.access(path, os.R_OK | os.W_OK) and os.access(path.parent, os.W_OK)):
        raise StoreError(f"{name}: cannot be written: it is read-only, or its folder is")
    if found.st_nlink > 1:
        raise StoreError(f"{name}: is a file of several names (hard links): copy it to one of its own")
    return found.st_dev, found.st_ino


def _identity_of(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _prepare(connection: sqlite3.Connection, name: str) -> None:
    """Take the lock, for as long as the connection lives; then look whose file it is; then make it ours."""
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    # Nothing is written before it is known that the file is ours or empty; a shared lock first, and two sandboxes
    # that begin at once would each keep the other out.
    connection.execute("BEGIN EXCLUSIVE")
    empty = _is_empty(connection, name)
    connection.execute("COMMIT")
    # The log outlives a killed process, and its transactions wait for no disk: they are the event loop's.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    if empty:
        connection.execute("BEGIN")
        for table in TABLES:
            connection.execute(table)
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")


def _is_empty(connection: sqlite3.Connection, name: str) -> bool:
    """Whether there is nothing in it; raises for what is another's."""
    ((application,),) = connection.execute("PRAGMA application_id").fetchall()
    ((version,),) = connection.execute("PRAGMA user_version").fetchall()
    ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    if (application, version, tables) == (0, 0, 0):
        return True
    if application != APPLICATION:
        raise StoreError(f"{name}: is no store of the sandbox: it is another program's database")
    if version > VERSION:
        raise StoreError(f"{name}: was written by a newer smsgw: its tables are of version {version}")
    if version != VERSION:
        raise StoreError(f"{name}: {_CORRUPT}")
    return False
