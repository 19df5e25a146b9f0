"""IBA Telecom, by `protocols/iba.txt`: at most ten recipients a request, a bare 0 for whatever goes wrong."""

from decimal import Decimal
from typing import ClassVar, Final

from attrs import define

from smsgw.sandbox.calls import Call, Reply
from smsgw.sandbox.fates import MOSCOW, Fate
from smsgw.sandbox.form import parameters
from smsgw.sandbox.gateways.platform import HELD, NO_PHONE, UNKNOWN_ID, Platform

__all__ = ["IBA"]

_MOST_RECIPIENTS = 10
_DIRECTIONS: Final = (("Россия", 361), ("МТС", 1), ("Мегафон", 1), ("BeeLine", 1), ("Остальные", 1))


@define(kw_only=True, eq=False)
class IBA(Platform):
    """The document has no words for a refusal: "0" for a send, nothing for the balance, and so nothing for a status.

    row_refusals    a number that is refused gets a 0 in its place among the IDs; the others are taken
    id_separator    what stands between the IDs
    platform_texts  refusals come in TargetSMS's words, for the platform is the same
    status_time     a final status is followed by the time that it came
    """

    name: ClassVar[str] = "iba"
    price: ClassVar[Decimal] = Decimal("0.50")
    first_id: ClassVar[int] = 83759227
    longest_number: ClassVar[int] = 15

    credit: Decimal = Decimal("100.50")
    row_refusals: bool = False
    id_separator: str = ","
    platform_texts: bool = False
    status_time: bool = False

    def decoded(self, raw: bytes) -> dict[str, str]:
        """UTF-8, and what is not that, windows-1251: the document takes both and has no parameter that says which."""
        as_utf8 = parameters(raw, "utf-8")
        return (
            parameters(raw, "windows-1251")
            if any("\ufffd" in value for value in as_utf8.values())
            else as_utf8
        )

    def refusal(self, call: Call, text: str, fault: str | None = None) -> Reply:
        """A bare 0, or an empty body for what is not a send."""
        return Reply(text if self.platform_texts else "0" if call.kind == "send" else "", fault=fault)

    def sent(self, call: Call, recipients: tuple[str, ...]) -> Reply:
        """All or nothing, but with `row_refusals`."""
        if len(recipients) > _MOST_RECIPIENTS:
            return self.refusal(call, NO_PHONE)  # no text is known for it; this one is nearest
        refused = {number: why for number in recipients if (why := self.recipient_refused(number))}
        fault = "stop_list" if self.faults.stop_list.intersection(recipients) else None
        good = [number for number in recipients if number not in refused]
        if refused and (not self.row_refusals or not good):
            return self.refusal(call, next(iter(refused.values())), fault)
        ids = iter(self.taken_ids(call, good))
        if self.faults.held:
            return Reply(HELD, fault="held")
        places = ["0" if number in refused else next(ids) for number in recipients]
        return Reply(self.id_separator.join(places), fault=fault)

    def word_of(self, fate: Fate | None) -> str:
        """Of a message on its way the document writes the word large."""
        return "Send" if fate is None else self.words[fate]

    def status(self, call: Call) -> Reply:
        """`Send` or `deliver`, spelled so, or one of TargetSMS's other words."""
        for message in self.known(call.given.get("smsid", "")):
            fate = self.fate(message)
            stamp = (
                f" {self.changed_at(message).astimezone(MOSCOW):%Y-%m-%d %H:%M:%S}"
                if self.status_time and fate is not None
                else ""
            )
            return Reply(self.word_of(fate) + stamp)
        return self.refusal(call, UNKNOWN_ID)

    def balance_reply(self) -> Reply:
        """The amount, the currency, and a line for each direction."""
        rows = [f"{name}: {remainder}" for name, remainder in _DIRECTIONS]
        return Reply("\n".join([f"{self.balance():.2f}", "RUR", *rows]))
