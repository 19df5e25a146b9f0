"""`SandboxServer`: a sandbox in a thread of its own, seen from tests of every kind."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import looptime
import pytest

from smsgw import DeliveryState, Dispatcher, State
from smsgw.testing import SandboxServer

NUMBER = "79031234567"


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


async def send(sandbox: SandboxServer, *texts: str, provider: str = "iba", to: str = NUMBER) -> None:
    async with Dispatcher.from_config(sandbox.config(provider)) as sms:
        for text in texts:
            await sms.send(to, text)


# What it shows.


def test_what_was_sent_is_seen(sandbox: SandboxServer) -> None:
    asyncio.run(send(sandbox, "One", "Two"))
    assert [(m.gateway, m.recipient, m.text, m.number) for m in sandbox.messages] == [
        ("iba", NUMBER, "One", 1),
        ("iba", NUMBER, "Two", 2),
    ]
    assert [(r.gateway, r.kind, r.status) for r in sandbox.requests] == [("iba", "send", 200)] * 2
    assert sandbox.ledger.sent_twice() == {}
    assert sandbox.ledger.count(NUMBER, "Two", "iba") == 1
    assert len(sandbox.ledger.requests_of("iba", "send")) == 2


def test_it_is_readable_after_the_end(sandbox: SandboxServer) -> None:
    asyncio.run(send(sandbox, "One"))
    sandbox.stop()
    assert [message.text for message in sandbox.messages] == ["One"]
    assert len(sandbox.requests) == len(sandbox.ledger.messages) == 1


def test_many_threads_may_read_while_messages_come(sandbox: SandboxServer) -> None:
    done = threading.Event()

    def look() -> int:
        seen = 0
        while not done.is_set():
            now = len(sandbox.messages)
            assert now >= seen
            assert len(sandbox.ledger.messages) >= now
            seen = now
        return seen

    with ThreadPoolExecutor() as pool:
        looks = [pool.submit(look) for _ in range(3)]
        asyncio.run(send(sandbox, *[f"Text {number}" for number in range(50)]))
        done.set()
        assert all(found.result() <= 50 for found in looks)
    assert len(sandbox.messages) == 50


def test_faults_are_set_while_it_runs(sandbox: SandboxServer) -> None:
    sandbox.faults["iba"].drop = 1

    async def sent() -> State:
        async with Dispatcher.from_config(sandbox.config("iba")) as sms:
            return (await sms.send(NUMBER, "Hi")).outcome.state

    assert asyncio.run(sent()) is State.UNKNOWN
    assert len(sandbox.messages) == 1
    assert sandbox.requests[0].fault == "drop"


def test_a_reset_begins_anew(sandbox: SandboxServer) -> None:
    asyncio.run(send(sandbox, "One"))
    sandbox.faults["iba"].blocked = True
    sandbox.faults["avist"].share = {"drop": 0.5}
    sandbox.reset()
    assert (sandbox.messages, sandbox.requests) == ((), ())
    assert not any(faults.on for faults in sandbox.faults.values())
    asyncio.run(send(sandbox, "Two"))
    assert [message.text for message in sandbox.messages] == ["Two"]


# Settings.


def test_the_settings_lead_every_driver_here(sandbox: SandboxServer) -> None:
    providers = sandbox.config()["providers"]
    assert {"avist", "iba", "smsco", "smstele", "targetsms"} <= set(providers)
    assert all(table["url"] == f"{sandbox.url}{name}/" for name, table in providers.items())
    Dispatcher.from_config(sandbox.config())


def test_settings_may_be_chosen() -> None:
    with SandboxServer(login="me", password="mine") as sandbox:
        config = sandbox.config(
            "targetsms",
            "iba",
            sender="SHOP",
            retry={"attempts": 7},
            routes=[{"prefixes": ["7"], "providers": ["iba"]}],
            dedup={"key_ttl": 5},
        )
        Dispatcher.from_config(config)
        assert list(config["providers"]) == ["targetsms", "iba"]
        assert config["providers"]["iba"] == {
            "driver": "iba",
            "url": sandbox.url_for("iba"),
            "login": "me",
            "password": "mine",
            "sender": "SHOP",
        }
        assert config["retry"] == {"initial": 0.01, "maximum": 0.1, "attempts": 7}
        assert config["routes"] == [{"prefixes": ["7"], "providers": ["iba"]}]
        assert config["dedup"] == {"key_ttl": 5}
        assert "breaker" not in config


@pytest.mark.parametrize("ask", [lambda s: s.url_for("ibaa"), lambda s: s.config("ibaa")])
def test_an_unknown_gateway_is_named_with_those_that_there_are(sandbox: SandboxServer, ask: object) -> None:
    assert callable(ask)
    with pytest.raises(ValueError, match="no such gateway: 'ibaa'; there are avist, iba"):
        ask(sandbox)


# Time at the gateways.


async def test_messages_are_delivered_at_once_unless_told_otherwise(sandbox: SandboxServer) -> None:
    async with Dispatcher.from_config(sandbox.config("iba")) as sms:
        first = await sms.send(NUMBER, "One")
        (report,) = await sms.status(first.outcomes)
        assert report.state is DeliveryState.DELIVERED
        sandbox.delivery_after = 3600
        second = await sms.send(NUMBER, "Two")
        (report,) = await sms.status(second.outcomes)
        assert (sandbox.delivery_after, report.state) == (3600, DeliveryState.ENROUTE)
        sandbox.advance(3600)
        (report,) = await sms.status(second.outcomes)
        assert report.state is DeliveryState.DELIVERED


async def test_time_passes_by_itself_too(sandbox: SandboxServer) -> None:
    sandbox.delivery_after = 0.05
    async with Dispatcher.from_config(sandbox.config("iba")) as sms:
        sent = await sms.send(NUMBER, "One")
        for _ in range(1000):
            if (await sms.status(sent.outcomes))[0].final:
                return
            await asyncio.sleep(0.01)
    pytest.fail("it is on its way for ever")


def test_wrong_times_are_refused(sandbox: SandboxServer) -> None:
    with pytest.raises(ValueError, match="delivery_after"):
        sandbox.delivery_after = -1
    with pytest.raises(ValueError, match="forward"):
        sandbox.advance(-1)


# Waiting.


async def test_a_test_waits_for_messages_that_something_else_sends(sandbox: SandboxServer) -> None:
    sending = asyncio.create_task(send(sandbox, "One", "Two", "Three"))
    assert [message.text for message in await sandbox.wait_for(2)][:2] == ["One", "Two"]
    await sending
    assert len(await sandbox.wait_for(3, timeout=0)) == 3


def test_a_sync_test_waits_for_another_process(sandbox: SandboxServer) -> None:
    url = f"{sandbox.url_for('iba')}sendsms.php?user=test&pwd=test&sadr=SHOP&dadr={NUMBER}&text=Hi"
    script = f"import urllib.request as u; print(u.urlopen({url!r}).read().decode())"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        (message,) = sandbox.wait_for_sync(1, timeout=30)
        assert process.communicate()[0].strip() == message.message_id
    assert (message.text, message.sender) == ("Hi", "SHOP")


def test_too_few_messages_are_told_with_what_the_requests_met(sandbox: SandboxServer) -> None:
    sandbox.faults["iba"].change(drop_before=1, stop_list={"79990000000"})
    asyncio.run(send(sandbox, "One", "Two"))
    with pytest.raises(AssertionError) as raised:
        sandbox.wait_for_sync(3, timeout=0.05)
    assert str(raised.value).splitlines() == [
        "1 of 3 messages came within 0.05 s, by 2 requests",
        f"  #1 iba send for {NUMBER}: no reply (drop_before), 0 taken",
        f"  #2 iba send for {NUMBER}: HTTP 200, 1 taken",
        "  faults still on: iba: stop_list",
    ]


async def test_only_the_last_requests_are_told(sandbox: SandboxServer) -> None:
    await send(sandbox, *[f"Text {number}" for number in range(30)])
    with pytest.raises(
        AssertionError, match=r"30 of 31 .* by 30 requests, of which the last 20\n  #11 "
    ) as raised:
        await sandbox.wait_for(31, timeout=0.01)
    assert len(str(raised.value).splitlines()) == 21


async def test_a_wait_that_is_cancelled_waits_no_longer(sandbox: SandboxServer) -> None:
    waiting = asyncio.create_task(sandbox.wait_for(1, timeout=60))
    await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await send(sandbox, "One")
    assert len(await sandbox.wait_for(1)) == 1


@pytest.mark.asyncio
@pytest.mark.looptime
async def test_a_loop_with_a_clock_of_its_own_is_served(sandbox: SandboxServer) -> None:
    """Seconds of waiting are real ones: a fake clock that races ahead does not end it."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, looptime.LoopTimeEventLoop)
    waiting = asyncio.create_task(sandbox.wait_for(1, timeout=30))
    start, real = loop.time(), time.monotonic()
    await asyncio.sleep(3600)
    assert loop.time() - start >= 3600
    assert time.monotonic() - real < 30
    assert not waiting.done()
    await asyncio.to_thread(asyncio.run, send(sandbox, "One"))
    assert len(await waiting) == 1


def test_whatever_kind_of_loop_a_test_makes_the_sandbox_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncio.events.new_event_loop", looptime.new_event_loop)
    with SandboxServer() as sandbox:
        assert type(sandbox._loop) is asyncio.SelectorEventLoop
