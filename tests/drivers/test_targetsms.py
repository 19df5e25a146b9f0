"""TargetSMS: sends and balances (targetsms.txt; PROTOCOLS.md, "TargetSMS")."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from aioresponses import aioresponses

from smsgw.drivers.base import Batch, Driver, Verdict
from smsgw.errors import (
    AuthenticationFailed,
    DuplicateRequest,
    GatewayRejected,
    GatewayUnavailable,
    InsufficientCredit,
    InvalidSender,
    InvalidText,
    RecipientRejected,
    SenderRejected,
    SmsgwError,
    TextRejected,
    UnreadableReply,
)
from smsgw.models import Balance, Message, Reference, State
from smsgw.transport import Request, Transport, Wire

MakeBatch = Callable[..., Batch]
Asked = Callable[..., tuple[str, str, dict[str, str]]]
MakeWire = Callable[[bytes], Wire]

TWO = ("79001234567", "79160001234")
ACCOUNT = {"user": "test:http", "pwd": "~p&ss=+% wört"}
SCRIPT = "http://gateway.test/api/sendsms.php"
ACCEPTED, HELD, REJECTED, UNKNOWN = State.ACCEPTED, State.HELD, State.REJECTED, State.UNKNOWN


# Requests


def test_the_default_url_is_the_documented_one(driver_for: Callable[..., Driver]) -> None:
    request = driver_for("targetsms", url=None).balance_request()
    assert request.url.startswith("https://sms.targetsms.ru/sendsms.php?user=")


def test_a_send(targetsms: Driver, batch_for: MakeBatch, asked: Asked) -> None:
    """Ordinary parameters: the document's "variable xml" belongs to another API."""
    request = targetsms.send_request(batch_for(targetsms, *TWO, text="текст & SMS", sender="SHOP24"))
    assert asked(request) == (
        "GET",
        SCRIPT,
        {**ACCOUNT, "sadr": "SHOP24", "dadr": ",".join(TWO), "text": "текст & SMS"},
    )
    assert "%D1%82%D0%B5%D0%BA%D1%81%D1%82%20%26%20SMS" in request.url


def test_a_status_request_asks_for_details(targetsms: Driver, asked: Asked) -> None:
    request = targetsms.status_request(Reference("main", "1179038981", TWO[0]))
    assert asked(request) == ("GET", SCRIPT, {**ACCOUNT, "smsid": "1179038981", "detail": "1"})


def test_a_balance_request(targetsms: Driver, asked: Asked) -> None:
    assert asked(targetsms.balance_request()) == ("GET", SCRIPT, {**ACCOUNT, "balance": "1"})


def test_fifty_recipients_a_request_unless_configured(targetsms: Driver) -> None:
    assert targetsms.batch_size == 50


def test_identical_requests_are_a_matter_of_one_minute(targetsms: Driver) -> None:
    assert targetsms.duplicate_window == 60


def test_urls_have_2000_characters_at_most(targetsms: Driver, batch_for: MakeBatch) -> None:
    batch = batch_for(targetsms)
    assert batch.prepared.room is not None
    assert len(batch.prepared.head) + batch.prepared.room == 2000


def test_a_cyrillic_letter_takes_six_characters_of_the_url(targetsms: Driver, batch_for: MakeBatch) -> None:
    one, two = (batch_for(targetsms, text=text).prepared.room for text in ("я", "яя"))
    assert one is not None
    assert two is not None
    assert one - two == 6


# What is refused before any request


def test_a_text_that_leaves_no_room_for_one_recipient_is_refused_and_never_split(targetsms: Driver) -> None:
    with pytest.raises(InvalidText, match="2000"):
        targetsms.prepare(Message(to=TWO, text="я" * 330))


@pytest.mark.parametrize(("digits", "served"), [(7, True), (14, True), (15, False)])
def test_numbers_have_fewer_than_15_digits(targetsms: Driver, digits: int, served: bool) -> None:
    assert (targetsms.check_recipient("7" * digits) is None) is served
    assert not targetsms.serves_all


@pytest.mark.parametrize("sender", ["SHOP24", "abcdefghijk", "123456789012345"])
def test_a_sender_of_11_letters_or_15_digits(targetsms: Driver, sender: str) -> None:
    assert targetsms.prepare(Message(to=TWO, text="Hi", sender=sender)).sender == sender


@pytest.mark.parametrize("sender", ["abcdefghijkl", "1234567890123456", "МАГАЗИН", "A B", "A-B"])
def test_any_other_sender_is_refused(targetsms: Driver, sender: str) -> None:
    with pytest.raises(InvalidSender):
        targetsms.prepare(Message(to=TWO, text="Hi", sender=sender))


# Replies to a send


def test_ids_are_matched_by_position(targetsms: Driver, batch_for: MakeBatch) -> None:
    verdicts = targetsms.read_send(batch_for(targetsms, *TWO), b"1178440060,1178440061")
    assert verdicts == [Verdict(ACCEPTED, "1178440060"), Verdict(ACCEPTED, "1178440061")]


OUT_OF_STOCK = "У нас закончились SMS. Для разрешения проблемы свяжитесь с менеджером"
LONG_SENDER = (
    "Отправитель не должен превышать 15 символов для цифровых номеров и 11 символов для буквенно-числовых"
)
# Text, error, scope; then what may follow: another provider for this number, the batch taken apart.
REFUSALS: list[tuple[str, type[SmsgwError], str, bool, bool]] = [
    ("Аккаунт заблокирован", AuthenticationFailed, "account", False, False),
    ("Ваш аккаунт заблокирован", AuthenticationFailed, "account", False, False),
    ("Неверный логин или пароль", AuthenticationFailed, "account", False, False),
    ("Неправильный логин или пароль", AuthenticationFailed, "account", False, False),
    ("Закончились SMS", InsufficientCredit, "account", False, False),
    (OUT_OF_STOCK, GatewayUnavailable, "provider", False, False),
    ("Укажите номер телефона", RecipientRejected, "recipient", False, True),
    ("Не введен номер телефона", RecipientRejected, "recipient", False, True),
    ("Номер телефона присутствует в стоп-листе", RecipientRejected, "recipient", False, True),
    ("Номер телефона должен быть меньше 15 символов", RecipientRejected, "recipient", False, True),
    ("Данное направление закрыто", RecipientRejected, "recipient", True, True),
    ("Данное направление закрыто для вас", RecipientRejected, "recipient", True, True),
    ("Текст SMS отклонен модератором", TextRejected, "message", False, False),
    ("Нет отправителя", SenderRejected, "message", False, False),
    (LONG_SENDER, SenderRejected, "message", False, False),
    ("Нет текста сообщения", TextRejected, "message", False, False),
    ("Нет ссылки", GatewayRejected, "message", False, False),
    ("Такого отправителя Нет", SenderRejected, "message", False, False),
    ("Отправитель не прошел модерацию", SenderRejected, "message", False, False),
]


def spellings(text: str) -> list[bytes]:
    """The same text in other cases, with and without space and final dot, in both charsets."""
    spelt = [
        text,
        f"{text}.",
        text.upper(),
        text.lower(),
        f"  {text}. \r\n",
        f"error: {text}",
        f"ERROR:{text} .",
    ]
    return [each.encode() for each in (*spelt, f"\ufeff{text}")] + [text.encode("windows-1251")]


@pytest.mark.parametrize(("text", "kind", "scope", "elsewhere", "unnamed"), REFUSALS)
async def test_a_documented_text_is_a_refusal_however_it_is_spelt(
    *,
    targetsms: Driver,
    batch_for: MakeBatch,
    wire_for: MakeWire,
    text: str,
    kind: type[SmsgwError],
    scope: str,
    elsewhere: bool,
    unnamed: bool,
) -> None:
    for body in spellings(text):
        verdicts = await targetsms.send(wire_for(body), batch_for(targetsms, *TWO))
        assert len(verdicts) == 2, body
        for verdict in verdicts:
            assert (verdict.state, verdict.message_id) == (REJECTED, None), body
            assert (verdict.elsewhere, verdict.unnamed) == (elsewhere, unnamed)
            assert type(verdict.error) is kind
            assert (verdict.error.scope, verdict.error.retryable) == (scope, False)
            assert verdict.error.provider == "main"
            assert verdict.error.code is not None
            assert text.casefold() in verdict.error.code.casefold()


HELD_TEXT = "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы пополните счет по данному направлению"


@pytest.mark.parametrize("body", spellings(HELD_TEXT))
def test_a_message_that_waits_for_credit_is_held(
    targetsms: Driver, batch_for: MakeBatch, body: bytes
) -> None:
    """The gateway has it and will send it: no error, no retry, no other provider."""
    assert targetsms.read_send(batch_for(targetsms, *TWO), body) == [Verdict(HELD)] * 2


@pytest.mark.parametrize(
    "text",
    [
        "Попытка отправки более одного одинакового запроса в течение минуты",
        "Данное сообщение уже было отправлено",
    ],
)
async def test_a_duplicate_by_the_gateways_word_is_unknown(
    targetsms: Driver, batch_for: MakeBatch, wire_for: MakeWire, text: str
) -> None:
    """It does not tell what became of the first; never retried."""
    for body in spellings(text):
        for verdict in await targetsms.send(wire_for(body), batch_for(targetsms, *TWO)):
            assert (verdict.state, verdict.elsewhere, verdict.unnamed) == (UNKNOWN, False, False)
            assert type(verdict.error) is DuplicateRequest
            assert verdict.error.maybe_accepted
            assert not verdict.error.retryable


@pytest.mark.parametrize(
    "text",
    [
        "Сообщение с таким ID не принималось",  # answers a status only
        "Недостаточно средств для отправки SMS",  # half of the text that means `held`
        "Закончились SMS. Для разрешения проблемы свяжитесь с менеджером",
        "Аккаунт не заблокирован",
        "Аккаунт заблокирован. 1179038981",
        "1179038981 Закончились SMS",
        "error: ",
        "send",
    ],
)
async def test_any_other_text_proves_nothing(
    targetsms: Driver, batch_for: MakeBatch, wire_for: MakeWire, text: str
) -> None:
    for verdict in await targetsms.send(wire_for(text.encode()), batch_for(targetsms, *TWO)):
        assert (verdict.state, type(verdict.error)) == (UNKNOWN, UnreadableReply)


# Balance


PACKAGES = (
    "Россия:361,МТС:1,Мегафон:1,Skylink:1,Yota:1,Байкалвестком:1,Уралсвязьинформ:1,Енисейтелеком:1,НСС:1,"
    "Мотив:1,Tele2:1,СМАРТС:1,Ростелеком:1,BeeLine:1,Остальные:1"
)


@pytest.mark.parametrize("between", [" ", ",", "\n", "\r\n", "\n\n", ", "])
def test_a_balance_and_its_packages(targetsms: Driver, between: str) -> None:
    """The document's example, however the packages follow."""
    balance = targetsms.read_balance(f"445.6 RUR{between}{PACKAGES}".encode())
    assert (balance.amount, balance.unit) == (Decimal("445.6"), "RUR")
    assert len(balance.packages) == 15
    assert (balance.packages["Россия"], balance.packages["Tele2"], balance.packages["Остальные"]) == (
        361,
        1,
        1,
    )
    assert balance.raw.startswith("445.6 RUR")


@pytest.mark.parametrize(
    ("reply", "amount", "unit"), [("445.6 RUR", "445.6", "RUR"), ("-1 руб", "-1", "руб"), ("0", "0", None)]
)
def test_a_balance_without_packages(targetsms: Driver, reply: str, amount: str, unit: str | None) -> None:
    assert targetsms.read_balance(reply.encode()) == Balance("main", Decimal(amount), unit, {}, reply)


@pytest.mark.parametrize("reply", ["", "RUR", "1.2.3 RUR", "Россия:361", "1e9 RUR", "445.6;RUR"])
def test_an_undocumented_balance_is_unreadable(targetsms: Driver, reply: str) -> None:
    with pytest.raises(UnreadableReply):
        targetsms.read_balance(reply.encode())


@pytest.mark.parametrize(("text", "kind", "scope", "elsewhere", "unnamed"), REFUSALS)
def test_a_text_in_place_of_a_balance_or_a_status_is_raised(
    *, targetsms: Driver, text: str, kind: type[SmsgwError], scope: str, elsewhere: bool, unnamed: bool
) -> None:
    with pytest.raises(SmsgwError) as raised:
        targetsms.read_balance(f"{text}.".encode())
    assert type(raised.value) is kind
    with pytest.raises(SmsgwError) as raised:
        targetsms.read_status([Reference("main", "7")], f"{text}.".encode())
    assert type(raised.value) is kind


# Through aiohttp


async def test_one_message_through_aiohttp(
    targetsms: Driver, batch_for: MakeBatch, asked: Asked, http: aioresponses, transport: Transport
) -> None:
    http.get(re.compile("^http://gateway.test/"), body="1178440060,1178440061")
    verdicts = await targetsms.send(transport, batch_for(targetsms, *TWO, text="Скидка 50% & +1"))
    assert verdicts == [Verdict(ACCEPTED, "1178440060"), Verdict(ACCEPTED, "1178440061")]

    [((method, url), [call])] = http.requests.items()
    assert call.kwargs["data"] is None
    assert asked(Request(method, str(url))) == (
        "GET",
        SCRIPT,
        {**ACCOUNT, "dadr": ",".join(TWO), "text": "Скидка 50% & +1"},
    )
