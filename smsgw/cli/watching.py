"""A run of a campaign while it goes on: a bar on a terminal, elsewhere a line now and then. All on standard error.

Gateways' words come in here (why a run is paused), so all is plain text: no markup, nothing that a terminal acts on.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from smsgw.bulk import Phase, Progress
from smsgw.cli.delivering import tracking_counts, tracking_until
from smsgw.cli.output import STYLES, in_options, plain, remark

__all__ = ["Bar", "Lines", "Pace", "Watch"]

_LOOK: Final = 0.15
"""Seconds between two looks at the progress."""
_WINDOW: Final = 10.0
"""Seconds over which the rate is taken."""
_FIRST: Final = 5.0
"""Seconds before the first line: most runs have ended by then."""
_EVERY: Final = 12.0
"""Seconds between two lines."""
_ASKING: Final = "asking gateways what became of rows in doubt"
_WRITING: Final = "writing the results"
_DELIVERY_STYLES: Final = {"delivered": "green", "not delivered": "red"}
_ALWAYS_SHOWN: Final = ("accepted", "rejected", "unknown")

Clock = Callable[[], float]


class Pace:
    """What several looks at a `Progress` tell that one does not: how fast it goes, and whether it stands still."""

    def __init__(self, progress: Progress, clock: Clock = time.monotonic) -> None:
        self.progress = progress
        self.pause: str | None = None
        """Why it stands still. It is over once a row has come to its outcome: a try alone does not end it."""
        self.stopping = False
        """It was interrupted: it does not go on to the end."""
        self.clock = clock
        self._seen: deque[tuple[float, int]] = deque()
        self._done_at_pause = 0
        self._next_try_at = self._gives_up_at = 0.0

    def look(self) -> None:
        progress, now = self.progress, self.clock()
        if progress.phase is not Phase.SENDING:
            self._seen.clear()
            self.pause = None
            return
        self._seen.append((now, progress.done))
        while self._seen[0][0] < now - _WINDOW:
            self._seen.popleft()
        if progress.paused is not None:
            self.pause = progress.paused
            self._done_at_pause = progress.done
            self._next_try_at, self._gives_up_at = now + progress.next_try, now + progress.gives_up_in
        elif self.goes_on:
            self.pause = None

    @property
    def goes_on(self) -> bool:
        """Rows have come to their outcome since it stood still."""
        return self.progress.done != self._done_at_pause

    @property
    def total(self) -> int:
        """Rows that come to an outcome of their own."""
        return max(self.progress.done, self.progress.rows - self.progress.duplicates)

    @property
    def rate(self) -> float:
        """Rows a second, lately."""
        if len(self._seen) < 2:
            return 0.0
        (then, before), (now, done) = self._seen[0], self._seen[-1]
        return (done - before) / (now - then) if now > then else 0.0

    @property
    def seconds_left(self) -> float | None:
        """None where that cannot be said."""
        return (self.total - self.progress.done) / self.rate if self.rate > 0 else None

    @property
    def speed(self) -> str:
        if self.stopping:
            return "stopping"
        if self.seconds_left is None:
            return "0 a second"
        return f"{self.rate:.0f} a second, about {_lasting(self.seconds_left)} left"

    @property
    def deadline(self) -> str:
        """Of tracking."""
        return "stopping" if self.stopping else tracking_until(self.progress)

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Rows by state, the usual ones always."""
        states = self.progress.states
        return [(name, states[name]) for name in (*_ALWAYS_SHOWN, "held") if name != "held" or states[name]]

    @property
    def why(self) -> str:
        """Why it stands still, and until when."""
        now = self.clock()
        next_try = ""
        if self._next_try_at < self._gives_up_at:
            next_try = f"next try in {_lasting(max(0.0, self._next_try_at - now))}, "
        return (
            f"paused ({_words(self.pause or '')}); "
            f"{next_try}gives up in {_lasting(max(0.0, self._gives_up_at - now))}"
        )

    @property
    def troubles(self) -> list[str]:
        """Who takes nothing now while others do."""
        if self.pause is not None:
            return []
        return [f"{name} takes nothing now: {_words(why)}" for name, why in self.progress.troubles.items()]


class _Display(Protocol):
    def look(self) -> None:
        """Called again and again."""

    def close(self) -> None: ...

    def abandon(self) -> None:
        """The process ends at once: leave the terminal as it was."""


class Lines:
    """A line now and then, and at once where a pause begins or ends."""

    def __init__(self, pace: Pace, say: Callable[[str], object] = remark) -> None:
        self._pace = pace
        self._say = say
        self._due = pace.clock() + _FIRST
        self._paused = False

    def look(self) -> None:
        pace = self._pace
        pace.look()
        paused = pace.pause is not None
        if paused != self._paused:
            self._paused = paused
            if paused:
                self._tell(pace.why)
            elif pace.goes_on:  # not where the run gave up, and writes its results
                self._tell(f"no longer paused; {self._line()}")
        elif pace.clock() >= self._due:
            self._tell(pace.why if paused else self._line())

    def close(self) -> None:
        """There is nothing to tidy up."""

    def abandon(self) -> None:
        """Nor here."""

    def _tell(self, line: str) -> None:
        self._due = self._pace.clock() + _EVERY
        self._say(plain(line))

    def _line(self) -> str:
        pace, progress = self._pace, self._pace.progress
        if progress.phase is Phase.READING:
            return f"reading the input: {progress.rows} rows so far"
        if progress.phase is Phase.TRACKING:
            counts = ", ".join(f"{count} {state}" for state, count in tracking_counts(progress))
            return (
                f"following deliveries, {pace.deadline}: {progress.ended} of {progress.taken} final "
                f"({counts}), {progress.waiting} waiting"
            )
        if progress.phase is not Phase.SENDING:
            return _ASKING if progress.phase is Phase.ASKING else _WRITING
        counts = ", ".join(f"{count} {state}" for state, count in pace.counts)
        line = f"{progress.done} of {pace.total} done, {pace.speed}: {counts}"
        return "; ".join([line, *pace.troubles])


class Bar:
    """A bar, the counts under it, and what stands in the way."""

    def __init__(self, pace: Pace, console: Console) -> None:
        self._pace = pace
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._live.start()

    def look(self) -> None:
        self._pace.look()
        self._live.update(self._drawn(), refresh=True)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._live.stop()

    def abandon(self) -> None:
        with contextlib.suppress(OSError):
            os.write(2, b"\r\n\x1b[?25h")  # the cursor, which the bar hides

    def _drawn(self) -> Group:
        pace, progress = self._pace, self._pace.progress
        if progress.phase is Phase.READING:
            return Group(Text(f"reading the input: {progress.rows} rows"))
        if progress.phase is Phase.TRACKING:
            bar = _bar(progress.ended, progress.taken, f"final  {pace.deadline}")
            delivered = Text()
            for state, count in tracking_counts(progress):
                delivered.append(f"{count} {state}  ", _DELIVERY_STYLES.get(state, "") if count else "")
            delivered.append(f"{progress.waiting} waiting")
            return Group(bar, delivered)
        if progress.phase is not Phase.SENDING:
            return Group(Text(_ASKING if progress.phase is Phase.ASKING else _WRITING))
        bar = _bar(progress.done, pace.total, pace.speed)
        counts = Text()
        for state, count in pace.counts:
            counts.append(f"{count} {state}  ", STYLES.get(state, "") if count else "")
        counts.append(f"{progress.out} on their way")
        below = [pace.why] if pace.pause is not None else pace.troubles
        return Group(bar, counts, *(Text(plain(line), "yellow") for line in below))


def _bar(done: int, total: int, words: str) -> Table:
    bar = Table.grid(padding=(0, 1), expand=True)
    bar.add_column(ratio=1)
    bar.add_column(no_wrap=True)
    bar.add_row(ProgressBar(total=max(1, total), completed=done), Text(f"{done}/{total}  {words}"))
    return bar


class Watch:
    """Shows a run's progress while the block lasts. What goes wrong with showing it never touches the run."""

    def __init__(self, progress: Progress) -> None:
        self._pace = Pace(progress)
        self._display: _Display | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if sys.stderr is not None:
            console = Console(stderr=True)
            with contextlib.suppress(OSError):
                is_drawn = console.is_terminal and not console.is_dumb_terminal
                self._display = Bar(self._pace, console) if is_drawn else Lines(self._pace)
                self._task = asyncio.get_running_loop().create_task(self._looking(self._display))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._display is not None:
            self._display.close()

    def stop(self) -> None:
        """The run was interrupted."""
        self._pace.stopping = True

    def abandon(self) -> None:
        """The process ends at once."""
        if self._display is not None:
            self._display.abandon()

    async def _looking(self, display: _Display) -> None:
        with contextlib.suppress(OSError):  # the terminal has gone
            while True:
                display.look()
                await asyncio.sleep(_LOOK)


def _words(said: str) -> str:
    return in_options(plain(said))


def _lasting(seconds: float) -> str:
    """Seconds, minutes or hours, as one says them."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 6000:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
