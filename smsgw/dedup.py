"""Never twice, by the provider's rule: identical requests within a window are one request.

TargetSMS answers the second of two identical requests within a minute with an error, whatever became of the
first (targetsms.txt, section 1). `DuplicateWindow` knows every identical request of this process, under way or
answered, and gives each later one the first one's reply. Callers' own idempotency keys are in `keys.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b

from smsgw.drivers.settings import OnDuplicate
from smsgw.errors import DuplicateRequest, OutcomeUnknown, SmsgwError
from smsgw.transport import Reply, Request

__all__ = ["Answer", "DuplicateWindow", "fingerprint"]

MARGIN = 1.0
"""Seconds that the window is kept longer than the provider's, for clocks and for the way there."""

MEMORY = 120.0
"""Seconds that a first reply is remembered at the least: the gateway's window may outlast ours."""


def fingerprint(request: Request) -> bytes:
    """What makes two requests identical: every parameter, the account's included. It tells none of them."""
    return blake2b(request.url.encode() + b"\n" + (request.body or b""), digest_size=16).digest()


class Answer:
    """What one request came to: a reply, or the error that stood for it."""

    __slots__ = ("_error", "_reply")

    def __init__(self, reply: Reply | None = None, error: SmsgwError | None = None) -> None:
        self._reply = reply
        self._error = error

    def take(self) -> Reply:
        """The reply, or raise the error."""
        if self._reply is None:
            raise self._error or SmsgwError("no answer was recorded")
        return self._reply


class _Record:
    """One identity: the request that carries it now, and what the one before it came to."""

    __slots__ = ("answered", "began", "ended_at", "previous")

    def __init__(self, began: Callable[[], bool], previous: "_Record | None") -> None:
        self.answered: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        """None when nothing was sent after all."""
        self.began = began
        self.ended_at: float | None = None
        self.previous = previous


_GIVEN_UP = Answer(error=OutcomeUnknown("the identical request was given up before its answer came"))


class DuplicateWindow:
    """One account's identical requests. `seconds` is the provider's window; 0 switches the rule off."""

    def __init__(self, seconds: float, on_duplicate: OnDuplicate, clock: Callable[[], float]) -> None:
        self._given = (seconds, on_duplicate)
        self._seconds = seconds + MARGIN if seconds > 0 else 0.0
        self._on_duplicate = on_duplicate
        self._clock = clock
        self._records: dict[bytes, _Record] = {}

    @property
    def is_kept(self) -> bool:
        """Whether the rule is on."""
        return self._seconds > 0

    @property
    def seconds(self) -> float:
        """Between two identical requests, with the margin."""
        return self._seconds

    def is_like(self, seconds: float, on_duplicate: OnDuplicate) -> bool:
        """Whether it was made with these."""
        return self._given == (seconds, on_duplicate)

    def remaining(self, identity: bytes) -> float:
        """Seconds until an identical request may go out."""
        record = self._records.get(identity)
        if record is None or record.ended_at is None:
            return 0.0
        return max(0.0, record.ended_at + self._seconds - self._clock())

    async def previous(self, identity: bytes) -> Answer | None:
        """What this process knows of the request before the present one."""
        record = self._records.get(identity)
        return await record.previous.answered if record is not None and record.previous is not None else None

    def amend(self, identity: bytes, answer: Answer) -> None:
        """The present request was refused as a duplicate: from now on it stands for the first one's answer."""
        record = self._records.get(identity)
        if record is not None and record.answered.done():
            record.answered = asyncio.get_running_loop().create_future()
            record.answered.set_result(answer)

    async def once(
        self,
        identity: bytes,
        send: Callable[[], Awaitable[Reply]],
        *,
        began: Callable[[], bool],
        joined: Callable[[Callable[[], bool]], None],
        pause: Callable[[float], Awaitable[bool]] | None,
    ) -> tuple[Answer, bool]:
        """Send, or take what an identical request came to; and whether it was the latter.

        `began` tells whether a byte of the request has left; `joined` is handed the same of an identical request
        whose answer is awaited instead. `pause` sleeps for `on_duplicate = "wait"`, and is
        None for a query, which never waits but takes the last reply. Raises what `send` raises, and
        `DuplicateRequest`.
        """
        while (record := self._blocking(identity)) is not None:
            if pause is not None and self._on_duplicate == "reject":
                raise DuplicateRequest(f"an identical request went out less than {self._seconds:g} s ago")
            if not record.answered.done():
                if pause is None or self._on_duplicate == "reuse":
                    joined(record.began)
                await asyncio.wait([record.answered])
                continue
            if pause is None or self._on_duplicate == "reuse":
                answer = record.answered.result()
                if answer is not None:
                    return answer, True
            elif not await pause(self.remaining(identity)):
                # Nobody wants it any more: `send` says so and sends nothing, and whoever sends now keeps the claim.
                return Answer(await send()), False
        return await self._claim(identity, send, began), False

    def _blocking(self, identity: bytes) -> _Record | None:
        """The identical request that stands in the way, under way or within the window."""
        record = self._records.get(identity)
        if record is None or not self._seconds:
            return None
        return record if record.ended_at is None or self.remaining(identity) > 0 else None

    async def _claim(
        self, identity: bytes, send: Callable[[], Awaitable[Reply]], began: Callable[[], bool]
    ) -> Answer:
        self._forget_old()
        before = self._records.pop(identity, None)
        if before is not None:
            before.previous = None  # one back is as far as anyone looks
        record = self._records[identity] = _Record(began, before)
        answer: Answer | None = None
        try:
            answer = Answer(await send())
        except SmsgwError as error:
            answer = Answer(error=error)
            raise
        else:
            return answer
        finally:
            if began():
                record.ended_at = self._clock()
                record.answered.set_result(answer or _GIVEN_UP)
            else:
                # Nothing left: the claim is given back, and whoever waits for it may send.
                record.answered.set_result(None)
                if self._records.get(identity) is record:
                    del self._records[identity]
                    # (One that ended meanwhile without having begun stands for nothing.)
                    if before is not None and (before.ended_at is not None or not before.answered.done()):
                        self._records[identity] = before

    def _forget_old(self) -> None:
        forget_before = self._clock() - max(self._seconds, MEMORY)
        while self._records:
            identity, record = next(iter(self._records.items()))
            if record.ended_at is None or record.ended_at > forget_before:
                return
            del self._records[identity]
