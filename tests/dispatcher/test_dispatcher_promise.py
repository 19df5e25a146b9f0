"""The whole promise at once: all gateways, all faults at random, impatient callers, and the ledger's word for it."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from smsgw import Message, Outcome, State

if TYPE_CHECKING:
    from smsgw import Dispatcher
    from tests.dispatcher.conftest import World

LOSSES = {"drop": 0.04, "drop_before": 0.04, "truncated": 0.04, "bad_gateway": 0.04, "silent": 0.01}
PREFIXES = ["7916", "7903", "9955", "4479"]
TEXTS = ["Hi there", "Привет", "გამარჯობა", "x" * 200, "Скидки " * 20]
SETTINGS: dict[str, Any] = {
    "routes": [
        {"prefixes": ["995"], "providers": ["smsco", "iba"]},
        {"prefixes": ["44"], "providers": ["iba", "smsco"], "strategy": "round_robin"},
        {
            "providers": ["avist", "smstele", "targetsms", "iba"],
            "strategy": "weighted",
            "weights": {"avist": 1, "smstele": 2, "targetsms": 3, "iba": 1},
        },
    ],
    "breaker": {"failures": 20, "rest": 0.02},
}
TABLE = {"timeout": 0.8, "max_connections": 10}


def dispatcher(world: World) -> Dispatcher:
    """All five, each losing some replies, refusing some numbers, and the documented way unavailable at times."""
    for name, gateway in world.sandbox.gateways.items():
        gateway.faults.share = dict(LOSSES)
        if name in ("avist", "smsco", "smstele"):
            gateway.faults.share = {**LOSSES, "unavailable": 0.1}
        gateway.faults.stop_list = {f"{prefix}{i:07d}" for prefix in PREFIXES for i in range(0, 400, 23)}
    return world.dispatcher(SETTINGS, avist=TABLE, smstele=TABLE, smsco=TABLE, iba=TABLE, targetsms=TABLE)


def messages(random: Random, count: int) -> list[Message]:
    """Distinct pairs of number and text, so that the ledger can count them; some with keys, some to several."""
    given: list[Message] = []
    for i in range(count):
        numbers = [f"{random.choice(PREFIXES)}{i:07d}" for _ in range(random.choice([1, 1, 1, 1, 3]))]
        # A number and a text come together once.
        text = random.choice(TEXTS) if random.random() < 0.8 else f"Code {i}"
        given.append(Message(to=numbers, text=text, key=f"key {i}" if random.random() < 0.3 else None))
    return given


def assert_kept(world: World, outcomes: list[Outcome]) -> None:
    """Accepted is there once, rejected is not there, unknown is there once at most, and nothing is there twice."""
    assert not world.ledger.sent_twice()
    for outcome in outcomes:
        assert outcome.message is not None
        times = world.ledger.count(outcome.recipient, outcome.message.text)
        if outcome.state is State.ACCEPTED:
            assert times == 1
        elif outcome.state is State.REJECTED:
            assert times == 0, outcome
        assert (outcome.error is None) == (outcome.state is State.ACCEPTED)
    told = {(o.recipient, o.message.text) for o in outcomes if o.message is not None}
    assert {(m.recipient, m.text) for m in world.ledger.messages} <= told


@pytest.mark.parametrize("seed", range(3))
async def test_a_list_through_all_gateways_with_all_faults(world: World, seed: int) -> None:
    """Every given recipient has one outcome, and every outcome is the truth."""
    given = messages(Random(seed), 400)
    outcomes = [outcome async for outcome in dispatcher(world).send_many(given)]
    assert_kept(world, outcomes)
    assert len(outcomes) == sum(len(message.to) for message in given)
    states = {outcome.state for outcome in outcomes}
    assert states == {State.ACCEPTED, State.REJECTED, State.UNKNOWN}
    assert sum(o.state is State.ACCEPTED for o in outcomes) > 0.6 * len(outcomes)


@pytest.mark.parametrize("seed", range(3))
async def test_impatient_callers_and_a_dispatcher_closed_under_them(world: World, seed: int) -> None:
    """Timeouts, cancellations and closing at random moments: who was told anything was told the truth."""
    random = Random(100 + seed)
    sms = dispatcher(world)
    outcomes: list[Outcome] = []
    given = messages(random, 250)
    cancelled: list[Message] = []

    async def call(message: Message, starts: float, timeout: float | None) -> None:
        await asyncio.sleep(starts)
        try:
            submission = await sms.submit(message, timeout=timeout)
        except asyncio.CancelledError:
            cancelled.append(message)
        except RuntimeError as error:
            assert "closed" in str(error)  # noqa: PT017  (most calls raise nothing)
        else:
            outcomes.extend(submission)

    callers = [
        asyncio.create_task(
            call(message, random.random() * 0.3, random.choice([None, 0.005, 0.02, 0.1, 1.0]))
        )
        for message in given
    ]
    for caller in random.sample(callers, 60):
        asyncio.get_running_loop().call_later(random.random() * 0.4, caller.cancel)
    await asyncio.sleep(0.35)
    await sms.aclose()
    await asyncio.gather(*callers, return_exceptions=True)
    told = [outcome for outcome in outcomes if outcome.message is not None]
    assert not world.ledger.sent_twice()
    for outcome in told:
        assert outcome.message is not None
        times = world.ledger.count(outcome.recipient, outcome.message.text)
        assert times == {State.ACCEPTED: 1, State.REJECTED: 0}.get(outcome.state, times), outcome
    known = {(o.recipient, o.message.text) for o in told if o.message is not None}
    known |= {(number, message.text) for message in cancelled for number in message.to}
    assert {(m.recipient, m.text) for m in world.ledger.messages} <= known
    assert told
