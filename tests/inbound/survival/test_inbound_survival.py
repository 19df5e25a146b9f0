"""SIGKILL at random moments while messages arrive, several at once, again and again, to a handler that fails at random."""

import asyncio
import contextlib
import logging
import os
import random
import sqlite3
import time
from pathlib import Path

import pytest

from tests.inbound.survival.calling import Handled, Platform, Server

MESSAGES = int(os.environ.get("SMSGW_INBOUND", "200"))
"""`nox -s inbound` has 10,000; `--log-cli-level=INFO` tells what they came to."""
CALLS_A_LIFE = 200
"""Answers between two kills, on the average."""


async def kill_at_random(platform: Platform, server: Server, moments: random.Random) -> None:
    while True:
        await platform.has_answers(moments.randint(1, 2 * CALLS_A_LIFE))
        await asyncio.sleep(moments.uniform(0, 0.005))
        platform.kill()
        await server.ended()
        await server.start()


def rows(path: Path, table: str) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute(f"SELECT message_id FROM {table}")]


@pytest.mark.parametrize("kind", ["aiohttp", "uvicorn"])
async def test_killed(kind: str, tmp_path: Path) -> None:
    """Every message is handled, its idempotent work done once, and none acknowledged before; no kill, no second time."""
    began = time.monotonic()
    ids = [str(number) for number in range(1, MESSAGES + 1)]
    handled = Handled(tmp_path / "handled.log")
    async with Server(kind, tmp_path) as server:
        platform = Platform(server, handled, seed=5)
        killing = asyncio.create_task(kill_at_random(platform, server, random.Random(6)))
        delivering = asyncio.create_task(platform.deliver(ids))
        await asyncio.wait([delivering, killing], return_when=asyncio.FIRST_COMPLETED)
        if killing.done():
            await killing
        killing.cancel()
        await asyncio.wait([killing])
        await delivering
    times = handled.read()
    again = {message_id: count - 1 for message_id, count in times.items() if count > 1}
    logging.getLogger("survival").info(
        "%s: %d messages, %d calls, %d kills, answers %s, %d in flight at a kill, of which %d were handled again; %.0f s",
        kind,
        len(ids),
        platform.calls,
        server.kills,
        dict(platform.statuses),
        platform.doubts.total(),
        sum(again.values()),
        time.monotonic() - began,
    )
    assert platform.acknowledged == set(ids)
    assert platform.untrue == []
    assert set(times) == set(ids)
    assert {message_id for message_id, count in again.items() if count > platform.doubts[message_id]} == set()
    assert sorted(rows(tmp_path / "work.db", "effects"), key=int) == ids
    assert sorted(rows(tmp_path / "inbox.db", "handled"), key=int) == ids
    assert server.kills > 0
