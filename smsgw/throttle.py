"""Never more than so many requests in any one second."""

from collections.abc import Callable
from math import ceil, floor

from pyrate_limiter import InMemoryBucket, Rate, RateItem

__all__ = ["Throttle"]

MARGIN = 0.05
"""Seconds by which the window is longer than asked for: two requests that leave a second apart may arrive
closer together, when the first had to connect and the second did not."""


class Throttle:
    """A sliding window over pyrate-limiter's bucket, on a clock of our choice and without its threads."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        limit, seconds = (floor(rate), 1.0) if rate >= 1 else (1, 1 / rate)
        self._clock = clock
        self._window = ceil((seconds + MARGIN) * 1000)
        self._bucket = InMemoryBucket([Rate(limit, self._window)])

    def take(self) -> float:
        """Take a permit and return 0, or return the seconds after which to ask again."""
        item = self._item()
        if self._bucket.put(item):
            return 0.0
        wait = self._bucket.waiting(item)
        if not isinstance(wait, int):
            raise TypeError("an in-memory bucket tells its wait at once")
        return (max(wait, 0) + 1) / 1000

    @property
    def stamp(self) -> int:
        """The last permit's, for `leave`."""
        return self._bucket.items[-1].timestamp

    def leave(self, stamp: int) -> bool:
        """The request with this permit leaves only now: count it now. False if that would be one too many.

        Within the window moving a permit is always right: whatever was let through meanwhile was counted with it.
        """
        item = self._item()
        if item.timestamp - stamp >= self._window:
            return bool(self._bucket.put(item))
        items = self._bucket.items
        for position, taken in enumerate(items):
            if taken.timestamp == stamp:
                del items[position]
                break
        items.append(item)
        return True

    def _item(self) -> RateItem:
        now = int(self._clock() * 1000)
        self._bucket.leak(now)
        return RateItem("request", now)
