"""From a call to its answer: checks, then parse, then the handler once for each `smsid`, then the acknowledgement.

The order is what makes it safe: the handler returned, then its mark is in the store for good, and only then the
acknowledgement goes out. Whatever fails on the way is 500, and the platform calls again: at least once. Each message is
handled in a task of the receiver's own, so a caller that hangs up disturbs neither the handler nor those who wait
for it, too.
"""

import asyncio
import logging
import os
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from smsgw.errors import SmsgwError
from smsgw.faults import frames
from smsgw.inbound.calls import Answer, Call, acknowledgement, refusal, texted_back
from smsgw.inbound.door import Address, Door, Network
from smsgw.inbound.errors import UnreadableCall
from smsgw.inbound.handling import Handler, Work
from smsgw.inbound.message import InboundMessage
from smsgw.inbound.parsing import parse_inbound
from smsgw.inbound.sqlite import SQLiteInboundStore
from smsgw.inbound.store import InboundStore, MemoryInboundStore

__all__ = ["Receiver"]

_log = logging.getLogger("smsgw.inbound")

_GRACE: Final = 1.0
"""Seconds beyond the handler's `timeout` after which a call is answered, whatever is still at work for it."""
_MOST_OWED: Final = 10_000
"""Handled messages whose marks the store did not take, that are remembered here until it does."""

_NOT_NOW: Final = 503
_FAILED: Final = 500


class Receiver:
    """The heart of `inbound_app` and `InboundASGI`, for servers of other kinds.

    handler          an `async def` that takes an `InboundMessage`; once it has returned, the message is handled
    secret           the last segment of the path; without it, whoever can reach the server can call
    allow            addresses and networks that may call; empty: all
    trusted_proxies  addresses and networks whose `X-Forwarded-For` is believed; empty: nobody's
    store            where handled messages are remembered: an `InboundStore`, which is opened here and closed by whoever
                     made it, or the path of an SQLite file; without it, in memory
    timeout          seconds for the handler, after which it is cancelled and the call answered 500
    reply            the synchronous mode: the str that the handler returns is texted back to the subscriber
    max_handlers     messages handled at the same time; calls beyond are 503, and the platform repeats them
    """

    def __init__(
        self,
        handler: Handler,
        *,
        secret: str | None = None,
        allow: Iterable[str | Address | Network] = (),
        trusted_proxies: Iterable[str | Address | Network] = (),
        store: InboundStore | str | os.PathLike[str] | None = None,
        timeout: float = 20.0,
        reply: bool = False,
        max_handlers: int = 1000,
    ) -> None:
        self._door = Door(secret=secret, allow=allow, trusted_proxies=trusted_proxies)
        self._work = Work(handler, timeout=timeout, reply=reply)
        self._timeout = timeout
        self._reply = reply
        self._max_handlers = max_handlers
        if max_handlers < 1:
            raise ValueError("`max_handlers` is at least 1")
        self._owns_store = store is None or isinstance(store, str | os.PathLike)
        self._path = store if isinstance(store, str | os.PathLike) else None
        if store is None:
            store = MemoryInboundStore()
        elif isinstance(store, str | os.PathLike):
            store = SQLiteInboundStore(store)
        self._store: InboundStore = store
        self._opened = False
        self._closed = False
        self._running: dict[str, asyncio.Task[Answer]] = {}
        self._owed: dict[str, str] = {}

    async def open(self) -> None:
        """Open the store, so that one that cannot be used is found at the start: `InboundStoreError`.

        What was closed may be opened again: tests start an application many times, some hosts for each call.
        """
        if self._closed and self._path is not None:
            self._store = SQLiteInboundStore(self._path)
        await self._store.open()
        self._opened = True
        self._closed = False

    async def receive(self, call: Call) -> Answer:
        """The answer to one call. Raises nothing but cancellation, which disturbs nobody else."""
        if (refused := self._door.refusal(call)) is not None:
            return refused
        try:
            message = parse_inbound(call.query)
        except UnreadableCall as error:
            return refusal(400, str(error))
        task = self._running.get(message.message_id)
        if task is None:
            if self._closed or len(self._running) >= self._max_handlers:
                return refusal(_NOT_NOW, "not now")
            task = self._begin(message)
        # Not `wait_for`, which would cancel the task that is others', too.
        done, _ = await asyncio.wait([task], timeout=self._timeout + _GRACE)
        if not done or task.cancelled():
            return refusal(_FAILED, "not handled")
        return task.result()

    async def aclose(self, timeout: float | None = None) -> None:
        """Take no more; let handlers end, for at most `timeout` seconds (the handlers' own, without it)."""
        self._closed = True
        if self._running:
            patience = self._timeout + _GRACE if timeout is None else timeout
            _, late = await asyncio.wait(self._running.values(), timeout=patience)
            for task in late:
                task.cancel()
            if late and (await asyncio.wait(late, timeout=_GRACE))[1]:
                _log.error("closed while handlers are at work that do not end when they are cancelled")
        if self._owns_store:
            await self._store.aclose()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _begin(self, message: InboundMessage) -> asyncio.Task[Answer]:
        """From here until the task has ended, every call for this message waits for it."""
        task = asyncio.get_running_loop().create_task(self._take(message))
        self._running[message.message_id] = task
        task.add_done_callback(lambda _: self._running.pop(message.message_id))
        return task

    async def _take(self, message: InboundMessage) -> Answer:
        message_id = message.message_id
        try:
            if not self._opened:
                await self.open()
            reply = self._owed.get(message_id)
            if reply is None:
                reply = await self._store.find(message_id)
                if reply is not None:
                    return self._answer(message_id, reply)
                reply = await self._work.do(message)
                if reply is None:
                    return refusal(_FAILED, "not handled")
                self._owe(message_id, reply)
            await self._store.add(message_id, reply)
        except Exception as error:  # noqa: BLE001 - a store of others may raise anything; nothing is acknowledged
            said = str(error) if isinstance(error, SmsgwError) else frames(error)
            _log.error("message %s is not acknowledged: the store failed\n%s", message_id, said)
            return refusal(_FAILED, "not remembered")
        self._owed.pop(message_id, None)
        return self._answer(message_id, reply)

    def _owe(self, message_id: str, reply: str) -> None:
        """It is handled and not marked yet. Should the mark fail, a repeat tries the mark again and not the handler."""
        self._owed[message_id] = reply
        if len(self._owed) > _MOST_OWED:
            del self._owed[next(iter(self._owed))]

    def _answer(self, message_id: str, reply: str) -> Answer:
        return texted_back(reply) if self._reply else acknowledgement(message_id)
