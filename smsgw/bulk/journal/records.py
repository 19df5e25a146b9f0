"""What is written in a journal and read from it, row by row."""

from typing import NamedTuple

__all__ = ["Attempt", "InputRow", "PendingRow", "ResultRow", "Told"]


class InputRow(NamedTuple):
    """A row of the input, as it is written down."""

    number: int
    """From 1, in the input's order."""
    line: int | None
    """Where it ends in its file."""
    phone: str
    """As given."""
    recipient: int | None
    """MSISDN; None where `refusal` says why nothing is sent."""
    content: int
    """Digest of all that the message is but its recipient."""
    payload: str
    """JSON: what the message is made of."""
    refusal: str | None = None


class Attempt(NamedTuple):
    """A claim: a row of the table `claims`, in the order of its columns."""

    run: int
    number: int
    id: str
    provider: str
    numbers: str
    claimed_at: float
    completed_at: float | None


class Told(NamedTuple):
    """What is known of a row: one of the table `outcomes`, in the order of its columns."""

    number: int
    state: str
    provider: str | None = None
    message_id: str | None = None
    segments: int | None = None
    cost: str | None = None
    error: str | None = None
    attempts: int = 0
    claim: str | None = None
    """The attempt that told it."""


class PendingRow(NamedTuple):
    """A row that has no outcome, and no attempt that may have begun."""

    number: int
    recipient: str
    payload: str


class ResultRow(NamedTuple):
    """A row of the input and what is known of it; `state` is None where nothing is."""

    number: int
    line: int | None
    phone: str
    payload: str
    first: int | None
    """The number of the row that it repeats."""
    first_line: int | None
    state: str | None
    provider: str | None
    message_id: str | None
    segments: int | None
    cost: str | None
    error: str | None
    attempts: int | None
    delivery: str | None
    """None where nothing is known of its delivery; the next ones then, too."""
    delivery_final: bool | None
    delivery_at: float | None
    delivery_word: str | None
    delivery_code: str | None
