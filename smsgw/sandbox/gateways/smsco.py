"""smsco.ge, by `protocols/smsco.txt`: several recipients under one ID, replies in numbers."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Final, Literal

from attrs import define, field
from attrs.validators import in_

from smsgw.sandbox.calls import Call, Reply
from smsgw.sandbox.fates import TBILISI, Fate, Step
from smsgw.sandbox.gateways.base import Gateway
from smsgw.sandbox.records import NO_OPTIONS, Kind, TakenMessage

__all__ = ["Smsco", "StatusStyle"]

StatusStyle = Literal["number", "word", "both"]

FAILED: Final = "2904"
BAD_LOGIN: Final = "2905"
NO_CREDIT: Final = "2906"
UNAVAILABLE: Final = "2907"
BAD_SCHEDULE: Final = "2908"
CANT_SCHEDULE: Final = "2909"
NO_USERNAME: Final = "2910"
NO_PASSWORD: Final = "2911"  # noqa: S105 - a code, no password
NO_RECIPIENT: Final = "2912"
NO_MESSAGE: Final = "2913"
NO_SENDER: Final = "2914"
FIELDS_EMPTY: Final = "2915"

_NUMBER = re.compile(r"[0-9]{9,15}")  # the document's own example is a national number of nine digits
_PRINTABLE = re.compile(r"[ -~]+")
_SCHEDULE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_LONGEST_SENDER = 11

_SENT = (0, "Sent")
_IN_PROCESS = (2, "In process")
_STATUS: Final[Mapping[Fate, tuple[int, str]]] = {
    "delivered": (1, "Delivered"),
    "undeliverable": (3, "Failed"),
    "deleted": (4, "Deleted"),
    "expired": (5, "Expired"),
    "rejected": (6, "Rejected"),
    "cancelled": (7, "Canceled"),
    "unreported": _SENT,
}


def _empty_field(given: Mapping[str, str], codes: Mapping[str, str]) -> str | None:
    """The code for the required fields that are empty or missing: the field's own if it is one, 2915 if several."""
    empty = [code for name, code in codes.items() if not given.get(name)]
    return None if not empty else empty[0] if len(empty) == 1 else FIELDS_EMPTY


@define(kw_only=True, eq=False)
class Smsco(Gateway):
    """A message on its way is "In process" for the first half of `delivery_after`, then "Sent".

    status_style          how a status is written: "1", "Delivered" or "1 | Delivered"
    failed_numbers_reply  when only some recipients were taken, the third word of the reply is the numbers that were
                          not, in national form, as on sister sites, instead of the ID
    """

    name: ClassVar[str] = "smsco"
    scripts: ClassVar[Mapping[str, Collection[str]]] = {"smsapi2.php": ("GET",), "getstatus.php": ("GET",)}
    hidden: ClassVar[str] = "password"
    price: ClassVar[Decimal] = Decimal(4)  # tetri, as in the example "OK 4 123"

    credit: Decimal = Decimal(10000)
    status_style: StatusStyle = field(default="number", validator=in_(("number", "word", "both")))
    failed_numbers_reply: bool = False

    def kind_of(self, script: str, given: Mapping[str, str]) -> Kind:
        """By the script, and `balance=true`, which wins over a send in the same request."""
        if script == "getstatus.php":
            return "status"
        return "balance" if given.get("balance", "").lower() == "true" else "send"

    def recipients_in(self, given: Mapping[str, str]) -> tuple[str, ...]:
        """Those of `recipient`, separated by commas."""
        return tuple(number for part in given.get("recipient", "").split(",") if (number := part.strip()))

    def next_id(self) -> str:
        """As in the document's example: 123, 124, …"""
        return str(122 + self.next_serial())

    def unavailable(self, call: Call) -> Reply:
        """2907, whatever was asked."""
        return Reply(UNAVAILABLE)

    def answer(self, call: Call) -> Reply:
        """A send, a status or a balance, each of which needs name and password first."""
        given = call.given
        if code := _empty_field(given, {"username": NO_USERNAME, "password": NO_PASSWORD}):
            return Reply(code)
        if not self.is_account(given["username"], given["password"]):
            return Reply(BAD_LOGIN)
        if self.faults.blocked:
            return Reply(BAD_LOGIN, fault="blocked")
        if call.kind == "balance":
            return Reply(str(self.balance()))
        return self._status(given.get("mes_id", "")) if call.kind == "status" else self._sent(call)

    def _sent(self, call: Call) -> Reply:
        given = call.given
        if self.faults.refuse_with is not None:
            return Reply(self.faults.refuse_with, fault="refuse_with")
        if code := _empty_field(given, {"recipient": NO_RECIPIENT, "message": NO_MESSAGE}):
            return Reply(code)
        sender = given.get("sender", "")
        if "sender" in given and not sender:
            return Reply(NO_SENDER)
        if len(sender) > _LONGEST_SENDER or not _PRINTABLE.fullmatch(given["message"]):
            return Reply(FAILED)
        not_before: datetime | None = None
        if "schedule" in given:
            if (not_before := _scheduled(given["schedule"])) is None:
                return Reply(BAD_SCHEDULE)
            if not_before < call.wall_at:
                return Reply(CANT_SCHEDULE)
        if self.faults.no_credit:
            return Reply(NO_CREDIT, fault="no_credit")
        return self._taken(call, sender, not_before)

    def _taken(self, call: Call, sender: str, not_before: datetime | None) -> Reply:
        """Take what can be taken; one recipient is enough for an OK."""
        recipients = self.recipients_in(call.given)
        good = [
            number
            for number in recipients
            if _NUMBER.fullmatch(number) and number not in self.faults.stop_list
        ]
        fault = "stop_list" if any(number in self.faults.stop_list for number in recipients) else None
        if not good:
            return Reply(FAILED, fault=fault)
        taken = self.take(
            call,
            good,
            call.given["message"],
            sender=sender,
            message_id=self.next_id(),
            options={"schedule": call.given["schedule"]} if not_before else NO_OPTIONS,
            not_before=not_before,
        )
        spent = self.price * sum(message.segments for message in taken)
        failed = [f"0{number[-9:]}" for number in recipients if number not in good]
        third = ",".join(failed) if failed and self.failed_numbers_reply else taken[0].message_id
        return Reply(f"OK {spent} {third}", fault=fault)

    def _status(self, message_id: str) -> Reply:
        """One state for one ID; where several recipients share it, that of the first."""
        if not message_id:
            return Reply(FIELDS_EMPTY)
        for message in self.known(message_id):
            return Reply([step.word for step in self.way(message) if step.reached][-1])
        return Reply("")  # the document has no word for an ID that was never given

    def word_of(self, fate: Fate | None) -> str:
        """As `status_style` has it."""
        return self._written(*(_IN_PROCESS if fate is None else _STATUS[fate]))

    def way(self, message: TakenMessage) -> tuple[Step, ...]:
        """With "Sent" between "In process" and the end."""
        begun, ended = super().way(message)
        lead = self.delivery_after / 2
        sent_at = max(ended.at - timedelta(seconds=lead), begun.at)
        is_sent = self.clock() >= message.due_at - lead
        return begun, Step("enroute", self._written(*_SENT), sent_at, reached=is_sent), ended

    def _written(self, number: int, word: str) -> str:
        return {"number": str(number), "word": word, "both": f"{number} | {word}"}[self.status_style]


def _scheduled(stamp: str) -> datetime | None:
    """The moment that a schedule means, in Tbilisi, or None if it is not in the one supported format."""
    if not _SCHEDULE.fullmatch(stamp):
        return None
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=TBILISI)
    except ValueError:  # such as month 13: the right shape is not yet a date
        return None
