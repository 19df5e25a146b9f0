"""The fake: what the gateway's documents say, and nothing that the driver knows."""

import json
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Final

from attrs import define

from smsgw.sandbox import Call, Fate, Gateway, Kind, Reply

__all__ = ["GeorgiaGateway"]

KINDS: Final[Mapping[str, Kind]] = {"send": "send", "state": "status", "account": "balance"}
WORDS: Final[Mapping[Fate | None, str]] = {None: "way", "delivered": "done", "expired": "late"}


@define(kw_only=True, eq=False)
class GeorgiaGateway(Gateway):
    name: ClassVar[str] = "georgia"
    scripts: ClassVar[Mapping[str, Collection[str]]] = dict.fromkeys(KINDS, ("POST",))
    hidden: ClassVar[str] = "key"
    price: ClassVar[Decimal] = Decimal("0.10")

    def kind_of(self, script: str, given: Mapping[str, str]) -> Kind:
        return KINDS[script]

    def recipients_in(self, given: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(number for number in given.get("to", "").split(";") if number)

    def next_id(self) -> str:
        return f"GE-{self.next_serial()}"

    def word_of(self, fate: Fate | None) -> str:
        return WORDS.get(fate, "lost")

    def unavailable(self, call: Call) -> Reply:
        return refused("LATER")

    def answer(self, call: Call) -> Reply:
        given = call.given
        if not self.is_account(given.get("account", ""), given.get("key", "")):
            return refused("LOGIN")
        if self.faults.blocked:
            return refused("LOGIN", "blocked")
        if call.kind == "balance":
            return says(ok=True, left=f"{self.balance()}", unit="GEL")
        return self.state_of(given.get("ref", "")) if call.kind == "status" else self.sent(call)

    def sent(self, call: Call) -> Reply:
        if self.faults.refuse_with is not None:
            return refused(self.faults.refuse_with, "refuse_with")
        if self.faults.no_credit:
            return refused("MONEY", "no_credit")
        if not (text := call.given.get("body", "")):
            return refused("TEXT")
        return says(ok=True, sms=[self.row(call, number, text) for number in self.recipients_in(call.given)])

    def row(self, call: Call, number: str, text: str) -> dict[str, str]:
        if number.removeprefix("+") in self.faults.stop_list:
            return {"to": number, "fail": "NUMBER"}
        (message,) = self.take(call, [number], text, sender=call.given.get("from", ""))
        return {"to": number, "ref": message.message_id}

    def state_of(self, ref: str) -> Reply:
        for message in self.known(ref):
            return says(ok=True, ref=ref, state=self.word_of(self.fate(message)))
        return refused("REF")


def says(**content: Any) -> Reply:
    return Reply(json.dumps(content), content_type="application/json")


def refused(why: str, fault: str | None = None) -> Reply:
    return Reply(json.dumps({"ok": False, "why": why}), content_type="application/json", fault=fault)
