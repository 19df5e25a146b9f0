"""An outage pauses a run and burns no rows."""

import asyncio
import socket
from typing import Any

import pytest

from smsgw.bulk import Ending, stations
from tests.bulk.conftest import QUICK, BulkWorld, texts_to
from tests.bulk.runner.gateway import Gateway

ROWS = 200
SETTINGS = {"breaker": QUICK}
TROUBLES: dict[str, tuple[str, dict[str, object]]] = {
    "unavailable": ("smstele", {"unavailable": 10**6}),
    "another's word for unavailable": ("avist", {"unavailable": 10**6}),
    "blocked": ("targetsms", {"blocked": True}),
    "the login refused": ("avist", {"blocked": True}),
    "a bare 0 for the login": ("iba", {"blocked": True}),
    "out of credit": ("avist", {"no_credit": True}),
    "out of SMS": ("targetsms", {"no_credit": True}),
}


@pytest.mark.parametrize("name", TROUBLES)
async def test_while_a_gateway_takes_nothing_the_run_waits(world: BulkWorld, name: str) -> None:
    """No row is burnt, the run says who is in trouble, few requests are made, and all is sent once that ends."""
    driver, troubles = TROUBLES[name]
    faults = world.sandbox.gateways[driver].faults
    before = {fault: getattr(faults, fault) for fault in troubles}
    for fault, value in troubles.items():
        setattr(faults, fault, value)
    table: dict[str, Any] = {"driver": driver, "max_connections": 4}
    run = world.new(world.dispatcher(SETTINGS, main=table), texts_to(ROWS))
    task = asyncio.create_task(run.run())
    await world.until(lambda: run.progress.paused is not None)
    assert run.progress.paused is not None
    assert run.progress.paused.startswith("main: ")
    assert run.progress.gives_up_in > 590
    await asyncio.sleep(0.4)
    assert world.states() == {"pending": ROWS}
    assert run.progress.done == 0
    # What was on its way when it began, ten retries in stock, and a probe after each rest.
    assert len(world.ledger.requests) < 40
    for fault, value in before.items():
        setattr(faults, fault, value)
    assert (await task).ending is Ending.DONE
    assert world.states() == {"accepted": ROWS}
    world.assert_true()
    assert run.progress.paused is None


async def test_a_run_gives_up_on_an_outage_without_end(world: BulkWorld) -> None:
    """After `give_up_after` the rows are still pending, the line says why, and the next run sends them."""
    faults = world.sandbox.gateways["smstele"].faults
    faults.unavailable = 10**6
    sms = world.dispatcher(SETTINGS, smstele={})
    summary = await world.run(sms, texts_to(ROWS), give_up_after=0.5)
    assert summary.ending is Ending.GAVE_UP
    assert summary.pending == ROWS
    assert "gave up after 0.5 s" in str(summary.failure)
    assert "smstele: " in str(summary.failure)
    assert 0.5 <= summary.seconds < 2
    assert not world.ledger.messages
    assert all(claim.completed for claim in world.claims())
    faults.unavailable = 0
    summary = await world.run(sms, texts_to(ROWS))
    assert summary.ending is Ending.DONE
    assert summary.all_accepted
    world.assert_true()


async def test_lost_replies_are_no_progress(world: BulkWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that loses every reply leaves few rows unknown, one for each probe, and then the run gives up."""
    monkeypatch.setattr(stations, "_LONGEST_REST", 0.1)
    world.sandbox.gateways["iba"].faults.share = {"bad_gateway": 1.0}
    sms = world.dispatcher(SETTINGS, iba={"max_connections": 2})
    async with asyncio.timeout(3):
        summary = await world.run(sms, texts_to(1000), give_up_after=0.5)
    assert summary.ending is Ending.GAVE_UP
    assert "HTTP 502" in str(summary.failure)
    # Two connections' worth until the circuit opens, and then one row each time that it is tried.
    assert 10 <= summary.unknown <= 60
    assert summary.unknown + summary.pending == 1000
    assert [len(record.recipients) for record in world.ledger.requests][-2:] == [1, 1]
    world.assert_true()


async def test_an_unreachable_port_pauses_the_run(world: BulkWorld) -> None:
    """Connections are refused until the gateway listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    sms = world.dispatcher(SETTINGS, iba={"url": f"http://127.0.0.1:{port}/"})
    run = world.new(sms, texts_to(ROWS))
    task = asyncio.create_task(run.run())
    await world.until(lambda: run.progress.paused is not None)
    assert run.progress.paused is not None
    assert run.progress.paused.startswith("iba: no connection to the gateway came about")
    await asyncio.sleep(0.3)
    assert world.states() == {"pending": ROWS}
    assert len(world.claims()) < 60
    gateway = Gateway()
    await gateway.__aenter__(port)
    try:
        assert (await task).ending is Ending.DONE
    finally:
        await gateway.__aexit__(None, None, None)
    assert world.states() == {"accepted": ROWS}
    assert set(gateway.taken.values()) == {1}


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (403, {}, "forbade"),
        (404, {}, "`url` of this provider is wrong"),
        (401, {}, "refused the login"),
        (429, {"Retry_After": "0"}, "fewer requests"),
        (503, {"Retry_After": "0"}, "unavailable"),
    ],
)
async def test_a_status_that_refuses_all_pauses_the_run(
    world: BulkWorld, gateway: Gateway, status: int, headers: dict[str, str], words: str
) -> None:
    """HTTP 401, 403, 404, 429 and 503 prove that nothing was taken, and say nothing against a row."""
    gateway.refusal = world.says("", status, **headers)
    sms = world.dispatcher(SETTINGS, iba={"url": gateway.url, "max_connections": 4})
    run = world.new(sms, texts_to(ROWS))
    task = asyncio.create_task(run.run())
    await world.until(lambda: run.progress.paused is not None)
    assert run.progress.paused is not None
    assert run.progress.paused.startswith("iba: ")
    assert words in run.progress.paused
    await asyncio.sleep(0.3)
    assert world.states() == {"pending": ROWS}
    assert len(gateway.batches) < 40
    gateway.refusal = None
    assert (await task).ending is Ending.DONE
    assert world.states() == {"accepted": ROWS}
    assert set(gateway.taken.values()) == {1}


async def test_a_gateway_that_asks_for_a_pause_gets_it(world: BulkWorld, gateway: Gateway) -> None:
    """After HTTP 429 with `Retry-After: 1` no row goes there for a second, though the circuit would let it."""
    gateway.refusal = world.says("", 429, Retry_After="1")

    def relent(_: object) -> None:
        if len(gateway.batches) > 2:
            gateway.refusal = None

    gateway.on_request = relent
    sms = world.dispatcher(
        {**SETTINGS, "retry": {"attempts": 1}}, iba={"url": gateway.url, "max_connections": 1}
    )
    assert (await world.run(sms, texts_to(50))).all_accepted
    late = [at - gateway.times[0] for at in gateway.times]
    # Some batches stood ready; the next row comes after what was asked for.
    assert not [seconds for seconds in late if 0.5 < seconds < 0.95]
    assert late[-1] > 0.95


async def test_a_blip_under_many_connections_is_one_failure(world: BulkWorld, gateway: Gateway) -> None:
    """What was on its way when a gateway failed does not make its rest longer: it is tried again soon after."""
    gateway.refusal = world.says("", 503, Retry_After="0")
    gateway.delay = 0.02
    sms = world.dispatcher(
        {"breaker": {**QUICK, "rest": 0.05}, "retry": {"attempts": 1}}, iba={"url": gateway.url}
    )
    task = asyncio.create_task(world.run(sms, texts_to(1000)))
    await world.until(lambda: len(gateway.batches) >= 20)
    gateway.refusal = None
    back_at = asyncio.get_running_loop().time()
    assert (await task).all_accepted
    assert asyncio.get_running_loop().time() - back_at < 1


async def test_a_row_that_alone_is_forbidden_keeps_nobody_waiting(world: BulkWorld, gateway: Gateway) -> None:
    """Where a filter in front answers one text with HTTP 403, all other rows are sent before the run waits for it."""
    forbidden = "79030000003"
    forbids, takes = world.says("", 403), None

    def look(recipients: Any) -> None:
        gateway.refusal = forbids if forbidden in recipients else takes

    gateway.on_request = look
    sms = world.dispatcher(SETTINGS, iba={"url": gateway.url, "batch_size": 1, "max_connections": 4})
    async with asyncio.timeout(10):
        summary = await world.run(sms, texts_to(300), give_up_after=0.3)
    assert summary.ending is Ending.GAVE_UP
    assert (summary.accepted, summary.pending) == (299, 1)
    assert sum(forbidden in batch for batch in gateway.batches) < 30


async def test_a_gateway_that_says_how_long_to_wait(world: BulkWorld, gateway: Gateway) -> None:
    """Its rows wait in their lane, not with the run; it is paused all the same, and says why and for how long."""
    gateway.refusal = b"HTTP/1.1 503 Busy\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n"
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 1})
    run = world.new(sms, texts_to(5))
    task = asyncio.create_task(run.run())
    await world.until(lambda: run.progress.paused is not None)
    assert run.progress.paused == "iba: the gateway is unavailable for now"
    assert run.progress.out == 5
    assert 15 < run.progress.next_try <= 20
    assert 590 < run.progress.gives_up_in <= 600
    run.stop()
    assert (await task).pending == 5
    assert len(gateway.batches) == 1
