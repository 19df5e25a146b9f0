"""100,000 messages of all five providers, followed to their final states against the sandbox in a process of its own.

Prints what it asked, whether TargetSMS ever complained of an identical request, the most requests that left for a
gateway, and that the sandbox's ledger saw, in any one second, the memory at its peak beyond the start, the most timers
and tasks at once, and the time. The messages are put into the sandbox without being sent. On a busy machine a process
stands still now and then, and then sees closer together what left apart: the ledger is judged by a second less the
longest stall, which is printed. Ends with status 1 where a promise was not kept.
"""

import argparse
import asyncio
import json
import multiprocessing
import platform
import resource
import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

import smsgw
from smsgw.dispatcher import engine_of
from smsgw.sandbox import Sandbox
from smsgw.sandbox.calls import Call

DRIVERS = ("avist", "iba", "smsco", "smstele", "targetsms")
SMSTELE_BATCH = 100
CONNECTIONS = 8
"""Few, so that no request waits in the sandbox: its ledger then has the times at which they left."""
MOST_MEGABYTES = 100


def serve(line: Connection, messages: int, window: float, late: float) -> None:
    """The sandbox: takes the messages, tells their IDs, and at the end what it saw."""

    async def main() -> None:
        async with Sandbox(delivery_after=0) as sandbox:
            sandbox.gateways["targetsms"].repeat_window = window  # type: ignore[attr-defined]
            line.send(sandbox.config())
            lag = Lag()
            for name in DRIVERS:
                line.send(take(sandbox, name, messages // len(DRIVERS), late))
            ticking = asyncio.create_task(lag.run())
            theirs = await asyncio.get_running_loop().run_in_executor(None, line.recv)
            ticking.cancel()
            stall = max(lag.longest, theirs)
            arrivals = {
                name: [record.clock_at for record in sandbox.ledger.requests_of(name)] for name in DRIVERS
            }
            line.send(
                {
                    "seen_in_a_second": {name: most(times) for name, times in arrivals.items()},
                    "longest_stall": round(stall, 3),
                    "seen_but_stalls": {name: most(times, 1 - stall) for name, times in arrivals.items()},
                    "duplicate_answers": duplicates(sandbox, window),
                }
            )

    asyncio.run(main())


def take(sandbox: Sandbox, name: str, count: int, late: float) -> list[tuple[str, list[str]]]:
    """IDs, each with its recipients. One in three is delivered `late` seconds from now, the others are already."""
    gateway = sandbox.gateways[name]
    size = SMSTELE_BATCH if name == "smstele" else 1
    taken: list[tuple[str, list[str]]] = []
    gateway.fates.pop("18", None)  # which is never reported on: such a message has no final state to wait for
    for number in range(0, count, size):
        gateway.delivery_after = late if number // size % 3 == 0 else 0.0
        call = Call(
            number=0,
            script="",
            given={},
            kind="send",
            identity="",
            clock_at=gateway.clock(),
            wall_at=datetime.now(UTC),
        )
        numbers = [str(79000000000 + number + more) for more in range(min(size, count - number))]
        message_id = f"{name}{number}" if name == "smstele" else None
        messages = gateway.take(call, numbers, "Hi", message_id=message_id or gateway.next_id())
        taken.append((messages[0].message_id, numbers))
    return taken


def duplicates(sandbox: Sandbox, window: float) -> int:
    """Identical requests within the window: what TargetSMS answered with its complaint."""
    last: dict[str, float] = {}
    found = 0
    for record in sandbox.ledger.requests_of("targetsms"):
        before = last.get(record.identity)
        found += before is not None and record.clock_at - before < window
        last[record.identity] = record.clock_at
    return found


def most(times: list[float], seconds: float = 1.0) -> int:
    """The most in any window of so many seconds."""
    window: deque[float] = deque()
    found = 0
    for at in times:
        window.append(at)
        while window[0] <= at - seconds:
            window.popleft()
        found = max(found, len(window))
    return found


class Lag:
    """How long this process's loop ever stood still."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        before = time.monotonic()
        while True:
            await asyncio.sleep(0.005)
            now = time.monotonic()
            self.longest = max(self.longest, now - before - 0.005)
            before = now


class Watcher:
    """Looks at the loop, the memory and the tasks a hundred times a second."""

    def __init__(self) -> None:
        self.timers = self.tasks = 0
        self.start_mb = peak_mb()

    async def run(self) -> None:
        loop: Any = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.01)
            # aiohttp has timers for the requests under way, which are not meant.
            scheduled = [repr(timer) for timer in loop._scheduled if not timer.cancelled()]  # noqa: SLF001 - no other way
            self.timers = max(self.timers, sum("Tracker" in timer for timer in scheduled))
            self.tasks = max(self.tasks, len(asyncio.all_tasks()) - 3)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def references(
    listed: dict[str, list[tuple[str, list[str]]]],
) -> Iterator[smsgw.Reference]:
    """Made as they are read: what a caller keeps is no part of the tracker's memory."""
    for name, taken in listed.items():
        for message_id, numbers in taken:
            for number in numbers:
                yield smsgw.Reference(name, message_id, number)


async def follow(
    config: dict[str, Any], listed: dict[str, Any], messages: int
) -> tuple[dict[str, Any], float]:
    finals = reports = 0
    async with smsgw.Dispatcher.from_config(config) as sms:
        watcher, lag, left = Watcher(), Lag(), departures(sms)
        watching = [asyncio.create_task(job) for job in (watcher.run(), lag.run())]
        began = time.perf_counter()
        async for report in sms.track(references(listed)):
            reports += 1
            finals += report.final
            if reports % max(1, messages // 10) == 0:
                print(f"  {finals} final after {time.perf_counter() - began:.0f} s", file=sys.stderr)
        seconds = time.perf_counter() - began
        for job in watching:
            job.cancel()
        requests = {name: stats.requests for name, stats in sms.stats.items()}
    return {
        "messages": messages,
        "final": finals,
        "reports": reports,
        "seconds": round(seconds, 1),
        "requests": requests,
        "left_in_a_second": {name: most(times) for name, times in left.items()},
        "memory_mb": round(peak_mb() - watcher.start_mb, 1),
        "timers_at_most": watcher.timers,
        "tasks_at_most": watcher.tasks,
    }, lag.longest


def departures(sms: smsgw.Dispatcher) -> dict[str, list[float]]:
    """When each request left; filled as it goes on."""
    left: dict[str, list[float]] = {}
    for name, lane in engine_of(sms).lanes.items():
        throttle: Any = lane.gate.throttle
        times = left[name] = []

        def leave(noted: Any = throttle.leave, times: list[float] = times) -> None:
            times.append(time.monotonic())
            noted()

        throttle.leave = leave
    return left


def measured(messages: int, rate: float, window: float, late: float) -> dict[str, Any]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(there, messages, window, late), daemon=True
    )
    process.start()
    there.close()
    config = here.recv()
    for provider in config["providers"].values():
        provider["rate"] = rate
        provider["max_connections"] = CONNECTIONS
    config["providers"]["targetsms"]["duplicate_window"] = window
    listed = {name: here.recv() for name in DRIVERS}
    result, stall = asyncio.run(follow(config, listed, messages))
    here.send(stall)
    result |= here.recv()
    process.join(10)
    return result


def broken(result: dict[str, Any], rate: float) -> list[str]:
    """The promises that were not kept."""
    kept = {
        "every message is final": result["final"] == result["messages"],
        "TargetSMS never complained": result["duplicate_answers"] == 0,
        "no more left in a second than the rate": max(result["left_in_a_second"].values()) <= rate,
        "no more were seen, but for stalls": max(result["seen_but_stalls"].values()) <= rate,
        f"less than {MOST_MEGABYTES} MB": result["memory_mb"] < MOST_MEGABYTES,
        "one timer": result["timers_at_most"] <= 1,
    }
    return [promise for promise, is_kept in kept.items() if not is_kept]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=100_000, help="of all providers together")
    parser.add_argument("--rate", type=float, default=150, help="requests a second to each provider")
    parser.add_argument("--window", type=float, default=60, help="TargetSMS's window, in seconds")
    parser.add_argument("--late", type=float, default=150, help="seconds to the delivery of one in three")
    parser.add_argument(
        "--quick", action="store_true", help="5,000 messages and a window of 3 seconds: some 20 seconds"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if options.quick:
        options.messages, options.window, options.late = 5000, 3, 8
    result = measured(options.messages, options.rate, options.window, options.late)
    result["not_kept"] = broken(result, options.rate)
    about = {"smsgw": smsgw.__version__, "python": platform.python_version(), "rate": options.rate}
    if options.json:
        print(json.dumps({"about": about, **result}))
    else:
        for name, value in {**about, **result}.items():
            print(f"{name:<20}{value}")
    if result["not_kept"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
