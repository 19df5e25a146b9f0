"""The fake SMStele, reply by reply, against protocols/smstele.txt."""

import json
from collections.abc import Callable, Coroutine
from datetime import timedelta, timezone
from typing import Literal

import aiohttp
import pytest
from yarl import URL

from smsgw.sandbox import Sandbox
from smsgw.sandbox.gateways.smstele import CntReading, SMStele

Given = dict[str, str | None]
Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]

MOSCOW = timezone(timedelta(hours=3))


@pytest.fixture
def smstele(sandbox: Sandbox) -> SMStele:
    found = sandbox.gateways["smstele"]
    assert isinstance(found, SMStele)
    return found


def row(phone: str, operator: str, region: str, mnc: str, cnt: str = "1") -> dict[str, str]:
    return {
        "id": "custom-message-id-test-22",
        "phone": phone,
        "status": "-99",
        "error": "-99",
        "cnt": cnt,
        "operator": operator,
        "region": region,
        "mnc": mnc,
    }


async def test_the_documents_first_example(sandbox: Sandbox, send: Ask) -> None:
    """One recipient: every value a string, in the document's order."""
    status, text = await send(
        "smstele", method="POST", phones="79160001234", mes="Test message 1", id="custom-message-id-test-22"
    )
    assert status == 200
    assert json.loads(text) == {
        "id": "custom-message-id-test-22",
        "cnt": "1",
        "messages": [row("79160001234", "mMTS", "77", "01")],
    }
    assert list(json.loads(text)["messages"][0]) == [
        "id",
        "phone",
        "status",
        "error",
        "cnt",
        "operator",
        "region",
        "mnc",
    ]
    (message,) = sandbox.ledger.messages
    assert (message.message_id, message.recipient, message.text) == (
        "custom-message-id-test-22",
        "79160001234",
        "Test message 1",
    )


async def test_the_documents_second_example(sandbox: Sandbox, send: Ask) -> None:
    """Four recipients, two of them bad: rows for all, of which two have no operator and were not taken."""
    _, text = await send(
        "smstele",
        phones="79160001234,79072233645,79676771707,79260004567",
        mes="Test message 1",
        id="custom-message-id-test-22",
    )
    assert json.loads(text) == {
        "id": "custom-message-id-test-22",
        "cnt": "2",
        "messages": [
            row("79160001234", "mMTS", "77", "01"),
            row("79072233645", "", "", ""),
            row("79676771707", "", "", ""),
            row("79260004567", "mMEGAFON", "77", "02"),
        ],
    }
    assert [message.recipient for message in sandbox.ledger.messages] == ["79160001234", "79260004567"]


async def test_a_number_on_the_stop_list_is_a_bad_one(sandbox: Sandbox, smstele: SMStele, send: Ask) -> None:
    """Its row has no operator, and it is not taken."""
    smstele.faults.stop_list = {"79160001234"}
    reply = json.loads((await send("smstele", phones="79160001234,79260004567"))[1])
    assert [(line["phone"], line["operator"]) for line in reply["messages"]] == [
        ("79160001234", ""),
        ("79260004567", "mMEGAFON"),
    ]
    assert [message.recipient for message in sandbox.ledger.messages] == ["79260004567"]
    assert sandbox.ledger.requests[0].fault == "stop_list"


@pytest.mark.parametrize(
    ("reading", "cnt", "taken"),
    [("operator_rows", "2", 2), ("operator_sum", "4", 2), ("all_rows", "3", 3), ("all_sum", "6", 3)],
)
async def test_the_top_cnt_has_four_readings(
    *, sandbox: Sandbox, smstele: SMStele, send: Ask, reading: CntReading, cnt: str, taken: int
) -> None:
    """Two of them say that a row without an operator was taken, two that it was not; the ledger agrees."""
    smstele.cnt_reading = reading
    _, text = await send("smstele", phones="79160001234;995599445448;79260004567", mes="x" * 161)
    reply = json.loads(text)
    assert reply["cnt"] == cnt
    assert [line["cnt"] for line in reply["messages"]] == ["2", "2", "2"]
    assert [line["operator"] for line in reply["messages"]] == ["mMTS", "", "mMEGAFON"]
    assert len(sandbox.ledger.messages) == taken


@pytest.mark.parametrize("phone", ["995599445448", "7916000123", "+79160001234", "abc"])
async def test_a_bad_number_is_a_row_without_an_operator(sandbox: Sandbox, send: Ask, phone: str) -> None:
    """Not eleven digits that begin with 7."""
    reply = json.loads((await send("smstele", phones=phone))[1])
    assert (reply["cnt"], reply["messages"][0]["phone"], reply["messages"][0]["operator"]) == ("0", phone, "")
    assert sandbox.ledger.messages == ()


async def test_an_id_is_given_to_a_request_without_one(sandbox: Sandbox, send: Ask) -> None:
    """Assigned automatically, one for all rows, and new each time."""
    first, second = [
        json.loads((await send("smstele", phones="79160001234,79160001235"))[1]) for _ in range(2)
    ]
    assert first["id"] != second["id"]
    assert {line["id"] for line in first["messages"]} == {first["id"]}


@pytest.mark.parametrize(
    ("given", "code", "description"),
    [
        ({"login": None}, "-21", "No login"),
        ({"psw": None}, "-22", "No password"),
        ({"psw": "wrong"}, "-23", "Invalid login or password"),
        ({"phones": None}, "-24", "Missing attribute: 'phones'"),
        ({"phones": ""}, "-25", "Invalid attribute: 'phones='"),
        ({"phones": ",;"}, "-25", "Invalid attribute: 'phones=,;'"),
        ({"mes": None}, "-27", "Missing attribute: 'mes'"),
        ({"mes": ""}, "-27", "Missing attribute: 'mes'"),
        ({"validity": "long"}, "-28", "Invalid attribute: 'validity=long'"),
        ({"viber_validity": "86401"}, "-28", "Invalid attribute: 'viber_validity=86401'"),
        ({"deferred": "2017-12-10"}, "-29", "Invalid attribute: 'deferred=2017-12-10'"),
        ({"deferred": "2017-13-10 09:00:00"}, "-29", "Invalid attribute: 'deferred=2017-13-10 09:00:00'"),
        ({"sender": "A" * 12}, "-31", "Invalid sender"),
        ({"sender": "OTHER"}, "-32", "Sender not allowed"),
        ({"charset": "utf-16"}, "-33", "Invalid attribute: 'charset=utf-16'"),
        ({"id": "x" * 26}, "-35", f"Invalid attribute: 'id={'x' * 26}'"),
        ({"id": "x" * 26, "phones": None}, "-35", f"Invalid attribute: 'id={'x' * 26}'"),
        ({"mes": "x" * 40000, "method": "POST"}, "-42", "Too many segments"),
        ({"flash": "2"}, "-6", "Invalid attribute: 'flash=2'"),
    ],
)
async def test_a_bad_request_is_refused_as_a_whole(
    *, sandbox: Sandbox, smstele: SMStele, send: Ask, given: Given, code: str, description: str
) -> None:
    """A code as a string, and a description; nothing is taken."""
    smstele.allowed_senders = {"SHOP"}
    status, text = await send("smstele", **given)
    assert (status, json.loads(text)) == (200, {"error": code, "description": description})
    assert sandbox.ledger.messages == ()


@pytest.mark.parametrize(
    ("fault", "value", "code"),
    [
        ("unavailable", 1, "-2"),
        ("blocked", True, "-23"),
        ("no_credit", True, "-43"),
        ("refuse_with", "-41", "-41"),
    ],
)
async def test_a_fault_is_a_code_of_the_document(
    *, sandbox: Sandbox, smstele: SMStele, send: Ask, fault: str, value: object, code: str
) -> None:
    """And nothing is taken."""
    setattr(smstele.faults, fault, value)
    status, text = await send("smstele")
    assert (status, json.loads(text)["error"]) == (200, code)
    assert set(json.loads(text)) == {"error", "description"}
    assert sandbox.ledger.messages == ()
    assert sandbox.ledger.requests[-1].fault == fault


@pytest.mark.parametrize(("outcome", "taken"), [("taken", 1), ("refused", 0)])
async def test_a_system_error_may_have_taken_the_message(
    *,
    sandbox: Sandbox,
    smstele: SMStele,
    send: Ask,
    ask: Ask,
    outcome: Literal["taken", "refused"],
    taken: int,
) -> None:
    """-1 proves nothing; a status by `id` does."""
    smstele.system_error = outcome
    assert json.loads((await send("smstele", id="mine"))[1])["error"] == "-1"
    assert len(sandbox.ledger.messages) == taken
    assert len(json.loads((await ask("smstele", "status", id="mine"))[1])["results"]) == taken


@pytest.mark.parametrize(
    ("charset", "codec"),
    [(None, "windows-1251"), ("utf-8", "utf-8"), ("UTF-8", "utf-8"), ("koi8-r", "koi8-r")],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_text_is_read_in_the_charset_that_the_request_names(
    sandbox: Sandbox, session: aiohttp.ClientSession, method: str, charset: str, codec: str
) -> None:
    """windows-1251 unless it says otherwise, by GET and by POST."""
    quoted = "".join(f"%{byte:02X}" for byte in "Привет".encode(codec))
    form = f"login=test&psw=test&phones=79160001234&mes={quoted}" + (f"&charset={charset}" if charset else "")
    url = sandbox.url_for("smstele") + "sendsms"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if method == "POST":
        async with session.post(url, data=form.encode(), headers=headers) as response:
            assert response.status == 200
    else:
        async with session.get(URL(f"{url}?{form}", encoded=True)) as response:
            assert response.status == 200
    assert sandbox.ledger.messages[0].text == "Привет"


async def test_utf8_without_a_charset_is_read_as_what_it_is_not(sandbox: Sandbox, send: Ask) -> None:
    """A driver that forgets the parameter sends rubbish, and the ledger shows it."""
    await send("smstele", mes="Привет")
    assert sandbox.ledger.messages[0].text != "Привет"


async def test_login_in_the_url_and_the_rest_in_the_body(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """As the document's own curl calls do."""
    url = sandbox.url_for("smstele") + "sendsms?login=test&psw=test"
    async with session.post(url, data={"phones": "79160001234", "mes": "Hi"}) as response:
        assert json.loads(await response.text())["cnt"] == "1"


async def test_options_are_kept_with_the_message(sandbox: Sandbox, send: Ask) -> None:
    """What was asked for, verbatim."""
    options = {
        "id": "mine",
        "translit": "1",
        "flash": "1",
        "viber": "1",
        "viber_validity": "60",
        "validity": "3600",
        "deferred": "2017-12-10 09:00:00",
    }
    await send("smstele", **options)
    assert sandbox.ledger.messages[0].options == options


async def test_a_lookup_gives_rows_and_sends_nothing(sandbox: Sandbox, ask: Ask) -> None:
    """`hlr=1` needs no text."""
    reply = json.loads((await ask("smstele", "sendsms", phones="79160001234,12", hlr="1"))[1])
    assert [(line["phone"], line["operator"], line["cnt"]) for line in reply["messages"]] == [
        ("79160001234", "mMTS", "1"),
        ("12", "", "1"),
    ]
    assert reply["cnt"] == "1"
    assert sandbox.ledger.messages == ()
    assert sandbox.ledger.requests[0].kind == "hlr"
