"""The file of a store: whose it is, who may have it, and what happens when it cannot be written."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from smsgw.sandbox.store import Store, StoreError
from smsgw.sandbox.store.schema import APPLICATION, VERSION
from tests.sandbox.store.conftest import Place, take

ROOT = Path(__file__).parents[3]

HOLD = """
import sys
from smsgw.sandbox.store import Store
store = Store(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""
WRITE = """
import sys
from smsgw.sandbox.world import World
from smsgw.sandbox.store import Store
from tests.sandbox.store.conftest import take
world = World(login="test", password="test", keep=500)
store = Store(sys.argv[1])
store.load(world)
while True:
    for _ in range(20):
        take(world, "1", "2")
    assert store.save(world)
    print(world.ledger.last_message, flush=True)
"""


def started(script: str, path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def database(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def broken(place: Place, *statements: str) -> None:
    """A store with something in it, and then this done to it."""
    world, store = place.begin()
    world.incoming.url = "http://127.0.0.1:9/"
    world.incoming.write(sender="1", receiver="2", text="a")
    take(world, text="secret")
    place.end(world, store)
    database(place.path, *statements)


def why_not(path: str | Path) -> str:
    with pytest.raises(StoreError) as refused:
        Store(path)
    line = str(refused.value)
    assert "\n" not in line
    return line


# Making it, and what is in its place.


@pytest.mark.parametrize(
    "name", ["a b.db", "who?mode=memory.db", "a#b.db", "100%41.db", "почта 👍.db", ":memory:", "&a"]
)
def test_any_name_is_a_name(tmp_path: Path, name: str) -> None:
    """Nothing in a path means anything; only its owner reads what is made, whatever the umask."""
    before = os.umask(0)
    try:
        store = Store(tmp_path / name)
    finally:
        os.umask(before)
    log = tmp_path / f"{name}-wal"
    assert {path.name for path in tmp_path.iterdir()} == {name, log.name}
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / name, log)] == [0o600, 0o600]
    store.close()
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_empty_file_becomes_one(place: Place) -> None:
    """Such as a killed sandbox leaves that had just begun."""
    place.path.touch()
    world, store = place.begin()
    take(world)
    place.end(world, store)
    assert len(place.begin()[0].ledger) == 1


def test_a_link_leads_to_the_same(place: Place, tmp_path: Path) -> None:
    """Two ways to one file are one."""
    world, store = place.begin()
    (tmp_path / "link.db").symlink_to("sandbox.db")
    assert "in use by another sandbox" in why_not(tmp_path / "link.db")
    place.end(world, store)


@pytest.mark.parametrize(
    "content", [b"x", b"SQLite", b"Dear diary\n" * 1000, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    """One clear line, and not a byte of it is changed."""
    path = tmp_path / "diary.txt"
    path.write_bytes(content)
    assert why_not(path) == f"{path}: is no store of the sandbox: it is no SQLite database"
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_database_of_something_else_stays_as_it_is(tmp_path: Path, mode: str) -> None:
    """Also one that has the same names of tables, or a number of its own."""
    path = tmp_path / "other.db"
    for statement in ("CREATE TABLE messages (number)", f"PRAGMA application_id={APPLICATION + 1}"):
        database(path, f"PRAGMA journal_mode={mode}", statement)
        content = path.read_bytes()
        assert why_not(path) == f"{path}: is no store of the sandbox: it is another program's database"
        assert path.read_bytes() == content


def test_a_newer_version_is_refused(place: Place) -> None:
    """It is not read as if it were this one's."""
    broken(place, f"PRAGMA user_version={VERSION + 1}")
    assert why_not(place.path).endswith("was written by a newer smsgw: its tables are of version 2")


def test_no_file(tmp_path: Path) -> None:
    """A folder that is not there, a folder, something else, and nothing at all."""
    assert why_not(tmp_path / "no" / "x.db") == f"{tmp_path}/no/x.db: its folder does not exist"
    assert why_not(tmp_path) == f"{tmp_path}: is a folder, no file"
    assert why_not("/dev/null") == "/dev/null: is no ordinary file"
    (tmp_path / "file").touch()
    assert why_not(tmp_path / "file" / "x.db") == f"{tmp_path}/file/x.db: cannot be opened: not a directory"
    (tmp_path / "a.db").touch()
    (tmp_path / "b.db").hardlink_to(tmp_path / "a.db")
    assert "several names" in why_not(tmp_path / "a.db")
    for path in ("", "a\0b"):
        assert why_not(path) == "the store is a file: its path is wanted"
    assert list((tmp_path / "a.db").read_bytes()) == []


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_cannot_be_written_is_refused(place: Place, tmp_path: Path, what: str) -> None:
    """Asked as a user without root's rights, where the test has them."""
    world, store = place.begin()
    place.end(world, store)
    tmp_path.chmod(0o555 if what == "folder" else 0o777)
    place.path.chmod(0o444 if what == "file" else 0o666)
    script = (
        "import os, sys; from smsgw.sandbox.store import Store, StoreError\n"
        "os.chdir(sys.argv[1])\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: Store('sandbox.db')\n"
        "except StoreError as error: print(error)"
    )
    for folder in (tmp_path.parent, tmp_path.parent.parent):  # pytest's own are closed to others
        folder.chmod(0o755)
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tmp_path.chmod(0o755)
    assert run.stdout == "sandbox.db: cannot be written: it is read-only, or its folder is\n", run.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE exchanges",
        "ALTER TABLE messages DROP COLUMN text",
        "UPDATE messages SET state = 'lost'",
        "UPDATE messages SET taken_at = NULL",
        "UPDATE messages SET taken_at = 9000000000000000000",
        "UPDATE messages SET options = '{secret'",
        "UPDATE messages SET options = '5'",
        "UPDATE messages SET text = x'ff'",
        "UPDATE exchanges SET headers = '[[1]]'",
        "UPDATE exchanges SET headers = NULL",
        "UPDATE exchanges SET kind = 'secret'",
        "UPDATE incoming SET attempts = '[1]'",
        "UPDATE gateways SET spent = 'much'",
        "UPDATE last SET message = 'last'",
        "PRAGMA user_version=0",
    ],
)
def test_a_file_that_was_meddled_with_is_refused(place: Place, statement: str) -> None:
    """One clear line that quotes nothing of it, and the sandbox begins with none of it."""
    broken(place, statement)
    with pytest.raises(StoreError, match=r"sandbox\.db: is corrupt: ") as refused:
        place.begin()
    assert "secret" not in str(refused.value)


# One sandbox at a time.


def test_another_sandbox_is_kept_out(place: Place) -> None:
    """By one of this process or of another, until it ends, however that comes."""
    holder = started(HOLD, place.path)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for _ in range(2):
            assert why_not(place.path).endswith("is in use by another sandbox, or another program")
        holder.kill()
    world, store = place.begin()
    with pytest.raises(StoreError, match="in use by another"):
        Store(place.path)
    take(world)
    assert store.save(world)  # that nobody came in took nothing from who was there
    outside = subprocess.run(
        [sys.executable, "-c", HOLD, str(place.path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "in use by another sandbox" in outside.stderr


def test_a_killed_sandbox_leaves_a_good_file(place: Place) -> None:
    """All that was saved is there, in whatever moment it was killed; nothing is there in half."""
    last = 0
    for pause in range(6):
        writer = started(WRITE, place.path)
        with writer:
            assert writer.stdout is not None
            for _ in range(3 + pause):
                last = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().splitlines()
            last = int(rest[-1]) if rest and rest[-1].isdigit() else last
        world, store = place.begin(keep=500)
        numbers = [message.number for message in world.ledger.messages]
        assert numbers == list(range(numbers[-1] - len(numbers) + 1, numbers[-1] + 1))
        assert numbers[-1] >= last
        assert numbers[-1] % 40 == 0
        assert world.ledger.last_message == numbers[-1]
        assert world.gateways["iba"].serial == numbers[-1]
        assert {m.request for m in world.ledger.messages} <= {
            e.number for e in world.ledger.newest_exchanges()
        }
        store.close()
