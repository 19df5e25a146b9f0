"""What a driver says of replies: whose error it is, and one sentence that a reader can act on, word for word."""

import json
from collections.abc import Callable

import phpserialize
import pytest

from smsgw.drivers.base import Batch, Driver
from smsgw.errors import SmsgwError
from smsgw.models import Reference

MakeDriver = Callable[..., Driver]
MakeBatch = Callable[..., Batch]

PHONE = "79031234567"
TWO = (PHONE, "79160001234")
ASKED = Reference("main", "ID-7", PHONE)

UNREADABLE = "the reply is none of the documented ones"
NO_JSON = "the reply is not the JSON object that is documented"
OUT_OF_SMS = "У нас закончились SMS. Для разрешения проблемы свяжитесь с менеджером"
SENT_BEFORE = "Данное сообщение уже было отправлено"
LONG_SENDER = (
    "Отправитель не должен превышать 15 символов для цифровых номеров и 11 символов для буквенно-числовых"
)
NO_STATE = "the gateway gave no state: is there such an ID?"


def told(reply: object) -> bytes:
    return json.dumps(reply).encode()


SENDS: list[tuple[str, bytes, str, str | None, str]] = [
    ("avist", b"?", UNREADABLE, None, "provider"),
    ("avist", b"\xff", "the reply is not text", None, "provider"),
    ("avist", b"Error: no such message", "the reply belongs to a status request", None, "provider"),
    (
        "avist",
        b"Error: mess_id=1",
        "the reply is an error, and yet names a message ID",
        None,
        "provider",
    ),
    ("avist", b"Error: oh dear", "the gateway refused the request in words of its own", None, "message"),
    (
        "avist",
        b"Error: auth failed",
        "the gateway refused the login or the password",
        "auth failed",
        "account",
    ),
    ("smsco", b"?", UNREADABLE, None, "provider"),
    (
        "smsco",
        b"OK 4 123",
        "the gateway took at least one recipient of this request and does not say which",
        None,
        "recipient",
    ),
    (
        "smsco",
        b"OK 4 1,2",
        "the gateway's list of failed numbers does not fit the request",
        None,
        "recipient",
    ),
    (
        "smsco",
        b"OK 4 9031234567,",
        "the gateway lists this number as failed",
        None,
        "recipient",
    ),
    ("smsco", b"2904", "sending failed, and the gateway does not say why", "2904", "recipient"),
    ("smsco", b"2905", "the gateway refused the login or the password", "2905", "account"),
    ("iba", b"?", UNREADABLE, None, "provider"),
    ("iba", b"1,2,3", "3 IDs for 2 recipients", None, "provider"),
    ("iba", b"0", "the gateway refused without a cause", "0", "recipient"),
    ("iba", b"0,12", "the gateway refused without a cause", "0", "recipient"),
    ("targetsms", OUT_OF_SMS.encode(), "the gateway itself is out of SMS", OUT_OF_SMS, "provider"),
    (
        "targetsms",
        SENT_BEFORE.encode(),
        "the gateway says that an identical request came within the minute",
        SENT_BEFORE,
        "message",
    ),
    ("targetsms", LONG_SENDER.encode(), "the sender is too long for the gateway", LONG_SENDER, "message"),
    (
        "targetsms",
        f"{LONG_SENDER}: SECRET".encode(),
        "the sender is too long for the gateway",
        "отправитель не должен превышать 15 символов",
        "message",
    ),
    ("smstele", b"?", NO_JSON, None, "provider"),
    ("smstele", b"{}", "the reply has no `messages`", None, "provider"),
    ("smstele", told({"error": "no"}), "the reply's error is no code", None, "provider"),
    ("smstele", told({"error": "-43"}), "the account is out of credit", "-43", "account"),
    ("smstele", told({"error": "-6"}), "the gateway has not implemented this", "-6", "provider"),
    ("smstele", told({"error": "-77"}), "the gateway refused the request", "-77", "message"),
    (
        "smstele",
        told({"error": "-25", "description": "Invalid attribute: 'sender=SECRET'"}),
        "the gateway found the request itself wrong (attribute sender)",
        "-25",
        "message",
    ),
    (
        "smstele",
        told({"error": "-25", "description": "Invalid attribute: 'mes=SEC=RET'"}),
        "the gateway found the request itself wrong (attribute mes)",
        "-25",
        "message",
    ),
    (
        "smstele",
        told({"error": "-25", "description": "Missing attribute: 'charset'"}),
        "the gateway found the request itself wrong (attribute charset)",
        "-25",
        "message",
    ),
    (
        "smstele",
        told({"error": "-25", "description": "Missing attribute: 'SECRET'"}),
        "the gateway found the request itself wrong",
        "-25",
        "message",
    ),
    (
        "smstele",
        told({"messages": []}),
        "the gateway's reply leaves this number out",
        None,
        "recipient",
    ),
    (
        "smstele",
        told({"messages": [{"phone": PHONE, "operator": "x"}] * 2}),
        "the reply names this number twice",
        None,
        "recipient",
    ),
    (
        "smstele",
        told({"messages": [{"phone": PHONE, "operator": "m", "error": "-26"}]}),
        "the gateway refused a recipient's number",
        "-26",
        "recipient",
    ),
    (
        "smstele",
        told({"messages": [{"phone": PHONE}]}),
        "the gateway's reply does not tell whether it took this number",
        None,
        "recipient",
    ),
    (
        "smstele",
        told({"cnt": 0, "messages": [{"phone": PHONE, "cnt": 1}]}),
        "the gateway knows no operator for this number",
        None,
        "recipient",
    ),
    (
        "smstele",
        told(
            {
                "cnt": 0,
                "messages": [{"phone": PHONE, "cnt": 1}, {"phone": TWO[1], "operator": "m", "cnt": 0}],
            }
        ),
        "the gateway knows no operator for this number",
        None,
        "recipient",
    ),
]


@pytest.mark.parametrize(("name", "body", "says", "code", "scope"), SENDS)
def test_a_send_that_was_not_simply_taken_is_explained(
    *,
    driver_for: MakeDriver,
    batch_for: MakeBatch,
    name: str,
    body: bytes,
    says: str,
    code: str | None,
    scope: str,
) -> None:
    """What the gateway said, whose fault that is, and its own code where it has one."""
    driver = driver_for(name, **({"batch_size": 2} if name == "smsco" else {}))
    batch: Batch = batch_for(driver, *TWO[: driver.batch_size])
    try:
        error = driver.read_send(batch, body)[0].error
    except SmsgwError as raised:
        error = raised
    assert error is not None
    assert (str(error), error.code, error.scope) == (f"main: {says}", code, scope)


STATUSES: list[tuple[str, bytes, str]] = [
    ("avist", b"?", UNREADABLE),
    ("avist", b"Mess_ID=other Status: delivered", UNREADABLE),
    ("avist", b"Error: no such message", "the gateway knows no message with this ID"),
    ("smsco", b"?", UNREADABLE),
    ("smsco", b"", NO_STATE),
    ("smsco", b"2906", "the account is out of credit"),
    ("iba", b"?", UNREADABLE),
    ("iba", b"", NO_STATE),
    ("iba", "Неверный логин или пароль".encode(), "the gateway refused the login or the password"),
    (
        "iba",
        "Сообщение с таким ID не принималось".encode("windows-1251"),
        "the gateway knows no message with this ID",
    ),
    ("targetsms", b"a:" + b"x" * 20_000, "the detailed status is larger than it can be"),
    ("targetsms", b"a:1:{", "the detailed status is no PHP array"),
    ("targetsms", phpserialize.dumps({"state_sms": "lost"}), UNREADABLE),
    ("targetsms", phpserialize.dumps({"state_sms": b"\xff"}), UNREADABLE),
    ("smstele", b"?", NO_JSON),
    ("smstele", b"{}", "the reply has no `results`"),
    ("smstele", told({"error": "-23"}), "the gateway refused the login or the password"),
]


@pytest.mark.parametrize(("name", "body", "says"), STATUSES)
def test_a_status_that_cannot_be_told_is_explained(
    driver_for: MakeDriver, name: str, body: bytes, says: str
) -> None:
    """What the gateway said instead."""
    with pytest.raises(SmsgwError) as caught:
        driver_for(name).read_status([ASKED], body)
    assert str(caught.value) == f"main: {says}"


@pytest.mark.parametrize(
    ("results", "reference", "says"),
    [
        ([], ASKED, "the gateway shows no such message"),
        (
            [{"id": "ID-7", "phone": phone} for phone in TWO],
            Reference("main", "ID-7"),
            "this ID stands for several recipients: give the recipient",
        ),
    ],
)
def test_a_report_that_cannot_be_given_says_why(
    driver_for: MakeDriver, results: list[dict[str, str]], reference: Reference, says: str
) -> None:
    """It is a report of its recipient and ID all the same, with an error."""
    [report] = driver_for("smstele").read_status([reference], told({"results": results}))
    assert (report.recipient, report.provider, report.message_id) == (reference.recipient, "main", "ID-7")
    assert str(report.error) == f"main: {says}"


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("avist", b"Balance: 1.2.3 SMS", UNREADABLE),
        ("avist", b"Error: auth failed", "the gateway refused the login or the password"),
        ("smsco", b"many", UNREADABLE),
        ("smsco", b"2911", "the password is empty"),
        (
            "iba",
            b"",
            "the gateway refused the account (it tells no balance): check login and password",
        ),
        ("iba", b"12:5", UNREADABLE),
        ("targetsms", "Ваш аккаунт заблокирован".encode(), "the account is blocked"),
    ],
)
def test_a_balance_that_cannot_be_told_is_explained(
    driver_for: MakeDriver, name: str, body: bytes, says: str
) -> None:
    """What the gateway said instead."""
    with pytest.raises(SmsgwError) as caught:
        driver_for(name).read_balance(body)
    assert str(caught.value) == f"main: {says}"


def test_a_lookup_that_leaves_a_number_out_says_so(driver_for: MakeDriver) -> None:
    """And one whose row is an error says which."""
    rows = {"messages": [{"phone": TWO[1], "error": "-26"}]}
    first, second = driver_for("smstele").read_lookup(TWO, told(rows))
    assert (first.recipient, first.provider) == (PHONE, "main")
    assert str(first.error) == "main: the gateway's reply leaves this number out"
    assert (second.recipient, second.provider) == (TWO[1], "main")
    assert str(second.error) == "main: the gateway refused a recipient's number"
    with pytest.raises(SmsgwError, match=f"^main: {NO_JSON}$"):
        driver_for("smstele").read_lookup(TWO, b"?")
    with pytest.raises(SmsgwError, match=r"^main: the reply has no `messages`$"):
        driver_for("smstele").read_lookup(TWO, b"{}")
    with pytest.raises(SmsgwError, match=r"^main: the account is out of credit$"):
        driver_for("smstele").read_lookup(TWO, told({"error": "-43"}))
