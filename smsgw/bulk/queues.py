"""Rows that wait for a provider, by who may carry them: those of one that rests do not stand in the way of others.

A `Reader` goes through the pending rows once and puts each into the queue of those who may carry it. A queue that is
full falls behind: the reader passes its rows by, and a place of its own in the journal remembers where it goes on. So
nothing but a few thousand rows is in memory, whoever rests and however long the input is.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from smsgw.bulk.journal import Journal, PendingRow
from smsgw.bulk.stations import Station
from smsgw.entry import Entry, Sink
from smsgw.errors import SmsgwError
from smsgw.models import Message
from smsgw.routing import Candidate, Route

__all__ = ["Queue", "Reader", "RowEntry"]

_FULL: Final = 2000
"""Rows that wait in one queue at most, but for those that were given back to it."""
_LOW: Final = 1000
"""Rows below which more are read."""
_WINDOW: Final = 500
"""Rows that are read at once."""
_LOOK_AHEAD: Final = 100_000
"""Rows within which something for an idle provider is looked for, at the price of reading them twice."""


class RowEntry(Entry):
    """A row of the journal on its way."""

    __slots__ = (
        "claim",
        "next_try",
        "number",
        "queue",
        "refusals",
        "route",
        "station",
        "told",
        "turn",
        "usable",
    )

    def __init__(
        self,
        number: int,
        recipient: str,
        message: Message,
        sink: Sink,
        carriers: tuple[Route, tuple[Candidate, ...]],
    ) -> None:
        super().__init__(message, recipient, sink)
        self.number = number
        self.route, self.usable = carriers
        self.queue: Queue | None = None
        self.station: Station | None = None
        """Who it was given to."""
        self.turn: tuple[Candidate, ...] | None = None
        """Whose turn it was on a route with shares, where the row waits for room there."""
        self.claim: str | None = None
        """The attempt that may have begun, and that has not ended yet."""
        self.refusals: tuple[tuple[str, SmsgwError], ...] = ()
        """By provider, why it was not taken there for now; of a provider that tried again the last word."""
        self.next_try = 0.0
        """By the clock, when it may be tried again where it was refused for now."""
        self.told = False
        """Its outcome was written down with the attempt that brought it."""

    def again(self) -> "RowEntry":
        """As it was, to be tried again."""
        fresh = RowEntry(self.number, self.recipient, self.message, self.sink, (self.route, self.usable))
        fresh.queue = self.queue
        fresh.attempts = self.attempts
        return fresh


class Queue:
    """Rows that the same providers may carry."""

    def __init__(self, stations: Sequence[Station]) -> None:
        self.stations = stations
        self.waiting: deque[RowEntry] = deque()
        self.place: int | None = None
        """Where it goes on in the journal; None while the reader has passed none of its rows by."""

    @property
    def is_low(self) -> bool:
        return len(self.waiting) < _LOW

    @property
    def is_full(self) -> bool:
        return len(self.waiting) >= _FULL

    @property
    def is_shut(self) -> bool:
        """Nobody who may carry its rows takes any now."""
        return all(station.is_down for station in self.stations)

    @property
    def is_empty(self) -> bool:
        return not self.waiting and self.place is None


class Reader:
    """Goes through a journal's pending rows.

    `enter` makes an entry of a row, or tells why nobody can carry it; `refuse` is then called, once. `expected` are the
    providers for which rows may come; of others none is looked for.
    """

    def __init__(
        self,
        journal: Journal,
        stations: Iterable[Station],
        enter: Callable[[PendingRow], RowEntry | SmsgwError],
        refuse: Callable[[PendingRow, SmsgwError], None],
        expected: Collection[str] | None = None,
    ) -> None:
        self.queues: dict[tuple[str, ...], Queue] = {}
        self.at_end = False
        self._journal = journal
        self._stations = {station.name: station for station in stations}
        self._unseen = set(self._stations if expected is None else expected)
        """Providers for which no row has come yet: worth looking further ahead for."""
        self._enter = enter
        self._refuse = refuse
        self._last_usable: tuple[Candidate, ...] = ()
        self._last_queue = Queue(())
        self._place = 0
        self._found_at = 0
        """Where the last new provider was found."""

    async def read(self) -> bool:
        """Read on where a queue is low; whether there was anything to read."""
        behind = next((queue for queue in self.queues.values() if self._wants_its_own(queue)), None)
        if behind is not None:
            await self._catch_up(behind)
            return True
        if self.at_end or not self._wants_more():
            return False
        rows = await self._journal.pending(self._place, _WINDOW)
        self.at_end = len(rows) < _WINDOW
        for row in rows:
            entry = self._enter(row)
            if isinstance(entry, RowEntry):
                self._join(entry)
            else:
                self._refuse(row, entry)
            self._place = row.number
        return True

    @staticmethod
    def _wants_its_own(queue: Queue) -> bool:
        return queue.place is not None and queue.is_low and not queue.is_shut

    def _wants_more(self) -> bool:
        """Whether the reader goes on, though that may leave a queue behind."""
        if all(station.is_down for station in self._stations.values()):
            return False
        if not self.queues:
            return True
        in_use = [queue for queue in self.queues.values() if not queue.is_shut]
        if any(not self._stations[name].is_down for name in self._unseen) and (
            self._place < self._found_at + _LOOK_AHEAD or not in_use
        ):
            return True
        return any(queue.is_low for queue in in_use if queue.place is None)

    def _join(self, entry: RowEntry) -> None:
        queue = self._queue_of(entry)
        if queue.place is not None:
            return
        if queue.is_full:
            queue.place = entry.number - 1
        else:
            queue.waiting.append(entry)

    def _queue_of(self, entry: RowEntry) -> Queue:
        if entry.usable is self._last_usable:  # rows of one text come one after another, and share that
            entry.queue = self._last_queue
            return self._last_queue
        names = tuple([candidate.lane.name for candidate in entry.usable])
        queue = self.queues.get(names)
        if queue is None:
            queue = self.queues[names] = Queue([self._stations[name] for name in names])
            if self._unseen & set(names):
                self._unseen -= set(names)
                self._found_at = entry.number
        self._last_usable, self._last_queue = entry.usable, queue
        entry.queue = queue
        return queue

    async def _catch_up(self, queue: Queue) -> None:
        """Read on at a queue's own place, for it alone, until it is full or where the reader is."""
        place = queue.place or 0
        while not queue.is_full:
            rows = await self._journal.pending(place, _WINDOW)
            for row in rows:
                if row.number > self._place or queue.is_full:
                    break
                entry = self._enter(row)
                if isinstance(entry, RowEntry) and self._queue_of(entry) is queue:
                    queue.waiting.append(entry)
                queue.place = place = row.number
            if not rows or rows[-1].number >= self._place:
                # All that the reader has seen was looked at, unless the queue is full again.
                if not queue.is_full:
                    queue.place = None
                return
