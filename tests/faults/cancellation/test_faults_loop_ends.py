"""Programs whose event loop ends in the middle, each in a process of its own: nothing twice, and not a word on stderr."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from random import Random

import pytest

from smsgw.sandbox import Ledger
from smsgw.testing import SandboxServer
from tests.faults.cancellation import endings
from tests.faults.scale import SEEDS

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0
"""Seconds after which a process hangs."""
DELAY = 1.0
"""Seconds that the gateway takes to answer: the programs end between request and reply."""
RUNS = SEEDS[::5]
"""Processes cost most of a second each, and the seed chooses nothing but how soon the gateway answers."""

ENDS_BY = {
    "block_fails": "ended by LookupError",
    "interrupted": "ended by KeyboardInterrupt",
    "interrupted_twice": "ended by KeyboardInterrupt",
    "interrupted_unclosed": "ended by KeyboardInterrupt",
    "interrupted_stream": "ended by KeyboardInterrupt",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("endings")


@cache
def ran(folder: Path, seed: int) -> tuple[Path, Ledger]:
    """All programs before one gateway, with everything switched on that complains: what they said, what it took."""
    said = folder / str(seed)
    said.mkdir()
    with SandboxServer() as server:
        server.faults["iba"].delay = DELAY if seed == 0 else Random(seed).uniform(0.01, DELAY)
        subprocess.run(
            [sys.executable, "-W", "error", "-m", endings.__name__, server.url_for("iba"), str(said)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1"},
            check=True,
            timeout=PATIENCE,
        )
        return said, server.ledger


@pytest.mark.parametrize("seed", RUNS)
@pytest.mark.parametrize("name", endings.PROGRAMS)
def test_a_loop_may_end_at_any_time(folder: Path, name: str, seed: int) -> None:
    """The process ends by what ended it, says nothing else, and what it told is in the gateway's ledger once."""
    said, ledger = ran(folder, seed)
    assert (said / f"{name}.err").read_text() == ""
    assert (said / f"{name}.status").read_text() == "0"
    *told, end = (said / f"{name}.out").read_text().splitlines()
    # Where the gateway answers quickly, it may do so before the end.
    assert end == ENDS_BY.get(name, "ended") or (seed and end == "ended")
    numbers = endings.numbers(name)
    taken = {(message.recipient, message.text) for message in ledger.messages if message.recipient in numbers}
    assert not ledger.sent_twice()
    for line in told:
        recipient, state, text = line.split(" ")
        assert ((recipient, text) in taken) == (state == "accepted")
        assert state in {"accepted", "rejected"}
