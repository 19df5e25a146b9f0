"""A dispatcher for one command, and what Ctrl-C does to it.

The first Ctrl-C (or SIGTERM) closes the dispatcher: it begins nothing more and waits for what is in flight, so that
every recipient still has an outcome to print. The second ends the process at once.
"""

import asyncio
import os
import signal
import threading
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from smsgw.cli.failing import Interrupted
from smsgw.cli.output import complain
from smsgw.config import InsecureUrlWarning
from smsgw.dispatcher import Dispatcher

__all__ = ["Signals", "open_dispatcher", "run", "supervised"]

T = TypeVar("T")


def open_dispatcher(config: Path | None) -> Dispatcher:
    """The dispatcher of a file or of the environment; what configuration warns of is a line each."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InsecureUrlWarning)
        sms = Dispatcher.from_env() if config is None else Dispatcher.from_config(config)
    for warning in caught:
        complain(warning.message, "warning")
    return sms


def run(sms: Dispatcher, work: Callable[[Dispatcher], Awaitable[T]]) -> tuple[T, int]:
    """What the work came to, and the exit status of an interruption: 0 if there was none."""
    return asyncio.run(supervised(sms, work))


async def supervised(sms: Dispatcher, work: Callable[[Dispatcher], Awaitable[T]]) -> tuple[T, int]:
    """`run`, within a loop. Raises `Interrupted` where the work came to nothing."""
    closing: list[asyncio.Task[None]] = []

    def close() -> None:
        complain("interrupted: waiting for what is in flight; again Ctrl-C ends at once", "warning")
        closing.append(asyncio.get_running_loop().create_task(sms.aclose()))

    with Signals(close, _end_at_once) as signals:
        async with sms:
            try:
                result = await work(sms)
            except RuntimeError:  # the dispatcher's, closed before the work could begin or end
                if not signals.status:
                    raise
                raise Interrupted(signals.status) from None
        for task in closing:
            await task
    return result, signals.status


class Signals:
    """SIGINT and SIGTERM within a running loop: the first calls `first`, the second calls `second`."""

    def __init__(self, first: Callable[[], object], second: Callable[[int], object]) -> None:
        self.status = 0
        """The exit status of the signal that came; 0 while none has."""
        self._first = first
        self._second = second
        self._loop = asyncio.get_running_loop()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._came)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _came(self, number: int, frame: FrameType | None) -> None:
        if self.status:
            self._second(self.status)
            return
        self.status = 128 + number
        self._loop.call_soon_threadsafe(self._first)


def _end_at_once(status: int) -> None:
    os.write(2, b"error: interrupted; what was in flight is unknown\n")
    os._exit(status)
