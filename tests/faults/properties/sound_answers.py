"""What a driver makes of a reply to a question, whatever the reply: our values, bounded, or our errors."""

from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from smsgw.errors import SmsgwError
from smsgw.models import Balance, DeliveryReport, DeliveryState, Lookup
from smsgw.testing.conformance.verdicts import AnsweringWire
from smsgw.transport import Reply
from tests.faults.properties.five import (
    BATCH_ID,
    MESSAGE_ID,
    RECIPIENTS,
    REFERENCES,
    driver_for,
    finish,
    result_of,
)
from tests.faults.properties.soundness import LONGEST_ID, assert_discreet, assert_moment, assert_word

__all__ = [
    "account_is_sound",
    "answered",
    "balance_is_sound",
    "lookup_is_sound",
    "search_is_sound",
    "status_is_sound",
]

T = TypeVar("T")
FINAL: Final = {
    DeliveryState.DELIVERED: ("deliver", "delivrd", "1"),
    DeliveryState.UNDELIVERABLE: ("not", "undeliv", "failed", "3"),
    DeliveryState.EXPIRED: ("expired", "5"),
    DeliveryState.DELETED: ("deleted", "cancel", "4", "7"),
    DeliveryState.REJECTED: ("reject", "6"),
    DeliveryState.UNKNOWN: ("partly_deliver",),
}
"""Words one of which a reply has to have for this state to be final."""


def answered(question: Coroutine[Any, Any, T]) -> T | None:
    """The answer; None where it is an error of ours, which is discreet then."""
    answer = result_of(lambda: finish(question), SmsgwError)
    if not isinstance(answer, SmsgwError):
        return answer
    assert_discreet(answer)
    return None


def _assert_report(report: DeliveryReport, recipient: str, body: bytes) -> None:
    """It is about what was asked, and final only where the reply has such a word."""
    assert type(report) is DeliveryReport
    assert (report.recipient, report.provider, report.message_id) == (recipient, "main", MESSAGE_ID)
    for word in (report.provider_state, report.error_code, report.operator, report.region, report.mnc):
        assert_word(word)
    assert_moment(report.changed_at)
    assert report.segments is None or 0 <= report.segments < 10_000
    assert report.price is None or report.price.is_finite()
    if report.error is not None:
        assert_discreet(report.error)
        assert report.state is DeliveryState.UNKNOWN
        assert not report.final
    if report.final:
        said = body.decode("utf-8", "replace").casefold()
        assert any(word in said for word in FINAL[report.state])


def status_is_sound(name: str, reply: Reply) -> None:
    """One report for each reference that was asked about, of bounded words and times that any zone can tell."""
    reports = answered(driver_for(name).status(AnsweringWire(reply), REFERENCES))
    assert reports is None or reply.status // 100 == 2
    for recipient, report in zip(RECIPIENTS, reports or [], strict=reports is not None):
        _assert_report(report, recipient, reply.body)


def balance_is_sound(name: str, reply: Reply) -> None:
    """An amount is finite and stands in the reply; names and the raw text are no longer than it."""
    balance = answered(driver_for(name).balance(AnsweringWire(reply)))
    if balance is None:
        return
    assert type(balance) is Balance
    assert reply.status // 100 == 2
    assert balance.provider == "main"
    assert balance.amount.is_finite()
    assert str(balance.amount).lstrip("-").encode() in reply.body
    assert balance.unit is None or 0 < len(balance.unit) <= 10
    assert len(balance.raw) + sum(map(len, balance.packages)) <= 2 * len(reply.body)
    assert all(0 <= left < 10**20 for left in balance.packages.values())


def account_is_sound(name: str, reply: Reply) -> None:
    """Only IBA's documented signs are proof against an account."""
    error = answered(driver_for(name).account_error(AnsweringWire(reply)))
    if error is not None:
        assert name == "iba"
        assert error.scope == "account"
        assert_discreet(error)


def lookup_is_sound(name: str, reply: Reply) -> None:
    """In order, each about its number, of bounded words."""
    lookups = answered(driver_for(name).lookup(AnsweringWire(reply), RECIPIENTS, BATCH_ID))
    assert lookups is None or driver_for(name).has_lookup
    for recipient, found in zip(RECIPIENTS, lookups or [], strict=lookups is not None):
        assert type(found) is Lookup
        assert found.recipient == recipient
        for word in (found.operator, found.region, found.mnc):
            assert_word(word)
        assert found.message_id is None or len(found.message_id) <= LONGEST_ID
        if found.error is not None:
            assert_discreet(found.error)


def search_is_sound(name: str, reply: Reply) -> None:
    """A recipient is found under our own ID only where both stand in the reply."""
    found = answered(driver_for(name).find(AnsweringWire(reply), BATCH_ID))
    for recipient in set(RECIPIENTS).intersection(found or ()):
        assert driver_for(name).settles
        assert BATCH_ID.encode() in reply.body
        assert recipient.encode() in reply.body
