"""Files that are damaged, or of something else: one clear line before anything is sent."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from smsgw.bulk.errors import JournalError, JournalMismatch
from tests.bulk.journal.conftest import Book, one_line, row

IS_CORRUPT = "is corrupt: keep it, and restore it from a copy"


async def closed(files: Book, rows: int = 2000) -> Path:
    journal = await files.begun([row(number, payload=f"{number}" * 20) for number in range(1, rows + 1)])
    await journal.aclose()
    return Path(files.where)


@pytest.mark.parametrize("with_what", [b"\0", b"\xff", b"SMS "])
async def test_damage_in_the_middle_is_found_at_once(files: Book, with_what: bytes) -> None:
    """Before anything is sent."""
    path = await closed(files)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(with_what * (8192 // len(with_what)))
    with pytest.raises(JournalError) as failure:
        await files.open()
    one_line(failure.value, files.where, IS_CORRUPT)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
async def test_a_file_that_was_cut_off(files: Book, part: float) -> None:
    """As by a copy that did not come to its end."""
    path = await closed(files)
    os.truncate(path, int(path.stat().st_size * part))
    for attempt in (files.open, files.look):
        with pytest.raises(JournalError) as failure:
            await attempt()
        one_line(failure.value, files.where, IS_CORRUPT)


async def test_a_table_that_is_gone(files: Book) -> None:
    """It is no journal to go on with."""
    path = await closed(files)
    with closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE smsgw_outcomes")
    journal = await files.open()
    with pytest.raises(JournalError) as failure:
        await journal.counts()
    one_line(failure.value, files.where, "is corrupt: some of its tables are missing; restore it from a copy")


@pytest.mark.parametrize("content", [b"phone,name\n79031234567,Anna\n" * 50, b"x", b"\x89PNG" + b"\0" * 5000])
async def test_a_file_of_something_else(files: Book, tmp_path: Path, content: bytes) -> None:
    """It stays what it is."""
    (tmp_path / "run.db").write_bytes(content)
    for attempt in (files.open, files.look):
        with pytest.raises(JournalError) as failure:
            await attempt()
        one_line(failure.value, files.where, "is not a journal(: it is no SQLite database| of smsgw)")
    assert (tmp_path / "run.db").read_bytes() == content


async def test_an_empty_file(files: Book, tmp_path: Path) -> None:
    """There is nothing in it to look at; a run may fill it, as one of `mktemp`'s."""
    (tmp_path / "run.db").touch()
    with pytest.raises(JournalError) as failure:
        await files.look()
    one_line(failure.value, files.where, "there is no such journal")
    assert (await (await files.begun(2)).counts()).rows == 2


async def test_an_empty_database(files: Book) -> None:
    """It is no journal yet."""
    with closing(sqlite3.connect(files.where)) as other:
        other.execute("PRAGMA user_version=1")
    with pytest.raises(JournalMismatch) as failure:
        await files.look()
    one_line(failure.value, files.where, "is not a journal of smsgw")
