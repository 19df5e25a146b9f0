"""`track`: what the caller iterates over; when nobody holds it any more, the tracking stops."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from types import TracebackType
from typing import Self

from smsgw.engine import Engine
from smsgw.models import DeliveryReport
from smsgw.tracking.subjects import Subjects
from smsgw.tracking.tracker import Tracker
from smsgw.tracking.waits import Waits

__all__ = ["Learned", "ReportStream"]

Learned = Callable[[Sequence[DeliveryReport]], Awaitable[None]]
"""Awaited with each group of reports before the first of them is handed out: a journal writes them down.

A group comes again where it failed or was cancelled, so writing the same twice must be as writing it once.
"""


class ReportStream:
    """Each change of each message, as it is learnt, until all are final or the deadline is over.

    Iterate over it with `async for`, if need be within `async with`, which stops it at the end of the block. Nothing
    is asked before the first step, and the deadline counts from there. Nothing else is held while the caller takes
    its time: no connection, and no more than some thousands of reports.
    """

    def __init__(
        self,
        engine: Engine,
        subjects: Subjects,
        *,
        deadline: float,
        learned: Learned | None = None,
        random: Random | None = None,
    ) -> None:
        waits = Waits(random or Random())  # noqa: S311 - jitter, no secret
        self._tracker = Tracker(engine, waits, deadline)
        self._subjects: Subjects | None = subjects
        self._learned = learned
        self._group: Sequence[DeliveryReport] = ()
        """Taken, and not yet known to be written down."""
        self._ready: deque[DeliveryReport] = deque()
        self._turn = asyncio.Lock()
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> DeliveryReport:
        """Raises what the source of messages raised, once those that it gave have come to their end."""
        if not self._ready and not self._ended:
            async with self._turn:
                if not self._ready:
                    await self._fill()
        if not self._ready:
            raise StopAsyncIteration
        return self._ready.popleft()

    async def _fill(self) -> None:
        if self._subjects is not None:
            subjects, self._subjects = self._subjects, None
            self._tracker.start(subjects)
        if not self._group:
            self._group = await self._tracker.news()
        if not self._group:
            self._ended = True
            return
        if self._learned is not None:
            await self._learned(self._group)
        self._ready.extend(self._group)
        self._group = ()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def end(self) -> None:
        """Ask no more; what is known is still handed out, as where the deadline comes."""
        if self._subjects is None:
            self._tracker.stop()
        else:
            self._ended = True

    async def aclose(self) -> None:
        """Stop: nothing more is asked, nothing more is told."""
        self._ended = True
        self._ready.clear()
        if self._subjects is None:
            await self._tracker.abandon()
        self._subjects = None

    def __del__(self) -> None:
        if self._subjects is None and not self._ended and not self._tracker.loop_is_closed:
            self._tracker.forsake()
