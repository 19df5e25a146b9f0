"""Messages of equal content that wait together share requests, and none waits longer than `HOLD` for that."""

import asyncio
from collections import OrderedDict

from smsgw.carriage import first_of
from smsgw.engine import Engine
from smsgw.entry import Entry, Scope
from smsgw.errors import ConfigurationError, InvalidMessage
from smsgw.models import Message
from smsgw.routing import Candidate, Content

__all__ = ["HOLD", "Coalescer"]

HOLD = 0.05
"""Seconds that an entry is held back at most for its batch to fill."""

_CONTENTS = 256
"""Contents that are kept prepared. Texts of their own for each recipient do not come again."""


class _Bucket:
    """Entries that will share a request."""

    __slots__ = ("entries", "left", "room", "timer")

    def __init__(self, left: int, room: int | None, timer: asyncio.TimerHandle) -> None:
        self.entries: list[Entry] = []
        self.left = left
        """Recipients that the request still takes."""
        self.room = room
        """Characters that its URL still takes; None where it has no limit."""
        self.timer = timer


class Coalescer:
    """Fills requests for one caller."""

    def __init__(self, engine: Engine, scope: Scope, *, patient: bool = True) -> None:
        self._engine = engine
        self._scope = scope
        self._patient = patient
        self._buckets: dict[tuple[Candidate, ...], _Bucket] = {}
        self._contents: OrderedDict[tuple[object, ...], Content] = OrderedDict()

    def add(self, entry: Entry) -> None:
        """Put the entry with its like; what no provider can carry has its outcome at once."""
        if self._scope.ended:
            entry.reject(self._scope.refusal())
            return
        try:
            candidates = self._content(entry.message).candidates(entry.recipient)
        except (InvalidMessage, ConfigurationError) as error:
            entry.reject(error.with_traceback(None))
            return
        self.put(candidates, entry)

    def put(self, candidates: tuple[Candidate, ...], entry: Entry) -> None:
        """Put the entry with those that go the same way."""
        bucket = self._buckets.get(candidates)
        if bucket is not None and bucket.room is not None and bucket.room <= len(entry.recipient):
            self._send(candidates)
            bucket = None
        if bucket is None:
            prepared, driver = (first := first_of(candidates)).prepared, first.lane.driver
            timer = asyncio.get_running_loop().call_later(HOLD, self._send, candidates)
            room = None if prepared.room is None else prepared.room + 1  # the first has no comma before it
            bucket = self._buckets[candidates] = _Bucket(driver.batch_size, room, timer)
        bucket.entries.append(entry)
        bucket.left -= 1
        if bucket.room is not None:
            bucket.room -= len(entry.recipient) + 1
        if not bucket.left:
            self._send(candidates)

    def flush(self) -> None:
        """Send what is there, filled or not."""
        for candidates in list(self._buckets):
            self._send(candidates)

    def _send(self, candidates: tuple[Candidate, ...]) -> None:
        bucket = self._buckets.pop(candidates)
        bucket.timer.cancel()
        self._engine.launch(candidates, bucket.entries, self._scope, patient=self._patient)

    def _content(self, message: Message) -> Content:
        contents, key = self._contents, message.content
        content = contents.get(key)
        if content is None:
            content = contents[key] = self._engine.router.content(message)
            if len(contents) > _CONTENTS:
                contents.popitem(last=False)
        else:
            contents.move_to_end(key)
        return content
