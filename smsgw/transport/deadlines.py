"""Time limits that cost next to nothing: one timer for all requests of a provider.

A timer of its own for each request is 7 of the 75 µs that aiohttp takes for one; nearly all of them are cancelled
unused. Here only as many requests are looked at as there are connections, and only when one of them is due.
"""

import asyncio

__all__ = ["Deadline", "Deadlines"]


class Deadlines:
    """The requests that are under way, each of which ends after `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._under_way: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self) -> "Deadline":
        """Cancel the current task in `seconds`, unless `end` comes first."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a request is made in a task")
        if loop is not self._loop:
            # What the last loop left under way, if it was closed under it, will not end, nor will its timer go off.
            self._loop, self._timer, self._under_way = loop, None, set()
        deadline = Deadline(task, loop.time() + self.seconds)
        self._under_way.add(deadline)
        if self._timer is None:
            self._timer = loop.call_at(deadline.when, self._strike)
        return deadline

    def end(self, deadline: "Deadline") -> None:
        """No time limit any more. A cancellation by it is taken back, and `deadline.ended_it` tells of it."""
        self._under_way.discard(deadline)
        deadline.conclude()
        if not self._under_way and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _strike(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for deadline in [deadline for deadline in self._under_way if deadline.when <= now]:
            self._under_way.remove(deadline)
            deadline.strike()
        following = min((deadline.when for deadline in self._under_way), default=None)
        self._timer = None if following is None else loop.call_at(following, self._strike)


class Deadline:
    """The time limit of one request."""

    __slots__ = ("_cancelling", "_struck", "_task", "ended_it", "when")

    def __init__(self, task: "asyncio.Task[object]", when: float) -> None:
        self.when = when
        self.ended_it = False
        """The request was cancelled for it, and nobody else wants its task cancelled."""
        self._task = task
        self._cancelling = task.cancelling()
        self._struck = False

    def strike(self) -> None:
        self._struck = True
        self._task.cancel()

    def conclude(self) -> None:
        """As `asyncio.timeout` does: whoever cancelled the task meanwhile gets the cancellation through."""
        if self._struck:
            self._struck = False
            self.ended_it = self._task.uncancel() <= self._cancelling
