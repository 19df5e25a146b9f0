"""A gateway that fails rests: who will not wait is told at once, who will wait gets through when it comes back."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from smsgw import Message, State
from smsgw.errors import (
    CircuitOpen,
    ConnectionLost,
    GatewayUnavailable,
    InsufficientCredit,
    NotSubmitted,
    RecipientRejected,
)

if TYPE_CHECKING:
    from smsgw import Dispatcher
    from smsgw.sandbox import Faults
    from tests.conftest import Peers
    from tests.dispatcher.conftest import World

NUMBER = "79161234567"
ONCE = {"attempts": 1}


def messages(count: int) -> list[Message]:
    return [Message(to=str(79160000000 + i), text="Hi") for i in range(count)]


def faults_of(world: World, gateway: str = "smsco") -> Faults:
    return world.sandbox.gateways[gateway].faults


async def fail(world: World, sms: Dispatcher, times: int) -> None:
    """Let so many sends in a row fail at smsco."""
    faults_of(world).unavailable = times
    for _ in range(times):
        await sms.send(NUMBER, "Hi", provider="smsco")


async def test_a_send_is_refused_at_once_while_every_circuit_is_open(world: World) -> None:
    """`CircuitOpen`, no request, no wait."""
    sms = world.dispatcher({"retry": ONCE, "breaker": {"failures": 3}}, smsco={})
    await fail(world, sms, 3)
    async with asyncio.timeout(0.2):
        outcome = (await sms.send(NUMBER, "Hi")).outcome
    assert (outcome.state, type(outcome.error), outcome.attempts) == (State.REJECTED, CircuitOpen, 0)
    assert len(world.ledger.requests) == 3


async def test_an_open_circuit_leaves_the_message_to_the_next_provider(world: World) -> None:
    """The resting gateway is not asked, and the outcome does not speak of it."""
    sms = world.dispatcher({"retry": ONCE, "breaker": {"failures": 2}}, smsco={}, iba={})
    await fail(world, sms, 2)
    outcome = (await sms.send(NUMBER, "Hello")).outcome
    assert (outcome.state, outcome.provider, outcome.attempts) == (State.ACCEPTED, "iba", 1)
    assert len(world.ledger.requests_of("smsco")) == 2


async def test_a_failure_fewer_does_not_open_it_and_a_success_counts_from_the_start(world: World) -> None:
    """Only failures in a row count."""
    sms = world.dispatcher({"retry": ONCE, "breaker": {"failures": 3}}, smsco={})
    for _ in range(3):
        await fail(world, sms, 2)
        assert (await sms.send(NUMBER, "Hi")).outcome.state is State.ACCEPTED


async def test_unknown_outcomes_open_it(world: World) -> None:
    """A gateway that drops connections is not asked for ever."""
    faults_of(world).drop = 9
    sms = world.dispatcher({"breaker": {"failures": 3}}, smsco={})
    kinds = [type((await sms.send(NUMBER, f"Hi {i}")).outcome.error) for i in range(5)]
    assert kinds == [ConnectionLost] * 3 + [CircuitOpen] * 2


async def test_refused_recipients_and_texts_never_open_it(world: World) -> None:
    """They say nothing of the provider."""
    faults_of(world, "iba").refuse_with = "Номер телефона присутствует в стоп-листе."
    world.sandbox.gateways["iba"].platform_texts = True  # type: ignore[attr-defined]
    sms = world.dispatcher({"breaker": {"failures": 2}}, iba={})
    for i in range(5):
        assert type((await sms.send(NUMBER, f"Hi {i}")).outcome.error) is RecipientRejected


async def test_after_the_rest_one_probe_at_a_time_goes(world: World) -> None:
    """While it is on its way nobody else is let through; what it comes to decides."""
    sms = world.dispatcher({"retry": ONCE, "breaker": {"failures": 2, "rest": 0.1}}, smsco={})
    await fail(world, sms, 2)
    faults_of(world).delay = 0.05
    faults_of(world).unavailable = 1
    await asyncio.sleep(0.11)
    outcomes = [s.outcome for s in await asyncio.gather(*(sms.send(NUMBER, f"Hi {i}") for i in range(5)))]
    assert sorted(type(o.error).__name__ for o in outcomes) == ["CircuitOpen"] * 4 + ["GatewayUnavailable"]
    assert len(world.ledger.requests) == 3
    # The probe failed: another rest, another probe, and then everyone.
    assert type((await sms.send(NUMBER, "Hi")).outcome.error) is CircuitOpen
    await asyncio.sleep(0.11)
    assert (await sms.send(NUMBER, "Hi")).outcome.state is State.ACCEPTED
    outcomes = [s.outcome for s in await asyncio.gather(*(sms.send(NUMBER, f"Ho {i}") for i in range(5)))]
    assert {o.state for o in outcomes} == {State.ACCEPTED}


@pytest.mark.parametrize("trouble", ["blocked", "no_credit", "held"])
async def test_trouble_with_the_account_rests_the_provider(world: World, trouble: str) -> None:
    """One such reply is enough, and it rests for `account_rest`, not for `rest`."""
    setattr(faults_of(world, "targetsms"), trouble, True)
    sms = world.dispatcher({"breaker": {"rest": 0.01, "account_rest": 0.15}}, targetsms={})
    first = (await sms.send(NUMBER, "Hi")).outcome
    assert first.state is (State.HELD if trouble == "held" else State.REJECTED)
    setattr(faults_of(world, "targetsms"), trouble, False)
    await asyncio.sleep(0.03)
    assert type((await sms.send(NUMBER, "Hi again")).outcome.error) is CircuitOpen
    await asyncio.sleep(0.15)
    assert (await sms.send(NUMBER, "Hi again")).outcome.state is State.ACCEPTED
    assert len(world.ledger.requests) == 2


async def test_a_late_success_does_not_end_the_accounts_rest(world: World) -> None:
    """A request from before the credit ran out comes back well: the account is still empty."""
    faults = faults_of(world, "targetsms")
    faults.delay = 0.1
    sms = world.dispatcher(targetsms={})
    early = asyncio.create_task(sms.send(NUMBER, "early"))
    await asyncio.sleep(0.05)
    faults.delay, faults.no_credit = 0, True
    assert type((await sms.send(NUMBER, "late")).outcome.error) is InsufficientCredit
    assert (await early).outcome.state is State.ACCEPTED
    assert type((await sms.send(NUMBER, "later")).outcome.error) is CircuitOpen


async def test_a_403_does_not_rest_the_provider(world: World, peer: Peers) -> None:
    """A filter may dislike one text only."""
    gateway = await peer(world.says("no", 403), world.says("no", 403), world.says("OK 4 4711"))
    sms = world.dispatcher({"breaker": {"failures": 1}}, smsco={"url": world.at(gateway)})
    states = [(await sms.send(NUMBER, f"Hi {i}")).outcome.state for i in range(3)]
    assert states == [State.REJECTED, State.REJECTED, State.ACCEPTED]


@pytest.mark.parametrize("pinned", [False, True])
async def test_an_outage_burns_no_row_of_a_list(world: World, pinned: bool) -> None:
    """`send_many` waits for the gateway to come back; every message is sent once, and few requests are wasted."""
    faults = faults_of(world)
    faults.unavailable = 10**6
    sms = world.dispatcher({"breaker": {"failures": 3, "rest": 0.05}}, smsco={"max_connections": 5})
    given = [Message(to=m.to, text=m.text, provider="smsco" if pinned else None) for m in messages(200)]
    stream = sms.send_many(given)
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.3)
    assert not first.done()
    wasted = len(world.ledger.requests)
    faults.unavailable = 0
    outcomes = [await first, *[outcome async for outcome in stream]]
    assert {o.state for o in outcomes} == {State.ACCEPTED}
    assert len(outcomes) == len(world.ledger.taken()) == 200
    assert not world.ledger.sent_twice()
    assert wasted < 40


async def test_an_outage_without_connections_burns_no_row_either(world: World) -> None:
    """The same where nobody listens at first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    sms = world.dispatcher(
        {"breaker": {"failures": 3, "rest": 0.05}}, iba={"url": f"http://127.0.0.1:{port}/"}
    )

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        recipients = head.partition(b"dadr=")[2].partition(b" ")[0].split(b",")
        seen.extend(recipients)
        ids = ",".join(str(len(seen) + i) for i in range(len(recipients)))
        writer.write(world.says(ids, Connection="close"))
        await writer.drain()
        writer.close()

    seen: list[bytes] = []
    stream = sms.send_many(messages(100))
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.25)
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        outcomes = [await first, *[outcome async for outcome in stream]]
    assert {o.state for o in outcomes} == {State.ACCEPTED}
    assert len(seen) == len(set(seen)) == len(outcomes) == 100


async def test_a_list_waits_no_longer_than_the_deadline(world: World) -> None:
    """Then each message is rejected: with what its own try came to, or with `CircuitOpen`."""
    faults_of(world).unavailable = 10**6
    sms = world.dispatcher(
        {"retry": {"attempts": 2, "deadline": 0.3}, "breaker": {"failures": 3, "rest": 60}}, smsco={}
    )
    loop = asyncio.get_running_loop()
    before = loop.time()
    outcomes = [outcome async for outcome in sms.send_many(messages(50))]
    assert loop.time() - before < 1
    assert {o.state for o in outcomes} == {State.REJECTED}
    assert {type(o.error) for o in outcomes} == {CircuitOpen, GatewayUnavailable}
    assert len(outcomes) == 50
    assert not world.ledger.taken()


async def test_a_list_goes_on_with_whichever_provider_comes_back(world: World) -> None:
    """Two providers rest; the second is back first."""
    faults_of(world).unavailable = 10**6
    faults_of(world, "avist").unavailable = 10**6
    sms = world.dispatcher(
        {"retry": {"attempts": 2}, "breaker": {"failures": 3, "rest": 0.05}},
        smsco={},
        avist={},
    )
    stream = sms.send_many(messages(40))
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.3)
    faults_of(world, "avist").unavailable = 0
    outcomes = [await first, *[outcome async for outcome in stream]]
    told = {(o.state, o.provider) for o in outcomes if o.state is State.ACCEPTED}
    assert told == {(State.ACCEPTED, "avist")}
    assert all(isinstance(o.error, NotSubmitted) for o in outcomes if o.state is not State.ACCEPTED)
    assert {o.state for o in outcomes} == {State.ACCEPTED}
    assert not world.ledger.sent_twice()


async def test_a_gateway_that_is_down_gets_about_one_request_a_message(world: World) -> None:
    """The budget: ten retries in stock and one for each twentieth message, not three for each."""
    faults_of(world).unavailable = 10**6
    sms = world.dispatcher({"breaker": {"failures": 10**6}}, smsco={})
    for i in range(60):
        await sms.send(NUMBER, f"Hi {i}")
    assert 60 + 10 <= len(world.ledger.requests) <= 60 + 10 + 3
