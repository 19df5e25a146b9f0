"""Dispatchers before the sandbox's gateways without a socket between, and what they may leave behind: nothing."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import Any, Literal

from smsgw import Dispatcher, Outcome, State, config
from smsgw.dispatcher import engine_of
from smsgw.errors import ConnectionFailed, ConnectionLost, GatewayTimeout
from smsgw.sandbox import Ledger
from smsgw.sandbox.gateways import Gateway
from smsgw.sandbox.world import World
from smsgw.settings import Settings
from smsgw.transport import Reply, Request
from smsgw.transport.slots import Slots
from tests.faults.cancellation.steps import Striking as Loop
from tests.tracking.conftest import Line as CalmLine

__all__ = ["Fault", "Line", "Town", "assert_told_the_truth", "settings"]

Fault = Literal["refused", "busy", "lost", "silent"]
"""No connection comes about; 503 that takes nothing; taken, but the reply is lost; taken, and no reply in time."""


class Line(CalmLine):
    """A transport that needs a while to connect and a while to be answered, and meets the faults it is given."""

    def __init__(self, gateway: Gateway, slots: Slots, timeout: float) -> None:
        super().__init__(gateway, slots)
        self.connects = 0.01
        self.faults: list[Fault] = []
        """What the next requests meet, one each."""
        self.always: Fault | None = None
        """What all further requests meet."""
        self.closed = False
        self.late = 0
        """Requests that came after closing."""
        self._timeout = timeout

    async def request(self, request: Request, before_first_byte: Callable[[], None] | None = None) -> Reply:
        self.late += self.closed
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._through(request, before_first_byte)
        finally:
            self.at_once -= 1

    async def _through(self, request: Request, before_first_byte: Callable[[], None] | None) -> Reply:
        fault = self.faults.pop(0) if self.faults else self.always
        await asyncio.sleep(min(self.connects, self._timeout))
        if fault == "refused" or self.connects >= self._timeout:
            raise ConnectionFailed("no connection to the gateway came about")
        if before_first_byte is not None:
            before_first_byte()
        if fault == "busy":
            await asyncio.sleep(self.takes)
            return Reply(503, b"Busy", retry_after=0.5)
        reply = self._reply(request)
        if fault == "silent" or self.takes >= self._timeout:
            await asyncio.sleep(self._timeout)
            raise GatewayTimeout("no answer in time")
        await asyncio.sleep(self.takes)
        if fault == "lost":
            raise ConnectionLost("the connection ended before a reply came")
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def aclose(self) -> None:
        self.closed = True
        await asyncio.sleep(0)  # as aiohttp, which waits until its connections have ended


def settings(*providers: Mapping[str, Any], **others: Any) -> Settings:
    """Of providers that have only a driver, or more."""
    tables = {
        given.get("name", given["driver"]): {
            "login": "test",
            "password": "test",
            "url": f"http://127.0.0.1:1/{given['driver']}/",
            "sender": "TESTSMS",
            **{key: value for key, value in given.items() if key != "name"},
        }
        for given in providers
    }
    return config.load({"providers": tables, **others})


def assert_told_the_truth(
    ledger: Ledger, outcomes: Iterable[Outcome], *, most: int = 1, untold: int = 0
) -> None:
    """Each message is in the ledger as often as it was accepted anew; `unknown`, and callers who were told
    nothing, may each add one. And never more than `most` times."""
    told: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        assert outcome.message is not None
        assert (outcome.error is None) == (outcome.state is State.ACCEPTED), outcome
        told.setdefault((outcome.recipient, outcome.message.text), []).append(outcome)
    for (recipient, text), about in told.items():
        times = ledger.count(recipient, text)
        anew = Counter(outcome.state for outcome in about if not outcome.duplicate)
        least = anew[State.ACCEPTED] or any(outcome.state is State.ACCEPTED for outcome in about)
        assert least <= times <= anew[State.ACCEPTED] + anew[State.UNKNOWN] + untold, about
        assert times <= most, f"sent {times} times to {recipient}"
    if not untold:
        assert {(taken.recipient, taken.text) for taken in ledger.messages} <= set(told)


class Town:
    """Gateways on the loop's time, one for each provider, and one dispatcher."""

    def __init__(self, loop: Loop, given: Settings, seed: int = 0) -> None:
        random = Random(seed)
        self.loop = loop
        self.world = World(login="test", password="test", clock=loop.time, delivery_after=30)
        self.ledger = self.world.ledger
        for gateway in self.world.gateways.values():
            gateway.fates.clear()  # all are delivered
        setattr(self.world.gateways["targetsms"], "repeat_window", 60)  # noqa: B010 - of this gateway only
        self.sms = Dispatcher(given)
        self.lines: dict[str, Line] = {}
        for name, lane in engine_of(self.sms).lanes.items():
            gateway = self.world.gateways[lane.driver.name]
            line = Line(gateway, lane.gate.transport.slots, lane.driver.settings.timeout)
            line.connects = random.choice([0.0, 0.01, 0.03])
            line.takes = random.choice([0.0, 0.05, 0.2])
            self.lines[name] = line
            lane.gate.transport = line  # type: ignore[assignment]  # all that is used of a transport

    def assert_told_the_truth(self, outcomes: Iterable[Outcome], *, most: int = 1, untold: int = 0) -> None:
        assert_told_the_truth(self.ledger, outcomes, most=most, untold=untold)

    async def assert_at_rest(self) -> None:
        """After a while nothing is under way: no task, timer, slot, turn, permit, claim, probe or listener is left."""
        await asyncio.sleep(400)  # longer than any timeout, backoff, rest or window here
        engine = engine_of(self.sms)
        assert not engine._tasks
        assert not engine._callers
        assert not engine.signal.waiting
        assert not engine.keys._claims
        for name, lane in engine.lanes.items():
            gate, line = lane.gate, self.lines[name]
            assert line.at_once == 0
            assert line.most_at_once <= lane.driver.settings.max_connections
            assert gate.transport.slots.free == lane.driver.settings.max_connections
            assert not gate.turn.locked()
            assert gate.throttle is None or gate.throttle._held == 0
            assert not gate.breaker._probing
        self.assert_nothing_else_runs()

    async def assert_closed(self) -> None:
        """Once `aclose` has returned nothing is left, at once."""
        await self.sms.aclose()
        assert all(line.closed and not line.late for line in self.lines.values())
        engine = engine_of(self.sms)
        assert not engine._tasks
        for lane in engine.lanes.values():
            records = lane.gate.window._records.values() if lane.gate.window is not None else ()
            assert all(record.ended_at is not None and record.answered.done() for record in records)
        self.assert_nothing_else_runs()

    def assert_nothing_else_runs(self) -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        assert not self.loop.timers(), self.loop.timers()
