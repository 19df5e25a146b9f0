"""Delivery states only move forward: what a reply tells of a message that was not known yet.

A late, repeated or contradictory reply tells nothing: the first final state stays, and no message goes back from a
later state to an earlier one.
"""

from typing import Final

from smsgw.models import DeliveryReport, DeliveryState

__all__ = ["FINAL", "NOTHING", "is_good", "rank"]

NOTHING: Final = -1
"""The rank of a message of which nothing is known."""
FINAL: Final = 4

_LATEST_OPEN: Final = 3
"""An end that the driver does not call final: it may still change, but not to being under way."""
_RANKS: Final = {DeliveryState.UNKNOWN: 0, DeliveryState.ACCEPTED: 1, DeliveryState.ENROUTE: 2}


def rank(state: DeliveryState, *, final: bool) -> int:
    """How far a message has come. Every final state is as far as every other: none follows another."""
    return FINAL if final else _RANKS.get(state, _LATEST_OPEN)


def is_good(report: DeliveryReport) -> bool:
    """Whether it tells a state. What is final does, even where its error says why no more can be told."""
    return report.final or report.error is None
