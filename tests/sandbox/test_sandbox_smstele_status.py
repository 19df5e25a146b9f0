"""The fake SMStele's status script, against protocols/smstele.txt."""

import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta, timezone

import pytest

from smsgw.sandbox import Sandbox
from smsgw.sandbox.gateways.smstele import SMStele

Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]
Given = dict[str, str | None]

MOSCOW = timezone(timedelta(hours=3))


@pytest.fixture
def smstele(sandbox: Sandbox) -> SMStele:
    found = sandbox.gateways["smstele"]
    assert isinstance(found, SMStele)
    return found


def stamp(moment: datetime) -> str:
    return f"{moment.astimezone(MOSCOW):%Y-%m-%d %H:%M:%S}+03"


async def test_a_status_holds_the_documents_fields(
    sandbox: Sandbox, advance: Advance, send: Ask, ask: Ask
) -> None:
    """By `id`: every message of the batch that was taken, first on its way, then delivered."""
    await send(
        "smstele", phones="79160001234,12,79260004567", id="custom-message-id-test-22", sender="REX400.RU"
    )
    taken_at = sandbox.ledger.messages[0].taken_at
    expected = {
        "id": "custom-message-id-test-22",
        "phone": "79160001234",
        "sender": "REX400.RU",
        "status": "-99",
        "err": "-99",
        "stat": "ENROUTE",
        "type": "1",
        "send_timestamp": stamp(taken_at),
        "last_timestamp": stamp(taken_at),
        "operator": "mMTS",
        "region": "77",
        "mnc": "01",
    }
    reply = json.loads((await ask("smstele", "status", id="custom-message-id-test-22"))[1])
    assert reply["results"][0] == expected
    assert [result["phone"] for result in reply["results"]] == ["79160001234", "79260004567"]
    advance(2)
    delivered = {**expected, "stat": "DELIVRD", "last_timestamp": stamp(taken_at + timedelta(seconds=2))}
    reply = json.loads((await ask("smstele", "status", method="POST", id="custom-message-id-test-22"))[1])
    assert reply["results"][0] == delivered
    assert list(reply["results"][0]) == list(expected)


@pytest.mark.parametrize(("recipient", "stat"), [("79160001213", "UNDELIV"), ("79160001214", "EXPIRED")])
async def test_not_every_message_is_delivered(
    advance: Advance, send: Ask, ask: Ask, recipient: str, stat: str
) -> None:
    """The number's ending decides."""
    await send("smstele", phones=recipient, id="mine")
    advance(2)
    assert json.loads((await ask("smstele", "status", id="mine"))[1])["results"][0]["stat"] == stat


async def test_a_status_is_asked_by_id_by_phone_or_by_both(send: Ask, ask: Ask) -> None:
    """phone | id | phone+id."""
    await send("smstele", phones="79160001234,79160001235", id="one")
    await send("smstele", phones="79160001234", id="two")

    async def found(**query: str) -> list[tuple[str, str]]:
        results = json.loads((await ask("smstele", "status", **query))[1])["results"]
        return [(result["id"], result["phone"]) for result in results]

    assert await found(id="one") == [("one", "79160001234"), ("one", "79160001235")]
    assert await found(phone="79160001234") == [("one", "79160001234"), ("two", "79160001234")]
    assert await found(phone="79160001234", id="two") == [("two", "79160001234")]
    assert await found(phone="79160001235", id="one") == [("one", "79160001235")]
    assert await found(id="none") == []
    assert await found(phone="79160001299") == []


@pytest.mark.parametrize(
    ("given", "code"),
    [({}, "-34"), ({"id": "x", "psw": "wrong"}, "-23"), ({"id": "x", "login": None}, "-21")],
)
async def test_a_status_needs_an_account_and_something_to_look_for(ask: Ask, given: Given, code: str) -> None:
    """Errors of the status script."""
    assert json.loads((await ask("smstele", "status", **given))[1])["error"] == code


@pytest.mark.parametrize("script", ["sendsms", "status"])
async def test_the_last_brace_can_be_missing(smstele: SMStele, send: Ask, ask: Ask, script: str) -> None:
    """As in some of the document's samples: one brace makes the reply whole."""
    smstele.omit_closing_brace = True
    _, text = await send("smstele", id="mine")
    if script == "status":
        _, text = await ask("smstele", "status", id="mine")
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert json.loads(text + "}")


async def test_a_deferred_message_is_delivered_after_its_time(advance: Advance, send: Ask, ask: Ask) -> None:
    """The time is Moscow's."""
    later = datetime.now(UTC) + timedelta(hours=1)
    await send("smstele", id="mine", deferred=f"{later.astimezone(MOSCOW):%Y-%m-%d %H:%M:%S}")
    advance(3000)
    assert json.loads((await ask("smstele", "status", id="mine"))[1])["results"][0]["stat"] == "ENROUTE"
    advance(700)
    assert json.loads((await ask("smstele", "status", id="mine"))[1])["results"][0]["stat"] == "DELIVRD"
