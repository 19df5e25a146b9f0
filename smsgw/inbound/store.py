"""What was handled, so that a repeat is acknowledged and not handled again: the protocol, and a store in memory."""

import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["InboundStore", "MemoryInboundStore"]


class InboundStore(Protocol):
    """Where handled messages are remembered. One `smsid` is never looked up and added at the same time.

    What it cannot do it raises, best as an `InboundStoreError`: then nothing is acknowledged.
    """

    async def open(self) -> None:
        """Begin, or raise for what will never work. It may be called again."""

    async def find(self, message_id: str) -> str | None:
        """What the handler of this message replied (mostly nothing, `""`); None if it was not handled."""

    async def add(self, message_id: str, reply: str) -> None:
        """It was handled. Return when that will not be forgotten: the acknowledgement goes out next."""

    async def aclose(self) -> None:
        """End."""


class MemoryInboundStore:
    """Messages of one process, forgotten when it ends.

    After `ttl` seconds a message is forgotten; before that only where more than `max_messages` are held, the one that
    was handled longest ago first. A message that is forgotten and then repeated is handled again: the platform repeats
    what it has no acknowledgement of, so that only an acknowledgement that was lost on its way can cause this.
    """

    def __init__(
        self,
        *,
        ttl: float = 7 * 86400.0,
        max_messages: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not ttl > 0 or max_messages < 1:
            raise ValueError("`ttl` is more than 0 seconds, and `max_messages` at least 1")
        self._ttl = ttl
        self._max_messages = max_messages
        self._clock = clock
        self._handled: dict[str, tuple[float, str]] = {}

    def __len__(self) -> int:
        return len(self._handled)

    async def open(self) -> None:
        pass

    async def find(self, message_id: str) -> str | None:
        self._forget_old()
        _, reply = self._handled.get(message_id, (0.0, None))
        return reply

    async def add(self, message_id: str, reply: str) -> None:
        self._handled.pop(message_id, None)
        self._handled[message_id] = (self._clock() + self._ttl, reply)  # at the end: the oldest stand first
        self._forget_old()

    async def aclose(self) -> None:
        pass

    def _forget_old(self) -> None:
        now = self._clock()
        while self._handled:
            message_id, (expires, _) = next(iter(self._handled.items()))
            if expires > now and len(self._handled) <= self._max_messages:
                return
            del self._handled[message_id]
