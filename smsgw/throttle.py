"""Never more than so many requests in any one second."""

from collections.abc import Callable
from functools import partial
from math import ceil, floor

__all__ = ["Throttle"]

MARGIN = 0.05
"""Seconds by which the window is longer than asked for: two requests that leave a second apart may arrive
closer together, when the first had to connect and the second did not."""


_A_MOMENT = 0.05
"""Seconds after which to ask again where all permits are held by requests that are still connecting."""


class Throttle:
    """A sliding window over pyrate-limiter's bucket, on a clock of our choice and without its threads.

    A permit is taken before connecting and counts from then on, however long that takes; in the window it stands at
    the time at which its request leaves. So what leaves was always counted, and a slow connection loses no turn.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        # It brings sqlite3 and multiprocessing, 14 ms: for those who set a rate, and when they do.
        from pyrate_limiter import InMemoryBucket, Rate, RateItem  # noqa: PLC0415

        limit, seconds = (floor(rate), 1.0) if rate >= 1 else (1, 1 / rate)
        self._clock = clock
        self._limit = limit
        self._window = ceil((seconds + MARGIN) * 1000)
        self._left = InMemoryBucket([Rate(limit, self._window)])
        self._stand = partial(RateItem, "request")
        self._held = 0

    def take(self) -> float:
        """Take a permit and return 0, or return the seconds after which to ask again.

        Whoever takes one calls `leave` when the request leaves, or `give_back` when it will not.
        """
        now = self._now()
        self._left.leak(now)
        if self._held + self._left.count() < self._limit:
            self._held += 1
            return 0.0
        if not self._left.items:
            return _A_MOMENT
        return (self._left.items[0].timestamp + self._window - now + 2) / 1000

    def leave(self) -> None:
        """The request with the permit leaves now."""
        self._held -= 1
        now = self._now()
        self._left.leak(now)
        self._left.put(self._stand(now))

    def give_back(self) -> None:
        """The request with the permit will not leave."""
        self._held -= 1

    def _now(self) -> int:
        return int(self._clock() * 1000)
