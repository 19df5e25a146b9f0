"""The fake Avist, reply by reply, against protocols/avist.txt."""

from collections.abc import Callable, Coroutine

import pytest

from smsgw.sandbox import Sandbox

Given = dict[str, str | None]
Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]

SENT = "Message successfully sent! Message_ID="


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_message_is_taken_by_get_and_by_post(sandbox: Sandbox, send: Ask, method: str) -> None:
    """Parameters come by POST or GET (1), and the reply names the message (2.2)."""
    status, text = await send("avist", method=method, message="Код 1234")
    assert status == 200
    assert text.startswith(SENT)
    (message,) = sandbox.ledger.messages
    assert text == SENT + message.message_id
    assert (message.gateway, message.recipient, message.sender, message.text) == (
        "avist",
        "79160001234",
        "SHOP",
        "Код 1234",
    )
    assert (message.encoding, message.segments, message.state) == ("UCS-2", 1, "taken")
    assert message.taken_at.tzinfo is not None


async def test_every_message_has_an_id_of_its_own(sandbox: Sandbox, send: Ask) -> None:
    """Two sends, two IDs, and neither is a mere number."""
    replies = {(await send("avist"))[1] for _ in range(2)}
    assert len(replies) == 2
    assert not any(message.message_id.isdigit() for message in sandbox.ledger.messages)


@pytest.mark.parametrize(
    ("given", "reply"),
    [
        ({"pass": "wrong"}, "Error: auth failed"),
        ({"user": None}, "Error: auth failed"),
        ({"phone": "995599445448"}, "Error: unsupported phone number"),
        ({"phone": "+79160001234"}, "Error: unsupported phone number"),
        ({"phone": "7916000123"}, "Error: unsupported phone number"),
        ({"phone": "79160001234,79160001235"}, "Error: unsupported phone number"),
        ({"phone": None}, "Error: unsupported phone number"),
        ({"phone": "７9160001234"}, "Error: unsupported phone number"),
        ({"message": None}, "Error: can't send this message"),
        ({"message": ""}, "Error: can't send this message"),
        ({"message": "x" * 161}, "Error: can't send this message"),
        ({"message": "ж" * 71}, "Error: can't send this message"),
        ({"from": None}, "Error: can't send this message"),
        ({"from": "A" * 12}, "Error: can't send this message"),
        ({"from": "МАГАЗИН"}, "Error: can't send this message"),
        ({"action": "dance"}, "Error: can't send this message"),
        ({"action": None}, "Error: can't send this message"),
    ],
)
async def test_a_bad_request_gets_the_documents_word_and_takes_nothing(
    sandbox: Sandbox, send: Ask, given: Given, reply: str
) -> None:
    """Sections 1.2 and 2.2."""
    assert await send("avist", **given) == (200, reply)
    assert sandbox.ledger.messages == ()


@pytest.mark.parametrize("message", ["x" * 160, "ж" * 70, "€" * 100])
async def test_a_text_of_just_the_greatest_length_is_taken(sandbox: Sandbox, send: Ask, message: str) -> None:
    """160 characters, or 70 if GSM-7 cannot write them (2.1)."""
    assert (await send("avist", message=message))[1].startswith(SENT)
    assert sandbox.ledger.messages[0].text == message


@pytest.mark.parametrize(
    ("fault", "value", "reply"),
    [
        ("unavailable", 1, "Error: service is unavailable now"),
        ("blocked", True, "Error: auth failed"),
        ("no_credit", True, "Error: your credit is null"),
        ("stop_list", {"79160001234"}, "Error: unsupported phone number"),
        ("refuse_with", "Error: Auth failed", "Error: Auth failed"),
    ],
)
async def test_a_fault_gets_the_documents_word_and_takes_nothing(
    sandbox: Sandbox, send: Ask, fault: str, value: object, reply: str
) -> None:
    """Each of the gateway's errors can be had, and the record says why it came."""
    setattr(sandbox.gateways["avist"].faults, fault, value)
    assert await send("avist") == (200, reply)
    assert sandbox.ledger.messages == ()
    assert sandbox.ledger.requests[-1].fault == fault


@pytest.mark.parametrize(
    ("recipient", "word"),
    [("79160001234", "delivered"), ("79160001213", "not delivered"), ("79160001214", "not delivered")],
)
async def test_a_status_becomes_final_as_the_clock_goes(
    *, sandbox: Sandbox, advance: Advance, send: Ask, ask: Ask, recipient: str, word: str
) -> None:
    """`unknown` until the delivery, then what the number's ending says (3.2)."""
    message_id = (await send("avist", phone=recipient))[1].removeprefix(SENT)
    query = {"action": "status", "mess_id": message_id}
    advance(1.99)
    assert await ask("avist", "sms.php", **query) == (200, f"Mess_ID={message_id} Status: unknown")
    advance(0.01)
    assert await ask("avist", "sms.php", **query) == (200, f"Mess_ID={message_id} Status: {word}")


@pytest.mark.parametrize("message_id", ["nope", None])
async def test_the_status_of_an_unknown_message_is_an_error(ask: Ask, message_id: str) -> None:
    """Section 3.2."""
    assert await ask("avist", "sms.php", action="status", mess_id=message_id) == (
        200,
        "Error: no such message",
    )


async def test_the_balance_goes_down_with_each_message(send: Ask, ask: Ask) -> None:
    """`Balance: XXX SMS` (4.2)."""
    assert await ask("avist", "sms.php", action="balance") == (200, "Balance: 1000 SMS")
    await send("avist")
    assert await ask("avist", "sms.php", action="balance") == (200, "Balance: 999 SMS")


async def test_the_kinds_of_requests_are_recorded(sandbox: Sandbox, send: Ask, ask: Ask) -> None:
    """The ledger tells sends, statuses, balances and nonsense apart."""
    await send("avist")
    for action in ("status", "balance", "dance"):
        await ask("avist", "sms.php", action=action)
    assert [record.kind for record in sandbox.ledger.requests] == ["send", "status", "balance", "other"]
    assert sandbox.ledger.requests[0].recipients == ("79160001234",)


async def test_another_charset_can_be_set(sandbox: Sandbox, send: Ask) -> None:
    """The document names none: windows-1251 is as possible as UTF-8."""
    sandbox.gateways["avist"].charset = "windows-1251"
    await send("avist", codec="windows-1251", message="Привет")
    assert sandbox.ledger.messages[0].text == "Привет"
