"""What goes in: one text, for whom, and how to send it."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import field, frozen

__all__ = ["Channel", "Message"]


class Channel(StrEnum):
    """The way to the subscriber's phone."""

    SMS = "sms"
    VIBER = "viber"


def _recipients(to: str | Iterable[str]) -> tuple[str, ...]:
    if isinstance(to, str):
        return (to,)
    given: object = to  # what a caller without a type checker may pass
    recipients = tuple(given) if isinstance(given, Iterable) else (given,)
    if not all(isinstance(recipient, str) for recipient in recipients):
        raise TypeError("`to` is a phone number as a str, or an iterable of them")
    return recipients


def _seconds(given: float | timedelta | None) -> int | None:
    if given is None:
        return None
    value: object = given
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a validity period is a number of seconds or a timedelta")
    if not math.isfinite(value) or value < 0:
        raise ValueError("a validity period is a number of seconds, not negative")
    return math.ceil(value)


def _channel(value: Channel) -> Channel:
    return value if type(value) is Channel else Channel(value)


@frozen(kw_only=True)
class Message:
    """One text for one or many recipients, and how to send it.

    to              phone numbers as people write them, with their country codes: a str or an iterable of them
    text            what they get; a gateway that splits long texts sends them as several segments
    sender          overrides the provider's configured sender
    provider        pins the message to this configured provider: retries, but no failover
    key             your idempotency key: within `dedup.key_ttl` seconds a repeat sends nothing but what was rejected,
                    and has the first one's outcomes; with other content it is a `ValueError`
    send_at         when the gateway shall send it: an aware `datetime` (SMStele, smsco.ge)
    validity        validity period of the SMS: seconds or a `timedelta` (SMStele)
    flash           shown at once on the phone's screen, and not kept (SMStele)
    transliterate   Russian and Georgian letters to Latin
    channel         `Channel.SMS` or `Channel.VIBER` (SMStele)
    viber_validity  validity period of the Viber message: seconds, at most 86400, or a `timedelta` (SMStele)

    Raises `TypeError` or `ValueError` for what no gateway could make sense of; what only some can carry is for routing.
    """

    to: tuple[str, ...] = field(converter=_recipients, repr=lambda to: f"<{len(to)}>")
    text: str = field(repr=False)
    sender: str | None = None
    provider: str | None = None
    key: str | None = None
    send_at: datetime | None = None
    validity: int | None = field(default=None, converter=_seconds)
    flash: bool = False
    transliterate: bool = False
    channel: Channel = field(default=Channel.SMS, converter=_channel)
    viber_validity: int | None = field(default=None, converter=_seconds)

    def __attrs_post_init__(self) -> None:
        if not self.to:
            raise ValueError("no recipients: `to` is empty")
        if not isinstance(self.text, str):
            raise TypeError("`text` is a str")
        if not self.text:
            raise ValueError("the text is empty")
        if self.sender is not None or self.provider is not None or self.key is not None:
            self._check_names()
        if self.send_at is not None:
            if not isinstance(self.send_at, datetime):
                raise TypeError("`send_at` is a datetime")
            if self.send_at.utcoffset() is None:
                raise ValueError("`send_at` has no time zone: gateways live in several, so say which")

    def _check_names(self) -> None:
        for name in ("sender", "provider", "key"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise TypeError(f"`{name}` is a str")
            if value == "":
                raise ValueError(f"`{name}` is empty: leave it out")

    @property
    def content(self) -> tuple[object, ...]:
        """All that makes two messages the same on the wire but for whom they go to."""
        return (
            self.text,
            self.sender,
            self.provider,
            self.send_at,
            self.validity,
            self.flash,
            self.transliterate,
            self.channel,
            self.viber_validity,
        )
