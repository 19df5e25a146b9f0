"""The fake IBA Telecom, reply by reply, against protocols/iba.txt."""

from collections.abc import Callable, Coroutine
from datetime import timedelta, timezone

import aiohttp
import pytest

from smsgw.sandbox import Sandbox
from smsgw.sandbox.gateways.iba import IBA

Given = dict[str, str | None]
Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]

MOSCOW = timezone(timedelta(hours=3))
TEN = ",".join(f"7916000123{digit}" for digit in range(10))


@pytest.fixture
def iba(sandbox: Sandbox) -> IBA:
    found = sandbox.gateways["iba"]
    assert isinstance(found, IBA)
    return found


async def test_ids_come_in_the_order_of_the_recipients(sandbox: Sandbox, send: Ask) -> None:
    """Each of up to ten recipients gets an ID of its own."""
    assert await send("iba", dadr="79160001234,79160001235") == (200, "83759227,83759228")
    assert [(m.recipient, m.message_id) for m in sandbox.ledger.messages] == [
        ("79160001234", "83759227"),
        ("79160001235", "83759228"),
    ]
    assert len((await send("iba", dadr=TEN))[1].split(",")) == 10


@pytest.mark.parametrize("separator", ["\n", ", "])
async def test_ids_can_be_separated_otherwise(iba: IBA, send: Ask, separator: str) -> None:
    """The document does not name the separator."""
    iba.id_separator = separator
    assert await send("iba", dadr="79160001234,79160001235") == (200, f"83759227{separator}83759228")


@pytest.mark.parametrize(
    "given",
    [
        {"pwd": "wrong"},
        {"user": None},
        {"dadr": TEN + ",79160001240"},
        {"dadr": None},
        {"dadr": "79160001234,abc"},
        {"dadr": "123456"},
        {"dadr": "1" * 16},
        {"sadr": None},
        {"sadr": "A" * 12},
        {"sadr": "1" * 16},
        {"sadr": "ИБА"},
        {"text": None},
        {"text": ""},
    ],
)
async def test_whatever_is_wrong_is_a_bare_zero(sandbox: Sandbox, send: Ask, given: Given) -> None:
    """The whole request is refused, nobody's message is taken."""
    assert await send("iba", **given) == (200, "0")
    assert sandbox.ledger.messages == ()


@pytest.mark.parametrize(
    "given", [{"sadr": "A" * 11}, {"sadr": "1" * 15}, {"dadr": "1" * 15}, {"dadr": "1234567"}]
)
async def test_the_limits_themselves_are_good(sandbox: Sandbox, send: Ask, given: Given) -> None:
    """11 letters or 15 digits of a sender, 7 to 15 of a number."""
    assert await send("iba", **given) == (200, "83759227")


@pytest.mark.parametrize(
    ("fault", "value"),
    [("blocked", True), ("no_credit", True), ("stop_list", {"79160001234"}), ("refuse_with", "Нет ссылки.")],
)
async def test_a_fault_is_a_bare_zero_too(
    sandbox: Sandbox, iba: IBA, send: Ask, fault: str, value: object
) -> None:
    """There is no other word."""
    setattr(iba.faults, fault, value)
    assert await send("iba", dadr="79160001235,79160001234") == (200, "0")
    assert sandbox.ledger.messages == ()
    assert sandbox.ledger.requests[-1].fault == fault


async def test_the_platforms_texts_can_be_had(iba: IBA, send: Ask, ask: Ask) -> None:
    """It is TargetSMS's platform, and may speak as that does."""
    iba.platform_texts = True
    assert await send("iba", pwd="wrong") == (200, "Неверный логин или пароль")
    assert await send("iba", dadr="1" * 16) == (200, "Номер телефона должен быть меньше 15 символов.")
    assert await ask("iba", "sendsms.php", smsid="1") == (200, "Сообщение с таким ID не принималось")


async def test_rows_can_be_refused_one_by_one(sandbox: Sandbox, iba: IBA, send: Ask) -> None:
    """A 0 stands in the place of the number that was refused; the others are taken."""
    iba.row_refusals = True
    iba.faults.stop_list.add("79160001235")
    assert await send("iba", dadr="79160001234,79160001235,12,79160001236") == (200, "83759227,0,0,83759228")
    assert [message.recipient for message in sandbox.ledger.messages] == ["79160001234", "79160001236"]
    assert await send("iba", dadr="79160001235") == (200, "0")


async def test_a_held_message_is_kept_and_never_delivered(
    sandbox: Sandbox, iba: IBA, advance: Advance, send: Ask, ask: Ask
) -> None:
    """Without money the platform has the message and says so."""
    iba.faults.held = True
    text = "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы пополните счет по данному направлению."
    assert await send("iba") == (200, text)
    (message,) = sandbox.ledger.messages
    assert message.state == "held"
    advance(100)
    assert await ask("iba", "sendsms.php", smsid=message.message_id) == (200, "Send")


async def test_unavailable_is_a_503_that_says_when_to_come_back(
    sandbox: Sandbox, iba: IBA, send: Ask, session: aiohttp.ClientSession
) -> None:
    """No word is documented for it, so the front server speaks."""
    iba.faults.unavailable = 1
    async with session.get(sandbox.url_for("iba") + "sendsms.php") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert (await send("iba"))[0] == 200


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251"])
async def test_a_text_comes_in_either_charset(sandbox: Sandbox, send: Ask, charset: str) -> None:
    """UTF-8 or Win-1251, and no parameter that says which."""
    await send("iba", codec=charset, text="ибателеком")
    assert sandbox.ledger.messages[0].text == "ибателеком"


@pytest.mark.parametrize(
    ("recipient", "word"),
    [("79160001234", "deliver"), ("79160001213", "not_deliver"), ("79160001214", "expired")],
)
async def test_a_status_becomes_final_as_the_clock_goes(
    advance: Advance, send: Ask, ask: Ask, recipient: str, word: str
) -> None:
    """`Send`, then `deliver`."""
    message_id = (await send("iba", dadr=recipient))[1]
    assert await ask("iba", "sendsms.php", smsid=message_id) == (200, "Send")
    advance(2)
    assert await ask("iba", "sendsms.php", smsid=message_id) == (200, word)


async def test_a_status_can_carry_its_time(
    sandbox: Sandbox, iba: IBA, advance: Advance, send: Ask, ask: Ask
) -> None:
    """ "Returns the status of the message and the time of its change", in Moscow's time."""
    iba.status_time = True
    message_id = (await send("iba"))[1]
    advance(10)
    changed = sandbox.ledger.messages[0].taken_at.astimezone(MOSCOW) + timedelta(seconds=2)
    assert await ask("iba", "sendsms.php", smsid=message_id) == (200, f"deliver {changed:%Y-%m-%d %H:%M:%S}")


async def test_the_balance_is_amount_currency_and_directions(send: Ask, ask: Ask) -> None:
    """Three kinds of lines; half a rouble is spent on each segment."""
    status, text = await ask("iba", "sendsms.php", balance="1")
    assert (status, text.split("\n")[:3]) == (200, ["100.50", "RUR", "Россия: 361"])
    await send("iba", dadr="79160001234,79160001235")
    assert (await ask("iba", "sendsms.php", balance="1"))[1].startswith("99.50\nRUR\n")


@pytest.mark.parametrize("given", [{"balance": "1"}, {"smsid": "83759227"}])
async def test_a_wrong_login_gets_nothing_for_balance_and_status(ask: Ask, given: Given) -> None:
    """On an error it returns nothing."""
    assert await ask("iba", "sendsms.php", pwd="wrong", **given) == (200, "")


async def test_the_status_of_an_unknown_message_is_empty(ask: Ask) -> None:
    """The document has no word for it."""
    assert await ask("iba", "sendsms.php", smsid="1") == (200, "")


async def test_identical_requests_are_taken_as_often_as_they_come(sandbox: Sandbox, send: Ask) -> None:
    """The rule of one minute is TargetSMS's; here a resend is a second SMS, and the ledger shows it."""
    await send("iba")
    await send("iba")
    assert sandbox.ledger.sent_twice() == {("79160001234", "Hi"): 2}


async def test_post_is_not_answered(send: Ask) -> None:
    """Parameters come by GET alone."""
    assert (await send("iba", method="POST"))[0] == 405
