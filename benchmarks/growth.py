"""CPU time in µs a recipient, and the peak of memory in MB, of `send_many` from a thousand recipients to a million.

Each size has a process of its own, and the sizes take turns. Its dispatcher has sent a few thousand before, so that
what is measured is the sending; a small size is sent several times in a row, and its mean is taken. A generator goes
in, and nothing is kept of what comes out. Memory is the most that the process ever had, Python and imports included.
"""

import argparse
import asyncio
import statistics
import time
from typing import Any

import apart
from gateway import gateway
from options import parser, positive
from report import about, deliver, document, table, target
from sdk import all_of, dispatcher

SIZES = [1_000, 10_000, 100_000, 1_000_000]
LEAST = 20_000
"""Recipients that a figure is made of: fewer take too short a time to be measured."""
WARM = 5_000
MOST_TIME, MOST_MEMORY = 1.1, 1.1
"""Times that of the first size."""


async def _send(url: str, size: int) -> tuple[float, float]:
    """CPU and clock seconds a recipient."""
    times = max(1, LEAST // size)
    async with dispatcher(url) as sms:
        await all_of(sms, (f"78{number:09d}" for number in range(WARM)))
        cpu, wall, accepted = time.process_time(), time.perf_counter(), 0
        for _ in range(times):
            accepted += await all_of(sms, (f"79{number:09d}" for number in range(size)))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if accepted != size * times:
        raise SystemExit(f"{accepted} of {size * times} were accepted: nothing to measure")
    return cpu / accepted, wall / accepted


def grow(url: str, size: int) -> tuple[float, float, float]:
    """CPU and clock seconds a recipient, and megabytes."""
    cpu, wall = asyncio.run(_send(url, size))
    return cpu, wall, apart.peak_megabytes()


def measure(options: argparse.Namespace) -> dict[str, Any]:
    sizes = sorted(set(options.sizes))
    turns: dict[int, list[tuple[float, float, float]]] = {size: [] for size in sizes}
    with gateway() as url:
        for _ in range(options.pairs):
            for size in sizes:
                turns[size].append(apart.call(grow, url, size))
    cpu = {size: statistics.median(turn[0] for turn in turns[size]) for size in sizes}
    peak = {size: statistics.median(turn[2] for turn in turns[size]) for size in sizes}
    first, last = sizes[0], sizes[-1]
    rows = [
        {
            "what": f"{size:,}",
            "cpu_us": round(cpu[size] * 1e6, 2),
            "a_second": round(statistics.median(1 / turn[1] for turn in turns[size])),
            "peak_mb": round(peak[size], 1),
            "ratio": round(cpu[size] / cpu[first], 3),
        }
        for size in sizes
    ]
    made = table(
        "growth",
        "send_many, batches of 10, by the number of recipients",
        {
            "what": "recipients",
            "cpu_us": "CPU µs a recipient",
            "a_second": "recipients a second",
            "peak_mb": "peak MB",
            "ratio": "times the first's CPU",
        },
        rows,
        [
            target(
                f"CPU time a recipient of {last:,}, times that of {first:,}",
                cpu[last] / cpu[first],
                MOST_TIME,
            ),
            target(
                f"peak memory of {last:,}, times that of {first:,}", peak[last] / peak[first], MOST_MEMORY
            ),
        ],
    )
    return document(about("aiohttp", growth_turns=options.pairs), made)


def main() -> None:
    options = parser(__doc__, pairs=3)
    options.add_argument(
        "--sizes",
        type=positive,
        nargs="+",
        default=SIZES,
        help="numbers of recipients (default 1000 to 1000000)",
    )
    asked = options.parse_args()
    deliver(asked, measure(asked))


if __name__ == "__main__":
    main()
