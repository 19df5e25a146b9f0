"""SMStele / REX400, by `protocols/smstele.txt`: JSON of strings, a row for each recipient, bad ones among them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal

from attrs import define, field
from attrs.validators import in_, optional

from smsgw import segments
from smsgw.sandbox.calls import Call, Reply
from smsgw.sandbox.fates import MOSCOW, Fate
from smsgw.sandbox.form import parameters
from smsgw.sandbox.gateways.base import Gateway
from smsgw.sandbox.gateways.smstele_rules import (
    CHARSETS,
    DEFAULT_CHARSET,
    OPTIONS,
    as_json,
    deferred_in,
    error,
    operator_of,
    phones_in,
    refusal,
)
from smsgw.sandbox.records import Kind, TakenMessage

__all__ = ["CntReading", "SMStele"]

CntReading = Literal["operator_rows", "operator_sum", "all_rows", "all_sum"]

_STAT: Mapping[Fate | None, str] = {
    None: "ENROUTE",
    "delivered": "DELIVRD",
    "undeliverable": "UNDELIV",
    "expired": "EXPIRED",
    "deleted": "DELETED",
    "rejected": "REJECTD",
    "cancelled": "DELETED",
    "unreported": "UNKNOWN",
}
_UNSET = "-99"  # stands in every `status` and `error`, of good rows and of bad ones


@define(kw_only=True, eq=False)
class SMStele(Gateway):
    """The server's own transliteration is not documented: with `translit=1` text and segments are those that came.

    cnt_reading         what the top `cnt` counts. "operator_…": the rows with an operator, or the sum of their `cnt`;
                        rows without one were not taken. "all_…": every row; all were taken, one without an operator
                        is only unknown to the numbering plan
    omit_closing_brace  replies lack the last "}", as some of the document's samples do
    allowed_senders     the registered senders, or None if any will do
    system_error        while set, sends are answered -1, having been "taken" or "refused"
    """

    name: ClassVar[str] = "smstele"
    scripts: ClassVar[Mapping[str, Collection[str]]] = {"sendsms": ("GET", "POST"), "status": ("GET", "POST")}
    hidden: ClassVar[str] = "psw"
    price: ClassVar[Decimal] = Decimal(1)

    charset: str = DEFAULT_CHARSET
    cnt_reading: CntReading = field(
        default="operator_rows", validator=in_(("operator_rows", "operator_sum", "all_rows", "all_sum"))
    )
    omit_closing_brace: bool = False
    allowed_senders: Collection[str] | None = None
    system_error: Literal["taken", "refused"] | None = field(
        default=None, validator=optional(in_(("taken", "refused")))
    )

    _by_phone: dict[str, list[TakenMessage]] = field(factory=dict, init=False, repr=False)

    def decoded(self, raw: bytes) -> dict[str, str]:
        """By the request's own `charset`, else windows-1251."""
        named = parameters(raw, "latin-1").get("charset", self.charset).lower()
        return parameters(raw, CHARSETS.get(named, "utf-8"))

    def kind_of(self, script: str, given: Mapping[str, str]) -> Kind:
        """By the script, and `hlr=1`."""
        if script == "status":
            return "status"
        return "hlr" if given.get("hlr") == "1" else "send"

    def recipients_in(self, given: Mapping[str, str]) -> tuple[str, ...]:
        """Those of `phones`, or the one that a status asks for."""
        return phones_in(given) or ((given["phone"],) if given.get("phone") else ())

    def next_id(self) -> str:
        """The ID of a request that names none: 1000001, 1000002, …"""
        return str(1_000_000 + self.next_serial())

    def unavailable(self, call: Call) -> Reply:
        """REXSMSCE_NOMEMORY."""
        return error("-2", "No memory")

    def answer(self, call: Call) -> Reply:
        """The account first, then the script."""
        given = call.given
        if not given.get("login"):
            return error("-21", "No login")
        if not given.get("psw"):
            return error("-22", "No password")
        if not self.is_account(given["login"], given["psw"]):
            return error("-23", "Invalid login or password")
        if self.faults.blocked:
            return error("-23", "Invalid login or password", fault="blocked")
        if call.kind == "status":
            return self._status(given)
        if refused := refusal(given, self.allowed_senders, has_text=call.kind == "send"):
            return refused
        return self._rows(call) if call.kind == "hlr" else self._sent(call)

    def _sent(self, call: Call) -> Reply:
        if (code := self.faults.refuse_with) is not None:
            return error(code, "Request rejected", fault="refuse_with")
        if self.faults.no_credit:
            return error("-43", "Not enough credits", fault="no_credit")
        if self.system_error == "refused":
            return error("-1", "System error", fault="system_error")
        reply = self._rows(call)
        return reply if self.system_error is None else error("-1", "System error", fault="system_error")

    def _rows(self, call: Call) -> Reply:
        """Take the send, or look the numbers up, and give a row for each."""
        given = call.given
        phones = phones_in(given)
        message_id = given.get("id") or self.next_id()
        operators = [operator_of(phone, self.faults.stop_list) for phone in phones]
        parts = 1
        if call.kind == "send":
            parts = segments.measure(given["mes"]).segments
            everyone = self.cnt_reading.startswith("all")
            taken = [
                phone for phone, where in zip(phones, operators, strict=True) if everyone or where.operator
            ]
            self._take(call, taken, message_id)
        rows = [
            {
                "id": message_id,
                "phone": phone,
                "status": _UNSET,
                "error": _UNSET,
                "cnt": str(parts),
                "operator": where.operator,
                "region": where.region,
                "mnc": where.mnc,
            }
            for phone, where in zip(phones, operators, strict=True)
        ]
        counted = [row for row in rows if row["operator"] or self.cnt_reading.startswith("all")]
        top = len(counted) * (parts if self.cnt_reading.endswith("sum") else 1)
        fault = "stop_list" if self.faults.stop_list.intersection(phones) else None
        return self._reply({"id": message_id, "cnt": str(top), "messages": rows}, fault=fault)

    def _take(self, call: Call, phones: Sequence[str], message_id: str) -> None:
        given = call.given
        self.take(
            call,
            phones,
            given["mes"],
            sender=given.get("sender", ""),
            message_id=message_id,
            options={name: given[name] for name in OPTIONS if name in given},
            not_before=deferred_in(given),
        )

    def word_of(self, fate: Fate | None) -> str:
        """The `stat` of a result."""
        return _STAT[fate]

    def _know(self, message: TakenMessage) -> None:
        super()._know(message)
        self._by_phone.setdefault(message.recipient, []).append(message)

    def forget(self, message: TakenMessage) -> None:
        """By its phone, too."""
        super().forget(message)
        if to_phone := self._by_phone.get(message.recipient):
            to_phone.remove(message)
            if not to_phone:
                del self._by_phone[message.recipient]

    def reset(self) -> None:
        """By its phone, too."""
        super().reset()
        self._by_phone.clear()

    def _status(self, given: Mapping[str, str]) -> Reply:
        """The messages under `id`, to `phone`, or both."""
        phone, message_id = given.get("phone", ""), given.get("id", "")
        if message_id:
            found = [message for message in self.known(message_id) if phone in {"", message.recipient}]
        elif phone:
            found = self._by_phone.get(phone, [])
        else:
            return error("-34", "Missing attribute: 'id'")
        return self._reply({"results": [self._result(message) for message in found]})

    def _result(self, message: TakenMessage) -> dict[str, str]:
        where = operator_of(message.recipient, ())
        return {
            "id": message.message_id,
            "phone": message.recipient,
            "sender": message.sender or "REX400.RU",
            "status": _UNSET,
            "err": _UNSET,
            "stat": _STAT[self.fate(message)],
            "type": "1",
            "send_timestamp": _stamp(message.taken_at),
            "last_timestamp": _stamp(self.changed_at(message)),
            "operator": where.operator,
            "region": where.region,
            "mnc": where.mnc,
        }

    def _reply(self, content: Mapping[str, Any], *, fault: str | None = None) -> Reply:
        text = as_json(content)
        return Reply(
            text.removesuffix("}") if self.omit_closing_brace else text,
            content_type="application/json",
            fault=fault,
        )


def _stamp(moment: datetime) -> str:
    """As in the document: 2018-06-04 18:41:09+03."""
    return f"{moment.astimezone(MOSCOW):%Y-%m-%d %H:%M:%S}+03"
