"""smsco.ge: delivery states and balances (smsco.txt; PROTOCOLS.md, "smsco.ge")."""

from decimal import Decimal

import pytest

from smsgw.drivers.base import Driver
from smsgw.errors import (
    AuthenticationFailed,
    GatewayRejected,
    GatewayUnavailable,
    InsufficientCredit,
    RecipientRejected,
    SenderRejected,
    SmsgwError,
    TextRejected,
    UnreadableReply,
)
from smsgw.models import Balance, DeliveryReport, DeliveryState, Reference

PHONE = "995599445448"
THREE = ("995599445448", "995599244409", "2348031234567")

# Status


STATES = [
    ("0", "Sent", DeliveryState.ENROUTE, False),
    ("1", "Delivered", DeliveryState.DELIVERED, True),
    ("2", "In process", DeliveryState.ENROUTE, False),
    ("3", "Failed", DeliveryState.UNDELIVERABLE, True),
    ("4", "Deleted", DeliveryState.DELETED, True),
    ("5", "Expired", DeliveryState.EXPIRED, True),
    ("6", "Rejected", DeliveryState.REJECTED, True),
    ("7", "Canceled", DeliveryState.DELETED, True),
    ("7", "Cancelled", DeliveryState.DELETED, True),
]


@pytest.mark.parametrize("written", ["{number}", "{word}", "{number} | {word}", "{number}|{word}\n"])
@pytest.mark.parametrize(("number", "word", "state", "final"), STATES)
def test_a_status_is_a_number_a_word_or_both(
    *, smsco: Driver, written: str, number: str, word: str, state: DeliveryState, final: bool
) -> None:
    reply = written.format(number=number, word=word)
    for spelt in (reply, reply.upper()):
        reports = smsco.read_status([Reference("main", "123", PHONE)], spelt.encode())
        assert reports == [DeliveryReport(PHONE, "main", "123", state, final, spelt.strip())]


def test_one_status_answers_for_all_that_share_the_id(smsco: Driver) -> None:
    reports = smsco.read_status([Reference("main", "123", phone) for phone in THREE], b"1")
    assert [report.recipient for report in reports] == list(THREE)
    assert smsco.batch_reports


@pytest.mark.parametrize(
    "reply", ["8", "-1", "1 | Failed", "1 |", "| Delivered", "01", "1 Delivered", "OK 4 123"]
)
def test_an_undocumented_status_is_unreadable(smsco: Driver, reply: str) -> None:
    with pytest.raises(UnreadableReply):
        smsco.read_status([Reference("main", "123", PHONE)], reply.encode())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("2904", GatewayRejected),
        ("2905", AuthenticationFailed),
        ("2906", InsufficientCredit),
        ("2907", GatewayUnavailable),
        ("2908", GatewayRejected),
        ("2909", GatewayRejected),
        ("2910", AuthenticationFailed),
        ("2911", AuthenticationFailed),
        ("2912", RecipientRejected),
        ("2913", TextRejected),
        ("2914", SenderRejected),
        ("2915", GatewayRejected),
    ],
)
def test_a_code_in_place_of_a_status_or_a_balance_is_raised(
    smsco: Driver, code: str, kind: type[SmsgwError]
) -> None:
    with pytest.raises(SmsgwError) as raised:
        smsco.read_status([Reference("main", "123", PHONE)], code.encode())
    assert (type(raised.value), raised.value.code) == (kind, code)
    with pytest.raises(SmsgwError) as raised:
        smsco.read_balance(code.encode())
    assert (type(raised.value), raised.value.code) == (kind, code)


# Balance


@pytest.mark.parametrize("reply", ["120", "0", "-3", "12.50", "2903", "2916", "29040", "2904.0", " 7\n"])
def test_a_balance_is_a_bare_number_without_unit(smsco: Driver, reply: str) -> None:
    """Only exactly 2904 to 2915 are errors."""
    number = reply.strip()
    assert smsco.read_balance(reply.encode()) == Balance("main", Decimal(number), None, raw=number)


@pytest.mark.parametrize("reply", ["OK 4", "12 SMS", "1,5", "1e3", "NaN", "1.", ".5", "+5", "1_000", "٣"])
def test_an_undocumented_balance_is_unreadable(smsco: Driver, reply: str) -> None:
    with pytest.raises(UnreadableReply):
        smsco.read_balance(reply.encode())
