"""When each provider is asked: times on a fake clock, against the sandbox's gateways and their ledger."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from smsgw import DeliveryState, Reference
from smsgw.dispatcher import engine_of
from smsgw.tracking import Known
from smsgw.tracking.tracker import Tracker
from smsgw.tracking.waits import Waits
from tests.tracking.conftest import DRIVERS, NUMBERS, all_of, gaps, now, states, timers, track

if TYPE_CHECKING:
    from tests.tracking.conftest import Town

pytestmark = pytest.mark.looptime

WINDOW = 61.0
"""TargetSMS's minute and our margin."""


@pytest.mark.parametrize("provider", DRIVERS)
async def test_a_message_is_followed_to_its_end(town: Town, provider: str) -> None:
    """Two changes: under way, and delivered; each is told once, however often the gateway is asked."""
    town.delivers_after(100)
    sms = town.dispatcher(provider)
    began = now()
    reports = await all_of(track(sms, await town.sent(sms, provider)))
    assert states(reports) == [("enroute", False), ("delivered", True)]
    assert 100 < now() - began < 190
    assert town.no_repeats()


@pytest.mark.parametrize("provider", [name for name in DRIVERS if name != "targetsms"])
async def test_waits_grow_with_the_age(town: Town, provider: str) -> None:
    """Some seconds after sending, then after some seconds more, then minutes: half the age, a fifth more or less."""
    town.delivers_after(7200)
    sms = town.dispatcher(provider)
    outcomes = await town.sent(sms, provider)
    sent = now()
    await all_of(track(sms, outcomes))
    asked = [at - sent for at in town.asked(provider)]
    assert 2 <= asked[0] <= 2.5
    for age, gap in zip(asked, gaps(asked), strict=False):
        least = 0.8 * min(max(3, age * 0.5), 900)
        assert least <= gap <= least * 1.5 + 0.3
    assert len([age for age in asked if age < 60]) <= 9
    assert max(gaps(asked)) > 700
    assert len(asked) < 35


async def test_targetsms_is_asked_about_an_id_once_a_window(town: Town) -> None:
    """The first question comes when most are delivered, the second when it may; the gateway never complains."""
    town.delivers_after(600)
    sms = town.dispatcher("targetsms")
    outcomes = await town.sent(sms, "targetsms", NUMBERS[:30])
    sent = now()
    reports = await all_of(track(sms, outcomes))
    assert len(reports) == 60
    by_id: dict[str, list[float]] = {}
    for record in town.ledger.requests_of("targetsms", "status"):
        by_id.setdefault(record.identity, []).append(record.clock_at - sent)
    assert len(by_id) == 30
    for asked in by_id.values():
        assert 10 <= asked[0] <= 12.5
        assert min(gaps(asked)) >= WINDOW
        assert gaps(asked)[0] < WINDOW + 1
    assert town.no_repeats()


async def test_what_status_asked_counts(town: Town) -> None:
    """Its reply is as good, and the gateway counts it: no second question within the window."""
    town.delivers_after(30)
    sms = town.dispatcher("targetsms")
    (outcome,) = await town.sent(sms, "targetsms")
    await asyncio.sleep(20)
    (report,) = await sms.status([outcome])
    assert report.state is DeliveryState.ENROUTE
    reports = await all_of(track(sms, [Reference("targetsms", outcome.message_id or "", outcome.recipient)]))
    assert states(reports) == [("enroute", False), ("delivered", True)]
    assert len(town.asked("targetsms")) == 2
    assert gaps(town.asked("targetsms"))[0] >= WINDOW
    assert town.no_repeats()


async def test_status_in_between_never_meets_the_rule(town: Town) -> None:
    """Users may ask what they like while the same messages are followed."""
    town.delivers_after(1000)
    sms = town.dispatcher("targetsms")
    outcomes = await town.sent(sms, "targetsms", NUMBERS[:5])
    tracking = asyncio.create_task(all_of(track(sms, outcomes)))
    random = Random(1)
    while not tracking.done():
        await asyncio.sleep(random.uniform(1, 90))
        await sms.status(random.sample(outcomes, 2))
    assert states(await tracking).count(("delivered", True)) == 5
    assert town.no_repeats()


async def test_one_request_answers_for_a_batch(town: Town) -> None:
    """SMStele is asked by `id`: as often for a hundred recipients as for one."""
    town.delivers_after(100)
    sms = town.dispatcher("smstele")
    outcomes = await town.sent(sms, "smstele", NUMBERS[:200])
    assert len({outcome.message_id for outcome in outcomes}) == 2
    reports = await all_of(track(sms, outcomes))
    assert len(reports) == 400
    assert len({report.recipient for report in reports if report.final}) == 200
    assert len(town.asked("smstele")) < 2 * 14


async def test_references_are_asked_about_at_once(town: Town) -> None:
    """How old they are is not known; a person may be watching."""
    sms = town.dispatcher("iba")
    (outcome,) = await town.sent(sms, "iba")
    await asyncio.sleep(60)
    began = now()
    await all_of(track(sms, [Reference("iba", outcome.message_id or "")]))
    assert town.asked("iba") == [began]


@pytest.mark.parametrize("provider", ["iba", "targetsms"])
async def test_an_old_message_begins_slow(town: Town, provider: str) -> None:
    """A journal knows when it was sent: it is asked about at once, and then after minutes."""
    town.delivers_after(20_000)
    sms = town.dispatcher(provider)
    (outcome,) = await town.sent(sms, provider)
    reference = Reference(provider, outcome.message_id or "", outcome.recipient)
    known = Known(reference, DeliveryState.ENROUTE, datetime.now(UTC) - timedelta(hours=3))
    began = now()
    reports = await all_of(track(sms, [known]))
    assert states(reports) == [("delivered", True)]  # what is known is not told again
    assert town.asked(provider)[0] == began
    assert min(gaps(town.asked(provider))) > 700


async def test_the_age_of_a_state_is_the_least_age_of_its_message(town: Town) -> None:
    """SMStele says since when a message has been under way: hours mean minutes between two questions."""
    town.delivers_after(20_000)
    sms = town.dispatcher("smstele")
    (outcome,) = await town.sent(sms, "smstele")
    await asyncio.sleep(10_000)
    tracker = Tracker(engine_of(sms), Waits(Random(1)), 86_400, wall=town.sandbox.world.wall)
    tracker.start([Reference("smstele", outcome.message_id or "", outcome.recipient)])
    while await tracker.news():
        pass
    assert min(gaps(town.asked("smstele"))) > 700


async def test_a_message_for_later_is_left_alone_until_then(town: Town) -> None:
    """Nothing becomes of it before `send_at`."""
    sms = town.dispatcher("smstele")
    at = datetime.now(UTC) + timedelta(hours=3)
    submission = await sms.send(NUMBERS[0], "Hi", send_at=at)
    began = now()
    reports = await all_of(track(sms, submission))
    assert states(reports)[-1] == ("delivered", True)
    assert town.asked("smstele")[0] - began > 3 * 3600
    assert len(town.asked("smstele")) < 5
    # Where the deadline is before that, it is told of once, and left alone then.
    town.ledger.clear()
    later = await sms.send(NUMBERS[1], "Hi", send_at=datetime.now(UTC) + timedelta(hours=9))
    reports = await all_of(track(sms, later, deadline=3600))
    assert states(reports) == [("enroute", False)]
    assert len(town.asked("smstele")) == 1


async def test_messages_given_together_do_not_come_back_together(town: Town) -> None:
    """Jitter spreads them."""
    town.delivers_after(60)
    sms = town.dispatcher("iba")
    await all_of(track(sms, await town.sent(sms, "iba", NUMBERS[:100])))
    asked = town.asked("iba")
    assert max(sum(at <= other < at + 0.25 for other in asked) for at in asked[100:]) < 50


async def test_the_same_seed_makes_the_same_times(town: Town) -> None:
    """And another seed makes others."""
    town.delivers_after(300)
    times = []
    for seed in (1, 1, 2):
        sms = town.dispatcher("iba")
        outcomes = await town.sent(sms, "iba")
        town.ledger.clear()
        began = now()
        await all_of(track(sms, outcomes, random=Random(seed)))
        times.append([pytest.approx(at - began, abs=0.01) for at in town.asked("iba")])
    assert len(times[0]) == len(times[1])
    assert [at.expected for at in times[0]] == times[1]
    assert [at.expected for at in times[0]] != times[2]


async def test_a_thousand_messages_cost_one_timer(town: Town) -> None:
    """What waits has neither a task nor a timer of its own."""
    town.delivers_after(1000)
    sms = town.dispatcher("iba")
    outcomes = [outcome for _ in range(4) for outcome in await town.sent(sms, "iba", NUMBERS)]
    before = len(asyncio.all_tasks())
    stream = track(sms, outcomes)
    reports = [await anext(stream) for _ in outcomes]
    assert len(reports) == 1200
    under_way = town.lines["iba"].at_once
    assert len(timers()) == 1 + under_way
    assert len(asyncio.all_tasks()) == before + under_way
    assert under_way <= 10
    await stream.aclose()
    assert not timers()
