"""Item one of the promise: a request whose reply was lost is seen once, and its fate is not guessed."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from smsgw import DeliveryState, State
from smsgw.errors import ConnectionLost, GatewayTimeout, OutcomeUnknown, UnreadableReply

if TYPE_CHECKING:
    from smsgw import Outcome
    from tests.conftest import Line, Peers
    from tests.dispatcher.conftest import World

NUMBER = "79161234567"
NUMBERS = ["79161234567", "79161234568", "79161234569"]

GETS = ["iba", "targetsms", "smsco"]
POSTS = ["avist", "smstele"]
LOSSES = {
    "drop": ConnectionLost,
    "drop_before": ConnectionLost,
    "silent": GatewayTimeout,
    "truncated": UnreadableReply,
    "bad_gateway": UnreadableReply,
}


async def drop(line: Line) -> None:
    line.close()


async def reset(line: Line) -> None:
    line.reset()


def assert_unknown(outcome: Outcome, provider: str, kind: type[OutcomeUnknown]) -> None:
    assert outcome.state is State.UNKNOWN
    assert type(outcome.error) is kind
    assert outcome.error.maybe_accepted
    assert not outcome.error.retryable
    assert (outcome.provider, outcome.error.provider) == (provider, provider)
    assert outcome.attempts == 1


@pytest.mark.parametrize("how", [drop, reset])
@pytest.mark.parametrize("provider", [*GETS, "avist"])
async def test_a_drop_on_a_fresh_connection_is_one_request_and_unknown(
    world: World, peer: Peers, provider: str, how: object
) -> None:
    """A gateway that takes a message and drops the fresh connection has seen one request; nobody else is asked."""
    gateway = await peer(drop if how is drop else reset)
    sms = world.dispatcher(**{provider: {"url": world.at(gateway)}, "spare": {"driver": "iba"}})
    outcome = (await sms.send(NUMBER, "Hi")).outcome
    assert_unknown(outcome, provider, ConnectionLost)
    assert len(gateway.requests) == len(gateway.lines) == 1
    assert not world.ledger.requests


REPLIES = {"iba": "4711", "targetsms": "4711", "smsco": "OK 4 4711"}


@pytest.mark.parametrize("how", [drop, reset])
@pytest.mark.parametrize("provider", GETS)
async def test_a_drop_on_a_reused_connection_is_one_request_and_unknown(
    world: World, peer: Peers, provider: str, how: object
) -> None:
    """aiohttp resends a GET whose reused connection is dropped; here the gateway sees the message once."""
    gateway = await peer(world.says(REPLIES[provider]), drop if how is drop else reset)
    sms = world.dispatcher(**{provider: {"url": world.at(gateway)}, "spare": {"driver": "iba"}})
    assert (await sms.send(NUMBER, "first")).outcome.state is State.ACCEPTED
    outcome = (await sms.send(NUMBER, "second")).outcome
    assert_unknown(outcome, provider, ConnectionLost)
    assert len(gateway.requests) == 2
    assert len(gateway.lines) == 1
    assert not world.ledger.requests


@pytest.mark.parametrize("fault", LOSSES)
@pytest.mark.parametrize("provider", [*GETS, "avist"])
async def test_a_lost_reply_is_unknown_and_never_sent_again(world: World, provider: str, fault: str) -> None:
    """Whatever eats the reply: one request, `unknown`, and no provider is asked after it."""
    timeout = 0.15 if fault == "silent" else 5
    sms = world.dispatcher(**{provider: {"timeout": timeout}, "spare": {"driver": "smstele"}})
    setattr(world.sandbox.gateways[provider].faults, fault, 1)
    outcome = (await sms.send(NUMBER, "Hi")).outcome
    assert_unknown(outcome, provider, LOSSES[fault])
    assert [request.gateway for request in world.ledger.requests] == [provider]
    assert world.ledger.count(NUMBER, "Hi") == (0 if fault == "drop_before" else 1)


@pytest.mark.parametrize("fault", LOSSES)
async def test_smstele_looks_a_lost_batch_up_once_by_its_own_id(world: World, fault: str) -> None:
    """Found by its ID is accepted; not found proves nothing, so the error of the lost reply stays."""
    sms = world.dispatcher(smstele={"timeout": 0.15 if fault == "silent" else 5}, iba={})
    setattr(world.sandbox.gateways["smstele"].faults, fault, 1)
    submission = await sms.send(NUMBERS, "Hi")
    kinds = [(request.gateway, request.kind) for request in world.ledger.requests]
    assert kinds == [("smstele", "send"), ("smstele", "status")]
    taken = world.ledger.taken()
    if fault == "drop_before":
        assert not taken
        for outcome in submission:
            assert_unknown(outcome, "smstele", LOSSES[fault])
        return
    assert [(m.recipient, m.message_id) for m in taken] == [(o.recipient, o.message_id) for o in submission]
    assert {outcome.state for outcome in submission} == {State.ACCEPTED}
    assert {outcome.error for outcome in submission} == {None}


@pytest.mark.parametrize("taken", ["taken", "refused"])
async def test_a_system_error_of_smstele_is_looked_up_before_anything_else(world: World, taken: str) -> None:
    """-1 may stand for a message that was taken: its own ID tells, and absence does not."""
    world.sandbox.gateways["smstele"].system_error = taken  # type: ignore[attr-defined]
    outcome = (await world.dispatcher(smstele={}, iba={}).send(NUMBER, "Hi")).outcome
    kinds = [(request.gateway, request.kind) for request in world.ledger.requests]
    assert kinds == [("smstele", "send"), ("smstele", "status")]
    assert outcome.state is (State.ACCEPTED if taken == "taken" else State.UNKNOWN)
    assert len(world.ledger.taken()) == (1 if taken == "taken" else 0)


async def test_a_lookup_that_fails_leaves_the_outcome_unknown(world: World, peer: Peers) -> None:
    """Where the lookup fails as well, nothing is asked a third time, and the first error stands."""
    gateway = await peer(drop, world.says("{", 500), drop)
    sms = world.dispatcher(smstele={"url": world.at(gateway)}, iba={})
    outcome = (await sms.send(NUMBER, "Hi")).outcome
    assert_unknown(outcome, "smstele", ConnectionLost)
    assert [b"/status" in request.split(b"\r\n")[0] for request in gateway.requests] == [False, True]
    assert not world.ledger.requests


async def test_a_lookup_finds_some_of_a_batch(world: World, peer: Peers) -> None:
    """Each recipient of a lost batch is judged by its own row, and only by one that has our ID and no refusal."""

    async def shows_some(line: Line) -> None:
        own = gateway.requests[-1].rpartition(b"id=")[2].decode()
        rows = [
            {"id": own, "phone": NUMBERS[0], "stat": "ENROUTE"},
            {"phone": NUMBERS[1], "stat": "ENROUTE"},
            {"id": own, "phone": NUMBERS[2], "error": "-26"},
        ]
        await line.send(world.says(json.dumps({"results": rows})))

    gateway = await peer(drop, shows_some)
    sms = world.dispatcher(smstele={"url": world.at(gateway)})
    states = [outcome.state for outcome in await sms.send(NUMBERS, "Hi")]
    assert states == [State.ACCEPTED, State.UNKNOWN, State.UNKNOWN]
    assert len(gateway.requests) == 2


async def test_an_unknown_outcome_may_be_asked_for_later(world: World, peer: Peers) -> None:
    """SMStele's own ID is kept with an unknown outcome, so `status` can still tell what became of it."""
    row = f'{{"phone": "{NUMBER}", "stat": "DELIVRD"}}'
    gateway = await peer(drop, drop, world.says(f'{{"results": [{row}]}}'))
    sms = world.dispatcher(smstele={"url": world.at(gateway)})
    submission = await sms.send(NUMBER, "Hi")
    assert_unknown(submission.outcome, "smstele", ConnectionLost)
    (report,) = await sms.status(submission.outcomes)
    assert report.state is DeliveryState.DELIVERED
    own_id = f"id={submission.outcome.message_id}".encode()
    assert all(request.endswith(own_id) for request in gateway.requests)


async def test_a_slow_answer_is_not_a_lost_one(world: World) -> None:
    """A reply that takes its time, but less than the timeout, counts."""
    world.sandbox.gateways["iba"].faults.delay = 0.1
    sms = world.dispatcher(iba={"timeout": 5})
    async with asyncio.timeout(2):
        assert (await sms.send(NUMBER, "Hi")).outcome.state is State.ACCEPTED
