"""Drivers that are wrong on purpose, each in one way; `FAULTS` names the checks of the kit that each one fails."""

import json
import logging
import re
from collections.abc import Sequence
from typing import Any, ClassVar, Final
from urllib.parse import quote

from attrs import evolve

from smsgw.drivers.base import Batch, Driver, Prepared, Verdict
from smsgw.errors import GatewayRejected, OutcomeUnknown, SmsgwError, TextRejected, UnreadableReply
from smsgw.models import Balance, DeliveryReport, Message, Reference, State
from smsgw.transport import Request, Wire

from .driver import Georgia

__all__ = ["FAULTS", "UNREACHING"]


class ShowsThePassword(Georgia):
    def __repr__(self) -> str:
        return f"<Georgia {self.settings.login}:{self.settings.password}>"


class LogsThePassword(Georgia):
    def send_request(self, batch: Batch) -> Request:
        logging.getLogger("smsgw_georgia").debug("sending with %s", self.settings.password)
        return super().send_request(batch)


class PutsThePasswordIntoTheUrl(Georgia):
    def post(self, script: str, form: str) -> Request:
        return super().post(f"{script}?key={quote(self.settings.password, safe='')}", form)


class IgnoresTheUrl(Georgia):
    default_url: ClassVar[str] = "http://127.0.0.1:1/"

    def post(self, script: str, form: str) -> Request:
        return Request("POST", self.default_url + script, form.encode("ascii"))


class DropsOptions(Georgia):
    def prepare(self, message: Message) -> Prepared:
        return super().prepare(evolve(message, flash=False, validity=None, send_at=None))


class EscapesNothing(Georgia):
    def encode(self, text: str) -> str:
        return text


class WritesAnotherCharset(Georgia):
    def encode(self, text: str) -> str:
        return quote(text, safe="", encoding="windows-1251", errors="replace")


class CutsTheText(Georgia):
    def head(self, message: Message, text: str, sender: str | None) -> str:
        return super().head(message, text[:160], sender)


class TidiesTheText(Georgia):
    def encode(self, text: str) -> str:
        return super().encode(" ".join(text.split()))


class LosesTheSender(Georgia):
    def head(self, message: Message, text: str, sender: str | None) -> str:
        return super().head(message, text, None)


class TrustsIds(Georgia):
    def status_request(self, reference: Reference) -> Request:
        return self.post("state", f"{self.account()}&ref={reference.message_id}")


class ForgetsARecipient(Georgia):
    def send_request(self, batch: Batch) -> Request:
        return super().send_request(evolve(batch, recipients=batch.recipients[:2]))

    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        first = evolve(batch, recipients=batch.recipients[:2])
        verdicts = super().read_send(first, body)
        return [*verdicts, *[verdicts[-1]] * (len(batch.recipients) - 2)]


class ForgetsAVerdict(Georgia):
    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        verdicts = super().read_send(batch, body)
        return verdicts[:-1] if len(verdicts) > 1 else verdicts


class MixesIdsUp(Georgia):
    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        return super().read_send(batch, body)[::-1]


class BelievesAnything(Georgia):
    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        try:
            return super().read_send(batch, body)
        except UnreadableReply:
            return [Verdict(State.ACCEPTED)] * len(batch.recipients)


class CallsTheUnreadableRefused(Georgia):
    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        try:
            return super().read_send(batch, body)
        except UnreadableReply:
            pass
        return self.verdict_for_all(batch, TextRejected("the gateway refused it", provider=self.provider))


class ReadsHalfAReply(Georgia):
    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        found = dict(re.findall(rb'"to": "\+(\d+)", "ref": "(GE-\d+)"', body))
        if len(found) == len(batch.recipients) and b'"ok": true' in body:
            return [Verdict(State.ACCEPTED, found[number.encode()].decode()) for number in batch.recipients]
        return super().read_send(batch, body)


class FallsOverGarbage(Georgia):
    def parsed(self, body: bytes) -> dict[str, Any]:
        reply: dict[str, Any] = json.loads(body)
        return reply


class KeepsWhatItCaught(Georgia):
    def parsed(self, body: bytes) -> dict[str, Any]:
        try:
            json.loads(body)
        except (ValueError, RecursionError) as error:
            raise UnreadableReply("this is no JSON", provider=self.provider) from error
        return super().parsed(body)


class DeniesLostReplies(Georgia):
    async def send(self, wire: Wire, batch: Batch) -> Sequence[Verdict]:
        refused = Verdict(State.REJECTED, error=GatewayRejected("no answer", provider=self.provider))
        verdicts = await super().send(wire, batch)
        return [refused if verdict.state is State.UNKNOWN else verdict for verdict in verdicts]


class ResendsWhatIsInDoubt(Georgia):
    async def send(self, wire: Wire, batch: Batch) -> Sequence[Verdict]:
        verdicts = await super().send(wire, batch)
        if isinstance(verdicts[0].error, OutcomeUnknown):
            return await super().send(wire, batch)
        return verdicts


class CallsLaterNever(Georgia):
    def refusal(self, reply: dict[str, Any]) -> SmsgwError:
        error = super().refusal(reply)
        return TextRejected("refused", provider=self.provider) if error.code == "LATER" else error


class BlamesTheMessage(Georgia):
    def refusal(self, reply: dict[str, Any]) -> SmsgwError:
        error = super().refusal(reply)
        return TextRejected("refused", provider=self.provider) if error.code in {"LOGIN", "MONEY"} else error


class CallsRefusalsRetryable(Georgia):
    def refusal(self, reply: dict[str, Any]) -> SmsgwError:
        error = super().refusal(reply)
        error.retryable = True
        return error


class QuotesThePassword(Georgia):
    def refusal(self, reply: dict[str, Any]) -> SmsgwError:
        error = super().refusal(reply)
        return type(error)(f"refused {self.settings.password}", provider=self.provider, code=error.code)


class RefusesAllForOne(Georgia):
    def read_send(self, batch: Batch, body: bytes) -> Sequence[Verdict]:
        verdicts = super().read_send(batch, body)
        for verdict in verdicts:
            if verdict.error is not None:
                return [verdict] * len(verdicts)
        return verdicts


class RaisesFromStatus(Georgia):
    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        if not self.parsed(body)["ok"]:
            raise KeyError("REF")
        return super().read_status(references, body)


class CallsEverythingDelivered(Georgia):
    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        return super().read_status(references, re.sub(rb'"(way|lost|late)"', b'"done"', body))


class CallsTheLateDelivered(Georgia):
    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        return super().read_status(references, body.replace(b'"late"', b'"done"'))


class KeepsTheWordToItself(Georgia):
    def read_status(self, references: Sequence[Reference], body: bytes) -> Sequence[DeliveryReport]:
        return [evolve(report, provider_state=None) for report in super().read_status(references, body)]


class CountsMoneyInFloats(Georgia):
    def read_balance(self, body: bytes) -> Balance:
        balance = super().read_balance(body)
        return evolve(balance, amount=float(balance.amount))  # type: ignore[arg-type]


SEND = "a_send_is_accepted_and_arrives_as_it_was_asked_for"
SIGNS = "signs_of_the_urls_own_arrive_as_they_are"
LETTERS = "letters_of_other_alphabets_arrive_or_are_refused"
LONG = "a_long_text_arrives_whole_or_is_refused"
MANY = "many_recipients_are_taken_once_each_under_their_own_ids"
SURROGATE = "a_lone_surrogate_cannot_be_written"
STOP_LIST = "a_refused_number_does_not_stop_the_others"
LATER = "an_unavailable_gateway_is_asked_again"
WRONG_PASSWORD = "a_wrong_password_is_rejected_as_such"
BLOCKED = "a_blocked_account_is_rejected_as_such"
NO_CREDIT = "an_account_out_of_credit_is_rejected_as_such"
LOST = "a_message_whose_reply_was_lost_is_never_sent_again"
NEVER_ARRIVED = "a_message_that_may_not_have_arrived_is_never_sent_again"
HTTP = "an_http_status_is_one_verdict_for_each_recipient"
WIRE = "what_the_wire_raises_is_a_verdict_and_no_exception"
UNDOCUMENTED = "a_reply_that_nobody_documented_is_unknown"
CUT_JSON = "a_cut_reply_in_json_or_xml_is_unknown"
CUT_YES = "a_cut_acceptance_is_never_a_rejection"
CUT_NO = "a_cut_refusal_is_never_an_acceptance"
DAMAGED = "a_damaged_reply_raises_nothing_but_our_errors"
OTHERS_REPLY = "a_reply_to_another_request_is_not_taken_for_ours"
GARBAGE = "garbage_for_a_status_or_a_balance_is_an_error_of_ours"
ON_ITS_WAY = "a_message_on_its_way_is_not_final"
UNDELIVERABLE = "an_undeliverable_message_is_reported_as_undeliverable"
DELIVERED = "a_delivered_message_is_reported_as_delivered"
OTHER_END = "a_message_that_came_to_another_end_is_not_reported_as_delivered"
NO_ERROR_SHOWS = "no_error_shows_the_password_or_the_text"
SEVERAL = "several_messages_each_have_their_own_report"
UNKNOWN_ID = "an_unknown_id_is_an_error_in_the_report"
REFUSED_STATUS = "a_status_that_is_refused_is_an_error_in_the_report"

FAULTS: Final[dict[type[Driver], set[str]]] = {
    ShowsThePassword: {"no_repr_shows_the_password_or_the_text"},
    LogsThePassword: {"no_log_shows_the_password_or_the_text"},
    PutsThePasswordIntoTheUrl: {"the_password_is_escaped_and_never_in_the_url_of_a_post"},
    DropsOptions: {"an_option_is_carried_or_refused_and_never_dropped"},
    EscapesNothing: {SIGNS, LETTERS, SURROGATE},
    WritesAnotherCharset: {LETTERS, SURROGATE},
    CutsTheText: {LONG},
    TidiesTheText: {LETTERS},
    LosesTheSender: {SEND},
    TrustsIds: {"a_message_id_is_escaped"},
    ForgetsARecipient: {"each_recipient_stands_in_the_request_once", MANY, STOP_LIST},
    ForgetsAVerdict: {MANY, STOP_LIST, DAMAGED},
    MixesIdsUp: {MANY},
    BelievesAnything: {UNDOCUMENTED, CUT_JSON, CUT_NO, OTHERS_REPLY},
    CallsTheUnreadableRefused: {UNDOCUMENTED, CUT_YES, CUT_JSON},
    ReadsHalfAReply: {CUT_JSON, DAMAGED},
    FallsOverGarbage: {UNDOCUMENTED, CUT_YES, CUT_JSON, CUT_NO, DAMAGED, GARBAGE},
    KeepsWhatItCaught: {UNDOCUMENTED, CUT_YES, CUT_JSON, CUT_NO, DAMAGED},
    DeniesLostReplies: {LOST, NEVER_ARRIVED, HTTP, WIRE},
    ResendsWhatIsInDoubt: {LOST, NEVER_ARRIVED, HTTP, WIRE},
    CallsLaterNever: {LATER},
    BlamesTheMessage: {WRONG_PASSWORD, BLOCKED, NO_CREDIT},
    CallsRefusalsRetryable: {WRONG_PASSWORD, BLOCKED, NO_CREDIT},
    QuotesThePassword: {NO_ERROR_SHOWS},
    RefusesAllForOne: {STOP_LIST},
    RaisesFromStatus: {UNKNOWN_ID, REFUSED_STATUS},
    CallsEverythingDelivered: {ON_ITS_WAY, UNDELIVERABLE, SEVERAL, OTHER_END},
    CallsTheLateDelivered: {OTHER_END},
    KeepsTheWordToItself: {DELIVERED, UNDELIVERABLE},
    CountsMoneyInFloats: {"a_balance_is_a_number_or_refused"},
}
"""Each fault, and the checks that it fails; all others pass. (`IgnoresTheUrl` reaches no gateway at all.)"""

UNREACHING: Final = {IgnoresTheUrl: "every_request_goes_to_the_configured_folder"}
