"""TargetSMS: URLs of 2000 characters, one identical request a minute (targetsms.txt; PROTOCOLS.md, "TargetSMS")."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import phpserialize

from smsgw.drivers.base import decimal, quote
from smsgw.drivers.platform import STATES, PlatformDriver, moment
from smsgw.errors import InvalidRecipient
from smsgw.models import DeliveryReport, Reference
from smsgw.transport import Request

__all__ = ["Targetsms"]

_MAX_SERIALIZED = 16_384
_MAX_DEPTH = 8


class Targetsms(PlatformDriver):
    name: ClassVar[str] = "targetsms"
    default_url: ClassVar[str] = "https://sms.targetsms.ru/"
    batch_limit: ClassVar[int] = 150
    default_batch: ClassVar[int | None] = 50
    url_limit: ClassVar[int | None] = 2000
    duplicate_window: ClassVar[float | None] = 60.0
    serves_all: ClassVar[bool] = False
    alphanumeric_sender: ClassVar[re.Pattern[str]] = re.compile(r"[A-Za-z0-9]{1,11}")

    def check_recipient(self, recipient: str) -> InvalidRecipient | None:
        if len(recipient) < 15:
            return None
        return InvalidRecipient(
            "targetsms serves only numbers of fewer than 15 digits", provider=self.provider
        )

    def status_request(self, reference: Reference) -> Request:
        return Request("GET", f"{self._script()}&smsid={quote(reference.message_id)}&detail=1")

    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        if not body.lstrip().startswith(b"a:"):
            # A plain word, or an error's text.
            return super().read_status(references, body)
        detail = self._unserialize(body.strip())
        message_id = references[0].message_id
        word = _text(detail.get("state_sms"))
        if word.casefold() not in STATES or _text(detail.get("id_sms")) not in ("", message_id):
            self.unreadable()
        state, final = STATES[word.casefold()]
        parts = _text(detail.get("num_parts"))
        return [
            DeliveryReport(
                reference.recipient,
                self.provider,
                message_id,
                state,
                final,
                word,
                moment(_text(detail.get("time_change_state"))),
                segments=int(parts) if parts.isascii() and parts.isdigit() and len(parts) < 5 else None,
                price=_price(detail.get("price")),
            )
            for reference in references
        ]

    def _unserialize(self, body: bytes) -> Mapping[str, Any]:
        """PHP's `serialize()`: lengths count bytes, so bytes are parsed; size and depth are capped first."""
        if len(body) > _MAX_SERIALIZED or body.count(b"{") > _MAX_DEPTH:
            self.unreadable("the detailed status is larger than it can be")
        try:
            value = phpserialize.loads(body, array_hook=list)
            pairs = [(_text(key), item) for key, item in value] if isinstance(value, list) else []
        except (ValueError, TypeError, OverflowError):
            pairs = []
        if not pairs:
            self.unreadable("the detailed status is no PHP array")
        return dict(pairs)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _price(value: object) -> Decimal | None:
    return decimal(_text(value))
