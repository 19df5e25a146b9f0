"""What every fake gateway has: its account, its faults, its messages and what becomes of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import ClassVar

from attrs import define, field

from smsgw import segments
from smsgw.sandbox.calls import Call, Reply
from smsgw.sandbox.fates import FATES, Fate, State, Step, fate_of
from smsgw.sandbox.faults import Faults
from smsgw.sandbox.form import parameters
from smsgw.sandbox.ledger import Ledger
from smsgw.sandbox.records import NO_OPTIONS, Kind, MessageState, TakenMessage

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
    price: ClassVar[Decimal] = Decimal(0)
    """Of one segment, in the unit of `credit`."""

    unknown_faults: ClassVar[Collection[str]] = ("held",)
    """The names of those `Faults` that it cannot have."""

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

    def word_of(self, fate: Fate | None) -> str:
        """What a status says of a message that ended so, or that is on its way still."""
        return "enroute" if fate is None else fate

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
                number=self.ledger.next_message(),
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
            self._know(message)
            self.ledger.enter_message(message)
        if state == "taken":
            self._spent += self.price * measure.segments * len(taken)
        return taken

    def known(self, message_id: str) -> Sequence[TakenMessage]:
        """The messages under this ID; none if it was never given."""
        return self._messages.get(message_id, ())

    def forget(self, message: TakenMessage) -> None:
        """Know of a message no longer: it was one too many to keep."""
        if under_id := self._messages.get(message.message_id):
            under_id.remove(message)
            if not under_id:
                del self._messages[message.message_id]

    def restore(self, messages: Iterable[TakenMessage], *, serial: int, spent: Decimal = Decimal(0)) -> None:
        """Know these again, that an earlier sandbox took, give no ID that it gave, and have spent what it had."""
        for message in messages:
            self._know(message)
        self._serial = max(self._serial, serial)
        self._spent += spent

    def reset(self) -> None:
        """As if nothing had ever been sent; faults and settings stay, and no ID is given twice."""
        self._messages.clear()
        self._spent = Decimal(0)

    @property
    def serial(self) -> int:
        """The last of `next_serial`'s numbers; 0 before the first."""
        return self._serial

    @property
    def spent(self) -> Decimal:
        """What the messages so far took from the credit."""
        return self._spent

    def fate(self, message: TakenMessage) -> Fate | None:
        """What became of a message, or None while that is open. What is held stays so."""
        if message.state == "held" or self.clock() < message.due_at:
            return None
        return fate_of(message.recipient, self.fates)

    def state(self, message: TakenMessage) -> State:
        """How far a message has come."""
        return "held" if message.state == "held" else self.fate(message) or "enroute"

    def changed_at(self, message: TakenMessage) -> datetime:
        """When the state of a message last changed."""
        return message.taken_at if self.fate(message) is None else self.due(message)

    def due(self, message: TakenMessage) -> datetime:
        """When the state of a message becomes final."""
        try:
            return message.taken_at + timedelta(seconds=message.due_at - message.clock_at)
        except OverflowError:  # one that was deferred to the last day of the calendar
            return datetime.max.replace(tzinfo=UTC)

    def way(self, message: TakenMessage) -> tuple[Step, ...]:
        """The states of a message one after the other, those to come too."""
        if message.state == "held":
            return (Step("held", self.word_of(None), message.taken_at, reached=True),)
        fate = fate_of(message.recipient, self.fates)
        return (
            Step("enroute", self.word_of(None), message.taken_at, reached=True),
            Step(fate, self.word_of(fate), self.due(message), reached=self.fate(message) is not None),
        )

    def _know(self, message: TakenMessage) -> None:
        self._messages.setdefault(message.message_id, []).append(message)
