"""Where a journal is: names of files, links, and URLs."""

import os
from pathlib import Path

import pytest

from smsgw.bulk.errors import JournalBusy, JournalError
from smsgw.bulk.journal import Journal
from smsgw.bulk.journal.database import Database
from tests.bulk.journal.conftest import Book


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "name",
    [
        "a b.db",
        "who?mode=memory.db",
        "a#b.db",
        "100%41.db",
        "почта 👍.db",
        "it's.db",
        ":memory:",
        "file:x.db",
        "&a=b",
    ],
)
async def test_any_name_is_a_name(files: Book, tmp_path: Path, name: str) -> None:
    """Nothing in a path means anything; what is beside it is named after it."""
    files.where = str(tmp_path / name)
    await files.begun(1)
    assert names_in(tmp_path) == [
        name,
        f"{name}-lock",
        f"{name}-shm",
        f"{name}-wal",
    ]
    assert (await (await files.look()).counts()).rows == 1


async def test_a_relative_path_is_that_of_the_beginning(
    files: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that goes elsewhere still writes the same file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    files.where = "run.db"
    journal = await files.begun(1)
    monkeypatch.chdir(tmp_path / "sub")
    assert (await journal.counts()).rows == 1
    assert await journal.is_at_work()
    assert journal.database.name == "run.db"
    assert names_in(tmp_path / "sub") == []


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
async def test_the_url_of_a_file(files: Book, tmp_path: Path, scheme: str) -> None:
    """It is the journal at that path."""
    await files.begun(1)
    by_url = Book(f"{scheme}:///{tmp_path}/run.db")
    with pytest.raises(JournalBusy, match=r"run\.db: another run"):
        await by_url.open()
    assert (await (await by_url.look()).counts()).rows == 1
    await by_url.close()


@pytest.mark.parametrize("link", ["file", "folder", "chain"])
async def test_two_ways_to_one_journal_are_one(files: Book, tmp_path: Path, link: str) -> None:
    """Through links, too, it has one lock."""
    await files.begun(1)
    if link == "folder":
        (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
        other = tmp_path / "link" / "run.db"
    else:
        other = tmp_path / "other.db"
        other.symlink_to("run.db")
        if link == "chain":
            (tmp_path / "third.db").symlink_to(other)
            other = tmp_path / "third.db"
    linked = Book(str(other))
    with pytest.raises(JournalBusy):
        await linked.open()
    look = await linked.look()
    assert await look.is_at_work()
    await linked.close()


async def test_a_link_to_where_nothing_is_yet(files: Book, tmp_path: Path) -> None:
    """The journal is made where it leads."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "run.db").symlink_to(tmp_path / "disk" / "real.db")
    await files.begun(1)
    assert (tmp_path / "disk" / "real.db").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "disk" / "real.db-lock").exists()


async def test_a_file_of_two_names_is_refused(files: Book, tmp_path: Path) -> None:
    """Each name would have a lock and a log of its own: two runs would send the same rows."""
    await (await files.begun(1)).aclose()
    os.link(tmp_path / "run.db", tmp_path / "other.db")
    for where in (files, Book(str(tmp_path / "other.db"))):
        with pytest.raises(JournalError, match=r"several names \(hard links\).*: copy it"):
            await where.open()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("", "the journal is a file's path, or a database's URL"),
        ("run\0.db", "the journal is a file's path, or a database's URL"),
        ("postgresql://u:secret@host:port/d", "the journal is a file's path, or a database's URL"),
        ("postgresql://u:sec@secret@host/d", "an @ or a / of the password is written %40 or %2F"),
        ("postgresql://u/secret@host/d", "an @ or a / of the password is written %40 or %2F"),
        ("mysql+aiomysql://u:secret@host/d", "a journal is in SQLite or in PostgreSQL"),
        ("https://u:secret@host/d", "a journal is in SQLite or in PostgreSQL"),
        (
            "postgresql+nothing://u:secret@host/d?password=secret",
            "not a database with an asynchronous driver",
        ),
        (
            "postgresql+pg8000://u:secret@host/d",
            "not a database with an asynchronous driver|is not installed",
        ),
        ("sqlite+pysqlite:///run.db", "not a database with an asynchronous driver"),
        ("sqlite://", "is a file's path and nothing else: sqlite:///run.db"),
        ("sqlite:///:memory:", "is a file's path and nothing else: sqlite:///run.db"),
        ("sqlite:///file:run.db?mode=memory&uri=true", "is a file's path and nothing else"),
    ],
)
async def test_what_is_no_place_for_a_journal(
    where: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_left: None
) -> None:
    """It is said in one line, which never has a password in it."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(JournalError, match=words) as refusal:
        await Journal.create(where)
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("postgresql://u:secret@host/d", "postgresql+asyncpg://u:***@host/d"),
        ("postgres://u:secret@host:99/d?password=secret", "postgresql+asyncpg://u:***@host:99/d"),
        ("postgresql+asyncpg:///d?host=/run&user=u", "postgresql+asyncpg:///d"),
    ],
)
def test_a_servers_name_has_no_password(where: str, name: str) -> None:
    """And a URL that names no driver means the one that is asynchronous."""
    assert Database(where).name == name


@pytest.mark.parametrize("what", ["folder", "pipe", "device"])
async def test_what_is_not_a_file_is_refused(files: Book, tmp_path: Path, what: str) -> None:
    """At once, in one line."""
    if what == "folder":
        (tmp_path / "run.db").mkdir()
    elif what == "pipe":
        os.mkfifo(tmp_path / "run.db")
    else:
        files.where = "/dev/null"
    with pytest.raises(JournalError, match="is not a journal: it is not even a file"):
        await files.open()


async def test_a_folder_that_is_not_there(files: Book, tmp_path: Path) -> None:
    """It is not made."""
    files.where = str(tmp_path / "nowhere" / "run.db")
    with pytest.raises(JournalError, match=r"run\.db: cannot be opened: No such file or directory"):
        await files.open()
    with pytest.raises(JournalError, match=r"run\.db: there is no such journal"):
        await files.look()
