"""Seconds, and the share in % of the ideal, with a gateway that takes 50 ms for each answer, over 100 connections.

Each connection carries one request at a time, so that no client can be done before requests / connections × 50 ms:
that is the ideal. `send_many` and the hand-written aiohttp loop take turns (A B A B …), in batches of ten; compared
is the median of the pairs' ratios of time by the clock. What opening and closing takes is counted.
"""

import argparse
import math
import statistics
from typing import Any

from bare import aiohttp_loop
from gateway import counting
from options import parser
from report import about, deliver, document, table, target
from sdk import send_many
from turns import Turn, blocking, in_turns

BARE, MINE = "bare aiohttp", "send_many"
CONNECTIONS = 100
DELAY = 0.05
BATCH = 10
MOST = 1.03
"""Times the bare loop's time."""


def _row(name: str, turns: list[Turn], recipients: int, ideal: float) -> dict[str, object]:
    seconds = [turn.wall * recipients for turn in turns]
    return {
        "what": name,
        "seconds": round(statistics.median(seconds), 3),
        "share": round(statistics.median(ideal / one for one in seconds) * 100, 1),
        "a_second": round(statistics.median(1 / turn.wall for turn in turns)),
        "ratio": 1.0,
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    recipients = options.recipients
    numbers = [f"79{number:09d}" for number in range(recipients)]
    ideal = math.ceil(math.ceil(recipients / BATCH) / CONNECTIONS) * DELAY
    settings = {"batch": BATCH, "connections": CONNECTIONS}
    with counting(DELAY) as running:
        base = (BARE, blocking(aiohttp_loop, running.url, **settings))
        mine = {MINE: blocking(send_many, running.url, **settings)}
        contest = in_turns(base, mine, numbers, options.pairs, running.taken)
    ratio = statistics.median(contest.wall_ratios(MINE))
    rows = [_row(name, contest.turns(name), recipients, ideal) for name in (BARE, MINE)]
    rows[1]["ratio"] = round(ratio, 3)
    made = table(
        "latency",
        f"A gateway with {DELAY * 1000:.0f} ms and {CONNECTIONS} connections, batches of {BATCH} (ideal: {ideal:.2f} s)",
        {
            "what": "",
            "seconds": "seconds",
            "share": "% of the ideal",
            "a_second": "recipients a second",
            "ratio": "times bare aiohttp's time",
        },
        rows,
        [target(f"time of {MINE}, times bare aiohttp's", ratio, MOST)],
    )
    return document(about("aiohttp", latency_recipients=recipients, pairs=options.pairs), made)


def main() -> None:
    options = parser(__doc__, recipients=20_000, pairs=5).parse_args()
    deliver(options, measure(options))


if __name__ == "__main__":
    main()
