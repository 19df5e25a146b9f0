"""What a journal needs: those of one ID given together, and an end by which nothing is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from smsgw import DeliveryReport
from tests.tracking.conftest import NUMBERS, all_of, now, track

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from smsgw import Outcome
    from tests.tracking.conftest import Town

pytestmark = pytest.mark.looptime


async def test_no_question_before_all_are_known(town: Town) -> None:
    """A batch of any size is asked about by one request, though its messages are old and a source is read slowly."""
    town.delivers_after(0)
    sms = town.dispatcher("smstele")
    outcomes = await town.sent(sms, "smstele", NUMBERS)
    batches = {outcome.message_id for outcome in outcomes}
    await asyncio.sleep(3600)

    async def source() -> AsyncIterator[tuple[Outcome, ...]]:
        for message_id in sorted(str(each) for each in batches):
            yield tuple(outcome for outcome in outcomes if outcome.message_id == message_id)
            await asyncio.sleep(0.5)

    reports = await all_of(track(sms, source()))
    assert len(reports) == len(NUMBERS)
    assert all(report.final for report in reports)
    assert len(town.asked("smstele")) == len(batches)


async def test_an_end_loses_nothing(town: Town) -> None:
    """What was answered by then is told and written down; nothing is asked any more."""
    town.delivers_after(0)
    sms = town.dispatcher("iba")
    outcomes = await town.sent(sms, "iba", NUMBERS[:50])
    town.delivers_after(1000)
    outcomes += await town.sent(sms, "iba", NUMBERS[50:60])
    written: list[DeliveryReport] = []

    async def learned(group: Sequence[DeliveryReport]) -> None:
        if not written:
            await asyncio.sleep(0.3)
            stream.end()  # while more is waiting to be told
        written.extend(group)

    stream = track(sms, outcomes, learned=learned)
    before, began = len(town.lines["iba"].replies), now()
    told = await all_of(stream)
    assert now() - began < 10
    assert told == written
    asked = len(town.asked("iba"))
    answered = len(town.lines["iba"].replies) - before
    assert sum(report.error is None for report in told) == answered
    assert 1 < answered < 60
    assert {str(report.error.description) for report in told if report.error is not None} == {
        "tracking was stopped before any answer came"
    }
    await asyncio.sleep(100)
    assert len(town.asked("iba")) == asked


async def test_an_end_before_the_first_step(town: Town) -> None:
    """Nothing is asked, and nothing told."""
    sms = town.dispatcher("iba")
    stream = track(sms, await town.sent(sms, "iba"))
    stream.end()
    assert await all_of(stream) == []
    assert town.asked("iba") == []
