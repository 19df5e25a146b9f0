"""The truth that tests compare an SDK's claims with: what the gateways were asked, and what they took."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from attrs import evolve, field, frozen

__all__ = ["NO_OPTIONS", "Kind", "Ledger", "MessageState", "RequestRecord", "TakenMessage"]

Kind = Literal["send", "status", "balance", "hlr", "other"]
MessageState = Literal["taken", "held"]

# One object for every message that asked for nothing special: there are hundreds of thousands of them.
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


@frozen(kw_only=True)
class TakenMessage:
    """One message to one recipient that a gateway has.

    gateway     the gateway's name
    message_id  what the gateway calls it; SMStele and smsco.ge give one ID to a whole request
    recipient   the number, verbatim
    sender      the sender, verbatim; empty if none was asked for
    text        the text, decoded
    encoding    "GSM-7" or "UCS-2"
    segments    parts that it takes on the air
    state       "taken", or "held": TargetSMS keeps it until the account is paid
    taken_at    wall-clock time, aware
    clock_at    the same in seconds of the sandbox's clock
    due_at      when its delivery state becomes final, in seconds of the sandbox's clock
    request     the number of the `RequestRecord` that brought it
    options     what else was asked for, by the gateway's own parameter names, verbatim
    """

    gateway: str
    message_id: str
    recipient: str
    sender: str
    text: str
    encoding: str
    segments: int
    state: MessageState
    taken_at: datetime
    clock_at: float
    due_at: float
    request: int
    options: Mapping[str, str] = field(default=NO_OPTIONS, hash=False)


@frozen(kw_only=True)
class RequestRecord:
    """One request that a gateway saw. It holds no password, and no text.

    number      counts all gateways' requests from 1, in the order of their arrival
    gateway     the gateway's name
    method      "GET", "POST", …
    script      the path, without the query
    url_length  characters of the whole URL, percent-encoded as it came: scheme://host/path?query
    kind        what was asked for
    recipients  the numbers in it, verbatim, in order
    identity    equal for requests with the same parameters (the password apart), whatever their order
    clock_at    when it arrived, in seconds of the sandbox's clock
    status      the HTTP status of the reply; None while there is none, and when none was ever sent
    fault       the name of the fault that it met, or None
    """

    number: int
    gateway: str
    method: str
    script: str
    url_length: int
    kind: Kind
    recipients: tuple[str, ...]
    identity: str
    clock_at: float
    status: int | None = None
    fault: str | None = None


class Ledger:
    """All that the gateways saw and took, in order; unbounded, for a test asks about every one."""

    def __init__(self) -> None:
        self._messages: list[TakenMessage] = []
        self._requests: dict[int, RequestRecord] = {}
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._last_number = 0

    def __repr__(self) -> str:
        return f"<Ledger of {len(self._messages)} messages from {len(self._requests)} requests>"

    @property
    def messages(self) -> tuple[TakenMessage, ...]:
        """Every message that any gateway took, in order: a snapshot."""
        return tuple(self._messages)

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """Every request that any gateway saw, in the order of arrival: a snapshot."""
        return tuple(self._requests.values())

    def taken(self, gateway: str | None = None) -> tuple[TakenMessage, ...]:
        """The messages that this gateway took, or all."""
        return tuple(message for message in self._messages if gateway in {None, message.gateway})

    def count(self, recipient: str, text: str, gateway: str | None = None) -> int:
        """How many times this text was taken for this recipient, by this gateway or by all together."""
        names = {name for name, _, _ in self._counts} if gateway is None else {gateway}
        return sum(self._counts[name, recipient, text] for name in names)

    def sent_twice(self) -> dict[tuple[str, str], int]:
        """(recipient, text) pairs taken more than once over all gateways, with how many times."""
        totals: Counter[tuple[str, str]] = Counter()
        for (_, recipient, text), times in self._counts.items():
            totals[recipient, text] += times
        return {pair: times for pair, times in totals.items() if times > 1}

    def requests_of(self, gateway: str, kind: Kind | None = None) -> tuple[RequestRecord, ...]:
        """The requests that this gateway saw, or those of one kind."""
        return tuple(
            record
            for record in self._requests.values()
            if record.gateway == gateway and kind in {None, record.kind}
        )

    def clear(self) -> None:
        """Forget all; the numbers of requests go on. The gateways still know the messages' states."""
        self._messages.clear()
        self._requests.clear()
        self._counts.clear()

    def next_number(self) -> int:
        """The number of a request that arrives now."""
        self._last_number += 1
        return self._last_number

    def enter_request(self, record: RequestRecord) -> None:
        """Write down a request as it arrives."""
        self._requests[record.number] = record

    def settle_request(self, number: int, *, status: int | None, fault: str | None) -> None:
        """Write down what became of a request; one that `clear` has forgotten stays so."""
        if (record := self._requests.get(number)) is not None:
            self._requests[number] = evolve(record, status=status, fault=fault)

    def enter_message(self, message: TakenMessage) -> None:
        """Write down a message at the moment that a gateway takes it."""
        self._messages.append(message)
        self._counts[message.gateway, message.recipient, message.text] += 1
