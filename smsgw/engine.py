"""What a dispatcher is made of, and the tasks that it owns: requests outlive the callers that asked for them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import islice
from typing import Any, Protocol

import aiohttp

from smsgw.batching import pack
from smsgw.carriage import Carriage
from smsgw.contents import Contents
from smsgw.dedup import DuplicateWindow
from smsgw.delivery import Lane
from smsgw.departures import Departures
from smsgw.drivers.base import Driver
from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.entry import Entry, Scope, Signal
from smsgw.errors import ConfigurationError, InvalidMessage
from smsgw.faults import frames
from smsgw.keys import Keys, MemoryKeyStore
from smsgw.loads import Load, first_of
from smsgw.routing import Candidate, Content, Router
from smsgw.settings import Settings
from smsgw.transport import Transport

__all__ = ["Closable", "Engine"]

_log = logging.getLogger("smsgw.engine")

_CLOSED = "the dispatcher was closed before the request began"


class Closable(Protocol):
    """A caller's business that ends when the dispatcher closes."""

    def close(self, reason: str) -> None: ...


class Engine:
    """Lanes, routes and keys, and everything under way."""

    def __init__(
        self, settings: Settings, session: aiohttp.ClientSession | None, clock: Callable[[], float]
    ) -> None:
        self.clock = clock
        self.signal = Signal()
        self.lanes = _lanes(settings, session, self.signal, clock)
        self.router = Router(self.lanes, settings.routes)
        self.contents = Contents(self.router)
        self.keys = Keys(MemoryKeyStore(settings.dedup, clock))
        # In the order in which they came: what happens does not depend on where in memory they are.
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._departures = Departures(Carriage(self.signal, settings.retry.deadline, clock), self._tasks)
        self._callers: dict[Closable, None] = {}
        self.closed = False

    def check_open(self) -> None:
        if self.closed:
            raise RuntimeError("this dispatcher is closed")

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task of the dispatcher's own: a caller's cancellation does not reach it, closing waits for it."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)
        return task

    def join(self, caller: Closable) -> None:
        self._callers[caller] = None

    def leave(self, caller: Closable) -> None:
        self._callers.pop(caller, None)

    def start(self, content: Content, entries: Sequence[Entry], scope: Scope) -> None:
        """Set one content's entries on their way, in batches as large as their first provider takes."""
        if self.closed:
            scope.end(_CLOSED)
        if scope.ended:
            for entry in entries:
                entry.reject(scope.refusal())
            return
        groups: dict[tuple[Candidate, ...], list[Entry]] = {}
        for entry in entries:
            try:
                candidates = content.for_all or content.candidates(entry.recipient)
            except InvalidMessage as error:
                entry.reject(error.with_traceback(None))
            else:
                groups.setdefault(candidates, []).append(entry)
        for candidates, group in groups.items():
            first = first_of(candidates)
            if len(group) == 1:
                self.launch(Load(candidates, group, scope, first=first, patient=False))
                continue
            batches = pack(group, first.lane.driver.batch_size, first.prepared.room)
            # As many at once as keep every connection busy, whatever the list's length: others want to send, too.
            for batch in islice(batches, 2 * first.lane.driver.settings.max_connections):
                self.launch(Load(candidates, batch, scope, first=first, patient=False, following=batches))

    def launch(self, load: Load) -> None:
        """Set one batch on its way."""
        self._departures.send_off(load)

    async def close(self) -> None:
        """Begin nothing more, wait for what is in flight (each request ends by its own timeout), disconnect."""
        self.closed = True
        for caller in list(self._callers):
            caller.close(_CLOSED)
        for lane in self.lanes.values():
            lane.gate.life.end(_CLOSED)
        self._departures.close()
        async with AsyncExitStack() as ending:
            # All providers are disconnected, also where that of one, or the waiting, is cancelled.
            for lane in self.lanes.values():
                ending.push_async_callback(lane.gate.transport.aclose)
            ending.callback(self._cut_off_all)
            # A source of messages may itself be what closes.
            while waiting := [task for task in self._tasks if task is not asyncio.current_task()]:
                await asyncio.wait(waiting)

    def _cut_off_all(self) -> None:
        for task in self._tasks:
            task.cancel()


def _lanes(
    settings: Settings, session: aiohttp.ClientSession | None, signal: Signal, clock: Callable[[], float]
) -> Mapping[str, Lane]:
    drivers = find_drivers()
    windows: dict[tuple[str, str], DuplicateWindow] = {}
    lanes: dict[str, Lane] = {}
    for name, provider in settings.providers.items():
        driver = _made(drivers[provider.driver], provider)
        transport = Transport(
            provider=name,
            timeout=provider.timeout,
            keepalive=provider.keepalive,
            max_connections=provider.max_connections,
            session=session,
        )
        lanes[name] = Lane(
            driver,
            transport,
            retry=settings.retry,
            breaker=settings.breaker,
            window=_window(driver, windows, clock),
            signal=signal,
            clock=clock,
        )
    return lanes


def _made(kind: type[Driver], settings: ProviderSettings) -> Driver:
    try:
        return kind(settings)
    except ConfigurationError as error:
        kind.echoes_with(settings).hush(error)
        raise
    except Exception as error:  # noqa: BLE001  (a driver's fault: its words may hold the password)
        _log.error("driver %s failed:\n%s", settings.driver, frames(error))
        fault = f"driver {settings.driver} failed with {type(error).__name__}"
    raise ConfigurationError(f"providers.{settings.name}: {fault}")


def _window(
    driver: Driver, windows: dict[tuple[str, str], DuplicateWindow], clock: Callable[[], float]
) -> DuplicateWindow | None:
    """The rule is the account's: two providers of one login and URL share one window."""
    if driver.duplicate_window is None:
        return None
    settings = driver.settings
    account = (driver.url, settings.login)
    seconds = driver.duplicate_window if settings.duplicate_window is None else settings.duplicate_window
    window = windows.setdefault(account, DuplicateWindow(seconds, settings.on_duplicate, clock))
    if not window.is_like(seconds, settings.on_duplicate):
        raise ConfigurationError(
            f"providers.{settings.name}: another provider has this url and login, and another duplicate_window or "
            "on_duplicate; the rule is the account's, so let both say the same"
        )
    return window
