"""What every fake gateway has: its account, its faults, its messages and what becomes of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import ClassVar

from attrs import define, field

from smsgw import segments
from smsgw.sandbox.calls import Call, Reply
from smsgw.sandbox.fates import FATES, Fate, fate_of
from smsgw.sandbox.faults import Faults
from smsgw.sandbox.form import parameters
from smsgw.sandbox.ledger import NO_OPTIONS, Kind, Ledger, MessageState, TakenMessage

__all__ = ["Gateway"]


@define(kw_only=True, eq=False)
class Gateway(ABC):
    """One account at one gateway. It reads parameters and writes replies; sockets are `smsgw.sandbox.wire`'s.

    A subclass names itself and its scripts, tells what a request asks for, and answers it. `answer` waits for
    nothing and so is never cut short: what it takes is in the ledger before a byte of the reply goes out.

    ledger          where what is taken is written down
    clock           the sandbox's clock, in seconds
    wall            the wall-clock time that belongs to the clock, aware
    delivery_after  seconds from taking a message to its final state
    faults          what goes wrong; may be changed at any time
    fates           how numbers end whose messages are not delivered; may be changed at any time
    credit          what the account held before the first message
    charset         what the bytes of a request are read as
    longest_url     characters of a URL beyond which a front server refuses it, or None
    random          draws the faults of `faults.share`
    """

    name: ClassVar[str]
    scripts: ClassVar[Mapping[str, Collection[str]]]
    """The scripts, each with the HTTP methods that it answers to."""
    hidden: ClassVar[str]
    """The parameter that holds the password: no record has any trace of it."""
    price: ClassVar[Decimal]
    """Of one segment, in the unit of `credit`."""

    ledger: Ledger = field(repr=False)
    login: str
    password: str = field(repr=False)
    clock: Callable[[], float] = field(repr=False)
    wall: Callable[[], datetime] = field(repr=False)
    random: Random = field(repr=False)
    delivery_after: float
    faults: Faults = field(factory=Faults)
    fates: dict[str, Fate] = field(factory=lambda: dict(FATES))
    credit: Decimal = Decimal(1000)
    charset: str = "utf-8"
    longest_url: int | None = None

    _messages: dict[str, list[TakenMessage]] = field(factory=dict, init=False, repr=False)
    _spent: Decimal = field(default=Decimal(0), init=False, repr=False)
    _serial: int = field(default=0, init=False, repr=False)

    @abstractmethod
    def kind_of(self, script: str, given: Mapping[str, str]) -> Kind:
        """What a request to this script asks for."""

    @abstractmethod
    def recipients_in(self, given: Mapping[str, str]) -> tuple[str, ...]:
        """The numbers that a request names, verbatim."""

    @abstractmethod
    def answer(self, call: Call) -> Reply:
        """Do what is asked, and say so."""

    @abstractmethod
    def unavailable(self, call: Call) -> Reply:
        """The reply of a gateway that is out of order; it takes nothing."""

    def decoded(self, raw: bytes) -> dict[str, str]:
        """The parameters in a query and form."""
        return parameters(raw, self.charset)

    def balance(self) -> Decimal:
        """What is left of the credit. It stops at nothing, and refuses nobody: `faults.no_credit` does."""
        return max(self.credit - self._spent, Decimal(0))

    def is_account(self, login: str, password: str) -> bool:
        """Whether these are the account's own."""
        return (login, password) == (self.login, self.password)

    def next_serial(self) -> int:
        """A number that no message of this gateway has had: 1, 2, …"""
        self._serial += 1
        return self._serial

    @abstractmethod
    def next_id(self) -> str:
        """An ID that no message of this gateway has had."""

    def take(
        self,
        call: Call,
        recipients: Sequence[str],
        text: str,
        *,
        sender: str = "",
        message_id: str | None = None,
        state: MessageState = "taken",
        options: Mapping[str, str] = NO_OPTIONS,
        not_before: datetime | None = None,
    ) -> tuple[TakenMessage, ...]:
        """Take one message for each recipient, under one common ID, or under one each if none is given."""
        measure = segments.measure(text)
        wait = max((not_before - call.wall_at).total_seconds(), 0.0) if not_before else 0.0
        taken = tuple(
            TakenMessage(
                gateway=self.name,
                message_id=self.next_id() if message_id is None else message_id,
                recipient=recipient,
                sender=sender,
                text=text,
                encoding=measure.encoding,
                segments=measure.segments,
                state=state,
                taken_at=call.wall_at,
                clock_at=call.clock_at,
                due_at=call.clock_at + wait + self.delivery_after,
                request=call.number,
                options=options,
            )
            for recipient in recipients
        )
        for message in taken:
            self.ledger.enter_message(message)
            self._messages.setdefault(message.message_id, []).append(message)
        if state == "taken":
            self._spent += self.price * measure.segments * len(taken)
        return taken

    def known(self, message_id: str) -> Sequence[TakenMessage]:
        """The messages under this ID; none if it was never given."""
        return self._messages.get(message_id, ())

    def fate(self, message: TakenMessage) -> Fate | None:
        """What became of a message, or None while that is open. What is held stays so."""
        if message.state == "held" or self.clock() < message.due_at:
            return None
        return fate_of(message.recipient, self.fates)

    def changed_at(self, message: TakenMessage) -> datetime:
        """When the state of a message last changed."""
        if self.fate(message) is None:
            return message.taken_at
        return message.taken_at + timedelta(seconds=message.due_at - message.clock_at)
