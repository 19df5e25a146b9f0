"""A gateway that slows down under many callers: each call ends by its own time, whatever stands before it.

On the loop's own time, which comes to a standstill, and so to a failure, where somebody waits without a deadline.
"""

import asyncio
from collections import Counter
from random import Random

import pytest

from smsgw import Message, NotSubmitted, Outcome, State
from smsgw.errors import CircuitOpen, GatewayTimeout
from tests.faults.cancellation.steps import Standstill, SteppedLoop, run
from tests.faults.cancellation.town import Town, settings
from tests.faults.scale import SEEDS

SLOW = 10.0
CALLERS = 300


def numbers(count: int) -> list[str]:
    return [str(79160000000 + number) for number in range(count)]


def slow_town(loop: SteppedLoop, timeout: float, **others: object) -> Town:
    town = Town(loop, settings({"driver": "iba", "max_connections": 5, "timeout": timeout, **others}))
    town.lines["iba"].connects, town.lines["iba"].takes = 0.01, SLOW
    return town


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("rate", [None, 2])
def test_each_call_ends_by_its_timeout_and_nothing_starts_after_it(seed: int, rate: float | None) -> None:
    """What began is unknown or accepted, what did not is rejected with `NotSubmitted`, and stays unsent."""

    async def callers(loop: SteppedLoop) -> None:
        town = slow_town(loop, timeout=30, rate=rate)
        random = Random(seed)
        began = loop.time()
        ends: dict[str, float] = {}

        async def call(number: str) -> Outcome:
            timeout = random.uniform(0.5, 60)
            ends[number] = loop.time() + timeout
            outcome = (await town.sms.send(number, "Hi", timeout=timeout)).outcome
            assert loop.time() <= ends[number] + 1e-6
            return outcome

        outcomes = await asyncio.gather(*(call(number) for number in numbers(CALLERS)))
        states = Counter(outcome.state for outcome in outcomes)
        assert set(states) == {State.ACCEPTED, State.UNKNOWN, State.REJECTED}
        for outcome in outcomes:
            if outcome.state is State.REJECTED:
                assert type(outcome.error) is NotSubmitted
            elif outcome.state is State.UNKNOWN:
                assert type(outcome.error) is GatewayTimeout
        await town.assert_at_rest()
        town.assert_told_the_truth(outcomes)
        for request in town.ledger.requests:
            assert request.clock_at <= ends[request.recipients[0]], "it started after its caller's time"
        last = max(request.clock_at for request in town.ledger.requests)
        assert last - began <= 60 + SLOW
        await town.assert_closed()

    run(callers, SteppedLoop)


@pytest.mark.parametrize("many", [False, True], ids=["sends", "a stream"])
def test_a_gateway_slower_than_its_timeout_is_found_out(many: bool) -> None:
    """Five requests come to nothing, the circuit opens, and whoever is in the queue does not wait for each in turn."""

    async def callers(loop: SteppedLoop) -> None:
        town = slow_town(loop, timeout=5, batch_size=1)
        began = loop.time()
        if many:
            stream = town.sms.send_many(Message(to=number, text="Hi") for number in numbers(CALLERS))
            outcomes = [outcome async for outcome in stream]
            longest = 120.0 + 5  # `retry.deadline`, and the last probe
        else:
            sent = await asyncio.gather(*(town.sms.send(number, "Hi") for number in numbers(CALLERS)))
            outcomes = [submission.outcome for submission in sent]
            longest = 5 + 0.01
        assert loop.time() - began <= longest + 1e-6
        states = Counter(outcome.state for outcome in outcomes)
        assert states[State.UNKNOWN] == len(town.ledger.messages) <= 5 + 120 / 30
        assert states[State.UNKNOWN] + states[State.REJECTED] == CALLERS
        rejected = {type(outcome.error) for outcome in outcomes if outcome.state is State.REJECTED}
        assert rejected == {CircuitOpen}
        town.assert_told_the_truth(outcomes)
        await town.assert_at_rest()
        await town.assert_closed()

    run(callers, SteppedLoop)


def test_calls_without_a_timeout_end_by_their_place_in_the_queue() -> None:
    """A gateway that is slow, but within its timeout, answers them all: five at a time."""

    async def callers(loop: SteppedLoop) -> None:
        town = slow_town(loop, timeout=30)
        began = loop.time()
        sent = await asyncio.gather(*(town.sms.send(number, "Hi") for number in numbers(100)))
        assert all(submission.outcome.state is State.ACCEPTED for submission in sent)
        assert loop.time() - began == pytest.approx(100 / 5 * (SLOW + 0.01))
        assert town.lines["iba"].most_at_once == 5
        await town.assert_at_rest()
        await town.assert_closed()

    run(callers, SteppedLoop)


def test_a_wait_without_a_deadline_would_be_noticed() -> None:
    """The loop of these tests fails where everybody waits for somebody else."""

    async def wait(loop: SteppedLoop) -> None:
        await loop.create_future()

    with pytest.raises(Standstill):
        run(wait, SteppedLoop)
