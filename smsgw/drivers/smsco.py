"""smsco.ge: Latin text, one ID for a whole request (smsco.txt; PROTOCOLS.md, "smsco.ge")."""

import re
from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import ClassVar

from smsgw.drivers.base import Batch, Driver, Verdict, decimal, quote
from smsgw.errors import (
    AuthenticationFailed,
    GatewayRejected,
    GatewayUnavailable,
    InsufficientCredit,
    InvalidSender,
    InvalidText,
    OutcomeUnknown,
    RecipientRejected,
    SenderRejected,
    SmsgwError,
    TextRejected,
    UnreadableReply,
)
from smsgw.models import Balance, DeliveryReport, DeliveryState, Message, Reference, State
from smsgw.transport import Request

__all__ = ["Smsco"]

TBILISI = timezone(timedelta(hours=4))

_NOT_WRITABLE = re.compile(r"[^\x20-\x7e]")
_SENDER = re.compile(r"[\x20-\x7e]{1,11}")
_OK = re.compile(r"ok\s+([0-9.]{1,30})(?:\s+(\S.{0,8000}))?", re.IGNORECASE)
_CODE = re.compile(r"-?(29(?:0[4-9]|1[0-5]))(?:\s*=.{0,200})?")
_MAX_ID = 64
_NOT_DIGITS = re.compile(r"[^0-9]+")

_ERRORS: dict[str, tuple[type[SmsgwError], str]] = {
    "2904": (GatewayRejected, "sending failed, and the gateway does not say why"),
    "2905": (AuthenticationFailed, "the gateway refused the login or the password"),
    "2906": (InsufficientCredit, "the account is out of credit"),
    "2907": (GatewayUnavailable, "the gateway is unavailable"),
    "2908": (GatewayRejected, "the gateway refused the schedule's format"),
    "2909": (GatewayRejected, "the gateway could not schedule the message"),
    "2910": (AuthenticationFailed, "the login is empty"),
    "2911": (AuthenticationFailed, "the password is empty"),
    "2912": (RecipientRejected, "the gateway found no recipient"),
    "2913": (TextRejected, "the gateway found no text"),
    "2914": (SenderRejected, "the gateway found no sender"),
    "2915": (GatewayRejected, "the gateway found a required field empty"),
}

_STATES = (
    ("sent", DeliveryState.ENROUTE, False),
    ("delivered", DeliveryState.DELIVERED, True),
    ("in process", DeliveryState.ENROUTE, False),
    ("failed", DeliveryState.UNDELIVERABLE, True),
    ("deleted", DeliveryState.DELETED, True),
    ("expired", DeliveryState.EXPIRED, True),
    ("rejected", DeliveryState.REJECTED, True),
    ("canceled", DeliveryState.DELETED, True),
)
_BY_NUMBER = {str(number): entry for number, entry in enumerate(_STATES)}
_BY_WORD = {entry[0]: entry for entry in _STATES} | {"cancelled": _STATES[7]}


class Smsco(Driver):
    name: ClassVar[str] = "smsco"
    default_url: ClassVar[str] = "http://smsco.ge/components/com_smsreseller/"
    batch_limit: ClassVar[int] = 500
    default_batch: ClassVar[int | None] = 1
    url_limit: ClassVar[int | None] = 7999
    options: ClassVar[frozenset[str]] = frozenset({"send_at"})
    batch_reports: ClassVar[bool] = True
    one_state: ClassVar[bool] = True

    def head(self, message: Message, text: str, sender: str | None) -> str:
        if foreign := _NOT_WRITABLE.search(text):
            raise InvalidText(
                f"smsco.ge writes Latin only: character {foreign.start() + 1} of the text is U+{ord(foreign[0]):04X} "
                "(transliterate=True may help)",
                provider=self.provider,
            )
        if sender is not None and not _SENDER.fullmatch(sender):
            raise InvalidSender("a sender is at most 11 Latin characters at smsco.ge", provider=self.provider)
        origin = f"&sender={quote(sender)}" if sender is not None else ""
        schedule = ""
        if message.send_at is not None:
            schedule = "&schedule=" + quote(message.send_at.astimezone(TBILISI).strftime("%Y-%m-%d %H:%M:%S"))
        return f"{self._script('smsapi2.php')}&message={quote(text)}{origin}{schedule}&recipient="

    def send_request(self, batch: Batch) -> Request:
        return Request("GET", batch.prepared.head + ",".join(batch.recipients))

    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        reply = self.decode(body)
        if refused := _CODE.fullmatch(reply):
            # 2904: nothing was taken, for a reason that may be this gateway's own.
            return self.verdict_for_all(batch, self._error(refused[1]), elsewhere=refused[1] == "2904")
        taken = _OK.fullmatch(reply)
        if not taken or (credits_used := decimal(taken[1])) is None:
            self.unreadable()
        third = (taken[2] or "").strip()
        if third and self._lists_failures(third, batch):
            return self._all_but(third, batch)
        if len(third) > _MAX_ID or len(third.split()) > 1:
            self.unreadable()
        message_id = third or None
        if len(batch.recipients) == 1:
            return [Verdict(State.ACCEPTED, message_id, cost=credits_used)]
        # "At least one was taken" proves nothing of any one of them.
        doubt = OutcomeUnknown(
            "the gateway took at least one recipient of this request and does not say which",
            provider=self.provider,
            scope="recipient",
        )
        return [Verdict(State.UNKNOWN, message_id, doubt)] * len(batch.recipients)

    def unless_cut(self, verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
        """A list of refused numbers may go on: whoever is not on it was taken only if that was all of it."""
        if not any(verdict.state is State.REJECTED for verdict in verdicts):
            return verdicts
        half = "the list of refused numbers may have been cut: its length was not told"
        unknown = Verdict(State.UNKNOWN, None, UnreadableReply(half, provider=self.provider))
        return [unknown if verdict.state is State.ACCEPTED else verdict for verdict in verdicts]

    def _lists_failures(self, third: str, batch: Batch) -> bool:
        if "," in third:
            return True
        digits = _NOT_DIGITS.sub("", third)
        return len(digits) >= 8 and any(recipient[-8:] == digits[-8:] for recipient in batch.recipients)

    def _all_but(self, third: str, batch: Batch) -> Sequence[Verdict]:
        """Accepted but for the numbers listed, which the samples write in national form."""
        failed = {digits[-8:] for number in third.split(",") if (digits := _NOT_DIGITS.sub("", number))}
        tails = [recipient[-8:] for recipient in batch.recipients]
        # "OK" says that one was taken, and each number listed has to be one of ours, and one only.
        if not failed or not failed < set(tails) or any(tails.count(tail) > 1 for tail in failed):
            doubt = OutcomeUnknown(
                "the gateway's list of failed numbers does not fit the request",
                provider=self.provider,
                scope="recipient",
            )
            return [Verdict(State.UNKNOWN, None, doubt)] * len(tails)
        refused = Verdict(
            State.REJECTED,
            None,
            RecipientRejected("the gateway lists this number as failed", provider=self.provider),
        )
        return [refused if tail in failed else Verdict(State.ACCEPTED) for tail in tails]

    def status_request(self, reference: Reference) -> Request:
        return Request("GET", f"{self._script('getstatus.php')}&mes_id={quote(reference.message_id)}")

    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        reply = " ".join(self.decode(body).split())
        if refused := _CODE.fullmatch(reply):
            raise self._error(refused[1])
        if not reply:
            self.unreadable("the gateway gave no state: is there such an ID?")
        number, bar, word = (part.strip() for part in reply.casefold().partition("|"))
        entry = _BY_NUMBER.get(number) or _BY_WORD.get(number)
        if entry is None or (bar and _BY_WORD.get(word) != entry):
            self.unreadable()
        _, state, final = entry
        return [
            DeliveryReport(reference.recipient, self.provider, reference.message_id, state, final, reply)
            for reference in references
        ]

    def balance_request(self) -> Request:
        return Request("GET", f"{self._script('smsapi2.php')}&balance=true")

    def read_balance(self, body: bytes) -> Balance:
        reply = self.decode(body)
        if refused := _CODE.fullmatch(reply):
            raise self._error(refused[1])
        amount = decimal(reply)
        if amount is None:
            self.unreadable()
        return Balance(self.provider, amount, raw=reply)

    def _script(self, script: str) -> str:
        settings = self.settings
        return f"{self.url}{script}?username={quote(settings.login)}&password={quote(settings.password)}"

    def _error(self, code: str) -> SmsgwError:
        kind, description = _ERRORS[code]
        return kind(
            description, provider=self.provider, code=code, scope="recipient" if code == "2904" else None
        )
