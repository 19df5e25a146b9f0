"""What every store of handled messages does; and what each does on its own."""

import asyncio
import contextlib
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from smsgw.inbound import InboundStore, InboundStoreError, MemoryInboundStore, SQLiteInboundStore


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[InboundStore]:
    made: InboundStore = (
        MemoryInboundStore(ttl=100, clock=clock)
        if request.param == "memory"
        else SQLiteInboundStore(tmp_path / "inbox.db", ttl=100, clock=clock)
    )
    await made.open()
    yield made
    await made.aclose()


# Each.


async def test_remembers(store: InboundStore) -> None:
    """What was added is found, with its reply; what was not is not."""
    await store.add("1", "")
    await store.add("2", "Спасибо\0")
    assert [await store.find(number) for number in "123"] == ["", "Спасибо\0", None]


async def test_again(store: InboundStore) -> None:
    """It may be added again, and opened and closed twice."""
    await store.open()
    await store.add("1", "a")
    await store.add("1", "b")
    assert await store.find("1") == "b"
    await store.aclose()
    await store.aclose()


async def test_forgets(store: InboundStore, clock: Clock) -> None:
    """What is older than `ttl` is forgotten, and nothing before."""
    await store.add("1", "")
    clock.now += 60
    await store.add("2", "")
    clock.now += 39
    assert [await store.find(number) for number in "12"] == ["", ""]
    clock.now += 1
    assert [await store.find(number) for number in "12"] == [None, ""]


@pytest.mark.parametrize(
    "make",
    [
        lambda: MemoryInboundStore(ttl=0),
        lambda: MemoryInboundStore(max_messages=0),
        lambda: SQLiteInboundStore("x", ttl=-1),
    ],
)
def test_limits(make: Callable[[], object]) -> None:
    """Limits that leave no room are a mistake."""
    with pytest.raises(ValueError, match="ttl"):
        make()


# In memory.


async def test_memory_bounded(clock: Clock) -> None:
    """Beyond `max_messages` the one that was handled longest ago goes first."""
    store = MemoryInboundStore(max_messages=2, clock=clock)
    for number in "123":
        await store.add(number, "")
    assert [await store.find(number) for number in "123"] == [None, "", ""]
    assert len(store) == 2


# SQLite.


async def test_sqlite_lasts(tmp_path: Path) -> None:
    """Another process finds what one that was never closed has added."""
    one, other = (SQLiteInboundStore(tmp_path / "inbox.db") for _ in range(2))
    await one.add("1", "reply")
    assert await other.find("1") == "reply"
    await one.aclose()
    await other.aclose()


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_sqlite_on_the_disk(tmp_path: Path) -> None:
    """Commits wait for the disk (WAL, `synchronous=FULL`), and the files are their owner's alone."""
    store = SQLiteInboundStore(tmp_path / "inbox.db")
    await store.add("1", "")
    connection = store._connected
    pragmas = [
        await store._run(lambda name=name: connection().execute(f"PRAGMA {name}").fetchone()[0])  # type: ignore[misc]
        for name in ("journal_mode", "synchronous")
    ]
    assert pragmas == ["wal", 2]
    assert modes_in(tmp_path) == {"inbox.db": 0o600, "inbox.db-wal": 0o600, "inbox.db-shm": 0o600}
    await store.aclose()


async def test_sqlite_shrinks(tmp_path: Path, clock: Clock) -> None:
    """What is forgotten leaves the file."""
    store = SQLiteInboundStore(tmp_path / "inbox.db", ttl=10, clock=clock)
    for number in range(5):
        await store.add(str(number), "")
    clock.now += 10
    await store.add("5", "")
    await store.aclose()
    with closing(sqlite3.connect(tmp_path / "inbox.db")) as connection:
        assert connection.execute("SELECT message_id FROM handled").fetchall() == [("5",)]


async def test_sqlite_does_not_block(tmp_path: Path) -> None:
    """While the disk is slow the loop goes on."""
    store = SQLiteInboundStore(tmp_path / "inbox.db")
    await store.open()
    with closing(sqlite3.connect(tmp_path / "inbox.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(store.add("1", ""))
        await asyncio.sleep(0.05)
        assert not task.done()
        other.rollback()
    await task
    await store.aclose()


def text_file(path: Path) -> None:
    path.write_text("Not a database.\n")


def long_text_file(path: Path) -> None:
    path.write_text("Not a database.\n" * 1000)


def folder(path: Path) -> None:
    path.mkdir()


def of_something_else(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE accounts (name TEXT)")


def of_a_later_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE handled (message_id TEXT)")
        connection.execute("PRAGMA user_version=2")


@pytest.mark.parametrize("spoil", [text_file, long_text_file, folder, of_something_else, of_a_later_version])
async def test_sqlite_unusable(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    """A file that is no store of ours is one clear error, and stays as it is."""
    path = tmp_path / "inbox.db"
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    store = SQLiteInboundStore(path)
    with pytest.raises(InboundStoreError) as caught:
        await store.open()
    assert str(caught.value).startswith(f"{path}: cannot be used as the store of incoming messages: ")
    assert "\n" not in str(caught.value)
    await store.aclose()
    assert (path.read_bytes() if path.is_file() else b"") == before


async def test_sqlite_no_folder(tmp_path: Path) -> None:
    """Nor is one in a folder that is not there."""
    store = SQLiteInboundStore(tmp_path / "nowhere" / "inbox.db")
    with pytest.raises(InboundStoreError, match="No such file or directory"):
        await store.open()
    await store.aclose()
    with pytest.raises(InboundStoreError, match="is closed"):
        await store.find("1")


async def test_sqlite_disk_full(tmp_path: Path) -> None:
    """A full disk is an error of ours; when there is room again the store goes on, and holds what it said it holds."""
    store = SQLiteInboundStore(tmp_path / "inbox.db")
    await store.add("1", "")
    connection = store._connected
    await store._run(lambda: connection().execute("PRAGMA max_page_count=1"))
    with pytest.raises(InboundStoreError, match="full"):
        await store.add("big", "x" * 50_000)
    await store._run(lambda: connection().execute("PRAGMA max_page_count=1000000"))
    await store.add("2", "")
    assert [await store.find(number) for number in "12"] == ["", ""]
    await store.aclose()


async def test_sqlite_begun_by_many(tmp_path: Path) -> None:
    """Several processes may begin one file at the same time."""
    stores = [SQLiteInboundStore(tmp_path / "inbox.db") for _ in range(8)]
    async with contextlib.AsyncExitStack() as stack:
        for store in stores:
            stack.push_async_callback(store.aclose)
        await asyncio.gather(*(store.open() for store in stores))
        await asyncio.gather(*(store.add(str(number), "") for number, store in enumerate(stores)))
        assert [await stores[0].find(str(number)) for number in range(8)] == [""] * 8
