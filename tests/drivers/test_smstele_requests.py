"""SMStele: what goes out (smstele.txt; PROTOCOLS.md, "SMStele")."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from aioresponses import aioresponses

from smsgw.drivers.base import Batch, Driver
from smsgw.errors import InvalidSender, InvalidText, UnsupportedOption
from smsgw.models import Channel, Message, Reference, State
from smsgw.transport import Request, Transport

MakeBatch = Callable[..., Batch]
Asked = Callable[..., tuple[str, str, dict[str, str]]]

PHONES = ("79160001234", "79260004567")
ACCOUNT = {"login": "test:http", "psw": "~p&ss=+% wört"}
BATCH_ID = "b0000000000000000001"


def test_the_default_url_is_the_documented_one(driver_for: Callable[..., Driver]) -> None:
    request = driver_for("smstele", url=None).status_request(Reference("main", "x"))
    assert request.url == "https://rexsmsc.rex400.ru:8882/cgi-bin/status"


def test_a_send(smstele: Driver, batch_for: MakeBatch, asked: Asked) -> None:
    request = smstele.send_request(batch_for(smstele, *PHONES, text="Код 1234 & co", sender="SHOP"))
    assert asked(request) == (
        "POST",
        "http://gateway.test/api/sendsms",
        {
            **ACCOUNT,
            "phones": "79160001234,79260004567",
            "mes": "Код 1234 & co",
            "charset": "utf-8",
            "sender": "SHOP",
            "id": BATCH_ID,
        },
    )


def test_the_id_is_no_longer_than_the_server_takes(
    smstele: Driver, batch_for: MakeBatch, asked: Asked
) -> None:
    _, _, parameters = asked(smstele.send_request(batch_for(smstele)))
    assert parameters["id"] == BATCH_ID
    assert len(parameters["id"]) <= 25


def test_a_send_without_options_has_none(smstele: Driver, batch_for: MakeBatch, asked: Asked) -> None:
    _, _, parameters = asked(smstele.send_request(batch_for(smstele)))
    assert set(parameters) == {"login", "psw", "phones", "mes", "charset", "id"}


@pytest.mark.parametrize(
    ("charset", "written"),
    [
        ("utf-8", b"%D0%9A%D0%BE%D0%B4%201"),
        ("windows-1251", b"%CA%EE%E4%201"),
        ("koi8-r", b"%EB%CF%C4%201"),
    ],
)
def test_text_and_sender_are_written_in_the_charset_that_is_named(
    driver_for: Callable[..., Driver], batch_for: MakeBatch, asked: Asked, charset: str, written: bytes
) -> None:
    """The server's default is windows-1251, so the charset is always named."""
    driver = driver_for("smstele", charset=charset)
    request = driver.send_request(batch_for(driver, text="Код 1", sender="Код 1"))
    assert request.body is not None
    assert request.body.count(written) == 2
    _, _, parameters = asked(request, charset)
    assert (parameters["charset"], parameters["mes"], parameters["sender"]) == (charset, "Код 1", "Код 1")


def test_what_the_charset_cannot_write_is_refused(driver_for: Callable[..., Driver]) -> None:
    driver = driver_for("smstele", charset="koi8-r")
    with pytest.raises(InvalidText, match=r"U\+1F600"):
        driver.prepare(Message(to=PHONES, text="😀"))
    with pytest.raises(InvalidSender):
        driver.prepare(Message(to=PHONES, text="Hi", sender="😀"))


@pytest.mark.parametrize("sender", ["A\nB", "A\x00", "\ud83d"])
def test_a_sender_that_cannot_be_printed_is_refused(smstele: Driver, sender: str) -> None:
    with pytest.raises(InvalidSender):
        smstele.prepare(Message(to=PHONES, text="Hi", sender=sender))


@pytest.mark.parametrize(
    ("option", "parameters"),
    [
        ({"flash": True}, {"flash": "1"}),
        ({"transliterate": True}, {"translit": "1"}),
        ({"validity": 600}, {"validity": "600"}),
        ({"validity": 0}, {"validity": "0"}),
        ({"validity": timedelta(hours=1)}, {"validity": "3600"}),
        ({"channel": Channel.VIBER}, {"viber": "1"}),
        ({"channel": "viber", "viber_validity": 86_400}, {"viber": "1", "viber_validity": "86400"}),
        ({"channel": "viber", "viber_validity": 0}, {"viber": "1", "viber_validity": "0"}),
        ({"send_at": datetime(2030, 1, 31, 23, 30, tzinfo=UTC)}, {"deferred": "2030-02-01 02:30:00"}),
    ],
)
def test_an_option_is_its_parameter(
    smstele: Driver, batch_for: MakeBatch, asked: Asked, option: dict[str, Any], parameters: dict[str, str]
) -> None:
    _, _, plain = asked(smstele.send_request(batch_for(smstele)))
    _, _, wanted = asked(smstele.send_request(batch_for(smstele, **option)))
    assert wanted == plain | parameters


@pytest.mark.parametrize(
    ("send_at", "deferred"),
    [
        (datetime(2030, 1, 1, 12, 0, tzinfo=UTC), b"2030-01-01%2015%3A00%3A00"),
        (
            datetime(2030, 7, 1, 9, 0, 59, 999_999, tzinfo=timezone(timedelta(hours=3))),
            b"2030-07-01%2009%3A00%3A59",
        ),
        (datetime(2030, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=-5))), b"2030-01-01%2009%3A00%3A00"),
    ],
)
def test_a_schedule_is_moscows_time_with_an_escaped_space(
    smstele: Driver, batch_for: MakeBatch, send_at: datetime, deferred: bytes
) -> None:
    request = smstele.send_request(batch_for(smstele, send_at=send_at))
    assert request.body is not None
    assert b"&deferred=" + deferred + b"&" in request.body


def test_a_viber_message_lives_for_a_day_at_most(smstele: Driver) -> None:
    with pytest.raises(UnsupportedOption, match="86400"):
        smstele.prepare(Message(to=PHONES, text="Hi", channel=Channel.VIBER, viber_validity=86_401))


def test_transliteration_is_the_gateways_and_counts_as_latin(smstele: Driver, batch_for: MakeBatch) -> None:
    """The text goes out as it is; what the subscriber will read, and its segments, are the Latin ones."""
    batch = batch_for(smstele, text="я" * 100, transliterate=True)
    request = smstele.send_request(batch)
    assert request.body is not None
    assert b"mes=" + b"%D1%8F" * 100 + b"&" in request.body
    assert batch.prepared.text == "ia" * 100
    assert batch.prepared.segments == 2


def test_a_hundred_recipients_a_request_unless_configured(driver_for: Callable[..., Driver]) -> None:
    """The document states no limit."""
    assert driver_for("smstele").batch_size == 100
    assert driver_for("smstele", batch_size=1000).batch_size == 1000


def test_a_status_request_asks_by_id_alone(smstele: Driver, asked: Asked) -> None:
    """So that one request answers for a whole batch."""
    request = smstele.status_request(Reference("main", "my id", "79160001234"))
    assert asked(request) == ("POST", "http://gateway.test/api/status", {**ACCOUNT, "id": "my id"})


def test_a_lookup_request_has_no_text(smstele: Driver, asked: Asked) -> None:
    request = smstele.lookup_request(PHONES, BATCH_ID)
    assert asked(request) == (
        "POST",
        "http://gateway.test/api/sendsms",
        {**ACCOUNT, "phones": "79160001234,79260004567", "hlr": "1", "id": BATCH_ID},
    )


def test_there_is_no_balance(smstele: Driver) -> None:
    with pytest.raises(UnsupportedOption, match="smstele does not tell balances"):
        smstele.balance_request()
    with pytest.raises(UnsupportedOption):
        smstele.read_balance(b"1")


async def test_one_message_through_aiohttp(
    smstele: Driver, batch_for: MakeBatch, asked: Asked, http: aioresponses, transport: Transport
) -> None:
    """One POST goes out; its body holds all, its URL nothing; its reply, without the last brace, is read."""
    http.post(
        re.compile("^http://gateway.test/"),
        body='{"id":"i","cnt":"1","messages":[{"id":"i","phone":"79160001234","error":"-99","cnt":"1","operator":"mMTS"}]',
    )
    [verdict] = await smstele.send(transport, batch_for(smstele, "79160001234", text="Код"))
    assert (verdict.state, verdict.message_id, verdict.segments) == (State.ACCEPTED, "i", 1)

    [((method, url), [call])] = http.requests.items()
    assert (method, str(url)) == ("POST", "http://gateway.test/api/sendsms")
    assert call.kwargs["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    parameters = asked(Request(method, str(url), call.kwargs["data"]))[2]
    assert parameters == {
        **ACCOUNT,
        "charset": "utf-8",
        "mes": "Код",
        "phones": "79160001234",
        "id": BATCH_ID,
    }
