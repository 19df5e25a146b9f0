"""One batch to one provider: dedup, throttle, circuit breaker, retry, and each recipient's verdict.

A `Lane` is a provider as the dispatcher sees it. Its policies stand on the way of each request (`_LaneWire`), in
this order: the duplicate window, a free connection, the rate, the circuit, and at last the check that the caller
still wants it. Whatever waits there holds no connection.
"""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence

from attrs import define

from smsgw.breaker import Admission, CircuitBreaker, Finding, judge
from smsgw.config import BreakerSettings, RetrySettings
from smsgw.dedup import DuplicateWindow, fingerprint
from smsgw.drivers.base import Batch, Driver, Prepared, Verdict
from smsgw.entry import Entry, Scope, Signal
from smsgw.errors import (
    AuthenticationFailed,
    CircuitOpen,
    DuplicateRequest,
    NotSubmitted,
    OutcomeUnknown,
    SmsgwError,
)
from smsgw.faults import frames
from smsgw.models import State
from smsgw.retry import Budget, Retry
from smsgw.throttle import Throttle
from smsgw.transport import Reply, Request, Transport, Wire

__all__ = ["Lane", "Stats"]

_log = logging.getLogger("smsgw.delivery")

_REFUSED_CONTENTS = 1000
"""Contents that are remembered to have been refused for every recipient of a batch."""


@define
class Stats:
    """What one provider was asked since the dispatcher was made."""

    requests: int = 0
    """HTTP requests that began, of all kinds."""
    retries: int = 0
    """Sends that were tried again at this provider."""


class Lane:
    """One provider: its driver, its connections, and its policies."""

    def __init__(
        self,
        driver: Driver,
        transport: Transport,
        *,
        retry: RetrySettings,
        breaker: BreakerSettings,
        window: DuplicateWindow | None,
        signal: Signal,
        clock: Callable[[], float],
    ) -> None:
        self.driver = driver
        self.name = driver.provider
        self.transport = transport
        self.window = window
        self.stats = Stats()
        self.breaker = CircuitBreaker(breaker, clock, signal.fire)
        self.throttle = Throttle(driver.settings.rate, clock) if driver.settings.rate is not None else None
        self.budget = Budget(retry.budget)
        self.retry = Retry(retry, self.budget, clock)
        self.turn = asyncio.Lock()
        self._clock = clock
        self._refused_contents: OrderedDict[tuple[str | None, str], None] = OrderedDict()

    async def deliver(self, prepared: Prepared, entries: Sequence[Entry], scope: Scope) -> Sequence[Verdict]:
        """One verdict for each entry; whatever the provider or the network did is in them."""
        verdicts = await self._deliver(prepared, entries, scope)
        if verdicts[0].unnamed:
            verdicts = await self._whom_it_means(prepared, entries, verdicts, scope)
        elif self._refused_contents and verdicts[0].state is State.ACCEPTED:
            self._refused_contents.pop((prepared.sender, prepared.text), None)
        return verdicts

    async def _deliver(self, prepared: Prepared, entries: Sequence[Entry], scope: Scope) -> Sequence[Verdict]:
        """One request, and its retries while nothing was taken."""
        wire = _LaneWire(self, scope)
        started = self._clock()
        verdicts = await self._attempt(wire, prepared, entries)
        if wire.tried:
            self.budget.first_attempt()
        if _retryable(verdicts) is None:
            return verdicts

        async def attempt() -> Sequence[Verdict]:
            nonlocal wire
            wire = _LaneWire(self, scope)
            self.stats.retries += 1
            again = await self._attempt(wire, prepared, entries)
            # That the circuit opened meanwhile says less than why it did.
            return verdicts if isinstance(again[0].error, CircuitOpen) else again

        return await self.retry.again(
            verdicts,
            started=started,
            attempt=attempt,
            refusal=_retryable,
            not_before=lambda: wire.window_remaining,
            pause=scope.pause,
        )

    async def _attempt(
        self, wire: "_LaneWire", prepared: Prepared, entries: Sequence[Entry]
    ) -> Sequence[Verdict]:
        batch = Batch(prepared, tuple([entry.recipient for entry in entries]), secrets.token_hex(10))
        for entry in entries:
            entry.has_begun = wire.has_begun
            entry.provider = self.name
        finding = Finding.NOTHING
        try:
            verdicts = await self._ask_driver(wire, batch)
            if wire.has_told:
                finding = judge(verdicts)
        finally:
            if wire.admission is not None:
                self.breaker.record(wire.admission, finding)
            for entry in entries:
                entry.has_begun = None
                entry.attempts += wire.tried
                entry.duplicate = wire.duplicate
        return verdicts

    async def _ask_driver(self, wire: "_LaneWire", batch: Batch) -> Sequence[Verdict]:
        driver = self.driver
        try:
            verdicts = await driver.send(wire, batch)
        except Exception as error:  # noqa: BLE001  (a driver's fault must not blur what is known of its recipients)
            _log.error("driver %s failed:\n%s", driver.name, frames(error))
            return self._faulty(wire, batch, f"the driver failed with {type(error).__name__}")
        if len(verdicts) != len(batch.recipients):
            return self._faulty(wire, batch, "the driver did not give one verdict for each recipient")
        first = verdicts[0]
        if (
            isinstance(first.error, DuplicateRequest)
            and first.error.maybe_accepted
            and self.window is not None
        ):
            return await self._first_of_duplicates(wire, batch, verdicts)
        if driver.settles and isinstance(first.error, OutcomeUnknown) and first.error.scope == "provider":
            return await driver.settle(self.wire(Scope()), batch, verdicts)
        return verdicts

    def _faulty(self, wire: "_LaneWire", batch: Batch, fault: str) -> Sequence[Verdict]:
        kind = OutcomeUnknown if wire.has_begun() else NotSubmitted
        return self.driver.verdict_for_all(batch, kind(fault, provider=self.name))

    async def _first_of_duplicates(
        self, wire: "_LaneWire", batch: Batch, verdicts: Sequence[Verdict]
    ) -> Sequence[Verdict]:
        """The gateway refused a duplicate: where this process knows the first request, its answer stands for both."""
        identity = wire.identity
        if self.window is None or identity is None:
            return verdicts
        previous = await self.window.previous(identity)
        if previous is None:
            return verdicts
        self.window.amend(identity, previous)
        wire.duplicate = True
        return await self.driver.send(_Replay(previous.take), batch)

    async def _whom_it_means(
        self, prepared: Prepared, entries: Sequence[Entry], verdicts: Sequence[Verdict], scope: Scope
    ) -> Sequence[Verdict]:
        """A refusal of a whole batch that names nobody: ask after the account, then take the batch apart."""
        if self.driver.suspects_account(verdicts[0]) and (error := await self._account_error()) is not None:
            self.breaker.record(Admission.ORDINARY, Finding.ACCOUNT)
            return [Verdict(State.REJECTED, None, error)] * len(entries)
        content = (prepared.sender, prepared.text)
        if len(entries) == 1 or content in self._refused_contents:
            return verdicts
        verdicts = await self._halves(prepared, entries, scope)
        if all(verdict.unnamed for verdict in verdicts):
            self._refused_contents[content] = None
            if len(self._refused_contents) > _REFUSED_CONTENTS:
                self._refused_contents.popitem(last=False)
        return verdicts

    async def _halves(self, prepared: Prepared, entries: Sequence[Entry], scope: Scope) -> Sequence[Verdict]:
        middle = len(entries) // 2
        left, right = await asyncio.gather(
            self._part(prepared, entries[:middle], scope), self._part(prepared, entries[middle:], scope)
        )
        return [*left, *right]

    async def _part(self, prepared: Prepared, entries: Sequence[Entry], scope: Scope) -> Sequence[Verdict]:
        verdicts = await self._deliver(prepared, entries, scope)
        if verdicts[0].unnamed and len(entries) > 1:
            return await self._halves(prepared, entries, scope)
        return verdicts

    async def _account_error(self) -> SmsgwError | None:
        try:
            return await self.driver.account_error(self.wire(Scope()))
        except AuthenticationFailed as error:
            return error
        except SmsgwError as error:
            _log.info("%s would not tell its balance (%s)", self.name, type(error).__name__)
            return None

    def wire(self, scope: Scope) -> Wire:
        """For a status, balance or HLR request: connections, rate and window apply, the circuit does not."""
        return _LaneWire(self, scope, guarded=False)

    def circuit_open(self) -> CircuitOpen:
        return CircuitOpen("not tried: this provider failed a moment ago and rests", provider=self.name)


def _retryable(verdicts: Sequence[Verdict]) -> SmsgwError | None:
    """The error for which the whole batch may be tried again at this provider."""
    error = verdicts[0].error
    if error is None or not error.retryable or error.maybe_accepted:
        return None
    return error if all(verdict.error is error for verdict in verdicts) else None


class _Replay:
    """A wire on which an answer that is known comes again."""

    def __init__(self, take: Callable[[], Reply]) -> None:
        self._take = take

    async def request(self, request: Request) -> Reply:
        return self._take()


class _LaneWire:
    """The way of one request through its provider's policies. `guarded` for sends: circuit, window, scope."""

    __slots__ = (
        "_elsewhere",
        "_guarded",
        "_lane",
        "_scope",
        "_wrote",
        "admission",
        "duplicate",
        "identity",
        "tried",
    )

    def __init__(self, lane: Lane, scope: Scope, *, guarded: bool = True) -> None:
        self._lane = lane
        self._scope = scope
        self._guarded = guarded
        self._wrote = False
        self._elsewhere: Callable[[], bool] | None = None
        self.admission: Admission | None = None
        self.identity: bytes | None = None
        self.duplicate = False
        self.tried = False
        """A connection was asked for: the circuit let it through."""

    def has_begun(self) -> bool:
        """Whether a byte of the request, or of the identical one that stands for it, may have left."""
        return self._wrote or (self._elsewhere is not None and self._elsewhere())

    @property
    def has_told(self) -> bool:
        """Whether what came of it tells anything about the provider: not where we gave it up ourselves."""
        return self.tried and (self._wrote or not self._scope.ended)

    @property
    def window_remaining(self) -> float:
        window = self._lane.window
        return window.remaining(self.identity) if window is not None and self.identity is not None else 0.0

    async def request(self, request: Request) -> Reply:
        window = self._lane.window
        if window is None:
            return await self._go(request)
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
        lane = self._lane
        if self._guarded and not lane.breaker.passable:
            raise lane.circuit_open()
        await self._take_connection()
        try:
            self._scope.check()
            if self._guarded:
                self.admission = lane.breaker.admit()
                if self.admission is None:
                    raise lane.circuit_open()
            self.tried = True
            return await lane.transport.request(request, self._first_byte)
        finally:
            lane.transport.slots.release()

    def _first_byte(self) -> None:
        self._scope.check()
        self._wrote = True
        self._lane.stats.requests += 1

    async def _take_connection(self) -> None:
        lane = self._lane
        if lane.throttle is None:
            await lane.transport.slots.acquire()
            return
        async with lane.turn:
            # The permit is taken with the connection in hand, or permits would be hoarded while all are busy.
            while True:
                await lane.transport.slots.acquire()
                wait = 0.0 if self._scope.ended else lane.throttle.take()
                if not wait:
                    return
                lane.transport.slots.release()
                await self._scope.pause(wait)
