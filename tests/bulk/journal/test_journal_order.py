"""The order of what is written: whenever a run is killed, no more is in doubt than was in flight."""

import asyncio
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsgw.bulk.journal import Writer, doubtful
from tests.bulk.journal.conftest import Book, told

OPEN = "SELECT provider, count(*) FROM smsgw_claims WHERE completed_at IS NULL GROUP BY provider"
STRAY = (
    "SELECT count(*) FROM smsgw_claims WHERE completed_at IS NOT NULL"
    " AND id NOT IN (SELECT claim FROM smsgw_outcomes)"
)


class Slots:
    """Connections that are used again and again, each for one attempt at a time, and what the disk says of them."""

    def __init__(self, writer: Writer, path: Path) -> None:
        self._writer = writer
        self._path = path
        self.looks = 0

    async def use(self, slot: int, pauses: list[tuple[int, int]]) -> None:
        for at, (before, within) in enumerate(pauses):
            number = 1 + slot * 100 + at
            for _ in range(before):
                await asyncio.sleep(0)
            await self._writer.claim(f"{number}", f"slot {slot}", [number])
            for _ in range(within):
                await asyncio.sleep(0)
            self._writer.complete(f"{number}", [told(number, claim=f"{number}")])

    def look(self) -> None:
        """What another process finds now is what a crash would leave."""
        self.looks += 1
        with closing(sqlite3.connect(self._path)) as connection:
            in_doubt = dict(connection.execute(OPEN).fetchall())
            assert all(count == 1 for count in in_doubt.values()), in_doubt
            assert connection.execute(STRAY).fetchone() == (0,)


PAUSES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=6)


@settings(max_examples=25, deadline=None)
@given(st.lists(PAUSES, min_size=1, max_size=4))
def test_a_connection_has_one_attempt_in_doubt(plan: list[list[tuple[int, int]]]) -> None:
    """A claim that uses a connection again is never on the disk without the end of its predecessor."""

    async def scenario() -> None:
        with tempfile.TemporaryDirectory() as folder:
            book = Book(f"{folder}/run.db")
            journal = await book.begun(1)
            slots = Slots(book.writer(journal), Path(book.where))
            checked = journal.database.check_place

            def check_place(*wal: tuple[int, int] | None) -> tuple[int, int] | None:
                slots.look()  # right after each commit
                return checked(*wal)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(journal.database, "check_place", check_place)
                await asyncio.gather(*(slots.use(slot, pauses) for slot, pauses in enumerate(plan)))
                await book.close()
            assert bool(slots.looks) == any(plan)
            assert not book.failures

    asyncio.run(scenario())


async def test_the_files_as_they_are_at_any_moment_are_a_journal(files: Book, tmp_path: Path) -> None:
    """Copied in the middle, as a dead machine leaves them: what was claimed is there, ended or in doubt."""
    journal = await files.begun(40)
    writer = files.writer(journal)
    for number in range(1, 41):
        await writer.claim(f"{number}", "iba", [number])
        if number % 8 == 0:
            copies = tmp_path / f"{number}"
            copies.mkdir()
            for name in ("run.db", "run.db-wal"):
                shutil.copy(tmp_path / name, copies / name)
        writer.complete(f"{number}", [told(number)])
    await writer.aclose()
    for number in range(8, 41, 8):
        copy = Book(str(tmp_path / f"{number}" / "run.db"))
        found = await copy.look()
        assert await doubtful(found) == {number}
        assert (await found.counts()).states == {"accepted": number - 1}
        await copy.close()
