"""TargetSMS, by `protocols/targetsms.txt`: identical requests once a minute, refusals in Russian words."""

from decimal import Decimal
from typing import ClassVar, Final

from attrs import define

from smsgw.sandbox.calls import Call, Reply
from smsgw.sandbox.fates import MOSCOW
from smsgw.sandbox.gateways.platform import HELD, STOP_LIST, UNKNOWN_ID, Platform
from smsgw.sandbox.records import TakenMessage

__all__ = ["TargetSMS"]

# Section 5.2, to the letter.
_PACKAGES: Final = (
    "Россия:361,МТС:1,Мегафон:1,Skylink:1,Yota:1,Байкалвестком:1,Уралсвязьинформ:1,Енисейтелеком:1,НСС:1,Мотив:1,"
    "Tele2:1,СМАРТС:1,Ростелеком:1,BeeLine:1,Остальные:1"
)


@define(kw_only=True, eq=False)
class TargetSMS(Platform):
    """A refusal is its text, for every kind of request."""

    name: ClassVar[str] = "targetsms"
    price: ClassVar[Decimal] = Decimal("1.15")
    first_id: ClassVar[int] = 1178440060
    longest_number: ClassVar[int] = 14

    credit: Decimal = Decimal("445.6")
    repeat_window: float = 60.0
    longest_url: int | None = 2000

    def refusal(self, call: Call, text: str, fault: str | None = None) -> Reply:
        """The text that section 2.3 has for it."""
        return Reply(text, fault=fault)

    def sent(self, call: Call, recipients: tuple[str, ...]) -> Reply:
        """All or nothing: the text does not say whom it means."""
        for number in recipients:
            if why := self.recipient_refused(number):
                return Reply(why, fault="stop_list" if why == STOP_LIST else None)
        ids = self.taken_ids(call, recipients)
        return Reply(HELD, fault="held") if self.faults.held else Reply(",".join(ids))

    def status(self, call: Call) -> Reply:
        """A word (section 3), or all that is known (section 4)."""
        for message in self.known(call.given.get("smsid", "")):
            return Reply(
                self._detail(message) if call.given.get("detail") == "1" else self.words[self.fate(message)]
            )
        return Reply(UNKNOWN_ID)

    def _detail(self, message: TakenMessage) -> str:
        fate = self.fate(message)
        # A message whose status never came has changed to "no status" at some time all the same: only `send` has none.
        changed = "" if fate is None else f"{self.changed_at(message).astimezone(MOSCOW):%Y-%m-%d %H:%M:%S}"
        return _serialized(
            {
                "id_sms": message.message_id,
                "time_change_state": changed,
                "state_sms": self.words[fate],
                "num_parts": str(message.segments),
                "price": str(self.price),
            }
        )

    def balance_reply(self) -> Reply:
        """Section 5.2."""
        return Reply(f"{self.balance()} RUR\n{_PACKAGES}")


def _serialized(array: dict[str, str]) -> str:
    """PHP's serialize() of an array of strings; its lengths are of bytes."""
    rows = (f's:{len(word.encode())}:"{word}";' for item in array.items() for word in item)
    return f"a:{len(array)}:{{{''.join(rows)}}}"
