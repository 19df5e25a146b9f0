"""Avist: delivery states and balances (avist.txt 3 and 4; PROTOCOLS.md, "Avist")."""

from decimal import Decimal

import pytest

from smsgw.drivers.base import Driver
from smsgw.errors import (
    AuthenticationFailed,
    GatewayRejected,
    GatewayUnavailable,
    InsufficientCredit,
    RecipientRejected,
    SmsgwError,
    UnreadableReply,
)
from smsgw.models import Balance, DeliveryReport, DeliveryState, Reference

PHONE = "79031234567"


# Status


@pytest.mark.parametrize(
    "written", ["Mess_ID=AB7 Status: {}", "message_id=AB7\nstatus: {}.", "MESS_ID=AB7  Status:{}"]
)
@pytest.mark.parametrize(
    ("word", "state", "final"),
    [
        ("unknown", DeliveryState.ENROUTE, False),
        ("delivered", DeliveryState.DELIVERED, True),
        ("not delivered", DeliveryState.UNDELIVERABLE, True),
        ("NOT  Delivered", DeliveryState.UNDELIVERABLE, True),
    ],
)
def test_a_status(avist: Driver, written: str, word: str, state: DeliveryState, final: bool) -> None:
    """`not delivered` contains `delivered`, so the whole word counts."""
    reports = avist.read_status([Reference("main", "AB7", PHONE)], written.format(word).encode())
    assert reports == [DeliveryReport(PHONE, "main", "AB7", state, final, word)]


@pytest.mark.parametrize(
    "reply",
    [
        "Mess_ID=AB7 Status: undelivered",
        "Mess_ID=AB7 Status: delivered not",
        "Mess_ID=AB7 Status:",
        "Mess_ID=AB8 Status: delivered",
        "Mess_ID=ab7 Status: delivered",
        "Status: delivered",
    ],
)
def test_an_undocumented_status_or_that_of_another_message_is_unreadable(avist: Driver, reply: str) -> None:
    with pytest.raises(UnreadableReply):
        avist.read_status([Reference("main", "AB7", PHONE)], reply.encode())


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("no such message", GatewayRejected),
        ("auth failed", AuthenticationFailed),
        ("can't send this message", GatewayRejected),
        ("your credit is null", InsufficientCredit),
        ("unsupported phone number", RecipientRejected),
        ("service is unavailable now", GatewayUnavailable),
    ],
)
def test_an_error_in_place_of_a_status_or_a_balance_is_raised(
    avist: Driver, words: str, kind: type[SmsgwError]
) -> None:
    body = f"Error: {words}".encode()
    with pytest.raises(SmsgwError) as raised:
        avist.read_status([Reference("main", "AB7", PHONE)], body)
    assert (type(raised.value), raised.value.code) == (kind, words)
    with pytest.raises(SmsgwError) as raised:
        avist.read_balance(body)
    assert type(raised.value) is kind


# Balance


@pytest.mark.parametrize(
    ("reply", "amount"),
    [
        ("Balance: 120 SMS", "120"),
        ("balance: 0 sms\n", "0"),
        ("Balance: -3 SMS", "-3"),
        ("Balance: 7.50 SMS.", "7.50"),
    ],
)
def test_a_balance(avist: Driver, reply: str, amount: str) -> None:
    assert avist.read_balance(reply.encode()) == Balance("main", Decimal(amount), "SMS", raw=reply.strip())


@pytest.mark.parametrize(
    "reply", ["Balance: SMS", "Balance: XXX SMS", "Balance: 1.2.3 SMS", "120", "Balance: 1"]
)
def test_an_undocumented_balance_is_unreadable(avist: Driver, reply: str) -> None:
    with pytest.raises(UnreadableReply):
        avist.read_balance(reply.encode())
