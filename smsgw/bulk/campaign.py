"""One run of a campaign: the input into the journal, doubts settled, what is pending sent, deliveries followed, results.

Killed at any moment, the next run of the same campaign goes on where this one was: what was written down to have an
outcome is not touched, what was written down to have begun is in doubt, and only the rest is sent.
"""

import json
import math
import os
import socket
import time
from collections.abc import AsyncIterable, Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Final

from smsgw.bulk.accounting import sum_up
from smsgw.bulk.errors import BulkError, JournalError, JournalMismatch
from smsgw.bulk.following import Follower
from smsgw.bulk.journal import Counts, Journal, doubtful, forget_unknown, give_up_claims
from smsgw.bulk.limits import Limits
from smsgw.bulk.loading import digest_of, fill
from smsgw.bulk.progress import Ending, Phase, Progress, Summary
from smsgw.bulk.results import Results, Truth, check_results
from smsgw.bulk.sending import Sender
from smsgw.bulk.settling import ask
from smsgw.bulk.source import MessageSource, Source
from smsgw.dispatcher import Dispatcher, engine_of
from smsgw.models import Message

__all__ = ["BulkRun", "run"]

GIVE_UP_AFTER: Final = 600.0


class BulkRun:
    """A run that can be watched (`progress`) and stopped (`stop`). Arguments are those of `run`."""

    def __init__(
        self,
        sms: Dispatcher,
        source: Source | Iterable[Message] | AsyncIterable[Message],
        *,
        journal: str | os.PathLike[str],
        results: str | os.PathLike[str] | None = None,
        max_messages: int | None = None,
        max_cost: Decimal | None = None,
        resend_unknown: bool = False,
        give_up_after: float = GIVE_UP_AFTER,
        track: float | timedelta | None = None,
    ) -> None:
        if isinstance(give_up_after, bool) or not 0 < give_up_after < math.inf:
            raise ValueError("`give_up_after` is a number of seconds above 0")
        seconds = track.total_seconds() if isinstance(track, timedelta) else track
        if seconds is not None and (isinstance(seconds, bool) or not 0 < seconds < math.inf):
            raise ValueError("`track` is a number of seconds above 0, or a timedelta")
        self.progress = Progress()
        self._engine = engine_of(sms)
        self._source = source if isinstance(source, Source) else MessageSource(source)
        self._where = journal
        self._results = results
        self._limits = Limits(max_messages, max_cost)
        self._resend_unknown = resend_unknown
        self._give_up_after = give_up_after
        self._track_for = seconds
        self._stopped = False
        self._sender: Sender | None = None
        self._follower: Follower | None = None
        self._asked_until: float | None = None
        """When an earlier run may last have asked for delivery states."""
        self._sent = 0

    def stop(self) -> None:
        """Begin and ask nothing more; `run` then waits for what is in flight and writes the results."""
        self._stopped = True
        if self._sender is not None:
            self._sender.stop()
        if self._follower is not None:
            self._follower.stop()

    async def run(self) -> Summary:
        """Raises `BulkError` where nothing could be sent; what happens later is in the summary."""
        started = time.monotonic()
        if self._results is not None:
            check_results(self._results)  # before there is a journal: what is refused leaves nothing behind
        journal = await Journal.create(self._where)
        try:
            results = None if self._results is None else Results(self._results, journal, self._source)
            ending, sender = await self._campaign(journal, results)
            return await self._conclude(journal, results, ending, sender, time.monotonic() - started)
        finally:
            await journal.aclose()

    async def _campaign(self, journal: Journal, results: Results | None) -> tuple[Ending, Sender | None]:
        if not await self._fill(journal):
            return Ending.STOPPED, None
        self._note(await journal.counts())
        await self._limits.check(self._engine.router, journal, self._source)
        if results is not None:
            results.start()
        self.progress.phase = Phase.SENDING
        sender = Sender(self._engine, journal, self._source, self.progress, self._give_up_after)
        self._sender = sender
        if self._stopped:
            sender.stop()
        before = self.progress.done
        ending = await sender.run()
        self._sent = self.progress.done - before
        return ending, sender

    async def _fill(self, journal: Journal) -> bool:
        """The journal ready to send from; False where the run was stopped before."""
        source, runner = self._source, f"process {os.getpid()} on {socket.gethostname()}"
        known = await journal.campaign()
        if known is None or not known.loaded:
            await journal.begin(source.name, "", source.identity, json.dumps(list(source.header)), runner)
            digest = await fill(journal, source, self.progress, lambda: self._stopped)
            if digest is not None:
                await journal.note(loaded=True, source=digest)
            return digest is not None
        if known.content != source.identity:
            raise JournalMismatch(
                f"{journal.database.name}: belongs to another text: give each campaign a journal of its own"
            )
        if known.source != await digest_of(source):
            raise JournalMismatch(
                f"{journal.database.name}: belongs to another input ({known.name} as it was then): "
                "give each campaign a journal of its own"
            )
        await journal.resume(known, runner)
        if known.tracked_at is not None:
            self._asked_until = time.time() if known.ended_at is None else known.ended_at
        await give_up_claims(journal)
        self.progress.phase = Phase.ASKING
        self._note(await journal.counts())
        await ask(self._engine, journal, lambda: self._stopped)
        if self._resend_unknown:
            await forget_unknown(journal)
        return True

    def _note(self, counts: Counts) -> None:
        self.progress.rows = counts.rows
        self.progress.duplicates = counts.duplicates
        self.progress.states.clear()
        for state, count in counts.states.items():
            self.progress.states[state] = count - counts.repeats.get(state, 0)
        self.progress.deliveries.clear()
        for state, count in counts.deliveries.items():
            self.progress.deliveries[state] = count - counts.repeated_deliveries.get(state, 0)

    async def _conclude(
        self,
        journal: Journal,
        results: Results | None,
        ending: Ending,
        sender: Sender | None,
        seconds: float,
    ) -> Summary:
        failure = None if sender is None else sender.failure
        unwritten = () if sender is None else sender.unwritten
        changed = 0
        in_doubt = frozenset[int]()
        if ending is not Ending.FAILED and sender is not None:
            self.progress.phase = Phase.ASKING
            changed = await ask(self._engine, journal, lambda: self._is_over)
            if ending is Ending.DONE and self._track_for is not None:
                ending, learnt, failure = await self._follow(journal, self._track_for)
                changed += learnt
        if ending is Ending.FAILED:
            in_doubt = await _known(journal)
        elif sender is not None:
            await journal.note(ended_at=time.time())
        truth = Truth(unwritten, in_doubt)
        self.progress.phase = Phase.WRITING
        if results is not None and sender is not None:
            try:
                await results.finish(truth, anew=changed > 0)
            except BulkError as error:
                failure = failure or error
        return await sum_up(
            journal, self.progress, truth, ending=ending, seconds=seconds, sent=self._sent, failure=failure
        )

    @property
    def _is_over(self) -> bool:
        """Nobody is asked anything any more."""
        return self._stopped or self._engine.closed

    async def _follow(self, journal: Journal, seconds: float) -> tuple[Ending, int, JournalError | None]:
        """What was taken, to its delivery: how that ended, rows of which something was learnt, and what failed."""
        if self._is_over:
            return Ending.STOPPED, 0, None
        follower = Follower(self._engine, journal, self._source, self.progress, self._asked_until)
        self._follower = follower
        try:
            self._note(await journal.counts())
            self.progress.phase = Phase.TRACKING
            await follower.run(seconds)
        except JournalError as error:
            return Ending.FAILED, follower.learnt, error
        return Ending.STOPPED if self._is_over else Ending.DONE, follower.learnt, None


async def _known(journal: Journal) -> frozenset[int]:
    try:
        return frozenset(await doubtful(journal))
    except JournalError:
        return frozenset()


async def run(
    sms: Dispatcher,
    source: Source | Iterable[Message] | AsyncIterable[Message],
    *,
    journal: str | os.PathLike[str],
    results: str | os.PathLike[str] | None = None,
    max_messages: int | None = None,
    max_cost: Decimal | None = None,
    resend_unknown: bool = False,
    give_up_after: float = GIVE_UP_AFTER,
    track: float | timedelta | None = None,
) -> Summary:
    """Send a campaign, or go on with one: each row once, whatever ended the runs before.

    source          a `CsvSource`, or any messages, each recipient of which is a row; a later run is given the same
                    again, in the same order
    journal         the path of an SQLite file, or the URL of a database of its own (`postgresql+asyncpg://…`)
    results         the path of a CSV file to write
    max_messages    refuse to begin where more recipients than this are left to be sent to
    max_cost        refuse to begin where that would cost more than this, by the configured prices
    resend_unknown  send again what is unknown; it may arrive twice
    give_up_after   seconds without any progress after which what is left stays pending
    track           once every row has its outcome, follow what was taken to its delivery, for so many seconds at most;
                    a later run goes on with what is not final

    Raises `BulkError` before anything is sent, and what the source raises. `BulkRun` can be stopped and watched.
    """
    return await BulkRun(
        sms,
        source,
        journal=journal,
        results=results,
        max_messages=max_messages,
        max_cost=max_cost,
        resend_unknown=resend_unknown,
        give_up_after=give_up_after,
        track=track,
    ).run()
