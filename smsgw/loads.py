"""What is carried as one: a batch of entries, and all that its way to the gateways depends on."""

from collections.abc import Iterator, Sequence
from contextvars import Context

from smsgw.entry import Entry, Scope
from smsgw.routing import Candidate
from smsgw.transport import Slots

__all__ = ["Load", "first_of"]


class Load:
    """Entries that have the same candidates and fit into one request of `first`."""

    __slots__ = ("candidates", "context", "entries", "first", "following", "patient", "scope", "slots")

    def __init__(
        self,
        candidates: Sequence[Candidate],
        entries: Sequence[Entry],
        scope: Scope,
        *,
        first: Candidate,
        patient: bool,
        following: Iterator[Sequence[Entry]] | None = None,
    ) -> None:
        self.candidates = candidates
        self.entries = entries
        self.scope = scope
        self.first = first
        """Whose limits it was packed by."""
        self.patient = patient
        """It waits while all circuits are open."""
        self.following = following
        """More of the same list, of which the next batch sets off when this one has arrived."""
        self.slots: Slots | None = None
        """Where it holds a place: a connection of its first candidate is free for it."""
        self.context: Context | None = None
        """Its caller's, where it waits for its place."""

    def next(self) -> "Load | None":
        """The next batch of the same list."""
        if self.following is None or (entries := next(self.following, None)) is None:
            return None
        return Load(
            self.candidates,
            entries,
            self.scope,
            first=self.first,
            patient=self.patient,
            following=self.following,
        )

    def take_slot(self) -> bool:
        """Whether it held a place; whoever asks has it now."""
        held, self.slots = self.slots is not None, None
        return held

    def give_back(self) -> None:
        """Let the next one have the place, if it still holds one."""
        slots, self.slots = self.slots, None
        if slots is not None:
            slots.release()


def first_of(candidates: Sequence[Candidate]) -> Candidate:
    """Whose limits a batch is packed by: the first whose circuit lets anything through."""
    for candidate in candidates:
        if candidate.lane.breaker.passable:
            return candidate
    return candidates[0]
