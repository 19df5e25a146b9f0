"""How following ends: by itself, by the caller, by the dispatcher; and what the source and the journal have to do."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from smsgw import DeliveryReport, DeliveryState, Message, Outcome, Reference
from smsgw.dispatcher import engine_of
from smsgw.tracking import Known
from smsgw.tracking.tracker import AHEAD
from tests.tracking.conftest import NUMBERS, all_of, now, states, timers, track

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from smsgw.dispatcher import Dispatcher
    from tests.tracking.conftest import Town

pytestmark = pytest.mark.looptime


def assert_nothing_left(sms: Dispatcher, before: set[asyncio.Task[Any]]) -> None:
    """No task, no timer, no slot, no place in the rate."""
    assert asyncio.all_tasks() == before
    assert not timers()
    engine = engine_of(sms)
    assert not engine._callers
    for lane in engine.lanes.values():
        assert lane.gate.transport.slots.free == lane.driver.settings.max_connections
        assert not lane.gate.turn.locked()
        assert lane.gate.throttle is None or not lane.gate.throttle._held


@pytest.mark.parametrize("rate", [None, 2])
@pytest.mark.parametrize("at", [0.0, 1.0, 2.2, 3.0, 10.0])
async def test_closing_leaves_nothing(town: Town, rate: float | None, at: float) -> None:
    """Before the first question, in the middle of some, and between two rounds."""
    town.delivers_after(1000)
    sms = town.dispatcher("iba", rate=rate)
    outcomes = await town.sent(sms, "iba", NUMBERS[:20])
    town.lines["iba"].takes = 0.7
    before = asyncio.all_tasks()
    async with track(sms, outcomes) as stream:
        taking = asyncio.create_task(all_of(stream))
        await asyncio.sleep(at)
        taking.cancel()
        await asyncio.wait([taking])
    assert_nothing_left(sms, before)
    asked = len(town.asked("iba"))
    await asyncio.sleep(100)
    assert len(town.asked("iba")) == asked
    assert [report async for report in stream] == []


async def test_a_cancelled_step_loses_nothing(town: Town) -> None:
    """The next step goes on where it was."""
    sms = town.dispatcher("iba")
    stream = track(sms, await town.sent(sms, "iba", NUMBERS[:5]))
    reports: list[DeliveryReport] = []
    while len(reports) < 5:
        try:
            async with asyncio.timeout(0.3):
                reports.append(await anext(stream))
        except TimeoutError:
            continue
    assert states(reports) == [("delivered", True)] * 5
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_what_nobody_holds_any_more_stops(town: Town) -> None:
    """A loop that is left with `break`."""
    town.delivers_after(1000)
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba", NUMBERS[:5])
    before = asyncio.all_tasks()
    async for _ in track(sms, outcomes):
        break
    gc.collect()
    await asyncio.sleep(1)
    assert_nothing_left(sms, before)


async def test_a_deadline_leaves_nothing(town: Town) -> None:
    """When the last report has been taken, what was under way has ended."""
    sms = town.dispatcher("iba", rate=2)
    outcomes = await town.sent(sms, "iba", NUMBERS[:20])
    town.lines["iba"].takes = 1000
    before = asyncio.all_tasks()
    assert len(await all_of(track(sms, outcomes, deadline=6))) == 20
    assert_nothing_left(sms, before)


async def test_a_stream_that_was_never_begun_asks_nothing(town: Town) -> None:
    """Nor does one that is closed first."""
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba")
    before = asyncio.all_tasks()
    stream = sms.track(outcomes)
    sms.track(outcomes)
    await stream.aclose()
    assert await all_of(stream) == []
    assert not town.asked("iba")
    assert_nothing_left(sms, before)


async def test_closing_the_dispatcher_ends_it_with_what_is_known(town: Town) -> None:
    """Nothing is raised: what was never heard of says so."""
    town.delivers_after(1000)
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba", NUMBERS[:2])
    stream = track(sms, [*outcomes, Reference("iba", "nonsense")])
    reports = [await anext(stream) for _ in range(2)]
    closing = asyncio.create_task(sms.aclose())
    reports += [report async for report in stream]
    await closing
    assert states(reports) == [*[("enroute", False)] * 2, ("unknown", False)]
    assert reports[-1].error is not None
    with pytest.raises(RuntimeError, match="closed"):
        sms.track(outcomes)


async def test_a_request_that_others_wait_for_goes_on(town: Town) -> None:
    """Closing does not take the answer from a `status` that shares the request."""
    sms = town.dispatcher("targetsms")
    outcomes = await town.sent(sms, "targetsms")
    town.lines["targetsms"].takes = 3
    stream = track(sms, [Reference("targetsms", outcomes[0].message_id or "")])
    taking = asyncio.create_task(all_of(stream))
    await asyncio.sleep(1)
    asking = asyncio.create_task(sms.status(outcomes))
    await asyncio.sleep(1)
    await stream.aclose()
    (report,) = await asking
    assert (report.state, report.error) == (DeliveryState.ENROUTE, None)
    assert await taking == []
    assert len(town.asked("targetsms")) == 1


async def test_a_slow_caller_holds_nothing_and_loses_nothing(town: Town) -> None:
    """Reports wait for it; beyond some thousands nothing more is asked until it takes some."""
    sms = town.dispatcher("smstele")
    outcomes = [o for _ in range(20) for o in await town.sent(sms, "smstele", NUMBERS)]
    stream = track(sms, outcomes)
    first = await anext(stream)
    await asyncio.sleep(3600)
    assert len(town.asked("smstele")) <= (AHEAD + 500) // 100 + 10
    assert town.lines["smstele"].at_once == 0
    reports = [first, *await all_of(stream)]
    assert len({(r.message_id, r.recipient) for r in reports if r.final}) == 6000


# Sources.


async def test_an_asynchronous_source_is_followed_while_it_goes_on(town: Town) -> None:
    """As the outcomes of `send_many` come."""
    sms = town.dispatcher("iba")
    sent: list[Outcome] = []

    async def outcomes() -> AsyncIterator[Outcome]:
        async for outcome in sms.send_many(Message(to=number, text="Hi") for number in NUMBERS[:30]):
            await asyncio.sleep(1)
            sent.append(outcome)
            yield outcome

    stream = sms.track(outcomes(), deadline=600)
    first = await anext(stream)
    assert first.final
    assert len(sent) < 10
    assert len(await all_of(stream)) == 29


async def test_a_source_that_waits_is_closed_with_the_stream(town: Town) -> None:
    """Its `finally` runs."""
    sms = town.dispatcher("iba")
    before = asyncio.all_tasks()
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[Outcome]:
        try:
            await asyncio.sleep(1e9)
            yield Outcome("", state=None)  # type: ignore[arg-type]
        finally:
            ended.set()

    assert await all_of(track(sms, endless(), deadline=5)) == []
    assert now() == pytest.approx(5)
    assert ended.is_set()
    assert_nothing_left(sms, before)


async def test_what_the_source_raises_comes_last(town: Town) -> None:
    """After the end of what it gave; of a list that breaks off nothing is asked."""
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba", NUMBERS[:2])

    def broken() -> Iterator[Outcome]:
        yield from outcomes
        raise OSError("disk")

    async def broken_later() -> AsyncIterator[Outcome]:
        for outcome in broken():
            yield outcome

    stream = track(sms, broken())
    with pytest.raises(OSError, match="disk"):
        await anext(stream)
    assert await all_of(stream) == []
    assert not town.asked("iba")
    stream = track(sms, broken_later())
    assert [(await anext(stream)).final for _ in outcomes] == [True, True]
    with pytest.raises(OSError, match="disk"):
        await anext(stream)


async def test_what_cannot_be_followed_is_refused(town: Town) -> None:
    """The call itself, where it can tell; the first step, for what is in the list."""
    sms = town.dispatcher("iba")
    wrong: Any
    for wrong in ("iba:1", None, Outcome("1", state=None)):  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            sms.track(wrong)
    for wrong in (True, "60", None):
        with pytest.raises(TypeError):
            sms.track([], deadline=wrong)
    for wrong in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="deadline"):
            sms.track([], deadline=wrong)
    wrong = ["79160000001"]
    with pytest.raises(TypeError, match="str"):
        await anext(sms.track(wrong))


async def test_a_deadline_may_be_never(town: Town) -> None:
    """Infinity is a number of seconds."""
    sms = town.dispatcher("iba")
    reports = await all_of(sms.track(await town.sent(sms, "iba"), deadline=float("inf")))
    assert states(reports) == [("delivered", True)]


# The journal's seam.


async def test_what_is_learnt_is_written_before_it_is_told(town: Town) -> None:
    """In groups; one that could not be written comes again, and nothing of it is told before."""
    town.delivers_after(0)
    sms = town.dispatcher("smstele")
    outcomes = await town.sent(sms, "smstele", NUMBERS[:200])
    written: list[DeliveryReport] = []
    groups = fails = 0

    async def learned(reports: Sequence[DeliveryReport]) -> None:
        nonlocal groups, fails
        await asyncio.sleep(0.1)
        if groups == 0 and fails < 2:
            fails += 1
            raise OSError("disk")
        groups += 1
        written.extend(reports)

    stream = track(sms, outcomes, learned=learned)
    for _ in range(2):
        with pytest.raises(OSError, match="disk"):
            await anext(stream)
    told = []
    async for report in stream:
        told.append(report)
        assert report in written
    assert len(told) == len(written) == 200
    assert groups <= 2


async def test_two_who_take_share_the_reports(town: Town) -> None:
    """Each report goes to one of them, and is written once."""
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba", NUMBERS[:40])
    written: list[DeliveryReport] = []

    async def learned(reports: Sequence[DeliveryReport]) -> None:
        await asyncio.sleep(0.1)
        written.extend(reports)

    stream = track(sms, outcomes, learned=learned)
    first, second = await asyncio.gather(all_of(stream), all_of(stream))
    assert len(first) + len(second) == len(written) == 40
    assert len({report.message_id for report in [*first, *second]}) == 40


async def test_a_resumed_run_does_not_tell_what_is_known(town: Town) -> None:
    """And what was in doubt stays so until it is proved."""
    town.delivers_after(500)
    sms = town.dispatcher("iba")
    (outcome,) = await town.sent(sms, "iba")
    reference = Reference("iba", outcome.message_id or "", outcome.recipient)
    known = Known(reference, DeliveryState.ENROUTE)
    assert await all_of(track(sms, [known], deadline=100)) == []
    assert states(await all_of(track(sms, [known]))) == [("delivered", True)]
