"""One recipient on its way, and who still wants it to go: the mutable values between `send` and its outcomes."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from smsgw.drivers.base import Verdict
from smsgw.errors import GatewayTimeout, NotSubmitted, SmsgwError
from smsgw.models import Message, Outcome, State

__all__ = ["Attempt", "Entry", "Recorder", "Scope", "Signal", "Sink"]


class Signal:
    """Wakes everyone who waits, in the order in which they came."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting: dict[asyncio.Future[None], None] = {}

    async def wait(self) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.add(woken)
        try:
            await woken
        finally:
            self.discard(woken)

    def fire(self) -> None:
        if not self.waiting:
            return
        waiting, self.waiting = self.waiting, {}
        for future in waiting:
            _wake(future)

    def add(self, future: asyncio.Future[None]) -> None:
        self.waiting[future] = None

    def discard(self, future: asyncio.Future[None]) -> None:
        self.waiting.pop(future, None)


class Scope:
    """The caller behind some entries. When it ends, nothing that has not begun will begin."""

    def __init__(self, recorder: "Recorder | None" = None) -> None:
        self.reason: str | None = None
        """Why nothing more may begin; None while it may."""
        self.recorder = recorder
        """Who writes each attempt down before it begins; None where nobody does."""
        self._sleepers = Signal()

    @property
    def ended(self) -> bool:
        return self.reason is not None

    def end(self, reason: str) -> None:
        if self.reason is None:
            self.reason = reason
            self._sleepers.fire()

    def refusal(self) -> NotSubmitted:
        return NotSubmitted(self.reason or "nobody waits for it any more")

    def check(self) -> None:
        """Raise `NotSubmitted` once the scope has ended. Called when nothing but the first byte is missing."""
        if self.reason is not None:
            raise self.refusal()

    async def pause(self, seconds: float, signal: Signal | None = None) -> bool:
        """Sleep, at most until the scope ends or the signal fires; whether the scope still stands."""
        if self.reason is not None:
            return False
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(max(0.0, seconds), _wake, woken)
        self._sleepers.add(woken)
        if signal is not None:
            signal.add(woken)
        try:
            await woken
        finally:
            timer.cancel()
            self._sleepers.discard(woken)
            if signal is not None:
                signal.discard(woken)
        return self.reason is None


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class Recorder(Protocol):
    """Writes attempts down, so that a process that ends in the middle is found out about by the next."""

    async def claim(self, attempt: str, provider: str, entries: Sequence["Entry"]) -> None:
        """Return once it is written that this attempt may have begun.

        Raises `NotSubmitted` where that cannot be written; nothing is sent then.
        """

    def complete(
        self,
        attempt: str,
        provider: str,
        segments: int,
        entries: Sequence["Entry"],
        verdicts: Sequence[Verdict],
    ) -> None:
        """The attempt ended, and this is what it proved of each entry. `segments` is our own count for the text."""


class Sink(Protocol):
    """Who is told when an entry has its outcome."""

    def settled(self, entry: "Entry") -> None: ...


class Attempt(Protocol):
    """One request, as those see it who wait for what comes of it."""

    @property
    def provider(self) -> str:
        """Who is asked."""

    @property
    def ended(self) -> bool:
        """What came of it is known."""

    def has_begun(self) -> bool:
        """Whether a byte of it may have left."""


class Entry:
    """One recipient of one message."""

    __slots__ = (
        "attempt",
        "attempts",
        "blocked",
        "duplicate",
        "last",
        "last_provider",
        "message",
        "outcome",
        "recipient",
        "sink",
        "verdict",
    )

    def __init__(self, message: Message, recipient: str, sink: Sink) -> None:
        self.message = message
        self.recipient = recipient
        self.sink = sink
        self.attempts = 0
        self.duplicate = False
        self.blocked = True
        """In this round over its providers, none refused it whose circuit still stands: waiting may help."""
        self.attempt: Attempt | None = None
        """The request that is being made with this entry, or was made last."""
        self.verdict: Verdict | None = None
        """What is known of it already, while the rest of a batch that was taken apart is still asked about."""
        self.last: Verdict | None = None
        """The last refusal that let it go on to another try."""
        self.last_provider: str | None = None
        self.outcome: Outcome | None = None

    def refused_by(self, provider: str, verdict: Verdict, *, tried: bool) -> None:
        """Keep the refusal; that a provider rests says less than what another one answered."""
        self.verdict = None
        if tried or self.last is None:
            self.last, self.last_provider = verdict, provider

    def finish(self, provider: str | None, verdict: Verdict, segments: int | None) -> None:
        """The outcome, once."""
        if self.outcome is not None:
            return
        self.outcome = Outcome(
            self.recipient,
            verdict.state,
            provider,
            verdict.message_id,
            segments if verdict.segments is None else verdict.segments,
            verdict.cost,
            verdict.error,
            self.attempts,
            self.duplicate,
            self.message,
        )
        self.sink.settled(self)

    def so_far(self, gone: SmsgwError) -> Outcome:
        """The outcome for a caller who waits no longer: what is under way is unknown, what is not was not sent."""
        if self.outcome is not None:
            return self.outcome
        attempt = self.attempt
        provider = None if attempt is None else attempt.provider
        if attempt is not None and not attempt.ended and attempt.has_begun():
            late = GatewayTimeout("no answer came while the caller waited", provider=provider)
            return Outcome(
                self.recipient,
                State.UNKNOWN,
                provider,
                error=late,
                attempts=self.attempts + 1,
                message=self.message,
            )
        if (known := self.verdict) is not None:
            return Outcome(
                self.recipient,
                known.state,
                provider,
                known.message_id,
                known.segments,
                known.cost,
                known.error,
                self.attempts,
                self.duplicate,
                self.message,
            )
        error = gone if self.last is None or self.last.error is None else self.last.error
        return Outcome(
            self.recipient,
            State.REJECTED,
            error.provider,
            error=error,
            attempts=self.attempts,
            message=self.message,
        )

    def cut_off(self, gone: SmsgwError) -> None:
        """Whoever was sending it was cancelled: what is known by then is the outcome."""
        if self.outcome is None:
            self.outcome = self.so_far(gone)
            self.sink.settled(self)

    def reject(self, error: SmsgwError) -> None:
        """The outcome of an entry that no provider was asked about."""
        self.finish(error.provider, Verdict(State.REJECTED, None, error), None)
