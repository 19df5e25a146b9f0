"""A message from a phone, and what became of each attempt to deliver it."""

from datetime import datetime
from typing import Literal

from attrs import frozen

__all__ = ["Attempt", "IncomingMessage", "IncomingState", "NoIncomingUrl"]

IncomingState = Literal["waiting", "acknowledged", "stopped"]


class NoIncomingUrl(RuntimeError):
    """A message was written while nobody had said where messages go."""


@frozen(kw_only=True)
class Attempt:
    """One request to the application.

    at      when it began, aware
    status  the HTTP status of the answer; None if none came
    reply   how the answer began
    error   one line that says why this is no acknowledgement; None if it is one
    """

    at: datetime
    status: int | None
    reply: str
    error: str | None


@frozen(kw_only=True)
class IncomingMessage:
    """One message from a phone.

    number         counts all of them from 1; none is used again
    smsid          what the platform calls it; the same in each repeat, and never given twice
    sender         the phone's number, verbatim
    receiver       the number that it wrote to, verbatim
    text           the text
    prefix         the word that led it to this application; empty if none did
    written_at     wall-clock time, aware
    state          "waiting" for its acknowledgement, "acknowledged", or "stopped" by whoever runs the sandbox
    attempts       the last ones that ended, in order
    attempt_count  how many there were in all
    next_at        when the next is due; None if none will come
    """

    number: int
    smsid: str
    sender: str
    receiver: str
    text: str
    prefix: str
    written_at: datetime
    state: IncomingState = "waiting"
    attempts: tuple[Attempt, ...] = ()
    attempt_count: int = 0
    next_at: datetime | None
