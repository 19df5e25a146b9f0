"""The way of one request through its provider's policies.

In this order: the duplicate window, a free connection, the rate, the circuit, the claim of whoever writes attempts
down, and at last the check that the caller still wants it. Whatever waits there holds no connection, but for the
claim: it is written only for what is about to begin.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from attrs import define, field

from smsgw.breaker import Admission, CircuitBreaker
from smsgw.dedup import DuplicateWindow, fingerprint
from smsgw.entry import Scope
from smsgw.errors import CircuitOpen
from smsgw.throttle import Throttle
from smsgw.transport import Reply, Request, Transport

__all__ = ["Gate", "GatedWire", "Replay", "Stats"]


@define
class Stats:
    """What one provider was asked since the dispatcher was made."""

    requests: int = 0
    """HTTP requests that began, of all kinds."""
    retries: int = 0
    """Sends that were tried again at this provider."""


@define(eq=False)
class Gate:
    """What stands on the way to one provider."""

    provider: str
    transport: Transport
    breaker: CircuitBreaker
    throttle: Throttle | None
    window: DuplicateWindow | None
    stats: Stats = field(factory=Stats)
    life: Scope = field(factory=Scope)
    """Ends when the dispatcher closes: for what is asked on nobody's behalf but our own."""
    turn: asyncio.Lock = field(factory=asyncio.Lock)
    """Whose turn it is to wait for the rate: first come, first served."""

    def circuit_open(self) -> CircuitOpen:
        return CircuitOpen(
            "not tried: this provider failed or refused the account a while ago, and rests",
            provider=self.provider,
        )


class GatedWire:
    """The way of one request through its provider's policies. `guarded` for sends: circuit, window, scope."""

    # What most requests leave as it is stands here: it is not written anew for each of them.
    admission: Admission | None = None
    claim: Callable[[], Awaitable[None]] | None = None
    """Writes down that the request is about to begin, once nothing but the connection is missing."""
    identity: bytes | None = None
    duplicate = False
    ended = False
    """What came of it is known: nothing more is in doubt here."""
    tried = False
    """A connection was asked for: the circuit let it through."""
    _wrote = False
    _has_permit = False
    _elsewhere: Callable[[], bool] | None = None

    def __init__(self, gate: Gate, scope: Scope, *, guarded: bool = True, has_slot: bool = False) -> None:
        self._gate = gate
        self._scope = scope
        self._guarded = guarded
        self._has_slot = has_slot
        """A connection is kept free for it already."""

    @property
    def provider(self) -> str:
        """The configured name of whom it leads to."""
        return self._gate.provider

    def has_begun(self) -> bool:
        """Whether a byte of the request, or of the identical one that stands for it, may have left."""
        return self._wrote or (self._elsewhere is not None and self._elsewhere())

    def end(self) -> None:
        """What came of it is known. (Its entries know this wire: no claim on them may be left.)"""
        self.ended = True
        self.claim = None

    def give_back(self) -> None:
        """No request was made: the connection that was kept free for it is the next one's."""
        if self._has_slot:
            self._has_slot = False
            self._gate.transport.slots.release()

    @property
    def has_told(self) -> bool:
        """Whether what came of it tells anything about the provider: not where we gave it up ourselves."""
        return self.tried and (self._wrote or not self._scope.ended)

    @property
    def window_remaining(self) -> float:
        window = self._gate.window
        return window.remaining(self.identity) if window is not None and self.identity is not None else 0.0

    def request(self, request: Request) -> Coroutine[Any, Any, Reply]:
        return self._go(request) if self._gate.window is None else self._once(request, self._gate.window)

    async def _once(self, request: Request, window: DuplicateWindow) -> Reply:
        self.identity = fingerprint(request)
        answer, self.duplicate = await window.once(
            self.identity,
            lambda: self._go(request),
            began=lambda: self._wrote,
            joined=self._join,
            pause=self._scope.pause if self._guarded else None,
        )
        return answer.take()

    def _join(self, began: Callable[[], bool]) -> None:
        self._elsewhere = began

    async def _go(self, request: Request) -> Reply:
        gate = self._gate
        if self._guarded and not gate.breaker.passable:
            raise gate.circuit_open()
        if self._has_slot:
            self._has_slot = False  # it is given back below
        elif gate.throttle is not None:
            await self._take_turn(gate.throttle)
        elif not gate.transport.slots.take():
            await gate.transport.slots.acquire()
        try:
            self._scope.check()
            if self._guarded:
                self.admission = gate.breaker.admit()
                if self.admission is None:
                    raise gate.circuit_open()
            if self.claim is not None:
                await self.claim()
            self.tried = True
            return await gate.transport.request(request, self._first_byte)
        finally:
            if self._has_permit and gate.throttle is not None:
                gate.throttle.give_back()
                self._has_permit = False
            gate.transport.slots.release()

    def _first_byte(self) -> None:
        self._scope.check()
        if self._gate.throttle is not None:
            self._gate.throttle.leave()
            self._has_permit = False
        self._wrote = True
        self._gate.stats.requests += 1

    async def _take_turn(self, throttle: Throttle) -> None:
        """A connection and a permit."""
        slots = self._gate.transport.slots
        async with self._gate.turn:
            # The permit is taken with the connection in hand, or permits would be hoarded while all are busy.
            while True:
                await slots.acquire()
                if self._scope.ended:
                    return
                wait = throttle.take()
                if not wait:
                    self._has_permit = True
                    return
                slots.release()
                await self._scope.pause(wait)


class Replay:
    """A wire on which an answer that is known comes again."""

    def __init__(self, take: Callable[[], Reply]) -> None:
        self._take = take

    async def request(self, request: Request) -> Reply:
        return self._take()
