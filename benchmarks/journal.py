"""What the journal costs: a bulk run beside the same send without it, and the memory of long ones.

Without it: the same file, text and results, through `send_many`; killed in the middle, nobody knows who got a message.
Both send to the same gateway process, in turns (A B A B …) within one run; compared is the median of the pairs' ratios
of CPU time, all threads of the process included. Memory is the largest that a process of its own ever had.
"""

import argparse
import asyncio
import csv
import json
import multiprocessing
import platform
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from gateway import gateway

import smsgw
from smsgw import bulk
from smsgw.sheets import Sheet, Template

TEXT = "Hi {name}, your order is ready"
CONNECTIONS = 20
TARGET = 2.0
MOST_GROWTH = 1.2
MOST_MEGABYTES = 250


def make_input(path: Path, rows: int, *, personal: bool) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["phone", "name", "city"])
        writer.writerows(
            [f"79{number:09d}", f"Anna {number}" if personal else "Anna", "Tbilisi"] for number in range(rows)
        )


def dispatcher(url: str) -> smsgw.Dispatcher:
    provider = {"login": "test", "password": "test", "sender": "TESTSMS", "url": url}
    return smsgw.Dispatcher.from_config({"providers": {"iba": {**provider, "max_connections": CONNECTIONS}}})


async def without(url: str, source: Path, folder: Path) -> int:
    """`send_many`, and the results in the order of completion."""
    sheet = Sheet(source)
    fill = Template(TEXT, sheet.columns).fill
    cells: dict[int, tuple[object, ...]] = {}

    def messages() -> Iterator[smsgw.Message]:
        for row in sheet:
            message = smsgw.Message(to=row.phone, text=fill(row.cells))
            cells[id(message)] = (row.phone, *row.cells)
            yield message

    accepted = 0
    with (folder / "without.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        async with dispatcher(url) as sms:
            async for outcome in sms.send_many(messages()):
                accepted += outcome.state is smsgw.State.ACCEPTED
                known = (outcome.state, outcome.provider, outcome.message_id, outcome.segments, outcome.error)
                writer.writerow((*known, *cells.pop(id(outcome.message))))
    return accepted


async def with_journal(url: str, source: Path, folder: Path) -> int:
    for left in folder.glob("run.db*"):
        left.unlink()
    async with dispatcher(url) as sms:
        summary = await bulk.run(
            sms,
            bulk.CsvSource(Sheet(source), TEXT),
            journal=folder / "run.db",
            results=folder / "results.csv",
        )
    return summary.accepted


Job = Callable[[str, Path, Path], Awaitable[int]]


def cpu(job: Job, url: str, source: Path, folder: Path, rows: int) -> tuple[float, float]:
    """CPU and wall seconds a recipient."""
    began, began_wall = time.process_time(), time.perf_counter()
    accepted = asyncio.run(job(url, source, folder))  # type: ignore[arg-type]  # each job is a coroutine function
    if accepted != rows:
        raise SystemExit(f"{accepted} of {rows} were accepted: nothing to compare")
    return (time.process_time() - began) / rows, (time.perf_counter() - began_wall) / rows


def price(url: str, folder: Path, rows: int, pairs: int, *, personal: bool) -> dict[str, object]:
    source = folder / "input.csv"
    make_input(source, rows, personal=personal)
    ratios: list[float] = []
    micros: list[tuple[float, float]] = []
    rates: list[tuple[float, float]] = []
    for _ in range(pairs):
        base, base_wall = cpu(without, url, source, folder, rows)
        mine, mine_wall = cpu(with_journal, url, source, folder, rows)
        ratios.append(mine / base)
        micros.append((base * 1e6, mine * 1e6))
        rates.append((1 / base_wall, 1 / mine_wall))
    return {
        "what": "a text of its own for each" if personal else "one text for all",
        "without_cpu_us": round(statistics.median(micro[0] for micro in micros), 1),
        "with_cpu_us": round(statistics.median(micro[1] for micro in micros), 1),
        "without_a_second": round(statistics.median(rate[0] for rate in rates)),
        "with_a_second": round(statistics.median(rate[1] for rate in rates)),
        "ratio": round(statistics.median(ratios), 2),
    }


def _run_once(url: str, source: Path, folder: Path, answer: Connection) -> None:
    began = time.perf_counter()
    accepted = asyncio.run(with_journal(url, source, folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.send((accepted, peak, time.perf_counter() - began))


def memory(url: str, folder: Path, rows: int) -> dict[str, float]:
    """Of one run in a process of its own."""
    source = folder / f"input-{rows}.csv"
    make_input(source, rows, personal=False)
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_run_once, args=(url, source, folder, there)
    )
    process.start()
    there.close()
    try:
        accepted, peak, seconds = here.recv()
    except EOFError:
        raise SystemExit(f"the run of {rows} rows failed") from None
    process.join()
    if accepted != rows:
        raise SystemExit(f"{accepted} of {rows} were accepted: nothing to measure")
    return {"rows": rows, "peak_mb": round(peak, 1), "a_second": round(rows / seconds)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000, help="of each turn")
    parser.add_argument("--pairs", type=int, default=5, help="turns of each")
    parser.add_argument(
        "--memory",
        type=int,
        nargs="*",
        default=[100_000, 1_000_000],
        help="rows of the runs whose memory is told",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, gateway() as url:
        folder = Path(name)
        price(url, folder, 2000, 1, personal=False)  # imports, code paths and caches are warm
        prices = [
            price(url, folder, options.rows, options.pairs, personal=personal) for personal in (False, True)
        ]
        runs = [memory(url, folder, rows) for rows in options.memory]
    about = {"smsgw": smsgw.__version__, "python": platform.python_version(), "rows": options.rows}
    if options.json:
        print(json.dumps({"about": about, "prices": prices, "memory": runs}))
        return
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    print(f"{'':<28}{'CPU µs without':>16}{'with':>8}{'a second without':>18}{'with':>8}{'times':>8}")
    for row in prices:
        print(
            f"{row['what']:<28}{row['without_cpu_us']:>16}{row['with_cpu_us']:>8}"
            f"{row['without_a_second']:>18}{row['with_a_second']:>8}{row['ratio']:>8}"
        )
    print(f"target: at most {TARGET} times the CPU time")
    for run in runs:
        print(f"{run['rows']:>10} rows: at most {run['peak_mb']} MB, {run['a_second']} recipients a second")
    if len(runs) > 1:
        growth = runs[-1]["peak_mb"] / runs[0]["peak_mb"]
        print(
            f"target: at most {MOST_MEGABYTES} MB, and {MOST_GROWTH} times that of the first; it is {growth:.2f}"
        )


if __name__ == "__main__":
    main()
