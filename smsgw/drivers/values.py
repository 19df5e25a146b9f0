"""What goes into a driver, and what comes out: content that is prepared once, a request's recipients, their verdicts."""

import secrets
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from attrs import define, field, frozen

from smsgw.drivers.echoes import Echoes
from smsgw.errors import SmsgwError
from smsgw.models import Message, State

__all__ = ["Batch", "Prepared", "Verdict", "accepted"]


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


def accepted(message_ids: Iterable[str]) -> list[Verdict]:
    """One verdict for each of these IDs. (Past the class's own `__new__`: half its time, for each recipient.)"""
    new, state = tuple.__new__, State.ACCEPTED
    return [new(Verdict, (state, message_id, None, None, None, False, False)) for message_id in message_ids]


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


@define(unsafe_hash=True)
class Batch:
    """One request's worth of recipients."""

    prepared: Prepared
    recipients: tuple[str, ...]
    _id: str | None = field(default=None, eq=False)

    @property
    def id(self) -> str:
        """Ours, unique for each attempt, 20 letters and digits: a provider that stores it can be asked by it later.

        (Drawn when somebody asks for it: most providers store none.)
        """
        if self._id is None:
            self._id = secrets.token_hex(10)
        return self._id
