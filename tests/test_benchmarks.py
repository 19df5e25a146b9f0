"""The benchmarks' arithmetic, their picture and their commands; what they measure is no test's business."""

import argparse
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.drawing import draw
from benchmarks.options import positive
from benchmarks.replies import reply_to
from benchmarks.report import document, in_markdown, in_text, table, target
from benchmarks.turns import Contest, Turn, in_turns, turn

HERE = Path(__file__).parent.parent / "benchmarks"
UNITS = {
    "overhead": "CPU time in µs a recipient",
    "peers": "CPU time in µs a recipient",
    "latency": "share in % of the ideal",
    "growth": "memory in MB",
    "journal": "CPU µs a recipient",
    "imports": "CPU time in ms",
    "tails": "Latency in ms",
    "run": "recipients a second",
    "drawing": "recipients a second",
}
_SVG = "{http://www.w3.org/2000/svg}"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
        env={"PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}", "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"},
    )


def contest(*pairs: tuple[float, float], name: str = "mine") -> Contest:
    """Of CPU times, the base's first; by the clock all take twice as long."""
    return Contest(
        "base", {name: [(Turn(base, 2 * base), Turn(mine, 2 * mine, 0.5)) for base, mine in pairs]}
    )


# The arithmetic.


def test_the_ratio_is_the_median_of_the_pairs_and_not_that_of_the_medians() -> None:
    """Pairs whose turns a busy machine slowed down together say the same as those that it let alone."""
    rows = contest((1e-6, 2e-6), (10e-6, 30e-6), (2e-6, 3e-6)).rows()
    assert rows[0]["ratio"] == 1.0
    assert rows[1] == {
        "what": "mine",
        "cpu_us": 3.0,
        "a_second": 166667,
        "ratio": 2.0,
        "lowest": 1.5,
        "highest": 3.0,
        "requests": 0.5,
    }


def test_the_base_is_told_by_all_its_turns() -> None:
    """It has had one before each of the others'."""
    made = contest((1e-6, 2e-6), (3e-6, 3e-6))
    made.pairs |= contest((5e-6, 5e-6), (9e-6, 9e-6), name="other").pairs
    assert made.rows()[0]["cpu_us"] == 4.0
    assert made.beside("other", "mine") == pytest.approx((5 / 2 + 9 / 3) / 2)


def test_jobs_take_turns() -> None:
    """The base comes before each of the others, after one turn of each that is not counted."""
    done: list[str] = []
    sent = 0

    def job(name: str) -> Callable[[Sequence[str]], int]:
        def send(numbers: Sequence[str]) -> int:
            nonlocal sent
            done.append(name)
            sent += len(numbers)
            return len(numbers)

        return send

    def taken() -> tuple[int, int]:
        nonlocal sent
        count, sent = sent, 0
        return count, count

    made = in_turns(("a", job("a")), {"b": job("b"), "c": job("c")}, ["79000000000"] * 3, 2, taken)
    assert done == ["a", "b", "c", *["a", "b", "a", "c"] * 2]
    assert [len(made.turns(name)) for name in "abc"] == [4, 2, 2]
    assert made.rows()[2]["requests"] == 1.0


@pytest.mark.parametrize(("accepted", "came"), [(1, 2), (2, 1)])
def test_wrong_work_is_not_compared(accepted: int, came: int) -> None:
    """What was not accepted, or did not come to the gateway, ends the benchmark with a clear line."""
    with pytest.raises(
        SystemExit, match=rf"mine: of 2 recipients {came} came .* {accepted} were accepted: nothing"
    ):
        turn(lambda _: accepted, ["79000000000", "79000000001"], lambda: (1, came), "mine")


@pytest.mark.parametrize(
    ("head", "body", "status", "recipients"),
    [
        (b"GET /sendsms.php?text=a&dadr=79000000000,79000000001 HTTP/1.1", b"", b"200", 2),
        (b"POST /2010-04-01/Accounts/AC0/Messages.json HTTP/1.1", b"To=%2B79000000000&Body=a", b"201", 1),
        (b"POST /jsonrpc/sms HTTP/1.1", b'{"params": {"to": "79000000000"}}', b"200", 1),
        (b"POST /elsewhere HTTP/1.1", b"To=79000000000", b"404", 0),
    ],
)
def test_the_gateway_counts_whom_a_request_is_for(
    head: bytes, body: bytes, status: bytes, recipients: int
) -> None:
    """As each of the protocols says it; what it does not know it refuses, and so nobody is compared by that."""
    reply, counted = reply_to(head + b"\r\nHost: x", body)
    assert reply.startswith(b"HTTP/1.1 " + status)
    assert counted == recipients
    beginning, _, content = reply.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(content) in beginning


# What is told.


def results() -> dict[str, Any]:
    columns = {"what": "", "ratio": "times"}
    rows = [{"what": "bare aiohttp", "ratio": 1.0}, {"what": "send_many <&>", "ratio": 1.234}]
    peers = [{"what": "smsgw, single sends", "a_second": 6543}, {"what": "httpx", "a_second": 1234.0}]
    return document(
        {"smsgw": "0.1.0", "pairs": 5},
        table(
            "overhead-10", "Batches", columns, rows, [target("it", 1.234, 1.3), target("it", 1, 1, more=True)]
        ),
        table("peers", "Peers", {"what": "", "a_second": "a second"}, peers),
    )


def test_a_target_that_is_not_reached_is_told_plainly() -> None:
    """Beside each figure stand its target and whether it is reached."""
    for told in (in_text(results()), in_markdown(results())):
        assert "it: 1.234, target at most 1.3: reached" in told
        assert "it: 1, target more than 1: not reached" in told
        assert "smsgw 0.1.0, pairs 5" in told
    assert "| smsgw, single sends | 6,543 |" in in_markdown(results())


def test_the_picture_is_a_picture_with_the_figures_and_says_them_in_words() -> None:
    """It is read by people, in two themes, and by those who cannot see it."""
    root = ET.fromstring(draw(results()))
    assert (root.tag, root.get("role")) == (f"{_SVG}svg", "img")
    texts = [text.text or "" for text in root.iter(f"{_SVG}text")]
    assert {"send_many <&>, batches of 10", "1.23", "6,543", "1,234"} <= set(texts)
    assert root.get("aria-labelledby") == "title desc"
    words = root.findtext(f"{_SVG}desc") or ""
    assert "1.23" in words
    assert "httpx: 1,234" in words
    assert "prefers-color-scheme: dark" in (root.findtext(f"{_SVG}style") or "")


def test_there_is_a_picture_beside_the_readme_and_it_is_one() -> None:
    """It was drawn by the suite."""
    root = ET.parse(HERE.parent / "benchmarks.svg").getroot()
    assert "Beside what people use instead" in (root.findtext(f"{_SVG}desc") or "")


# The commands.


_HELPS = """
import contextlib, io, json, runpy, sys

helps = {}
for script in sys.argv[1:]:
    sys.argv = [script, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            helps[script] = (end.code, out.getvalue())
print(json.dumps(helps))
"""


def test_each_script_says_what_it_measures_and_in_which_unit() -> None:
    """`--help` needs none of the peers."""
    scripts = {str(HERE / f"{script}.py"): unit for script, unit in UNITS.items()}
    ended = run("-c", _HELPS, *scripts)
    assert ended.stderr == ""
    helps = json.loads(ended.stdout)
    for script, unit in scripts.items():
        code, text = helps[script]
        assert code == 0, script
        assert unit in " ".join(text.split()), script


def test_a_bad_argument_gets_one_clear_line() -> None:
    """It says which one, and what is wrong with it."""
    ended = run(str(HERE / "drawing.py"), "none.json", "none.svg")
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith("drawing.py: error: none.json: ")
    with pytest.raises(argparse.ArgumentTypeError, match=r"'0' is not a whole number above 0"):
        positive("0")


def test_every_script_is_among_them() -> None:
    """One that is run is one that has a `main`; those with a page of their own are apart."""
    scripts = {
        path.stem
        for path in HERE.glob("*.py")
        if re.search(r"^def main", path.read_text("utf-8"), re.MULTILINE)
    }
    assert scripts == {*UNITS, "overload", "tracking"}


def test_a_small_run_tells_of_all() -> None:
    """The whole way: a gateway in its process, all jobs, JSON."""
    ended = run(str(HERE / "overhead.py"), "--recipients", "40", "--pairs", "1", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    made = json.loads(ended.stdout)
    assert {"smsgw", "aiohttp", "python", "machine"} <= made["about"].keys()
    told = {item["name"]: {row["what"]: row["requests"] for row in item["rows"]} for item in made["tables"]}
    ways = ["bare aiohttp", "raw asyncio, the floor", "send_many", "send of one list"]
    assert told == {
        "overhead-10": dict.fromkeys(ways, 0.1),
        "overhead-1": dict.fromkeys([*ways, "single sends"], 1.0),
    }
    assert all(one["limit"] and one["figure"] for item in made["tables"] for one in item["targets"])
