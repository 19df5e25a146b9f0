"""Everything of one `track` but the iterator in the caller's hand.

A message that waits costs an entry in a heap, over which one timer stands. Only a question under way has a task.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from math import inf
from typing import Final

from smsgw.engine import Engine
from smsgw.entry import Scope, Signal
from smsgw.models import DeliveryReport
from smsgw.tracking.rounds import Rounds
from smsgw.tracking.subjects import Subject, Subjects, start_of
from smsgw.tracking.waits import Waits

__all__ = ["AHEAD", "Tracker"]

AHEAD: Final = 4000
"""Reports that wait for the caller, beyond which no more questions begin."""
_GROUP: Final = 500
"""Reports that are handed out together at the most."""
_BREATH: Final = 64
"""Messages that are read before the event loop gets its turn."""
_CLOSED: Final = "the dispatcher was closed before any answer came"
_STOPPED: Final = "tracking was stopped before any answer came"
_DEADLINE: Final = "the deadline came before any answer did"
_ABANDONED: Final = "nobody follows the message any more"
_ALL_KNOWN: Final = "all is known"


def _wall() -> datetime:
    return datetime.now(UTC)


class Tracker:
    """One source of messages, and the reports on them."""

    def __init__(
        self, engine: Engine, waits: Waits, deadline: float, wall: Callable[[], datetime] = _wall
    ) -> None:
        self._engine = engine
        self._deadline = deadline
        self._wall = wall
        self._ends_at = 0.0
        self._scope = Scope()
        self._rounds = Rounds(engine, waits, wall, self._scope, self)
        self._timer: asyncio.TimerHandle | None = None
        self._reader: asyncio.Task[None] | None = None
        self._may_ask = False
        """A list is read to its end first, so that a message that is given twice is one."""
        self._exhausted = False
        self._failure: Exception | None = None
        self._reports: deque[DeliveryReport] = deque()
        self._last_words: Iterator[DeliveryReport] = iter(())
        self._came = Signal()

    # The caller's side.

    def start(self, subjects: Subjects) -> None:
        engine = self._engine
        engine.check_open()
        self._ends_at = engine.clock() + self._deadline
        self._may_ask = isinstance(subjects, AsyncIterable)
        engine.join(self)
        self._arm(self._ends_at)
        self._reader = engine.spawn(self._read(subjects))
        self._reader.add_done_callback(self._read_to_its_end)

    async def news(self) -> Sequence[DeliveryReport]:
        """The next reports; none after the last. Raises what the source raised, after the last."""
        while True:
            if self._reports:
                was_full = self.is_full
                taken = [self._reports.popleft() for _ in range(min(_GROUP, len(self._reports)))]
                if was_full:
                    self.changed()
                return taken
            if last := list(islice(self._last_words, _GROUP)):
                return last
            if self._scope.ended:
                await self._settled()
                failure, self._failure = self._failure, None
                if failure is not None:
                    raise failure
                return ()
            await self._came.wait()

    def close(self, reason: str) -> None:
        """The dispatcher closes."""
        self._end(_CLOSED)

    def stop(self) -> None:
        """The caller wants no more questions."""
        self._end(_STOPPED)

    def _end(self, reason: str) -> None:
        """End with what is known: nothing more is asked."""
        if self._scope.ended:
            return
        self._scope.end(reason)
        self._engine.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._rounds.stop()
        reader = self._reader
        if reader is not None and reader is not asyncio.current_task(reader.get_loop()):
            reader.cancel()
        self._last_words = self._rounds.unheard(reason)
        self._came.fire()

    @property
    def loop_is_closed(self) -> bool:
        return self._reader is not None and self._reader.get_loop().is_closed()

    async def abandon(self) -> None:
        """The caller wants no more reports. What was cancelled has ended when this returns."""
        self.forsake()
        await self._settled()

    async def _settled(self) -> None:
        """Nothing of it is left, but for requests that others may wait for, too: those the dispatcher ends."""
        ending = {*self._rounds.cancelled, self._reader} - {None, asyncio.current_task()}
        if waiting := [task for task in ending if task is not None]:
            await asyncio.wait(waiting)

    def forsake(self) -> None:
        self._end(_ABANDONED)
        self._reports.clear()
        self._rounds.forget()
        self._last_words = iter(())
        self._failure = None

    # The source's side.

    async def _read(self, subjects: Subjects) -> None:
        try:
            if isinstance(subjects, AsyncIterable):
                count = 0
                async for given in subjects:
                    together = given if isinstance(given, tuple) else (given,)
                    self._follow(*together)
                    self.changed()
                    count += len(together)  # an asynchronous source need not wait for anything either
                    if count >= _BREATH:
                        count = 0
                        await asyncio.sleep(0)
                    if self._scope.ended:
                        break
            else:
                for count, subject in enumerate(subjects, 1):
                    self._follow(subject)
                    if count % _BREATH == 0:
                        await asyncio.sleep(0)
                    if self._scope.ended:
                        break
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # The source awaited something that others cancelled: no reason to take it for complete.
            self._failure = RuntimeError("the source of track was cancelled")
        except Exception as error:  # noqa: BLE001  (the source's own: raised to the caller)
            self._failure = error
        finally:
            del subjects  # a generator that nobody else holds ends here, not when the garbage is collected

    def _read_to_its_end(self, _: asyncio.Task[None]) -> None:
        """Also where the reader was cancelled before its first step."""
        self._exhausted = True
        if self._failure is not None and not self._may_ask:
            self._rounds.forget()  # of a list that broke off nothing has been asked, and nothing is
        self._may_ask = True
        self.changed()

    def _follow(self, *subjects: Subject) -> None:
        for subject in subjects:
            start = start_of(self._engine, subject, self._wall())
            if isinstance(start, DeliveryReport):
                self.tell(start)
            else:
                self._rounds.follow(start, self._ends_at)

    # The gateways' side.

    @property
    def is_full(self) -> bool:
        return len(self._reports) >= AHEAD

    def tell(self, report: DeliveryReport) -> None:
        self._reports.append(report)
        self._came.fire()

    def changed(self) -> None:
        """Go on asking; or end, where nothing is left, or no time."""
        if self._scope.ended:
            return
        now = self._engine.clock()
        if self._exhausted and not self._rounds:
            self._end(_ALL_KNOWN)
        elif now >= self._ends_at:
            self._end(_DEADLINE)
        elif self._may_ask:
            self._arm(min(self._ends_at, self._rounds.go_on(now)))

    def _arm(self, at: float) -> None:
        """One timer, for the earliest; one that comes too early does no harm."""
        timer = self._timer
        if at == inf or (timer is not None and timer.when() <= at):
            return
        if timer is not None:
            timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self.changed()
