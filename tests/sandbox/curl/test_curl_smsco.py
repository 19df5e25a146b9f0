"""examples/curl/smsco.sh, the faults and the status of every kind, word for word by protocols/smsco.txt."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from smsgw.sandbox import Sandbox
from smsgw.sandbox.fates import Fate
from smsgw.sandbox.gateways.smsco import Smsco, StatusStyle

Curl = Callable[..., Coroutine[None, None, str]]
Advance = Callable[[float], None]

ACCOUNT = "username=test&password=test"
SEND = f"smsco/smsapi2.php?{ACCOUNT}&recipient=995599445448&message=test"
STATUS = f"smsco/getstatus.php?{ACCOUNT}&mes_id=123"


@pytest.fixture
def smsco(sandbox: Sandbox) -> Smsco:
    found = sandbox.gateways["smsco"]
    assert isinstance(found, Smsco)
    return found


@pytest.fixture(scope="module")
def shown(run_script: Callable[..., Any]) -> Any:
    return run_script("smsco", delivered=False)


@pytest.fixture(scope="module")
def delivered(run_script: Callable[..., Any]) -> Any:
    return run_script("smsco", delivered=True)


@pytest.mark.parametrize(
    ("heading", "reply"),
    [
        ("send", "OK 4 123"),  # the document's own example
        ("structure", "OK 4 124"),
        ("several recipients", "OK 8 125"),
        ("two parts", "OK 8 126"),
        ("sender", "OK 4 127"),
        ("balance", "9972"),
        ("schedule", "OK 4 128"),
        ("schedule with a plus", "OK 4 129"),
        ("2904 sending failed", "2904"),
        ("2905 wrong password", "2905"),
        ("2908 schedule format", "2908"),
        ("2909 unable to schedule", "2909"),
        ("2910 no username", "2910"),
        ("2911 no password", "2911"),
        ("2912 no recipient", "2912"),
        ("2913 no message", "2913"),
        ("2914 sender empty", "2914"),
        ("2915 several are empty", "2915"),
        ("status at once", "2"),
        ("status of the scheduled", "2"),
        ("status, wrong password", "2905"),
    ],
)
def test_a_reply_is_the_documents(shown: Any, heading: str, reply: str) -> None:
    """ "OK<space>number of sms credits used<space>SMS ID", or a code "2904"…"2915"; for the balance a number."""
    assert shown.replies[heading] == reply


def test_a_status_becomes_final(delivered: Any) -> None:
    """ "1 | Delivered" and "3 | Failed", of which PROTOCOLS.md lets the number stand alone; a scheduled one waits."""
    assert delivered.replies["status later"] == "1"
    assert delivered.replies["status of the undeliverable"] == "3"
    assert delivered.replies["status of the scheduled"] == "2"


def test_every_reply_is_plain_text(shown: Any) -> None:
    """The document names no status: 200 for refusals, too."""
    assert set(shown.wire.values()) == {"200 text/plain; charset=utf-8"}


def test_what_was_written_is_what_was_taken(shown: Any) -> None:
    """Comma-separated recipients, the schedule with %20 and with a plus, and nothing of what was refused."""
    taken = [(m.message_id, m.recipient, m.text, m.sender, dict(m.options)) for m in shown.messages]
    schedule = {"schedule": "2099-10-01 12:30:00"}
    assert taken == [
        ("123", "995599445448", "test", "", {}),
        ("124", "123456789", "testing", "", {}),
        ("125", "995599445448", "test", "", {}),
        ("125", "995599244409", "test", "", {}),
        ("126", "995599445448", "Long. " * 30, "", {}),
        ("127", "995599445413", 'a-Z_0.9 "ok"', "SHOP", {}),
        ("128", "995599244409", "test", "", schedule),
        ("129", "995599244409", "test", "", schedule),
    ]


@pytest.mark.parametrize(
    ("fault", "value", "reply"),
    [
        ("blocked", True, "2905"),  # Invalid username/password combination
        ("no_credit", True, "2906"),  # Credit exhausted
        ("unavailable", 1, "2907"),  # Gateway unavailable
        ("stop_list", {"995599445448"}, "2904"),  # SMS Sending Failed
        ("refuse_with", "2914", "2914"),
    ],
)
async def test_a_fault_has_the_documents_code(
    *, sandbox: Sandbox, smsco: Smsco, curl: Curl, fault: str, value: object, reply: str
) -> None:
    """Each of the list has a fault that brings it about, or a request that does."""
    setattr(smsco.faults, fault, value)
    assert await curl(SEND) == reply
    assert sandbox.ledger.messages == ()


@pytest.mark.parametrize(
    ("fate", "number", "word"),
    [
        ("unreported", "0", "Sent"),
        ("delivered", "1", "Delivered"),
        ("undeliverable", "3", "Failed"),
        ("deleted", "4", "Deleted"),
        ("expired", "5", "Expired"),
        ("rejected", "6", "Rejected"),
        ("cancelled", "7", "Canceled"),
    ],
)
async def test_every_documented_status_can_be_had(
    *, smsco: Smsco, curl: Curl, advance: Advance, fate: Fate, number: str, word: str
) -> None:
    """ "Услуга возвращает статусы": a number and a word; which of both stands in the body, the document leaves open."""
    smsco.fates["995599445448"] = fate
    assert await curl(SEND) == "OK 4 123"
    advance(2)
    styles: dict[StatusStyle, str] = {"number": number, "word": word, "both": f"{number} | {word}"}
    for style, reply in styles.items():
        smsco.status_style = style
        assert await curl(STATUS) == reply


async def test_a_message_is_in_process_and_then_sent(smsco: Smsco, curl: Curl, advance: Advance) -> None:
    """ "2 | In process", "0 | Sent"."""
    smsco.status_style = "both"
    await curl(SEND)
    assert await curl(STATUS) == "2 | In process"
    advance(1)
    assert await curl(STATUS) == "0 | Sent"
