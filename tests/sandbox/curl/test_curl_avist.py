"""examples/curl/avist.sh and the faults, word for word by protocols/avist.txt."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from smsgw.sandbox import Sandbox

Curl = Callable[..., Coroutine[None, None, str]]

SEND = "avist/sms.php?action=send_sms&user=test&pass=test&phone=79160001234&message=Hi&from=SHOP"
STATUS = "avist/sms.php?action=status&user=test&pass=test&mess_id=a10001"
BALANCE = "avist/sms.php?action=balance&user=test&pass=test"


@pytest.fixture(scope="module")
def shown(run_script: Callable[..., Any]) -> Any:
    return run_script("avist", delivered=False)


@pytest.fixture(scope="module")
def delivered(run_script: Callable[..., Any]) -> Any:
    return run_script("avist", delivered=True)


@pytest.mark.parametrize(
    ("heading", "reply"),
    [
        ("2 send by GET", "Message successfully sent! Message_ID=a10001"),
        ("2 send by POST", "Message successfully sent! Message_ID=a10002"),
        ("1.2 wrong password", "Error: auth failed"),
        ("1.2 no login", "Error: auth failed"),
        ("2.2 message too long", "Error: can't send this message"),
        ("2.2 Cyrillic message too long", "Error: can't send this message"),
        ("2.2 wrong sender", "Error: can't send this message"),
        ("2.2 no message", "Error: can't send this message"),
        ("2.2 wrong phone", "Error: unsupported phone number"),
        ("3 status at once", "Mess_ID=a10001 Status: unknown"),
        ("3.2 unknown message", "Error: no such message"),
        ("3.2 wrong password", "Error: auth failed"),
        ("4 balance by GET", "Balance: 998 SMS"),
        ("4 balance by POST", "Balance: 998 SMS"),
        ("4.2 wrong password", "Error: auth failed"),
    ],
)
def test_a_reply_is_the_documents(shown: Any, heading: str, reply: str) -> None:
    """Sections 1.2, 2.2, 3.2 and 4.2: the whole body, without a line's end."""
    assert shown.replies[heading] == reply


def test_a_status_becomes_final(delivered: Any) -> None:
    """3.2: "Mess_ID=XXXXXX Status: delivered", and "not delivered"."""
    assert delivered.replies["3 status later"] == "Mess_ID=a10001 Status: delivered"
    undeliverable = delivered.replies["3 status of the undeliverable, by POST"]
    assert undeliverable == "Mess_ID=a10002 Status: not delivered"


def test_every_reply_is_plain_text(shown: Any) -> None:
    """The document names no status: 200 for refusals, too."""
    assert set(shown.wire.values()) == {"200 text/plain; charset=utf-8"}


def test_what_was_written_is_what_was_taken(shown: Any) -> None:
    """2.1: `phone`, `message` and `from`, by GET with a plus and by POST in UTF-8; nothing of what was refused."""
    assert [(m.recipient, m.text, m.sender) for m in shown.messages] == [
        ("79160001234", "Hello there", "SHOP"),
        ("79160001213", "Привет, мир", "SHOP"),
    ]


@pytest.mark.parametrize(
    ("fault", "value", "reply"),
    [
        ("blocked", True, "Error: auth failed"),
        ("no_credit", True, "Error: your credit is null"),
        ("stop_list", {"79160001234"}, "Error: unsupported phone number"),
        ("refuse_with", "Error: can't send this message", "Error: can't send this message"),
    ],
)
async def test_a_fault_has_the_documents_words(
    *, sandbox: Sandbox, curl: Curl, fault: str, value: object, reply: str
) -> None:
    """2.2."""
    setattr(sandbox.gateways["avist"].faults, fault, value)
    assert await curl(SEND) == reply
    assert sandbox.ledger.messages == ()


@pytest.mark.parametrize("path", [SEND, STATUS, BALANCE])
async def test_any_request_may_meet_a_service_that_is_unavailable(
    sandbox: Sandbox, curl: Curl, path: str
) -> None:
    """1.2: "Error: service is unavailable now"."""
    sandbox.gateways["avist"].faults.unavailable = 1
    assert await curl(path) == "Error: service is unavailable now"


async def test_the_longest_message_and_sender_are_taken(sandbox: Sandbox, curl: Curl) -> None:
    """2.1: "до 160-ти символов, или до 70-ти если есть кириллица"; `from` is 1 to 11 letters and digits."""
    base = "avist/sms.php?action=send_sms&user=test&pass=test&phone=79160001234"
    assert await curl(f"{base}&from=A&message={'a' * 160}") == "Message successfully sent! Message_ID=a10001"
    cyrillic = f"{base}&from=Shop1234567&message={'%D0%B6' * 70}"
    assert await curl(cyrillic) == "Message successfully sent! Message_ID=a10002"
    assert [len(message.text) for message in sandbox.ledger.messages] == [160, 70]
