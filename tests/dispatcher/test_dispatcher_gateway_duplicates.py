"""What TargetSMS itself calls a duplicate: never retried nor sent elsewhere; the first's outcome where it is known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from smsgw import State
from smsgw.errors import (
    AuthenticationFailed,
    DuplicateRequest,
)
from smsgw.sandbox.gateways.targetsms import TargetSMS

if TYPE_CHECKING:
    from smsgw import Dispatcher
    from tests.conftest import Peers
    from tests.dispatcher.conftest import World

NUMBER = "79161234567"
WINDOW = 0.2
REPEATED = "error: Попытка отправки более одного одинакового запроса в течение минуты"


@pytest.fixture(autouse=True)
def no_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window is kept a second longer than the gateway's: too long for a test."""
    monkeypatch.setattr("smsgw.dedup.MARGIN", 0.05)


@pytest.fixture
def targetsms(world: World) -> TargetSMS:
    """The fake gateway, which keeps its rule, too."""
    gateway = world.sandbox.gateways["targetsms"]
    assert isinstance(gateway, TargetSMS)
    gateway.repeat_window = WINDOW
    return gateway


def dispatcher(world: World, on_duplicate: str = "reuse", **more: Any) -> Dispatcher:
    targetsms = {"duplicate_window": WINDOW, "on_duplicate": on_duplicate, **more}
    return world.dispatcher(targetsms=targetsms, iba={})


@pytest.mark.parametrize("concurrent", [True, False])
async def test_the_gateways_duplicate_has_the_firsts_outcome_where_it_is_known(
    world: World, targetsms: TargetSMS, concurrent: bool
) -> None:
    """With our rule off, the gateway's still holds: the second is told what the first came to."""
    targetsms.repeat_window = 60
    targetsms.faults.delay = 0.02
    sms = dispatcher(world, duplicate_window=0)
    if concurrent:
        first, second = [s.outcome for s in await asyncio.gather(*(sms.send(NUMBER, "Hi") for _ in range(2)))]
    else:
        first, second = [(await sms.send(NUMBER, "Hi")).outcome for _ in range(2)]
    assert [request.gateway for request in world.ledger.requests] == ["targetsms"] * 2
    assert (first.state, first.duplicate) == (State.ACCEPTED, False)
    assert (second.state, second.duplicate, second.message_id) == (State.ACCEPTED, True, first.message_id)
    assert world.ledger.count(NUMBER, "Hi") == 1


async def test_the_gateways_duplicate_of_an_unknown_one_is_unknown(
    world: World, targetsms: TargetSMS
) -> None:
    """What the first came to is not known, so nobody knows, and nobody else is asked."""
    targetsms.repeat_window = 60
    targetsms.faults.drop = 1
    sms = dispatcher(world, duplicate_window=0)
    outcomes = [(await sms.send(NUMBER, "Hi")).outcome for _ in range(3)]
    assert [(o.state, o.duplicate) for o in outcomes] == [
        (State.UNKNOWN, False),
        (State.UNKNOWN, True),
        (State.UNKNOWN, True),
    ]
    assert {request.gateway for request in world.ledger.requests} == {"targetsms"}


@pytest.mark.parametrize(
    "refusal",
    [
        ("", 503, {"Retry_After": "0"}),
        ("", 429, {"Retry_After": "0"}),
        ("Неверный логин или пароль", 200, {}),
    ],
    ids=["unavailable", "throttled", "account"],
)
@pytest.mark.parametrize(
    "duplicate", [REPEATED, "Данное сообщение уже было отправлено"], ids=["repeated", "already sent"]
)
async def test_a_duplicate_by_the_gateways_word_is_never_retried_nor_sent_elsewhere(
    world: World, peer: Peers, refusal: tuple[str, int, dict[str, str]], duplicate: str
) -> None:
    """A refusal that the gateway follows with "already sent" is no proof any more: the message may be on its way."""
    text, status, headers = refusal
    gateway = await peer(world.says(text, status, **headers), world.says(duplicate))
    table = {"duplicate_window": 0, "url": world.at(gateway)}
    sms = world.dispatcher({"breaker": {"account_rest": 0.001}}, targetsms=table, iba={})
    if status == 200:
        first = (await sms.send(NUMBER, "Hi", provider="targetsms")).outcome
        assert type(first.error) is AuthenticationFailed
        await asyncio.sleep(0.01)
    outcome = (await sms.send(NUMBER, "Hi")).outcome
    assert len(gateway.requests) == 2
    assert not world.ledger.requests
    assert outcome.state is not State.ACCEPTED


async def test_the_gateways_duplicate_of_a_batch_that_was_taken_apart_is_unknown(
    world: World, targetsms: TargetSMS
) -> None:
    """The first request was refused, but its recipients were sent to one by one after it: it tells nothing of them."""
    targetsms.repeat_window = 60
    targetsms.faults.stop_list = {"79161234569"}
    sms = dispatcher(world, duplicate_window=0)
    to = [NUMBER, "79161234569"]
    assert [o.state for o in await sms.send(to, "Hi")] == [State.ACCEPTED, State.REJECTED]
    assert [o.state for o in await sms.send(to, "Hi")] == [State.UNKNOWN] * 2
    assert [len(request.recipients) for request in world.ledger.requests] == [2, 1, 1, 2]


async def test_a_gateways_duplicate_of_nothing_that_we_know_is_unknown(world: World, peer: Peers) -> None:
    """Another process of the same account may have sent it."""
    gateway = await peer(world.says(REPEATED))
    outcome = (await dispatcher(world, url=world.at(gateway)).send(NUMBER, "Hi")).outcome
    assert (outcome.state, type(outcome.error)) == (State.UNKNOWN, DuplicateRequest)
    assert len(gateway.requests) == 1
    assert not world.ledger.requests
