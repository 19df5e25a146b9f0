"""Latency in ms of single `send`s at half load: p50, p99 and p99.9, beside the bare aiohttp loop's.

Calls begin at times drawn beforehand (a Poisson process, the same for both), whether earlier ones have ended or not,
and each is measured from the time at which it was due. The rate is half of what smsgw's single sends reach with all
connections busy, measured first, and the same for both, so that for the faster one it is less than half of its own.
They take turns (A B A B …); told are medians over the turns. The gateway answers at once. There is no target.
"""

import argparse
import asyncio
import gc
import math
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import accumulate
from typing import Any

import aiohttp
from bare import CONNECTIONS, TEXT, head_of
from gateway import Gateway, counting
from options import parser
from report import about, deliver, document, table
from sdk import dispatcher, singles
from turns import blocking, turn

import smsgw

BARE, MINE = "bare aiohttp", "single sends"
PERCENTILES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
WARM = 200
"""Calls before the first that counts: connections are open then."""

Send = Callable[[str], Awaitable[bool]]


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that this share of all does not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


async def _open_loop(send: Send, numbers: Sequence[str], due: Sequence[float]) -> list[float]:
    """Seconds from when each call was due to its end; `due` is in seconds from the beginning."""
    late: list[float] = []
    calls: set[asyncio.Task[None]] = set()
    for number in numbers[:WARM]:
        await send(number)
    gc.collect()
    began = time.perf_counter()

    async def call(number: str, when: float) -> None:
        if not await send(number):
            raise SystemExit(f"{number} was not accepted: nothing to compare")
        late.append(time.perf_counter() - began - when)

    for number, when in zip(numbers, due, strict=True):
        if (left := when - (time.perf_counter() - began)) > 0:
            await asyncio.sleep(left)
        task = asyncio.create_task(call(number, when))
        calls.add(task)
        task.add_done_callback(calls.discard)
    await asyncio.gather(*calls)
    if len(late) != len(numbers):
        raise SystemExit(f"{len(late)} of {len(numbers)} were accepted: nothing to compare")
    return late


async def _bare(url: str, numbers: Sequence[str], due: Sequence[float]) -> list[float]:
    head = head_of(url)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def send(number: str) -> bool:
            async with session.get(head + number) as response:
                return bool(await response.text())

        return await _open_loop(send, numbers, due)


async def _mine(url: str, numbers: Sequence[str], due: Sequence[float]) -> list[float]:
    async with dispatcher(url, 1) as sms:

        async def send(number: str) -> bool:
            return (await sms.send(number, TEXT)).outcome.state is smsgw.State.ACCEPTED

        return await _open_loop(send, numbers, due)


def _capacity(running: Gateway, numbers: Sequence[str]) -> float:
    """Single sends a second, with all connections busy: the median of three turns, after one that is not counted."""
    job = blocking(singles, running.url)
    turns = [turn(job, numbers, running.taken, MINE) for _ in range(4)]
    return statistics.median(1 / one.wall for one in turns[1:])


def measure(options: argparse.Namespace) -> dict[str, Any]:
    numbers = [f"79{number:09d}" for number in range(options.recipients)]
    found: dict[str, list[dict[str, float]]] = {BARE: [], MINE: []}
    with counting() as running:
        rate = _capacity(running, numbers) / 2
        for pair in range(options.pairs):
            chance = random.Random(pair)
            due = list(accumulate(chance.expovariate(rate) for _ in numbers))
            for name, job in ((BARE, _bare), (MINE, _mine)):
                ordered = sorted(asyncio.run(job(running.url, numbers, due)))
                found[name].append({key: percentile(ordered, share) for key, share in PERCENTILES.items()})
    rows: list[dict[str, object]] = [
        {"what": name}
        | {key: round(statistics.median(one[key] for one in turns) * 1000, 2) for key in PERCENTILES}
        for name, turns in found.items()
    ]
    made = table(
        "tails",
        f"Latency of single sends at half load ({rate:,.0f} a second)",
        {"what": "", "p50": "p50, ms", "p99": "p99, ms", "p999": "p99.9, ms"},
        rows,
    )
    return document(about("aiohttp", tail_calls=options.recipients, pairs=options.pairs), made)


def main() -> None:
    options = parser(__doc__, recipients=10_000, pairs=5).parse_args()
    deliver(options, measure(options))


if __name__ == "__main__":
    main()
