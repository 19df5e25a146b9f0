"""All benchmarks one after the other, each in a process of its own: CPU µs a recipient, recipients a second, ms, MB.

Everything is sent to one small fast server in its own process, and what is compared took turns (A B A B …). Each
script can be run alone, and its `--help` says what it measures: overhead, peers, latency, growth, journal, imports,
tails. A target that is not reached is told and is no error; wrong work is one. The sizes of all follow
`--recipients`, and their turns `--pairs`.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drawing
from growth import SIZES
from options import positive
from report import document, in_markdown, in_text

HERE = Path(__file__).parent


def _scripts(recipients: int, pairs: int) -> Iterator[tuple[str, list[str]]]:
    """Each with arguments that let it take about as long as the others."""
    turns = ["--pairs", str(pairs)]
    yield "overhead", ["--recipients", str(recipients), *turns]
    yield "peers", ["--recipients", str(max(1, recipients // 8)), *turns]
    yield "latency", ["--recipients", str(recipients), *turns]
    sizes = [size for size in SIZES if size <= max(SIZES[0], recipients * 50)]
    yield "growth", ["--pairs", str(min(pairs, 3)), "--sizes", *map(str, sizes)]
    yield "journal", ["--rows", str(max(1, recipients // 2)), *turns, "--memory"]
    yield "imports", turns
    yield "tails", ["--recipients", str(max(1, recipients // 2)), *turns]


def _made_by(script: str, arguments: list[str]) -> dict[str, Any]:
    command = [sys.executable, str(HERE / f"{script}.py"), *arguments, "--json"]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    if run.returncode:
        raise SystemExit(f"{script} failed: it ended with {run.returncode}")
    made: dict[str, Any] = json.loads(run.stdout)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipients", type=positive, default=20_000, help="in each turn (default 20000)")
    parser.add_argument("--pairs", type=positive, default=5, help="turns of each (default 5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there, too")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw them there, too")
    parser.add_argument(
        "--markdown", action="store_true", help="print Markdown at the end, and no tables before"
    )
    options = parser.parse_args()
    facts: dict[str, object] = {}
    tables: list[dict[str, Any]] = []
    for script, arguments in _scripts(options.recipients, options.pairs):
        made = _made_by(script, arguments)
        facts |= made["about"]
        tables += made["tables"]
        if not options.markdown:
            print(in_text(made), end="\n\n", flush=True)
    results = document(facts, *tables)
    if options.markdown:
        print(in_markdown(results))
    if options.json is not None:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=2) + "\n", "utf-8")
    if options.svg is not None:
        options.svg.write_text(drawing.draw(results), "utf-8")


if __name__ == "__main__":
    main()
