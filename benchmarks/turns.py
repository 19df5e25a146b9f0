"""Jobs in turns (A B A B …), and what is told of them: medians of the pairs' ratios, since shared machines make
absolute times lie.
"""

import asyncio
import gc
import statistics
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["COLUMNS", "Contest", "Job", "Turn", "blocking", "in_turns", "turn"]

Job = Callable[[Sequence[str]], int]
"""Sends to these numbers; returns how many were accepted."""

_WARM = 1000


@dataclass(frozen=True, slots=True)
class Turn:
    """One job done once."""

    cpu: float
    """CPU seconds a recipient, of all threads of this process."""
    wall: float
    """Seconds a recipient, as a clock tells them."""
    requests: float = 0.0
    """Requests a recipient, as the gateway counted them."""


@dataclass(slots=True)
class Contest:
    """What came of the turns: for each job, pairs of the base's turn and of its own."""

    base: str
    pairs: dict[str, list[tuple[Turn, Turn]]] = field(default_factory=dict)

    def turns(self, name: str) -> list[Turn]:
        """All that a job had; the base has had one in each pair."""
        if name == self.base:
            return [base for pairs in self.pairs.values() for base, _ in pairs]
        return [mine for _, mine in self.pairs[name]]

    def ratios(self, name: str) -> list[float]:
        """Times the base's CPU time, pair by pair."""
        if name == self.base:
            return [1.0]
        return [mine.cpu / base.cpu for base, mine in self.pairs[name]]

    def wall_ratios(self, name: str) -> list[float]:
        """Times the base's time, pair by pair."""
        return [mine.wall / base.wall for base, mine in self.pairs[name]]

    def beside(self, name: str, other: str) -> float:
        """The median, over the rounds, of how many times the CPU time of `other` it took. Neither is the base."""
        rounds = zip(self.turns(name), self.turns(other), strict=True)
        return statistics.median(mine.cpu / its.cpu for mine, its in rounds)

    def row(self, name: str) -> dict[str, object]:
        """Medians, and the lowest and the highest ratio."""
        turns, ratios = self.turns(name), self.ratios(name)
        return {
            "what": name,
            "cpu_us": round(statistics.median(turn.cpu for turn in turns) * 1e6, 2),
            "a_second": round(statistics.median(1 / turn.wall for turn in turns)),
            "ratio": round(statistics.median(ratios), 3),
            "lowest": round(min(ratios), 3),
            "highest": round(max(ratios), 3),
            "requests": round(statistics.median(turn.requests for turn in turns), 3),
        }

    def rows(self) -> list[dict[str, object]]:
        """The base first."""
        return [self.row(name) for name in (self.base, *self.pairs)]


COLUMNS = {
    "what": "",
    "cpu_us": "CPU µs a recipient",
    "a_second": "recipients a second",
    "ratio": "times the first's CPU",
    "lowest": "lowest ratio",
    "highest": "highest ratio",
    "requests": "requests a recipient",
}
"""The headings of a contest's rows."""


def blocking(send: Callable[..., Coroutine[Any, Any, int]], url: str, **settings: int) -> Job:
    """`send(url, numbers, **settings)` in a loop of its own; what it takes to open and close is counted."""
    return lambda numbers: asyncio.run(send(url, numbers, **settings))


def turn(job: Job, numbers: Sequence[str], taken: Callable[[], tuple[int, int]], name: str = "job") -> Turn:
    """Do the job once. `taken` tells what requests and recipients the gateway has taken since it was asked last."""
    taken()
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    accepted = job(numbers)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    requests, recipients = taken()
    count = len(numbers)
    if not accepted == recipients == count:
        raise SystemExit(
            f"{name}: of {count} recipients {recipients} came to the gateway and {accepted} were accepted: "
            "nothing to compare"
        )
    return Turn(cpu / count, wall / count, requests / count)


def in_turns(
    base: tuple[str, Job],
    others: Mapping[str, Job],
    numbers: Sequence[str],
    pairs: int,
    taken: Callable[[], tuple[int, int]],
    *,
    warm: int = _WARM,
) -> Contest:
    """Each of the others in its turn after the base, as many times as there shall be pairs.

    `warm` is the recipients of a turn before the first, which is not counted: imports, code paths and caches are warm
    after it. 0 leaves it out.
    """
    contest = Contest(base[0], {name: [] for name in others})
    if warm:
        for name, job in (base, *others.items()):
            turn(job, numbers[:warm], taken, name)
    for _ in range(pairs):
        for name, job in others.items():
            first = turn(base[1], numbers, taken, base[0])
            contest.pairs[name].append((first, turn(job, numbers, taken, name)))
    return contest
