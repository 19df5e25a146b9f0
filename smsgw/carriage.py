"""A group of recipients over the providers that may carry them: packing, failover on proof, patience.

Failover happens only where it is proved that nothing was taken, and where another gateway is no way round a
refusal (PROTOCOLS.md, last section): errors of the account and of the provider, and of the recipient only where
the gateway says that it does not serve the number.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from smsgw.batching import pack
from smsgw.drivers.base import Verdict
from smsgw.entry import Entry, Scope, Signal
from smsgw.errors import CircuitOpen, NotSubmitted, OutcomeUnknown
from smsgw.faults import frames
from smsgw.loads import Load
from smsgw.models import State
from smsgw.routing import Candidate

__all__ = ["Carriage"]

_log = logging.getLogger("smsgw.carriage")


def _fits(candidate: Candidate, entries: Sequence[Entry]) -> bool:
    """Whether one request takes them all."""
    if len(entries) > candidate.lane.driver.batch_size:
        return False
    room = candidate.prepared.room
    return room is None or sum([len(entry.recipient) + 1 for entry in entries]) <= room + 1


def _may_go_on(verdict: Verdict) -> bool:
    if verdict.state is not State.REJECTED or verdict.error is None:
        return False
    return verdict.elsewhere or verdict.error.scope in ("account", "provider")


def _give_up(entries: Sequence[Entry], error: Exception) -> None:
    _log.error("a fault in smsgw itself:\n%s", frames(error))
    lost = OutcomeUnknown("smsgw failed while it sent this message")
    for entry in entries:
        entry.finish(None, Verdict(State.UNKNOWN, None, lost), None)


class Carriage:
    """Brings entries to their outcomes."""

    def __init__(self, signal: Signal, deadline: float, clock: Callable[[], float]) -> None:
        self._signal = signal
        self._deadline = deadline
        self._clock = clock

    async def carry(self, load: Load) -> None:
        """Every entry ends with an outcome.

        A patient load waits while all circuits are open, for as long as `retry.deadline` allows.
        """
        until = self._clock() + self._deadline
        candidates, scope, pending = load.candidates, load.scope, load.entries
        try:
            while scope.reason is None:
                for candidate in candidates:
                    pending = await self._over(candidate, pending, load, until)
                    if not pending:
                        return
                    if scope.ended:
                        break
                pending = self._finish_refused(pending, candidates, patient=load.patient)
                if not pending:
                    return
                if not await self._some_circuit(candidates, scope, until):
                    break
                for entry in pending:
                    entry.blocked = True
            for entry in pending:
                if entry.last is None:
                    entry.reject(scope.refusal())
            self._finish_refused(
                [entry for entry in pending if entry.last is not None], candidates, patient=False
            )
        except Exception as error:  # noqa: BLE001  (a fault of ours must neither leave anyone waiting nor pass for proof)
            _give_up(load.entries, error)
        finally:
            load.give_back()

    def _over(
        self, candidate: Candidate, entries: Sequence[Entry], load: Load, until: float
    ) -> Coroutine[Any, Any, list[Entry]]:
        """Over one provider; returns those that may go on to the next."""
        # (Mostly everything fits into one request, and nobody goes on to another provider.)
        if candidate is load.first or _fits(candidate, entries):
            return self._batch(candidate, entries, load.scope, until, has_slot=load.take_slot())
        load.give_back()
        return self._batches(candidate, entries, load.scope, until)

    async def _batches(
        self, candidate: Candidate, entries: Sequence[Entry], scope: Scope, until: float
    ) -> list[Entry]:
        """In several requests."""
        batches = pack(entries, candidate.lane.driver.batch_size, candidate.prepared.room)
        going_on = await asyncio.gather(*(self._batch(candidate, batch, scope, until) for batch in batches))
        return [entry for group in going_on for entry in group]

    async def _batch(
        self,
        candidate: Candidate,
        entries: Sequence[Entry],
        scope: Scope,
        until: float,
        *,
        has_slot: bool = False,
    ) -> list[Entry]:
        lane, prepared = candidate.lane, candidate.prepared
        try:
            verdicts = await lane.deliver(prepared, entries, scope, until, has_slot=has_slot)
        except Exception as error:  # noqa: BLE001  (here, so that the other batches' outcomes stay what they are)
            _give_up(entries, error)
            return []
        going_on: list[Entry] = []
        segments = prepared.segments
        for entry, verdict in zip(entries, verdicts, strict=True):
            if verdict.error is not None and _may_go_on(verdict):
                tried = not isinstance(verdict.error, CircuitOpen)
                entry.refused_by(lane.name, verdict, tried=tried)
                if tried and lane.breaker.passable:
                    entry.blocked = False
                going_on.append(entry)
            else:
                entry.finish(lane.name, verdict, segments)
        return going_on

    def _finish_refused(
        self, entries: Sequence[Entry], candidates: Sequence[Candidate], *, patient: bool
    ) -> list[Entry]:
        """Give those their refusal for whom nobody is left; return those for whom waiting may help."""
        all_open = not any(candidate.lane.breaker.passable for candidate in candidates)
        segments = {candidate.lane.name: candidate.prepared.segments for candidate in candidates}
        waiting: list[Entry] = []
        for entry in entries:
            verdict = entry.last
            if verdict is None:
                raise RuntimeError("an entry came back from every provider without a verdict")
            if patient and isinstance(verdict.error, NotSubmitted) and (entry.blocked or all_open):
                waiting.append(entry)
            else:
                entry.finish(entry.last_provider, verdict, segments.get(entry.last_provider or ""))
        return waiting

    async def _some_circuit(self, candidates: Sequence[Candidate], scope: Scope, until: float) -> bool:
        """Wait until one of the circuits lets something through; False if that comes too late."""
        breakers = [candidate.lane.breaker for candidate in candidates]
        while self._clock() < until:
            if any(breaker.passable for breaker in breakers):
                return True
            left = until - self._clock()
            opening = [seconds for breaker in breakers if (seconds := breaker.reopens_in) is not None]
            # While a probe is on its way its end is waited for; otherwise the next one's time.
            wait = min([left, *opening])
            if len(opening) == len(breakers) and wait >= left:
                return False
            if not await scope.pause(wait, self._signal):
                return False
        return False
