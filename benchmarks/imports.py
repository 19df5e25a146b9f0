"""CPU time in ms of `import smsgw` beside `import aiohttp`, each in a fresh interpreter.

In turns (A B A B …); compared is the median of the pairs' ratios. What is measured is the import statement alone,
without the interpreter's own start, with bytecode caches in place. Also without the extras, which are hidden from
the interpreter for it, and with them: the command `smsgw` (extra `cli`) and `smsgw.bulk` (extra `bulk`).
"""

import argparse
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

from options import parser
from report import about, deliver, document, table, target
from turns import Contest, Turn

EXTRAS = {"cli": ("typer", "rich"), "bulk": ("sqlalchemy", "aiosqlite")}
BASE, MINE = "import aiohttp", "import smsgw"
HIDDEN = "import smsgw, extras hidden"
MOST = 1.25
"""Times the CPU time of `import aiohttp`."""

_SCRIPT = """
import sys, time
for name in {hidden!r}:
    sys.modules[name] = None
cpu, wall = time.process_time(), time.perf_counter()
{statement}
print(time.process_time() - cpu, time.perf_counter() - wall)
"""


def _statements() -> dict[str, tuple[str, tuple[str, ...]]]:
    """What is imported beside aiohttp, and which packages are hidden from it; without an extra, not what needs it."""
    modules = tuple(module for extra in EXTRAS.values() for module in extra)
    found = {extra for extra, needed in EXTRAS.items() if all(map(find_spec, needed))}
    statements = {MINE: ("import smsgw", ()), HIDDEN: ("import smsgw", modules)}
    if "cli" in found:
        statements["import smsgw.cli.app (cli)"] = ("import smsgw.cli.app", ())
    if "bulk" in found:
        statements["import smsgw.bulk (bulk)"] = ("import smsgw, smsgw.bulk", ())
    return statements


def _import(statement: str, hidden: tuple[str, ...] = ()) -> Turn:
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT.format(statement=statement, hidden=hidden)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SystemExit(f"`{statement}` failed: nothing to compare")
    cpu, wall = map(float, run.stdout.split())
    return Turn(cpu, wall)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    statements = _statements()
    contest = Contest(BASE, {name: [] for name in statements})
    for statement, hidden in statements.values():
        _import(statement, hidden)  # bytecode is cached, files are in memory
    for _ in range(options.pairs):
        for name, (statement, hidden) in statements.items():
            contest.pairs[name].append((_import(BASE), _import(statement, hidden)))
    rows = [row | {"cpu_ms": round(float(str(row["cpu_us"])) / 1000, 1)} for row in contest.rows()]
    ratios = {row["what"]: float(str(row["ratio"])) for row in rows}
    made = table(
        "imports",
        "Imports in a fresh interpreter",
        {
            "what": "",
            "cpu_ms": "CPU ms",
            "ratio": "times aiohttp's",
            "lowest": "lowest ratio",
            "highest": "highest ratio",
        },
        rows,
        [target(MINE, ratios[MINE], MOST), target(HIDDEN, ratios[HIDDEN], MOST)],
    )
    return document(about("aiohttp", import_turns=options.pairs), made)


def main() -> None:
    options = parser(__doc__, pairs=15).parse_args()
    deliver(options, measure(options))


if __name__ == "__main__":
    main()
