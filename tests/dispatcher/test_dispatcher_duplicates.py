"""TargetSMS's rule: identical requests at most once in a window; what became of the first stands for the second."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from smsgw import Reference, State
from smsgw.errors import (
    ConnectionLost,
    DuplicateRequest,
    GatewayTimeout,
    GatewayUnavailable,
    NotSubmitted,
    RecipientRejected,
)
from smsgw.sandbox.gateways.targetsms import TargetSMS

if TYPE_CHECKING:
    from smsgw import Dispatcher
    from tests.conftest import Line, Peers
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


async def drop(line: Line) -> None:
    line.close()


@pytest.mark.parametrize("concurrent", [True, False])
async def test_reuse_gives_the_second_the_firsts_outcome(
    world: World, targetsms: TargetSMS, concurrent: bool
) -> None:
    """Identical sends, at once or one after the other: one request, and the second outcome is a duplicate of the first."""
    targetsms.faults.delay = 0.02
    sms = dispatcher(world)
    if concurrent:
        submissions = await asyncio.gather(*(sms.send(NUMBER, "Hi") for _ in range(5)))
    else:
        submissions = [await sms.send(NUMBER, "Hi") for _ in range(3)]
    first, *others = [submission.outcome for submission in submissions]
    (taken,) = world.ledger.taken()
    assert len(world.ledger.requests) == 1
    assert (first.state, first.duplicate, first.message_id) == (State.ACCEPTED, False, taken.message_id)
    assert {(o.state, o.duplicate, o.message_id) for o in others} == {
        (State.ACCEPTED, True, taken.message_id)
    }


@pytest.mark.parametrize("fault", ["drop", "silent"])
async def test_what_became_unknown_is_not_sent_again_within_the_window(
    world: World, targetsms: TargetSMS, fault: str
) -> None:
    """After a lost reply an identical send is a duplicate of the unknown one; nothing identical goes out by itself."""
    setattr(targetsms.faults, fault, 1)
    sms = dispatcher(world, timeout=0.1)
    first = (await sms.send(NUMBER, "Hi")).outcome
    second = (await sms.send(NUMBER, "Hi")).outcome
    assert (first.state, first.duplicate) == (State.UNKNOWN, False)
    assert (second.state, second.duplicate) == (State.UNKNOWN, True)
    assert type(second.error) is (ConnectionLost if fault == "drop" else GatewayTimeout)
    await asyncio.sleep(WINDOW + 0.1)
    assert len(world.ledger.requests) == 1


async def test_a_refusal_is_reused_too(world: World, targetsms: TargetSMS) -> None:
    """The gateway counts requests that it refused, so an identical one would only be refused for being one."""
    targetsms.faults.stop_list = {NUMBER}
    sms = dispatcher(world)
    outcomes = [(await sms.send(NUMBER, "Hi")).outcome for _ in range(2)]
    assert [(o.state, type(o.error), o.duplicate) for o in outcomes] == [
        (State.REJECTED, RecipientRejected, False),
        (State.REJECTED, RecipientRejected, True),
    ]
    assert len(world.ledger.requests) == 1


async def test_after_the_window_an_identical_send_is_sent(world: World, targetsms: TargetSMS) -> None:
    """The rule is about a minute, not for ever."""
    sms = dispatcher(world)
    await sms.send(NUMBER, "Hi")
    await asyncio.sleep(WINDOW + 0.06)
    assert not (await sms.send(NUMBER, "Hi")).outcome.duplicate
    assert world.ledger.count(NUMBER, "Hi") == 2


@pytest.mark.parametrize("concurrent", [True, False])
async def test_wait_sends_the_second_when_the_window_has_passed(
    world: World, targetsms: TargetSMS, concurrent: bool
) -> None:
    """Both are sent, and the gateway has nothing to complain of."""
    sms = dispatcher(world, "wait")
    if concurrent:
        submissions = await asyncio.gather(*(sms.send(NUMBER, "Hi") for _ in range(3)))
    else:
        submissions = [await sms.send(NUMBER, "Hi") for _ in range(2)]
    assert {(s.outcome.state, s.outcome.duplicate) for s in submissions} == {(State.ACCEPTED, False)}
    arrivals = [request.clock_at for request in world.ledger.requests]
    assert len(arrivals) == len(submissions)
    assert all(later - earlier >= WINDOW for earlier, later in pairwise(arrivals))


async def test_wait_ends_with_the_callers_patience(world: World, targetsms: TargetSMS) -> None:
    """Who stops waiting for the window has a rejection, and the gateway never sees the request."""
    sms = dispatcher(world, "wait")
    await sms.send(NUMBER, "Hi")
    outcome = (await sms.send(NUMBER, "Hi", timeout=0.05)).outcome
    assert (outcome.state, type(outcome.error)) == (State.REJECTED, NotSubmitted)
    await asyncio.sleep(WINDOW + 0.1)
    assert len(world.ledger.requests) == 1


async def test_reject_refuses_the_second_and_asks_nobody_else(world: World, targetsms: TargetSMS) -> None:
    """Rejected with `DuplicateRequest`: proof that it was not sent, and no reason to send it elsewhere."""
    targetsms.faults.delay = 0.02
    sms = dispatcher(world, "reject")
    both = await asyncio.gather(sms.send(NUMBER, "Hi"), sms.send(NUMBER, "Hi"))
    later = await sms.send(NUMBER, "Hi")
    assert both[0].outcome.state is State.ACCEPTED
    for outcome in (both[1].outcome, later.outcome):
        assert (outcome.state, type(outcome.error)) == (State.REJECTED, DuplicateRequest)
        assert outcome.error is not None
        assert not outcome.error.maybe_accepted
    assert [request.gateway for request in world.ledger.requests] == ["targetsms"]


@pytest.mark.parametrize("on_duplicate", ["reuse", "wait", "reject"])
async def test_different_texts_to_one_number_are_both_sent(
    world: World, targetsms: TargetSMS, on_duplicate: str
) -> None:
    """Requests that differ are no duplicates of each other."""
    sms = dispatcher(world, on_duplicate)
    submissions = await asyncio.gather(*(sms.send(NUMBER, f"Code {i}") for i in range(4)))
    assert {(s.outcome.state, s.outcome.duplicate) for s in submissions} == {(State.ACCEPTED, False)}
    assert len(world.ledger.taken("targetsms")) == 4


async def test_two_providers_of_one_account_share_its_window(world: World, targetsms: TargetSMS) -> None:
    """The gateway counts for an account, whatever its names are here."""
    table = {"driver": "targetsms", "duplicate_window": WINDOW}
    sms = world.dispatcher(one=table, two=table)
    first = (await sms.send(NUMBER, "Hi", provider="one")).outcome
    second = (await sms.send(NUMBER, "Hi", provider="two")).outcome
    assert (second.state, second.duplicate, second.message_id) == (State.ACCEPTED, True, first.message_id)
    assert len(world.ledger.requests) == 1


async def test_a_claim_is_given_back_when_nothing_was_sent(world: World, targetsms: TargetSMS) -> None:
    """Whoever waited for an identical request that never began sends it himself."""
    targetsms.faults.delay = 0.1
    sms = dispatcher(world, max_connections=1)
    busy = asyncio.create_task(sms.send("79160000000", "something else"))
    await asyncio.sleep(0.02)
    first = asyncio.create_task(sms.send(NUMBER, "Hi", timeout=0.02))
    second = asyncio.create_task(sms.send(NUMBER, "Hi"))
    assert (await first).outcome.state is State.REJECTED
    outcome = (await second).outcome
    assert (outcome.state, outcome.duplicate) == (State.ACCEPTED, False)
    await busy
    assert world.ledger.count(NUMBER, "Hi") == 1


async def test_a_retry_of_a_request_that_arrived_waits_for_the_window(world: World, peer: Peers) -> None:
    """A refused request counts, too, so the retry comes after the window, whatever `Retry-After` says."""
    loop = asyncio.get_running_loop()
    times: list[float] = []

    async def unavailable(line: Line) -> None:
        times.append(loop.time())
        await line.send(world.says("", 503, Retry_After="0"))

    async def available(line: Line) -> None:
        times.append(loop.time())
        await line.send(world.says("4711"))

    gateway = await peer(unavailable, available)
    sms = dispatcher(world, url=world.at(gateway))
    outcomes = [s.outcome for s in await asyncio.gather(*(sms.send(NUMBER, "Hi") for _ in range(2)))]
    assert {(o.state, o.message_id) for o in outcomes} == {(State.ACCEPTED, "4711")}
    assert len(gateway.requests) == 2
    assert times[1] - times[0] >= WINDOW
    assert not world.ledger.requests


async def test_where_the_deadline_is_before_the_windows_end_another_is_asked(
    world: World, peer: Peers
) -> None:
    """No retry then: the refusal was proof enough to go on."""
    gateway = await peer(world.says("", 503, Retry_After="0"), world.says("4711"))
    sms = world.dispatcher(
        {"retry": {"deadline": 0.1}}, targetsms={"duplicate_window": 5, "url": world.at(gateway)}, iba={}
    )
    assert (await sms.send(NUMBER, "Hi")).outcome.provider == "iba"
    assert len(gateway.requests) == 1
    outcome = (await sms.send(NUMBER, "Hi", provider="targetsms")).outcome
    assert (outcome.state, type(outcome.error)) == (State.REJECTED, GatewayUnavailable)
    assert len(gateway.requests) == 1


# Questions.


@pytest.mark.parametrize("concurrent", [True, False])
async def test_status_and_balance_within_the_window_answer_with_the_last_reply(
    world: World, targetsms: TargetSMS, concurrent: bool
) -> None:
    """Asked again they never wait, and the gateway is asked once."""
    targetsms.faults.delay = 0.02
    sms = dispatcher(world)
    sent = (await sms.send(NUMBER, "Hi")).outcome
    reference = Reference("targetsms", sent.message_id or "", NUMBER)
    async with asyncio.timeout(WINDOW):
        if concurrent:
            balances = await asyncio.gather(*(sms.balance("targetsms") for _ in range(3)))
            reports = await asyncio.gather(sms.status([sent]), sms.status([reference]))
        else:
            balances = [await sms.balance("targetsms") for _ in range(3)]
            reports = await sms.status([sent]), await sms.status([reference])
    assert balances[0] == balances[1] == balances[2]
    assert reports[0] == reports[1]
    assert reports[0][0].error is None
    assert len(world.ledger.requests_of("targetsms", "balance")) == 1
    assert len(world.ledger.requests_of("targetsms", "status")) == 1
