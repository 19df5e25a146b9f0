"""Sends in a `TaskGroup` or under `asyncio.timeout` that fails at any moment: the group's own way of cancelling."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from random import Random
from typing import Any

import pytest

from smsgw import Message, Outcome
from tests.faults.cancellation.steps import SteppedLoop, run
from tests.faults.cancellation.town import Town, settings
from tests.faults.scale import SEEDS

_log = logging.getLogger(__name__)

NUMBERS = [str(79160000101 + number) for number in range(6)]
SETTINGS = settings(
    {"driver": "iba", "batch_size": 2, "max_connections": 2},
    {"driver": "targetsms"},
    {"driver": "smsco", "rate": 2},
    routes=[{"providers": ["smsco", "iba"]}],
    retry={"attempts": 2},
)


class Sibling(Exception):
    """What one of the group's other tasks raises."""


class Calls:
    """Sends of all kinds, and what those were told that ended."""

    def __init__(self, town: Town) -> None:
        self.told: list[Outcome] = []
        self._town = town

    @property
    def are_done(self) -> bool:
        """Whether the group waits for nothing but the fuse."""
        return len(self.told) == len(NUMBERS) * 6

    def all(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self._send("smsco", key="one"),
            self._send("smsco", key="one"),
            self._send("iba", key="list"),
            self._send("targetsms", key=None),
            self._send("targetsms", key=None),
            self._stream(),
        ]

    async def _send(self, provider: str, key: str | None) -> None:
        self.told += await self._town.sms.send(NUMBERS, f"by {provider}", provider=provider, key=key)

    async def _stream(self) -> None:
        messages = [Message(to=number, text="many", key=f"key {number}") for number in NUMBERS]
        async with self._town.sms.send_many(messages) as outcomes:
            async for outcome in outcomes:
                self.told.append(outcome)


async def beside_a_failure(calls: Calls, fuse: asyncio.Future[None]) -> None:
    """One task of the group fails."""
    async with asyncio.TaskGroup() as group:
        for call in calls.all():
            group.create_task(call)
        group.create_task(burn(fuse))


async def around_a_failure(calls: Calls, fuse: asyncio.Future[None]) -> None:
    """A group within a group, whose own body fails."""
    first, *others = calls.all()
    async with asyncio.TaskGroup() as outer:
        outer.create_task(first)
        async with asyncio.TaskGroup() as inner:
            for call in others:
                inner.create_task(call)
            await fuse


async def under_a_timeout(calls: Calls, fuse: asyncio.Future[None]) -> None:
    """The clock strikes: at the very moment of the fuse, so that the steps are the same."""
    async with asyncio.timeout(None) as limit:

        def ring(_: asyncio.Future[None]) -> None:
            with contextlib.suppress(RuntimeError):  # the block has just ended
                limit.reschedule(asyncio.get_running_loop().time())

        fuse.add_done_callback(ring)
        async with asyncio.TaskGroup() as group:
            for call in calls.all():
                group.create_task(call)


async def burn(fuse: asyncio.Future[None]) -> None:
    await fuse


WAYS = [beside_a_failure, around_a_failure, under_a_timeout]
Way = Callable[[Calls, asyncio.Future[None]], Coroutine[Any, Any, None]]


def _only(error: BaseException) -> set[type[BaseException]]:
    """The kinds of what is in a group of groups."""
    if isinstance(error, BaseExceptionGroup):
        return {kind for inner in error.exceptions for kind in _only(inner)}
    return {type(error)}


async def failed(loop: SteppedLoop, way: Way, seed: int, step: int) -> bool:
    """One run; whether the group was still there at that step."""
    town = Town(loop, SETTINGS, seed)
    town.lines["smsco"].faults = ["busy", "refused"]
    calls, fuse = Calls(town), loop.create_future()
    group = asyncio.create_task(way(calls, fuse))

    def strike() -> bool:
        fuse.set_exception(Sibling())
        return not group.done()

    loop.arm(step, strike)
    while not group.done() and not calls.are_done:
        await asyncio.wait([group], timeout=0.5)
    struck = loop.disarm()
    if not fuse.done():
        fuse.set_result(None)
    await asyncio.wait([group])
    error = group.exception()
    if error is not None:
        assert _only(error) == {TimeoutError if way is under_a_timeout else Sibling}, error
    else:  # a timeout rings some steps after its strike, and the group may have come to its end by then
        assert not struck or way is under_a_timeout
    again = Calls(town)
    await asyncio.gather(*again.all())
    town.assert_told_the_truth([*calls.told, *again.told], untold=struck)
    if fuse.done() and not fuse.cancelled():
        fuse.exception()  # under a timeout nobody else looks at it
    await town.assert_at_rest()
    await town.assert_closed()
    return struck


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", WAYS)
def test_a_group_may_fail_at_any_moment(way: Way, seed: int) -> None:
    """The same calls anew are told the ledger's truth, nothing comes twice, and only the failure comes out."""
    random = Random(seed)
    step, struck, points = 0, True, 0
    while struck:
        step += random.randint(1, 6)
        points += 1
        try:
            struck = run(partial(failed, way=way, seed=seed, step=step), SteppedLoop)
        except BaseException as error:
            error.add_note(f"failed before step {step}")
            raise
    assert points > 30, "the group ended before it could fail"
    _log.info("%s, seed %d: failed at %d steps", way.__name__, seed, points)
