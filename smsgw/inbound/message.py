"""The value that arrives: one SMS that a subscriber sent, as the platform passed it on."""

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

__all__ = ["InboundMessage"]


@frozen(kw_only=True)
class InboundMessage:
    """One incoming SMS. Its repr shows neither the text nor a number, so that it may be logged."""

    message_id: str
    """The platform's `smsid`: the same in every repeat, so make your own work idempotent by it."""
    received_at: datetime
    """When the platform got it; aware. Where its `date` is missing or unreadable, when it came to us."""
    text: str = field(repr=False)
    sender: str = field(repr=False)
    """As it came. Which of `sender` and `receiver` is the subscriber has been documented both ways."""
    receiver: str = field(repr=False)
    """As it came."""
    prefix: str = field(repr=False)
    """The word or number that chose this service among those of one number."""
    raw: Mapping[str, str] = field(repr=False, eq=False)
    """Every parameter of the call, decoded and otherwise as it came."""
