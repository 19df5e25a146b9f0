"""All incoming messages: each is delivered again and again until it is acknowledged, or stopped."""

import asyncio
import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from attrs import evolve

from smsgw.sandbox.incoming.address import checked, url_for
from smsgw.sandbox.incoming.calling import Answer, call, new_session
from smsgw.sandbox.incoming.values import Attempt, IncomingMessage, NoIncomingUrl

__all__ = ["IncomingMessages"]

_BEFORE_FIRST_ID: Final = 5093  # the first smsid is the document's own, 5094
_AT_ONCE: Final = 10
_SHOWN_ATTEMPTS: Final = 20
_SHORTEST_REPEAT: Final = 0.001
_LONGEST_REPEAT: Final = 366 * 86400
_GLANCE: Final = 0.1
"""Seconds after which the clock is looked at again: one that a test moves by hand tells nobody."""


class IncomingMessages:
    """Messages from phones, written in the sandbox. One timer serves them all, and at most ten go out at once.

    clock  the sandbox's clock, in seconds: repeats go by it
    wall   the wall-clock time that belongs to it, aware
    keep   how many are kept: beyond it the oldest go, even one that still waits; None for all

    timeout   seconds that one attempt may take, by the real clock
    revision  grows with every change to the messages
    """

    def __init__(
        self, *, clock: Callable[[], float], wall: Callable[[], datetime], keep: int | None = None
    ) -> None:
        self.timeout = 10.0
        self.revision = 0
        self._clock = clock
        self._wall = wall
        self._keep = keep
        self._url: str | None = None
        self._repeat = 5.0
        self._last = 0
        self._messages: OrderedDict[int, IncomingMessage] = OrderedDict()
        # When each waiting message is due, by the clock. The heap may hold more, of which these no longer know.
        self._due: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []
        self._attempts: dict[int, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._timer: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    def __repr__(self) -> str:
        return f"<IncomingMessages: {len(self._messages)}, of which {len(self._due)} wait>"

    # Settings.

    @property
    def url(self) -> str | None:
        """Where messages go from now on; None for nowhere: what waits then waits."""
        return self._url

    @url.setter
    def url(self, url: str | None) -> None:
        self._url = None if url is None else checked(url)
        self._wake.set()

    @property
    def repeat(self) -> float:
        """Seconds from the end of an attempt to the next."""
        return self._repeat

    @repeat.setter
    def repeat(self, seconds: float) -> None:
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise TypeError(f"incoming_repeat is a number of seconds: {seconds!r}")
        if not _SHORTEST_REPEAT <= seconds <= _LONGEST_REPEAT:
            raise ValueError(
                f"incoming_repeat is {_SHORTEST_REPEAT} to {_LONGEST_REPEAT} seconds: {str(seconds)[:20]}"
            )
        longer, self._repeat = seconds - self._repeat, float(seconds)
        for number, due in self._due.items():
            if self._messages[number].attempt_count and longer:
                self._schedule(number, due + longer)
        self._wake.set()

    # What there is.

    @property
    def last_number(self) -> int:
        """The number of the newest message that was ever written; 0 before the first."""
        return self._last

    def messages(self) -> Sequence[IncomingMessage]:
        """Those that are kept, the newest first: a snapshot."""
        return tuple(reversed(self._messages.values()))

    def message(self, number: int) -> IncomingMessage | None:
        """The message with this number, if it is kept."""
        return self._messages.get(number)

    # What changes it.

    def write(
        self, *, sender: str, receiver: str, text: str, prefix: str = "", smsid: str | None = None
    ) -> IncomingMessage:
        """Take a message from a phone, and begin to deliver it. Raises `NoIncomingUrl` or `ValueError`.

        `smsid` is one of the caller's own, for a receiver that remembers those of every sandbox before.
        """
        _check(sender=sender, receiver=receiver, text=text, prefix=prefix)
        if self._url is None:
            raise NoIncomingUrl("nobody has said where incoming messages go: set the incoming URL first")
        number = self._last + 1
        message = IncomingMessage(
            number=number,
            smsid=smsid or str(_BEFORE_FIRST_ID + number),
            sender=sender,
            receiver=receiver,
            text=text,
            prefix=prefix,
            written_at=self._wall(),
            next_at=None,
        )
        return self._enter(message, self._clock())

    def stop(self, number: int) -> IncomingMessage | None:
        """Repeat it no more; an attempt that is under way may still be acknowledged. None if there is no such one."""
        message = self._messages.get(number)
        if message is not None and message.state == "waiting":
            message = self._put(evolve(message, state="stopped", next_at=None))
            self._due.pop(number, None)
        return message

    def clear(self) -> None:
        """Forget all, and end what is under way; the numbers go on."""
        for number in list(self._messages):
            self._forget(number)
        self._heap.clear()
        self.revision += 1

    def restore(self, messages: Iterable[IncomingMessage], last_number: int = 0) -> None:
        """Begin with what an earlier sandbox kept, in order of its numbers; what waits is repeated when it is due."""
        for message in messages:
            wait = (message.next_at - self._wall()).total_seconds() if message.next_at else 0.0
            # A clock that was set back meanwhile makes no message wait for longer than any would.
            self._enter(message, self._clock() + min(max(wait, 0.0), self._repeat))
        self._last = max(self._last, last_number)

    # Delivery.

    async def start(self) -> None:
        """Begin to deliver; `RuntimeError` if it does already."""
        if self._timer is not None:
            raise RuntimeError("incoming messages are delivered already")
        self._wake = asyncio.Event()
        self._heap = [(due, number) for number, due in self._due.items()]
        heapq.heapify(self._heap)
        self._timer = asyncio.create_task(self._deliver())

    async def aclose(self) -> None:
        """End all attempts; nothing is left. What waits can go on after another `start`."""
        timer, self._timer = self._timer, None
        if timer is None:
            return
        timer.cancel()
        for number in list(self._attempts):
            self._end(number)
        pending = {timer, *self._ending}
        cancelled: asyncio.CancelledError | None = None
        while pending:
            try:
                _, pending = await asyncio.wait(pending)
            except asyncio.CancelledError as error:  # passed on, but not before all is closed
                cancelled = error
                pending = {task for task in pending if not task.done()}
        if not timer.cancelled() and (failure := timer.exception()) is not None:
            raise failure
        if cancelled is not None:
            raise cancelled

    async def _deliver(self) -> None:
        async with new_session() as session:
            while True:
                self._wake.clear()
                self._begin_due(session)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause()):
                        await self._wake.wait()

    def _begin_due(self, session: aiohttp.ClientSession) -> None:
        now = self._clock()
        while self._url is not None and len(self._attempts) < _AT_ONCE and self._heap:
            due, number = self._heap[0]
            if self._due.get(number) == due and number not in self._attempts:
                if due > now:
                    return
                self._attempts[number] = asyncio.create_task(self._attempt(session, self._url, number))
            heapq.heappop(self._heap)

    def _pause(self) -> float | None:
        """Seconds until something may have to be done that no event tells of."""
        if self._url is None or not self._heap or len(self._attempts) == _AT_ONCE:
            return None
        return min(max(self._heap[0][0] - self._clock(), 0.0), _GLANCE)

    async def _attempt(self, session: aiohttp.ClientSession, url: str, number: int) -> None:
        message = self._messages[number]
        at = self._wall()
        answer = Answer(None, "", "cut short: the sandbox stopped")
        try:
            answer = await call(session, url_for(url, message), message.smsid, self.timeout)
        finally:
            if self._attempts.get(number) is asyncio.current_task():
                del self._attempts[number]
            self._settle(number, Attempt(at=at, status=answer.status, reply=answer.reply, error=answer.error))
            self._wake.set()

    def _settle(self, number: int, attempt: Attempt) -> None:
        """Write down what came of an attempt; a message that has been forgotten stays so."""
        if (message := self._messages.get(number)) is None:
            return
        message = evolve(
            message,
            attempts=(*message.attempts, attempt)[-_SHOWN_ATTEMPTS:],
            attempt_count=message.attempt_count + 1,
        )
        if attempt.error is None:
            message = evolve(message, state="acknowledged", next_at=None)
            self._due.pop(number, None)
        self._put(message)
        if message.state == "waiting":
            self._schedule(number, self._clock() + self._repeat)

    # The messages.

    def _enter(self, message: IncomingMessage, due: float) -> IncomingMessage:
        self._last = max(self._last, message.number)
        self._put(message)
        if message.state == "waiting":
            message = self._schedule(message.number, due)
        while self._keep is not None and len(self._messages) > self._keep:
            self._forget(next(iter(self._messages)))
        self._wake.set()
        return message

    def _put(self, message: IncomingMessage) -> IncomingMessage:
        self._messages[message.number] = message
        self.revision += 1
        return message

    def _schedule(self, number: int, due: float) -> IncomingMessage:
        self._due[number] = due
        heapq.heappush(self._heap, (due, number))
        at = self._wall() + timedelta(seconds=due - self._clock())
        return self._put(evolve(self._messages[number], next_at=at))

    def _forget(self, number: int) -> None:
        del self._messages[number]
        self._due.pop(number, None)
        self._end(number)

    def _end(self, number: int) -> None:
        """Cut short the attempt that is under way, if one is."""
        if (task := self._attempts.pop(number, None)) is not None:
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
            task.cancel()


def _check(**given: str) -> None:
    for name, value in given.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} is a text: {value!r}")
        if not value.strip() and name != "prefix":
            raise ValueError(f"{name} is empty")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name} holds half of a surrogate pair, which no message can") from None
