"""What is shown while a campaign runs, on a clock of the test's own."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from smsgw.bulk import Phase, Progress
from smsgw.cli.watching import Bar, Lines, Pace


class Run:
    """A progress that the test moves, and the lines that are said of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.said: list[str] = []
        self.progress = Progress()
        self.pace = Pace(self.progress, lambda: self.now)
        self.lines = Lines(self.pace, self.said.append)

    def sending(self, rows: int) -> None:
        self.progress.phase = Phase.SENDING
        self.progress.rows = rows
        self.lines.look()

    def goes_on(self, seconds: float, a_second: int = 0, state: str = "accepted") -> list[str]:
        """What was said meanwhile, with looks as often as a command has them."""
        before = len(self.said)
        for _ in range(round(seconds * 4)):
            self.now += 0.25
            self.progress.states[state] += a_second // 4
            self.lines.look()
        return self.said[before:]


@pytest.fixture
def campaign_run() -> Run:
    return Run()


def test_now_and_then(campaign_run: Run) -> None:
    """The first line comes after some five seconds, the next ones every ten to fifteen: rows, rate, time left."""
    campaign_run.sending(10_000)
    campaign_run.progress.duplicates = 1000
    assert campaign_run.goes_on(4.75, 40) == []
    assert campaign_run.goes_on(0.5, 40) == [
        "200 of 9000 done, 40 a second, about 3 min 40 s left: 200 accepted, 0 rejected, 0 unknown"
    ]
    assert len(campaign_run.goes_on(60, 40)) == 5
    campaign_run.progress.states["held"] = 3
    (line,) = campaign_run.goes_on(12, 40, "rejected")[-1:]
    assert line.endswith(" rejected, 0 unknown, 3 held")


def test_the_rate_is_of_late(campaign_run: Run) -> None:
    """After a burst the rate is soon what it is now; where nothing comes, no time left is made up."""
    campaign_run.sending(100_000)
    campaign_run.goes_on(5, 4000)
    campaign_run.goes_on(11, 40)
    assert campaign_run.pace.rate == pytest.approx(40)
    campaign_run.goes_on(11)
    assert campaign_run.pace.speed == "0 a second"


def test_a_pause(campaign_run: Run) -> None:
    """A pause is told at once, with its reason and its times; a try that fails does not end it, a row that goes does."""
    campaign_run.sending(100)
    progress = campaign_run.progress
    campaign_run.goes_on(1, 4)
    progress.paused, progress.next_try, progress.gives_up_in = "main: down", 3.0, 599.0
    assert campaign_run.goes_on(0.25) == ["paused (main: down); next try in 3 s, gives up in 9 min 59 s"]
    progress.paused, progress.out = None, 1
    assert campaign_run.goes_on(1) == []
    progress.paused, progress.gives_up_in = "main: down", 580.0
    assert campaign_run.goes_on(1) == []
    (line,) = campaign_run.goes_on(11)
    assert line.startswith("paused (main: down); ")
    progress.paused = None
    (line,) = campaign_run.goes_on(0.25, 4)
    assert line.startswith("no longer paused; 5 of 100 done")


def test_a_pause_that_ends_with_the_run(campaign_run: Run) -> None:
    """Where the run gives up and writes its results, it does not go on."""
    campaign_run.sending(10)
    campaign_run.progress.paused = "iba: out of credit"
    campaign_run.goes_on(1)
    campaign_run.progress.paused = None
    campaign_run.progress.phase = Phase.WRITING
    assert campaign_run.goes_on(1) == []


def test_no_try_before_the_end(campaign_run: Run) -> None:
    """A try that would come after the run has given up is not promised."""
    campaign_run.sending(100)
    progress = campaign_run.progress
    progress.paused, progress.next_try, progress.gives_up_in = "main: down", 30.0, 10.0
    assert campaign_run.goes_on(0.25) == ["paused (main: down); gives up in 10 s"]


def test_troubles(campaign_run: Run) -> None:
    """While others go on, a line says who takes nothing."""
    campaign_run.sending(100)
    campaign_run.progress.troubles = {"main": "refused the account"}
    (line,) = campaign_run.goes_on(5.25, 4)
    assert line.endswith("; main takes nothing now: refused the account")


def test_other_phases(campaign_run: Run) -> None:
    """Reading, asking and writing are told, too, when they last."""
    campaign_run.progress.rows = 7000
    assert campaign_run.goes_on(5) == ["reading the input: 7000 rows so far"]
    campaign_run.progress.phase = Phase.ASKING
    assert campaign_run.goes_on(12) == ["asking gateways what became of rows in doubt"]
    campaign_run.progress.phase = Phase.WRITING
    assert campaign_run.goes_on(12) == ["writing the results"]


HOSTILE = "[red]x[/red] \x1b[2Jboo\nnew [link=http://x]"


def test_hostile_words(campaign_run: Run) -> None:
    """What a gateway says moves no cursor, and is no markup: it stands there as it is, on one line."""
    campaign_run.sending(100)
    campaign_run.progress.paused = HOSTILE
    (line,) = campaign_run.goes_on(0.25)
    assert line.isprintable()
    assert "[red]x[/red]" in line
    console = Console(
        file=io.StringIO(), force_terminal=True, width=200, color_system=None, legacy_windows=False
    )
    bar = Bar(campaign_run.pace, console)
    bar.look()
    campaign_run.progress.paused = None
    campaign_run.progress.troubles = {"main": HOSTILE}
    campaign_run.progress.states["accepted"] += 1
    bar.look()
    for phase in Phase:
        campaign_run.progress.phase = phase
        bar.look()
    bar.close()
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert shown.count("[red]x[/red]") == 2 + (shown.count("takes nothing now") - 1)
    assert "main takes nothing now" in shown
    assert "\x1b[2J" not in shown
    assert "reading the input" in shown


def test_stopping(campaign_run: Run) -> None:
    """A run that was interrupted promises no time at which all will be done."""
    campaign_run.sending(100)
    campaign_run.pace.stopping = True
    (line,) = campaign_run.goes_on(5, 4)
    assert line.startswith("20 of 100 done, stopping: ")
