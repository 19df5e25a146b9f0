"""examples/curl/targetsms.sh, the account's terms and the faults, word for word by protocols/targetsms.txt."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

import phpserialize
import pytest

from smsgw.sandbox import Sandbox
from smsgw.sandbox.fates import Fate
from smsgw.sandbox.gateways.targetsms import TargetSMS

Curl = Callable[..., Coroutine[None, None, str]]
Advance = Callable[[float], None]

ACCOUNT = "user=test&pwd=test"
SEND = f"targetsms/sendsms.php?{ACCOUNT}&sadr=TESTSMS&dadr=79001234567&text=Data"
STATUS = f"targetsms/sendsms.php?{ACCOUNT}&smsid=1178440060"
DETAIL = f"{STATUS}&detail=1"
BALANCE = f"targetsms/sendsms.php?{ACCOUNT}&balance=1"

REPEATED = "error: Попытка отправки более одного одинакового запроса в течение минуты"
LONG_SENDER = (
    "Отправитель не должен превышать 15 символов для цифровых номеров и 11 символов для буквенно-числовых."
)
PACKAGE = (
    "Россия:361,МТС:1,Мегафон:1,Skylink:1,Yota:1,Байкалвестком:1,Уралсвязьинформ:1,Енисейтелеком:1,"
    "НСС:1,Мотив:1,Tele2:1,СМАРТС:1,Ростелеком:1,BeeLine:1,Остальные:1"
)


@pytest.fixture
def targetsms(sandbox: Sandbox) -> TargetSMS:
    found = sandbox.gateways["targetsms"]
    assert isinstance(found, TargetSMS)
    return found


@pytest.fixture(scope="module")
def shown(run_script: Callable[..., Any]) -> Any:
    return run_script("targetsms", delivered=False)


@pytest.fixture(scope="module")
def delivered(run_script: Callable[..., Any]) -> Any:
    return run_script("targetsms", delivered=True)


@pytest.mark.parametrize(
    ("heading", "reply"),
    [
        ("2.2 several recipients", "1178440060,1178440061"),  # the document's own example
        ("1 the same request again", REPEATED),
        ("2.2 one recipient", "1178440062"),
        ("2.2 two parts", "1178440063"),
        ("2.3 wrong password", "Неверный логин или пароль"),  # PROTOCOLS.md's; the document has none
        ("2.3 no phone", "Укажите номер телефона."),
        ("2.3 phone too long", "Номер телефона должен быть меньше 15 символов."),
        ("2.3 no sender", "Нет отправителя."),
        ("2.3 sender of 12 letters", LONG_SENDER),
        ("2.3 sender of 16 digits", LONG_SENDER),
        ("2.3 Cyrillic sender", "Такого отправителя Нет."),
        ("2.3 no text", "Нет текста сообщения."),
        ("3 status at once", "send"),
        ("3.3 unknown message", "Сообщение с таким ID не принималось"),  # PROTOCOLS.md's
        ("5.2 balance", f"439.85 RUR\n{PACKAGE}"),  # 445.6 less five parts at 1.15
        ("1 the balance again", REPEATED),
    ],
)
def test_a_reply_is_the_documents(shown: Any, heading: str, reply: str) -> None:
    """Sections 1, 2.2, 2.3, 3.2 and 5.2: "в plainText", capitals and final dots as they stand."""
    assert shown.replies[heading] == reply


def test_a_detail_without_a_status_has_no_time(shown: Any) -> None:
    """4: "send" — "в этом случае передается пустой time_change_state"; five fields in the document's order."""
    assert shown.replies["4 detail at once"] == (
        'a:5:{s:6:"id_sms";s:10:"1178440063";s:17:"time_change_state";s:0:"";s:9:"state_sms";s:4:"send";'
        's:9:"num_parts";s:1:"2";s:5:"price";s:4:"1.15";}'
    )


@pytest.mark.parametrize(
    ("heading", "state"), [("4 detail later", "deliver"), ("4 detail of the expired", "expired")]
)
def test_a_detail_is_the_documents_array(delivered: Any, heading: str, state: str) -> None:
    """4: id_sms, time_change_state as 2011-01-01 12:57:46, state_sms, num_parts, price, by PHP's unserialize()."""
    array = phpserialize.loads(delivered.replies[heading].encode(), decode_strings=True)
    assert list(array) == ["id_sms", "time_change_state", "state_sms", "num_parts", "price"]
    assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", array["time_change_state"])
    assert (array["state_sms"], array["num_parts"], array["price"]) == (state, "1", "1.15")


def test_a_status_becomes_final(delivered: Any) -> None:
    """3.2: "deliver", "expired"."""
    assert delivered.replies["3 status later"] == "deliver"
    assert delivered.replies["3 status of the expired"] == "expired"


def test_every_reply_is_plain_text(shown: Any) -> None:
    """ "В plainText", errors too."""
    assert set(shown.wire.values()) == {"200 text/plain; charset=utf-8"}


def test_what_was_written_is_what_was_taken(shown: Any) -> None:
    """2.1: UTF-8, "можно несколько телефонов через запятую"; neither the repeated nor the refused."""
    assert [(m.recipient, m.text, m.sender) for m in shown.messages] == [
        ("79001234567", "текст SMS", "TESTSMS"),
        ("79001234514", "текст SMS", "TESTSMS"),
        ("79001234567", "SMS", "79161234567"),
        ("79001234567", "ж" * 71, "TESTSMS"),
    ]


@pytest.mark.parametrize(
    ("fate", "word"),
    [
        ("undeliverable", "not_deliver"),
        ("expired", "expired"),
        ("delivered", "deliver"),
        ("unreported", "partly_deliver"),
    ],
)
async def test_every_documented_status_can_be_had(
    *, targetsms: TargetSMS, curl: Curl, advance: Advance, fate: Fate, word: str
) -> None:
    """3.2 and 4: the four final ones, in a word and in detail."""
    targetsms.fates["79001234567"] = fate
    await curl(SEND)
    advance(2)
    assert await curl(STATUS) == word
    assert f's:9:"state_sms";s:{len(word)}:"{word}";' in await curl(DETAIL)


@pytest.mark.parametrize(
    ("knob", "value", "reply"),
    [
        ("closed_for_you", ["7900"], "Данное направление закрыто для вас."),
        ("closed_prefixes", ["7900"], "Данное направление закрыто."),
        ("moderated_words", ["Data"], "Текст SMS отклонен модератором."),
        ("allowed_senders", {"OTHER"}, "Такого отправителя Нет."),
        ("pending_senders", {"TESTSMS"}, "Отправитель не прошел модерацию."),
    ],
)
async def test_the_accounts_terms_have_the_documents_words(
    *, sandbox: Sandbox, targetsms: TargetSMS, curl: Curl, knob: str, value: object, reply: str
) -> None:
    """2.3."""
    setattr(targetsms, knob, value)
    assert await curl(SEND) == reply
    assert sandbox.ledger.messages == ()


OUT_OF_STOCK = "У нас закончились SMS. Для разрешения проблемы свяжитесь с менеджером."


@pytest.mark.parametrize(
    ("fault", "value", "reply"),
    [
        ("refuse_with", OUT_OF_STOCK, OUT_OF_STOCK),
        ("refuse_with", "Нет ссылки.", "Нет ссылки."),
        ("no_credit", True, "Закончились SMS."),
        ("blocked", True, "Аккаунт заблокирован."),
        ("stop_list", {"79001234567"}, "Номер телефона присутствует в стоп-листе."),
    ],
)
async def test_a_fault_has_the_documents_words(
    *, sandbox: Sandbox, targetsms: TargetSMS, curl: Curl, fault: str, value: object, reply: str
) -> None:
    """2.3."""
    setattr(targetsms.faults, fault, value)
    assert await curl(SEND) == reply
    assert sandbox.ledger.messages == ()


@pytest.mark.parametrize("path", [STATUS, DETAIL, BALANCE])
async def test_a_blocked_account_hears_so_from_every_request(
    targetsms: TargetSMS, curl: Curl, path: str
) -> None:
    """3.3, 4 and 5.3."""
    targetsms.faults.blocked = True
    assert await curl(path) == "Аккаунт заблокирован."


async def test_a_held_message_is_taken(sandbox: Sandbox, targetsms: TargetSMS, curl: Curl) -> None:
    """2.3: "SMS будет отправлена как только вы пополните счет"; it stays "send"."""
    targetsms.faults.held = True
    assert await curl(SEND) == (
        "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы пополните счет "
        "по данному направлению."
    )
    assert len(sandbox.ledger.messages) == 1
    assert await curl(STATUS) == "send"


async def test_the_first_balance_is_the_documents(curl: Curl) -> None:
    """5.2, its example to the letter."""
    assert await curl(BALANCE) == f"445.6 RUR\n{PACKAGE}"


@pytest.mark.parametrize("path", [SEND, STATUS, DETAIL, BALANCE])
async def test_any_request_is_identical_for_a_minute(curl: Curl, advance: Advance, path: str) -> None:
    """1: "Одинаковые запросы можно отправлять не чаще 1 раза в 1 минуту"; the order of parameters is no difference."""
    assert await curl(path) != REPEATED
    start, _, query = path.partition("?")
    assert await curl(f"{start}?{'&'.join(reversed(query.split('&')))}") == REPEATED
    advance(60)
    assert await curl(path) != REPEATED


async def test_post_is_no_way_to_call_it(sandbox: Sandbox, curl: Curl) -> None:
    """ "Отправляется GET-запрос"."""
    path, _, form = SEND.partition("?")
    assert await curl(path, "--data", form, "--output", "/dev/null", "--write-out", "%{http_code}") == "405"
    assert sandbox.ledger.messages == ()
