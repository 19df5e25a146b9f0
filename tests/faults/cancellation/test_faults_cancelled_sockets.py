"""The same calls over real loopback sockets, cancelled at each turn of a real loop: no connection is left either."""

import asyncio
import logging
from collections.abc import Iterator
from functools import partial

import pytest

from smsgw import Dispatcher, Message, Outcome
from smsgw.dispatcher import engine_of
from smsgw.testing import SandboxServer
from tests.faults.cancellation.acts import ACTS, Act
from tests.faults.cancellation.steps import CountedLoop, run
from tests.faults.cancellation.town import assert_told_the_truth, settings
from tests.faults.scale import SEEDS

_log = logging.getLogger(__name__)

SLOW = {"track", "send after TargetSMS's minute", "send in turn"}
QUICK = [act for act in ACTS if not act.faults and act.name not in SLOW]
"""Those that wait for nothing but the gateway."""
NUMBERS = [str(79160000101 + number) for number in range(4)]
RUNS = SEEDS[::3]
"""The seed chooses nothing but which turns: real time has chances of its own."""
TURNS = 10
"""Of the loop, in which connections that were closed are gone."""


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        setattr(server.gateways["targetsms"], "repeat_window", 60)  # noqa: B010 - of this gateway only
        yield server


def dispatcher(server: SandboxServer, act: Act) -> Dispatcher:
    providers = [{**given, "url": server.url_for(given["driver"])} for given in act.providers]
    return Dispatcher(settings(*providers, **act.others))


async def assert_nothing_is_open(loop: CountedLoop, sms: Dispatcher) -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)
    assert len(loop.sockets()) == 1, "a connection is open"  # besides that by which the loop wakes itself
    assert not loop.timers()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    for lane in engine_of(sms).lanes.values():
        assert lane.gate.transport.slots.free == lane.driver.settings.max_connections
        assert lane.gate.transport._session is None


async def cancelled(loop: CountedLoop, server: SandboxServer, act: Act, turn: int) -> bool:
    """One run; whether the call was still under way at that turn."""
    sms = dispatcher(server, act)
    others: list[asyncio.Task[list[Outcome]]] = []
    if act.beside == "before":
        others.append(asyncio.create_task(act.call(sms)))
        await asyncio.sleep(0)
    caller = asyncio.create_task(act.call(sms))
    if act.beside == "after":
        others.append(asyncio.create_task(act.call(sms)))
    loop.arm(turn, caller.cancel)
    await asyncio.wait([caller])
    struck = loop.disarm()
    told = [] if struck else caller.result()
    again = await act.call(sms)
    beside = [outcome for other in others for outcome in await other]
    await sms.aclose()
    await assert_nothing_is_open(loop, sms)
    untold = int(struck) if act.tells_all else 1 + len(others) + struck
    assert_told_the_truth(server.ledger, [*told, *again, *beside], most=act.most, untold=untold)
    assert {outcome.state for outcome in [*told, *again, *beside]} <= act.states
    if act.requests is not None:
        assert len(server.requests) <= act.requests
    return struck


@pytest.mark.parametrize("seed", RUNS)
@pytest.mark.parametrize("act", QUICK, ids=str)
def test_a_call_over_a_socket_may_be_cancelled_at_any_turn(
    server: SandboxServer, act: Act, seed: int
) -> None:
    """Nothing is sent twice, those beside it are not disturbed, and closing leaves no connection behind."""
    turn, struck = seed % 2, True
    while struck:
        turn += 1 + seed % 2  # half of the turns, in one seed of two: which they are differs from run to run
        server.reset()
        try:
            struck = run(partial(cancelled, server=server, act=act, turn=turn), CountedLoop)
        except BaseException as error:
            error.add_note(f"cancelled at turn {turn}")
            raise
    assert turn > 3, "the call ended before it could be cancelled"
    _log.info("%s, seed %d: cancelled up to turn %d", act, seed, turn)


async def left(loop: CountedLoop, server: SandboxServer, turn: int) -> bool:
    """A block with two providers' connections is cancelled; whether it was there still."""
    tables = [{"driver": name, "url": server.url_for(name)} for name in ("iba", "smsco", "targetsms")]
    sms = Dispatcher(settings(*tables))
    streamed: list[Outcome] = []
    callers: list[asyncio.Task[list[Outcome]]] = []

    async def call(provider: str) -> list[Outcome]:
        return list(await sms.send(NUMBERS[0], f"to {provider}", provider=provider))

    async def block() -> None:
        async with sms:
            callers.extend([asyncio.create_task(call(provider)) for provider in sms.providers])
            async for outcome in sms.send_many(Message(to=number, text="many") for number in NUMBERS):
                streamed.append(outcome)  # noqa: PERF401  (what came before the end is looked at)

    task = asyncio.create_task(block())
    loop.arm(turn, task.cancel)
    await asyncio.wait([task])
    struck = loop.disarm()
    assert task.cancelled() is struck
    outcomes = [outcome for caller in callers for outcome in await caller]
    if callers:
        await assert_nothing_is_open(loop, sms)
    await sms.aclose()
    assert_told_the_truth(server.ledger, [*streamed, *outcomes], untold=1)
    return struck


@pytest.mark.parametrize("seed", RUNS)
def test_a_block_with_connections_may_be_cancelled_at_any_turn(server: SandboxServer, seed: int) -> None:
    """Also while it disconnects: every provider's connections are closed, and every caller is told."""
    turn, struck = seed % 2, True
    while struck:
        turn += 1 + seed % 2
        server.reset()
        try:
            struck = run(partial(left, server=server, turn=turn), CountedLoop)
        except BaseException as error:
            error.add_note(f"cancelled at turn {turn}")
            raise
    assert turn > 10, "the block ended before it could be cancelled"
    _log.info("seed %d: cancelled up to turn %d", seed, turn)
