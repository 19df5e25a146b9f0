"""examples/curl/smstele.sh, and the document's own curl lines, letter by letter against protocols/smstele.txt."""

import asyncio
import json
import shlex
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from smsgw.sandbox import Sandbox

Curl = Callable[..., Coroutine[None, None, str]]
Row = dict[str, str]

ACCOUNT = "login=test&psw=test"
SEND = f"smstele/sendsms?{ACCOUNT}&phones=79160001234&mes=Test"
LONG_ID = "custom-message-id-test-11-too-long-1234567890abcdefghijklmnopqrstuvwxyz"

# What the document prints, in its layout but for the white space that was lost in print.
NO_PASSWORD = """{
  "error": "-22",
  "description": "No password"
}"""
TOO_LONG = f"""{{
  "error": "-35",
  "description": "Invalid attribute: 'id={LONG_ID}'"
}}"""
EMPTY_PHONES = """{
  "error": "-25",
  "description": "Invalid attribute: 'phones='"
}"""
NO_PHONES = """{
  "error": "-24",
  "description": "Missing attribute: 'phones'"
}"""
EXAMPLE_1 = """{
  "id": "custom-message-id-test-21",
  "cnt": "1",
  "messages": [
    {
      "id": "custom-message-id-test-21",
      "phone": "79160001234",
      "status": "-99",
      "error": "-99",
      "cnt": "1",
      "operator": "mMTS",
      "region": "77",
      "mnc": "01"
    }
  ]
}"""
EXAMPLE_2 = """{
  "id": "custom-message-id-test-22",
  "cnt": "2",
  "messages": [
    {
      "id": "custom-message-id-test-22",
      "phone": "79160001234",
      "status": "-99",
      "error": "-99",
      "cnt": "1",
      "operator": "mMTS",
      "region": "77",
      "mnc": "01"
    },
    {
      "id": "custom-message-id-test-22",
      "phone": "79072233645",
      "status": "-99",
      "error": "-99",
      "cnt": "1",
      "operator": "",
      "region": "",
      "mnc": ""
    },
    {
      "id": "custom-message-id-test-22",
      "phone": "79676771707",
      "status": "-99",
      "error": "-99",
      "cnt": "1",
      "operator": "",
      "region": "",
      "mnc": ""
    },
    {
      "id": "custom-message-id-test-22",
      "phone": "79260004567",
      "status": "-99",
      "error": "-99",
      "cnt": "1",
      "operator": "mMEGAFON",
      "region": "77",
      "mnc": "02"
    }
  ]
}"""


def row(message_id: str, phone: str = "79160001234") -> Row:
    networks = {"79160001234": ("mMTS", "77", "01"), "79260004567": ("mMEGAFON", "77", "02")}
    operator, region, mnc = networks.get(phone, ("", "", ""))
    return {
        "id": message_id,
        "phone": phone,
        "status": "-99",
        "error": "-99",
        "cnt": "1",
        "operator": operator,
        "region": region,
        "mnc": mnc,
    }


def sent(message_id: str, *phones: str, cnt: str = "1") -> dict[str, Any]:
    return {"id": message_id, "cnt": cnt, "messages": [row(message_id, phone) for phone in phones]}


@pytest.fixture(scope="module")
def shown(run_script: Callable[..., Any]) -> Any:
    return run_script("smstele", delivered=False)


@pytest.mark.parametrize(
    ("heading", "reply"),
    [
        ("error 1: no psw", NO_PASSWORD),
        ("error 2: id too long", TOO_LONG),
        ("error 3: phones empty", EMPTY_PHONES),
        ("error 4: no phones", NO_PHONES),
        ("example 1", EXAMPLE_1),
        ("example 2", EXAMPLE_2),
    ],
)
def test_the_documents_examples_get_the_documents_replies(shown: Any, heading: str, reply: str) -> None:
    """ "Ответ сервера 1" to "4", "Пример 1", "Пример 2": every letter, every value a string."""
    assert shown.replies[heading] == reply


FORM, QUERY = "smstele/sendsms", "smstele/sendsms?login=test:http&psw=~test123"


@pytest.mark.parametrize(
    ("body", "path", "reply"),
    [
        ("mes=Test message 1&id=custom-message-id-test-11", f"{FORM}?login=test:http", NO_PASSWORD),
        (f"charset=windows-1251&mes=Test message 1&id={LONG_ID}", QUERY, TOO_LONG),
        ("phones=&mes=Test message 1&id=custom-message-id-test-11", QUERY, EMPTY_PHONES),
        ("mes=Test message 1&id=custom-message-id-test-11", QUERY, NO_PHONES),
        ("phones=79160001234&mes=Test message 1&id=custom-message-id-test-21", QUERY, EXAMPLE_1),
        (
            "phones=79160001234,79072233645,79676771707,79260004567&mes=Test message 1&id=custom-message-id-test-22",
            QUERY,
            EXAMPLE_2,
        ),
    ],
)
async def test_the_documents_own_command_lines(body: str, path: str, reply: str) -> None:
    """`curl -d "…" "…"` with the document's login and password, its spaces and tilde unescaped as they stand."""
    async with Sandbox(login="test:http", password="~test123") as running:
        command = shlex.split(f'curl -s -d "{body}" "{running.url}{path}"')
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, env={"PATH": "/usr/local/bin:/usr/bin:/bin"}
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert out.decode() == reply
        assert {message.text for message in running.ledger.messages} <= {"Test message 1"}


@pytest.mark.parametrize(
    ("heading", "reply"),
    [
        ("send by GET", sent("1000001", "79160001234")),
        ("semicolons", sent("semicolons", "79160001234", "79260004567", cnt="2")),
        ("windows-1251", sent("cp1251", "79160001234")),
        ("utf-8", sent("utf8", "79160001234")),
        ("koi8-r", sent("koi8", "79160001234")),
        ("options", sent("options", "79160001234")),
        ("viber", sent("viber", "79160001234")),
        ("deferred", sent("deferred", "79160001234")),
        ("hlr", sent("lookup", "79160001234", "12345")),
    ],
)
def test_a_send_has_the_documents_fields(shown: Any, heading: str, reply: dict[str, Any]) -> None:
    """ "id", "cnt", "messages" and the eight of a row, in that order, whatever was asked for."""
    assert list(json.loads(shown.replies[heading]).items()) == list(reply.items())
    for line in json.loads(shown.replies[heading])["messages"]:
        assert list(line) == ["id", "phone", "status", "error", "cnt", "operator", "region", "mnc"]


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ("no login", "-21"),  # REXSMSCE_MISSING_LOGIN
        ("wrong password", "-23"),  # REXSMSCE_INVALID_LOGIN_OR_PASS
        ("no text", "-27"),  # REXSMSCE_MISSING_TEXT
        ("validity", "-28"),  # REXSMSCE_INVALID_VALIDITY
        ("viber_validity", "-28"),
        ("deferred without a time", "-29"),  # REXSMSCE_INVALID_DEFERRED
        ("sender", "-31"),  # REXSMSCE_INVALID_SENDER
        ("charset", "-33"),  # REXSMSCE_INVALID_CHARSET
        ("status of nothing", "-34"),  # REXSMSCE_MISSING_MESSAGE_ID
        ("status without psw", "-22"),  # REXSMSCE_MISSING_PASSWORD
    ],
)
def test_a_refusal_has_a_code_of_the_list(shown: Any, heading: str, code: str) -> None:
    """ "error" and "description", both strings, and nothing else."""
    reply = json.loads(shown.replies[heading])
    assert list(reply) == ["error", "description"]
    assert reply["error"] == code
    assert isinstance(reply["description"], str)


def test_every_reply_is_json(shown: Any) -> None:
    """The document names neither status nor type: 200 for refusals, too."""
    assert set(shown.wire.values()) == {"200 application/json; charset=utf-8"}


def test_what_was_written_is_what_was_taken(shown: Any) -> None:
    """Texts in the three charsets; the options; not what was refused, and not the lookup."""
    assert [(m.message_id, m.recipient, m.text) for m in shown.messages] == [
        ("custom-message-id-test-21", "79160001234", "Test message 1"),
        ("custom-message-id-test-22", "79160001234", "Test message 1"),
        ("custom-message-id-test-22", "79260004567", "Test message 1"),
        ("1000001", "79160001234", "Test message"),
        ("semicolons", "79160001234", "Test"),
        ("semicolons", "79260004567", "Test"),
        ("cp1251", "79160001234", "Привет"),
        ("utf8", "79160001234", "Привет"),
        ("koi8", "79160001234", "Привет"),
        ("options", "79160001234", "Test"),
        ("viber", "79160001234", "Test"),
        ("deferred", "79160001234", "Test"),
    ]
    options = {m.message_id: {k: v for k, v in m.options.items() if k != "id"} for m in shown.messages[-3:]}
    assert options == {
        "options": {"translit": "1", "flash": "1", "validity": "3600"},
        "viber": {"viber": "1", "viber_validity": "86400"},
        "deferred": {"deferred": "2099-12-10 09:00:00"},
    }
    assert shown.messages[-3].sender == "SHOP"


@pytest.mark.parametrize(
    ("fault", "value", "code"),
    [
        ("unavailable", 1, "-2"),  # REXSMSCE_NOMEMORY
        ("blocked", True, "-23"),
        ("no_credit", True, "-43"),  # REXSMSCE_NOT_ENOUGH_CREDITS
        ("refuse_with", "-24", "-24"),  # REXSMSCE_IP_NOT_ALLOWED
        ("refuse_with", "-41", "-41"),  # REXSMSCE_TOO_LONG_TEXT
    ],
)
async def test_a_fault_has_a_code_of_the_list(
    *, sandbox: Sandbox, curl: Curl, fault: str, value: object, code: str
) -> None:
    """ "<error_code> — отрицательное значение", as a string."""
    setattr(sandbox.gateways["smstele"].faults, fault, value)
    reply = json.loads(await curl(SEND))
    assert list(reply) == ["error", "description"]
    assert reply["error"] == code
    assert sandbox.ledger.messages == ()


async def test_a_stopped_number_is_a_row_without_an_operator(sandbox: Sandbox, curl: Curl) -> None:
    """As the bad ones of "Пример 2"."""
    sandbox.gateways["smstele"].faults.stop_list = {"79160001234"}
    reply = json.loads(await curl(f"{SEND}&id=stopped"))
    empty = {"operator": "", "region": "", "mnc": ""}
    assert reply == {"id": "stopped", "cnt": "0", "messages": [row("stopped") | empty]}
