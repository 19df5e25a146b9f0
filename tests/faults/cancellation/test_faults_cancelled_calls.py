"""A call that is cancelled between any two callbacks of the loop: nothing twice, nothing left, nobody else disturbed.

The gateways are the sandbox's, without a socket between and on fake time, so that each moment is the same in each run.
"""

import asyncio
import logging
from functools import partial
from random import Random

import pytest

from smsgw import Outcome
from tests.faults.cancellation.acts import ACTS, Act
from tests.faults.cancellation.steps import SteppedLoop, run
from tests.faults.cancellation.town import Town
from tests.faults.scale import SEEDS

_log = logging.getLogger(__name__)

MOST_STEPS = 5000
"""Of one call, beyond which it is not going to end."""


def new_town(loop: SteppedLoop, act: Act, seed: int) -> Town:
    """The seed chooses how long connecting and answering take, and the faults' order."""
    town = Town(loop, act.settings, seed)
    random = Random(seed)
    for name, faults in act.faults.items():
        town.lines[name].faults = random.sample(faults, len(faults)) if seed else list(faults)
    return town


async def cancelled(loop: SteppedLoop, act: Act, seed: int, step: int) -> bool:
    """One run; whether the call was still under way at that step."""
    town = new_town(loop, act, seed)
    others: list[asyncio.Task[list[Outcome]]] = []
    if act.beside == "before":
        others.append(asyncio.create_task(act.call(town.sms)))
        await asyncio.sleep(0)
    caller = asyncio.create_task(act.call(town.sms))
    if act.beside == "after":
        others.append(asyncio.create_task(act.call(town.sms)))
    loop.arm(step, caller.cancel)
    await asyncio.wait([caller])
    struck = loop.disarm()
    assert caller.cancelled() is struck, "a cancellation that came in time was swallowed"
    told = [] if struck else caller.result()
    again = await act.call(town.sms)
    beside = [outcome for other in others for outcome in await other]
    outcomes = [*told, *again, *beside]
    untold = int(struck) if act.tells_all else 1 + len(others) + struck
    town.assert_told_the_truth(outcomes, most=act.most, untold=untold)
    assert {outcome.state for outcome in outcomes} <= act.states
    if act.requests is not None:
        assert len(town.ledger.requests) <= act.requests
    await town.assert_at_rest()
    await town.assert_closed()
    return struck


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("act", ACTS, ids=str)
def test_a_call_may_be_cancelled_at_any_step(act: Act, seed: int) -> None:
    """The next same call and those beside it are told the ledger's truth, and nothing of the first is left."""
    step = 0
    while True:
        step += 1
        assert step < MOST_STEPS
        try:
            if not run(partial(cancelled, act=act, seed=seed, step=step), SteppedLoop):
                break
        except BaseException as error:
            error.add_note(f"cancelled before step {step}")
            raise
    assert step > 3, "the call ended before it could be cancelled"
    _log.info("%s, seed %d: cancelled at %d steps", act, seed, step - 1)
