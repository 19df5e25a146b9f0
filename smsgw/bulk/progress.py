"""How a run stands, to be looked at while it goes on, and what it came to."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from attrs import define, field, frozen

from smsgw.bulk.errors import BulkError

__all__ = ["Ending", "Phase", "Progress", "Summary"]


class Phase(StrEnum):
    """What a run is doing."""

    READING = "reading"
    """The input, into the journal; nothing is sent before that is done."""
    ASKING = "asking"
    """Providers about rows that are in doubt."""
    SENDING = "sending"
    TRACKING = "tracking"
    """Providers about the delivery of what they took."""
    WRITING = "writing"
    """The results."""


class Ending(StrEnum):
    """How a run ended."""

    DONE = "done"
    """Every row has its outcome. (Not always its delivery state: a deadline ends that.)"""
    STOPPED = "stopped"
    """It was told to stop: what had not begun is pending, and what was not final may be followed by the next run."""
    GAVE_UP = "gave_up"
    """Nobody took anything for too long: what is left is pending."""
    FAILED = "failed"
    """The journal could not be written: what was not claimed is pending."""


@define
class Progress:
    """Counts in rows of the input. Numbers and words only; they change while the run goes on."""

    phase: Phase = Phase.READING
    rows: int = 0
    """All rows; while they are being read, those that are."""
    states: Counter[str] = field(factory=Counter)
    """Rows with an outcome, by state; repetitions of others are not in it while the run goes on."""
    duplicates: int = 0
    out: int = 0
    """Rows that are on their way now."""
    paused: str | None = None
    """Why nothing can be sent at the moment; None while something can."""
    troubles: Mapping[str, str] = field(factory=dict)
    """Provider to why it takes nothing now."""
    next_try: float = 0.0
    """Seconds until the next try, while it is paused."""
    gives_up_in: float = 0.0
    """Seconds until the run gives up, while it is paused."""
    deliveries: Counter[str] = field(factory=Counter)
    """While it tracks: rows whose delivery state is final, by that state; repetitions are not in it."""
    tracked_until: datetime | None = None
    """When tracking ends at the latest; aware."""

    @property
    def taken(self) -> int:
        """Rows that a provider has."""
        return self.states["accepted"] + self.states["held"]

    @property
    def ended(self) -> int:
        """Rows whose delivery state is final."""
        return sum(self.deliveries.values())

    @property
    def waiting(self) -> int:
        """Rows that a provider has, and whose delivery state is not final."""
        return self.taken - self.ended

    @property
    def done(self) -> int:
        return sum(self.states.values())


@frozen
class Summary:
    """What a campaign came to so far: rows of the input; one that repeats another counts with that one's state."""

    rows: int
    accepted: int
    held: int
    rejected: int
    unknown: int
    pending: int
    duplicates: int
    """Rows that repeat another one, within the above: nothing was sent for them."""
    segments: int
    costs: Mapping[str, Decimal]
    """Provider to what it says that it charged, in its own unit."""
    ending: Ending
    seconds: float
    """That this run took, but for tracking."""
    sent: int = 0
    """Recipients that got their outcome in this run."""
    failure: BulkError | None = None
    """Why it ended as `FAILED` or `GAVE_UP`."""
    unwritten: tuple[Mapping[str, object], ...] = field(default=(), repr=False)
    """Outcomes that are known, and that the journal could not take: number, state, provider, message ID."""
    deliveries: Mapping[str, int] = field(factory=dict)
    """Rows whose delivery state is final, by that state, in this run or an earlier one that tracked."""
    in_delivery: int = 0
    """Rows that were accepted or are held, and whose final delivery state is not known."""
    tracked: bool = False
    """This run, or an earlier one, has asked for delivery states."""

    @property
    def all_accepted(self) -> bool:
        return self.accepted == self.rows
