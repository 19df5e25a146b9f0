"""What the engine is about to do with rows, and what came of it, as the journal's writer takes it."""

from collections.abc import Callable, Sequence

from smsgw.bulk.journal import Told, Writer
from smsgw.bulk.queues import RowEntry
from smsgw.drivers.base import Verdict
from smsgw.entry import Entry
from smsgw.errors import CircuitOpen, DuplicateRequest, SmsgwError
from smsgw.models import Outcome, State

__all__ = ["AttemptRecorder", "may_pass", "words_of"]


class AttemptRecorder:
    """The `Recorder` of a bulk run's entries."""

    def __init__(self, writer: Writer, clock: Callable[[], float]) -> None:
        self._writer = writer
        self._clock = clock
        self._claimed: set[str] = set()
        self.refused: set[RowEntry] = set()
        """Rows on their way that were refused for now: they wait in their lane for another try."""

    async def claim(self, attempt: str, provider: str, entries: Sequence[Entry]) -> None:
        rows = [entry for entry in entries if isinstance(entry, RowEntry)]
        await self._writer.claim(attempt, provider, [row.number for row in rows])
        self._claimed.add(attempt)
        self.refused.difference_update(rows)
        for row in rows:
            row.claim = attempt

    def complete(
        self,
        attempt: str,
        provider: str,
        segments: int,
        entries: Sequence[Entry],
        verdicts: Sequence[Verdict],
    ) -> None:
        """In one transaction with the attempt's end: in between, a crash would make what was taken look unsent.

        What was refused is told when it is final (`tell`): it may be tried again.
        """
        told: list[Told] = []
        for entry, verdict in zip(entries, verdicts, strict=True):
            if not isinstance(entry, RowEntry):
                continue
            entry.claim = None
            if verdict.state is State.REJECTED:
                self._note_refusal(entry, provider, verdict)
                continue
            entry.told = True
            told.append(
                Told(
                    entry.number,
                    verdict.state,
                    provider,
                    verdict.message_id,
                    segments if verdict.segments is None else verdict.segments,
                    None if verdict.cost is None else str(verdict.cost),
                    words_of(verdict.error),
                    entry.attempts,
                    attempt,
                )
            )
        if attempt in self._claimed:
            self._claimed.discard(attempt)
            self._writer.complete(attempt, told)
        elif told:
            self._writer.tell(told)

    def _note_refusal(self, entry: RowEntry, provider: str, verdict: Verdict) -> None:
        error = verdict.error
        if error is not None and not isinstance(error, CircuitOpen) and may_pass(error):
            others = [refusal for refusal in entry.refusals if refusal[0] != provider]
            entry.refusals = (*others, (provider, error))
            entry.next_try = self._clock() + (error.retry_after or 0.0)
            self.refused.add(entry)

    def came_back(self, entry: RowEntry, outcome: Outcome) -> None:
        """It is on its way no more. An attempt that was cut off before its first byte has ended: nothing was sent."""
        self.refused.discard(entry)
        if outcome.state is State.REJECTED and entry.claim in self._claimed:
            self._claimed.discard(entry.claim)
            self._writer.complete(entry.claim, ())

    def tell(self, number: int, outcome: Outcome, claim: str | None = None) -> None:
        """An outcome that no attempt brought, or that was the last refusal; `claim` is an attempt that was cut off."""
        self._writer.tell(
            [
                Told(
                    number,
                    outcome.state,
                    outcome.provider,
                    outcome.message_id,
                    outcome.segments,
                    None if outcome.cost is None else str(outcome.cost),
                    words_of(outcome.error),
                    outcome.attempts,
                    claim,
                )
            ]
        )


def may_pass(error: SmsgwError) -> bool:
    """Whether a refusal was for the provider's sake or the account's, and not for the row's own: a wrong `url`, too.

    An identical request that went out just before stands in the way only for as long as the provider's rule says.
    """
    return error.scope in ("account", "provider") or isinstance(error, DuplicateRequest)


def words_of(error: SmsgwError | None) -> str | None:
    """An error as a line: its kind, what it says, and the gateway's own code."""
    if error is None:
        return None
    words = error.description or type(error).__name__
    if error.code and error.code not in words:
        words = f"{words} ({error.code})"
    return f"{type(error).__name__}: {words}"
