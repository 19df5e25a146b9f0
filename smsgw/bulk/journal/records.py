"""What is read from a journal, row by row."""

from typing import NamedTuple

__all__ = ["InputRow", "PendingRow", "ResultRow"]


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
