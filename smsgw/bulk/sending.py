"""The rows of a journal through a dispatcher: each attempt written down before it begins, nobody's outage at another's cost."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from smsgw.bulk.contents import Contents
from smsgw.bulk.errors import BulkError, JournalError
from smsgw.bulk.journal import Journal, PendingRow, Told, Writer
from smsgw.bulk.progress import Ending, Progress
from smsgw.bulk.queues import Queue, Reader, RowEntry
from smsgw.bulk.recording import AttemptRecorder, may_pass
from smsgw.bulk.source import Source
from smsgw.bulk.stations import Station
from smsgw.coalescing import Coalescer
from smsgw.engine import Engine
from smsgw.entry import Entry, Scope
from smsgw.errors import ConfigurationError, InvalidMessage, SmsgwError
from smsgw.models import Outcome, State
from smsgw.routing import Candidate

__all__ = ["Sender"]

_LONGEST_NAP: Final = 1.0
"""Seconds between two looks at what others may have changed."""


class Sender:
    """Sends what is pending, until nothing is, it is stopped, or nobody takes anything for too long.

    It is the sink of its entries; each attempt with them is written down by its recorder.
    """

    def __init__(
        self,
        engine: Engine,
        journal: Journal,
        source: Source,
        progress: Progress,
        give_up_after: float,
    ) -> None:
        self.failure: BulkError | None = None
        self.unwritten: Sequence[Told] = ()
        self._engine = engine
        self._contents = Contents(engine.router, source)
        self._progress = progress
        self._give_up_after = give_up_after
        self._writer = Writer(journal, self._fail)
        self._recorder = AttemptRecorder(self._writer, engine.clock)
        self._scope = Scope(self._recorder)
        self._coalescer = Coalescer(engine, self._scope, patient=False)
        self._stations = {name: Station(lane, engine.clock) for name, lane in engine.lanes.items()}
        self._reader = Reader(
            journal, self._stations.values(), self._enter, self._refuse, expected=engine.router.providers
        )
        self._news = asyncio.Event()
        self._last_progress = engine.clock()
        self._has_moved = False
        """Since then a row came to its end."""

    def stop(self) -> None:
        """Begin nothing more."""
        self._scope.end("the run was stopped before the request began")
        self._news.set()

    def close(self, reason: str) -> None:
        """The dispatcher closes."""
        self._scope.end(reason)
        self._news.set()

    def _fail(self, error: JournalError) -> None:
        self.failure = error
        self.stop()

    async def run(self) -> Ending:
        """Send; every row that was begun has come back when this returns.

        Cancelled, it stops as by `stop`; cancelled again, it waits for nothing any more.
        """
        self._engine.join(self)
        if self._engine.closed:
            self.close("the dispatcher is closed")
        try:
            gave_up = await self._go_on()
        except JournalError as error:
            self._fail(error)
            gave_up = False
        finally:
            self.stop()
            self._coalescer.flush()
            try:
                await self._landing()
            finally:
                # Also when cancelled again: what is on its way is in doubt then, and what is known is written.
                self._engine.leave(self)
                self.unwritten = await self._writer.aclose()
                self.failure = self.failure or self._writer.failure
        if self.failure is not None:
            return Ending.GAVE_UP if gave_up else Ending.FAILED
        return Ending.DONE if self._is_done else Ending.STOPPED

    async def _go_on(self) -> bool:
        """Until all is done or the scope has ended, and False; or True to give up."""
        while not self._scope.ended:
            if self._has_moved:
                self._has_moved = False
                self._last_progress = self._engine.clock()
            handed = self._hand_out()
            if await self._reader.read() or handed:
                continue
            if self._is_done and not self._progress.out:
                return False
            if self._waited_too_long():
                return True
            await self._nap()
        return False

    @property
    def _is_done(self) -> bool:
        return self._reader.at_end and all(queue.is_empty for queue in self._reader.queues.values())

    # Rows out.

    def _enter(self, row: PendingRow) -> RowEntry | SmsgwError:
        try:
            content = self._contents.of(row)
            carriers = content.carriers(row.recipient)
        except (InvalidMessage, ConfigurationError) as error:
            return error.with_traceback(None)
        return RowEntry(row.number, row.recipient, content.message, self, carriers)

    def _refuse(self, row: PendingRow, error: SmsgwError) -> None:
        self._tell(row.number, Outcome(row.recipient, State.REJECTED, error.provider, error=error))

    def _hand_out(self) -> bool:
        """Give rows to those who have room; whether there were any."""
        handed = False
        for queue in self._reader.queues.values():
            while queue.waiting and (choice := self._choose(queue.waiting[0])) is not None:
                self._give(queue, *choice)
                handed = True
        return handed

    def _choose(self, entry: RowEntry) -> tuple[tuple[Candidate, ...], int] | None:
        """Those who may carry the row in their order, and who of them gets it; None where it has to wait."""
        for _ in range(len(entry.usable) if entry.route.takes_turns else 1):
            candidates = entry.turn or entry.route.arrange(entry.usable)
            if entry.route.has_shares:
                entry.turn = candidates  # until there is room, or busy ones would lose theirs to idle ones
            for position, candidate in enumerate(candidates):
                station = self._stations[candidate.lane.name]
                if station.room:
                    return candidates, position
                if not station.is_down:
                    break  # it is busy: the row is its own
        return None

    def _give(self, queue: Queue, candidates: tuple[Candidate, ...], position: int) -> None:
        """The first row, and with it all that would only be given the same answer: to ask reads clocks."""
        first = queue.waiting[0]
        station = self._stations[candidates[position].lane.name]
        count = 1 if first.route.takes_turns else min(station.room, len(queue.waiting))
        for _ in range(count):
            entry = queue.waiting[0]
            if entry.route is not first.route:
                break
            queue.waiting.popleft()
            entry.station = station
            station.out += 1
            self._progress.out += 1
            order = candidates if entry is first else entry.usable
            self._coalescer.put(order if not position else _led_by(order, position), entry)

    # Rows back.

    def settled(self, entry: Entry) -> None:
        outcome = entry.outcome
        if outcome is None or not isinstance(entry, RowEntry) or entry.station is None or entry.queue is None:
            raise RuntimeError("an entry came back that was not given out")
        self._recorder.came_back(entry, outcome)
        entry.station.out -= 1
        self._progress.out -= 1
        if not self._scope.ended:
            self._learn(entry, outcome)
        if outcome.state is State.REJECTED and outcome.error is not None and may_pass(outcome.error):
            # Behind the others: where a provider refuses just this one so, they do not wait for it.
            entry.queue.waiting.append(entry.again())
        elif entry.told:
            self._progress.states[outcome.state] += 1
        else:
            self._tell(entry.number, outcome, entry.claim)
        self._news.set()

    def _learn(self, entry: RowEntry, outcome: Outcome) -> None:
        """What the way of a row tells about the providers on it."""
        for provider, refusal in entry.refusals:
            self._stations[provider].failed(refusal)
        error, station = outcome.error, self._stations.get(outcome.provider or "")
        if outcome.state is State.UNKNOWN or (error is not None and may_pass(error)):
            if station is not None and error is not None and error.scope in ("account", "provider"):
                station.failed(error)
            return
        self._has_moved = True
        if station is not None:
            station.answered()

    def _tell(self, number: int, outcome: Outcome, claim: str | None = None) -> None:
        """An outcome that came with no attempt of its own, or was its refusal, or was cut off."""
        self._progress.states[outcome.state] += 1
        self._recorder.tell(number, outcome, claim if outcome.state is State.UNKNOWN else None)

    async def _landing(self) -> None:
        """Wait for what is on its way: each request ends by its own timeout."""
        while self._progress.out:
            self._news.clear()
            await self._news.wait()

    # Waiting.

    async def _nap(self) -> None:
        """Until a row comes back, or it is time to try somebody again."""
        progress = self._progress
        shut = [station for station in self._stations.values() if station.is_down]
        progress.troubles = {station.name: _why(station) for station in shut}
        wait = min([_LONGEST_NAP, *(station.opens_in for station in shut if station.opens_in > 0)])
        if not progress.out:
            waiting = {station.name: station for queue in self._queues_left() for station in queue.stations}
            whys = {name: _why(station) for name, station in waiting.items()}
            next_try = min((station.opens_in for station in waiting.values()), default=0.0)
            wait = min(wait, self._pause(whys, next_try))
        elif len(self._recorder.refused) == progress.out and (next_try := self._refused_for()) > _LONGEST_NAP:
            # A gateway said how long to wait, and their lanes do.
            refusals = [entry.refusals[-1] for entry in self._recorder.refused]
            self._pause(
                {name: error.description or type(error).__name__ for name, error in refusals}, next_try
            )
        self._news.clear()
        try:
            async with asyncio.timeout(wait):
                await self._news.wait()
        except TimeoutError:
            pass
        finally:
            progress.paused = None

    def _pause(self, whys: Mapping[str, str], next_try: float) -> float:
        """Say so, and return the seconds until the run gives up."""
        progress = self._progress
        progress.paused = "; ".join(f"{name}: {why}" for name, why in whys.items())
        progress.next_try = next_try
        progress.gives_up_in = max(0.0, self._last_progress + self._give_up_after - self._engine.clock())
        return progress.gives_up_in

    def _refused_for(self) -> float:
        """Seconds until the first of the rows that were refused for now may be tried again."""
        return min(entry.next_try for entry in self._recorder.refused) - self._engine.clock()

    def _waited_too_long(self) -> bool:
        """Whether nothing is on its way, and nothing has come to an end for too long."""
        if self._progress.out or self._engine.clock() < self._last_progress + self._give_up_after:
            return False
        stations = {station.name: station for queue in self._queues_left() for station in queue.stations}
        whys = "; ".join(f"{name}: {_why(station)}" for name, station in stations.items())
        self.failure = BulkError(
            f"gave up after {self._give_up_after:g} s in which nobody took anything ({whys}); "
            "what is left stays pending: run the same command again"
        )
        return True

    def _queues_left(self) -> list[Queue]:
        return [queue for queue in self._reader.queues.values() if not queue.is_empty]


def _led_by(candidates: tuple[Candidate, ...], position: int) -> tuple[Candidate, ...]:
    return (candidates[position], *candidates[:position], *candidates[position + 1 :])


def _why(station: Station) -> str:
    if station.trouble is None:
        return "rests"
    return station.trouble.description or type(station.trouble).__name__
