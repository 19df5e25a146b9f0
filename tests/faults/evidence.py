"""All that one run left behind, for an audit or a search."""

import logging
from collections.abc import Mapping, Sequence

from attrs import Factory, frozen

from smsgw import Message, Outcome
from tests.faults.server.ledger import Ledger

__all__ = ["Evidence", "Marks"]


@frozen
class Marks:
    """What must never show where it has no business, in strings that nothing else holds."""

    password: str = "CANARY-pa55word"
    text: str = "CANARY-private-text"
    """Every text of the run begins with it. All gateways can write it, and it is short."""
    recipients: Sequence[str] = tuple(f"7903555{number:04d}" for number in range(101, 109))
    """At least eight, of 11 digits that begin with 7: the only numbers that all gateways serve."""


@frozen
class Evidence:
    """What was asked for, what was told, and what the gateways know."""

    point: str
    driver: str
    seed: int
    marks: Marks
    job: str
    """What was sent in which way, in words."""
    given: Sequence[tuple[Message, str]]
    """Each message with each of its recipients."""
    outcomes: Sequence[Outcome]
    ledger: Ledger
    requests: Mapping[str, int]
    """By provider: what the dispatcher says that it has sent."""
    seconds: float = 0.0
    deadline: float = 60.0
    records: Sequence[logging.LogRecord] = ()
    """Of all loggers, at DEBUG: `getMessage()`, `exc_text`, and `arguments`, which are their reprs."""
    reprs: Mapping[str, str] = Factory(dict)
    """What values, errors and tracebacks show of themselves, by what was asked."""
    complaints: Sequence[str] = ()
    """Of the event loop, of Python's warnings and of the gateways themselves."""
    left: Sequence[str] = ()
    """Tasks and connections that were there when all was closed."""
