"""Messages of equal content that wait together share requests, and none waits longer than `HOLD` for that."""

import asyncio
from math import inf

from smsgw.engine import Engine
from smsgw.entry import Entry, Scope
from smsgw.errors import ConfigurationError, InvalidMessage
from smsgw.loads import Load, first_of
from smsgw.routing import Candidate

__all__ = ["HOLD", "Bucket", "Coalescer"]

HOLD = 0.05
"""Seconds that an entry is held back at most for its batch to fill."""


class Bucket:
    """Entries that will share a request."""

    __slots__ = ("entries", "first", "key", "left", "room", "since")

    def __init__(
        self, key: tuple[object, ...] | None, first: Candidate, left: int, room: float, since: float
    ) -> None:
        self.entries: list[Entry] = []
        self.key = key
        """The content of messages that belong here whatever their number is; None where it makes a difference."""
        self.first = first
        """Whose limits these are."""
        self.left = left
        """Recipients that the request still takes; 0 once it is on its way."""
        self.room = room
        """Characters that its URL still takes, commas included."""
        self.since = since

    def takes(self, entry: Entry) -> bool:
        """Put it in, where it belongs here and leaves room for more; a full bucket has to be sent.

        (Most entries have no longer way than this one: a third of the time that `Coalescer.add` takes.)
        """
        if self.left > 1 and self.room > len(entry.recipient) and self.key == entry.message.content:
            self.entries.append(entry)
            self.left -= 1
            self.room -= len(entry.recipient) + 1
            return True
        return False


class Coalescer:
    """Fills requests for one caller."""

    def __init__(self, engine: Engine, scope: Scope, *, patient: bool = True) -> None:
        self._engine = engine
        self._scope = scope
        self._patient = patient
        self._buckets: dict[tuple[Candidate, ...], Bucket] = {}
        """In the order in which they were begun."""
        self._timer: asyncio.TimerHandle | None = None
        """One for all buckets: filled ones, which are nearly all, need none, and one each is 3 µs a request."""
        self._finishing = False

    def add(self, entry: Entry) -> Bucket | None:
        """Put the entry with its like, and return where they are; what no provider can carry has its outcome at once."""
        if self._scope.reason is not None:
            entry.reject(self._scope.refusal())
            return None
        try:
            content = self._engine.contents.of(entry.message)
            candidates = content.for_all or content.candidates(entry.recipient)
        except (InvalidMessage, ConfigurationError) as error:
            entry.reject(error.with_traceback(None))
            return None
        return self.put(candidates, entry, content.key if content.for_all else None)

    def put(
        self, candidates: tuple[Candidate, ...], entry: Entry, key: tuple[object, ...] | None = None
    ) -> Bucket:
        """Put the entry with those that go the same way. `key`: all of this content do."""
        bucket = self._buckets.get(candidates)
        if bucket is None:
            bucket = self._begin(candidates, key)
        elif bucket.room <= len(entry.recipient):
            self._send(candidates)
            bucket = self._begin(candidates, key)
        bucket.entries.append(entry)
        bucket.left -= 1
        bucket.room -= len(entry.recipient) + 1
        if not bucket.left:
            self._send(candidates)
        return bucket

    def flush(self) -> None:
        """Send what is there, filled or not."""
        self._disarm()
        for candidates in list(self._buckets):
            self._send(candidates)

    def finish(self) -> None:
        """The same, and hardly anything more comes: leave no timer behind."""
        self._finishing = True
        self.flush()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self, candidates: tuple[Candidate, ...], key: tuple[object, ...] | None) -> Bucket:
        prepared, driver = (first := first_of(candidates)).prepared, first.lane.driver
        room = inf if prepared.room is None else prepared.room + 1  # the first has no comma before it
        loop = asyncio.get_running_loop()
        bucket = Bucket(key, first, driver.batch_size, room, loop.time())
        self._buckets[candidates] = bucket
        if self._timer is None and bucket.left > 1:
            self._timer = loop.call_at(bucket.since + HOLD, self._send_old)
        return bucket

    def _send_old(self) -> None:
        """Send what was held back for long enough, and look again when the next one is due."""
        loop = asyncio.get_running_loop()
        self._timer = None
        for candidates, bucket in list(self._buckets.items()):
            if bucket.since + HOLD > loop.time():
                self._timer = loop.call_at(bucket.since + HOLD, self._send_old)
                return
            self._send(candidates)

    def _send(self, candidates: tuple[Candidate, ...]) -> None:
        bucket = self._buckets.pop(candidates)
        bucket.left = 0
        if self._finishing and not self._buckets:
            self._disarm()
        self._engine.launch(
            Load(candidates, bucket.entries, self._scope, first=bucket.first, patient=self._patient)
        )
