"""One handler, called once: what it returned, or that it failed, told without any word of the message."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from smsgw.faults import frames
from smsgw.inbound.message import InboundMessage

__all__ = ["Handler", "Work"]

_log = logging.getLogger("smsgw.inbound")

Handler = Callable[[InboundMessage], Awaitable[Any]]
"""An `async def` that takes the message. What it returns goes to the subscriber in the reply mode, else nowhere."""


class Work:
    """The handler of a receiver, and how long it may take. Raises `TypeError` or `ValueError` for what is none."""

    def __init__(self, handler: Handler, *, timeout: float, reply: bool) -> None:
        if not (_is_async(handler) or _is_async(getattr(handler, "__call__", None))):  # noqa: B004 - which kind it is
            raise TypeError("the handler is an `async def` that takes an InboundMessage")
        if not timeout > 0:
            raise ValueError("`timeout` is more than 0 seconds")
        self._handler = handler
        self._timeout = timeout
        self._reply = reply
        self._told = False
        """Whether it was said that what the handler returns goes nowhere."""

    async def do(self, message: InboundMessage) -> str | None:
        """The reply (`""` where there is none) of a handler that returned; None where it failed.

        One that takes too long is cancelled. If it does not end by that, neither does this, for it is still at work;
        and if it returns all the same, it has handled the message.
        """
        task = asyncio.get_running_loop().create_task(self._handled(message))
        try:
            done, _ = await asyncio.wait([task], timeout=self._timeout)
            if not done:
                _log.error(
                    "the handler of message %s takes longer than %g s", message.message_id, self._timeout
                )
                task.cancel()
                await asyncio.wait([task])
        except asyncio.CancelledError:  # the receiver is closed, and waits no longer
            task.cancel()
            await asyncio.wait([task])
            self._outcome(task, message.message_id)  # told by us: asyncio would log the words of its error
            raise
        return self._outcome(task, message.message_id)

    async def _handled(self, message: InboundMessage) -> object:
        """Whatever the handler raises, even before it can be awaited, is its own failure."""
        return await self._handler(message)

    def _outcome(self, task: asyncio.Task[object], message_id: str) -> str | None:
        if task.cancelled():
            _log.error("the handler of message %s was cancelled: it will be called again", message_id)
            return None
        if (error := task.exception()) is not None:
            _log.error(
                "the handler of message %s failed: it will be called again\n%s", message_id, frames(error)
            )
            return None
        returned = task.result()
        if self._reply:
            return self._checked(returned, message_id)
        if returned is not None and not self._told:
            self._told = True
            _log.warning(
                "the handler returned a value, which goes nowhere: reply=True texts a str back to the subscriber"
            )
        return ""

    def _checked(self, returned: object, message_id: str) -> str | None:
        """The subscriber is owed a reply: what cannot be one is a failure. None is no reply, an empty body."""
        if returned is None:
            return ""
        if isinstance(returned, str) and not any("\ud800" <= sign <= "\udfff" for sign in returned):
            return returned
        kind = "half a character in its str" if isinstance(returned, str) else type(returned).__name__
        _log.error(
            "in the reply mode a handler returns a str; that of message %s returned %s", message_id, kind
        )
        return None


def _is_async(function: object) -> bool:
    return inspect.iscoroutinefunction(function)
