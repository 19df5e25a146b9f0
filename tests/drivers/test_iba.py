"""IBA Telecom: iba.txt, and PROTOCOLS.md, "IBA Telecom"."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from aioresponses import aioresponses

from smsgw.drivers.base import Batch, Driver, Verdict
from smsgw.errors import (
    AuthenticationFailed,
    InvalidSender,
    InvalidText,
    RecipientRejected,
    SmsgwError,
    TextRejected,
    UnreadableReply,
)
from smsgw.models import Balance, DeliveryReport, DeliveryState, Message, Reference, State
from smsgw.transport import Request, Transport, Wire

MakeBatch = Callable[..., Batch]
Asked = Callable[..., tuple[str, str, dict[str, str]]]
MakeWire = Callable[[bytes], Wire]

THREE = ("79083730330", "79031234567", "79023456789")
ACCOUNT = {"user": "test:http", "pwd": "~p&ss=+% wört"}
SCRIPT = "http://gateway.test/api/sendsms.php"
MOSCOW = timezone(timedelta(hours=3))
ACCEPTED, REJECTED, UNKNOWN = State.ACCEPTED, State.REJECTED, State.UNKNOWN


# Requests


def test_the_default_url_is_the_documented_one(driver_for: Callable[..., Driver]) -> None:
    request = driver_for("iba", url=None).balance_request()
    assert request.url.startswith("http://smpp.ibatele.com/sendsms.php?user=")


def test_a_send(iba: Driver, batch_for: MakeBatch, asked: Asked) -> None:
    request = iba.send_request(batch_for(iba, *THREE, text="ибателеком & co", sender="IBATelecom"))
    assert asked(request) == (
        "GET",
        SCRIPT,
        {**ACCOUNT, "sadr": "IBATelecom", "dadr": ",".join(THREE), "text": "ибателеком & co"},
    )


@pytest.mark.parametrize(
    ("charset", "written"), [("utf-8", "%D0%9A%D0%BE%D0%B4%201"), ("windows-1251", "%CA%EE%E4%201")]
)
def test_the_text_is_written_in_the_configured_charset(
    driver_for: Callable[..., Driver], batch_for: MakeBatch, charset: str, written: str
) -> None:
    driver = driver_for("iba", charset=charset)
    assert f"&text={written}&" in driver.send_request(batch_for(driver, text="Код 1")).url


def test_a_status_request(iba: Driver, asked: Asked) -> None:
    request = iba.status_request(Reference("main", "83759227", THREE[0]))
    assert asked(request) == ("GET", SCRIPT, {**ACCOUNT, "smsid": "83759227"})


def test_a_balance_request(iba: Driver, asked: Asked) -> None:
    assert asked(iba.balance_request()) == ("GET", SCRIPT, {**ACCOUNT, "balance": "1"})


def test_ten_recipients_a_request_at_most(iba: Driver) -> None:
    assert iba.batch_limit == iba.batch_size == 10


def test_urls_stay_under_2000_characters(iba: Driver, batch_for: MakeBatch) -> None:
    batch = batch_for(iba)
    assert batch.prepared.room is not None
    assert len(batch.prepared.head) + batch.prepared.room == 1999


# What is refused before any request


@pytest.mark.parametrize("sender", ["TESTSMS", "Shop 24-7.r", "123456789012345"])
def test_a_sender_of_11_latin_characters_or_15_digits(iba: Driver, sender: str) -> None:
    assert iba.prepare(Message(to=THREE, text="Hi", sender=sender)).sender == sender


@pytest.mark.parametrize("sender", ["abcdefghijkl", "1234567890123456", "МАГАЗИН", "A\nB"])
def test_any_other_sender_is_refused(iba: Driver, sender: str) -> None:
    with pytest.raises(InvalidSender):
        iba.prepare(Message(to=THREE, text="Hi", sender=sender))


def test_a_text_of_more_than_a_url_is_refused_and_never_cut(iba: Driver) -> None:
    with pytest.raises(InvalidText, match="1999"):
        iba.prepare(Message(to=THREE, text="я" * 330))


# Replies to a send


@pytest.mark.parametrize(
    "reply",
    [
        "83759227,83759228,83759229",
        "83759227, 83759228, 83759229\r\n",
        "83759227\n83759228\n83759229",
        "83759227 83759228\t83759229,",
    ],
)
def test_ids_belong_to_recipients_by_position(iba: Driver, batch_for: MakeBatch, reply: str) -> None:
    """Commas, white space and new lines separate them."""
    assert iba.read_send(batch_for(iba, *THREE), reply.encode()) == [
        Verdict(ACCEPTED, "83759227"),
        Verdict(ACCEPTED, "83759228"),
        Verdict(ACCEPTED, "83759229"),
    ]


@pytest.mark.parametrize("reply", ["1", "1,2", "1,2,3,4", "0,0", "0,1,2,3", "1,,2"])
async def test_ids_of_another_count_prove_nothing(
    iba: Driver, batch_for: MakeBatch, wire_for: MakeWire, reply: str
) -> None:
    verdicts = await iba.send(wire_for(reply.encode()), batch_for(iba, *THREE))
    assert [(verdict.state, verdict.message_id) for verdict in verdicts] == [(UNKNOWN, None)] * 3


@pytest.mark.parametrize("recipients", [THREE, THREE[:1]])
@pytest.mark.parametrize("reply", ["0", " 0\r\n", "\ufeff0"])
def test_a_bare_0_refuses_the_whole_request_without_a_cause(
    iba: Driver, batch_for: MakeBatch, reply: str, recipients: tuple[str, ...]
) -> None:
    """Nobody is named, so the batch may be taken apart; the login may be meant, which the balance tells."""
    verdicts = iba.read_send(batch_for(iba, *recipients), reply.encode())
    assert len(verdicts) == len(recipients)
    for verdict in verdicts:
        assert (verdict.state, verdict.unnamed, verdict.elsewhere) == (REJECTED, True, True)
        assert type(verdict.error) is RecipientRejected
        assert (verdict.error.code, verdict.error.retryable) == ("0", False)
        assert iba.suspects_account(verdict)


def test_a_0_in_a_list_refuses_that_recipient(iba: Driver, batch_for: MakeBatch) -> None:
    first, second, third = iba.read_send(batch_for(iba, *THREE), b"11,0,13")
    assert (first, third) == (Verdict(ACCEPTED, "11"), Verdict(ACCEPTED, "13"))
    assert (second.state, second.elsewhere, second.unnamed) == (REJECTED, True, False)
    assert type(second.error) is RecipientRejected
    assert not iba.suspects_account(second)


def test_a_list_of_0_alone_refuses_each_by_name(iba: Driver, batch_for: MakeBatch) -> None:
    verdicts = iba.read_send(batch_for(iba, *THREE), b"0,0,0")
    assert [(verdict.state, verdict.unnamed) for verdict in verdicts] == [(REJECTED, False)] * 3


@pytest.mark.parametrize(
    "reply", ["OK", "11;12;13", "-1", "11,12,x", "1.5", "error", "11,12,13 error", "X11,12,13", "٠"]
)
async def test_any_other_text_proves_nothing(
    iba: Driver, batch_for: MakeBatch, wire_for: MakeWire, reply: str
) -> None:
    for verdict in await iba.send(wire_for(reply.encode()), batch_for(iba, *THREE)):
        assert (verdict.state, type(verdict.error)) == (UNKNOWN, UnreadableReply)


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251"])
@pytest.mark.parametrize(
    ("reply", "kind", "unnamed"),
    [
        ("Аккаунт заблокирован.", AuthenticationFailed, False),
        ("Текст SMS отклонен модератором.", TextRejected, False),
        ("Номер телефона присутствует в стоп-листе.", RecipientRejected, True),
    ],
)
def test_the_sister_platforms_texts_are_known_here_too(
    *, iba: Driver, batch_for: MakeBatch, charset: str, reply: str, kind: type[SmsgwError], unnamed: bool
) -> None:
    """In either charset; test_targetsms.py has them all."""
    verdicts = iba.read_send(batch_for(iba, *THREE), reply.encode(charset))
    assert [(verdict.state, type(verdict.error), verdict.unnamed) for verdict in verdicts] == [
        (REJECTED, kind, unnamed)
    ] * 3
    assert not any(map(iba.suspects_account, verdicts))


# The account, after a bare 0


@pytest.mark.parametrize("body", [b"", b" \r\n"])
async def test_an_empty_balance_means_the_account(iba: Driver, wire_for: MakeWire, body: bytes) -> None:
    error = await iba.account_error(wire_for(body))
    assert type(error) is AuthenticationFailed
    with pytest.raises(AuthenticationFailed):
        iba.read_balance(body)


async def test_any_balance_clears_the_account(iba: Driver, wire_for: MakeWire) -> None:
    assert await iba.account_error(wire_for(b"445.6\nRUR")) is None


# Status


@pytest.mark.parametrize(
    ("word", "state", "final"),
    [
        ("Send", DeliveryState.ENROUTE, False),
        ("send", DeliveryState.ENROUTE, False),
        ("deliver", DeliveryState.DELIVERED, True),
        ("DELIVER", DeliveryState.DELIVERED, True),
        ("not_deliver", DeliveryState.UNDELIVERABLE, True),
        ("expired", DeliveryState.EXPIRED, True),
        ("partly_deliver", DeliveryState.UNKNOWN, True),
    ],
)
def test_a_status_is_a_word(iba: Driver, word: str, state: DeliveryState, final: bool) -> None:
    [report] = iba.read_status([Reference("main", "7", THREE[0])], f" {word}\n".encode())
    assert report == DeliveryReport(THREE[0], "main", "7", state, final, word)


@pytest.mark.parametrize("between", [" ", "\n", "\r\n", "\t", "  "])
def test_a_time_after_the_word_is_when_it_changed(iba: Driver, between: str) -> None:
    body = f"deliver{between}2011-01-01 12:57:46".encode()
    [report] = iba.read_status([Reference("main", "7", THREE[0])], body)
    assert (report.provider_state, report.final) == ("deliver", True)
    assert report.changed_at == datetime(2011, 1, 1, 12, 57, 46, tzinfo=MOSCOW)


def test_a_time_that_cannot_be_read_is_left_out(iba: Driver) -> None:
    [report] = iba.read_status([Reference("main", "7", THREE[0])], b"deliver yesterday")
    assert (report.state, report.changed_at) == (DeliveryState.DELIVERED, None)


@pytest.mark.parametrize("reply", ["0", "delivered", "deliver_not", "not deliver", "sent", "x deliver"])
def test_an_undocumented_status_is_unreadable(iba: Driver, reply: str) -> None:
    with pytest.raises(UnreadableReply):
        iba.read_status([Reference("main", "7", THREE[0])], reply.encode())


# Balance


@pytest.mark.parametrize(
    ("reply", "amount", "unit", "packages"),
    [
        ("445.6\nRUR\nРоссия:361\nМТС:1", "445.6", "RUR", {"Россия": 361, "МТС": 1}),
        ("445.6\r\nRUR\r\nРоссия: 361\r\n", "445.6", "RUR", {"Россия": 361}),
        ("445.6\nRUR\nМТС: Россия:1\nМТС:x\nМТС:٢\n:5", "445.6", "RUR", {"МТС: Россия": 1}),
        (f"1\nRUR\nA:{'9' * 19}\nB:{'9' * 20}", "1", "RUR", {"A": int("9" * 19)}),
        ("-7\nUSD", "-7", "USD", {}),
        ("0", "0", None, {}),
    ],
)
def test_a_balance_is_amount_currency_and_directions(
    iba: Driver, reply: str, amount: str, unit: str | None, packages: dict[str, int]
) -> None:
    balance = iba.read_balance(reply.encode())
    assert balance == Balance("main", Decimal(amount), unit, packages, reply.strip())


def test_a_balance_may_come_in_windows_1251(iba: Driver) -> None:
    """As any of its replies."""
    assert iba.read_balance("5 RUR\nРоссия:361".encode("windows-1251")).packages == {"Россия": 361}


# Through aiohttp


async def test_one_message_through_aiohttp(
    iba: Driver, batch_for: MakeBatch, asked: Asked, http: aioresponses, transport: Transport
) -> None:
    http.get(re.compile("^http://gateway.test/"), body="83759227,0")
    first, second = await iba.send(transport, batch_for(iba, *THREE[:2], text="Код & 50%", sender="SHOP"))
    assert first == Verdict(ACCEPTED, "83759227")
    assert second.state is REJECTED

    [((method, url), [call])] = http.requests.items()
    assert call.kwargs["data"] is None
    assert asked(Request(method, str(url))) == (
        "GET",
        SCRIPT,
        {**ACCOUNT, "sadr": "SHOP", "dadr": ",".join(THREE[:2]), "text": "Код & 50%"},
    )
