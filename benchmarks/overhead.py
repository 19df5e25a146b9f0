"""CPU time a recipient, beside a hand-written aiohttp loop over the same batches of ten.

Both send to the same gateway process, in turns (A B A B …) within one run; what is compared is the median of the
pairs' ratios, since shared machines make absolute times lie. No rate and no retry is in play.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote

import aiohttp
from gateway import gateway

import smsgw

TEXT = "Hello from the benchmark"
BATCH = 10
CONNECTIONS = 20
TARGET = 1.3


async def bare(url: str, numbers: Sequence[str]) -> int:
    """What one would write by hand: no validation, no verdicts, no dedup."""
    head = f"{url}sendsms.php?user=test&pwd=test&sadr=TESTSMS&text={quote(TEXT)}&dadr="
    batches = [numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH)]
    waiting = iter(batches)
    accepted = 0
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def work() -> None:
            nonlocal accepted
            for batch in waiting:
                async with session.get(head + ",".join(batch)) as response:
                    accepted += len((await response.text()).split(","))

        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return accepted


def _dispatcher(url: str) -> smsgw.Dispatcher:
    provider = {
        "login": "test",
        "password": "test",
        "sender": "TESTSMS",
        "url": url,
        "max_connections": CONNECTIONS,
    }
    return smsgw.Dispatcher.from_config({"providers": {"iba": provider}})


async def send_many(url: str, numbers: Sequence[str]) -> int:
    """Each recipient a `Message` of its own in, an `Outcome` of its own out."""
    accepted = 0
    async with _dispatcher(url) as sms:
        async for outcome in sms.send_many(smsgw.Message(to=number, text=TEXT) for number in numbers):
            accepted += outcome.state is smsgw.State.ACCEPTED
    return accepted


async def send_list(url: str, numbers: Sequence[str]) -> int:
    async with _dispatcher(url) as sms:
        return len((await sms.send(numbers, TEXT)).accepted)


def _cpu(
    job: Callable[[str, Sequence[str]], Awaitable[int]], url: str, numbers: Sequence[str]
) -> tuple[float, float]:
    """CPU and wall seconds a recipient."""
    cpu, wall = time.process_time(), time.perf_counter()
    accepted = asyncio.run(job(url, numbers))  # type: ignore[arg-type]  # each job is a coroutine function
    if accepted != len(numbers):
        raise SystemExit(f"{accepted} of {len(numbers)} were accepted: nothing to compare")
    return (time.process_time() - cpu) / len(numbers), (time.perf_counter() - wall) / len(numbers)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipients", type=int, default=20_000, help="recipients in each turn")
    parser.add_argument("--pairs", type=int, default=5, help="turns of each")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    numbers = [f"79{number:09d}" for number in range(options.recipients)]
    jobs = {"send_many": send_many, "send of one list": send_list}
    ratios: dict[str, list[float]] = {name: [] for name in jobs}
    micros: dict[str, list[float]] = {name: [] for name in ("bare aiohttp", *jobs)}
    rates: dict[str, list[float]] = {name: [] for name in ("bare aiohttp", *jobs)}
    with gateway() as url:
        for job in (bare, *jobs.values()):
            _cpu(job, url, numbers[:2000])  # imports, code paths and caches are warm
        for _ in range(options.pairs):
            for name, job in jobs.items():
                base, base_wall = _cpu(bare, url, numbers)
                mine, mine_wall = _cpu(job, url, numbers)
                ratios[name].append(mine / base)
                micros["bare aiohttp"].append(base * 1e6)
                micros[name].append(mine * 1e6)
                rates["bare aiohttp"].append(1 / base_wall)
                rates[name].append(1 / mine_wall)
    rows = [
        {
            "what": name,
            "cpu_us_a_recipient": round(statistics.median(micros[name]), 2),
            "recipients_a_second": round(statistics.median(rates[name])),
            "ratio": round(statistics.median(ratios[name]), 3) if name in ratios else 1.0,
        }
        for name in micros
    ]
    about = {
        "smsgw": smsgw.__version__,
        "aiohttp": aiohttp.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "batch": BATCH,
        "recipients": options.recipients,
        "pairs": options.pairs,
    }
    if options.json:
        print(json.dumps({"about": about, "rows": rows}))
        return
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    print(f"{'':<18}{'CPU µs a recipient':>20}{'recipients a second':>22}{'times bare':>12}")
    for row in rows:
        print(
            f"{row['what']:<18}{row['cpu_us_a_recipient']:>20}{row['recipients_a_second']:>22}{row['ratio']:>12}"
        )
    print(f"target: send_many at most {TARGET} times the bare loop's CPU time")


if __name__ == "__main__":
    main()
