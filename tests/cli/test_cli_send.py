"""`smsgw send`: outcomes, exit status, and nothing of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from smsgw.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke

TEXT = "CANARY-private-text"

OUTCOME = {
    "recipient",
    "state",
    "provider",
    "message_id",
    "segments",
    "cost",
    "error",
    "attempts",
    "duplicate",
}


def test_accepted(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """An accepted message is one row of a table without colours, and exit status 0."""
    result = invoke(
        "send", "--config", configure("iba"), "--to", "+7 (903) 123-45-67", "--text", TEXT, "--sender", "SHOP"
    )
    assert result.status == 0
    assert result.err == ""
    header, row = result.out.splitlines()
    assert header.split() == ["recipient", "state", "provider", "id", "segments", "error"]
    assert row.split() == ["79031234567", "accepted", "iba", "83759227", "1"]
    (taken,) = sandbox.ledger.messages
    assert (taken.recipient, taken.text, taken.sender) == ("79031234567", TEXT, "SHOP")


def test_json(configure: Configure, invoke: Invoke) -> None:
    """With --json each outcome is a line with all public fields but the message, errors as objects of six fields."""
    result = invoke(
        "send", "--config", configure("avist"), "--to", "79031234567", "--to", "12", "--text", TEXT, "--json"
    )
    accepted, refused = result.objects
    assert result.status == 1
    assert set(accepted) == set(refused) == OUTCOME
    assert (accepted["state"], accepted["provider"], accepted["error"]) == ("accepted", "avist", None)
    assert refused["error"].pop("description")
    assert refused["error"] == {
        "type": "InvalidRecipient",
        "code": None,
        "retryable": False,
        "maybe_accepted": False,
        "scope": "recipient",
    }


def test_json_cost_is_a_string(configure: Configure, invoke: Invoke) -> None:
    """A Decimal is a string in JSON, so that nothing is rounded."""
    (outcome,) = invoke(
        "send", "--config", configure("smsco"), "--to", "995599244409", "--text", TEXT, "--json"
    ).objects
    assert outcome["cost"] == "4"


def test_some_rejected(configure: Configure, invoke: Invoke) -> None:
    """Where one recipient is refused, the others are told of as ever, and the exit status is 1."""
    result = invoke(
        "send", "--config", configure("avist"), "--to", "79031234567", "--to", "12", "--text", TEXT
    )
    assert result.status == 1
    assert "digits" in result.out
    assert result.out.splitlines()[-1] == "1 accepted, 1 rejected"


def test_held(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """What is held is not accepted: exit status 1, and the advice not to send it again."""
    sandbox.gateways["targetsms"].faults.held = True
    result = invoke("send", "--config", configure("targetsms"), "--to", "79031234567", "--text", TEXT)
    assert result.status == 1
    assert "held" in result.out
    assert "do not send it again" in result.out


def test_unknown(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """Where the connection is dropped after the message was taken, the outcome is unknown, and the status 1."""
    sandbox.gateways["iba"].faults.drop = 1
    result = invoke("send", "--config", configure("iba"), "--to", "79031234567", "--text", TEXT)
    assert result.status == 1
    assert "unknown" in result.out
    assert "find out before you send it again" in result.out
    assert len(sandbox.ledger.messages) == 1


def test_same_recipient_twice(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """A recipient given twice gets one message, and the second row says so."""
    result = invoke(
        "send", "--config", configure("iba"), "--to", "79031234567", "--to", "+7 903 1234567", "--text", TEXT
    )
    assert result.status == 0
    assert "given twice, sent once" in result.out
    assert len(sandbox.ledger.messages) == 1


@pytest.mark.parametrize("gateway", ["avist", "iba", "smsco", "smstele", "targetsms"])
def test_wrong_password(gateway: str, configure: Configure, invoke: Invoke) -> None:
    """A wrong password is a rejected outcome with its cause, exit status 1, and is not printed."""
    config = configure(gateway, settings={"password": "wrong-CANARY"})
    result = invoke("send", "--config", config, "--to", "79031234567", "--text", TEXT, "--json")
    assert result.status == 1
    assert result.err == ""
    assert result.objects[0]["error"]["type"] == "AuthenticationFailed"
    assert "wrong-CANARY" not in result.out


def test_text_from_standard_input(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """`--text -` is all of standard input but the line end that closes it."""
    result = invoke(
        "send",
        "--config",
        configure("iba"),
        "--to",
        "79031234567",
        "--text",
        "-",
        stdin="Код\n1234\r\n".encode(),
    )
    assert result.status == 0
    assert sandbox.ledger.messages[0].text == "Код\n1234"


def test_standard_input_in_another_charset(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """Standard input that is not UTF-8 is one line and exit status 2, and nothing is sent."""
    result = invoke(
        "send",
        "--config",
        configure("iba"),
        "--to",
        "79031234567",
        "--text",
        "-",
        stdin="Код".encode("cp1251"),
    )
    assert result.status == 2
    assert result.error == "error: --text -: standard input is not UTF-8"
    assert not sandbox.ledger.requests


def test_options_go_along(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """--flash, --validity, --send-at and --transliterate reach a gateway that has them."""
    result = invoke(
        *(
            "send",
            "--config",
            configure(),
            "--to",
            "79031234567",
            "--text",
            "Код",
            "--key",
            "k1",
            "--timeout",
            "9",
        ),
        *("--flash", "--validity", "60", "--send-at", "2099-01-02T03:04:05Z", "--transliterate"),
    )
    assert result.status == 0
    (taken,) = sandbox.ledger.messages
    assert taken.gateway == "smstele"
    options = {name: taken.options[name] for name in ("flash", "validity", "deferred", "translit")}
    assert options == {"flash": "1", "validity": "60", "deferred": "2099-01-02 06:04:05", "translit": "1"}


def test_pinned_provider(configure: Configure, invoke: Invoke) -> None:
    """--provider sends by that one."""
    config = configure()
    arguments = ("send", "--config", config, "--to", "79031234567", "--text", TEXT, "--json")
    assert invoke(*arguments, "--provider", "smstele").objects[0]["provider"] == "smstele"


def test_timeout(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """When --timeout passes while the gateway is silent, the outcome is unknown and the status 1."""
    sandbox.gateways["iba"].faults.delay = 0.4
    result = invoke(
        "send",
        "--config",
        configure("iba"),
        "--to",
        "79031234567",
        "--text",
        TEXT,
        "--timeout",
        "0.1",
        "--json",
    )
    assert result.status == 1
    assert result.objects[0]["error"]["type"] == "GatewayTimeout"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing option '--to'"),
        (("--to", "79031234567"), "Missing option '--text'"),
        (("--to", "79031234567", "--text", ""), "the text is empty"),
        (("--to", "79031234567", "--text", "CANARY", "-private-text"), "No such option"),
        (("--to", "79031234567", "--text", "Hi", TEXT), "Too many arguments"),
        (("--to", "79031234567", "--text", TEXT, "--send-at", "2030-01-01T00:00:00"), "no time zone"),
        (("--to", "79031234567", "--text", TEXT, "--send-at", "tomorrow"), "--send-at"),
        (("--to", "79031234567", "--text", TEXT, "--timeout", "0"), "--timeout"),
        (("--to", "79031234567", "--text", TEXT, "--timeout", "inf"), "--timeout"),
        (("--to", "79031234567", "--text", TEXT, "--validity", "-1"), "not negative"),
        (("--to", "79031234567", "--text", TEXT, "--validity", "long"), "--validity"),
        (("--to", "79031234567", "--text", TEXT, "--sender", ""), "--sender is empty"),
        (("--to", "79031234567", "--text", TEXT, "--provider", "nobody"), "no provider is called"),
        (("--to", "79031234567", "--text", TEXT, "--password", "x"), "No such option"),
        (("--to", "79031234567", "--text", TEXT, "--dsn", "x"), "No such option"),
    ],
)
def test_misuse(
    arguments: tuple[str, ...], said: str, configure: Configure, invoke: Invoke, sandbox: Sandbox
) -> None:
    """What is wrong with the command line is one line and exit status 2; nothing is sent."""
    result = invoke("send", "--config", configure(), *arguments)
    assert result.status == 2
    assert result.error.startswith("error: ")
    assert said in result.error
    assert not sandbox.ledger.requests
