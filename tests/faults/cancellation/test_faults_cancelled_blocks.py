"""The task around `async with Dispatcher` is cancelled between any two callbacks: entering, inside, and leaving."""

import asyncio
import logging
from functools import partial
from random import Random

import pytest

from smsgw import Message, Outcome, Submission
from smsgw.dispatcher import engine_of
from tests.faults.cancellation.steps import SteppedLoop, run
from tests.faults.cancellation.town import Town, settings
from tests.faults.scale import SEEDS

_log = logging.getLogger(__name__)

NUMBERS = [str(79160000101 + number) for number in range(12)]
SETTINGS = settings(
    {"driver": "iba", "batch_size": 2, "max_connections": 1},
    {"driver": "targetsms", "rate": 1},
    {"driver": "smsco"},
    routes=[{"providers": ["iba"]}],
)
TURNS = 10
"""Of the loop, without a second passing, in which what was cut off comes to its end."""


class Life:
    """What happens in the block; its callers are tasks of their own, which nobody cancels."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.callers: list[asyncio.Task[Submission]] = []
        self.streamed: list[Outcome] = []

    async def live(self) -> None:
        async with self.town.sms as sms:
            for provider, text in (("iba", "one"), ("targetsms", "two"), ("smsco", "three")):
                call = sms.send(NUMBERS[:3], text, provider=provider, key=text)
                self.callers.append(asyncio.create_task(call))
            async with sms.send_many(Message(to=number, text="many") for number in NUMBERS) as outcomes:
                async for outcome in outcomes:
                    self.streamed.append(outcome)
                    if len(self.streamed) > 2:
                        break
            self.streamed += await sms.send(NUMBERS[0], "four", provider="smsco")


async def cancelled(loop: SteppedLoop, seed: int, step: int, further: int | None) -> bool:
    """One run; whether the block was still there at that step. `further` steps later it is cancelled again."""
    town = Town(loop, SETTINGS, seed)
    town.lines["smsco"].always = Random(seed).choice([None, "busy", "lost"]) if seed else None
    life = Life(town)
    block = asyncio.create_task(life.live())

    def strike() -> bool:
        in_time = block.cancel()
        if in_time and further is not None:
            loop.arm(further, lambda: block.cancel() or True)
        return in_time

    loop.arm(step, strike)
    await asyncio.wait([block])
    struck = loop.disarm()
    assert block.cancelled() is struck, "a cancellation that came in time was swallowed"
    for _ in range(TURNS):
        await asyncio.sleep(0)
    entered = engine_of(town.sms).closed
    if entered:
        assert all(line.closed for line in town.lines.values()), "a provider's connections were left open"
        assert not engine_of(town.sms)._tasks
    outcomes = [outcome for caller in life.callers for outcome in await caller]
    town.assert_told_the_truth([*outcomes, *life.streamed], untold=1)
    await asyncio.sleep(400)
    requests = len(town.ledger.requests)
    town.assert_nothing_else_runs()
    await town.assert_closed()
    assert len(town.ledger.requests) == requests
    assert entered or not life.callers
    return struck


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("again", [False, True], ids=["once", "twice"])
def test_a_block_may_be_cancelled_at_any_step(seed: int, again: bool) -> None:
    """All connections are closed, every caller has its outcome, and nothing goes out afterwards."""
    random = Random(seed)
    step, struck = 0, True
    while struck:
        step += 1
        further = random.randrange(1, 8) if again else None
        try:
            struck = run(partial(cancelled, seed=seed, step=step, further=further), SteppedLoop)
        except BaseException as error:
            error.add_note(
                f"cancelled before step {step}" + (f", and {further} steps later" if again else "")
            )
            raise
    assert step > 50, "the block ended before it could be cancelled"
    _log.info("seed %d: cancelled at %d steps", seed, step - 1)
