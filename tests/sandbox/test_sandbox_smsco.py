"""The fake smsco.ge, reply by reply, against protocols/smsco.txt."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta, timezone
from typing import cast

import pytest

from smsgw.sandbox import Sandbox
from smsgw.sandbox.fates import Fate
from smsgw.sandbox.gateways.smsco import Smsco, StatusStyle

Given = dict[str, str | None]
Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]


@pytest.fixture
def smsco(sandbox: Sandbox) -> Smsco:
    found = sandbox.gateways["smsco"]
    assert isinstance(found, Smsco)
    return found


async def test_a_send_costs_tetri_and_gets_an_id(sandbox: Sandbox, send: Ask) -> None:
    """The document's own example: OK 4 123."""
    assert await send("smsco", recipient="995599445448", message="test") == (200, "OK 4 123")
    (message,) = sandbox.ledger.messages
    assert (message.recipient, message.text, message.message_id) == ("995599445448", "test", "123")


async def test_several_recipients_share_one_id_and_one_price(sandbox: Sandbox, send: Ask) -> None:
    """Numbers are separated by commas; credits count segments of each."""
    assert await send("smsco", recipient="995599445448,995599445449", message="x" * 161) == (200, "OK 16 123")
    assert [message.recipient for message in sandbox.ledger.messages] == ["995599445448", "995599445449"]
    assert {message.message_id for message in sandbox.ledger.messages} == {"123"}
    assert sandbox.ledger.requests[0].recipients == ("995599445448", "995599445449")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"recipient": "12"}, "2904"),
        ({"recipient": "+995599445448"}, "2904"),
        ({"message": "Привет"}, "2904"),
        ({"message": "one\ntwo"}, "2904"),
        ({"sender": "A" * 12}, "2904"),
        ({"password": "wrong"}, "2905"),
        ({"schedule": "tomorrow"}, "2908"),
        ({"schedule": ""}, "2908"),
        ({"schedule": "2012-10-01T12:30:00"}, "2908"),
        ({"schedule": "2012-13-01 12:30:00"}, "2908"),
        ({"schedule": "2012-10-01 12:30:00"}, "2909"),
        ({"username": ""}, "2910"),
        ({"username": None}, "2910"),
        ({"password": None}, "2911"),
        ({"recipient": ""}, "2912"),
        ({"message": ""}, "2913"),
        ({"sender": ""}, "2914"),
        ({"username": "", "password": ""}, "2915"),
        ({"recipient": None, "message": None}, "2915"),
    ],
)
async def test_a_bad_request_gets_the_documents_code_and_takes_nothing(
    sandbox: Sandbox, send: Ask, given: Given, code: str
) -> None:
    """2904, 2905 and 2908 to 2915."""
    assert await send("smsco", **given) == (200, code)
    assert sandbox.ledger.messages == ()


@pytest.mark.parametrize(
    ("fault", "value", "code"),
    [
        ("unavailable", 1, "2907"),
        ("blocked", True, "2905"),
        ("no_credit", True, "2906"),
        ("stop_list", {"79160001234"}, "2904"),
        ("refuse_with", "-2904", "-2904"),
    ],
)
async def test_a_fault_gets_the_documents_code_and_takes_nothing(
    *, sandbox: Sandbox, smsco: Smsco, send: Ask, fault: str, value: object, code: str
) -> None:
    """2906 and 2907, and the rest by the account's state."""
    setattr(smsco.faults, fault, value)
    assert await send("smsco") == (200, code)
    assert sandbox.ledger.messages == ()
    assert sandbox.ledger.requests[-1].fault == fault


@pytest.mark.parametrize(("lists_failed", "third"), [(False, "123"), (True, "0599445449,0599445450")])
async def test_one_good_recipient_is_enough_for_an_ok(
    sandbox: Sandbox, smsco: Smsco, send: Ask, lists_failed: bool, third: str
) -> None:
    """The third word is the ID, or as on sister sites the numbers that failed."""
    smsco.failed_numbers_reply = lists_failed
    smsco.faults.stop_list = {"995599445449", "995599445450"}
    numbers = "995599445448,995599445449,995599445450"
    assert await send("smsco", recipient=numbers) == (200, f"OK 4 {third}")
    assert [message.recipient for message in sandbox.ledger.messages] == ["995599445448"]


async def test_all_printable_ascii_is_a_text(sandbox: Sandbox, send: Ask) -> None:
    """The document names fewer signs; its clients send all."""
    text = "".join(map(chr, range(0x20, 0x7F)))
    assert (await send("smsco", message=text))[1].startswith("OK ")
    assert sandbox.ledger.messages[0].text == text


async def test_a_long_url_is_taken(sandbox: Sandbox, send: Ask) -> None:
    """The document has no limit, and the sandbox's server none near what a client would write."""
    assert await send("smsco", message="x" * 20_000) == (200, "OK 524 123")
    assert sandbox.ledger.requests[0].url_length > 20_000


async def test_a_schedule_in_tbilisi_delays_the_delivery(
    sandbox: Sandbox, advance: Advance, send: Ask, ask: Ask
) -> None:
    """A date to come is taken, kept with the message, and the message delivered after it."""
    soon = datetime.now(UTC) + timedelta(hours=1)
    stamp = f"{soon.astimezone(timezone(timedelta(hours=4))):%Y-%m-%d %H:%M:%S}"
    assert await send("smsco", schedule=stamp) == (200, "OK 4 123")
    assert sandbox.ledger.messages[0].options == {"schedule": stamp}
    advance(3000)
    assert await ask("smsco", "getstatus.php", mes_id="123") == (200, "2")
    advance(700)
    assert await ask("smsco", "getstatus.php", mes_id="123") == (200, "1")


async def test_the_balance_is_a_bare_number(sandbox: Sandbox, send: Ask, ask: Ask) -> None:
    """`balance=true` answers for the account, and sends nothing even with a message beside it."""
    assert await ask("smsco", "smsapi2.php", balance="true") == (200, "10000")
    await send("smsco")
    assert await send("smsco", balance="true") == (200, "9996")
    assert sandbox.ledger.count("79160001234", "Hi") == 1
    assert await ask("smsco", "smsapi2.php", balance="true", password="wrong") == (200, "2905")


@pytest.mark.parametrize(
    ("style", "replies"),
    [
        ("number", ["2", "0", "1"]),
        ("word", ["In process", "Sent", "Delivered"]),
        ("both", ["2 | In process", "0 | Sent", "1 | Delivered"]),
    ],
)
async def test_a_status_moves_on_in_each_style(
    *, smsco: Smsco, advance: Advance, send: Ask, ask: Ask, style: StatusStyle, replies: list[str]
) -> None:
    """In process, sent, delivered; as a number, a word, or both."""
    smsco.status_style = style
    await send("smsco")
    for reply in replies:
        assert await ask("smsco", "getstatus.php", mes_id="123") == (200, reply)
        advance(1)


@pytest.mark.parametrize(
    ("fate", "reply"),
    [
        ("undeliverable", "3 | Failed"),
        ("deleted", "4 | Deleted"),
        ("expired", "5 | Expired"),
        ("rejected", "6 | Rejected"),
        ("cancelled", "7 | Canceled"),
    ],
)
async def test_every_documented_end_can_be_had(
    *, smsco: Smsco, advance: Advance, send: Ask, ask: Ask, fate: Fate, reply: str
) -> None:
    """States 3 to 7."""
    smsco.status_style = "both"
    smsco.fates["34"] = fate
    await send("smsco")
    advance(2)
    assert await ask("smsco", "getstatus.php", mes_id="123") == (200, reply)


@pytest.mark.parametrize(
    ("given", "reply"),
    [({"mes_id": "999"}, ""), ({}, "2915"), ({"mes_id": "123", "password": "wrong"}, "2905")],
)
async def test_a_status_that_cannot_be_told(ask: Ask, given: Given, reply: str) -> None:
    """An unknown ID has no documented word; a missing one is an empty field."""
    assert await ask("smsco", "getstatus.php", **given) == (200, reply)


async def test_an_unknown_style_is_refused(smsco: Smsco) -> None:
    """A misspelt knob fails as it is turned."""
    with pytest.raises(ValueError, match="status_style"):
        smsco.status_style = cast(StatusStyle, "numbers")


async def test_post_is_not_answered(send: Ask) -> None:
    """smsco.ge documents GET alone."""
    assert (await send("smsco", method="POST"))[0] == 405
