"""The driver: nothing but protocol."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from smsgw.drivers.base import Batch, Driver, Verdict, decimal, quote
from smsgw.errors import (
    AuthenticationFailed,
    GatewayRejected,
    GatewayUnavailable,
    InsufficientCredit,
    RecipientRejected,
    SmsgwError,
    TextRejected,
)
from smsgw.models import Balance, DeliveryReport, DeliveryState, Message, Reference, State
from smsgw.transport import Request

__all__ = ["Georgia"]

REFUSALS: Final[dict[str, tuple[type[SmsgwError], str]]] = {
    "LOGIN": (AuthenticationFailed, "the gateway refused the account"),
    "MONEY": (InsufficientCredit, "the account is out of credit"),
    "LATER": (GatewayUnavailable, "the gateway is unavailable"),
    "TEXT": (TextRejected, "the gateway refused the text"),
    "REF": (GatewayRejected, "the gateway knows no such message"),
}
STATES: Final = {
    "way": (DeliveryState.ENROUTE, False),
    "done": (DeliveryState.DELIVERED, True),
    "lost": (DeliveryState.UNDELIVERABLE, True),
    "late": (DeliveryState.EXPIRED, True),
}


class Georgia(Driver):
    name: ClassVar[str] = "georgia"
    default_url: ClassVar[str] = "https://sms.georgia.test/api/"
    batch_limit: ClassVar[int] = 50

    def head(self, message: Message, text: str, sender: str | None) -> str:
        return f"{self.account()}&from={quote(sender or '')}&body={self.encode(text)}&to="

    def send_request(self, batch: Batch) -> Request:
        numbers = ";".join(f"+{recipient}" for recipient in batch.recipients)
        return self.post("send", batch.prepared.head + quote(numbers))

    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        reply = self.parsed(body)
        if reply["ok"] is not True:
            return self.verdict_for_all(batch, self.refusal(reply))
        rows = {row.get("to"): row for row in self.rows(reply)}
        return [self.verdict(rows.get(f"+{recipient}")) for recipient in batch.recipients]

    def verdict(self, row: dict[str, Any] | None) -> Verdict:
        if row is None or ("ref" in row) == ("fail" in row):
            self.unreadable("the reply leaves a recipient out")
        if isinstance(ref := row.get("ref"), str) and ref.isascii() and ref:
            return Verdict(State.ACCEPTED, ref)
        if row.get("fail") == "NUMBER":
            error = RecipientRejected("the gateway refused the number", provider=self.provider)
            return Verdict(State.REJECTED, error=error)
        return self.unreadable("a row has neither an ID nor a documented refusal")

    def status_request(self, reference: Reference) -> Request:
        return self.post("state", f"{self.account()}&ref={quote(reference.message_id)}")

    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        reply = self.parsed(body)
        if reply["ok"] is not True:
            raise self.refusal(reply)
        message_id, word = references[0].message_id, reply.get("state")
        if reply.get("ref") != message_id or not isinstance(word, str) or word not in STATES:
            self.unreadable()
        state, final = STATES[word]
        return [
            DeliveryReport(reference.recipient, self.provider, message_id, state, final, word)
            for reference in references
        ]

    def balance_request(self) -> Request:
        return self.post("account", self.account())

    def read_balance(self, body: bytes) -> Balance:
        reply = self.parsed(body)
        if reply["ok"] is not True:
            raise self.refusal(reply)
        left = reply.get("left")
        amount = decimal(left) if isinstance(left, str) else None
        if amount is None:
            self.unreadable()
        return Balance(self.provider, amount, "GEL", raw=self.decode(body))

    def account(self) -> str:
        return f"account={quote(self.settings.login)}&key={quote(self.settings.password)}"

    def post(self, script: str, form: str) -> Request:
        return Request("POST", self.url + script, form.encode("ascii"))

    def parsed(self, body: bytes) -> dict[str, Any]:
        text = self.decode(body)
        reply: object = None
        try:
            reply = json.loads(text)
        except (ValueError, RecursionError):
            reply = None
        if not isinstance(reply, dict) or not isinstance(reply.get("ok"), bool):
            self.unreadable()
        return reply

    def rows(self, reply: dict[str, Any]) -> list[dict[str, Any]]:
        rows = reply.get("sms")
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and isinstance(row.get("to"), str) for row in rows
        ):
            self.unreadable()
        return rows

    def refusal(self, reply: dict[str, Any]) -> SmsgwError:
        why = reply.get("why")
        if not isinstance(why, str) or why not in REFUSALS:
            self.unreadable()
        kind, description = REFUSALS[why]
        return kind(description, provider=self.provider, code=why)
