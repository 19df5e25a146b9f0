"""One provider as a bulk run sees it: how many rows it may be given now, and when it may be tried again."""

from collections.abc import Callable
from typing import Final

from smsgw.delivery import Lane
from smsgw.errors import CircuitOpen, SmsgwError

__all__ = ["Station"]

_PATIENCE: Final = 3
"""Failed hand-overs in a row before a provider is left alone for a while, whatever its circuit says."""
_FIRST_REST: Final = 1.0
"""Seconds; doubled with each further failure."""
_LONGEST_REST: Final = 60.0
"""Also of what a gateway asks for: after that it is tried with one row."""


class Station:
    """Room for rows, in three states: up, trying (one row, to see), or down."""

    def __init__(self, lane: Lane, clock: Callable[[], float]) -> None:
        driver = lane.driver
        self.name = lane.name
        self.capacity = 2 * driver.settings.max_connections * driver.batch_size
        """Rows: so many that a request stands ready whenever a connection comes free."""
        self.out = 0
        """Rows that it was given and that have not come back."""
        self.trouble: SmsgwError | None = None
        """Why it gave rows back; None once it answers again."""
        self._breaker = lane.breaker
        self._clock = clock
        self._is_filling = True
        self._failures = 0
        self._rests_until = 0.0

    @property
    def is_up(self) -> bool:
        return self._breaker.closed and self._failures < _PATIENCE and not self._rests

    @property
    def is_down(self) -> bool:
        """Nothing may go there now; also while a row is there, to see."""
        return not self.is_up and self.room == 0

    @property
    def room(self) -> int:
        """Rows that it may be given now."""
        if self.is_up:
            # By the half, not row by row: rows of many texts that come together still share requests.
            if 2 * self.out <= self.capacity:
                self._is_filling = True
            elif self.out >= self.capacity:
                self._is_filling = False
            return self.capacity - self.out if self._is_filling else 0
        if not self._breaker.passable or self._rests:
            return 0
        # One row: where the answer is lost, no more than that is unknown.
        return 0 if self.out else 1

    @property
    def opens_in(self) -> float:
        """Seconds until something may go there, as far as is known."""
        return max(0.0, self._rests_until - self._clock(), self._breaker.reopens_in or 0.0)

    @property
    def _rests(self) -> bool:
        return self._clock() < self._rests_until

    def answered(self) -> None:
        """It gave a row an outcome."""
        self._failures = 0
        self._rests_until = 0.0
        self.trouble = None

    def failed(self, error: SmsgwError) -> None:
        """It took no rows. All rows of a request come with the same error, which counts once."""
        if error is self.trouble or isinstance(error, CircuitOpen):
            return
        self.trouble = error
        if self._rests:
            return  # this was on its way before the rest began, and tells nothing new
        self._failures += 1
        rest = error.retry_after or 0.0
        if self._failures >= _PATIENCE:
            rest = max(rest, _FIRST_REST * 2.0 ** min(20, self._failures - _PATIENCE))
        self._rests_until = self._clock() + min(_LONGEST_REST, rest)
