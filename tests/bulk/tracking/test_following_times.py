"""When a resumed run asks, on fake time: a journal in memory, and an hour in milliseconds."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from smsgw import Message
from smsgw.bulk import MessageSource, Progress
from smsgw.bulk.following import Follower
from smsgw.bulk.journal import START, Change, Followed
from smsgw.dispatcher import engine_of
from smsgw.models import DeliveryReport, Outcome
from tests.tracking.conftest import NUMBERS, Town, now, town

__all__ = ["town"]

pytestmark = pytest.mark.looptime
DAY = 86_400.0


class Memory:
    """In place of a journal."""

    def __init__(self, payload: str) -> None:
        self.rows: list[Followed] = []
        self.known: dict[str, tuple[str, bool]] = {}
        self._payload = payload

    def add(self, outcomes: Sequence[Outcome], ago: float = 0.0) -> None:
        for outcome in outcomes:
            assert outcome.provider is not None
            assert outcome.message_id is not None
            place = (outcome.recipient, self._payload, outcome.provider, outcome.message_id)
            self.rows.append(Followed(*place, in_doubt=False, state=None, claimed_at=time.time() - ago))

    async def note(self, **_: object) -> None:
        """It is not asked for."""

    async def followed(self, after: object, providers: Sequence[str], *_: object) -> tuple[Any, Any]:
        rows = [row for row in self.rows if row.provider in providers] if after == START else []
        return rows, (1, 1) if rows else None

    async def learn(self, reports: Sequence[DeliveryReport]) -> list[Change]:
        for report in reports:
            assert report.recipient is not None
            self.known[report.recipient] = (report.state, report.final)
        return [Change(report.state, report.final, proved=False) for report in reports]


@pytest.fixture
async def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    (row,) = [row async for row in MessageSource([Message(to="79030000000", text="Hi")]).rows()]
    monkeypatch.setattr("smsgw.bulk.following.followed", Memory.followed)
    monkeypatch.setattr("smsgw.bulk.following.learn", Memory.learn)
    return Memory(row.payload)


def follower(sms: Any, memory: Any, asked_until: float | None) -> Follower:
    return Follower(engine_of(sms), memory, MessageSource([]), Progress(), asked_until)


async def test_targetsms_is_left_alone(town: Town, memory: Memory) -> None:
    """A run that follows one which was killed a moment ago waits for the window's end there, and nowhere else."""
    town.delivers_after(0)
    sms = town.dispatcher("targetsms", "iba")
    outcomes = await town.sent(sms, "targetsms", NUMBERS[:3]) + await town.sent(sms, "iba", NUMBERS[3:6])
    await sms.status(outcomes)  # by the run that was killed
    again, before = town.dispatcher("targetsms", "iba"), len(town.asked("targetsms"))
    memory.add(outcomes, ago=3600)
    began = now()
    await follower(again, memory, time.time()).run(DAY)
    assert set(memory.known.values()) == {("delivered", True)}
    assert town.asked("iba")[-1] - began < 2
    assert 60 <= town.asked("targetsms")[before] - began < 63
    assert town.no_repeats()


async def test_nobody_asked_before(town: Town, memory: Memory) -> None:
    """The first run that tracks waits for nothing."""
    town.delivers_after(0)
    sms = town.dispatcher("targetsms")
    memory.add(await town.sent(sms, "targetsms", NUMBERS[:3]), ago=3600)
    began = now()
    await follower(sms, memory, None).run(DAY)
    assert town.asked("targetsms")[0] - began < 1
    assert town.no_repeats()


async def test_old_messages_are_asked_about_seldom(town: Town, memory: Memory) -> None:
    """A message keeps its age over runs: one of yesterday is asked about four times an hour."""
    town.delivers_after(10 * DAY)
    sms = town.dispatcher("avist")
    memory.add(await town.sent(sms, "avist", NUMBERS[:1]), ago=DAY)
    await follower(sms, memory, None).run(4 * 3600.0)
    assert 14 <= len(town.asked("avist")) <= 22


async def test_young_messages_wait(town: Town, memory: Memory) -> None:
    """One that was sent just now is left alone for two seconds."""
    town.delivers_after(0)
    sms = town.dispatcher("avist")
    memory.add(await town.sent(sms, "avist", NUMBERS[:1]))
    began = now()
    await follower(sms, memory, None).run(DAY)
    assert 1.9 < town.asked("avist")[0] - began < 2.6
