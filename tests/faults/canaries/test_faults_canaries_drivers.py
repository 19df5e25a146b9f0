"""Drivers of others that fail in words of their own, which hold the password and the text: nobody sees these words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from smsgw import Dispatcher
from smsgw.cli.app import app
from smsgw.drivers.discovery import find_drivers
from smsgw.errors import ConfigurationError, GatewayRejected, InvalidText, UnreadableReply
from tests.faults.canaries.asking import Heard, dispatcher_at, everything, listening, opened, text_for
from tests.faults.canaries.canary import PASSWORD, RECIPIENT, TEXT
from tests.faults.canaries.commands import Ran
from tests.faults.scale import SEEDS
from tests.faults.server.turn import Turn

HOOKS = {
    "avist": ("head", "check_recipient", "check_segments", "encode"),
    "iba": (
        *("head", "encode", "send_request", "read_send", "verdict_for_all", "suspects_account"),
        *("status_request", "read_status", "balance_request", "read_balance", "read_account"),
    ),
    "smstele": (
        "send_request",
        "read_send",
        "status_request",
        "read_status",
        "read_settled",
        "lookup_request",
        "read_lookup",
    ),
}
KNOW_THE_TEXT = {
    "head",
    "check_segments",
    "encode",
    "send_request",
    "read_send",
    "verdict_for_all",
    "suspects_account",
}


def plainly(words: str) -> Any:
    raise RuntimeError(words)


def from_another(words: str) -> Any:
    error = KeyError(words)
    error.add_note(words)
    raise error from ValueError(words)


def as_one_of_ours(words: str) -> Any:
    error = UnreadableReply(f"the gateway says {words}", provider="main", code=words)
    error.add_note(f"it was {words}")
    error.__context__ = KeyError(words)
    raise error from ValueError(words)


def as_a_refusal(words: str) -> Any:
    raise InvalidText(f"cannot write {words}", code=words) from GatewayRejected(words)


FAULTS: dict[str, Callable[[str], Any]] = {
    "plainly": plainly,
    "from another error": from_another,
    "as one of ours": as_one_of_ours,
    "as a refusal": as_a_refusal,
}
# By one error that is ours and one that is not, with every other seed the other two.
CASES = [
    pytest.param(driver, hook, fault, id=f"{driver}-{hook}-{fault}")
    for driver, hooks in HOOKS.items()
    for hook in hooks
    for seed in SEEDS[:2]
    for fault in list(FAULTS)[seed % 2 :: 2]
]


@pytest.mark.usefixtures("frozen_heap")
@pytest.mark.parametrize(("driver", "hook", "fault"), CASES)
async def test_a_drivers_own_words_are_seen_by_nobody(
    driver: str, hook: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it fails, by whatever error: what is logged is where, and what is told is what kind."""
    failed = 0
    words = f"pwd={PASSWORD.word}&" + (f"text={text_for(driver)}&" if hook in KNOW_THE_TEXT else "")

    def faulty(*_: object) -> Any:
        nonlocal failed
        failed += 1
        FAULTS[fault](words)

    async def serve(turn: Turn) -> None:
        # Where questions matter, the reply to the message is lost, or refuses without a cause.
        if hook == "read_settled" and turn.heard.recipients and turn.heard.text:
            turn.line.hang_up()
        elif hook in ("suspects_account", "read_account") and turn.heard.recipients:
            await turn.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n0")
        elif hook == "verdict_for_all":
            await turn.say(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
        else:
            await turn.accept()

    # A stranger's driver that does all else well.
    monkeypatch.setattr("smsgw.drivers.base._OURS", "nobody's")
    with listening() as heard:
        async with opened(driver, serve, 0) as gateway, dispatcher_at(gateway) as sms:
            monkeypatch.setattr(sms._engine.lanes["main"].driver, hook, faulty)
            await everything(sms, heard, driver, follow=0.02)
    assert failed
    assert heard.findings() == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_driver_that_cannot_be_made_tells_no_secret(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its error is one of the configuration, without the words that it was raised with."""
    file = tmp_path / "smsgw.toml"
    file.write_text(f"[providers.third]\nlogin = 'login'\npassword = {json.dumps(PASSWORD.word)}", "utf-8")
    kind = find_drivers()["iba"]
    third_party = type(
        "ThirdParty",
        (kind,),
        {
            "__init__": lambda *_: FAULTS[fault](PASSWORD.word),
            "name": "third",
            "default_url": "http://127.0.0.1:9/",
        },
    )
    drivers = {**find_drivers(), "third": third_party}
    for module in ("smsgw.engine", "smsgw.config"):
        monkeypatch.setattr(f"{module}.find_drivers", lambda: drivers)
    heard = Heard(caplog.records)
    with caplog.at_level("DEBUG"), pytest.raises(ConfigurationError) as raised:
        Dispatcher.from_config(file)
    heard.errors.append(raised.value)
    assert caplog.records
    assert heard.findings() == []


@pytest.mark.parametrize("debug", ["", "1"])
def test_an_unforeseen_error_is_told_without_its_words(debug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its kind, and on request where it happened."""

    def fail(_: object) -> None:
        raise RuntimeError(f"{PASSWORD.word} {TEXT.word} {RECIPIENT.word}")

    monkeypatch.setattr("smsgw.cli.asking.open_dispatcher", fail)
    monkeypatch.setenv("SMSGW_DEBUG", debug)
    result = CliRunner().invoke(app, ["balance"], catch_exceptions=False)
    ran = Ran(result.exit_code, result.stdout, result.stderr, b"")
    assert (ran.status, ran.findings(), "smsgw failed: RuntimeError" in ran.err) == (1, [], True)
