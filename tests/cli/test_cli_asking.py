"""`smsgw status`, `balance` and `lookup`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smsgw.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke

PASSWORD = "CANARY-pa55word"


def _sent(invoke: Invoke, config: str, provider: str, *numbers: str) -> str:
    """The ID of a message just sent."""
    to = [word for number in numbers for word in ("--to", number)]
    result = invoke("send", "--config", config, *to, "--text", "Hi", "--provider", provider, "--json")
    message_id: str = result.objects[0]["message_id"]
    return message_id


def test_status(configure: Configure, invoke: Invoke) -> None:
    """Each reference is a report with all public fields, in order; exit status 0 where all were answered."""
    config = configure()
    by_iba = _sent(invoke, config, "iba", "79031234567")
    by_avist = _sent(invoke, config, "avist", "79031234513")
    result = invoke(
        "status", "--config", config, f"avist:{by_avist}", f"iba:{by_iba}:+7 903 1234567", "--json"
    )
    assert result.status == 0
    first, second = result.objects
    assert (first["provider"], first["message_id"], first["state"]) == ("avist", by_avist, "undeliverable")
    assert (second["recipient"], second["state"], second["final"]) == ("79031234567", "delivered", True)
    assert {"provider_state", "changed_at", "segments", "price", "error_code", "operator", "error"} < set(
        second
    )


def test_status_says_when(configure: Configure, invoke: Invoke) -> None:
    """A report's time is ISO 8601 with its zone in JSON."""
    config = configure()
    message_id = _sent(invoke, config, "smstele", "79031234567")
    (report,) = invoke("status", "--config", config, f"smstele:{message_id}", "--json").objects
    assert report["changed_at"].endswith("+03:00")


def test_status_of_one_of_several(configure: Configure, invoke: Invoke) -> None:
    """An ID that stands for several recipients needs the recipient, and says so."""
    config = configure()
    message_id = _sent(invoke, config, "smstele", "79031234567", "79031234514")
    bare = f"smstele:{message_id}"
    result = invoke("status", "--config", config, bare, f"{bare}:79031234514")
    assert result.status == 1
    header, without, named = result.out.splitlines()
    assert header.split() == ["recipient", "state", "provider", "id", "changed", "at", "error"]
    assert "give the recipient" in without
    assert "expired" in named


def test_status_that_may_still_change(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """A state that is not final has an ellipsis behind it."""
    config = configure()
    sandbox.gateways["iba"].delivery_after = 60
    message_id = _sent(invoke, config, "iba", "79031234567")
    assert "enroute…" in invoke("status", "--config", config, f"iba:{message_id}").out


def test_status_of_an_unknown_message(configure: Configure, invoke: Invoke) -> None:
    """A gateway that knows no such message makes exit status 1, with its words."""
    result = invoke("status", "--config", configure("avist"), "avist:nonsense")
    assert result.status == 1
    assert "no message with this ID" in result.out


@pytest.mark.parametrize("reference", ["nobody:1", "iba", "iba:", ":1", "iba:1:79O3", "iba:1:12"])
def test_status_of_nothing(reference: str, configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """What is no PROVIDER:ID[:RECIPIENT] is one line and exit status 2, and no gateway is asked."""
    result = invoke("status", "--config", configure("iba"), reference)
    assert result.status == 2
    assert result.error.startswith("error: ")
    assert not sandbox.ledger.requests


def test_status_of_a_name_with_a_colon(invoke: Invoke, sandbox: Sandbox, tmp_path: Path) -> None:
    """A provider's name may have a colon in it: the longest name that fits is meant."""
    config = tmp_path / "colon.toml"
    table = f'driver = "iba"\nlogin = "test"\npassword = "{PASSWORD}"\nurl = "{sandbox.url_for("iba")}"\nsender = "S"\n'
    config.write_text(f'[providers.a]\n{table}[providers."a:b"]\n{table}', encoding="utf-8")
    message_id = _sent(invoke, str(config), "a:b", "79031234567")
    (report,) = invoke("status", "--config", str(config), f"a:b:{message_id}", "--json").objects
    assert (report["provider"], report["state"]) == ("a:b", "delivered")


def test_balance_of_all(configure: Configure, invoke: Invoke) -> None:
    """Without an argument all are asked; one that tells no balances says so, which is no failure."""
    result = invoke("balance", "--config", configure(), "--json")
    assert result.status == 0
    answers = {answer["provider"]: answer for answer in result.objects}
    assert {name: answer["amount"] for name, answer in answers.items()} == {
        "avist": "1000",
        "iba": "100.50",
        "smsco": "10000",
        "smstele": None,
        "targetsms": "445.6",
    }
    assert answers["targetsms"]["unit"] == "RUR"
    assert answers["targetsms"]["packages"]["Россия"] == 361
    assert answers["smstele"]["error"]["type"] == "UnsupportedOption"
    assert all(set(answer) == set(answers["iba"]) for answer in answers.values())


def test_balance_table(configure: Configure, invoke: Invoke) -> None:
    """The table has a row a provider, and why there is no balance."""
    result = invoke("balance", "--config", configure())
    assert result.status == 0
    assert len(result.out.splitlines()) == 6
    assert "smstele does not tell balances" in result.out


def test_balance_of_one_that_has_none(configure: Configure, invoke: Invoke) -> None:
    """Asked by name, a provider without balances makes exit status 1."""
    assert invoke("balance", "--config", configure(), "smstele").status == 1


def test_balance_wrong_password(configure: Configure, invoke: Invoke) -> None:
    """A balance that is refused is told with its cause, and makes exit status 1; the others are still told."""
    config = configure("avist", "iba", settings={"password": "wrong-CANARY"})
    result = invoke("balance", "--config", config)
    assert result.status == 1
    assert len(result.out.splitlines()) == 3
    assert "CANARY" not in result.out


def test_balance_of_nobody(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """A provider that there is none of is one line and exit status 2, before anyone is asked."""
    result = invoke("balance", "--config", configure("iba"), "iba", "nobody")
    assert result.status == 2
    assert result.error == "error: no provider is called nobody; there are: iba"
    assert not sandbox.ledger.requests


def test_lookup(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """Each number is told of in order; a wrong one makes exit status 1, and no SMS goes out."""
    result = invoke("lookup", "--config", configure(), "79161234567", "12", "--json")
    assert result.status == 1
    found, wrong = result.objects
    assert (found["recipient"], found["operator"], found["mnc"]) == ("79161234567", "mMTS", "01")
    assert wrong["error"]["type"] == "InvalidRecipient"
    assert not sandbox.ledger.messages
    table = invoke("lookup", "--config", configure(), "79161234567")
    assert table.status == 0
    assert "mMTS" in table.out


def test_lookup_without_a_provider_for_it(configure: Configure, invoke: Invoke) -> None:
    """Where no provider has lookups, that is a matter of configuration: exit status 2."""
    result = invoke("lookup", "--config", configure("iba"), "79161234567")
    assert result.status == 2
    assert result.error == "error: none of the configured providers has HLR lookups"
