"""smsco.ge: smsco.txt, and PROTOCOLS.md, "smsco.ge"."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from aioresponses import aioresponses

from smsgw.drivers.base import Batch, Driver, Verdict
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
from smsgw.models import Message, Reference, State
from smsgw.transport import Request, Transport, Wire

MakeBatch = Callable[..., Batch]
Asked = Callable[..., tuple[str, str, dict[str, str]]]
MakeWire = Callable[[bytes], Wire]

PHONE = "995599445448"
THREE = ("995599445448", "995599244409", "2348031234567")
ACCOUNT = {"username": "test:http", "password": "~p&ss=+% wört"}
SCRIPT = "http://gateway.test/api/smsapi2.php"
ASCII_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
ACCEPTED, REJECTED, UNKNOWN = State.ACCEPTED, State.REJECTED, State.UNKNOWN


# Requests


def test_the_default_url_is_the_documented_one(driver_for: Callable[..., Driver]) -> None:
    request = driver_for("smsco", url=None).balance_request()
    assert request.url.startswith("http://smsco.ge/components/com_smsreseller/smsapi2.php?username=")


def test_a_send(smsco: Driver, batch_for: MakeBatch, asked: Asked) -> None:
    request = smsco.send_request(batch_for(smsco, *THREE, text="Code 1234 & co", sender="SHOP-24 GE"))
    assert asked(request) == (
        "GET",
        SCRIPT,
        {**ACCOUNT, "recipient": ",".join(THREE), "message": "Code 1234 & co", "sender": "SHOP-24 GE"},
    )


def test_a_send_without_options_has_none_and_never_asks_for_the_balance(
    smsco: Driver, batch_for: MakeBatch, asked: Asked
) -> None:
    _, _, parameters = asked(smsco.send_request(batch_for(smsco)))
    assert set(parameters) == {"username", "password", "recipient", "message"}


@pytest.mark.parametrize(
    ("send_at", "schedule"),
    [
        (datetime(2030, 1, 1, 22, 0, tzinfo=UTC), "2030-01-02%2002%3A00%3A00"),
        (
            datetime(2030, 7, 1, 9, 0, 59, 999_999, tzinfo=timezone(timedelta(hours=4))),
            "2030-07-01%2009%3A00%3A59",
        ),
        (datetime(2030, 1, 1, 12, 0, tzinfo=timezone(timedelta(hours=3))), "2030-01-01%2013%3A00%3A00"),
    ],
)
def test_a_schedule_is_tbilisis_time_with_an_escaped_space(
    smsco: Driver, batch_for: MakeBatch, send_at: datetime, schedule: str
) -> None:
    request = smsco.send_request(batch_for(smsco, send_at=send_at))
    assert f"&schedule={schedule}&" in request.url


def test_a_status_request(smsco: Driver, asked: Asked) -> None:
    request = smsco.status_request(Reference("main", "123", PHONE))
    assert asked(request) == ("GET", "http://gateway.test/api/getstatus.php", {**ACCOUNT, "mes_id": "123"})


def test_a_balance_request_is_no_send(smsco: Driver, asked: Asked) -> None:
    assert asked(smsco.balance_request()) == ("GET", SCRIPT, {**ACCOUNT, "balance": "true"})


def test_one_recipient_a_request_unless_configured(driver_for: Callable[..., Driver]) -> None:
    assert driver_for("smsco").batch_size == 1
    assert driver_for("smsco", batch_size=20).batch_size == 20


def test_urls_stay_under_8000_characters(smsco: Driver, batch_for: MakeBatch) -> None:
    batch = batch_for(smsco, PHONE)
    assert batch.prepared.room is not None
    assert len(batch.prepared.head) + batch.prepared.room == 7999


# What is refused before any request


@pytest.mark.parametrize("text", ["Hi there 123", ASCII_PUNCTUATION, "a" * 1000])
def test_latin_letters_digits_space_and_ascii_punctuation_are_written(
    smsco: Driver, batch_for: MakeBatch, asked: Asked, text: str
) -> None:
    assert asked(smsco.send_request(batch_for(smsco, text=text)))[2]["message"] == text


@pytest.mark.parametrize("text", ["Код", "კოდი", "café", "10 €", "Hi\nthere", "tab\t", "NUL\x00", "😀"])
def test_other_text_is_refused(smsco: Driver, text: str) -> None:
    with pytest.raises(InvalidText, match="Latin only"):
        smsco.prepare(Message(to=PHONE, text=text))


@pytest.mark.parametrize(("text", "latin"), [("Код 12", "Kod 12"), ("კოდი 12", "k'odi 12")])
def test_transliteration_makes_it_latin(
    smsco: Driver, batch_for: MakeBatch, asked: Asked, text: str, latin: str
) -> None:
    batch = batch_for(smsco, text=text, transliterate=True)
    assert asked(smsco.send_request(batch))[2]["message"] == latin
    assert batch.prepared.text == latin


@pytest.mark.parametrize("sender", ["abcdefghijkl", "МАГАЗИН", "A\n"])
def test_a_sender_of_more_than_11_latin_characters_is_refused(smsco: Driver, sender: str) -> None:
    with pytest.raises(InvalidSender):
        smsco.prepare(Message(to=PHONE, text="Hi", sender=sender))


# Replies to a send


@pytest.mark.parametrize(
    ("reply", "message_id", "cost"),
    [
        ("OK 4 123", "123", "4"),
        ("ok 4 AB-7\r\n", "AB-7", "4"),
        ("\ufeffOK  1.50  77", "77", "1.50"),
        ("OK 4", None, "4"),
        ("OK 0 9", "9", "0"),
        ("OK 4 12345678", "12345678", "4"),  # eight digits, but not those of our recipient
    ],
)
def test_ok_for_one_recipient_is_accepted(
    smsco: Driver, batch_for: MakeBatch, reply: str, message_id: str | None, cost: str
) -> None:
    """The third token is the ID; where it is missing, the message is accepted without one."""
    [verdict] = smsco.read_send(batch_for(smsco, PHONE), reply.encode())
    assert verdict == Verdict(ACCEPTED, message_id, cost=Decimal(cost))


@pytest.mark.parametrize(("reply", "message_id"), [("OK 4 123", "123"), ("OK 12", None)])
def test_ok_for_several_recipients_proves_nothing_of_any_one(
    smsco: Driver, batch_for: MakeBatch, reply: str, message_id: str | None
) -> None:
    """At least one was taken. The ID is kept, so that its status may say more."""
    verdicts = smsco.read_send(batch_for(smsco, *THREE), reply.encode())
    assert [(verdict.state, verdict.message_id) for verdict in verdicts] == [(UNKNOWN, message_id)] * 3
    assert {type(verdict.error) for verdict in verdicts} == {OutcomeUnknown}


@pytest.mark.parametrize(
    ("failed", "states"),
    [
        ("0599445448,0599244409", [REJECTED, REJECTED, ACCEPTED]),  # national form, as in the samples
        ("0599445448, 08031234567", [REJECTED, ACCEPTED, REJECTED]),
        ("995599445448,", [REJECTED, ACCEPTED, ACCEPTED]),
        ("08031234567", [ACCEPTED, ACCEPTED, REJECTED]),  # one number and no comma, but ours
        ("+995 599 24 44 09", [ACCEPTED, REJECTED, ACCEPTED]),
    ],
)
def test_a_third_token_that_lists_failed_numbers(
    smsco: Driver, batch_for: MakeBatch, failed: str, states: list[State]
) -> None:
    verdicts = smsco.read_send(batch_for(smsco, *THREE), f"OK 60 {failed}".encode())
    assert [verdict.state for verdict in verdicts] == states
    for verdict in verdicts:
        assert verdict.message_id is None
        assert not verdict.elsewhere
        assert isinstance(verdict.error, RecipientRejected) is (verdict.state is REJECTED)


@pytest.mark.parametrize(
    "failed",
    [
        "0599445448,0599244409,08031234567",  # all of them, and yet OK
        "0599445448,0700000000",  # one that is not ours
        "123,",
        ",",
        "0599445448,9445448",
    ],
)
def test_a_list_that_does_not_fit_the_request_proves_nothing(
    smsco: Driver, batch_for: MakeBatch, failed: str
) -> None:
    verdicts = smsco.read_send(batch_for(smsco, *THREE), f"OK 60 {failed}".encode())
    assert [(verdict.state, verdict.message_id) for verdict in verdicts] == [(UNKNOWN, None)] * 3


def test_a_failed_number_that_could_be_two_of_ours_proves_nothing(
    smsco: Driver, batch_for: MakeBatch
) -> None:
    batch = batch_for(smsco, "995599445448", "7599445448", "995599244409")
    verdicts = smsco.read_send(batch, b"OK 60 99445448,")
    assert [verdict.state for verdict in verdicts] == [UNKNOWN] * 3


@pytest.mark.parametrize("failed", ["0599445448", "99445448", "0599445448,", "0700000000,0800000000", "123,"])
def test_ok_for_one_recipient_with_a_list_of_failed_numbers_proves_nothing(
    smsco: Driver, batch_for: MakeBatch, failed: str
) -> None:
    [verdict] = smsco.read_send(batch_for(smsco, PHONE), f"OK 4 {failed}".encode())
    assert verdict.state is UNKNOWN


CODES = [
    ("2904", GatewayRejected, "recipient", False),
    ("2905", AuthenticationFailed, "account", False),
    ("2906", InsufficientCredit, "account", False),
    ("2907", GatewayUnavailable, "provider", True),
    ("2908", GatewayRejected, "message", False),
    ("2909", GatewayRejected, "message", False),
    ("2910", AuthenticationFailed, "account", False),
    ("2911", AuthenticationFailed, "account", False),
    ("2912", RecipientRejected, "recipient", False),
    ("2913", TextRejected, "message", False),
    ("2914", SenderRejected, "message", False),
    ("2915", GatewayRejected, "message", False),
]


@pytest.mark.parametrize("written", ["{}", "-{}", " {}\r\n", "{}=SMS Sending Failed", "-{} = any words"])
@pytest.mark.parametrize(("code", "kind", "scope", "retryable"), CODES)
async def test_a_documented_code_is_a_refusal(
    *,
    smsco: Driver,
    batch_for: MakeBatch,
    wire_for: MakeWire,
    written: str,
    code: str,
    kind: type[SmsgwError],
    scope: str,
    retryable: bool,
) -> None:
    """Only after 2904 may another provider try the same recipient."""
    verdicts = await smsco.send(wire_for(written.format(code).encode()), batch_for(smsco, *THREE))
    assert len(verdicts) == 3
    for verdict in verdicts:
        assert (verdict.state, verdict.message_id) == (REJECTED, None)
        assert type(verdict.error) is kind
        assert (verdict.error.code, verdict.error.scope, verdict.error.retryable) == (code, scope, retryable)
        assert (verdict.elsewhere, verdict.unnamed) == (code == "2904", False)


@pytest.mark.parametrize(
    "reply",
    [
        "2903",
        "2916",
        "29040",
        "--2904",
        "2904 2905",
        "4 123",
        "OK",
        "OK four 123",
        "OK -4 123",
        "OK 1.2.3 123",
        "OK4 123",
        "OK 4 123 456",
        "OK 4 123 Warning: mysql_query() failed",
        "OK 4 123\nWarning",
        "KO 4 123",
    ],
)
async def test_any_other_reply_to_a_send_is_unknown(
    smsco: Driver, batch_for: MakeBatch, wire_for: MakeWire, reply: str
) -> None:
    [verdict] = await smsco.send(wire_for(reply.encode()), batch_for(smsco, PHONE))
    assert (verdict.state, type(verdict.error)) == (UNKNOWN, UnreadableReply)


# Through aiohttp


async def test_one_message_through_aiohttp(
    smsco: Driver, batch_for: MakeBatch, asked: Asked, http: aioresponses, transport: Transport
) -> None:
    http.get(re.compile("^http://gateway.test/"), body="OK 4 123")
    [verdict] = await smsco.send(transport, batch_for(smsco, PHONE, text="Code & 50% off"))
    assert verdict == Verdict(ACCEPTED, "123", cost=Decimal(4))

    [((method, url), [call])] = http.requests.items()
    assert call.kwargs["data"] is None
    assert asked(Request(method, str(url))) == (
        "GET",
        SCRIPT,
        {**ACCOUNT, "recipient": PHONE, "message": "Code & 50% off"},
    )
