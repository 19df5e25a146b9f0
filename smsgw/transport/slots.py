"""Who may use a connection: first come, first served."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Slots"]


class Slots:
    """So many at once. Like `asyncio.Semaphore`, but taking a free one needs no coroutine, and one that comes back is
    handed over to who waits for it: 2 µs less for each request of a busy provider."""

    def __init__(self, count: int) -> None:
        self.free = count
        self._waiting: OrderedDict[asyncio.Future[None] | _Turn, None] = OrderedDict()

    def locked(self) -> bool:
        """Whether none can be had at once."""
        return self.free == 0

    def take(self) -> bool:
        """Take one, if one is free. (Nobody waits then.)"""
        if self.free:
            self.free -= 1
            return True
        return False

    async def acquire(self) -> None:
        """Take one, or wait for it."""
        if self.take():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.pop(turn, None)
            else:  # it had just been handed over
                self.release()
            raise

    def queue(self, turn: "_Turn") -> None:
        """Stand in line without a task: `turn` is called with these slots when one was taken for it."""
        self._waiting[turn] = None

    def dismiss(self) -> None:
        """Let those in line without a task go without a slot: their `turn` is called with None."""
        for turn in [turn for turn in self._waiting if not isinstance(turn, asyncio.Future)]:
            del self._waiting[turn]
            turn(None)

    def release(self) -> None:
        """Give one back, or on to who has waited longest."""
        while self._waiting:
            turn, _ = self._waiting.popitem(last=False)
            if not isinstance(turn, asyncio.Future):
                turn(self)
                return
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1


_Turn: TypeAlias = Callable[[Slots | None], object]
