"""Status, balance, lookup and preview: what can be asked without sending anything."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from smsgw import DeliveryState, Outcome, Reference, State
from smsgw.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    GatewayTimeout,
    GatewayUnavailable,
    InvalidMessage,
    InvalidRecipient,
    InvalidText,
    RecipientRejected,
    SmsgwError,
    UnreadableReply,
    UnsupportedOption,
)

if TYPE_CHECKING:
    from tests.conftest import Line, Peers
    from tests.dispatcher.conftest import World

NUMBERS = ["79160000001", "79160000002", "79160000003"]
ALL: dict[str, Any] = {"avist": {}, "smstele": {}, "smsco": {}, "iba": {}, "targetsms": {}}
DOWN = {"url": "http://127.0.0.1:1/"}


async def drop(line: Line) -> None:
    line.close()


async def test_status_tells_of_outcomes_of_all_gateways_in_order(world: World) -> None:
    """One report for each outcome, in their order, whoever carried it."""
    sms = world.dispatcher(**ALL)
    outcomes = [outcome for name in ALL for outcome in await sms.send(NUMBERS, f"Hi {name}", provider=name)]
    mixed = outcomes[::2] + outcomes[1::2]
    reports = await sms.status(iter(mixed))
    assert [(r.provider, r.message_id, r.recipient) for r in reports] == [
        (o.provider, o.message_id, o.recipient) for o in mixed
    ]
    assert {(r.state, r.final, r.error) for r in reports} == {(DeliveryState.ENROUTE, False, None)}
    # One request answers for a whole batch of SMStele's.
    assert len(world.ledger.requests_of("smstele", "status")) == 1


async def test_status_tells_of_references_as_of_outcomes(world: World) -> None:
    """What survives a restart is enough."""
    first = world.dispatcher(**ALL)
    outcomes = [(await first.send(NUMBERS[0], f"Hi {name}", provider=name)).outcome for name in ALL]
    for gateway in world.sandbox.gateways.values():
        gateway.delivery_after = 0
    later = world.dispatcher(**ALL)
    for recipient in (NUMBERS[0], None):
        reports = await later.status(
            [Reference(o.provider or "", o.message_id or "", recipient) for o in outcomes]
        )
        assert [r.provider for r in reports] == list(ALL)
        assert {r.error for r in reports} == {None}


async def test_status_raises_for_nothing_that_a_reference_can_be(world: World) -> None:
    """Unknown provider, no ID, an ID that nobody knows, a rejected and an unknown outcome: each has its report."""
    world.sandbox.gateways["iba"].faults.drop = 1
    sms = world.dispatcher(**ALL)
    error = RecipientRejected("no")
    unknown = (await sms.send(NUMBERS[0], "Hi", provider="iba")).outcome
    subjects: list[Outcome | Reference] = [
        Reference("nowhere", "1"),
        Reference("iba", ""),
        Outcome("79160000001", State.REJECTED, "iba", error=error),
        unknown,
        *[Reference(name, "404") for name in ALL],
        Outcome("79160000001", State.HELD, "iba"),
    ]
    reports = await sms.status(subjects)
    assert [type(r.error) for r in reports[:4]] == [
        ConfigurationError,
        ConfigurationError,
        RecipientRejected,
        ConnectionLost,
    ]
    assert (reports[2].state, reports[2].final) == (DeliveryState.REJECTED, True)
    for report in (*reports[:2], *reports[3:]):
        assert isinstance(report.error, SmsgwError)
        assert (report.state, report.final) == (DeliveryState.UNKNOWN, False)
    assert await sms.status([]) == ()
    with pytest.raises(TypeError):
        await sms.status(["79160000001"])  # type: ignore[list-item]


@pytest.mark.parametrize("driver", list(ALL))
async def test_status_and_balance_of_a_gateway_that_fails(world: World, peer: Peers, driver: str) -> None:
    """The report has the error, the balance raises it; each is asked once."""
    cases: list[tuple[Any, type[SmsgwError]]] = [
        (drop, ConnectionLost),
        (world.says("", 503, Retry_After="1"), GatewayUnavailable),
        (world.says("", 502), UnreadableReply),
        (world.says("<html>"), UnreadableReply),
        (world.says("", 404), ConfigurationError),
        (world.says("", 401), AuthenticationFailed),
    ]
    for step, error in cases:
        gateway = await peer(step)
        sms = world.dispatcher(main={"driver": driver, "url": world.at(gateway)})
        (report,) = await sms.status([Reference("main", "4711", NUMBERS[0])])
        assert type(report.error) is error
        assert (report.state, report.provider, report.message_id) == (DeliveryState.UNKNOWN, "main", "4711")
        asked = 1
        if driver != "smstele":
            asked = 2
            with pytest.raises(error):
                await sms.balance("main")
        assert len(gateway.requests) == asked
    sms = world.dispatcher(main={"driver": driver, **DOWN})
    (report,) = await sms.status([Reference("main", "4711")])
    assert type(report.error) is ConnectionFailed


async def test_a_silent_gateway_costs_a_status_its_timeout(world: World, peer: Peers) -> None:
    """And no more than that, however many ask."""

    async def silence(line: Line) -> None:
        await line.silence()

    gateway = await peer(silence)
    sms = world.dispatcher(iba={"url": world.at(gateway), "timeout": 0.3})
    async with asyncio.timeout(1.5):
        reports = await sms.status([Reference("iba", str(i)) for i in range(10)])
    assert {type(r.error) for r in reports} == {GatewayTimeout}


async def test_a_cancelled_status_asks_no_more(world: World) -> None:
    """Its questions end with it."""
    world.sandbox.gateways["iba"].faults.delay = 0.05
    sms = world.dispatcher(iba={"max_connections": 1})
    asking = asyncio.create_task(sms.status([Reference("iba", str(i)) for i in range(20)]))
    await asyncio.sleep(0.07)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    asked = len(world.ledger.requests)
    await asyncio.sleep(0.1)
    assert len(world.ledger.requests) == asked < 4


async def test_balances_as_each_gateway_tells_them(world: World) -> None:
    """Amount, unit and packages; SMStele has none; a wrong password and a wrong name are errors."""
    sms = world.dispatcher(**ALL)
    assert ((await sms.balance("avist")).amount, (await sms.balance("avist")).unit) == (Decimal(1000), "SMS")
    assert ((await sms.balance("smsco")).amount, (await sms.balance("smsco")).unit) == (Decimal(10000), None)
    assert (await sms.balance("iba")).packages["МТС"] == 1
    targetsms = await sms.balance("targetsms")
    assert (targetsms.amount, targetsms.unit, targetsms.packages["Россия"]) == (Decimal("445.6"), "RUR", 361)
    with pytest.raises(UnsupportedOption):
        await sms.balance("smstele")
    with pytest.raises(ConfigurationError, match="nowhere"):
        await sms.balance("nowhere")
    wrong = world.dispatcher(**{name: {"password": "wrong"} for name in ALL if name != "smstele"})
    for name in wrong.providers:
        with pytest.raises(AuthenticationFailed):
            await wrong.balance(name)


async def test_a_lookup_sends_no_sms(world: World) -> None:
    """One answer for each number, in order, wrong and repeated ones too."""
    sms = world.dispatcher(iba={}, smstele={})
    lookups = await sms.lookup([NUMBERS[1], "wrong", "+7 (916) 000-00-01", NUMBERS[1], "995599000001"])
    assert [lookup.recipient for lookup in lookups] == [
        NUMBERS[1],
        "wrong",
        NUMBERS[0],
        NUMBERS[1],
        "995599000001",
    ]
    assert [lookup.operator for lookup in lookups] == ["mMTS", None, "mMTS", "mMTS", None]
    assert isinstance(lookups[1].error, InvalidRecipient)
    assert not world.ledger.taken()
    assert [request.kind for request in world.ledger.requests] == ["hlr"]
    with pytest.raises(ConfigurationError, match="HLR"):
        await world.dispatcher(iba={}).lookup(NUMBERS)
    down = await world.dispatcher(smstele=DOWN).lookup(NUMBERS)
    assert [type(lookup.error) for lookup in down] == [ConnectionFailed] * 3


async def test_a_preview_tells_what_a_send_would_do(world: World) -> None:
    """Routes, requests, segments, offenders, duplicates and invalid ones; no network, and `send` does just that."""
    settings = {
        "routes": [
            {"prefixes": ["7915"], "providers": ["smsco", "smstele"]},
            {"providers": ["iba"]},
        ]
    }
    sms = world.dispatcher(settings, **ALL)
    to = [
        *[str(79160000000 + i) for i in range(12)],
        "+7 916 000-00-00",
        "79150000001",
        "nonsense",
    ]
    text = "Скидка 50% “сегодня”"
    plan = sms.preview(to, text)
    assert not world.ledger.requests
    assert plan.duplicates == ("79160000000",)
    assert list(plan.invalid) == ["nonsense"]
    assert plan.encoding == "UCS-2"
    assert plan.segments == 1
    assert set("Скидка“”") <= set(plan.offenders)
    assert {name: len(numbers) for name, numbers in plan.routes.items()} == {"iba": 12, "smstele": 1}
    assert plan.requests == 3
    submission = await sms.send(to, text)
    assert len(world.ledger.requests) == plan.requests
    assert set(plan.routes) == {o.provider for o in submission.accepted}
    assert sum(o.duplicate for o in submission) == 1


async def test_a_preview_of_what_nobody_can_carry(world: World) -> None:
    """It is invalid, with each provider's reason, and costs no request."""
    sms = world.dispatcher(avist={}, smsco={})
    plan = sms.preview("79160000001", "ж" * 100)
    assert (plan.recipients, plan.requests, plan.routes) == ((), 0, {})
    error = plan.invalid["79160000001"]
    assert isinstance(error, InvalidText)
    assert "avist" in str(error)
    assert "smsco" in str(error)
    outcome = (await sms.send("79160000001", "ж" * 100)).outcome
    assert (outcome.state, str(outcome.error)) == (State.REJECTED, str(error))
    assert isinstance(outcome.error, InvalidMessage)
    with pytest.raises(ConfigurationError):
        sms.preview("79160000001", "Hi", provider="nowhere")
    assert not world.ledger.requests


async def test_a_preview_moves_no_turns(world: World) -> None:
    """Previews between sends do not shift a round robin."""
    settings = {"routes": [{"providers": ["iba", "smsco"], "strategy": "round_robin"}]}
    sms = world.dispatcher(settings, iba={}, smsco={})
    providers = []
    for i in range(4):
        providers.append((await sms.send("79160000001", f"Hi {i}")).outcome.provider)
        assert set(sms.preview("79160000001", "Hi").routes) == {"iba"}
    assert providers == ["iba", "smsco", "iba", "smsco"]
