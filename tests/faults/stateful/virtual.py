"""An event loop whose clock is moved by hand: from timer to timer, or in one jump over many, as after a standstill."""

import asyncio
from collections import deque
from typing import Any

__all__ = ["VirtualLoop"]

_MOST_TURNS = 5_000
"""What needs more of them is taken for endless."""


class _NoSockets:
    def select(self, timeout: float | None) -> list[object]:
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """It never waits, and knows no sockets; what it complains of is kept."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, now: float = 5000.0) -> None:
        super().__init__()
        self.now = now
        self.complaints: list[str] = []
        self._jumps: list[tuple[float, float]] = []
        self._selector = _NoSockets()
        self.set_exception_handler(lambda _, context: self.complaints.append(str(context)))

    def time(self) -> float:
        return self.now

    def _process_events(self, events: list[Any]) -> None:
        """There are none."""

    def turn(self) -> None:
        """Run once what is ready, and the timers that are due."""
        self.stop()
        self.run_forever()

    def settle(self) -> None:
        """Go on until nothing more happens without the clock."""
        for _ in range(_MOST_TURNS):
            when = self.next_timer()
            if not self._ready and (when is None or when > self.now):
                return
            self.turn()
        raise AssertionError("something goes round in circles, and no time passes")

    def pass_time(self, seconds: float) -> None:
        """Every timer runs at its own moment."""
        end = self.now + seconds
        self._run_timers_until(end)
        self.now = end

    def jump(self, seconds: float) -> None:
        """The loop stood still meanwhile: all timers of that time run late, one after another."""
        self._jumps.append((self.now, self.now + seconds))
        self.now += seconds
        self.settle()

    def was_asleep(self, due: float, until: float) -> bool:
        """Whether what was due then could not happen before `until`, since the loop stood still."""
        return any(start <= due <= end and until <= end for start, end in self._jumps)

    def drain(self, most_seconds: float) -> None:
        """Go on until nothing is left to happen at all."""
        self._run_timers_until(self.now + most_seconds)
        assert self.next_timer() is None, "something goes on and on"

    def _run_timers_until(self, end: float) -> None:
        self.settle()
        for _ in range(_MOST_TURNS):
            when = self.next_timer()
            if when is None or when > end:
                return
            self.now = max(self.now, when)
            self.settle()
        raise AssertionError("something wakes up again and again")

    def next_timer(self) -> float | None:
        return min((timer.when() for timer in self._scheduled if not timer.cancelled()), default=None)
