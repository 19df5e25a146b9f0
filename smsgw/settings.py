"""All that a dispatcher is configured with, as frozen values, and what they may warn of; `config.py` reads them from
where people keep them.
"""

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

from smsgw.drivers.settings import ProviderSettings

__all__ = [
    "BreakerSettings",
    "DedupSettings",
    "InsecureUrlWarning",
    "RetrySettings",
    "RouteSettings",
    "Settings",
]


class InsecureUrlWarning(UserWarning):
    """A provider's login and password travel over plain HTTP to another machine."""


@frozen(kw_only=True)
class RouteSettings:
    """One `[[routes]]`: the first whose prefix matches a number decides who may carry it."""

    providers: tuple[str, ...]
    prefixes: tuple[str, ...] = ()
    """Digits that the numbers begin with; empty: every number."""
    strategy: Literal["failover", "round_robin", "weighted"] = "failover"
    weights: Mapping[str, float] = field(factory=dict)
    """Shares of the providers, of any sum; with `weighted` only."""


@frozen(kw_only=True)
class RetrySettings:
    attempts: int = 4
    """Tries at one provider, the first one included."""
    initial: float = 0.5
    """Seconds before the second try."""
    maximum: float = 30.0
    """Seconds between two tries at most."""
    deadline: float = 120.0
    """Seconds for all tries together."""
    budget: float = 10
    """Retries in stock a provider; each first attempt adds 0.05."""


@frozen(kw_only=True)
class BreakerSettings:
    failures: int = 5
    """Provider-scope failures in a row that open it."""
    rest: float = 30.0
    """Seconds before one probe."""
    account_rest: float = 300.0
    """Seconds after an account or credit error, or `held`."""


@frozen(kw_only=True)
class DedupSettings:
    store: Literal["memory"] = "memory"
    key_ttl: float = 86400.0
    """Seconds that a key is remembered."""
    max_keys: int = 1_000_000
    """Keys remembered at once; one more is refused."""


@frozen(kw_only=True)
class Settings:
    """All that a dispatcher is configured with."""

    providers: Mapping[str, ProviderSettings]
    """By name, in the file's order: that of routing where there are no routes."""
    routes: tuple[RouteSettings, ...] = ()
    retry: RetrySettings = field(factory=RetrySettings)
    breaker: BreakerSettings = field(factory=BreakerSettings)
    dedup: DedupSettings = field(factory=DedupSettings)
