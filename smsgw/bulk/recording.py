"""What the engine is about to do with rows, and what came of it, as the journal's writer takes it."""

from collections.abc import Sequence
from typing import Any

from smsgw.bulk.journal import Writer
from smsgw.bulk.queues import RowEntry
from smsgw.drivers.base import Verdict
from smsgw.entry import Entry
from smsgw.errors import CircuitOpen, DuplicateRequest, SmsgwError
from smsgw.models import Outcome, State

__all__ = ["AttemptRecorder", "may_pass", "words_of"]


class AttemptRecorder:
    """The `Recorder` of a bulk run's entries."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._claimed: set[str] = set()

    async def claim(self, attempt: str, provider: str, entries: Sequence[Entry]) -> None:
        rows = [entry for entry in entries if isinstance(entry, RowEntry)]
        await self._writer.claim(attempt, provider, [row.number for row in rows])
        self._claimed.add(attempt)
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
        told: list[dict[str, Any]] = []
        for entry, verdict in zip(entries, verdicts, strict=True):
            if not isinstance(entry, RowEntry):
                continue
            entry.claim = None
            if verdict.state is State.REJECTED:
                _note_refusal(entry, provider, verdict)
                continue
            entry.told = True
            told.append(
                {
                    "number": entry.number,
                    "state": verdict.state.value,
                    "provider": provider,
                    "message_id": verdict.message_id,
                    "segments": segments if verdict.segments is None else verdict.segments,
                    "cost": None if verdict.cost is None else str(verdict.cost),
                    "error": words_of(verdict.error),
                    "attempts": entry.attempts,
                    "claim": attempt,
                }
            )
        if attempt in self._claimed:
            self._claimed.discard(attempt)
            self._writer.complete(attempt, told)
        elif told:
            self._writer.tell(told)

    def tell(self, number: int, outcome: Outcome, claim: str | None = None) -> None:
        """An outcome that no attempt brought, or that was the last refusal; `claim` is an attempt that was cut off."""
        self._writer.tell(
            [
                {
                    "number": number,
                    "state": outcome.state.value,
                    "provider": outcome.provider,
                    "message_id": outcome.message_id,
                    "segments": outcome.segments,
                    "cost": None if outcome.cost is None else str(outcome.cost),
                    "error": words_of(outcome.error),
                    "attempts": outcome.attempts,
                    "claim": claim,
                }
            ]
        )


def _note_refusal(entry: RowEntry, provider: str, verdict: Verdict) -> None:
    if (error := verdict.error) is not None and not isinstance(error, CircuitOpen) and may_pass(error):
        others = [refusal for refusal in entry.refusals if refusal[0] != provider]
        entry.refusals = (*others, (provider, error))


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
