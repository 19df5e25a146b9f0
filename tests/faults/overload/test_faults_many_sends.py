"""Ten thousand callers at once, over real loopback sockets."""

import asyncio
import gc
import logging
from pathlib import Path

import pytest

from smsgw import Dispatcher, State, Submission
from tests.faults.overload.counting import counting_gateway
from tests.faults.scale import SEEDS

_log = logging.getLogger(__name__)

CALLERS = 2_000 if len(SEEDS) < 10 else 10_000
CONNECTIONS = 7
MOST_MEMORY = 40_000
"""Bytes for each call under way: it measures a quarter of that. A call that kept its frames, its request's bytes or
a connection's buffers (64 kB) for as long as it waits would be beyond it."""


def memory() -> int:
    """Bytes that this process has in use, whoever allocated them."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096


async def most_memory(most: list[int]) -> None:
    while True:
        most[0] = max(most[0], memory())
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("in_lists", [False, True], ids=["one number each", "a list each"])
async def test_all_are_sent_once_over_few_connections(in_lists: bool) -> None:
    """Every call is accepted, every number has one message, and connections and memory stay within their bounds."""
    numbers = [str(79160000000 + number) for number in range(CALLERS)]
    to = [numbers[at : at + 25] for at in range(0, CALLERS, 25)] if in_lists else [[one] for one in numbers]
    with counting_gateway() as gateway:
        provider = {
            "login": "test",
            "password": "test",
            "sender": "TESTSMS",
            "url": gateway.url,
            "max_connections": CONNECTIONS,
            "keepalive": 60,  # one that idled for too long is still closing while the next one opens
        }
        async with Dispatcher.from_config({"providers": {"iba": provider}}) as sms:
            await sms.send("79169999999", "so that the first connection and its code are there")
            gc.collect()
            before = memory()
            most = [before]
            watch = asyncio.create_task(most_memory(most))
            calls: list[asyncio.Task[Submission]] = [
                asyncio.create_task(sms.send(those, "Hi")) for those in to
            ]
            sent = await asyncio.gather(*calls)
            watch.cancel()
        counted = gateway.counted()
    outcomes = [outcome for submission in sent for outcome in submission]
    assert [outcome.recipient for outcome in outcomes] == numbers
    assert {outcome.state for outcome in outcomes} == {State.ACCEPTED}
    assert all(outcome.message_id == outcome.recipient[-9:] for outcome in outcomes)
    del counted.times["79169999999"]
    assert set(counted.times) == set(numbers)
    assert set(counted.times.values()) == {1}
    assert counted.most_connections <= CONNECTIONS
    each = (most[0] - before) / CALLERS
    _log.info("%d calls, %d requests: %.1f kB a recipient", len(calls), counted.requests, each / 1000)
    assert each < MOST_MEMORY
