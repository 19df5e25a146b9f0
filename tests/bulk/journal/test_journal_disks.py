"""Disks that are full or read-only: one clear line, and nothing is lost."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from smsgw.bulk.errors import JournalError
from smsgw.bulk.journal import Writer, doubtful, load
from smsgw.errors import NotSubmitted
from tests.bulk.journal.conftest import Book, one_line, row, told


def mounted(*command: str) -> None:
    done = subprocess.run(["mount", *command], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of half a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted("-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk))
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path, but: int = 0) -> Path:
    """A file that takes all the room there is, but for so many bytes."""
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", 0) as file:
        while file.write(b"x" * 1024):
            pass
    os.truncate(filler, max(0, filler.stat().st_size - but))
    return filler


async def claim_until_it_fails(writer: Writer) -> int:
    """One attempt a row; the number of the last one that was claimed. Those of even number end before the next."""
    for number in range(1, 100_000):
        try:
            await writer.claim(f"{number:032d}", "iba", [number])
        except NotSubmitted:
            return number - 1
        if number % 2 == 0:
            writer.complete(f"{number:032d}", [told(number, error="e" * 300)])
    raise AssertionError("it never failed")


FULL = "cannot be written: the disk is full|cannot be read or written: the disk is full, or fails"


# Full.


async def test_a_full_disk_stops_the_run_and_loses_nothing(files: Book, small_disk: Path) -> None:
    """What could not be written is given back; what was written is there, and the next run goes on."""
    files.where = str(small_disk / "run.db")
    journal = await files.begun(300)
    writer = files.writer(journal)
    filler = fill(small_disk, but=150_000)
    last = await claim_until_it_fails(writer)
    assert last > 1
    one_line(writer.failure, files.where, FULL)
    open_numbers = range(1, last + 1, 2)
    for number in open_numbers:
        writer.complete(f"{number:032d}", [told(number)])
    unwritten = {outcome.number for outcome in await writer.aclose()}
    assert set(open_numbers) <= unwritten
    filler.unlink()
    await journal.aclose()
    again = await files.open()
    states = {found.number: found.state for found in await again.results(0, 300)}
    in_doubt = await doubtful(again)
    for number in range(1, 301):
        if number > last:
            assert states[number] is None
            assert number not in in_doubt
        else:
            assert (states[number] == "accepted") != (number in unwritten)
            assert (number in in_doubt) == (number in unwritten)


async def test_room_that_is_made_in_time_saves_what_is_known(files: Book, small_disk: Path) -> None:
    """At the end it is tried once more."""
    files.where = str(small_disk / "run.db")
    journal = await files.begun(300)
    writer = files.writer(journal)
    filler = fill(small_disk, but=150_000)
    last = await claim_until_it_fails(writer)
    for number in range(1, last + 1, 2):
        writer.complete(f"{number:032d}", [told(number)])
    filler.unlink()
    assert await writer.aclose() == []
    assert (await journal.counts()).states == {"accepted": last}
    assert await doubtful(journal) == set()


async def test_a_disk_that_is_full_while_the_input_is_read(files: Book, small_disk: Path) -> None:
    """One line; the next run begins anew."""
    files.where = str(small_disk / "run.db")
    journal = await files.begun(1)

    async def load_on() -> None:
        for start in range(2, 100_000, 100):
            await load(journal, [row(number) for number in range(start, start + 100)])

    with pytest.raises(JournalError) as failure:
        await load_on()
    one_line(failure.value, files.where, FULL)
    assert (await journal.counts()).rows % 100 == 1


async def test_a_full_disk_has_no_room_for_a_journal(files: Book, small_disk: Path) -> None:
    """That is said before anything else is done."""
    files.where = str(small_disk / "run.db")
    fill(small_disk)
    with pytest.raises(JournalError) as failure:
        await files.open()
    one_line(failure.value, files.where, FULL)


async def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """The same of a limit of the process's; this needs no disk of its own."""
    script = (
        "import asyncio, resource, sys\n"
        "from tests.bulk.journal.conftest import Book\n"
        "from tests.bulk.journal.test_journal_disks import claim_until_it_fails\n"
        "async def main():\n"
        "    book = Book(sys.argv[1])\n"
        "    journal = await book.begun(300)\n"
        "    writer = book.writer(journal)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "    last = await claim_until_it_fails(writer)\n"
        "    print(writer.failure, last, len(await writer.aclose()), sep='|')\n"
        "    await book.close()\n"
        "asyncio.run(main())\n"
    )
    where = str(tmp_path / "run.db")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "error", "-c", script, where],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    said, last, unwritten = done.stdout.strip().split("|")
    assert re.fullmatch(f"{re.escape(where)}: (?:{FULL})", said)
    book = Book(where)
    found = await book.look()
    assert (await found.counts()).states["accepted"] + int(unwritten) == int(last) // 2
    await book.close()


# Read-only.


IS_READ_ONLY = "cannot be written: it is read-only, or its folder is"


async def test_a_disk_that_is_read_only(files: Book, small_disk: Path) -> None:
    """The kernel makes it so when it finds damage."""
    files.where = str(small_disk / "run.db")
    await (await files.begun(3)).aclose()
    mounted("-o", "remount,ro", str(small_disk))
    with pytest.raises(JournalError) as failure:
        await files.open()
    one_line(failure.value, files.where, IS_READ_ONLY)
    files.where = str(small_disk / "other.db")
    with pytest.raises(JournalError) as failure:
        await files.open()
    one_line(failure.value, files.where, "cannot be opened: Read-only file system")


@pytest.fixture
def fixed(files: Book, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """`fixed(name)`: that file or folder cannot be changed; root asks nothing of its mode, but of its attributes."""
    done: list[Path] = []

    def fix(name: str) -> None:
        command = ["chattr", "+i", str(tmp_path / name)]
        if (
            shutil.which("chattr") is None
            or subprocess.run(command, capture_output=True, check=False).returncode
        ):
            pytest.skip("there is no chattr here, or it does nothing on this file system")
        done.append(tmp_path / name)

    yield fix
    for path in done:
        subprocess.run(["chattr", "-i", str(path)], check=True)


@pytest.mark.parametrize("name", ["run.db", "."])
async def test_a_file_or_folder_that_is_read_only(
    files: Book, fixed: Callable[[str], None], name: str
) -> None:
    """That is said before anything else is done."""
    await (await files.begun(3)).aclose()
    fixed(name)
    with pytest.raises(JournalError) as failure:
        await files.open()
    one_line(failure.value, files.where, IS_READ_ONLY)
    if name == "run.db":
        assert (await (await files.look()).counts()).rows == 3
