"""Event loops on which a test strikes between any two callbacks, so that no moment is left to luck."""

import asyncio
import heapq
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["CountedLoop", "Standstill", "SteppedLoop", "Striking", "run"]

T = TypeVar("T")

LONGEST = 20_000.0
"""Seconds of a loop's own time, beyond which somebody asks again and again, and will for ever."""


class Standstill(BaseException):
    """Somebody waits, and nothing will ever happen again: a wait without a deadline. (No `Exception`, lest the
    code under test catch it.)"""


class Striking(asyncio.SelectorEventLoop):
    """Counts its steps, and strikes once before the given one."""

    _scheduled: list[asyncio.TimerHandle]
    _ready: deque[asyncio.Handle]

    def __init__(self) -> None:
        super().__init__()
        self.complaints: list[dict[str, Any]] = []
        """What asyncio would have logged: exceptions that nobody retrieved, tasks destroyed while pending."""
        self.set_exception_handler(lambda _, context: self.complaints.append(context))
        self._left = 0
        self._strike: Callable[[], bool] | None = None
        self._struck = False

    def arm(self, steps: int, strike: Callable[[], bool]) -> None:
        """Call `strike` after so many further steps. It tells whether there was still something to strike."""
        self._left, self._strike, self._struck = steps, strike, False

    def disarm(self) -> bool:
        """Whether there was still something to strike, when it came to that."""
        self._strike = None
        return self._struck

    def timers(self) -> list[asyncio.TimerHandle]:
        """Those that will still ring."""
        return [handle for handle in self._scheduled if not handle.cancelled()]

    def _count(self) -> None:
        if self._strike is not None:
            self._left -= 1
            if self._left <= 0:
                strike, self._strike = self._strike, None
                self._struck = strike()


class SteppedLoop(Striking):
    """One callback a step, and time that passes only where nobody could do anything else: every run is the same."""

    _timer_cancelled_count: int

    def __init__(self) -> None:
        self._now = 1000.0
        super().__init__()

    def time(self) -> float:
        return self._now

    def _run_once(self) -> None:
        if not self._ready:
            self._pass_time()
        handle = self._ready.popleft()
        if not handle.cancelled():
            self._count()
            handle._run()

    def _pass_time(self) -> None:
        """To the next timer, with all that ring at its moment."""
        while self._scheduled:
            first = self._scheduled[0]
            if self._ready and not first.cancelled() and first.when() > self._now:
                return
            heapq.heappop(self._scheduled)
            first._scheduled = False  # type: ignore[attr-defined]  # as the base class does
            if first.cancelled():
                self._timer_cancelled_count -= 1
                continue
            self._now = max(self._now, first.when())
            if self._now > LONGEST:
                raise Standstill
            self._ready.append(first)
        if not self._ready:
            raise Standstill


class CountedLoop(Striking):
    """Real sockets and real time; a step is one turn of the loop."""

    _selector: selectors.BaseSelector

    def sockets(self) -> list[object]:
        """All that it listens to."""
        return [key.fileobj for key in self._selector.get_map().values()]

    def _run_once(self) -> None:
        self._count()
        super()._run_once()  # type: ignore[misc]


Loop = TypeVar("Loop", bound=Striking)


def run(main: Callable[[Loop], Coroutine[Any, Any, T]], kind: type[Loop]) -> T:
    """What `main` returns on a new loop, of which nothing may complain."""
    loop = kind()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        result = runner.run(main(loop))
    assert not loop.complaints, loop.complaints
    return result
