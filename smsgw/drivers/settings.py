"""What a driver and its connections are configured with."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from attrs import field, frozen

__all__ = ["OnDuplicate", "ProviderSettings"]

OnDuplicate = Literal["reuse", "wait", "reject"]


@frozen(kw_only=True)
class ProviderSettings:
    """One `[providers.NAME]`. None stands for the driver's own default."""

    name: str
    """Any name; what outcomes call the provider."""
    driver: str
    login: str = field(repr=False)
    password: str = field(repr=False)
    url: str | None = None
    """The folder that holds the provider's scripts, with or without the final slash."""
    sender: str | None = None
    """Default sender."""
    batch_size: int | None = None
    """Recipients in one request, at most the provider's own limit."""
    max_connections: int = 20
    """Requests at once."""
    rate: float | None = None
    """Requests a second, never more in any one second."""
    timeout: float = 30.0
    """Seconds for one request, from connecting to the last byte of the reply."""
    keepalive: float = 2.0
    """Seconds that an idle connection is reused; 0 closes each one after its reply."""
    charset: str | None = None
    duplicate_window: float | None = None
    """TargetSMS only: seconds within which identical requests are one; 0 switches the rule off."""
    on_duplicate: OnDuplicate = "reuse"
    """TargetSMS only: what becomes of a second identical send within the window."""
    prices: Mapping[str, Decimal] = field(factory=dict)
    """Price of one segment by the recipient's prefix ("" for all others): for plans only."""

    def price_for(self, recipient: str) -> Decimal | None:
        """Price of one segment to this MSISDN, by the longest prefix that has one; None where none has."""
        if not self.prices:
            return None
        longest = max(
            (prefix for prefix in self.prices if recipient.startswith(prefix)), key=len, default=None
        )
        return None if longest is None else self.prices[longest]
