"""Claims and what came of them, committed in groups: whatever waits while one group is on its way is the next.

The order is kept: what was queued before is committed with, or before, what is queued after. So a claim that uses a
connection is never on the disk without what its predecessor on that connection came to, and no more rows are in doubt
after a crash than were in flight.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from attrs import define, field
from sqlalchemy import Insert, bindparam, insert, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from smsgw.bulk.errors import JournalError
from smsgw.bulk.journal.journal import Journal
from smsgw.bulk.journal.schema import claims, insert_once, outcomes, storable
from smsgw.errors import NotSubmitted

__all__ = ["Outcomes", "Writer"]

Outcomes = Sequence[dict[str, Any]]
"""Rows of the table `outcomes`."""

_MOST_SEGMENTS: Final = 2**31 - 1
"""That a column has room for."""

_COMPLETE = update(claims).where(claims.c.id == bindparam("attempt")).values(completed_at=bindparam("at"))


@define(eq=False)
class _Group:
    """What is committed together."""

    claims: list[dict[str, Any]] = field(factory=list)
    waiting: list[asyncio.Future[None]] = field(factory=list)
    """One for each claim."""
    completed: list[dict[str, Any]] = field(factory=list)
    outcomes: list[dict[str, Any]] = field(factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.claims or self.completed or self.outcomes)


class Writer:
    """The one who writes in a journal while a run sends."""

    def __init__(self, journal: Journal, on_failure: Callable[[JournalError], None]) -> None:
        self.failure: JournalError | None = None
        """Why nothing more is written."""
        self._journal = journal
        self._on_failure = on_failure
        self._group = _Group()
        self._wanted = asyncio.Event()
        self._closing = False
        self._wal: tuple[int, int] | None = None
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def claim(self, attempt: str, provider: str, numbers: Sequence[int]) -> None:
        """Return once it is on the disk that this attempt may have begun. Raises `NotSubmitted`."""
        self._check()
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        group = self._group
        group.waiting.append(written)
        group.claims.append(
            {
                "id": attempt,
                "provider": provider,
                "run": self._journal.run,
                "numbers": json.dumps(numbers),
                "claimed_at": time.time(),
            }
        )
        self._wanted.set()
        try:
            await written
        except asyncio.CancelledError:
            self.complete(attempt, ())  # it does not begin, whether this is on the disk or not
            raise

    def complete(self, attempt: str, told: Outcomes) -> None:
        """The attempt ended, and this is what it told; what it proved not to have been taken is not in it."""
        self._group.completed.append({"attempt": attempt, "at": time.time()})
        self.tell(told)

    def tell(self, told: Outcomes) -> None:
        """Outcomes that are no attempt's."""
        self._group.outcomes.extend([_storable(values) for values in told])
        self._wanted.set()

    async def aclose(self) -> Outcomes:
        """Write what is left, and return what could not be written (then `failure` says why)."""
        self._closing = True
        self._wanted.set()
        cancelled = await _ended(self._task)
        if not self._group.is_empty:
            try:
                await self._commit(self._group)  # room may have been made meanwhile
            except JournalError as error:
                self.failure = self.failure or error
            else:
                self._group = _Group()
        if cancelled is not None:
            raise cancelled
        return self._group.outcomes

    def _check(self) -> None:
        if self.failure is not None or self._closing:
            raise NotSubmitted("not sent: the journal takes no more")

    async def _work(self) -> None:
        connection: AsyncConnection | None = None
        try:
            with self._journal.database.translated():
                connection = await self._journal.database.engine.connect()
            while not (self._closing and self._group.is_empty):
                await self._wanted.wait()
                await asyncio.sleep(0)  # for those who are just about to queue
                self._wanted.clear()
                if not self._group.is_empty:
                    await self._commit_next(connection)
        except JournalError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  (whatever it is, nothing more is written, and the run has to know)
            failure = JournalError(f"{self._journal.database.name}: failed with {type(error).__name__}")
            failure.__cause__ = error
            self._fail(failure)
        finally:
            if connection is not None:
                await _close(connection)

    async def _commit_next(self, connection: AsyncConnection) -> None:
        group, self._group = self._group, _Group()
        try:
            await self._commit(group, connection)
            self._wal = self._journal.database.check_place(self._wal)
        except BaseException:
            # What is known is kept, to be written when that is possible again; claims are not: nothing was sent.
            self._group.completed[:0] = group.completed
            self._group.outcomes[:0] = group.outcomes
            _refuse(group)
            raise
        for written in group.waiting:
            if not written.done():
                written.set_result(None)

    async def _commit(self, group: _Group, connection: AsyncConnection | None = None) -> None:
        """On the run's own connection; without one once more, though perhaps it had been committed and nobody heard."""
        if connection is None:
            async with self._journal.writing() as fresh:
                await _write(fresh, group, insert_once(fresh, outcomes))
            return
        with self._journal.database.translated():
            async with connection.begin():
                await self._journal.check_run(connection)
                await _write(connection, group, insert(outcomes))

    def _fail(self, error: JournalError) -> None:
        self.failure = error
        group = self._group
        _refuse(group)
        group.claims, group.waiting = [], []
        self._on_failure(error)


async def _ended(task: asyncio.Task[None]) -> asyncio.CancelledError | None:
    """Wait for it, also where this is cancelled meanwhile: what is known has to be written, and that ends soon."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


async def _close(connection: AsyncConnection) -> None:
    with suppress(SQLAlchemyError, OSError, sqlite3.Error):  # where it is broken, that has been told
        await connection.close()


async def _write(connection: AsyncConnection, group: _Group, known: Insert) -> None:
    if group.claims:
        await connection.execute(insert(claims), group.claims)
    if group.completed:
        await connection.execute(_COMPLETE, group.completed)
    if group.outcomes:
        await connection.execute(known, group.outcomes)


def _refuse(group: _Group) -> None:
    for written in group.waiting:
        if not written.done():
            written.set_exception(NotSubmitted("not sent: the journal could not be written"))


def _storable(values: dict[str, Any]) -> dict[str, Any]:
    """What a gateway said, as a database takes it: nothing that it says may stop the run."""
    for name in ("message_id", "error", "cost"):
        if (said := values[name]) is not None:
            values[name] = storable(said)
    if (segments := values["segments"]) is not None and not 0 <= segments <= _MOST_SEGMENTS:
        values["segments"] = None
    return values
