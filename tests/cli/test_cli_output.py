"""How results are printed: on a terminal, in a pipe, as JSON."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from smsgw.cli.output import Column, as_json, plain, print_json, print_table
from smsgw.errors import GatewayRejected
from smsgw.models import Balance, DeliveryReport, DeliveryState, Message, Outcome, State

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke, TerminalRun


def test_table_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """In what is no terminal a row is a line, nothing is cut or coloured, and no line ends with blanks."""
    long = "x" * 200
    print_table([Column("id"), Column("why")], [(long, "so " * 100), ("2", "")])
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == ["id", "why"]
    assert long in first
    assert second == "2"


def test_terminal(configure: Configure, on_terminal: TerminalRun) -> None:
    """On a terminal of 80 columns states are coloured, IDs stay whole, and errors follow in a table of their own."""
    status, shown = on_terminal(
        *("send", "--config", configure("smstele"), "--text", "Hi"),
        *("--to", "79031234567", "--to", "79031234568", "--to", "12"),
    )
    assert status == 1
    assert "\x1b[32maccepted" in shown
    assert "\x1b[31mrejected" in shown
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).splitlines()
    assert max(map(len, lines)) <= 80
    assert re.fullmatch(r"79031234568 +accepted +smstele +[0-9a-f]{20} +1 *", lines[3])
    assert any(line.startswith("12 ") and "digits" in line for line in lines)


def test_demo_on_a_terminal(on_terminal: TerminalRun) -> None:
    """The demo's tables fit into 80 columns, and its progress is wiped away."""
    status, shown = on_terminal("demo")
    assert status == 0
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.rpartition("\x1b[2K")[2]).splitlines()
    assert max(map(len, lines)) <= 80
    assert "rcpt/s" in lines[0]


def test_what_a_terminal_would_act_on() -> None:
    """Escape sequences and direction marks of a gateway's words are made harmless."""
    assert plain("a\x1b[2Jb\nc\u202ed\x9b") == "a\ufffd[2Jb c\ufffdd\ufffd"


def test_json_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A JSON object stays one line for whoever splits lines, and reads back as it was."""
    value = {"raw": "Россия\u2028\x85\x1b\n\u202e"}
    print_json(value)
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    assert "Россия" in out
    assert json.loads(out) == value


def test_json_of_every_kind_of_value() -> None:
    """Enums are their values, decimals strings, times ISO 8601, errors six fields, and a message is left out."""
    error = GatewayRejected("no", provider="iba", code="0")
    outcome = Outcome(
        "7", State.REJECTED, cost=Decimal("1.10"), error=error, message=Message(to="7", text="CANARY")
    )
    assert as_json(outcome) == {
        "recipient": "7",
        "state": "rejected",
        "provider": None,
        "message_id": None,
        "segments": None,
        "cost": "1.10",
        "attempts": 0,
        "duplicate": False,
        "error": {
            "type": "GatewayRejected",
            "description": "no",
            "code": "0",
            "retryable": False,
            "maybe_accepted": False,
            "scope": "message",
        },
    }
    report = DeliveryReport(
        None, "iba", "1", DeliveryState.DELIVERED, changed_at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    assert as_json(report)["changed_at"] == "2026-01-02T00:00:00+00:00"
    assert as_json(Balance("iba", Decimal(3), packages={"МТС": 1}))["packages"] == {"МТС": 1}


def test_output_in_ascii(configure: Configure, run: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """An output that cannot hold Cyrillic gets escapes, not an error."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    result = run("balance", "--config", configure("iba"))
    assert (result.status, result.err) == (0, "")
    assert "\\u041c\\u0422\\u0421:1" in result.out
