"""What gateways answer, as outcomes of rows."""

from collections import Counter
from typing import Any

import pytest

from smsgw import Message, dedup
from smsgw.bulk import Ending
from tests.bulk.conftest import QUICK, BulkWorld, texts_to
from tests.bulk.runner.gateway import Gateway


async def test_one_number_that_is_refused_costs_the_others_nothing(world: BulkWorld) -> None:
    """IBA refuses a batch of ten with a bare 0: it is taken apart, nine are accepted, and each part was claimed."""
    world.sandbox.gateways["iba"].faults.stop_list = {"79030000004"}
    summary = await world.run(world.dispatcher(iba={}), texts_to(20))
    assert summary.ending is Ending.DONE
    assert world.states() == {"accepted": 19, "rejected": 1}
    (row,) = [row for row in world.rows() if row.state == "rejected"]
    assert row.recipient == "79030000004"
    assert row.error.startswith("RecipientRejected: ")
    assert row.attempts == 5
    assert len(world.claims()) == world.sends()
    assert all(claim.completed for claim in world.claims())
    world.assert_true()


@pytest.mark.parametrize("fault", ["drop", "truncated", "bad_gateway", "drop_before", "silent"])
async def test_a_lost_reply_is_unknown_for_ever(world: BulkWorld, fault: str) -> None:
    """No row of such a request is sent again, neither by this run nor by the next."""
    setattr(world.sandbox.gateways["iba"].faults, fault, 2)
    sms = world.dispatcher({"breaker": QUICK}, iba={"timeout": 0.3, "max_connections": 2})
    first = await world.run(sms, texts_to(100))
    assert (first.ending, first.unknown, first.accepted) == (Ending.DONE, 20, 80)
    requests = world.sends()
    second = await world.run(sms, texts_to(100))
    assert (second.ending, second.unknown, second.accepted, second.sent) == (Ending.DONE, 20, 80, 0)
    assert world.sends() == requests
    assert all(claim.completed for claim in world.claims())
    assert all(row.claim is not None for row in world.rows())
    world.assert_true()


async def test_who_can_prove_it_is_asked_at_once(world: BulkWorld) -> None:
    """SMStele's replies are lost after it took the rows: they end accepted, by our own ID."""
    world.sandbox.gateways["smstele"].faults.bad_gateway = 2
    summary = await world.run(world.dispatcher(smstele={"batch_size": 10}), texts_to(50))
    assert summary.all_accepted
    world.assert_true()


async def test_the_gateways_rule_of_one_minute_burns_nothing(
    world: BulkWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TargetSMS out of order for a moment: what was refused goes out when its window lets it, once."""
    monkeypatch.setattr(dedup, "MARGIN", 0.1)
    gateway: Any = world.sandbox.gateways["targetsms"]
    gateway.repeat_window = 0.3
    gateway.faults.unavailable = 3
    sms = world.dispatcher(
        {"breaker": QUICK}, targetsms={"duplicate_window": 0.3, "batch_size": 10, "max_connections": 2}
    )
    summary = await world.run(sms, texts_to(60))
    assert summary.all_accepted
    world.assert_true()


async def test_a_refusal_of_our_own_for_a_duplicate_burns_nothing(
    world: BulkWorld, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`on_duplicate = "reject"` refuses what is tried again too early: the row waits, and is sent in the end."""
    monkeypatch.setattr(dedup, "MARGIN", 0.1)
    gateway.refusal = world.says("", 503, Retry_After="0")

    def relent(_: object) -> None:
        if len(gateway.batches) > 1:
            gateway.refusal = None

    gateway.on_request = relent
    sms = world.dispatcher(
        {"breaker": QUICK, "retry": {"attempts": 1}},
        targetsms={"url": gateway.url, "duplicate_window": 0.1, "on_duplicate": "reject"},
    )
    assert (await world.run(sms, texts_to(10), give_up_after=10)).all_accepted
    assert set(gateway.taken.values()) == {1}


async def test_a_row_for_a_provider_that_there_is_none_of(world: BulkWorld) -> None:
    """It is rejected with the reason, and the others are sent."""
    lost = Message(to="79161234567", text="Hi", provider="nobody")
    summary = await world.run(world.dispatcher(iba={}), [*texts_to(5), lost, *texts_to(5, start=5)])
    assert summary.ending is Ending.DONE
    assert (summary.accepted, summary.rejected) == (10, 1)
    row = world.rows()[5]
    assert row.state == "rejected"
    assert "no provider is called 'nobody'" in row.error
    assert not row.attempts


async def test_a_row_that_nobody_can_carry(world: BulkWorld) -> None:
    """It is rejected with the reason of each provider, without a request."""
    georgian = texts_to(1, "9955")
    summary = await world.run(world.dispatcher(avist={}), [*texts_to(3), *georgian])
    assert summary.ending is Ending.DONE
    assert world.states() == {"accepted": 3, "rejected": 1}
    assert world.rows()[3].error.startswith("InvalidRecipient: ")
    assert world.sends() == 3


async def test_a_pinned_row_waits_for_its_provider(world: BulkWorld) -> None:
    """Its own provider is down, another one is up: it stays pending, and the others are sent."""
    world.sandbox.gateways["iba"].faults.unavailable = 10**6
    sms = world.dispatcher({"breaker": QUICK, "retry": {"attempts": 1}}, smstele={}, iba={})
    pinned = Message(to="79161234567", text="Hi", provider="iba")
    summary = await world.run(sms, [pinned, *texts_to(50)], give_up_after=0.3)
    assert summary.ending is Ending.GAVE_UP
    assert (summary.accepted, summary.pending) == (50, 1)
    assert str(summary.failure).partition("(")[2].startswith("iba: ")


async def test_what_is_held_is_final(world: BulkWorld) -> None:
    """The gateway has it, and will send it once the account is paid; the rest waits for that."""
    faults = world.sandbox.gateways["iba"].faults
    faults.held = True
    sms = world.dispatcher({"breaker": {**QUICK, "account_rest": 30}}, iba={"max_connections": 1})
    first = await world.run(sms, texts_to(100), give_up_after=0.2)
    assert first.ending is Ending.GAVE_UP
    assert first.held > 0
    assert first.held + first.pending == 100
    faults.held = False
    second = await world.run(world.dispatcher(iba={}), texts_to(100))
    assert second.ending is Ending.DONE
    assert (second.held, second.accepted) == (first.held, 100 - first.held)
    world.assert_true()


async def test_tries_are_counted(world: BulkWorld, gateway: Gateway) -> None:
    """Refused twice and then taken: three attempts, three claims."""
    gateway.refusal = world.says("", 503, Retry_After="0")

    def relent(_: object) -> None:
        if len(gateway.batches) > 2:
            gateway.refusal = None

    gateway.on_request = relent
    assert (await world.run(world.dispatcher(iba={"url": gateway.url}), texts_to(10))).all_accepted
    assert {row.attempts for row in world.rows()} == {3}
    assert [claim.numbers for claim in world.claims()] == [tuple(range(1, 11))] * 3
    assert {row.claim for row in world.rows()} == {world.claims()[-1].id}


async def test_tries_of_earlier_rounds_count(world: BulkWorld, gateway: Gateway) -> None:
    """Also where the row had gone back to its queue in between."""
    gateway.refusal = world.says("", 503, Retry_After="0")

    def relent(_: object) -> None:
        if len(gateway.batches) > 2:
            gateway.refusal = None

    gateway.on_request = relent
    sms = world.dispatcher({"breaker": QUICK, "retry": {"attempts": 1}}, iba={"url": gateway.url})
    assert (await world.run(sms, texts_to(1))).all_accepted
    assert world.rows()[0].attempts == 3


async def test_failover_is_an_attempt_of_its_own(world: BulkWorld, gateway: Gateway, other: Gateway) -> None:
    """Refused by one provider and taken by the next: a claim each, in that order, both completed."""
    gateway.refusal = world.says("", 403)
    sms = world.dispatcher(one={"driver": "iba", "url": gateway.url}, two={"driver": "iba", "url": other.url})
    assert (await world.run(sms, texts_to(10))).all_accepted
    claims = world.claims()
    assert [claim.provider for claim in claims] == ["one", "two"]
    assert all(claim.completed for claim in claims)
    assert {(row.provider, row.claim, row.attempts) for row in world.rows()} == {("two", claims[1].id, 2)}


async def test_each_request_has_one_claim(world: BulkWorld) -> None:
    """Whatever happens: as many claims as requests reached a gateway, each completed, no number twice in one."""
    gateway = world.sandbox.gateways["iba"]
    gateway.faults.share = {"drop": 0.1, "truncated": 0.1, "drop_before": 0.1}
    gateway.faults.stop_list = {f"7903{number:07d}" for number in range(0, 300, 37)}
    sms = world.dispatcher({"breaker": QUICK}, iba={"max_connections": 4})
    summary = await world.run(sms, texts_to(300))
    assert summary.ending is Ending.DONE
    claims = world.claims()
    assert len(claims) == world.sends()
    assert all(claim.completed for claim in claims)
    asked = Counter(
        tuple(sorted(record.recipients)) for record in world.ledger.requests if record.kind == "send"
    )
    numbers = {row.number: row.recipient for row in world.rows()}
    assert Counter(tuple(sorted(numbers[n] for n in claim.numbers)) for claim in claims) == asked
    world.assert_true()
