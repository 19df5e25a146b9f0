"""What goes into a driver, and what comes out: content that is prepared once, a request's recipients, their verdicts."""

from decimal import Decimal
from typing import NamedTuple

from attrs import field, frozen

from smsgw.drivers.echoes import Echoes
from smsgw.errors import SmsgwError
from smsgw.models import Message, State

__all__ = ["Batch", "Prepared", "Verdict"]


class Verdict(NamedTuple):
    """What one request proved of one recipient."""

    state: State
    message_id: str | None = None
    error: SmsgwError | None = None
    cost: Decimal | None = None
    segments: int | None = None
    elsewhere: bool = False
    """The gateway does not serve this recipient: another one may."""
    unnamed: bool = False
    """The whole request was refused without saying whom that means, and nothing was taken."""


@frozen
class Prepared:
    """A message's content as one driver writes it: checked and encoded once for all its recipients."""

    message: Message
    text: str = field(repr=False)
    """What the subscriber will read, as far as we know it."""
    sender: str | None
    segments: int
    head: str = field(repr=False)
    """All of the encoded request but the recipients. It holds the password."""
    room: int | None = None
    """Characters that recipients and their commas may take; None where only their number counts."""
    echoes: Echoes = field(factory=Echoes, repr=False, eq=False)
    """Finds the password and the text where a gateway repeats them."""


@frozen
class Batch:
    """One request's worth of recipients."""

    prepared: Prepared
    recipients: tuple[str, ...]
    id: str
    """Ours, unique for each attempt, 20 letters and digits: a provider that stores it can be asked by it later."""
