"""The event loop's clock, which a gateway that keeps everybody waiting moves on instead of waiting.

Gateways and client live on one loop, so that it can be seen when neither has anything left to do but wait.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

__all__ = ["TIMEOUT", "Clock"]

TIMEOUT = 120.0
"""Every provider's, in seconds: so long that whoever really waits for it is late."""
_CALM = 30
"""Turns of the loop in which nothing comes, after which nothing will."""


class Clock:
    """Runs as time does, and sometimes jumps."""

    def __init__(self) -> None:
        self.pulse = 0
        """Counts whatever comes to a gateway."""
        self._limits: list[asyncio.Timeout] = []
        self._ahead = 0.0

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """The running loop goes by this clock."""
        loop: Any = asyncio.get_running_loop()
        real = loop.time
        loop.time = lambda: real() + self._ahead
        try:
            yield
        finally:
            del loop.time

    @contextlib.asynccontextmanager
    async def limited(self, seconds: float) -> AsyncIterator[None]:
        """So many seconds, by real time only. Whoever then waits while it tidies up is cancelled once more."""
        async with asyncio.timeout(seconds + 5) as last, asyncio.timeout(seconds) as first:
            self._limits = [last, first]
            yield

    async def jump(self, seconds: float) -> None:
        """Let time pass, once nobody has anything to do but wait."""
        calm = 0
        while calm < _CALM:
            pulse = self.pulse
            await asyncio.sleep(0)
            calm = calm + 1 if pulse == self.pulse else 0
        self._ahead += seconds
        for limit in self._limits:
            if (when := limit.when()) is not None and not limit.expired():
                limit.reschedule(when + seconds)
