"""The sandbox in a thread of its own: its ledger outlives every process that sends to it."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from smsgw.sandbox import Sandbox
from smsgw.sandbox.gateways.targetsms import TargetSMS
from tests.bulk.survival.proxy import Proxy
from tests.bulk.survival.spreadsheets import REFUSED, Spreadsheet

__all__ = ["CONNECTIONS", "Gateways", "running_gateways"]

CONNECTIONS: Final = 3
"""Of each provider."""
BATCHES: Final[Mapping[str, int]] = {"avist": 1, "smstele": 8, "smsco": 1, "iba": 4, "targetsms": 4}
"""Rows in one request; smsco.ge does not tell of more than one which it took."""

_ROUTES: Final = (
    {"prefixes": ["995"], "providers": ["smsco", "iba"]},
    {"prefixes": ["44"], "providers": ["iba", "smsco"]},
    {
        "providers": ["smstele", "avist", "targetsms", "iba"],
        "strategy": "weighted",
        "weights": {"smstele": 4, "avist": 1, "targetsms": 2, "iba": 1},
    },
)
_DELAY: Final = 0.015
"""Seconds before each reply: what is in flight when a process dies."""
_STORM: Final = {
    "drop": 0.04,
    "drop_before": 0.04,
    "truncated": 0.04,
    "bad_gateway": 0.04,
    "silent": 0.015,
    "unavailable": 0.04,
}
_WINDOW: Final = 0.2
"""Seconds within which TargetSMS refuses the same request again: a retry there waits for so long."""
_RESETS: Final = 0.06
"""Share of requests at which the proxy resets the connection."""


class Gateways:
    """Five gateways behind a proxy, and the configuration that leads there."""

    def __init__(self, seed: int) -> None:
        self.sandbox = Sandbox(seed=seed, delivery_after=0.0)
        self.ledger = self.sandbox.ledger
        self.proxy = Proxy(seed)
        targetsms = self.sandbox.gateways["targetsms"]
        assert isinstance(targetsms, TargetSMS)
        targetsms.repeat_window = _WINDOW
        self.calm()

    def calm(self) -> None:
        """No faults but the numbers that are refused."""
        self.proxy.share = 0.0
        for gateway in self.sandbox.gateways.values():
            gateway.faults.share = {}
            gateway.faults.delay = _DELAY

    def storm(self) -> None:
        """Requests and replies get lost in every way, on the wire and behind it; questions get lost on the wire."""
        self.proxy.share = _RESETS
        for gateway in self.sandbox.gateways.values():
            gateway.faults.share = dict(_STORM)

    def refuse(self, spreadsheet: Spreadsheet) -> None:
        """Put the numbers that are meant to be refused on every stop list."""
        refused = {line.recipient for line in spreadsheet.lines if line.recipient is not None}
        for gateway in self.sandbox.gateways.values():
            gateway.faults.stop_list |= {number for number in refused if number.endswith(REFUSED)}

    def settings(self, timeout: float) -> dict[str, Any]:
        """For `smsgw.toml`."""
        providers = {
            name: {
                **table,
                "url": table["url"].replace(self.sandbox.url, self.proxy.url),
                "batch_size": BATCHES[name],
                "max_connections": CONNECTIONS,
                "timeout": timeout,
            }
            for name, table in self.sandbox.config()["providers"].items()
        }
        providers["targetsms"]["duplicate_window"] = 2 * _WINDOW
        return {
            "providers": providers,
            "routes": _ROUTES,
            "retry": {"initial": 0.01, "maximum": 0.05, "budget": 1000},
            "breaker": {"failures": 50, "rest": 0.05},
        }


@contextmanager
def running_gateways(seed: int) -> Iterator[Gateways]:
    """Gateways on free ports, which serve from a thread until the end."""
    made = Gateways(seed)
    loop = asyncio.new_event_loop()
    started, ended = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with made.sandbox, made.proxy.to(made.sandbox.url):
            started.set()
            await ended.wait()

    def work() -> None:
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(10)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
    assert not thread.is_alive()
