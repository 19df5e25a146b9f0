"""examples/curl/iba.sh and the faults, word for word by protocols/iba.txt."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from smsgw.sandbox import Sandbox
from smsgw.sandbox.gateways.iba import IBA

Curl = Callable[..., Coroutine[None, None, str]]
Advance = Callable[[float], None]

ACCOUNT = "user=test&pwd=test"
SEND = f"iba/sendsms.php?{ACCOUNT}&sadr=TESTSMS&dadr=79083730330&text=Data"
STATUS = f"iba/sendsms.php?{ACCOUNT}&smsid=83759227"
BALANCE = f"iba/sendsms.php?{ACCOUNT}&balance=1"
HELD = "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы пополните счет по данному направлению."


@pytest.fixture(scope="module")
def shown(run_script: Callable[..., Any]) -> Any:
    return run_script("iba", delivered=False)


@pytest.fixture(scope="module")
def delivered(run_script: Callable[..., Any]) -> Any:
    return run_script("iba", delivered=True)


@pytest.mark.parametrize(
    ("heading", "reply"),
    [
        ("send", "83759227"),
        ("send, escaped", "83759228"),
        ("send, windows-1251", "83759229"),
        ("several recipients", "83759230,83759231"),
        ("ten recipients", ",".join(str(number) for number in range(83759232, 83759242))),
        ("sender of 15 digits", "83759242"),
        ("wrong password", "0"),
        ("eleven recipients", "0"),
        ("sender of 12 letters", "0"),
        ("no recipient", "0"),
        ("no text", "0"),
        ("status at once", "Send"),
        ("balance, wrong password", ""),
    ],
)
def test_a_reply_is_the_documents(shown: Any, heading: str, reply: str) -> None:
    """ "В случае успешной отправки … идентификаторы", "В случае ошибки возвращает "0"", for the balance nothing."""
    assert shown.replies[heading] == reply


def test_a_status_becomes_final(delivered: Any) -> None:
    """ "deliver – Доставлено"; the other word is TargetSMS's, by PROTOCOLS.md."""
    assert delivered.replies["status later"] == "deliver"
    assert delivered.replies["status of the undeliverable"] == "not_deliver"


def test_the_balance_is_amount_currency_and_directions(shown: Any) -> None:
    """ "Balance", "Currency", "Direction: Summ", each on a line of its own."""
    assert shown.replies["balance"].split("\n") == [
        "92.50",  # 100.50 less sixteen segments at 0.50
        "RUR",
        "Россия: 361",
        "МТС: 1",
        "Мегафон: 1",
        "BeeLine: 1",
        "Остальные: 1",
    ]


def test_every_reply_is_plain_text(shown: Any) -> None:
    """The document names no status: 200 for refusals, too."""
    assert set(shown.wire.values()) == {"200 text/plain; charset=utf-8"}


def test_what_was_written_is_what_was_taken(shown: Any) -> None:
    """ "Поддерживаются кодировки UTF-8, Win-1251": as the document's example has it, escaped, and in the other one."""
    assert [(m.recipient, m.text, m.sender) for m in shown.messages[:5]] == [
        ("79083730330", "ибателеком", "IBATelecom"),
        ("79083730313", "ибателеком & Co", "TESTSMS"),
        ("79083730330", "ибателеком", "TESTSMS"),
        ("7903123456", "Data", "TESTSMS"),
        ("79023456789", "Data", "TESTSMS"),
    ]
    assert len(shown.messages) == 16


@pytest.mark.parametrize(
    ("fault", "value"),
    [("blocked", True), ("no_credit", True), ("stop_list", {"79083730330"}), ("refuse_with", "Нет ссылки.")],
)
async def test_a_fault_is_a_bare_zero(sandbox: Sandbox, curl: Curl, fault: str, value: object) -> None:
    """ "В случае ошибки возвращает "0""."""
    setattr(sandbox.gateways["iba"].faults, fault, value)
    assert await curl(SEND) == "0"
    assert sandbox.ledger.messages == ()


async def test_a_blocked_account_has_no_balance(sandbox: Sandbox, curl: Curl) -> None:
    """ "В случае ошибки ничего не возвращает"."""
    sandbox.gateways["iba"].faults.blocked = True
    assert await curl(BALANCE) == ""


async def test_a_held_message_says_so_in_the_platforms_words(sandbox: Sandbox, curl: Curl) -> None:
    """PROTOCOLS.md: it may answer with any of TargetSMS's texts. The message is there, and stays "Send"."""
    sandbox.gateways["iba"].faults.held = True
    assert await curl(SEND) == HELD
    assert await curl(STATUS) == "Send"


async def test_a_status_can_carry_its_time(sandbox: Sandbox, curl: Curl, advance: Advance) -> None:
    """ "Возвращает статус сообщения и время обновления статуса": whether it does so is a setting."""
    iba = sandbox.gateways["iba"]
    assert isinstance(iba, IBA)
    iba.status_time = True
    await curl(SEND)
    advance(2)
    word, day, time = (await curl(STATUS)).split(" ")
    assert (word, len(day), len(time)) == ("deliver", len("2011-01-01"), len("12:57:46"))


async def test_post_is_no_way_to_call_it(sandbox: Sandbox, curl: Curl) -> None:
    """ "Обмен данными … с использованием метода GET"."""
    path, _, form = SEND.partition("?")
    assert await curl(path, "--data", form, "--output", "/dev/null", "--write-out", "%{http_code}") == "405"
    assert sandbox.ledger.messages == ()
