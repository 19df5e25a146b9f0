"""A sandbox that runs for weeks keeps the newest and forgets the oldest, everywhere at once."""

from collections.abc import AsyncIterator, Callable, Coroutine

import pytest

from smsgw.sandbox import Sandbox

Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]


@pytest.fixture
async def sandbox(clock: Callable[[], float]) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock, keep=3) as running:
        yield running


async def test_the_oldest_go_first(sandbox: Sandbox, send: Ask) -> None:
    """Messages, requests and both sides of them; their numbers go on."""
    for number in range(5):
        await send("iba", text=str(number))
    ledger = sandbox.ledger
    assert [message.text for message in ledger.messages] == ["2", "3", "4"]
    assert [message.number for message in ledger.messages] == [3, 4, 5]
    assert [record.number for record in ledger.requests] == [3, 4, 5]
    assert [exchange.number for exchange in ledger.newest_exchanges()] == [5, 4, 3]
    assert (len(ledger), ledger.last_message, ledger.last_request) == (3, 5, 5)
    assert ledger.message(2) is None
    assert ledger.exchange(2) is None


async def test_counts_are_of_what_is_kept(sandbox: Sandbox, send: Ask) -> None:
    """A message that went is not counted, and leaves no trace."""
    for text in ("a", "a", "b", "b", "c"):
        await send("iba", text=text)
    assert sandbox.ledger.count("79160001234", "a") == 0
    assert sandbox.ledger.sent_twice() == {("79160001234", "b"): 2}
    assert len(sandbox.ledger._counts) == 2


@pytest.mark.parametrize(
    ("gateway", "script", "asked", "known", "unknown"),
    [
        ("iba", "sendsms.php", {"smsid": "83759227"}, "Send", ""),
        ("targetsms", "sendsms.php", {"smsid": "1178440060"}, "send", "Сообщение с таким ID не принималось"),
        ("avist", "sms.php", {"action": "status", "mess_id": "a10001"}, "Mess_ID=a10001 Status: unknown",
         "Error: no such message"),
        ("smsco", "getstatus.php", {"mes_id": "123"}, "2", ""),
    ],
)  # fmt: skip
async def test_a_gateway_no_longer_knows_a_message_that_went(
    *, ask: Ask, send: Ask, gateway: str, script: str, asked: dict[str, str], known: str, unknown: str
) -> None:
    """It answers as for an ID that it never gave."""
    await send(gateway)
    assert await ask(gateway, script, **asked) == (200, known)
    for number in range(3):
        await send("smstele", phones=f"7926000000{number}")
    assert await ask(gateway, script, n="2", **asked) == (200, unknown)


async def test_smstele_no_longer_finds_it_by_its_phone_either(sandbox: Sandbox, ask: Ask, send: Ask) -> None:
    """And keeps nothing of it."""
    await send("smstele", id="one")
    assert '"one"' in (await ask("smstele", "status", phone="79160001234"))[1]
    for _ in range(3):
        await send("iba")
    for asked in ({"phone": "79160001234"}, {"id": "one"}):
        assert '"one"' not in (await ask("smstele", "status", **asked))[1]
    assert vars_of(sandbox, "smstele") == ({}, {})


def vars_of(sandbox: Sandbox, name: str) -> tuple[object, object]:
    gateway = sandbox.gateways[name]
    return gateway._messages, getattr(gateway, "_by_phone", None)


async def test_a_request_of_many_recipients_may_be_kept_in_part(
    sandbox: Sandbox, ask: Ask, send: Ask
) -> None:
    """The messages count, one by one; the gateway knows those that are left."""
    await send("smsco", recipient="79160001231,79160001232,79160001233,79160001234,79160001235")
    assert [message.recipient[-1] for message in sandbox.ledger.messages] == ["3", "4", "5"]
    assert (await ask("smsco", "getstatus.php", mes_id="123"))[1] == "2"


async def test_a_held_message_stays_held(sandbox: Sandbox, send: Ask, advance: Advance) -> None:
    """Its way has one step, until somebody pays."""
    sandbox.gateways["targetsms"].faults.held = True
    await send("targetsms")
    advance(100)
    (message,) = sandbox.ledger.messages
    gateway = sandbox.gateways["targetsms"]
    assert gateway.state(message) == "held"
    assert [(step.state, step.reached) for step in gateway.way(message)] == [("held", True)]
