"""`rate` and `max_connections`, as the gateway sees them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import aiohttp

from smsgw import Message, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.dispatcher.conftest import World

RATE = 15


def most_in_a_second(arrivals: Sequence[float]) -> int:
    return max(sum(1 for other in arrivals if at <= other < at + 1) for at in arrivals)


async def test_no_second_sees_more_requests_than_the_rate(world: World) -> None:
    """Sends, statuses and balances together, with more connections than that, after an idle moment."""
    sms = world.dispatcher(smsco={"rate": RATE, "max_connections": 50})
    await asyncio.sleep(0.1)
    many = [Message(to=str(79160000000 + i), text="Hi") for i in range(26)]
    outcomes = []
    async for outcome in sms.send_many(many):
        outcomes.append(outcome)
        if len(outcomes) in (5, 10):
            await sms.status([outcome])
            await sms.balance("smsco")
    assert {o.state for o in outcomes} == {State.ACCEPTED}
    arrivals = [request.clock_at for request in world.ledger.requests]
    assert len(arrivals) == 30
    assert most_in_a_second(arrivals) == RATE
    assert max(arrivals) - min(arrivals) < 1.3


async def test_a_rate_below_one(world: World) -> None:
    """Half a request a second is one in two seconds."""
    sms = world.dispatcher(iba={"rate": 0.8})
    await asyncio.gather(*(sms.send("79160000000", f"Hi {i}") for i in range(2)))
    first, second = [request.clock_at for request in world.ledger.requests]
    assert 1.25 <= second - first < 1.6


class SlowAtFirst(aiohttp.TCPConnector):
    """The first connections take a while, as with TLS over a distance; later ones are quick."""

    def __init__(self, slow: int) -> None:
        super().__init__(keepalive_timeout=2)
        self._slow = slow

    async def connect(self, *args: Any, **kwargs: Any) -> Any:
        self._slow, slow = self._slow - 1, self._slow > 0
        if slow:
            await asyncio.sleep(0.4)
        return await super().connect(*args, **kwargs)


async def test_slow_connections_do_not_crowd_the_next_second(world: World) -> None:
    """What counts is when requests go out, not when they were allowed to."""
    async with aiohttp.ClientSession(connector=SlowAtFirst(5)) as session:
        sms = world.dispatcher(None, session, smsco={"rate": 5})
        async with sms:
            await asyncio.gather(*(sms.send("79160000000", f"Hi {i}") for i in range(10)))
    arrivals = [request.clock_at for request in world.ledger.requests]
    assert len(arrivals) == 10
    assert most_in_a_second(arrivals) <= 5


async def test_what_waits_for_the_rate_holds_no_connection(world: World) -> None:
    """A status gets its connection though a hundred sends wait; it only waits for its turn in the rate."""
    sms = world.dispatcher(smsco={"max_connections": 1}, iba={"rate": 1, "max_connections": 1})
    waiting = [asyncio.create_task(sms.send("79160000000", f"Hi {i}", provider="iba")) for i in range(3)]
    await asyncio.sleep(0.05)
    assert not sms._engine.lanes["iba"].gate.transport.slots.locked()
    before = time.monotonic()
    assert (await sms.send("79160000000", "Hi")).outcome.state is State.ACCEPTED
    assert time.monotonic() - before < 0.5
    for caller in waiting:
        caller.cancel()
    await asyncio.wait(waiting)


async def test_never_more_connections_than_allowed(world: World) -> None:
    """Whoever sends holds one of `max_connections`, whatever the number of callers."""
    world.sandbox.gateways["smsco"].faults.delay = 0.03
    sms = world.dispatcher(smsco={"max_connections": 4})
    await asyncio.gather(*(sms.send("79160000000", f"Hi {i}") for i in range(40)))
    arrivals = [request.clock_at for request in world.ledger.requests]
    assert max(sum(1 for other in arrivals if at - 0.03 < other <= at) for at in arrivals) <= 4
