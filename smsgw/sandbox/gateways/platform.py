"""What IBA and TargetSMS share: one platform, by `protocols/targetsms.txt` and `protocols/iba.txt`."""

import re
from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import ClassVar, Final

from attrs import define, field

from smsgw.sandbox.calls import Call, Reply
from smsgw.sandbox.fates import Fate
from smsgw.sandbox.gateways.base import Gateway
from smsgw.sandbox.records import Kind

__all__ = ["Platform"]

ACCOUNT_BLOCKED: Final = "Аккаунт заблокирован."
BAD_LOGIN: Final = "Неверный логин или пароль"
NO_CREDIT: Final = "Закончились SMS."
HELD: Final = "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы пополните счет по данному направлению."
NO_PHONE: Final = "Укажите номер телефона."
STOP_LIST: Final = "Номер телефона присутствует в стоп-листе."
LONG_PHONE: Final = "Номер телефона должен быть меньше 15 символов."
CLOSED: Final = "Данное направление закрыто."
CLOSED_FOR_YOU: Final = "Данное направление закрыто для вас."
NO_SENDER: Final = "Нет отправителя."
LONG_SENDER: Final = (
    "Отправитель не должен превышать 15 символов для цифровых номеров и 11 символов для буквенно-числовых."
)
UNKNOWN_SENDER: Final = "Такого отправителя Нет."
UNAPPROVED_SENDER: Final = "Отправитель не прошел модерацию."
NO_TEXT: Final = "Нет текста сообщения."
MODERATED: Final = "Текст SMS отклонен модератором."
REPEATED: Final = "error: Попытка отправки более одного одинакового запроса в течение минуты"
UNKNOWN_ID: Final = "Сообщение с таким ID не принималось"

_NUMBER = re.compile(r"[0-9]{7,}")
_ALPHANUMERIC_SENDER = re.compile(r"[ -~]*")
_LONGEST_NUMERIC_SENDER = 15
_LONGEST_SENDER = 11


@define(kw_only=True, eq=False)
class Platform(Gateway):
    """One account on the platform. Texts that no request brings about by itself come by `faults.refuse_with`.

    repeat_window     seconds in which a second request with the same parameters is refused, whatever became of the
                      first; a refused one counts, too. 0 switches the rule off
    repeat_counts_unavailable  the rule counts requests, too, that met `faults.unavailable`: by default the front
                      server answers those, and the script that counts never sees them
    allowed_senders   the registered senders, or None if any will do
    pending_senders   senders that wait for a moderator
    closed_prefixes   numbers that begin so are served to nobody
    closed_for_you    numbers that begin so are not served to this account
    moderated_words   a text with one of these is declined by the moderator
    """

    scripts: ClassVar[Mapping[str, Collection[str]]] = {"sendsms.php": ("GET",)}
    hidden: ClassVar[str] = "pwd"
    unknown_faults: ClassVar[Collection[str]] = ()
    words: ClassVar[Mapping[Fate | None, str]] = {
        None: "send",
        "delivered": "deliver",
        "undeliverable": "not_deliver",
        "expired": "expired",
        "deleted": "not_deliver",
        "rejected": "not_deliver",
        "cancelled": "not_deliver",
        "unreported": "partly_deliver",
    }
    """The states of a message, the first while it is on its way."""
    first_id: ClassVar[int]
    longest_number: ClassVar[int]

    repeat_window: float = 0.0
    repeat_counts_unavailable: bool = False
    allowed_senders: Collection[str] | None = None
    pending_senders: Collection[str] = ()
    closed_prefixes: Collection[str] = ()
    closed_for_you: Collection[str] = ()
    moderated_words: Collection[str] = ()

    # Identity of a request to the clock at the last such one, the oldest first.
    _seen: dict[str, float] = field(factory=dict, init=False, repr=False)

    @abstractmethod
    def refusal(self, call: Call, text: str, fault: str | None = None) -> Reply:
        """Refuse what was asked for, for the reason that the text names."""

    @abstractmethod
    def sent(self, call: Call, recipients: tuple[str, ...]) -> Reply:
        """Take a send whose account, sender and text are in order."""

    @abstractmethod
    def status(self, call: Call) -> Reply:
        """Answer for the message `smsid`."""

    @abstractmethod
    def balance_reply(self) -> Reply:
        """Answer for the account."""

    def word_of(self, fate: Fate | None) -> str:
        """One of `words`."""
        return self.words[fate]

    def reset(self) -> None:
        """A request like an earlier one is none that is repeated."""
        super().reset()
        self._seen.clear()

    def kind_of(self, script: str, given: Mapping[str, str]) -> Kind:
        """By the parameter that only that kind of request has."""
        return "balance" if "balance" in given else "status" if "smsid" in given else "send"

    def recipients_in(self, given: Mapping[str, str]) -> tuple[str, ...]:
        """Those of `dadr`, separated by commas."""
        return tuple(number for part in given.get("dadr", "").split(",") if (number := part.strip()))

    def next_id(self) -> str:
        """Ascending numbers, as in the documents' examples."""
        return str(self.first_id - 1 + self.next_serial())

    def unavailable(self, call: Call) -> Reply:
        """No words are documented for it: the front server's."""
        if self.repeat_counts_unavailable:
            self._is_repeat(call)
        return Reply("Service Unavailable", status=503, headers={"Retry-After": "1"})

    def answer(self, call: Call) -> Reply:
        """The account first, then the rule of one minute, which is the account's, then what was asked for."""
        if not self.is_account(call.given.get("user", ""), call.given.get("pwd", "")):
            return self.refusal(call, BAD_LOGIN)
        if self._is_repeat(call):
            return self.refusal(call, REPEATED)
        if self.faults.blocked:
            return self.refusal(call, ACCOUNT_BLOCKED, "blocked")
        if call.kind == "balance":
            return self.balance_reply()
        return self.status(call) if call.kind == "status" else self._send(call)

    def _send(self, call: Call) -> Reply:
        if self.faults.refuse_with is not None:
            return self.refusal(call, self.faults.refuse_with, "refuse_with")
        recipients = self.recipients_in(call.given)
        if refused := self._message_refused(call.given):
            return self.refusal(call, refused)
        if not recipients:
            return self.refusal(call, NO_PHONE)
        if self.faults.no_credit:
            return self.refusal(call, NO_CREDIT, "no_credit")
        return self.sent(call, recipients)

    def _message_refused(self, given: Mapping[str, str]) -> str | None:
        """Why sender or text are refused, or None."""
        sender, text = given.get("sadr", ""), given.get("text", "")
        if not sender:
            return NO_SENDER
        if len(sender) > (_LONGEST_NUMERIC_SENDER if sender.isdecimal() else _LONGEST_SENDER):
            return LONG_SENDER
        if sender in self.pending_senders:
            return UNAPPROVED_SENDER
        if not _ALPHANUMERIC_SENDER.fullmatch(sender):
            return UNKNOWN_SENDER
        if self.allowed_senders is not None and sender not in self.allowed_senders:
            return UNKNOWN_SENDER
        if not text:
            return NO_TEXT
        return MODERATED if any(word in text for word in self.moderated_words) else None

    def recipient_refused(self, number: str) -> str | None:
        """Why this number is refused, or None."""
        if len(number) > self.longest_number:
            return LONG_PHONE
        if not _NUMBER.fullmatch(number):
            return NO_PHONE
        if number in self.faults.stop_list:
            return STOP_LIST
        if number.startswith(tuple(self.closed_for_you)):
            return CLOSED_FOR_YOU
        return CLOSED if number.startswith(tuple(self.closed_prefixes)) else None

    def taken_ids(self, call: Call, recipients: Collection[str]) -> list[str]:
        """Take the message for each, and give their IDs; with `faults.held` they are held."""
        taken = self.take(
            call,
            tuple(recipients),
            call.given["text"],
            sender=call.given["sadr"],
            state="held" if self.faults.held else "taken",
        )
        return [message.message_id for message in taken]

    def _is_repeat(self, call: Call) -> bool:
        """Whether an identical request came within the window; this one is remembered in any case."""
        if self.repeat_window <= 0:
            return False
        last = self._seen.pop(call.identity, None)
        self._seen[call.identity] = call.clock_at
        while call.clock_at - self._seen[oldest := next(iter(self._seen))] >= self.repeat_window:
            del self._seen[oldest]
        return last is not None and call.clock_at - last < self.repeat_window
