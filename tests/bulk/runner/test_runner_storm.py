"""Everything at once: all gateways lose, refuse and break off at random, runs are stopped at random, and all is kept."""

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest

from smsgw import Dispatcher, Message
from smsgw.bulk import Ending
from tests.bulk.conftest import BulkWorld

LOSSES = {"drop": 0.03, "drop_before": 0.03, "truncated": 0.03, "bad_gateway": 0.03, "silent": 0.005}
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
    "breaker": {"failures": 5, "rest": 0.02, "account_rest": 0.02},
    "retry": {"attempts": 2, "budget": 3},
}
TABLE = {"timeout": 0.4, "max_connections": 5}
MOST_RUNS = 12


def stormy(world: BulkWorld) -> Dispatcher:
    """All five, each losing some replies, refusing some numbers, and the documented way unavailable at times."""
    for name, gateway in world.sandbox.gateways.items():
        # (The platform's 503 says `Retry-After: 1`: a second of rest each time.)
        share = 0.1 if name in ("avist", "smsco", "smstele") else 0.0
        gateway.faults.share = {**LOSSES, "unavailable": share}
        gateway.faults.stop_list = {f"{prefix}{i:07d}" for prefix in PREFIXES for i in range(0, 500, 23)}
    return world.dispatcher(SETTINGS, avist=TABLE, smstele=TABLE, smsco=TABLE, iba=TABLE, targetsms=TABLE)


def campaign(random: Random, count: int) -> list[Message]:
    """Distinct numbers, so that the ledger can count them."""
    return [
        Message(
            to=f"{random.choice(PREFIXES)}{i:07d}",
            text=random.choice(TEXTS) if random.random() < 0.8 else f"Code {i}",
            provider="iba" if random.random() < 0.05 else None,
        )
        for i in range(count)
    ]


async def trouble(world: BulkWorld, random: Random) -> None:
    """Accounts run out of credit and are paid again."""
    while True:
        await asyncio.sleep(random.random() * 0.2)
        gateway = random.choice(list(world.sandbox.gateways.values()))
        word = random.choice(["blocked", "no_credit", "held"])
        setattr(gateway.faults, word, True)
        await asyncio.sleep(random.random() * 0.1)
        setattr(gateway.faults, word, False)


def assert_claimed(world: BulkWorld) -> None:
    """Each request has a claim of its own; one that was stopped in between never became a request."""
    recipients = {row.number: row.recipient for row in world.rows()}
    claimed = Counter(
        (claim.provider, frozenset(recipients[at] for at in claim.numbers)) for claim in world.claims()
    )
    asked = Counter(
        (record.gateway, frozenset(record.recipients))
        for record in world.ledger.requests
        if record.kind == "send"
    )
    assert asked <= claimed


@pytest.mark.parametrize("seed", range(3))
async def test_a_storm(world: BulkWorld, seed: int) -> None:
    """In several runs, each stopped at random, every row comes to one outcome, and each outcome is the truth."""
    random = Random(seed)
    messages = campaign(random, 500)
    storm = asyncio.create_task(trouble(world, random))
    sms = stormy(world)
    ending = Ending.STOPPED
    for number in range(MOST_RUNS):
        run = world.new(sms, messages, give_up_after=30)
        timer = asyncio.get_running_loop().call_later(random.random() * 0.3, run.stop)
        if number == MOST_RUNS - 1:
            timer.cancel()
        summary = await run.run()
        timer.cancel()
        ending = summary.ending
        assert ending in (Ending.STOPPED, Ending.DONE)
        assert all(claim.completed for claim in world.claims())
        assert run.progress.out == 0
        assert summary.rows in (0, 500)  # nothing is counted of an input that was not read to its end
        world.assert_true()
        if ending is Ending.DONE:
            break
    storm.cancel()
    assert ending is Ending.DONE
    states = Counter(row.state for row in world.rows())
    assert states["pending"] == 0
    assert states["accepted"] + states["held"] > 300
    assert_claimed(world)
    requests = world.sends()
    # A run of a finished campaign sends nothing.
    assert (await world.run(sms, messages)).sent == 0
    assert world.sends() == requests
