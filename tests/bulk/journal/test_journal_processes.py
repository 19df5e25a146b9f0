"""Two processes at one journal."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smsgw.bulk.errors import JournalBusy, JournalError
from smsgw.bulk.journal import Journal, doubtful, give_up_claims
from tests.bulk.journal.conftest import Book, everything_pending

Started = Callable[..., subprocess.Popen[str]]

# A run that holds the journal until its input ends.
HOLD = """
import asyncio, os, sys
from smsgw.bulk.journal import Journal, Writer
async def main():
    journal = await Journal.create(sys.argv[1])
    known = await journal.campaign()
    await journal.resume(known, f"process {os.getpid()} on here")
    writer = Writer(journal, print)
    await writer.claim("one", "iba", [1])
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await writer.aclose()
    await journal.aclose()
asyncio.run(main())
"""

# A run that takes the journal and leaves it, again and again; it says how often it was refused.
TAKE = """
import asyncio, sys
from smsgw.bulk.errors import JournalBusy
from smsgw.bulk.journal import Journal
async def main():
    refused = 0
    for _ in range(60):
        try:
            journal = await Journal.create(sys.argv[1])
        except JournalBusy:
            refused += 1
        else:
            await journal.aclose()
    print(refused)
asyncio.run(main())
"""

# All begin at one moment; each says whether the journal is its own, and goes when all have said.
RACE = """
import asyncio, sys
from smsgw.bulk.errors import JournalBusy
from smsgw.bulk.journal import Journal
async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        await Journal.create(sys.argv[1])
    except JournalBusy:
        print("busy", flush=True)
    else:
        print("mine", flush=True)
    sys.stdin.readline()
asyncio.run(main())
"""


@pytest.fixture
def started(book: Book) -> Iterator[Started]:
    """`started(script)`: a process with this script and the journal's place; it is gone in the end."""
    processes: list[subprocess.Popen[str]] = []

    def start(script: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", script, book.where],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


async def taken(book: Book) -> Journal:
    """A server needs a moment to see that a connection has ended; a file's lock ends with its process."""
    async with asyncio.timeout(5):
        while True:
            try:
                return await book.open()
            except JournalBusy:
                if "://" not in book.where:
                    raise


async def test_the_second_process_is_told_who_and_since_when(book: Book, started: Started) -> None:
    """In one line, without waiting for the first one's end."""
    await (await book.begun(3)).aclose()
    first = started(HOLD)
    assert line_of(first) == "ready"
    began = time.monotonic()
    with pytest.raises(JournalBusy) as refusal:
        await book.open()
    assert time.monotonic() - began < 5
    since = time.strftime("%Y-%m-%d ", time.localtime())
    assert f"another run works on this journal (process {first.pid} on here, since {since}" in str(
        refusal.value
    )
    assert "\n" not in str(refusal.value)
    look = await book.look()
    assert await look.is_at_work()
    assert await doubtful(look) == {1}


async def test_a_killed_process_leaves_the_journal_to_the_next(book: Book, started: Started) -> None:
    """At once, with all that it had claimed."""
    await (await book.begun(3)).aclose()
    first = started(HOLD)
    assert line_of(first) == "ready"
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    journal = await taken(book)
    known = await journal.campaign()
    assert known is not None
    assert known.run == 2
    await journal.resume(known, "next")
    assert await give_up_claims(journal) == 1
    assert [pending.number for pending in await everything_pending(journal)] == [2, 3]


async def test_a_process_that_ends_leaves_it_too(book: Book, started: Started) -> None:
    """In good order."""
    await (await book.begun(3)).aclose()
    first = started(HOLD)
    assert line_of(first) == "ready"
    first.communicate()
    assert first.returncode == 0
    look = await book.look()
    assert not await look.is_at_work()
    await book.open()


async def test_a_process_that_is_stopped_keeps_it(book: Book, started: Started) -> None:
    """It may go on at any time."""
    await (await book.begun(3)).aclose()
    first = started(HOLD)
    assert line_of(first) == "ready"
    os.kill(first.pid, signal.SIGSTOP)
    with pytest.raises(JournalBusy):
        await book.open()


async def test_looking_disturbs_nobody(book: Book, started: Started) -> None:
    """However often others look whether a run is at work, one that begins is never refused for it."""
    await (await book.begun(3)).aclose()
    look = await book.look()
    runs = started(TAKE)
    looks = free = 0
    while runs.poll() is None:
        free += not await look.is_at_work()
        looks += 1
    assert line_of(runs) == "0"
    assert looks > 60
    assert 0 < free < looks


async def test_of_many_that_begin_at_once_one_has_it(book: Book, started: Started) -> None:
    """Even where there is no journal yet."""
    processes = [started(RACE) for _ in range(4)]
    assert [line_of(process) for process in processes] == ["ready"] * 4
    for process in processes:
        go_on(process)
    assert sorted(line_of(process) for process in processes) == ["busy", "busy", "busy", "mine"]


async def test_a_second_try_in_one_process_unlocks_nothing(book: Book, started: Started) -> None:
    """On POSIX a process loses all its locks on a file when it closes it anywhere, and others throw the log away."""
    journal = await book.begun(3)
    writer = book.writer(journal)
    await writer.claim("1", "iba", [1])
    with pytest.raises(JournalBusy):
        await book.open()
    await (await book.look()).aclose()
    other = started(RACE)
    assert line_of(other) == "ready"
    go_on(other)
    assert line_of(other) == "busy"
    go_on(other)
    other.wait(10)
    await writer.claim("2", "iba", [2])
    assert await book.ask("SELECT count(*) FROM smsgw_claims") == [(2,)]


async def test_a_lock_file_of_something_else(files: Book, tmp_path: Path) -> None:
    """It is named, for it is not the journal that is wrong."""
    (tmp_path / "run.db-lock").write_text("somebody's notes\n" * 100)
    with pytest.raises(JournalError, match=r"run\.db-lock: is not a journal: it is no SQLite database"):
        await files.open()
    assert (tmp_path / "run.db-lock").read_text().startswith("somebody's notes")


async def test_a_lock_file_that_is_left_over_is_no_lock(files: Book, tmp_path: Path) -> None:
    """It is the process that holds it, not the file."""
    await (await files.begun(1)).aclose()
    assert (tmp_path / "run.db-lock").exists()
    look = await files.look()
    assert not await look.is_at_work()
    (tmp_path / "run.db-lock").unlink()
    assert not await look.is_at_work()
    assert not (tmp_path / "run.db-lock").exists()
