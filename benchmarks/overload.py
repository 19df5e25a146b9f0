"""What two providers carry while a third one is dead, beside what they carry without it.

Real sockets: two gateway processes, and in place of the third a port that refuses, or one that accepts and never
answers. Absent and dead take turns (A B A B …) within one run; what is compared is the median of the pairs' ratios,
since shared machines make absolute times lie. Three loads:

sends    as many `send` calls at once as connections take, one number each, by round robin
stream   one `send_many` by round robin
mixed    one `send_many` of which each third message can go to the dead provider only, as many as fill half of what
         is read ahead; the third that goes nowhere is not counted
"""

import argparse
import asyncio
import json
import os
import platform
import socket
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gateway import gateway

import smsgw
from smsgw.flow import AHEAD

CONNECTIONS = 10
DELAY = 0.02
"""Seconds that the live ones take to answer: they are the limit, as in life, and not this process's CPU."""
TIMEOUT = 1.0
TARGET = 0.9

Job = Callable[[smsgw.Dispatcher, Sequence[str]], Awaitable[int]]


@contextmanager
def dead(way: str) -> Iterator[str]:
    """The URL of a provider that refuses connections, or takes them and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        if way == "refusing":
            server.close()
        yield url


def _dispatcher(live: Sequence[str], third: str | None, *, apart: bool) -> smsgw.Dispatcher:
    account = {"driver": "iba", "login": "test", "password": "test", "sender": "TESTSMS"}
    urls = dict(zip("ab", live, strict=True)) | ({} if third is None else {"c": third})
    providers = {
        name: {**account, "url": url, "max_connections": CONNECTIONS, "timeout": TIMEOUT}
        for name, url in urls.items()
    }
    together = ["a", "b"] if apart else list(urls)
    routes: list[dict[str, Any]] = [{"prefixes": ["7"], "providers": together, "strategy": "round_robin"}]
    if third is not None:
        routes.append({"prefixes": ["995"], "providers": ["c"]})
    return smsgw.Dispatcher.from_config(
        {"providers": providers, "routes": routes, "retry": {"deadline": 3}}, session=None
    )


async def sends(sms: smsgw.Dispatcher, numbers: Sequence[str]) -> int:
    """A hundred callers, each with the next number as soon as it has its outcome."""
    waiting = iter(numbers)
    accepted = 0

    async def call() -> None:
        nonlocal accepted
        for number in waiting:
            outcome = (await sms.send(number, "Hi")).outcome
            accepted += outcome.state is smsgw.State.ACCEPTED

    await asyncio.gather(*(call() for _ in range(100)))
    return accepted


async def stream(sms: smsgw.Dispatcher, numbers: Sequence[str]) -> int:
    """All; or as soon as the live ones have carried all that is theirs."""
    theirs = sum(number.startswith("7") for number in numbers)
    accepted = told = 0
    async with sms.send_many(smsgw.Message(to=number, text="Hi") for number in numbers) as outcomes:
        async for outcome in outcomes:
            accepted += outcome.state is smsgw.State.ACCEPTED
            told += outcome.recipient.startswith("7")
            if told == theirs:
                break
    return accepted


async def _found_out(sms: smsgw.Dispatcher) -> None:
    """The circuit is open before the clock starts: how long that takes is `timeout`, five times at once."""
    if "c" in sms.providers:
        probes = (sms.send("995500000001", f"probe {number}", provider="c") for number in range(CONNECTIONS))
        await asyncio.gather(*probes)


def _measure(job: Job, sms: smsgw.Dispatcher, numbers: Sequence[str]) -> tuple[float, float, float]:
    """Messages a second, CPU microseconds a message, and the share that was accepted."""

    async def run() -> tuple[float, float, float]:
        async with sms:
            await _found_out(sms)
            cpu, wall = time.process_time(), time.perf_counter()
            accepted = await job(sms, numbers)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        theirs = sum(number.startswith("7") for number in numbers)
        return accepted / wall, cpu / max(accepted, 1) * 1e6, accepted / theirs

    return asyncio.run(run())


def _numbers(load: str, count: int, *, absent: bool) -> list[str]:
    if load != "mixed":
        return [f"79{number:09d}" for number in range(count if load == "sends" else 5 * count)]
    fitting = AHEAD * 3 // 2
    return [
        f"79{number:09d}" if number % 3 < 2 else f"995{number:09d}"
        for number in range(fitting)
        if number % 3 < 2 or not absent
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--messages",
        type=int,
        default=6000,
        help="messages in each turn of sends; a stream has five times as many",
    )
    parser.add_argument("--pairs", type=int, default=5, help="turns of each")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    jobs: dict[str, Job] = {"sends": sends, "stream": stream, "mixed": stream}
    rows: list[dict[str, Any]] = []
    with gateway(DELAY) as first, gateway(DELAY) as second:
        live = (first, second)
        for load, job in jobs.items():
            for way in ("refusing", "silent"):
                alone: list[tuple[float, float, float]] = []
                beside: list[tuple[float, float, float]] = []
                for turn in range(options.pairs + 1):
                    with dead(way) as third:
                        for kept, url in ((alone, None), (beside, third)):
                            sms = _dispatcher(live, url, apart=load == "mixed")
                            numbers = _numbers(load, options.messages, absent=url is None)
                            measured = _measure(job, sms, numbers)
                            if turn:  # in the first one imports, code paths and caches get warm
                                kept.append(measured)
                rows.append(
                    {
                        "load": load,
                        "third provider": way,
                        "messages_a_second_alone": round(statistics.median(rate for rate, _, _ in alone)),
                        "messages_a_second": round(statistics.median(rate for rate, _, _ in beside)),
                        "cpu_us_alone": round(statistics.median(cpu for _, cpu, _ in alone), 1),
                        "cpu_us": round(statistics.median(cpu for _, cpu, _ in beside), 1),
                        "accepted": round(min(share for _, _, share in beside), 4),
                        "ratio": round(
                            statistics.median(b[0] / a[0] for a, b in zip(alone, beside, strict=True)), 3
                        ),
                    }
                )
    about = {
        "smsgw": smsgw.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "messages": options.messages,
        "pairs": options.pairs,
    }
    if options.json:
        print(json.dumps({"about": about, "rows": rows}))
        return
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    heads = ("messages/s alone", "beside", "CPU µs alone", "beside", "accepted", "ratio")
    print(f"{'':<18}" + "".join(f"{head:>18}" for head in heads))
    for row in rows:
        load, way, *figures = row.values()
        print(f"{load + ', ' + way:<18}" + "".join(f"{figure:>18}" for figure in figures))
    print(f"target: a ratio of at least {TARGET}")


if __name__ == "__main__":
    main()
