"""What can be followed: outcomes, references, and messages of which something is known from before."""

from collections.abc import AsyncIterable, Iterable
from datetime import datetime

from attrs import frozen

from smsgw.engine import Engine
from smsgw.errors import OutcomeUnknown, SmsgwError
from smsgw.models import DeliveryReport, DeliveryState, Outcome, Reference, State
from smsgw.queries import reference_of
from smsgw.tracking.states import NOTHING, rank

__all__ = ["Known", "Start", "Subject", "Subjects", "start_of"]


@frozen
class Known:
    """A message that was followed before: for journals, which go on where a run ended."""

    reference: Reference
    state: DeliveryState | None = None
    """The last that was learnt, not final; None for nothing."""
    sent_at: datetime | None = None
    """Aware; None where it is not known."""
    doubt: SmsgwError | None = None
    """Why it is not known whether the gateway took it, where it is not."""


Subject = Outcome | Reference | Known
Subjects = Iterable[Subject] | AsyncIterable[Subject | tuple[Subject, ...]]
"""An asynchronous source may give those of one ID as a tuple: no question begins before all of them are known."""


@frozen
class Start:
    """How a message begins to be followed."""

    reference: Reference
    known: int
    """The rank of what is known."""
    age: float | None
    """Seconds since it was sent, below 0 for one that is to be sent later; None where that is not known."""
    doubt: SmsgwError | None


def start_of(engine: Engine, subject: Subject, now: datetime) -> Start | DeliveryReport:
    """How to follow it, or the one report on what cannot be followed."""
    known, age, doubt = NOTHING, None, None
    asked: Outcome | Reference
    if isinstance(subject, Known):
        asked, doubt = subject.reference, subject.doubt
        if subject.state is not None:
            known = rank(subject.state, final=False)
        if subject.sent_at is not None:
            age = (now - subject.sent_at).total_seconds()
    else:
        asked = subject
        if isinstance(subject, Outcome):
            # It does not say when it was sent. Most are followed as soon as they are there.
            age = _age(subject, now)
            if subject.state is State.UNKNOWN:
                doubt = subject.error or OutcomeUnknown(
                    "no trustworthy answer came", provider=subject.provider
                )
    reference = reference_of(engine, asked)
    if isinstance(reference, DeliveryReport):
        return reference
    return Start(reference, known, age, doubt)


def _age(outcome: Outcome, now: datetime) -> float:
    at = outcome.message.send_at if outcome.message is not None else None
    return 0.0 if at is None else min(0.0, (now - at).total_seconds())
