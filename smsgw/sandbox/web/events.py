"""Server-sent events: they say that something changed, never what, so that no list has to be kept twice."""

import asyncio
import json
import time
from contextlib import suppress
from heapq import heappop, heappush
from typing import Any

from aiohttp import web

from smsgw.sandbox.web.shapes import faults_shape, on_shape, settings_shape
from smsgw.sandbox.world import World

__all__ = ["News", "stream"]

_BEAT = 0.2  # seconds between two looks
_FRESH = 0.1  # seconds in which one look serves all listeners
_QUIET = 75  # looks without news after which a comment shows that the connection still stands: 15 s


class News:
    """What has changed since the last look, as revisions that grow; looking costs nothing while nobody does."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._revisions = dict.fromkeys(("messages", "faults", "incoming", "settings"), 0)
        self._last: dict[str, Any] = {}
        self._told: dict[str, Any] = {}
        self._fresh_until = 0.0
        self._known = 0
        self._dues: list[float] = []
        self._moves = 0

    def look(self) -> dict[str, Any]:
        """The state of things now, or a moment ago: a thousand listeners cost hardly more than one."""
        if time.monotonic() < self._fresh_until:
            return self._told
        self._fresh_until = time.monotonic() + _FRESH
        self._told = self._looked()
        return self._told

    def _looked(self) -> dict[str, Any]:
        world = self._world
        seen = {
            "messages": (world.ledger.revision, self._moved()),
            "faults": faults_shape(world),
            "incoming": world.incoming.revision,
            "settings": settings_shape(world),
        }
        for area, value in seen.items():
            if self._last.get(area) != value:
                self._revisions[area] += 1
        self._last = seen
        return {
            **self._revisions,
            "last": world.ledger.last_message,
            "kept": len(world.ledger),
            "on": on_shape(world),
        }

    def _moved(self) -> int:
        """How many messages have come to their final state since the first look."""
        for message in self._world.ledger.newest_messages():
            if message.number <= self._known:
                break
            heappush(self._dues, message.due_at)
        self._known = self._world.ledger.last_message
        now = self._world.clock()
        while self._dues and self._dues[0] <= now:
            heappop(self._dues)
            self._moves += 1
        return self._moves


async def stream(request: web.Request, news: News, stopping: asyncio.Event) -> web.StreamResponse:
    """One listener, until it goes or the sandbox does."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    told: dict[str, Any] = {}
    quiet = 0
    with suppress(ConnectionError):  # the listener has gone
        while not stopping.is_set():
            seen = news.look()
            if seen != told:
                told, quiet = seen, 0
                await response.write(f"event: news\ndata: {json.dumps(seen)}\n\n".encode())
            elif (quiet := quiet + 1) >= _QUIET:
                quiet = 0
                await response.write(b": still here\n\n")
            with suppress(TimeoutError):  # the usual end of a beat
                await asyncio.wait_for(stopping.wait(), _BEAT)
    return response
