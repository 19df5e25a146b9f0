"""Campaigns through a dispatcher whose providers are the sandbox's gateways, or peers; and what their journals say."""

import asyncio
import gc
import json
import logging
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from smsgw import Dispatcher, Message
from smsgw.bulk import BulkRun, Summary
from smsgw.sandbox import Sandbox
from tests.dispatcher.conftest import World

QUICK = {"failures": 3, "rest": 0.1, "account_rest": 0.1}
"""A breaker that rests for a tenth of a second."""


class Row(NamedTuple):
    """A row of a journal, and its outcome."""

    number: int
    recipient: str
    state: str
    provider: str | None
    attempts: int
    error: str
    message_id: str | None
    claim: str | None


class Claim(NamedTuple):
    """An attempt as it was written down."""

    id: str
    provider: str
    numbers: tuple[int, ...]
    completed: bool


class BulkWorld(World):
    """A `World` with one campaign: its journal, its runs, and the truth about them."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        super().__init__(sandbox)
        self.journal = folder / "run.db"

    def new(self, sms: Dispatcher, messages: Iterable[Message], **options: Any) -> BulkRun:
        """The next run of the campaign."""
        return BulkRun(sms, messages, journal=self.journal, **options)

    async def run(self, sms: Dispatcher, messages: Iterable[Message], **options: Any) -> Summary:
        """The next run of the campaign, to its end."""
        return await self.new(sms, messages, **options).run()

    def read(self, query: str) -> list[tuple[Any, ...]]:
        """What stands in the journal now, as another process sees it."""
        with closing(sqlite3.connect(self.journal)) as connection:
            return connection.execute(query).fetchall()

    def rows(self) -> list[Row]:
        """In the input's order; what has no outcome is `pending`."""
        found = self.read(
            "SELECT r.number, r.phone, coalesce(o.state, 'pending'), o.provider, coalesce(o.attempts, 0), "
            "coalesce(o.error, ''), o.message_id, o.claim "
            "FROM smsgw_rows r LEFT JOIN smsgw_outcomes o ON o.number = r.number ORDER BY r.number"
        )
        return [Row(*values) for values in found]

    def states(self) -> dict[str, int]:
        """Rows by state."""
        return dict(Counter(row.state for row in self.rows()))

    def claims(self) -> list[Claim]:
        """In the order in which they were written."""
        found = self.read(
            "SELECT id, provider, numbers, completed_at IS NOT NULL FROM smsgw_claims ORDER BY run, number"
        )
        return [
            Claim(id_, name, tuple(json.loads(numbers)), bool(done)) for id_, name, numbers, done in found
        ]

    def sends(self) -> int:
        """Requests to send that the sandbox's gateways saw."""
        return sum(record.kind == "send" for record in self.ledger.requests)

    def assert_true(self) -> None:
        """Nobody twice; accepted and held are taken, rejected and pending are not."""
        assert not self.ledger.sent_twice()
        taken = Counter(message.recipient for message in self.ledger.messages)
        for row in self.rows():
            if row.state in ("accepted", "held"):
                assert taken[row.recipient] == 1, row
            elif row.state != "unknown":
                assert taken[row.recipient] == 0, row
        assert set(taken) <= {row.recipient for row in self.rows()}

    @staticmethod
    async def until(*happened: Any, within: float = 5.0) -> None:
        """Wait until all of these functions say so."""
        async with asyncio.timeout(within):
            while not all(check() for check in happened):  # noqa: ASYNC110  (others' counters tell nobody)
                await asyncio.sleep(0.005)


def texts_to(count: int, prefix: str = "7903", text: str = "Hi", start: int = 0) -> Sequence[Message]:
    """A message each to so many numbers."""
    width = 12 if prefix.startswith("995") else 11
    return [
        Message(to=prefix + str(number).zfill(width - len(prefix)), text=text)
        for number in range(start, start + count)
    ]


@pytest.fixture
async def world(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[BulkWorld]:
    """A `BulkWorld`, of which no task may be left, nor a complaint of asyncio."""
    caplog.set_level(logging.INFO)
    gc.freeze()
    before = asyncio.all_tasks()
    async with Sandbox() as sandbox:
        world = BulkWorld(sandbox, tmp_path)
        yield world
        await world.close()
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    gc.collect()
    gc.unfreeze()
    assert not left
    for record in caplog.get_records("call") + caplog.records:
        assert record.name != "asyncio" or record.levelno < logging.WARNING, record.getMessage()
