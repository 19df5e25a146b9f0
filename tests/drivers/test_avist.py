"""Avist: avist.txt, and PROTOCOLS.md, "Avist"."""

import re
import time
from collections.abc import Callable

import pytest
from aioresponses import aioresponses

from smsgw.drivers.base import Batch, Driver
from smsgw.errors import (
    AuthenticationFailed,
    GatewayRejected,
    GatewayUnavailable,
    InsufficientCredit,
    InvalidSender,
    InvalidText,
    RecipientRejected,
    SmsgwError,
    UnreadableReply,
)
from smsgw.models import Message, Reference, State
from smsgw.transport import Request, Transport, Wire

MakeBatch = Callable[..., Batch]
Asked = Callable[..., tuple[str, str, dict[str, str]]]
MakeWire = Callable[[bytes], Wire]

PHONE = "79031234567"
ACCOUNT = {"user": "test:http", "pass": "~p&ss=+% wört"}
SCRIPT = "http://gateway.test/api/sms.php"


# Requests


def test_the_default_url_is_the_documented_one(driver_for: Callable[..., Driver]) -> None:
    request = driver_for("avist", url=None).balance_request()
    assert request.url == "http://sms.avist.biz/sms.php"


def test_a_send(avist: Driver, batch_for: MakeBatch, asked: Asked) -> None:
    request = avist.send_request(batch_for(avist, PHONE, text="Код 1234 & co", sender="SHOP24"))
    assert asked(request) == (
        "POST",
        SCRIPT,
        {**ACCOUNT, "action": "send_sms", "phone": PHONE, "message": "Код 1234 & co", "from": "SHOP24"},
    )


def test_a_send_without_sender_has_no_from(avist: Driver, batch_for: MakeBatch, asked: Asked) -> None:
    _, _, parameters = asked(avist.send_request(batch_for(avist, PHONE)))
    assert "from" not in parameters


def test_the_configured_sender_stands_in(
    driver_for: Callable[..., Driver], batch_for: MakeBatch, asked: Asked
) -> None:
    driver = driver_for("avist", sender="CONFIGURED")
    assert asked(driver.send_request(batch_for(driver)))[2]["from"] == "CONFIGURED"
    assert asked(driver.send_request(batch_for(driver, sender="GIVEN")))[2]["from"] == "GIVEN"


@pytest.mark.parametrize(
    ("charset", "written"),
    [
        ("utf-8", b"%D0%9A%D0%BE%D0%B4%201"),
        ("windows-1251", b"%CA%EE%E4%201"),
        ("koi8-r", b"%EB%CF%C4%201"),
    ],
)
def test_the_text_is_written_in_the_configured_charset(
    driver_for: Callable[..., Driver], batch_for: MakeBatch, charset: str, written: bytes
) -> None:
    driver = driver_for("avist", charset=charset)
    request = driver.send_request(batch_for(driver, text="Код 1"))
    assert request.body is not None
    assert b"&message=" + written + b"&" in request.body


def test_what_the_charset_cannot_write_is_refused(driver_for: Callable[..., Driver]) -> None:
    driver = driver_for("avist", charset="windows-1251")
    with pytest.raises(InvalidText, match=r"character 3 of the text, U\+1F600, .* windows-1251"):
        driver.prepare(Message(to=PHONE, text="Hi😀"))


def test_transliteration_is_ours_and_comes_before_the_charset(
    driver_for: Callable[..., Driver], batch_for: MakeBatch, asked: Asked
) -> None:
    driver = driver_for("avist")
    batch = batch_for(driver, text="Код 1234", transliterate=True)
    assert asked(driver.send_request(batch))[2]["message"] == "Kod 1234"


def test_a_status_request(avist: Driver, asked: Asked) -> None:
    request = avist.status_request(Reference("main", "AB-7", PHONE))
    assert asked(request) == ("POST", SCRIPT, {**ACCOUNT, "action": "status", "mess_id": "AB-7"})


def test_a_balance_request(avist: Driver, asked: Asked) -> None:
    assert asked(avist.balance_request()) == ("POST", SCRIPT, {**ACCOUNT, "action": "balance"})


# What is refused before any request


@pytest.mark.parametrize(
    ("recipient", "served"),
    [
        ("79031234567", True),
        ("70000000000", True),
        ("7903123456", False),
        ("790312345678", False),
        ("89031234567", False),
        ("995599445448", False),
        ("7903123456x", False),
        ("7903123456٧", False),
    ],
)
def test_only_eleven_digits_that_begin_with_7_are_served(avist: Driver, recipient: str, served: bool) -> None:
    error = avist.check_recipient(recipient)
    assert (error is None) is served
    assert not avist.serves_all


@pytest.mark.parametrize("sender", ["A", "SHOP24", "abcdefghijk", "12345678901"])
def test_a_sender_of_1_to_11_latin_letters_or_digits(avist: Driver, sender: str) -> None:
    assert avist.prepare(Message(to=PHONE, text="Hi", sender=sender)).sender == sender


@pytest.mark.parametrize("sender", ["abcdefghijkl", "МАГАЗИН", "A-B", "A B", "SHOP\n", "SHOP٢"])
def test_any_other_sender_is_refused(avist: Driver, sender: str) -> None:
    with pytest.raises(InvalidSender):
        avist.prepare(Message(to=PHONE, text="Hi", sender=sender))


@pytest.mark.parametrize("text", ["x" * 160, "€" * 80, "я" * 70, "😀" * 35])
def test_one_segment_is_carried_whole(avist: Driver, batch_for: MakeBatch, asked: Asked, text: str) -> None:
    batch = batch_for(avist, text=text)
    assert batch.prepared.segments == 1
    assert asked(avist.send_request(batch))[2]["message"] == text


@pytest.mark.parametrize("text", ["x" * 161, "€" * 80 + "x", "я" * 71, "x" * 70 + "я", "😀" * 35 + "x"])
def test_a_longer_text_is_refused_and_never_cut(avist: Driver, text: str) -> None:
    with pytest.raises(InvalidText, match="too long"):
        avist.prepare(Message(to=PHONE, text=text))


# Replies to a send


@pytest.mark.parametrize(
    "reply",
    [
        "Message successfully sent! Message_ID=XYZ-12/3",
        "Message successfully sent! Mess_ID=XYZ-12/3",
        "message SUCCESSFULLY sent! message_id=XYZ-12/3",
        "\ufeffMessage successfully sent!\r\nMessage_ID=XYZ-12/3\r\n",
    ],
)
def test_a_success_is_accepted_with_an_opaque_id(avist: Driver, batch_for: MakeBatch, reply: str) -> None:
    [verdict] = avist.read_send(batch_for(avist), reply.encode())
    assert (verdict.state, verdict.message_id, verdict.error) == (State.ACCEPTED, "XYZ-12/3", None)


ERRORS = [
    ("auth failed", AuthenticationFailed, "account", False, False),
    ("can't send this message", GatewayRejected, "message", False, False),
    ("your credit is null", InsufficientCredit, "account", False, False),
    ("unsupported phone number", RecipientRejected, "recipient", False, True),
    ("service is unavailable now", GatewayUnavailable, "provider", True, False),
]


@pytest.mark.parametrize("written", ["Error: {}", "error: {}\r\n", "ERROR:{}.", " Error:  {} "])
@pytest.mark.parametrize(("words", "kind", "scope", "retryable", "elsewhere"), ERRORS)
async def test_a_documented_error_is_a_refusal(
    *,
    avist: Driver,
    batch_for: MakeBatch,
    wire_for: MakeWire,
    written: str,
    words: str,
    kind: type[SmsgwError],
    scope: str,
    retryable: bool,
    elsewhere: bool,
) -> None:
    for spelt in (words, words.upper(), words.capitalize()):
        [verdict] = await avist.send(wire_for(written.format(spelt).encode()), batch_for(avist))
        assert (verdict.state, verdict.message_id, verdict.elsewhere) == (State.REJECTED, None, elsewhere)
        assert type(verdict.error) is kind
        assert (verdict.error.scope, verdict.error.retryable) == (scope, retryable)
        assert (verdict.error.provider, verdict.error.code) == ("main", words)


async def test_an_explicit_error_that_is_not_listed_is_a_refusal_too(
    avist: Driver, batch_for: MakeBatch, wire_for: MakeWire
) -> None:
    """By decision; and its words are not kept, since they could repeat the text."""
    [verdict] = await avist.send(wire_for(b"Error: bad text: my secret"), batch_for(avist))
    assert verdict.state is State.REJECTED
    assert type(verdict.error) is GatewayRejected
    assert "secret" not in repr(verdict.error) + str(verdict.error)


@pytest.mark.parametrize(
    "reply",
    [
        "Error: cannot tell. Message_ID=12",
        "Error: late report for mess_id=12",
        "Error: no such message",
        "Error:",
        "Message successfully sent! Message_ID=",
        "Message successfully sent!",
        "Message successfully sent! Message_ID=12 Error: auth failed",
        "Mess_ID=12 Status: delivered",
        "Balance: 12 SMS",
        "auth failed",
    ],
)
async def test_any_other_reply_to_a_send_is_unknown(
    avist: Driver, batch_for: MakeBatch, wire_for: MakeWire, reply: str
) -> None:
    """Above all an error that names an ID: something was taken."""
    [verdict] = await avist.send(wire_for(reply.encode()), batch_for(avist))
    assert (verdict.state, verdict.message_id) == (State.UNKNOWN, None)
    assert type(verdict.error) is UnreadableReply


def test_a_megabyte_of_white_space_does_not_stop_the_loop(avist: Driver, batch_for: MakeBatch) -> None:
    bombs = (b"Error:", b"Message successfully sent!", b"Mess_ID=1 Status:", b"Balance:", b"Mess_ID=1")
    started = time.process_time()
    for head in bombs:
        body = head + b" " * 1_000_000 + b"x" * 300
        for read in (lambda body: avist.read_send(batch_for(avist), body), avist.read_balance):
            with pytest.raises(UnreadableReply):
                read(body)
    assert time.process_time() - started < 2


# Through aiohttp


async def test_one_message_through_aiohttp(
    avist: Driver, batch_for: MakeBatch, asked: Asked, http: aioresponses, transport: Transport
) -> None:
    """One POST goes out; its body holds all, its URL nothing; its reply is read."""
    http.post(re.compile("^http://gateway.test/"), body="Message successfully sent! Message_ID=AB7")
    [verdict] = await avist.send(transport, batch_for(avist, PHONE, text="Код 1234"))
    assert (verdict.state, verdict.message_id) == (State.ACCEPTED, "AB7")

    [((method, url), [call])] = http.requests.items()
    assert (method, str(url)) == ("POST", SCRIPT)
    assert call.kwargs["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    parameters = asked(Request(method, str(url), call.kwargs["data"]))[2]
    assert parameters == {**ACCOUNT, "action": "send_sms", "phone": PHONE, "message": "Код 1234"}
