"""Avist, by `protocols/avist.txt`: one message to one Russian number a request, replies in plain English."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import ClassVar, Final

from attrs import define

from smsgw import segments
from smsgw.sandbox.calls import Call, Reply
from smsgw.sandbox.fates import Fate
from smsgw.sandbox.gateways.base import Gateway
from smsgw.sandbox.records import Kind

__all__ = ["Avist"]

UNAVAILABLE: Final = "Error: service is unavailable now"
AUTH_FAILED: Final = "Error: auth failed"
CANT_SEND: Final = "Error: can't send this message"
NO_CREDIT: Final = "Error: your credit is null"
UNSUPPORTED: Final = "Error: unsupported phone number"
NO_SUCH_MESSAGE: Final = "Error: no such message"

_PHONE = re.compile(r"7[0-9]{10}")
_SENDER = re.compile(r"[A-Za-z0-9]{1,11}")
_LONGEST = {"GSM-7": 160, "UCS-2": 70}

_STATUS: Final[Mapping[Fate, str]] = {
    "delivered": "delivered",
    "undeliverable": "not delivered",
    "expired": "not delivered",
    "deleted": "not delivered",
    "rejected": "not delivered",
    "cancelled": "not delivered",
    "unreported": "unknown",
}


@define(kw_only=True, eq=False)
class Avist(Gateway):
    """Section 2.2 knows three refusals of a message; for what it does not name, "can't send this message"."""

    name: ClassVar[str] = "avist"
    scripts: ClassVar[Mapping[str, Collection[str]]] = {"sms.php": ("GET", "POST")}
    hidden: ClassVar[str] = "pass"
    price: ClassVar[Decimal] = Decimal(1)

    def kind_of(self, script: str, given: Mapping[str, str]) -> Kind:
        """By `action`."""
        kinds: dict[str, Kind] = {"send_sms": "send", "status": "status", "balance": "balance"}
        return kinds.get(given.get("action", ""), "other")

    def recipients_in(self, given: Mapping[str, str]) -> tuple[str, ...]:
        """The one of `phone`, whatever is written there."""
        return (given["phone"],) if given.get("phone") else ()

    def next_id(self) -> str:
        """Letters and digits, since "XXXXX" promises no number: a10001, a10002, …, a1000a."""
        return f"{0xA10000 + self.next_serial():x}"

    def word_of(self, fate: Fate | None) -> str:
        """Section 3."""
        return "unknown" if fate is None else _STATUS[fate]

    def unavailable(self, call: Call) -> Reply:
        """Section 1.2."""
        return Reply(UNAVAILABLE)

    def answer(self, call: Call) -> Reply:
        """Sections 2, 3 and 4."""
        given = call.given
        if not self.is_account(given.get("user", ""), given.get("pass", "")):
            return Reply(AUTH_FAILED)
        if self.faults.blocked:
            return Reply(AUTH_FAILED, fault="blocked")
        match call.kind:
            case "send":
                return self._sent(call)
            case "status":
                return self._status(given.get("mess_id", ""))
            case "balance":
                return Reply(f"Balance: {self.balance()} SMS")
            case _:
                return Reply(CANT_SEND)  # no word for an unknown action, and no other refusal comes nearer

    def _sent(self, call: Call) -> Reply:
        phone = call.given.get("phone", "")
        text = call.given.get("message", "")
        sender = call.given.get("from", "")
        if self.faults.refuse_with is not None:
            return Reply(self.faults.refuse_with, fault="refuse_with")
        if not _PHONE.fullmatch(phone):
            return Reply(UNSUPPORTED)
        if phone in self.faults.stop_list:
            return Reply(UNSUPPORTED, fault="stop_list")
        # The document counts symbols, so an extension character is one here though it takes two places on the air.
        if not 0 < len(text) <= _LONGEST[segments.measure(text).encoding] or not _SENDER.fullmatch(sender):
            return Reply(CANT_SEND)
        if self.faults.no_credit:
            return Reply(NO_CREDIT, fault="no_credit")
        (message,) = self.take(call, [phone], text, sender=sender)
        return Reply(f"Message successfully sent! Message_ID={message.message_id}")

    def _status(self, message_id: str) -> Reply:
        for message in self.known(message_id):
            return Reply(f"Mess_ID={message_id} Status: {self.word_of(self.fate(message))}")
        return Reply(NO_SUCH_MESSAGE)
