"""The file of a store that cannot be written while the sandbox runs: told once, and nothing is lost."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.store.conftest import Place, take

ROOT = Path(__file__).parents[3]

LIMITED = """
import resource, signal, sys
from smsgw.sandbox.world import World
from smsgw.sandbox.store import Store
from tests.sandbox.store.conftest import take
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
world = World(login="test", password="test")
store = Store(sys.argv[1], tell=print)
store.load(world)
take(world, text="before")
assert store.save(world)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
take(world, text="x" * 300_000)
assert not store.save(world)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert store.save(world, at_once=True)
"""


def test_a_full_disk_is_told_once_and_nothing_is_lost(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox goes on; what could not be written is written as soon as there is room."""
    now = 0.0
    monkeypatch.setattr("smsgw.sandbox.store.store.time.monotonic", lambda: now)
    world, store = place.begin()
    take(world, "1", text="before")
    store.save(world)
    ((pages,),) = store._connection.execute("PRAGMA page_count").fetchall()
    store._connection.execute(f"PRAGMA max_page_count={pages}")
    for _ in range(3):
        take(world, "2", text="x" * 20_000)
        assert not store.save(world)
        now += 6
        assert not store.save(world)
    line = f"{place.path}: cannot be written: the disk is full"
    assert store.trouble == line
    assert place.said == [f"{line}; the sandbox goes on without it, and tries again"]
    store._connection.execute("PRAGMA max_page_count=100000")
    assert not store.save(world), "it rests"
    now += 6
    assert store.save(world)
    assert repr(store.trouble) == "None"
    assert place.said[1:] == [f"{place.path}: is written again; nothing is missing"]
    store.close()
    later, _ = place.begin()
    assert [message.recipient for message in later.ledger.messages] == list("1222")


def test_the_last_save_does_not_rest(place: Place) -> None:
    """What was cleared in the meantime goes then, too."""
    world, store = place.begin()
    take(world, "1")
    store.save(world)
    store._connection.execute("PRAGMA query_only=ON")
    world.reset()
    take(world, "2")
    assert not store.save(world)
    store._connection.execute("PRAGMA query_only=OFF")
    take(world, "3")
    assert store.save(world, at_once=True)
    store.close()
    assert [message.recipient for message in place.begin()[0].ledger.messages] == ["2", "3"]


def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    """The system's own error, in the middle of a write: said, survived, and made good."""
    path = tmp_path / "sandbox.db"
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "the disk is full" in run.stdout.splitlines()[0]
    assert run.stdout.splitlines()[1] == f"{path}: is written again; nothing is missing"
    place = Place(path)
    world, store = place.begin()
    assert [len(message.text) for message in world.ledger.messages] == [6, 300_000]
    store.close()


@pytest.mark.parametrize("how", ["moved", "removed", "replaced"])
def test_a_file_that_is_gone_is_told(place: Place, how: str) -> None:
    """What nobody would find again is not called saved; put back, it goes on."""
    world, store = place.begin()
    away = place.path.with_name("away.db")
    if how == "removed":
        place.path.unlink()
    else:
        place.path.rename(away)
    if how == "replaced":
        place.path.touch()
    take(world)
    assert not store.save(world, at_once=True)
    assert store.trouble is not None
    assert "was moved or removed" in store.trouble
    if how == "moved":
        away.rename(place.path)
        assert store.save(world, at_once=True)
