"""Claims and what came of them, committed in groups: whatever waits while one group is on its way is the next.

The order is kept: what was queued before is committed with, or before, what is queued after. So a claim that uses a
connection is never on the disk without what its predecessor on that connection came to, and no more rows are in doubt
after a crash than were in flight.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, field
from sqlalchemy import Connection

from smsgw.bulk.errors import JournalError
from smsgw.bulk.journal.journal import Journal
from smsgw.bulk.journal.line import Line, open_line
from smsgw.bulk.journal.records import Attempt, Told
from smsgw.bulk.journal.schema import claims, outcomes, storable
from smsgw.bulk.journal.statements import add, add_missing, add_or_change
from smsgw.errors import NotSubmitted

__all__ = ["Writer"]

_GATHERING: Final = 0.002
"""Seconds that a group waits for others to join it. Without, each second commit was one lone claim's, whose connection
had come free just after the others': twice the commits, 3 µs a recipient."""
_MOST_SEGMENTS: Final = 2**31 - 1
"""That a column has room for."""


@define(eq=False)
class _Group:
    """What is committed together."""

    attempts: list[Attempt] = field(factory=list)
    """Those that begin, and those that end."""
    waiting: list[asyncio.Future[None]] = field(factory=list)
    """One for each that begins."""
    outcomes: list[Told] = field(factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.attempts or self.outcomes)

    def known(self) -> "_Group":
        """What has happened already, whether it is written or not; of the attempts that would begin, none did."""
        ended = [attempt for attempt in self.attempts if attempt.completed_at is not None]
        return _Group(ended, outcomes=self.outcomes)


class Writer:
    """The one who writes in a journal while a run sends."""

    def __init__(self, journal: Journal, on_failure: Callable[[JournalError], None]) -> None:
        self.failure: JournalError | None = None
        """Why nothing more is written."""
        self._journal = journal
        self._on_failure = on_failure
        self._group = _Group()
        self._open: dict[str, Attempt] = {}
        """Attempts that began and have not ended, by ID."""
        self._wanted = asyncio.Event()
        self._closing = False
        self._wal: tuple[int, int] | None = None
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def claim(self, attempt: str, provider: str, numbers: Sequence[int]) -> None:
        """Return once it is on the disk that this attempt may have begun. Raises `NotSubmitted`."""
        self._check()
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place = self._journal.next_claim()
        claim = Attempt(*place, attempt, provider, json.dumps(numbers), time.time(), None)
        self._open[attempt] = claim
        self._group.waiting.append(written)
        self._group.attempts.append(claim)
        self._wanted.set()
        try:
            await written
        except asyncio.CancelledError:
            self.complete(attempt, ())  # it does not begin, whether this is on the disk or not
            raise
        except NotSubmitted:
            del self._open[attempt]
            raise

    def complete(self, attempt: str, told: Sequence[Told]) -> None:
        """The attempt ended, and this is what it told; what it proved not to have been taken is not in it."""
        claim = self._open.pop(attempt)
        self._group.attempts.append(claim._replace(completed_at=time.time()))
        self.tell(told)

    def tell(self, told: Sequence[Told]) -> None:
        """Outcomes that are no attempt's."""
        self._group.outcomes.extend([_storable(outcome) for outcome in told])
        self._wanted.set()

    async def aclose(self) -> Sequence[Told]:
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
        line: Line | None = None
        try:
            with self._journal.database.translated():
                line = await open_line(self._journal.database)
            while not (self._closing and self._group.is_empty):
                await self._wanted.wait()
                await asyncio.sleep(_GATHERING)
                self._wanted.clear()
                if not self._group.is_empty:
                    await self._commit_next(line)
        except JournalError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  (whatever it is, nothing more is written, and the run has to know)
            failure = JournalError(f"{self._journal.database.name}: failed with {type(error).__name__}")
            failure.__cause__ = error
            self._fail(failure)
        finally:
            if line is not None:
                await line.aclose()

    async def _commit_next(self, line: Line) -> None:
        group, self._group = self._group, _Group()
        try:
            await self._commit(group, line)
            self._wal = self._journal.database.check_place(self._wal)
        except BaseException:  # cancellation, too: what was handed in must not go with it
            # What is known is kept, to be written when that is possible again; claims are not: nothing was sent.
            known = group.known()
            self._group.attempts[:0] = known.attempts
            self._group.outcomes[:0] = known.outcomes
            _refuse(group)
            raise
        for written in group.waiting:
            if not written.done():
                written.set_result(None)

    async def _commit(self, group: _Group, line: Line | None = None) -> None:
        """On the run's own line; without one once more, though perhaps it had been committed and nobody heard."""
        if line is None:
            async with self._journal.writing() as fresh:
                await fresh.run_sync(_write, group, again=True)
            return

        def work(connection: Connection) -> None:
            self._journal.check_run(connection)
            _write(connection, group)

        with self._journal.database.translated():
            await line.transact(work)

    def _fail(self, error: JournalError) -> None:
        self.failure = error
        _refuse(self._group)
        self._group = self._group.known()
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


def _write(connection: Connection, group: _Group, *, again: bool = False) -> None:
    """`again`: perhaps it stands there already."""
    if group.attempts:
        # One statement for those that begin and those that end.
        add_or_change(connection, claims, group.attempts, change="completed_at")
    if group.outcomes:
        (add_missing if again else add)(connection, outcomes, group.outcomes)


def _refuse(group: _Group) -> None:
    for written in group.waiting:
        if not written.done():
            written.set_exception(NotSubmitted("not sent: the journal could not be written"))


def _storable(told: Told) -> Told:
    """What a gateway said, as a database takes it: nothing that it says may stop the run."""
    segments = told.segments
    if segments is not None and not 0 <= segments <= _MOST_SEGMENTS:
        told = told._replace(segments=None)
    if (said := told.message_id) is not None and (stored := storable(said)) is not said:
        told = told._replace(message_id=stored)
    if (said := told.cost) is not None and (stored := storable(said)) is not said:
        told = told._replace(cost=stored)
    if (said := told.error) is not None and (stored := storable(said)) is not said:
        told = told._replace(error=stored)
    return told
