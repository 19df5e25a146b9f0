"""A dispatcher for one command, and what Ctrl-C does to it.

The first Ctrl-C (or SIGTERM) closes the dispatcher: it begins nothing more and waits for what is in flight, so that
every recipient still has an outcome to print. The second ends the process at once, after it has told what is known.
"""

import asyncio
import contextlib
import os
import signal
import threading
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, NoReturn, Self, TypeVar

from smsgw.cli.failing import CommandFailed, Interrupted
from smsgw.cli.output import complain
from smsgw.config import InsecureUrlWarning
from smsgw.dispatcher import Dispatcher
from smsgw.models import Message, Submission
from smsgw.planning import Forecast
from smsgw.sending import Watch, submit

__all__ = ["Signals", "Sms", "end_at_once", "open_dispatcher", "run", "supervised"]

T = TypeVar("T")
D = TypeVar("D", bound=Dispatcher)

_GRACE: Final = 0.2
"""Seconds that closing may take without a word."""
_GLANCE: Final = 0.5
"""Seconds after which a signal is seen that woke nobody."""


class Sms(Dispatcher):
    """A dispatcher that lets the command see more: outcomes while a message is on its way, and long lists' forecasts."""

    async def submit_watched(self, message: Message, timeout: float | None, watch: Watch) -> Submission:
        """`submit`; `watch` is handed what tells the outcomes so far."""
        return await submit(self._engine, message, timeout, watch)

    def forecast(self, *, find_duplicates: bool = True) -> Forecast:
        """What sending a list would do; to be told its rows."""
        return Forecast(self._engine.router, find_duplicates=find_duplicates)


def open_dispatcher(config: Path | None) -> Sms:
    """The dispatcher of a file or of the environment; what configuration warns of is a line each."""
    if config is None and not any(os.environ.get(name, "").strip() for name in ("SMSGW_CONFIG", "SMSGW_DSN")):
        raise CommandFailed(
            "no configuration: give --config FILE, or set SMSGW_CONFIG to the path of a TOML file, "
            "or SMSGW_DSN to driver://login:password@host/path/"
        )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InsecureUrlWarning)
        sms = Sms.from_env() if config is None else Sms.from_config(config)
    for warning in caught:
        complain(warning.message, "warning")
    return sms


def run(
    sms: D,
    work: Callable[[D], Awaitable[T]],
    show: Callable[[T], object] | None = None,
    last_words: Callable[[], object] | None = None,
) -> tuple[T, int]:
    """What the work came to, and the exit status of an interruption: 0 if there was none.

    `show` prints the result before what is still in flight ends; `last_words` prints what is known so far, where the
    command is made to end without a result.
    """
    return asyncio.run(supervised(sms, work, show, last_words))


async def supervised(
    sms: D,
    work: Callable[[D], Awaitable[T]],
    show: Callable[[T], object] | None = None,
    last_words: Callable[[], object] | None = None,
) -> tuple[T, int]:
    """`run`, within a loop. Raises `Interrupted` where the work came to nothing."""
    loop = asyncio.get_running_loop()
    closing: list[asyncio.Task[None]] = []
    told = False
    """All that can be told has been, or is being told."""
    hurried = False

    def close() -> None:
        if told:
            end_at_once(signals.status)
        complain("interrupted: waiting for what is in flight; again Ctrl-C ends at once", "warning")
        closing.append(loop.create_task(sms.aclose()))

    def end(status: int) -> None:
        nonlocal hurried
        if told or hurried or last_words is None:
            end_at_once(status)
        hurried = True
        loop.call_soon_threadsafe(say_and_end, last_words, status)

    def say_and_end(say: Callable[[], object], status: int) -> None:
        try:
            if not told:
                say()
        finally:
            end_at_once(status)

    with Signals(close, end) as signals:
        async with sms:
            try:
                result = await work(sms)
            except RuntimeError:  # the dispatcher's, closed before the work could begin or end
                if not signals.status:
                    raise
                raise Interrupted(signals.status) from None
            if show is not None:
                told = True
                show(result)
                await _close_patiently(sms)
        for task in closing:
            await task
    return result, signals.status


async def _close_patiently(sms: Dispatcher) -> None:
    """Close, and where that takes time, say what it waits for."""
    task = asyncio.get_running_loop().create_task(sms.aclose())
    done, _ = await asyncio.wait([task], timeout=_GRACE)
    if not done:
        complain("still waiting for what is in flight; Ctrl-C ends at once", "warning")
    await task


class Signals:
    """SIGINT and SIGTERM within a running loop: the first calls `first`, the second calls `second`."""

    def __init__(self, first: Callable[[], object], second: Callable[[int], object]) -> None:
        self.status = 0
        """The exit status of the signal that came; 0 while none has."""
        self._first = first
        self._second = second
        self._loop = asyncio.get_running_loop()
        self._before: dict[signal.Signals, Any] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._came)
            self._glance()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        if self._timer is not None:
            self._timer.cancel()

    def _glance(self) -> None:
        """A signal just before the loop falls asleep, or to another thread, does not wake it; this does."""
        self._timer = self._loop.call_later(_GLANCE, self._glance)

    def _came(self, number: int, frame: FrameType | None) -> None:
        if self.status:
            self._second(self.status)
            return
        self.status = 128 + number
        self._loop.call_soon_threadsafe(self._first)


def end_at_once(status: int, words: str = "interrupted; what was in flight is unknown") -> NoReturn:
    """The second signal: one line, and no more."""
    with contextlib.suppress(OSError):  # there may be no standard error
        os.write(2, f"error: {words}\n".encode())
    os._exit(status)
