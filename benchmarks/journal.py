"""What the journal costs, in CPU µs a recipient: a bulk run beside the same send without it; and in MB, on long runs.

Without it: the same file, text and results, through `send_many`; killed in the middle, nobody knows who got a message.
Both send to the same gateway process, in turns (A B A B …) within one run; compared is the median of the pairs' ratios
of CPU time, all threads of the process included. Memory is the largest that a process of its own ever had.
"""

import argparse
import asyncio
import csv
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import apart
from gateway import Gateway, counting
from options import parser, positive
from report import about, deliver, document, table, target
from sdk import dispatcher
from turns import COLUMNS, in_turns

import smsgw
from smsgw import bulk
from smsgw.sheets import Sheet, Template

TEXT = "Hi {name}, your order is ready"
WITHOUT, WITH = "send_many, results in a file", "bulk.run, with its journal"
TARGET = 2.0
MOST_GROWTH = 1.2
MOST_MEGABYTES = 250


def make_input(path: Path, numbers: Sequence[str], *, personal: bool) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["phone", "name", "city"])
        writer.writerows((number, f"Anna {number}" if personal else "Anna", "Tbilisi") for number in numbers)


async def without(url: str, folder: Path) -> int:
    """`send_many`, and the results in the order of completion."""
    sheet = Sheet(folder / "input.csv")
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


async def with_journal(url: str, folder: Path) -> int:
    for left in folder.glob("run.db*"):
        left.unlink()
    async with dispatcher(url) as sms:
        summary = await bulk.run(
            sms,
            bulk.CsvSource(Sheet(folder / "input.csv"), TEXT),
            journal=folder / "run.db",
            results=folder / "results.csv",
        )
    return summary.accepted


def price(
    running: Gateway, folder: Path, rows: int, pairs: int, *, personal: bool
) -> list[dict[str, object]]:
    numbers = [f"79{number:09d}" for number in range(rows)]
    make_input(folder / "input.csv", numbers, personal=personal)

    def job(send: Callable[[str, Path], Coroutine[Any, Any, int]], _: Sequence[str]) -> int:
        return asyncio.run(send(running.url, folder))  # the numbers are in the file

    others = {WITH: partial(job, with_journal)}
    return in_turns((WITHOUT, partial(job, without)), others, numbers, pairs, running.taken, warm=0).rows()


def _run_once(url: str, folder: Path) -> tuple[int, float, float]:
    began = time.perf_counter()
    accepted = asyncio.run(with_journal(url, folder))
    return accepted, apart.peak_megabytes(), time.perf_counter() - began


def memory(url: str, folder: Path, rows: int) -> dict[str, object]:
    """Of one run in a process of its own."""
    make_input(folder / "input.csv", [f"79{number:09d}" for number in range(rows)], personal=False)
    accepted, peak, seconds = apart.call(_run_once, url, folder)
    if accepted != rows:
        raise SystemExit(f"{accepted} of {rows} were accepted: nothing to measure")
    return {"what": f"{rows:,}", "peak_mb": round(peak, 1), "a_second": round(rows / seconds)}


def _priced(name: str, title: str, rows: list[dict[str, object]]) -> dict[str, Any]:
    columns = COLUMNS | {"ratio": "times without it"}
    return table(name, title, columns, rows, [target(title, float(str(rows[1]["ratio"])), TARGET)])


def _remembered(runs: list[dict[str, object]]) -> dict[str, Any]:
    peaks = [float(str(run["peak_mb"])) for run in runs]
    columns = {"what": "rows", "peak_mb": "peak MB", "a_second": "recipients a second"}
    targets = [target("peak MB", max(peaks), MOST_MEGABYTES)]
    if len(runs) > 1:
        targets.append(target("times that of the first", peaks[-1] / peaks[0], MOST_GROWTH))
    return table("journal-memory", "Memory of a bulk run with its journal", columns, runs, targets)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name, counting() as running:
        folder = Path(name)
        price(running, folder, 2000, 1, personal=False)  # imports, code paths and caches are warm
        tables = [
            _priced(
                f"journal-{kind}",
                title,
                price(running, folder, options.rows, options.pairs, personal=personal),
            )
            for kind, title, personal in (
                ("one", "A bulk run with its journal, one text for all", False),
                ("personal", "A bulk run with its journal, a text of its own for each", True),
            )
        ]
        if options.memory:
            tables.append(_remembered([memory(running.url, folder, rows) for rows in options.memory]))
    return document(about("sqlalchemy", "aiosqlite", rows=options.rows, pairs=options.pairs), *tables)


def main() -> None:
    options = parser(__doc__, pairs=5)
    options.add_argument("--rows", type=positive, default=20_000, help="of each turn (default 20000)")
    options.add_argument(
        "--memory",
        type=positive,
        nargs="*",
        default=[100_000, 1_000_000],
        help="rows of the runs whose memory is told (default 100000 1000000)",
    )
    asked = options.parse_args()
    deliver(asked, measure(asked))


if __name__ == "__main__":
    main()
