"""One batch to one provider: dedup, throttle, circuit breaker, retry, and each recipient's verdict.

A `Lane` is a provider as the dispatcher sees it. What stands on the way of each of its requests is in `wire.py`.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from functools import partial

from smsgw.breaker import Admission, CircuitBreaker, Finding, judge
from smsgw.dedup import DuplicateWindow
from smsgw.drivers.base import Batch, Driver, Prepared, Verdict
from smsgw.entry import Entry, Recorder, Scope, Signal
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
from smsgw.settings import BreakerSettings, RetrySettings
from smsgw.throttle import Throttle
from smsgw.transport import Transport, Wire
from smsgw.wire import Gate, GatedWire, Replay

__all__ = ["Lane"]

_log = logging.getLogger("smsgw.delivery")

_REFUSED_CONTENTS = 1000
"""Contents that are remembered to have been refused for every recipient of a batch."""


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
        rate = driver.settings.rate
        throttle = Throttle(rate, clock) if rate is not None else None
        self.driver = driver
        self.name = driver.provider
        self.gate = Gate(self.name, transport, CircuitBreaker(breaker, clock, signal.fire), throttle, window)
        self.breaker = self.gate.breaker
        self.stats = self.gate.stats
        self._window = window
        self._budget = Budget(retry.budget)
        self._retry = Retry(retry, self._budget, clock)
        self._refused_contents: OrderedDict[tuple[str | None, str], None] = OrderedDict()

    async def deliver(
        self,
        prepared: Prepared,
        entries: Sequence[Entry],
        scope: Scope,
        until: float,
        *,
        has_slot: bool = False,
        divide: bool = True,
    ) -> Sequence[Verdict]:
        """One verdict for each entry; whatever the provider or the network did is in them.

        No retry begins after `until`, a time of the clock's.

        has_slot    a connection is kept free for it
        divide      of a refusal that names nobody, find out whom it means
        """
        wire = GatedWire(self.gate, scope, has_slot=has_slot)
        verdicts = await self._attempt(wire, prepared, entries, scope.recorder)
        if wire.tried:
            self._budget.first_attempt()
        if _retryable(verdicts) is not None:
            verdicts = await self._again(wire, verdicts, prepared, entries, scope=scope, until=until)
        if verdicts[0].unnamed:
            if divide:
                verdicts = await self._whom_it_means(prepared, entries, verdicts, scope, until)
        elif self._refused_contents and verdicts[0].state is State.ACCEPTED:
            self._refused_contents.pop((prepared.sender, prepared.text), None)
        return verdicts

    async def _again(
        self,
        wire: GatedWire,
        verdicts: Sequence[Verdict],
        prepared: Prepared,
        entries: Sequence[Entry],
        *,
        scope: Scope,
        until: float,
    ) -> Sequence[Verdict]:
        """Retries, while nothing was taken."""
        for entry, verdict in zip(entries, verdicts, strict=True):
            # What a caller is told who leaves before the next try.
            entry.refused_by(self.name, verdict, tried=True)
        shut_out = False

        async def attempt() -> Sequence[Verdict]:
            nonlocal wire, shut_out
            wire = GatedWire(self.gate, scope)
            again = await self._attempt(wire, prepared, entries, scope.recorder)
            self.stats.retries += wire.tried
            # That the circuit opened meanwhile says less than why it did, but no more tries are of any use.
            shut_out = isinstance(again[0].error, CircuitOpen)
            return verdicts if shut_out else again

        return await self._retry.again(
            verdicts,
            until=until,
            attempt=attempt,
            refusal=lambda latest: None if shut_out else _retryable(latest),
            not_before=lambda: wire.window_remaining,
            pause=scope.pause,
        )

    async def _attempt(
        self, wire: GatedWire, prepared: Prepared, entries: Sequence[Entry], recorder: Recorder | None
    ) -> Sequence[Verdict]:
        batch = Batch(prepared, tuple([entry.recipient for entry in entries]))
        if recorder is not None:
            wire.claim = partial(recorder.claim, batch.id, self.name, entries)
        for entry in entries:
            entry.attempt = wire
        finding, asked = Finding.NOTHING, None
        try:
            try:
                verdicts = await self.driver.send(wire, batch)
            except Exception as error:  # noqa: BLE001  (a driver's fault must not blur what is known of its recipients)
                _log.error("driver %s failed:\n%s", self.driver.name, frames(error))
                verdicts = self._faulty(wire, batch, f"the driver failed with {type(error).__name__}")
            else:
                if len(verdicts) != len(entries):
                    fault = "the driver did not give one verdict for each recipient"
                    verdicts = self._faulty(wire, batch, fault)
                elif verdicts[0].error is not None:
                    verdicts = await self._proved_elsewhere(wire, batch, verdicts)
            if wire.has_told:
                finding = judge(verdicts)
                asked = verdicts[0].error.retry_after if verdicts[0].error is not None else None
        finally:
            wire.give_back()
            if wire.admission is not None:
                self.breaker.record(wire.admission, finding, asked)
        # Not where this task is cancelled: then all that is known of them is whether it had begun.
        wire.end()
        for entry in entries:
            entry.attempts += wire.tried
            entry.duplicate = wire.duplicate
        if recorder is not None:
            recorder.complete(batch.id, self.name, prepared.segments, entries, verdicts)
        return verdicts

    async def _proved_elsewhere(
        self, wire: GatedWire, batch: Batch, verdicts: Sequence[Verdict]
    ) -> Sequence[Verdict]:
        """What another answer proves of these recipients: the first of two identical requests, or a status."""
        driver, error = self.driver, verdicts[0].error
        if isinstance(error, DuplicateRequest) and error.maybe_accepted and self._window is not None:
            return await self._first_of_duplicates(wire, batch, verdicts)
        if driver.settles and isinstance(error, OutcomeUnknown) and error.scope == "provider":
            return await driver.settle(self.wire(self.gate.life), batch, verdicts)
        return verdicts

    def _faulty(self, wire: GatedWire, batch: Batch, fault: str) -> Sequence[Verdict]:
        kind = OutcomeUnknown if wire.has_begun() else NotSubmitted
        return self.driver.verdict_for_all(batch, kind(fault, provider=self.name))

    async def _first_of_duplicates(
        self, wire: GatedWire, batch: Batch, verdicts: Sequence[Verdict]
    ) -> Sequence[Verdict]:
        """The gateway refused a duplicate: where this process knows the first request, its answer stands for both."""
        identity = wire.identity
        if self._window is None or identity is None:
            return verdicts
        previous = await self._window.previous(identity)
        if previous is None:
            return verdicts
        firsts = await self.driver.send(Replay(previous.take), batch)
        if any(_would_be_sent_again(verdict, batch) for verdict in firsts):
            return verdicts
        self._window.amend(identity, previous)
        wire.duplicate = True
        return firsts

    async def _whom_it_means(
        self,
        prepared: Prepared,
        entries: Sequence[Entry],
        verdicts: Sequence[Verdict],
        scope: Scope,
        until: float,
    ) -> Sequence[Verdict]:
        """A refusal of a whole batch that names nobody: ask after the account, then take the batch apart."""
        if self.driver.suspects_account(verdicts[0]) and (error := await self._account_error()) is not None:
            self.breaker.record(Admission.ORDINARY, Finding.ACCOUNT)
            return [Verdict(State.REJECTED, None, error)] * len(entries)
        content = (prepared.sender, prepared.text)
        if len(entries) == 1 or content in self._refused_contents:
            return verdicts
        verdicts = await self._halves(prepared, entries, scope, until)
        if all(verdict.unnamed for verdict in verdicts):
            self._refused_contents[content] = None
            if len(self._refused_contents) > _REFUSED_CONTENTS:
                self._refused_contents.popitem(last=False)
        return verdicts

    async def _halves(
        self, prepared: Prepared, entries: Sequence[Entry], scope: Scope, until: float
    ) -> Sequence[Verdict]:
        middle = len(entries) // 2
        left, right = await asyncio.gather(
            self._part(prepared, entries[:middle], scope, until),
            self._part(prepared, entries[middle:], scope, until),
        )
        return [*left, *right]

    async def _part(
        self, prepared: Prepared, entries: Sequence[Entry], scope: Scope, until: float
    ) -> Sequence[Verdict]:
        verdicts = await self.deliver(prepared, entries, scope, until, divide=False)
        if verdicts[0].unnamed and len(entries) > 1:
            return await self._halves(prepared, entries, scope, until)
        for entry, verdict in zip(entries, verdicts, strict=True):
            entry.verdict = verdict  # the other half may take a while, and the caller may leave meanwhile
        return verdicts

    async def _account_error(self) -> SmsgwError | None:
        try:
            return await self.driver.account_error(self.wire(self.gate.life))
        except AuthenticationFailed as error:
            return error
        except SmsgwError as error:
            _log.info("%s would not tell its balance (%s)", self.name, type(error).__name__)
            return None

    async def find(self, batch_id: str) -> Collection[str]:
        """The recipients that the provider proves to have taken under our own batch ID. Raises `SmsgwError`."""
        return await self.driver.find(self.wire(self.gate.life), batch_id)

    def wire(self, scope: Scope) -> Wire:
        """For a status, balance or HLR request: connections, rate and window apply, the circuit does not."""
        return GatedWire(self.gate, scope, guarded=False)


def _retryable(verdicts: Sequence[Verdict]) -> SmsgwError | None:
    """The error for which the whole batch may be tried again at this provider."""
    error = verdicts[0].error
    if error is None or not error.retryable or error.maybe_accepted:
        return None
    return error if all(verdict.error is error for verdict in verdicts) else None


def _would_be_sent_again(first: Verdict, batch: Batch) -> bool:
    """Whether this refusal leads to another request. It proves nothing once the gateway says that it had the first."""
    if first.state is not State.REJECTED or first.error is None:
        return False
    return (
        first.elsewhere
        or first.error.scope in ("account", "provider")
        or (first.unnamed and len(batch.recipients) > 1)
    )
