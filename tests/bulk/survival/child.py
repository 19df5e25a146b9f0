"""A process that sends a campaign, and that can die: `smsgw bulk` without its command line, and started in no time.

Run as a script it imports everything once and then forks for each campaign that standard input names, a line of JSON.
On standard output stand the process ID, what the run tells of itself, and how the process ended, a line each.
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy.dialects.sqlite.aiosqlite  # noqa: F401 - so that it is there before the fork

from smsgw.bulk import BulkError, BulkRun, CsvSource, Ending, Progress
from smsgw.dispatcher import Dispatcher
from smsgw.sheets import Sheet
from smsgw.tracking import waits
from tests.bulk.survival.spreadsheets import TEXT

__all__: Final = ()


def _tell(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class _Told(Progress):
    """A progress that tells each phase as it begins."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "phase":
            _tell("phase", value)


_HURRY: Final = {"FIRST": 0.05, "FIRST_IN_WINDOW": 0.1, "LEAST": 0.1, "MOST": 0.3, "_AFTER_FAILURE": 0.1}
"""Seconds between two questions about a message."""


async def _campaign(config: str, file: str, journal: str, results: str, track: str = "") -> int:
    """`track` is the seconds of it; there is none where that is empty."""
    if track:
        vars(waits).update(_HURRY)
    async with Dispatcher.from_config(config) as sms:
        run = BulkRun(
            sms,
            CsvSource(Sheet(Path(file)), TEXT),
            journal=journal,
            results=results,
            track=float(track) if track else None,
        )
        _stop_on_signals(run.stop)
        _tell("phase ready")
        run.progress = _Told()
        try:
            summary = await run.run()
        except BulkError as error:
            _tell("refused", error)
            return 2
        if summary.failure is not None:
            _tell("failed", summary.failure)
    if summary.ending is Ending.STOPPED:
        return 130
    return 0 if summary.all_accepted else 1


def _stop_on_signals(stop: Callable[[], None]) -> None:
    """They stay caught until the process has ended: one that comes too late is no reason to die of it."""
    loop = asyncio.get_running_loop()

    def caught(*_: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, caught)


def _serve() -> None:
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            try:
                status = asyncio.run(_campaign(*json.loads(line)))
            except BaseException:  # noqa: BLE001 - whatever it is, it must not go on as the parent
                traceback.print_exc()
                status = 70
            sys.stderr.flush()
            os._exit(status)
        _tell("pid", pid)
        # It stays a zombie until the next line comes: a signal that is late reaches nobody else.
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        if ended is not None:
            _tell("ended", ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)
        sys.stdin.readline()
        os.waitpid(pid, 0)


if __name__ == "__main__":
    _serve()
