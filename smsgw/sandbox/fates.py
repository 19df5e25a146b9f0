"""What becomes of a message in the end: the one place where a number decides it."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final, Literal, get_args

from attrs import field, frozen

__all__ = ["FATES", "MOSCOW", "STATES", "TBILISI", "Fate", "State", "Step", "fate_of"]

Fate = Literal["delivered", "undeliverable", "expired", "deleted", "rejected", "cancelled", "unreported"]
State = Literal["enroute", "held", Fate]

STATES: Final[tuple[State, ...]] = get_args(State)

# What recipients that end so come to; all others are delivered. A gateway's own `fates` may hold more.
FATES: Final[Mapping[str, Fate]] = {
    "13": "undeliverable",
    "14": "expired",
    "15": "deleted",
    "16": "rejected",
    "17": "cancelled",
    "18": "unreported",
}

# The zones of the gateways' time stamps (PROTOCOLS.md); neither country changes its clocks.
MOSCOW: Final = timezone(timedelta(hours=3))
TBILISI: Final = timezone(timedelta(hours=4))


@frozen
class Step:
    """One state on a message's way, what the gateway's status says of it, when it came or comes, and which of both."""

    state: State
    word: str
    at: datetime
    reached: bool = field(kw_only=True)


def fate_of(recipient: str, fates: Mapping[str, Fate]) -> Fate:
    """The fate of a message to this number: that of the longest ending that fits, else delivered."""
    fitting = [ending for ending in fates if recipient.endswith(ending)]
    return fates[max(fitting, key=len)] if fitting else "delivered"
