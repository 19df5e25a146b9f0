"""`smsgw status --watch`."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from smsgw.sandbox import Sandbox
    from tests.cli.conftest import Configure, Invoke, Start


def _sent(invoke: Invoke, config: str, provider: str) -> str:
    """The reference of a message just sent."""
    sent = invoke(
        "send", "--config", config, "--to", "79031234567", "--text", "Hi", "--provider", provider, "--json"
    )
    return f"{provider}:{sent.objects[0]['message_id']}"


def test_watch_tells_each_change(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """A line for each, as it comes, and an end when all are final."""
    config = configure("iba", "avist")
    sandbox.gateways["iba"].delivery_after = 1
    references = [_sent(invoke, config, name) for name in ("iba", "avist")]
    result = invoke("status", "--config", config, "--watch", *references, "--json")
    assert result.status == 0
    states = [(report["provider"], report["state"], report["final"]) for report in result.objects]
    assert sorted(states[:2]) == [("avist", "delivered", True), ("iba", "enroute", False)]
    assert states[2:] == [("iba", "delivered", True)]


def test_watch_for_people(configure: Configure, invoke: Invoke) -> None:
    """Words, with the message that they are of."""
    config = configure("smstele")
    reference = _sent(invoke, config, "smstele")
    result = invoke("status", "--config", config, "--watch", reference)
    assert result.status == 0
    (line,) = result.out.splitlines()
    assert line.split()[:4] == ["79031234567", "delivered", "smstele", reference.partition(":")[2]]


def test_watch_to_its_deadline(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """It ends with what is known: exit status 1 where a message was never told of."""
    config = configure("avist")
    sandbox.gateways["avist"].delivery_after = 100
    reference = _sent(invoke, config, "avist")
    began = time.monotonic()
    result = invoke("status", "--config", config, "--watch", reference, "--deadline", "0.5")
    assert result.status == 0
    assert "enroute…" in result.out
    result = invoke("status", "--config", config, "--watch", "avist:nonsense", reference, "--deadline", "0.5")
    assert result.status == 1
    assert [line.split()[1] for line in result.out.splitlines()] == ["enroute…", "unknown"]
    assert "no message with this ID" in result.out
    assert 1 <= time.monotonic() - began < 3


@pytest.mark.parametrize(
    "options", [("--deadline", "5"), ("--watch", "--deadline", "0"), ("--watch", "--deadline", "nan")]
)
def test_a_deadline_that_is_none(options: tuple[str, ...], configure: Configure, invoke: Invoke) -> None:
    """A number above 0, and only where something is watched: else one line and exit status 2."""
    result = invoke("status", "--config", configure("iba"), "iba:1", *options)
    assert result.status == 2
    assert result.error.startswith("error: --deadline")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watch_interrupted(
    number: signal.Signals,
    configure: Configure,
    start: Start,
    sandbox: Sandbox,
    until: Callable[[Callable[[], object]], None],
) -> None:
    """Ctrl-C ends it with what is known."""
    config = configure("iba")
    sandbox.gateways["iba"].delivery_after = 100
    sent = start("send", "--config", config, "--to", "79031234567", "--text", "Hi", "--json").ended()
    reference = f"iba:{sent.objects[0]['message_id']}"
    running = start("status", "--config", config, "--watch", reference, "iba:nonsense", "--json")
    assert json.loads(running.line())["state"] == "enroute"
    until(lambda: len(sandbox.ledger.requests_of("iba", "status")) >= 2)
    running.kill(number)
    result = running.ended()
    assert result.status == 128 + number
    (report,) = result.objects
    assert (report["message_id"], report["state"], report["final"]) == ("nonsense", "unknown", False)
    assert report["error"] is not None


def test_nobody_reads(configure: Configure, invoke: Invoke, start: Start, sandbox: Sandbox) -> None:
    """Once nobody reads any more it asks no more: `| head -1` does not go on for a day."""
    config = configure("iba")
    references = []
    for seconds in (3, 6, 9, 1000):  # on a slow machine, too, one changes after the reader has left
        sandbox.gateways["iba"].delivery_after = seconds
        references.append(_sent(invoke, config, "iba"))
    running = start("status", "--config", config, "--watch", *references, "--deadline", "60")
    assert "iba" in running.line()
    running.leave()
    result = running.ended()  # within 20 seconds
    assert (result.status, result.err) == (0, "")
