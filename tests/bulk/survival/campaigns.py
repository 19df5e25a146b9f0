"""A campaign that is run, ended in the middle, and run again; after each end everything is compared."""

import signal
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

from attrs import define, field

from tests.bulk.survival.audit import Truth, audit_end, audit_stop
from tests.bulk.survival.gateways import Gateways
from tests.bulk.survival.journals import Journal, read_journal, read_results
from tests.bulk.survival.processes import Forked, Nursery
from tests.bulk.survival.spreadsheets import Spreadsheet

__all__ = ["PHASES", "Campaign", "Moments", "Tally"]

PHASES: Final = ("start", "reading", "asking", "sending", "writing")

_PATIENCE: Final = 15.0
"""Seconds for one request in calm, on a machine that may be busy."""
_IMPATIENCE: Final = 0.6
"""The same in a storm: so long does a silent gateway hold a run up."""


@define
class Tally:
    """What was done, for people."""

    kills: Counter[str] = field(factory=Counter)
    """By the phase that the process had told."""
    campaigns: int = 0
    rows: int = 0
    doubts: list[int] = field(factory=list)
    """Rows in doubt after each kill."""
    unknown: int = 0
    """Rows that ended so."""
    began: float = field(factory=time.monotonic)

    def __str__(self) -> str:
        total = self.kills.total()
        phases = ", ".join(f"{self.kills[phase]} {phase}" for phase in PHASES)
        return (
            f"{total} kills ({phases}) in {self.campaigns} campaigns of {self.rows} rows; "
            f"rows in doubt after a kill: {sum(self.doubts) / max(1, total):.1f}, "
            f"at most {max(self.doubts, default=0)}; "
            f"{self.unknown} rows unknown in the end; {time.monotonic() - self.began:.0f} s"
        )


class Moments:
    """Random moments in the life of a process, from its start to its end."""

    def __init__(self, seed: int) -> None:
        self.random = Random(f"moments {seed}")
        self._lengths: dict[str, float] = {
            "start": 0.03,
            "reading": 0.025,
            "asking": 0.015,
            "sending": 0.35,
            "writing": 0.015,
        }
        """Seconds that each phase takes, about."""

    def wait(self, process: Forked, left: float) -> bool:
        """Until such a moment; False where the process ends before. `left` is the share of rows that are pending.

        Some moments are anywhere in a whole life; the others are in or about a certain phase, for most are short.
        """
        lengths = {**self._lengths, "sending": self._lengths["sending"] * left}
        if self.random.random() < 0.4:
            return process.sleep(self.random.uniform(0, sum(lengths.values())))
        phase = self.random.choice(PHASES)
        return process.reaches(phase) and process.sleep(self.random.uniform(0, lengths[phase]))


class Campaign:
    """One spreadsheet, journal and results, and the processes that work on them."""

    def __init__(
        self,
        nursery: Nursery,
        gateways: Gateways,
        folder: Path,
        *,
        seed: int,
        rows: int,
        tally: Tally | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.gateways = gateways
        self.folder = folder
        self.sheet = Spreadsheet.seeded(folder / "numbers.csv", seed, rows)
        self.config = folder / "smsgw.toml"
        self.journal = folder / "run.db"
        self.results = folder / "results.csv"
        self.calm = True
        self.doubted: set[int] = set()
        """Every row that was in doubt after a kill."""
        self.last = Journal()
        """As it was looked at last."""
        self.tally = tally or Tally()
        self.tally.campaigns += 1
        self.tally.rows += rows
        self._nursery = nursery
        gateways.refuse(self.sheet)
        self._configure(_PATIENCE)

    def start(self, nursery: Nursery | None = None) -> Forked:
        """A run; in another nursery than the campaign's own it may overlap with one there."""
        return (nursery or self._nursery).start(self.config, self.sheet.path, self.journal, self.results)

    @property
    def pending(self) -> float:
        """The share of rows without an outcome, when it was looked at last."""
        return 1 - len(self.last.outcomes) / len(self.sheet.lines)

    def kill(self, moments: Moments) -> bool:
        """A run that is killed at a random moment; False where it came to its end before."""
        process = self.start()
        if moments.wait(process, self.pending):
            phase = process.phase
            process.send(signal.SIGKILL)
            if process.ended() == -signal.SIGKILL:
                self.tally.kills[phase] += 1
                self.look()
                self.tally.doubts.append(len(self.last.in_doubt))
                return True
        assert process.ended() in (0, 1), process.said
        self.look()
        return False

    def look(self) -> Journal:
        """No promise is broken as of now."""
        before, self.last = self.last, read_journal(self.journal)
        results = read_results(self.results)
        truth = Truth.of(self.gateways.ledger)
        self.doubted |= self.last.in_doubt
        complaints = audit_stop(self.sheet, truth, before, self.last, results, calm=self.calm)
        assert not complaints, "\n".join(complaints)
        return self.last

    def storm(self) -> None:
        """From now on, until it is finished in calm."""
        self.calm = False
        self.gateways.storm()
        self._configure(_IMPATIENCE)

    def finish(self) -> int:
        """A run in calm that comes to its end, with all that was promised; its exit status."""
        self.gateways.calm()
        status = self.start().ended()
        self.verify_end(status)
        return status

    def verify_end(self, status: int, *, doubts_are_known: bool = True) -> None:
        """The campaign is done, and every promise kept. Whether it was looked at after each kill is for the caller."""
        self.look()
        results = read_results(self.results)
        doubted = self.doubted if self.calm and doubts_are_known else None
        complaints = audit_end(self.sheet, Truth.of(self.gateways.ledger), self.last, results, doubted)
        assert not complaints, "\n".join(complaints)
        assert status == int(any(result.state != "accepted" for result in results))
        self.tally.unknown += sum(result.state == "unknown" for result in results)

    def _configure(self, timeout: float) -> None:
        self.config.write_text(toml(self.gateways.settings(timeout)), encoding="utf-8")


def toml(tables: Mapping[str, Any]) -> str:
    """Settings as TOML."""
    return "\n".join(f"{key} = {_value(value)}" for key, value in tables.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
