"""What goes in: one text, for whom, and how to send it."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import final

from attrs import define, field, frozen

from smsgw.frozen import not_to_be_extended, thaw

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


def _seconds(given: float | timedelta) -> int:
    value: object = given
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a validity period is a number of seconds or a timedelta")
    if not math.isfinite(value) or value < 0:
        raise ValueError("a validity period is a number of seconds, not negative")
    return math.ceil(value)


def _check_moment(send_at: object) -> None:
    if not isinstance(send_at, datetime):
        raise TypeError("`send_at` is a datetime")
    if send_at.utcoffset() is None:
        raise ValueError("`send_at` has no time zone: gateways live in several, so say which")


def _unambiguous(send_at: datetime) -> datetime:
    """The second one of an hour that comes twice: by its time alone it would be equal to the first."""
    return send_at.replace(fold=0, tzinfo=timezone(send_at.utcoffset() or timedelta()))


@define(kw_only=True)
class _Fields:
    """A `Message` that is not frozen yet."""

    to: tuple[str, ...] = field(repr=lambda to: f"<{len(to)}>")
    text: str = field(repr=False)
    sender: str | None
    provider: str | None
    key: str | None
    send_at: datetime | None
    validity: int | None
    flash: bool
    transliterate: bool
    channel: Channel
    viber_validity: int | None


@final
@frozen(kw_only=True, init=False)
class Message(_Fields):
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

    def __init__(
        self,
        *,
        to: str | Iterable[str],
        text: str,
        sender: str | None = None,
        provider: str | None = None,
        key: str | None = None,
        send_at: datetime | None = None,
        validity: float | timedelta | None = None,
        flash: bool = False,
        transliterate: bool = False,
        channel: Channel = Channel.SMS,
        viber_validity: float | timedelta | None = None,
    ) -> None:
        fields: _Fields = self
        thaw(fields, _Fields)
        # (Whatever most messages leave out is not looked at twice: each call of a function is 50 ns.)
        fields.to = (to,) if type(to) is str else _recipients(to)
        fields.text = text
        fields.sender = sender
        fields.provider = provider
        fields.key = key
        fields.send_at = send_at
        fields.validity = validity if validity is None else _seconds(validity)
        fields.flash = flash
        fields.transliterate = transliterate
        fields.channel = channel if type(channel) is Channel else Channel(channel)
        fields.viber_validity = viber_validity if viber_validity is None else _seconds(viber_validity)
        fields.__class__ = Message
        if type(text) is not str or not text or not fields.to:
            self._check_text()
        if sender is not None or provider is not None or key is not None:
            self._check_names()
        if send_at is not None:
            _check_moment(send_at)

    def __init_subclass__(cls) -> None:
        not_to_be_extended(Message)

    def _check_text(self) -> None:
        if not self.to:
            raise ValueError("no recipients: `to` is empty")
        if not isinstance(self.text, str):
            raise TypeError("`text` is a str")
        if not self.text:
            raise ValueError("the text is empty")

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
        send_at = self.send_at
        return (
            self.text,
            self.sender,
            self.provider,
            send_at if send_at is None or not send_at.fold else _unambiguous(send_at),
            self.validity,
            self.flash,
            self.transliterate,
            self.channel,
            self.viber_validity,
        )
