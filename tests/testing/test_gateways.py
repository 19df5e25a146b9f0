"""Fakes of third parties: found by entry point, served by the sandbox, and used by drivers found the same way."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import ClassVar

import pytest
from attrs import define

from smsgw.sandbox import Gateway
from smsgw.sandbox.discovery import ENTRY_POINT_GROUP, gateway_types
from tests.testing.conftest import ROOT, THIRD_PARTY, Runs

OWN = ["avist", "iba", "smsco", "smstele", "targetsms"]


@define(kw_only=True, eq=False)
class Half(Gateway):
    name: ClassVar[str] = "half"


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """What is installed."""
    found: list[EntryPoint] = []

    def entry_points(group: str) -> list[EntryPoint]:
        assert group == ENTRY_POINT_GROUP == "smsgw.gateways"
        return found

    monkeypatch.setattr("smsgw.sandbox.discovery.entry_points", entry_points)
    gateway_types.cache_clear()
    yield found
    gateway_types.cache_clear()


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, ENTRY_POINT_GROUP)


def test_the_packages_own_are_found_without_any_entry_point(entries: list[EntryPoint]) -> None:
    assert list(gateway_types()) == OWN


def test_a_third_partys_is_found_among_them(
    entries: list[EntryPoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(THIRD_PARTY))
    entries.append(entry("georgia", "smsgw_georgia.gateway:GeorgiaGateway"))
    assert list(gateway_types()) == [OWN[0], "georgia", *OWN[1:]]
    for name in [name for name in sys.modules if name.startswith("smsgw_georgia")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("odd", "math:pi", r"'odd' of smsgw\.gateways \(math:pi\) is no smsgw\.sandbox\.Gateway"),
        ("odd", "smsgw.sandbox:Sandbox", r"is no smsgw\.sandbox\.Gateway"),
        (
            "half",
            f"{__name__}:Half",
            "is abstract: it lacks answer, kind_of, next_id, recipients_in, unavailable",
        ),
        ("ibaa", "smsgw.sandbox.gateways.iba:IBA", "has the name 'iba': let both be the same"),
    ],
)
def test_an_entry_point_that_is_none_is_one_clear_error(
    entries: list[EntryPoint], name: str, value: str, problem: str
) -> None:
    entries.append(entry(name, value))
    with pytest.raises(RuntimeError, match=problem):
        gateway_types()


SCRIPT = """
import asyncio, smsgw
from smsgw.testing import SandboxServer

async def main(sandbox):
    async with smsgw.Dispatcher.from_config({"providers": {"georgia": {
        "login": "test", "password": "test", "url": sandbox.url_for("georgia")}}}) as sms:
        submission = await sms.send(["79031234567", "995599123456"], "გამარჯობა")
        submission.raise_for_failures()
        reports = await sms.status(submission.outcomes)
        print(*[outcome.message_id for outcome in submission], *[str(report.state) for report in reports])

with SandboxServer() as sandbox:
    asyncio.run(main(sandbox))
    print(*[message.text for message in sandbox.messages], "georgia" in sandbox.config()["providers"])
"""


def run_with_georgia(*arguments: str) -> str:
    path = os.pathsep.join((str(ROOT), str(THIRD_PARTY)))
    run = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_dispatcher_and_a_sandbox_use_what_is_installed() -> None:
    assert run_with_georgia("-c", SCRIPT).splitlines() == [
        "GE-1 GE-2 delivered delivered",
        "გამარჯობა გამარჯობა True",
    ]


def test_the_command_finds_the_driver() -> None:
    arguments = ("--to", "79031234567", "--text", "Hi", "--json")
    script = f"""
import json, os, subprocess, sys
from smsgw.testing import SandboxServer
with SandboxServer() as sandbox:
    dsn = f"georgia://test:test@{{sandbox.url_for('georgia').removeprefix('http://')}}?http=1"
    run = subprocess.run(
        [sys.executable, "-m", "smsgw", "send", *{arguments!r}],
        env={{**os.environ, "SMSGW_DSN": dsn}}, capture_output=True, text=True,
    )
    print(run.stderr, run.returncode, [(m.gateway, m.text) for m in sandbox.messages])
"""
    assert run_with_georgia("-c", script).strip() == "0 [('georgia', 'Hi')]"


def test_a_fake_whose_driver_is_not_installed_is_left_out_of_the_settings(fresh_run: Runs) -> None:
    run = fresh_run(
        """
        from smsgw import Dispatcher
        from smsgw.sandbox import Gateway
        from smsgw.testing import SandboxServer
        from smsgw_georgia.gateway import GeorgiaGateway

        class Alone(GeorgiaGateway):
            name = "alone"

        def test_it():
            with SandboxServer(gateways=[Alone]) as sandbox:
                assert "alone" in sandbox.gateways
                assert "alone" not in sandbox.config()["providers"]
                assert "georgia" in sandbox.config()["providers"]
        """
    )
    assert run.exit_status == 0, run.output
