"""What mutmut's results come to: the share of mutants that some test notices, file by file.

A mutant that hangs is noticed where mutmut says so (`timeout`). One that no test calls, that was not tried, or that
ended in any other way, is not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

LEAST = 85.0
"""Percent of all mutants."""

NOTICED = ("killed", "timeout")


def file_of(mutant: str) -> str:
    """`smsgw.drivers.base.xǁDriverǁsend__mutmut_1` is one of `smsgw/drivers/base.py`."""
    return mutant.rpartition(".")[0].replace(".", "/") + ".py"


def count(results: Iterable[str]) -> dict[str, Counter[str]]:
    """By file, how many mutants came to which end; the lines are those of `mutmut results --all true`."""
    files: dict[str, Counter[str]] = defaultdict(Counter)
    for line in results:
        mutant, colon, end = line.strip().partition(": ")
        if colon:
            files[file_of(mutant)][end] += 1
    return dict(files)


def total(files: Mapping[str, Counter[str]]) -> Counter[str]:
    """Of all files together."""
    return sum(files.values(), Counter())


def percent(ends: Counter[str]) -> float:
    """The share that was noticed; where nothing was tried, nothing was noticed."""
    return 100 * sum(ends[end] for end in NOTICED) / max(1, ends.total())


def is_enough(files: Mapping[str, Counter[str]]) -> bool:
    return percent(total(files)) >= LEAST


def table(files: Mapping[str, Counter[str]]) -> str:
    """One line a file, and one for all."""
    return "\n".join(
        f"{name:<36}{ends.total():>6} mutants {percent(ends):6.1f} %  "
        + ", ".join(f"{number} {end}" for end, number in sorted(ends.items()))
        for name, ends in [*sorted(files.items()), ("all", total(files))]
    )
