"""How long to wait before a message is asked about again: seconds at first, then minutes.

A wait is a share of the message's age, so that a young message is told of quickly and an old one costs little: some
twelve questions in the first minute would tell no more than the six that this comes to, and one that is half an hour
old is asked about four times an hour. Jitter keeps messages that were given together from coming back together.
"""

from random import Random
from typing import Final

__all__ = ["FIRST", "FIRST_IN_WINDOW", "LEAST", "MOST", "Waits"]

FIRST: Final = 2.0
"""Seconds after sending: sooner hardly any message has been delivered."""
FIRST_IN_WINDOW: Final = 10.0
"""The same where a second question has to wait a minute: most have been delivered by then."""
LEAST: Final = 3.0
"""Seconds between two questions."""
MOST: Final = 900.0
_SHARE: Final = 0.5
"""Of a message's age."""
_AFTER_FAILURE: Final = 5.0
"""Seconds after the first bad reply in a row; doubled with each."""
_MOST_DOUBLINGS: Final = 8
_JITTER: Final = 0.2
"""Waits are longer or shorter by at most this share."""


class Waits:
    """Waits, with the jitter of a `Random` that tests may seed."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def first(self, *, window: bool) -> float:
        """From sending to the first question. Never shorter than named: only later is politer."""
        return (FIRST_IN_WINDOW if window else FIRST) * self._random.uniform(1, 1 + _JITTER)

    def next(self, age: float) -> float:
        """After an answer that is not final, of a message of this age."""
        return self._with_jitter(min(max(LEAST, age * _SHARE), MOST))

    def again(self, failures: int) -> float:
        """After so many bad replies in a row, whatever the age: an old message need not wait long for one of them."""
        return self._with_jitter(min(_AFTER_FAILURE * 2 ** min(failures - 1, _MOST_DOUBLINGS), MOST))

    def _with_jitter(self, seconds: float) -> float:
        return seconds * self._random.uniform(1 - _JITTER, 1 + _JITTER)
