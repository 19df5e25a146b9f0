"""The fake TargetSMS, reply by reply, against protocols/targetsms.txt."""

from collections.abc import Callable, Coroutine
from datetime import timedelta, timezone

import phpserialize
import pytest

from smsgw.sandbox import Sandbox
from smsgw.sandbox.fates import Fate
from smsgw.sandbox.gateways.targetsms import TargetSMS

Given = dict[str, str | None]
Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]

MOSCOW = timezone(timedelta(hours=3))
BALANCE = (
    "445.6 RUR\nРоссия:361,МТС:1,Мегафон:1,Skylink:1,Yota:1,Байкалвестком:1,Уралсвязьинформ:1,Енисейтелеком:1,"
    "НСС:1,Мотив:1,Tele2:1,СМАРТС:1,Ростелеком:1,BeeLine:1,Остальные:1"
)
REPEATED = "error: Попытка отправки более одного одинакового запроса в течение минуты"
HELD = "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы пополните счет по данному направлению."
LONG_SENDER = (
    "Отправитель не должен превышать 15 символов для цифровых номеров и 11 символов для буквенно-числовых."
)


@pytest.fixture
def targetsms(sandbox: Sandbox) -> TargetSMS:
    found = sandbox.gateways["targetsms"]
    assert isinstance(found, TargetSMS)
    return found


async def test_ids_come_in_the_order_of_the_recipients(sandbox: Sandbox, send: Ask) -> None:
    """Section 2.2, with the document's own IDs."""
    assert await send("targetsms", dadr="79160001234,79160001235") == (200, "1178440060,1178440061")
    assert [message.recipient for message in sandbox.ledger.messages] == ["79160001234", "79160001235"]


@pytest.mark.parametrize(
    ("given", "reply"),
    [
        ({"pwd": "wrong"}, "Неверный логин или пароль"),
        ({"dadr": None}, "Укажите номер телефона."),
        ({"dadr": "+79160001234"}, "Укажите номер телефона."),
        ({"dadr": "79160001234,1" + "2" * 14}, "Номер телефона должен быть меньше 15 символов."),
        ({"sadr": None}, "Нет отправителя."),
        ({"sadr": "A" * 12}, LONG_SENDER),
        ({"sadr": "1" * 16}, LONG_SENDER),
        ({"sadr": "МАГАЗИН"}, "Такого отправителя Нет."),
        ({"text": ""}, "Нет текста сообщения."),
    ],
)
async def test_a_bad_request_gets_the_documents_text_and_takes_nothing(
    sandbox: Sandbox, send: Ask, given: Given, reply: str
) -> None:
    """Section 2.3."""
    assert await send("targetsms", **given) == (200, reply)
    assert sandbox.ledger.messages == ()


@pytest.mark.parametrize(
    ("knob", "value", "reply"),
    [
        ("allowed_senders", {"OTHER"}, "Такого отправителя Нет."),
        ("pending_senders", {"TESTSMS"}, "Отправитель не прошел модерацию."),
        ("closed_prefixes", ["7916"], "Данное направление закрыто."),
        ("closed_for_you", ["7916"], "Данное направление закрыто для вас."),
        ("moderated_words", ["Hi"], "Текст SMS отклонен модератором."),
    ],
)
async def test_the_accounts_terms_are_refusals_with_the_documents_text(
    *, sandbox: Sandbox, targetsms: TargetSMS, send: Ask, knob: str, value: object, reply: str
) -> None:
    """Section 2.3, what depends on the account."""
    setattr(targetsms, knob, value)
    assert await send("targetsms") == (200, reply)
    assert sandbox.ledger.messages == ()


@pytest.mark.parametrize(
    ("fault", "value", "reply"),
    [
        ("blocked", True, "Аккаунт заблокирован."),
        ("no_credit", True, "Закончились SMS."),
        ("stop_list", {"79160001234"}, "Номер телефона присутствует в стоп-листе."),
        ("refuse_with", "Нет ссылки.", "Нет ссылки."),
    ],
)
async def test_a_fault_gets_the_documents_text_and_takes_nothing(
    *, sandbox: Sandbox, targetsms: TargetSMS, send: Ask, fault: str, value: object, reply: str
) -> None:
    """Section 2.3, what goes wrong; texts that no request brings about come by `refuse_with`."""
    setattr(targetsms.faults, fault, value)
    assert await send("targetsms", dadr="79160001235,79160001234") == (200, reply)
    assert sandbox.ledger.messages == ()
    assert sandbox.ledger.requests[-1].fault == fault


async def test_a_held_message_is_kept(sandbox: Sandbox, targetsms: TargetSMS, send: Ask) -> None:
    """The gateway has it and will send it later."""
    targetsms.faults.held = True
    assert await send("targetsms") == (200, HELD)
    assert [message.state for message in sandbox.ledger.messages] == ["held"]


async def test_an_identical_send_is_refused_for_a_minute(
    sandbox: Sandbox, advance: Advance, send: Ask
) -> None:
    """The window is 60 seconds of the sandbox's clock from the arrival."""
    assert await send("targetsms") == (200, "1178440060")
    advance(59.99)
    assert await send("targetsms") == (200, REPEATED)
    advance(60)
    assert await send("targetsms") == (200, "1178440061")
    assert len(sandbox.ledger.messages) == 2


async def test_a_refused_repeat_begins_the_minute_anew(advance: Advance, send: Ask) -> None:
    """Whoever keeps asking keeps being refused."""
    await send("targetsms")
    for _ in range(3):
        advance(30)
        assert await send("targetsms") == (200, REPEATED)


async def test_only_a_minute_is_remembered(targetsms: TargetSMS, advance: Advance, send: Ask) -> None:
    """A gateway that runs for days does not grow by each request."""
    for number in range(10):
        await send("targetsms", text=f"text {number}")
        advance(30)
    assert len(targetsms._seen) == 2


@pytest.mark.parametrize("given", [{"balance": "1"}, {"smsid": "1178440060"}, {"smsid": "1", "detail": "1"}])
async def test_an_identical_status_or_balance_is_refused_too(
    advance: Advance, ask: Ask, given: Given
) -> None:
    """Every kind of request counts."""
    assert (await ask("targetsms", "sendsms.php", **given))[1] != REPEATED
    assert (await ask("targetsms", "sendsms.php", **given))[1] == REPEATED
    advance(60)
    assert (await ask("targetsms", "sendsms.php", **given))[1] != REPEATED


async def test_a_refused_request_counts_too(targetsms: TargetSMS, send: Ask) -> None:
    """One that failed is not to be repeated at once either."""
    targetsms.faults.no_credit = True
    assert (await send("targetsms"))[1] == "Закончились SMS."
    targetsms.faults.no_credit = False
    assert (await send("targetsms"))[1] == REPEATED


async def test_requests_that_differ_in_anything_are_not_identical(sandbox: Sandbox, send: Ask) -> None:
    """Other parameters, another request."""
    assert await send("targetsms") == (200, "1178440060")
    assert await send("targetsms", text="Hi!") == (200, "1178440061")
    assert await send("targetsms", dadr="79160001235") == (200, "1178440062")


async def test_the_order_of_parameters_makes_no_difference(sandbox: Sandbox, ask: Ask) -> None:
    """Identical means the same parameters, not the same URL."""
    given = {"sadr": "S", "dadr": "79160001234", "text": "Hi"}
    assert (await ask("targetsms", "sendsms.php", **given))[1] == "1178440060"
    assert (await ask("targetsms", "sendsms.php", **dict(reversed(given.items()))))[1] == REPEATED


async def test_the_front_servers_503_does_not_count_unless_told_to(targetsms: TargetSMS, send: Ask) -> None:
    """The script that counts never saw the request, or, as the knob has it, it did."""
    targetsms.faults.unavailable = 1
    assert (await send("targetsms"))[0] == 503
    assert await send("targetsms") == (200, "1178440060")
    targetsms.repeat_counts_unavailable = True
    targetsms.faults.unavailable = 1
    assert (await send("targetsms", text="again"))[0] == 503
    assert await send("targetsms", text="again") == (200, REPEATED)


async def test_a_url_of_more_than_2000_characters_is_refused(sandbox: Sandbox, send: Ask) -> None:
    """2000 characters of percent-encoded URL pass, 2001 do not."""
    await send("targetsms", text="x")
    room = 2000 - sandbox.ledger.requests[0].url_length
    assert (await send("targetsms", text="x" * (room + 2)))[0] == 414
    assert (await send("targetsms", text="x" * (room + 1)))[0] == 200
    assert [record.url_length for record in sandbox.ledger.requests[1:]] == [2001, 2000]
    assert len(sandbox.ledger.messages) == 2


async def test_a_cyrillic_letter_is_six_characters_of_url(sandbox: Sandbox, send: Ask) -> None:
    """Lengths are of the URL as the client wrote it."""
    await send("targetsms", text="x")
    await send("targetsms", text="ж")
    first, second = sandbox.ledger.requests
    assert second.url_length - first.url_length == 5


@pytest.mark.parametrize(
    ("fate", "word"),
    [
        ("delivered", "deliver"),
        ("undeliverable", "not_deliver"),
        ("expired", "expired"),
        ("unreported", "partly_deliver"),
    ],
)
async def test_a_status_becomes_final_as_the_clock_goes(
    *, targetsms: TargetSMS, advance: Advance, send: Ask, ask: Ask, fate: Fate, word: str
) -> None:
    """Section 3.2: `send`, then one of four."""
    targetsms.fates["34"] = fate
    message_id = (await send("targetsms"))[1]
    assert await ask("targetsms", "sendsms.php", smsid=message_id) == (200, "send")
    advance(60)
    assert await ask("targetsms", "sendsms.php", smsid=message_id) == (200, word)


async def test_details_are_a_serialized_php_array(
    sandbox: Sandbox, advance: Advance, send: Ask, ask: Ask
) -> None:
    """Section 4: five entries in the document's order, no time while the state is `send`."""
    message_id = (await send("targetsms", text="ж" * 71))[1]
    _, before = await ask("targetsms", "sendsms.php", smsid=message_id, detail="1")
    assert before == (
        'a:5:{s:6:"id_sms";s:10:"1178440060";s:17:"time_change_state";s:0:"";s:9:"state_sms";s:4:"send";'
        's:9:"num_parts";s:1:"2";s:5:"price";s:4:"1.15";}'
    )
    advance(60)
    _, after = await ask("targetsms", "sendsms.php", smsid=message_id, detail="1")
    changed = sandbox.ledger.messages[0].taken_at.astimezone(MOSCOW) + timedelta(seconds=2)
    assert phpserialize.loads(after.encode(), decode_strings=True) == {
        "id_sms": "1178440060",
        "time_change_state": f"{changed:%Y-%m-%d %H:%M:%S}",
        "state_sms": "deliver",
        "num_parts": "2",
        "price": "1.15",
    }


async def test_the_status_of_an_unknown_message_is_a_text(ask: Ask) -> None:
    """In details, too."""
    text = "Сообщение с таким ID не принималось"
    assert await ask("targetsms", "sendsms.php", smsid="1") == (200, text)
    assert await ask("targetsms", "sendsms.php", smsid="1", detail="1") == (200, text)


async def test_the_balance_is_the_documents_own(advance: Advance, send: Ask, ask: Ask) -> None:
    """Section 5.2, to the letter; a message costs 1.15."""
    assert await ask("targetsms", "sendsms.php", balance="1") == (
        200,
        BALANCE,
    )
    await send("targetsms")
    advance(60)
    assert (await ask("targetsms", "sendsms.php", balance="1"))[1].startswith("444.45 RUR\n")


@pytest.mark.parametrize("given", [{"balance": "1"}, {"smsid": "1178440060"}])
async def test_a_wrong_login_is_a_text_for_every_kind_of_request(
    targetsms: TargetSMS, ask: Ask, given: Given
) -> None:
    """And a blocked account is another."""
    assert await ask("targetsms", "sendsms.php", pwd="wrong", **given) == (200, "Неверный логин или пароль")
    targetsms.faults.blocked = True
    assert await ask("targetsms", "sendsms.php", **given) == (200, "Аккаунт заблокирован.")


async def test_post_is_not_answered(send: Ask) -> None:
    """Parameters come by GET alone."""
    assert (await send("targetsms", method="POST"))[0] == 405
