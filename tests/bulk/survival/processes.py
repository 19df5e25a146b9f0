"""Processes that send a campaign: forked from `child.py`, or the real command line."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.bulk.survival.spreadsheets import TEXT

__all__ = ["Forked", "Nursery", "command"]

ROOT: Final = Path(__file__).parents[3]
_PATIENCE: Final = 20.0
"""Seconds after which a process hangs."""


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


class Forked:
    """One run in a process of its own."""

    def __init__(self, lines: "queue.Queue[str]") -> None:
        self.said: list[str] = []
        """What it told, but for its phases."""
        self.status: int | None = None
        self.phase = "start"
        self._lines = lines
        self.pid = int(self._next(_PATIENCE).removeprefix("pid "))

    def reaches(self, phase: str) -> bool:
        """Wait until it tells that this phase begins; False where it ends before."""
        while self.phase != phase and self.status is None:
            self._read(_PATIENCE)
        return self.status is None

    def sleep(self, seconds: float) -> bool:
        """Wait so long; False where it ends before."""
        end = time.monotonic() + seconds
        while self.status is None and (left := end - time.monotonic()) > 0:
            try:
                self._read(left)
            except queue.Empty:
                break
        return self.status is None

    def send(self, number: int) -> None:
        """A signal to it and nobody else: it is waited for only when the next one starts."""
        os.kill(self.pid, number)

    def ended(self) -> int:
        """Wait for its end: its exit status, or the signal that ended it, as a negative number."""
        while self.status is None:
            self._read(_PATIENCE)
        return self.status

    def _next(self, timeout: float) -> str:
        return self._lines.get(timeout=timeout)

    def _read(self, timeout: float) -> None:
        kind, _, rest = self._next(timeout).partition(" ")
        if kind == "phase":
            self.phase = rest
        elif kind == "ended":
            self.status = int(rest)
        else:
            self.said.append(f"{kind} {rest}")


class Nursery:
    """Forks processes, one at a time."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("child.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=_environment(),
        )
        self._reader = threading.Thread(target=self._follow)
        self._reader.start()
        self._last: Forked | None = None

    def start(self, *words: Path | str) -> Forked:
        """A run of `config, file, journal, results`, and seconds to track; the one before has ended, or is killed."""
        if self._last is not None:
            if self._last.status is None:
                self._last.send(signal.SIGKILL)
            self._last.ended()
            self._write("")
        self._write(json.dumps([str(word) for word in words]))
        self._last = Forked(self._lines)
        return self._last

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._last is not None and self._last.status is None:
            self._last.send(signal.SIGKILL)
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        self._process.stdin.close()
        complaints = self._process.stderr.read()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.stderr.close()
        self._process.wait()
        if error is None:
            assert complaints == "", complaints
        elif complaints:
            error.add_note(complaints)

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _follow(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip("\n"))


@contextmanager
def command(config: Path, file: Path, journal: Path, results: Path) -> Iterator["subprocess.Popen[str]"]:
    """`smsgw bulk` as a user types it."""
    words: Sequence[object] = ("bulk", file, "--text", TEXT, "--journal", journal, "--results", results)
    with subprocess.Popen(
        [sys.executable, "-m", "smsgw", *map(str, words), "--config", str(config), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
