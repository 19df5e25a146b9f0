"""Whose turn is when: a heap of groups by the time at which they are due. It knows no clock, and starts nothing."""

import heapq
from collections.abc import Iterator

from smsgw.tracking.groups import Group

__all__ = ["Schedule"]


class Schedule:
    """Groups that wait. One that is taken out is put in again with its next time."""

    def __init__(self) -> None:
        self._waiting: list[Group] = []

    def put(self, group: Group) -> None:
        """Wait until `group.due`, which must not change meanwhile."""
        heapq.heappush(self._waiting, group)

    def take(self, now: float) -> Iterator[Group]:
        """Those that are due, the longest due first."""
        while self._waiting and self._waiting[0].due <= now:
            yield heapq.heappop(self._waiting)

    @property
    def next_at(self) -> float | None:
        """When the next one is due."""
        return self._waiting[0].due if self._waiting else None

    def clear(self) -> None:
        self._waiting.clear()
