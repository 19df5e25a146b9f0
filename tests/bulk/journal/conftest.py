"""Journals on both databases: SQLite in a folder of its own, and PostgreSQL where `SMSGW_TEST_POSTGRES` has its URL.

The session `postgres` of the noxfile starts such a server. What it holds is thrown away before each test.
"""

import asyncio
import gc
import os
import re
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from smsgw.bulk.errors import JournalError
from smsgw.bulk.journal import InputRow, Journal, PendingRow, Told, Writer, load
from smsgw.bulk.journal.database import Database

SERVER = os.environ.get("SMSGW_TEST_POSTGRES", "")


def row(number: int, recipient: int | None = None, content: int = 7, **more: Any) -> InputRow:
    """A row of the input; its recipient is its own where nothing else is said."""
    to = 79000000000 + number if recipient is None else recipient
    return InputRow(number, number + 1, f"+{to}", to, content, f"text {number}")._replace(**more)


def refused(number: int, why: str = "InvalidRecipient: not a number") -> InputRow:
    """A row for which nothing is sent."""
    return InputRow(number, number + 1, "nobody", None, 0, f"text {number}", why)


def told(number: int, state: str = "accepted", **more: Any) -> Told:
    """An outcome, as it is written down."""
    return Told(number, state, "iba", f"id-{number}", segments=1, attempts=1)._replace(**more)


class Book:
    """A place for a journal: opens it, and closes in the end what was opened."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.failures: list[Exception] = []
        """What its writers called out."""
        self._opened: list[Journal] = []
        self._writers: list[Writer] = []

    async def open(self) -> Journal:
        """As a run does."""
        journal = await Journal.create(self.where)
        self._opened.append(journal)
        return journal

    async def look(self) -> Journal:
        journal = await Journal.look(self.where)
        self._opened.append(journal)
        return journal

    async def second(self) -> Journal:
        """Another run's, as if there were no lock."""
        database = Database(self.where)
        database.make_file()
        journal = Journal(database)
        self._opened.append(journal)
        return journal

    async def begun(self, rows: Sequence[InputRow] | int = 0) -> Journal:
        """A journal with a campaign of these rows, or of so many, ready to be sent."""
        journal = await self.open()
        await journal.begin("people.csv", "", "text", "[]", "process 1 on here")
        given = [row(number + 1) for number in range(rows)] if isinstance(rows, int) else rows
        if given:
            await load(journal, given)
        await journal.note(loaded=True, source="digest")
        return journal

    def writer(self, journal: Journal) -> Writer:
        writer = Writer(journal, self.failures.append)
        self._writers.append(writer)
        return writer

    async def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """What another program finds in it."""
        engine = create_async_engine(engine_url(self.where), poolclass=NullPool)
        try:
            async with engine.begin() as connection:
                result = await connection.execute(text(sql))
                return [tuple(values) for values in result.all()] if result.returns_rows else []
        finally:
            await engine.dispose()

    async def close(self) -> None:
        for writer in self._writers:
            await writer.aclose()
        for journal in self._opened:
            await journal.aclose()


def engine_url(where: str) -> Any:
    return make_url(where) if "://" in where else make_url("sqlite+aiosqlite://").set(database=where)


def commits_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows with each commit of a writer's."""
    commits: list[int] = []
    commit = Writer._commit

    async def counted(self: Writer, *given: Any) -> None:
        commits.append(1)
        await commit(self, *given)

    monkeypatch.setattr(Writer, "_commit", counted)
    return commits


async def everything_pending(journal: Journal) -> list[PendingRow]:
    found: list[PendingRow] = []
    while page := await journal.pending(found[-1].number if found else 0, 3):
        found += page
    return found


def one_line(error: BaseException | None, where: str, words: str) -> None:
    """It names the journal, and says what is wrong."""
    assert isinstance(error, JournalError)
    assert re.fullmatch(f"{re.escape(where)}: {words}", str(error)), str(error)


@pytest.fixture
async def nothing_left() -> AsyncIterator[None]:
    """No task, no thread and no open connection is left."""
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    yield
    assert asyncio.all_tasks() - tasks - {asyncio.current_task()} == set()
    for thread in set(threading.enumerate()) - threads:
        thread.join(5)  # one may be about to end
        assert not thread.is_alive()
    gc.collect()  # an open connection complains when it is collected


@pytest.fixture
async def files(tmp_path: Path, nothing_left: None) -> AsyncIterator[Book]:
    """A journal in a file."""
    book = Book(str(tmp_path / "run.db"))
    yield book
    await book.close()


@pytest.fixture
async def server(nothing_left: None) -> AsyncIterator[Book]:
    """A journal in PostgreSQL."""
    book = Book(SERVER)
    await book.ask("DROP SCHEMA public CASCADE")
    await book.ask("CREATE SCHEMA public")
    yield book
    await book.close()


@pytest.fixture(params=["sqlite", "postgresql"] if SERVER else ["sqlite"])
def book(request: pytest.FixtureRequest) -> Book:
    """A journal on each of the databases that are there."""
    book: Book = request.getfixturevalue("files" if request.param == "sqlite" else "server")
    return book
