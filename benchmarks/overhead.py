"""CPU time in µs a recipient, and recipients a second, beside a hand-written aiohttp loop over the same batches.

All send to the same gateway process over 20 connections, in turns (A B A B …) within one run; compared is the median
of the pairs' ratios of CPU time. No rate and no retry is in play. Each contest is in batches of ten and in batches of
one: a request for each recipient. The floor is the same requests written to asyncio's transports, without HTTP.

send_many          each recipient a `Message` of its own in, and an `Outcome` of its own out
send of one list   all numbers in one call
single sends       20 workers that each await `send` of one number: one request each, whatever the batch
"""

import argparse
from collections.abc import Sequence
from typing import Any

from bare import CONNECTIONS, aiohttp_loop, raw_loop
from gateway import Gateway, counting
from options import parser
from report import about, deliver, document, table, target
from sdk import send_list, send_many, singles
from turns import COLUMNS, blocking, in_turns

BARE, FLOOR = "bare aiohttp", "raw asyncio, the floor"
MANY, LIST, SINGLES = "send_many", "send of one list", "single sends"
TARGETS = {(10, MANY): 1.3, (10, LIST): 1.2, (1, MANY): 1.15, (1, LIST): 1.15, (1, SINGLES): 1.2}
"""Times the bare loop's CPU time, at most; single sends are compared where the bare loop's requests are as many."""


def contest(running: Gateway, batch: int, numbers: Sequence[str], pairs: int) -> dict[str, Any]:
    sends = {FLOOR: raw_loop, MANY: send_many, LIST: send_list}
    if batch == 1:
        sends[SINGLES] = singles
    others = {name: blocking(send, running.url, batch=batch) for name, send in sends.items()}
    base = blocking(aiohttp_loop, running.url, batch=batch)
    rows = in_turns((BARE, base), others, numbers, pairs, running.taken).rows()
    figures = {row["what"]: row["ratio"] for row in rows}
    return table(
        f"overhead-{batch}",
        f"Batches of {batch}, beside a hand-written aiohttp loop",
        COLUMNS | {"ratio": "times bare aiohttp's CPU"},
        rows,
        [
            target(f"{name}, batches of {batch}", figures[name], limit)
            for (size, name), limit in TARGETS.items()
            if size == batch
        ],
    )


def measure(options: argparse.Namespace) -> dict[str, Any]:
    numbers = [f"79{number:09d}" for number in range(options.recipients)]
    with counting() as running:
        tables = [contest(running, batch, numbers, options.pairs) for batch in (10, 1)]
    facts = about("aiohttp", connections=CONNECTIONS, recipients=options.recipients, pairs=options.pairs)
    return document(facts, *tables)


def main() -> None:
    options = parser(__doc__, recipients=20_000, pairs=5).parse_args()
    deliver(options, measure(options))


if __name__ == "__main__":
    main()
