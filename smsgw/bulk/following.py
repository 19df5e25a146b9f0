"""Rows that providers took, followed to their delivery: what is learnt is in the journal before it counts.

Nothing is sent here. A run that is killed loses what it had not heard of; the next one asks for that again, and for
nothing that is final.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Final

from smsgw.bulk.journal import START, Followed, Journal, followed, learn
from smsgw.bulk.progress import Progress
from smsgw.bulk.source import Source
from smsgw.engine import Engine
from smsgw.errors import OutcomeUnknown
from smsgw.models import DeliveryReport, DeliveryState, Reference
from smsgw.tracking import Known, ReportStream

__all__ = ["Follower"]

_TEXTS: Final = 256
"""Contents whose time of sending is remembered."""


class Follower:
    """Follows what is not final, until all is, the deadline is over, or it is stopped."""

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        source: Source,
        progress: Progress,
        asked_until: float | None,
    ) -> None:
        """`asked_until` is the time up to which an earlier run may have asked; None where none did."""
        self.learnt = 0
        """Rows of which something new is known."""
        self._engine = engine
        self._journal = journal
        self._source = source
        self._progress = progress
        self._quiet_since = None if asked_until is None else min(asked_until, time.time())
        self._stopped = False
        self._stream: ReportStream | None = None
        self._doubts = {
            name: OutcomeUnknown("no trustworthy answer came", provider=name) for name in engine.lanes
        }
        self._send_at = lru_cache(_TEXTS)(self._read_send_at)

    def stop(self) -> None:
        """Ask no more; what was answered is still written down."""
        self._stopped = True
        if self._stream is not None:
            self._stream.end()

    async def run(self, seconds: float) -> None:
        """Raises `JournalError`."""
        began = time.time()
        await self._journal.note(tracked_at=began)
        self._progress.tracked_until = datetime.fromtimestamp(began, UTC) + timedelta(seconds=seconds)
        if self._stopped or self._engine.closed:
            return
        self._stream = ReportStream(self._engine, self._rows(), deadline=seconds, learned=self._learned)
        async with self._stream as reports:
            async for _ in reports:
                pass

    async def _learned(self, reports: Sequence[DeliveryReport]) -> None:
        progress = self._progress
        for change in await learn(self._journal, reports):
            self.learnt += 1
            if change.proved:
                progress.states["unknown"] -= 1
                progress.states["accepted"] += 1
            if change.final:
                progress.deliveries[change.state] += 1

    # What is followed, a page of the journal at a time.

    async def _rows(self) -> AsyncIterator[tuple[Known, ...]]:
        windows = {
            name: 0.0 if lane.gate.window is None else lane.gate.window.seconds
            for name, lane in self._engine.lanes.items()
        }
        # The same question may not come twice within the provider's window, and this process does not know what the
        # one before it asked last. So those are followed from when that cannot matter any more; the others at once.
        for window in sorted(set(windows.values())):
            names = [name for name in windows if windows[name] == window]
            async for rows in self._rows_at(names, self._quiet_for(window)):
                yield rows

    def _quiet_for(self, window: float) -> float:
        """Seconds to wait yet, where an earlier run may have asked within such a window."""
        if not window or self._quiet_since is None:
            return 0.0
        return max(0.0, self._quiet_since + window - time.time())

    async def _rows_at(self, providers: Collection[str], wait: float) -> AsyncIterator[tuple[Known, ...]]:
        """Those of one ID together: one request answers for them all."""
        drivers = {name: self._engine.lanes[name].driver for name in providers}
        able = [name for name, driver in drivers.items() if driver.settles]
        vague = [name for name, driver in drivers.items() if driver.one_state]
        page, place = await followed(self._journal, START, providers, able, vague)
        if page:
            await asyncio.sleep(wait)
        while place is not None:
            for _, rows in groupby(page, attrgetter("provider", "message_id")):
                yield tuple([self._known(row) for row in rows])
            page, place = await followed(self._journal, place, providers, able, vague)

    def _known(self, row: Followed) -> Known:
        sent_at = datetime.fromtimestamp(row.claimed_at, UTC)
        send_at = self._send_at(self._source.content_of(row.payload))
        return Known(
            Reference(row.provider, row.message_id, row.recipient),
            None if row.state is None else DeliveryState(row.state),
            sent_at if send_at is None else max(sent_at, send_at),
            self._doubts[row.provider] if row.in_doubt else None,
        )

    def _read_send_at(self, content: str) -> datetime | None:
        return self._source.message("-", content).send_at
