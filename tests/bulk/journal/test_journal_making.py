"""How a journal's file is made, and what is in effect on it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from smsgw.bulk.errors import JournalError, JournalMismatch
from smsgw.bulk.journal import writer as module
from smsgw.bulk.journal.schema import METADATA
from tests.bulk.journal.conftest import Book, row, told

TABLES = ["smsgw_campaign", "smsgw_claims", "smsgw_deliveries", "smsgw_outcomes", "smsgw_rows"]


def mode_of(path: str) -> int:
    return Path(path).stat().st_mode & 0o777


def set_mode(path: str, mode: int) -> None:
    Path(path).touch()
    Path(path).chmod(mode)


def content_of(path: str) -> bytes:
    return Path(path).read_bytes()


def pragmas(connection: Connection) -> dict[str, object]:
    names = ("journal_mode", "synchronous", "fullfsync")
    return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}


IN_EFFECT = {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1}


async def test_tables_are_made_once(files: Book) -> None:
    """And are there the next time."""
    for _ in range(2):
        await (await files.open()).aclose()
        found = await files.ask("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        assert [name for (name,) in found] == TABLES


async def test_only_the_owner_reads_it(files: Book) -> None:
    """It holds numbers and texts, and so does what SQLite writes beside it."""
    before = os.umask(0)
    try:
        await files.begun(3)
    finally:
        os.umask(before)
    assert mode_of(files.where) == 0o600
    assert mode_of(f"{files.where}-wal") == 0o600


async def test_a_file_that_is_there_keeps_its_mode(files: Book) -> None:
    """Its owner may have let others read it."""
    set_mode(files.where, 0o640)
    await files.begun(1)
    assert mode_of(files.where) == 0o640


async def test_a_commit_is_on_the_disk_for_those_who_read_and_who_write(
    files: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WAL and `synchronous=FULL` are in effect on each connection, not only asked for."""
    journal = await files.begun(2)
    seen = []
    written = module._write

    def write(connection: Connection, *given: Any) -> None:
        seen.append(pragmas(connection))
        written(connection, *given)

    monkeypatch.setattr(module, "_write", write)
    writer = files.writer(journal)
    await writer.claim("1", "iba", [1])
    writer.complete("1", [told(1)])
    await writer.aclose()
    async with journal.database.connected() as one, journal.database.snapshot() as two:
        seen += [await one.run_sync(pragmas), await two.run_sync(pragmas)]
    async with journal.writing() as connection:
        seen.append(await connection.run_sync(pragmas))
    look = await files.look()
    async with look.database.connected() as connection:
        seen.append(await connection.run_sync(pragmas))
    assert len(seen) >= 6
    assert all(found == IN_EFFECT for found in seen)


async def test_readers_do_not_stop_the_writer(files: Book) -> None:
    """Nor does who looks at the journal from outside, in the middle of a long read."""
    journal = await files.begun(2)
    with closing(sqlite3.connect(files.where)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM smsgw_rows").fetchone() == (2,)
        writer = files.writer(journal)
        await writer.claim("1", "iba", [1])
        assert reader.execute("SELECT count(*) FROM smsgw_claims").fetchone() == (0,)


async def test_tables_are_made_all_or_none(files: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies meanwhile leaves an empty file, and the next one begins anew."""

    def broken(*given: Any, **more: Any) -> None:
        original(*given, **more)
        raise OSError(5, "Input/output error")

    original = METADATA.create_all
    with monkeypatch.context() as patch:
        patch.setattr(METADATA, "create_all", broken)
        with pytest.raises(JournalError, match="Input/output error"):
            await files.open()
    assert await files.ask("SELECT name FROM sqlite_master") == []
    assert (await (await files.begun(2)).counts()).rows == 2


async def test_nothing_of_another_database_is_changed(files: Book) -> None:
    """Not even its journal mode."""
    with closing(sqlite3.connect(files.where)) as other:
        other.execute("CREATE TABLE customers (id)")
    before = content_of(files.where)
    with pytest.raises(JournalMismatch, match="not a journal of smsgw"):
        await files.open()
    assert content_of(files.where) == before


async def test_a_journal_that_was_copied_by_other_means_is_in_wal_mode_again(files: Book) -> None:
    """`VACUUM INTO` makes a file in another mode."""
    await (await files.begun([row(1)])).aclose()
    copy = Book(f"{files.where}-copy")
    with closing(sqlite3.connect(files.where)) as other:
        other.execute("VACUUM INTO ?", [copy.where])
    journal = await copy.open()
    async with journal.database.connected() as connection:
        assert await connection.run_sync(pragmas) == IN_EFFECT
    await copy.close()
