"""Questions share connections and rate with sending, leave it room, and hammer nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from smsgw import Reference, State
from smsgw.dispatcher import engine_of
from smsgw.errors import AuthenticationFailed, ConnectionFailed, GatewayRejected
from tests.tracking.conftest import NUMBERS, all_of, gaps, now, states, track

if TYPE_CHECKING:
    from tests.tracking.conftest import Town

pytestmark = pytest.mark.looptime


def most_in_a_second(times: list[float]) -> int:
    return max(sum(at <= other < at + 1 for other in times) for at in times)


async def test_the_rate_holds_for_questions_and_sends_together(town: Town) -> None:
    """In any one second, whoever asks."""
    town.delivers_after(20)
    sms = town.dispatcher("smsco", rate=15)
    outcomes = await town.sent(sms, "smsco", NUMBERS[:100])
    tracking = asyncio.create_task(all_of(track(sms, outcomes)))
    for number in range(40):
        await asyncio.sleep(0.2)
        assert (await sms.send(NUMBERS[0], f"Hi {number}")).outcome.state is State.ACCEPTED
    assert states(await tracking).count(("delivered", True)) == 100
    times = [request.clock_at for request in town.ledger.requests]
    assert len(times) > 300
    assert most_in_a_second(times) == 15


@pytest.mark.parametrize("rate", [1, 0.5])
async def test_a_send_waits_for_one_question_at_the_most(town: Town, rate: float) -> None:
    """However many messages are followed: the gate's queue never holds more than one question."""
    sms = town.dispatcher("smsco", rate=rate)
    references = [Reference("smsco", str(number)) for number in range(500)]
    tracking = asyncio.create_task(all_of(track(sms, references)))
    await asyncio.sleep(30)
    for number in range(5):
        began = now()
        assert (await sms.send(NUMBERS[0], f"Hi {number}")).outcome.state is State.ACCEPTED
        assert now() - began <= 2 * (1 / rate + 0.1) + 0.2
        await asyncio.sleep(7.3)
    tracking.cancel()
    await asyncio.wait([tracking])


@pytest.mark.parametrize(("connections", "at_most"), [(1, 1), (2, 1), (20, 10)])
async def test_half_of_the_connections_stay_free_for_sending(
    town: Town, connections: int, at_most: int
) -> None:
    """A gateway that answers slowly is not asked more at once; a send finds its connection."""
    sms = town.dispatcher("iba", max_connections=connections)
    outcomes = await town.sent(sms, "iba", NUMBERS[:100])
    town.lines["iba"].takes = 5
    town.lines["iba"].most_at_once = 0
    tracking = asyncio.create_task(all_of(track(sms, outcomes)))
    await asyncio.sleep(10)
    assert town.lines["iba"].most_at_once == at_most
    began = now()
    await sms.send(NUMBERS[0], "Hi again")
    assert now() - began <= (5 if connections > 1 else 10)
    assert states(await tracking).count(("delivered", True)) == 100


async def test_a_gateway_that_is_down_is_not_hammered(town: Town) -> None:
    """After some failures in a row its questions rest, then one at a time tries; other providers go on."""
    sms = town.dispatcher("iba", "avist", breaker={"failures": 5, "rest": 30})
    outcomes = [outcome for name in ("iba", "avist") for outcome in await town.sent(sms, name, NUMBERS[:200])]
    down = True
    refused = ConnectionFailed("refused")
    town.lines["iba"].instead = lambda _line, _request: refused if down else None
    stream = track(sms, outcomes)
    began = now()
    reports = [await anext(stream) for _ in range(200)]
    assert {report.provider for report in reports} == {"avist"}
    assert now() - began < 10
    tracking = asyncio.create_task(all_of(stream))
    await asyncio.sleep(300 - now())
    # Those under way when the circuit opened, and a probe after each rest.
    assert len(town.asked("iba")) < 15 + 10
    down = False
    assert states(await tracking) == [("delivered", True)] * 200
    assert now() < 300 + 200


async def test_a_wrong_account_is_not_hammered(town: Town) -> None:
    """A gateway that refuses the login is asked now and then."""
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba", NUMBERS[:200])
    wrong = AuthenticationFailed("wrong password")
    town.lines["iba"].instead = lambda _line, _request: wrong
    reports = await all_of(track(sms, outcomes, deadline=300))
    assert len(town.asked("iba")) < 25
    assert {type(report.error) for report in reports} == {AuthenticationFailed}


async def test_ids_that_nobody_knows_do_not_rest_the_provider(town: Town) -> None:
    """A hundred wrong IDs, each with its own bad reply, delay nobody."""
    for provider in ("iba", "smsco", "avist", "targetsms", "smstele"):
        sms = town.dispatcher(provider)
        outcomes = await town.sent(sms, provider)
        wrong = [Reference(provider, f"wrong{number}") for number in range(100)]
        await asyncio.sleep(60)
        began = now()
        (report, *_) = reports = await all_of(
            track(
                sms,
                [*wrong, *[Reference(provider, o.message_id or "", o.recipient) for o in outcomes]],
                deadline=50,
            )
        )
        assert report.final
        assert len(reports) == 101
        first = [at for at in town.asked(provider) if at < began + 2]
        assert len(first) == 101


async def test_while_sending_rests_questions_trickle(town: Town) -> None:
    """A provider out of credit still tells of its messages, one question at a time, a second apart."""
    sms = town.dispatcher("iba", breaker={"account_rest": 10_000})
    outcomes = await town.sent(sms, "iba", NUMBERS[:20])
    town.gateways["iba"].faults.held = True
    assert (await sms.send(NUMBERS[50], "Hi")).outcome.state is State.HELD
    assert not engine_of(sms).lanes["iba"].breaker.passable
    began = now()
    reports = await all_of(track(sms, outcomes))
    assert states(reports).count(("delivered", True)) == 20
    assert min(gaps(town.asked("iba"))) >= 0.99
    assert now() - began < 30
    assert town.lines["iba"].most_at_once == 2  # the sends'


async def test_questions_do_not_open_the_circuit_for_sends(town: Town) -> None:
    """Statuses that fail say nothing of sending."""
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba", NUMBERS[:50])
    town.says("iba", ConnectionFailed("refused"))
    await all_of(track(sms, outcomes, deadline=100))
    assert engine_of(sms).lanes["iba"].breaker.closed


async def test_a_shared_account_has_one_window(town: Town) -> None:
    """Two names of one TargetSMS account: the gateway counts what both ask."""
    sms = town.dispatcher("targetsms")
    lane = engine_of(sms).lanes["targetsms"]
    town.delivers_after(30)
    outcomes = await town.sent(sms, "targetsms", NUMBERS[:3])
    both = await asyncio.gather(*(all_of(track(sms, outcomes)) for _ in range(3)))
    assert lane.gate.window is not None
    assert [states(reports)[-1] for reports in both] == [("delivered", True)] * 3
    assert town.no_repeats()


async def test_another_callers_silence_delays_nobody_else(town: Town) -> None:
    """A question that waits for the answer to a `status` of the same message is in nobody's way."""
    sms = town.dispatcher("targetsms")
    outcomes = await town.sent(sms, "targetsms", NUMBERS[:5])
    town.lines["targetsms"].takes = 25
    asking = asyncio.create_task(sms.status(outcomes[:1]))
    await asyncio.sleep(1)
    town.lines["targetsms"].takes = 0.05
    began = now()
    references = [Reference("targetsms", outcome.message_id or "") for outcome in outcomes]
    stream = track(sms, references)
    assert len({(await anext(stream)).message_id for _ in range(4)}) == 4
    assert now() - began < 1
    assert (await anext(stream)).message_id == outcomes[0].message_id
    assert 23 < now() - began < 25
    await asking
    assert len(town.asked("targetsms")) == 5
    await stream.aclose()


async def test_a_rejection_of_one_message_is_no_failure(town: Town) -> None:
    """The gateway answered: the rest goes on at once."""
    sms = town.dispatcher("avist")
    outcomes = await town.sent(sms, "avist", NUMBERS[:60])
    no = GatewayRejected("no such message")
    left = 50

    def instead(*_: object) -> GatewayRejected | None:
        nonlocal left
        left -= 1
        return no if left >= 0 else None

    town.lines["avist"].instead = instead
    began = now()
    stream = track(sms, outcomes)
    for _ in range(10):
        assert (await anext(stream)).final
    assert now() - began < 4
    await stream.aclose()
