"""A campaign's journal: whose it is, and who may write in it."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Self

from attrs import frozen
from sqlalchemy import Connection, bindparam, inspect, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from smsgw.bulk.errors import JournalBusy, JournalError, JournalMismatch
from smsgw.bulk.journal.database import Database
from smsgw.bulk.journal.lock import is_held, lock_of
from smsgw.bulk.journal.reading import Readable
from smsgw.bulk.journal.schema import (
    METADATA,
    VERSION,
    campaign,
    claims,
    deliveries,
    outcomes,
    rows,
    storable,
)
from smsgw.bulk.journal.statements import insert_on

__all__ = ["Campaign", "Journal"]


@frozen
class Campaign:
    """What a journal is about."""

    name: str
    source: str
    content: str
    loaded: bool
    run: int
    runner: str
    created_at: float
    started_at: float
    ended_at: float | None
    header: str
    tracked_at: float | None


_MINE: Final = campaign.c.id == 1
_HOLD: Final = (
    update(campaign).where(_MINE, campaign.c.run == bindparam("mine")).values(run=bindparam("mine"))
)


class Journal(Readable):
    """An open journal. Everything raises `JournalError`; `database.name` is in what it says."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.run = 0
        self._claims = 0
        self._lock = lock_of(database)

    @classmethod
    async def create(cls, where: str | os.PathLike[str]) -> Self:
        """The journal of a run: made if there is none, and this process's own until it is closed.

        Raises `JournalBusy` where another run works on it.
        """
        database = Database(where)
        database.make_file()
        journal = cls(database)
        try:
            await journal._take()
            await journal._make_tables()
        except BaseException:  # cancellation, too: what was opened and locked is let go
            await journal.aclose()
            raise
        return journal

    @classmethod
    async def look(cls, where: str | os.PathLike[str]) -> Self:
        """A journal to read, whether a run is at work or not."""
        database = Database(where)
        database.check_file()
        journal = cls(database)
        try:
            await journal._check_tables()
        except BaseException:  # cancellation, too: what was opened and locked is let go
            await journal.aclose()
            raise
        return journal

    async def aclose(self) -> None:
        try:
            await self._lock.release()
        finally:
            await self.database.aclose()

    async def is_at_work(self) -> bool:
        """Whether a run holds it now."""
        return await is_held(self.database)

    # Whose it is.

    async def campaign(self) -> Campaign | None:
        """None where no run has begun to fill it."""
        columns = [campaign.c[name] for name in Campaign.__annotations__]
        async with self.database.connected() as connection:
            found = (await connection.execute(select(*columns).where(_MINE))).first()
        return None if found is None else Campaign(*found)

    async def begin(self, name: str, source: str, content: str, header: str, runner: str) -> None:
        """A run of its own begins, on an input that is not read yet: what an earlier one read of it is forgotten.

        Nothing was sent by then: nothing is before the input has been read to its end. Raises `JournalBusy` where it
        has been, by another run meanwhile.
        """
        now = time.time()
        values = {
            "version": VERSION,
            "name": storable(name),
            "source": source,
            "content": content,
            "loaded": False,
            "runner": storable(runner),
            "created_at": now,
            "started_at": now,
            "ended_at": None,
            "header": header,
            "tracked_at": None,
        }
        async with self.database.transaction() as connection:
            # To write at first keeps others out until the end, on any database. So the row is changed, never replaced.
            there = await connection.execute(update(campaign).where(_MINE).values(run=campaign.c.run + 1))
            if there.rowcount == 1:
                run, loaded = (
                    await connection.execute(select(campaign.c.run, campaign.c.loaded).where(_MINE))
                ).one()
                if loaded:
                    raise self._taken_over()
                await connection.execute(update(campaign).where(_MINE).values(**values))
            else:
                run = 1
                first = insert_on(connection.dialect, campaign).values(id=1, run=run, **values)
                if (await connection.execute(first.on_conflict_do_nothing())).rowcount != 1:
                    raise self._taken_over()
            for table in (rows, outcomes, claims, deliveries):
                await connection.execute(table.delete())
        self.run = run

    async def resume(self, known: Campaign, runner: str) -> None:
        """A run of its own begins, and ends the right of every earlier one to write."""
        async with self.database.transaction() as connection:
            begun = await connection.execute(
                update(campaign)
                .where(_MINE, campaign.c.run == known.run)
                .values(run=known.run + 1, runner=storable(runner), started_at=time.time(), ended_at=None)
            )
            if begun.rowcount != 1:
                raise self._taken_over()
        self.run = known.run + 1

    async def note(self, **values: Any) -> None:
        """Change what is said of the campaign."""
        async with self.writing() as connection:
            await connection.execute(update(campaign).where(_MINE).values(**values))

    def next_claim(self) -> tuple[int, int]:
        """The run and the number of its next claim: no other has both."""
        self._claims += 1
        return self.run, self._claims

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction of this run. Raises `JournalBusy` where a later run has begun."""
        async with self.database.transaction() as connection:
            await connection.run_sync(self.check_run)
            yield connection
        self.database.check_place()

    def check_run(self, connection: Connection) -> None:
        """Keep others from writing until the transaction ends, if this run still may write itself."""
        if connection.execute(_HOLD, {"mine": self.run}).rowcount != 1:
            raise self._taken_over()

    def _taken_over(self) -> JournalBusy:
        return JournalBusy(f"{self.database.name}: another run has taken this journal over")

    # How it is made.

    async def _take(self) -> None:
        if not await self._lock.acquire():
            raise JournalBusy(await self._busy())

    async def _check_tables(self) -> None:
        if await self._version() is None:
            raise JournalMismatch(f"{self.database.name}: is not a journal of smsgw")

    async def _make_tables(self) -> None:
        """Only now that it is known to be ours, or new, anything of it is changed."""
        made = await self._version() is not None
        database = self.database
        if database.path is not None:
            async with database.connected() as connection:
                if made:
                    await self._check_structure(connection)
                # It stays with the file; readers do not stop the writer then.
                await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        if made:
            return
        async with database.transaction() as connection:
            if database.path is not None:
                await connection.exec_driver_sql("BEGIN")  # which sqlite3 would not do for these
            await connection.run_sync(METADATA.create_all)

    async def _check_structure(self, connection: AsyncConnection) -> None:
        """A damaged page is found now, not in the middle of the run."""
        if await connection.scalar(text("PRAGMA quick_check(1)")) != "ok":
            raise JournalError(f"{self.database.name}: is corrupt: keep it, and restore it from a copy")

    async def _version(self) -> int | None:
        """Of its tables; None where there are none yet. Raises `JournalMismatch` for what is not ours to write in."""
        name = self.database.name
        async with self.database.connected() as connection:
            tables = set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))
            if campaign.name not in tables:
                if tables:
                    raise JournalMismatch(f"{name}: is a database of something else, not a journal of smsgw")
                return None
            version = await connection.scalar(select(campaign.c.version).where(_MINE))
        if version is not None and version != VERSION:
            when, what = (
                ("a later", "upgrade smsgw") if version > VERSION else ("an earlier", "go on with that one")
            )
            raise JournalMismatch(
                f"{name}: was written by {when} version of smsgw (journal version {version}, "
                f"this one reads {VERSION}): {what}"
            )
        return VERSION if version is None else version

    async def _busy(self) -> str:
        """Who works on it."""
        busy = f"{self.database.name}: another run works on this journal"
        known = None if await self._version() is None else await self.campaign()
        if known is None or known.ended_at is not None:
            return f"{busy}: wait for it, or stop it"  # it has not said yet who it is
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(known.started_at))
        return f"{busy} ({known.runner}, since {since}): wait for it, or stop it"
