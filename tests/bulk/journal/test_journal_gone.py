"""Files that are taken away: nothing is written where nobody finds it, and nothing begins anew."""

import os
import shutil
from pathlib import Path

import pytest

from smsgw.bulk.errors import JournalError
from smsgw.bulk.journal import Journal, load
from smsgw.errors import NotSubmitted
from tests.bulk.journal.conftest import Book, one_line, row, told


async def interrupted(files: Book, tmp_path: Path) -> Path:
    """As a killed run leaves it: with its log beside it."""
    journal = await files.begun(2)
    writer = files.writer(journal)
    await writer.claim("1", "iba", [1])
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("run.db", "run.db-wal"):
        shutil.copy(tmp_path / name, killed / name)
    return killed / "run.db"


@pytest.mark.parametrize("how", ["removed", "emptied"])
async def test_a_journal_of_which_only_the_log_is_left(files: Book, tmp_path: Path, how: str) -> None:
    """To begin anew there would be to send again what the log knows."""
    path = await interrupted(files, tmp_path)
    if how == "removed":
        path.unlink()
    else:
        os.truncate(path, 0)
    with pytest.raises(JournalError) as failure:
        await Journal.create(path)
    one_line(
        failure.value, str(path), r"is gone, but what was written last is still in \S*-wal: put the .* anew"
    )
    path.with_name("run.db-wal").unlink()
    await (await Journal.create(path)).aclose()


REMOVED = {"file": ["run.db"], "log": ["run.db-wal"], "both": ["run.db", "run.db-wal"]}


@pytest.mark.parametrize("what", [*REMOVED, "moved", "replaced"])
async def test_a_journal_that_is_taken_away_stops_the_run(files: Book, tmp_path: Path, what: str) -> None:
    """What is written where nobody finds it any more is not written: the next run would send it again."""
    journal = await files.begun(3)
    writer = files.writer(journal)
    await writer.claim("1", "iba", [1])
    if what in ("moved", "replaced"):
        (tmp_path / "run.db").rename(tmp_path / "old.db")
    if what == "replaced":
        shutil.copy(tmp_path / "old.db", tmp_path / "run.db")
    for name in REMOVED.get(what, ()):
        (tmp_path / name).unlink()
    with pytest.raises(NotSubmitted):
        await writer.claim("2", "iba", [2])
    one_line(writer.failure, files.where, "was moved or removed: put it back before the next run")
    writer.complete("1", [told(1)])
    unwritten = [outcome.number for outcome in await writer.aclose()]
    assert unwritten == ([] if what == "log" else [1])


async def test_a_file_that_is_gone_is_not_made_anew(files: Book, tmp_path: Path) -> None:
    """Whoever reads next is told, and leaves no empty journal there."""
    journal = await files.begun(3)
    for name in ("run.db", "run.db-wal", "run.db-shm"):
        (tmp_path / name).unlink()
    with pytest.raises(JournalError) as failure:
        await load(journal, [row(4)])
    one_line(failure.value, files.where, "was moved or removed: put it back before the next run")
    await journal.database.aclose()
    with pytest.raises(JournalError) as failure:
        await journal.counts()
    one_line(failure.value, files.where, "cannot be opened: look at its folder and its permissions")
    assert not (tmp_path / "run.db").exists()
