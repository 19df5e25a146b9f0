"""What the ledger holds: messages that gateways took, requests that they saw, and both sides of each exchange."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from attrs import field, frozen

__all__ = ["NO_OPTIONS", "Exchange", "Header", "Kind", "MessageState", "RequestRecord", "TakenMessage"]

Kind = Literal["send", "status", "balance", "hlr", "other"]
MessageState = Literal["taken", "held"]
Header = tuple[str, str]

# One object for every message that asked for nothing special: there are hundreds of thousands of them.
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


@frozen(kw_only=True)
class TakenMessage:
    """One message to one recipient that a gateway has.

    number      counts all gateways' messages from 1, in the order in which they were taken; none is used again
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

    number: int
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


@frozen(kw_only=True)
class Exchange:
    """Both sides of a request, for people to look at. Passwords are masked; texts are not.

    number         of its `RequestRecord`
    gateway        the gateway's name
    kind           what was asked for
    method         "GET", "POST", …
    url            path and query, percent-encoded as they came
    headers        as they came
    body           the form, as it came; empty if there was none
    arrived_at     wall-clock time, aware
    status         the HTTP status of the reply; None if none was sent
    reply_headers  those that the gateway chose
    reply          what the gateway said, also where a fault kept it from going out
    fault          the name of the fault that it met, or None
    """

    number: int
    gateway: str
    kind: Kind
    method: str
    url: str = field(repr=False)
    headers: tuple[Header, ...] = field(repr=False)
    body: str = field(repr=False)
    arrived_at: datetime
    status: int | None
    reply_headers: tuple[Header, ...]
    reply: str = field(repr=False)
    fault: str | None
