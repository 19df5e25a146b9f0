"""Avist: one recipient a request, plain-text replies (avist.txt; PROTOCOLS.md, "Avist")."""

import re
from collections.abc import Sequence
from typing import ClassVar, NoReturn

from smsgw import segments
from smsgw.drivers.base import Batch, Driver, Verdict, decimal, quote
from smsgw.errors import (
    AuthenticationFailed,
    GatewayRejected,
    GatewayUnavailable,
    InsufficientCredit,
    InvalidRecipient,
    InvalidSender,
    InvalidText,
    RecipientRejected,
    SmsgwError,
)
from smsgw.models import Balance, DeliveryReport, DeliveryState, Message, Reference, State
from smsgw.transport import Request

__all__ = ["Avist"]

_SENDER = re.compile(r"[A-Za-z0-9]{1,11}")
_RECIPIENT = re.compile(r"7[0-9]{10}")
_TAKEN = re.compile(r"message successfully sent!\s*mess(?:age)?_id=(\S{1,64})", re.IGNORECASE)
_STATUS = re.compile(r"mess(?:age)?_id=(\S{1,64})\s+status:\s*([a-z][a-z ]{0,19}?)\.?", re.IGNORECASE)
_BALANCE = re.compile(r"balance:\s*(-?[0-9.]{1,30})\s*sms\.?", re.IGNORECASE)
_ERROR = re.compile(r"error:\s*(\S[^\r\n]{0,199}?)\.?", re.IGNORECASE)
_NAMES_AN_ID = re.compile(r"mess(?:age)?_id\s*=")

_STATES = {
    "unknown": (DeliveryState.ENROUTE, False),
    "delivered": (DeliveryState.DELIVERED, True),
    "not delivered": (DeliveryState.UNDELIVERABLE, True),
}

_NO_SUCH_MESSAGE = "no such message"
_UNSUPPORTED = "unsupported phone number"
_ERRORS: dict[str, tuple[type[SmsgwError], str]] = {
    "auth failed": (AuthenticationFailed, "the gateway refused the login or the password"),
    "can't send this message": (GatewayRejected, "the gateway refused the sender or the text"),
    "your credit is null": (InsufficientCredit, "the account is out of credit"),
    _UNSUPPORTED: (RecipientRejected, "the gateway does not serve this number"),
    _NO_SUCH_MESSAGE: (GatewayRejected, "the gateway knows no message with this ID"),
    "service is unavailable now": (GatewayUnavailable, "the gateway is unavailable now"),
}


class Avist(Driver):
    name: ClassVar[str] = "avist"
    default_url: ClassVar[str] = "http://sms.avist.biz/"
    batch_limit: ClassVar[int] = 1
    charsets: ClassVar[tuple[str, ...]] = ("utf-8", "windows-1251", "koi8-r")
    serves_all: ClassVar[bool] = False

    def check_recipient(self, recipient: str) -> InvalidRecipient | None:
        if _RECIPIENT.fullmatch(recipient):
            return None
        return InvalidRecipient(
            "avist serves only numbers of 11 digits that begin with 7", provider=self.provider
        )

    def check_segments(self, measure: segments.Measure) -> None:
        if measure.segments > 1:
            raise InvalidText(
                "too long for avist: one segment, so 160 characters, or 70 where any needs UCS-2",
                provider=self.provider,
            )

    def head(self, message: Message, text: str, sender: str | None) -> str:
        if sender is not None and not _SENDER.fullmatch(sender):
            raise InvalidSender(
                "a sender is 1 to 11 Latin letters or digits at avist", provider=self.provider
            )
        origin = f"&from={quote(sender)}" if sender is not None else ""
        return f"{self._action('send_sms')}{origin}&message={self.encode(text)}&phone="

    def send_request(self, batch: Batch) -> Request:
        return self._post(batch.prepared.head + batch.recipients[0])

    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        reply = self.decode(body)
        if taken := _TAKEN.fullmatch(reply):
            return [Verdict(State.ACCEPTED, taken[1])]
        if not (refused := _ERROR.fullmatch(reply)):
            self.unreadable()
        words = refused[1].casefold()
        if words == _NO_SUCH_MESSAGE:
            self.unreadable("the reply belongs to a status request")
        if _NAMES_AN_ID.search(words):
            self.unreadable("the reply is an error, and yet names a message ID")
        return self.verdict_for_all(batch, self._error(words), elsewhere=words == _UNSUPPORTED)

    def status_request(self, reference: Reference) -> Request:
        return self._post(f"{self._action('status')}&mess_id={quote(reference.message_id)}")

    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        reply = self.decode(body)
        found = _STATUS.fullmatch(reply)
        if not found:
            self._raise_error(reply)
        word = " ".join(found[2].casefold().split())
        message_id = references[0].message_id
        if found[1] != message_id or word not in _STATES:
            self.unreadable()
        state, final = _STATES[word]
        return [
            DeliveryReport(reference.recipient, self.provider, message_id, state, final, found[2])
            for reference in references
        ]

    def balance_request(self) -> Request:
        return self._post(self._action("balance"))

    def read_balance(self, body: bytes) -> Balance:
        reply = self.decode(body)
        found = _BALANCE.fullmatch(reply)
        if not found:
            self._raise_error(reply)
        amount = decimal(found[1])
        if amount is None:
            self.unreadable()
        return Balance(self.provider, amount, "SMS", raw=reply)

    def _action(self, action: str) -> str:
        return f"user={quote(self.settings.login)}&pass={quote(self.settings.password)}&action={action}"

    def _post(self, form: str) -> Request:
        return Request("POST", self.url + "sms.php", form.encode("ascii"))

    def _raise_error(self, reply: str) -> NoReturn:
        if refused := _ERROR.fullmatch(reply):
            raise self._error(refused[1].casefold())
        self.unreadable()

    def _error(self, words: str) -> SmsgwError:
        if words not in _ERRORS:
            # By decision an explicit "Error:" without an ID means that nothing was taken, also one not listed.
            # Its words are not kept: they could repeat the text.
            return GatewayRejected(
                "the gateway refused the request in words of its own", provider=self.provider
            )
        kind, description = _ERRORS[words]
        return kind(description, provider=self.provider, code=words)
