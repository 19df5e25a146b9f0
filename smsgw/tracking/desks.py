"""One provider's questions: which have their turn, how many are under way, and when the next one may begin.

Questions go through the same gate as sends: its connections, its rate, its duplicate window. They leave room there:
half of the connections stay free for sending, and no more than one question waits in the gate's queue, so that a send
waits for at most one question's turn, whatever the number of messages that are followed.

While the circuit for sends is open, questions go one at a time and a second apart: a provider that rests for want of
credit still tells what became of messages, and one that is down is not hammered. Questions that fail in a row open a
circuit of their own.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from smsgw.breaker import CircuitBreaker, Finding
from smsgw.delivery import Lane
from smsgw.errors import SmsgwError, UnreadableReply
from smsgw.tracking.groups import Group

__all__ = ["TRICKLE", "Desk", "finding_of"]

TRICKLE: Final = 1.0
"""Seconds between two questions to a provider that rests."""


def finding_of(error: SmsgwError | None) -> Finding:
    """What the answer to a question says of the provider: one bad answer about one message says nothing."""
    if error is None or error.scope not in ("account", "provider"):
        return Finding.HEALTHY
    # A reply in words of the gateway's own may be its way to say that it knows no such ID. (HTTP errors have a code.)
    if isinstance(error, UnreadableReply) and error.code is None:
        return Finding.HEALTHY
    return Finding.FAILING


class Desk:
    """Decides, and starts nothing itself."""

    def __init__(self, lane: Lane, clock: Callable[[], float]) -> None:
        self.lane = lane
        self.breaker = CircuitBreaker(lane.breaker.settings, clock)
        self.ready: deque[Group] = deque()
        """Those whose time has come."""
        self.has_queued = False
        """A question waits for a connection, or for its turn in the rate."""
        self._room = max(1, lane.driver.settings.max_connections // 2)
        self._under_way = 0
        self._last_began = float("-inf")
        self._last_error: SmsgwError | None = None

    def wait(self, now: float) -> float | None:
        """Seconds until the next question may begin; None where one that is under way has to go on first."""
        if self.has_queued or self._under_way >= self._room:
            return None
        rest = self.breaker.reopens_in
        if rest is None or rest > 0:
            return rest
        if not self.lane.breaker.passable:
            return None if self._under_way else max(0.0, self._last_began + TRICKLE - now)
        return 0.0

    def begin(self, now: float) -> Group:
        """The next group, whose question begins now."""
        self._under_way += 1
        self.has_queued = True
        self._last_began = now
        return self.ready.popleft()

    def end(self) -> None:
        self._under_way -= 1

    @property
    def trouble(self) -> SmsgwError | None:
        """Why nothing more is asked, while questions fail: what those may be told that never had their turn."""
        return None if self.breaker.closed else self._last_error

    def one_for_all(self, error: SmsgwError) -> SmsgwError:
        """An equal error that is kept already: in an outage every message has one, and all are alike."""
        last = self._last_error
        if (
            last is None
            or type(last) is not type(error)
            or str(last) != str(error)
            or last.code != error.code
        ):
            self._last_error = last = error
        return last
