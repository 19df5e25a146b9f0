"""CPU time in µs a recipient, and recipients a second, of the same job in what people use instead.

httpx, requests in 50 threads, twilio's async client (pointed at a fake of its API) and apprise (at a fake of an
SMSEagle, one of its SMS services with a host of its own) send one request a recipient, as they do it, 50 at once. In
turns (A B A B …) within one run with the concurrent single `send`s of smsgw, which are as many requests, 50 at once;
and in each round once `send_many` in batches of ten, which is what its users get. Compared are medians of ratios of
CPU time, threads included. Needs the dependency group `bench`.
"""

import argparse
import importlib
import os
import statistics
from collections.abc import Iterable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

from gateway import counting
from options import parser
from report import about, deliver, document, table, target
from sdk import send_many, singles
from turns import COLUMNS, Contest, Job, blocking, in_turns

WARM = 200
SINGLES, MANY = "smsgw, single sends", "smsgw, send_many in tens"


def _clients() -> ModuleType:
    """Imported when they are used, so that the help needs none of them."""
    try:
        return importlib.import_module("clients")
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"{error.name} is not installed: the peers are the dependency group `bench`"
        ) from None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _targets(
    contest: Contest, peers: Iterable[str], beside_many: dict[str, float]
) -> Iterator[dict[str, Any]]:
    """What the nearest of the peers takes; it may be another one in CPU time than by the clock."""
    cpu = {name: statistics.median(contest.ratios(name)) for name in peers}
    wall = {name: statistics.median(contest.wall_ratios(name)) for name in peers}
    near, fast = min(cpu, key=cpu.__getitem__), min(wall, key=wall.__getitem__)
    yield target(f"CPU time of {near}, the nearest, times that of single sends", cpu[near], 1, more=True)
    yield target(f"time of {fast}, the fastest, times that of single sends", wall[fast], 1, more=True)
    near = min(beside_many, key=beside_many.__getitem__)
    yield target(f"CPU time of {near}, times that of send_many", beside_many[near], 1, more=True)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    os.environ["NO_PROXY"] = "127.0.0.1"  # requests and httpx heed the environment's proxies
    clients = _clients()
    numbers = [f"79{number:09d}" for number in range(options.recipients)]
    with counting() as running:
        url, calls = running.url, clients.CALLS
        peers: dict[str, Job] = {
            "httpx": blocking(clients.with_httpx, url),
            f"requests, {calls} threads": partial(clients.with_requests, url),
            "twilio": blocking(clients.with_twilio, url),
            "apprise": blocking(clients.with_apprise, url),
        }
        base = (SINGLES, blocking(singles, url, batch=1, connections=calls))
        many = {MANY: blocking(send_many, url, batch=10, connections=calls)}
        contest = in_turns(base, many | peers, numbers, options.pairs, running.taken, warm=WARM)
    beside_many = {name: contest.beside(name, MANY) for name in peers}
    rows = [row | {"beside_many": _rounded(beside_many.get(str(row["what"])))} for row in contest.rows()]
    made = table(
        "peers",
        f"The same job in what people use instead, {calls} calls at once",
        COLUMNS | {"ratio": "times single sends' CPU", "beside_many": "times send_many's CPU"},
        rows,
        _targets(contest, peers, beside_many),
    )
    versions = about("aiohttp", "httpx", "requests", "twilio", "apprise", calls=calls)
    return document(versions | {"peer_recipients": options.recipients, "pairs": options.pairs}, made)


def main() -> None:
    options = parser(__doc__, recipients=4000, pairs=5).parse_args()
    deliver(options, measure(options))


if __name__ == "__main__":
    main()
