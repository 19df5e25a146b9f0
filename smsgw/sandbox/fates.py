"""What becomes of a message in the end: the one place where a number decides it."""

from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import Final, Literal

__all__ = ["FATES", "MOSCOW", "TBILISI", "Fate", "fate_of"]

Fate = Literal["delivered", "undeliverable", "expired", "deleted", "rejected", "cancelled", "unreported"]

# What recipients that end so come to; all others are delivered. A gateway's own `fates` may hold more.
FATES: Final[Mapping[str, Fate]] = {"13": "undeliverable", "14": "expired"}

# The zones of the gateways' time stamps (PROTOCOLS.md); neither country changes its clocks.
MOSCOW: Final = timezone(timedelta(hours=3))
TBILISI: Final = timezone(timedelta(hours=4))


def fate_of(recipient: str, fates: Mapping[str, Fate]) -> Fate:
    """The fate of a message to this number: that of the longest ending that fits, else delivered."""
    fitting = [ending for ending in fates if recipient.endswith(ending)]
    return fates[max(fitting, key=len)] if fitting else "delivered"
