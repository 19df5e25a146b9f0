"""The sandbox: fake gateways, their inbox and its API behind one socket."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from os import PathLike, fspath
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from smsgw._version import __version__
from smsgw.sandbox.gateways import Gateway
from smsgw.sandbox.ledger import Ledger
from smsgw.sandbox.store import Store
from smsgw.sandbox.unescaped import Runner
from smsgw.sandbox.web import Facts, is_loopback, new_app
from smsgw.sandbox.world import World

__all__ = ["Sandbox"]

_LONGEST_TARGET = (
    1 << 16
)  # characters of a URL; aiohttp's 8190 are too few to see how a gateway takes a longer one
_SHUTDOWN_TIMEOUT = (
    0.05  # seconds for what the stop signal does not reach: clients in the middle of a request
)


_SAVE_EVERY = 0.25  # seconds: what a killed sandbox may lose


class Sandbox:
    """Fake gateways on one port of this machine, and a page that shows what they took; an async context manager.

    host, port       where to listen; port 0 is any free one
    login, password  of the account that every gateway has
    seed             of the faults that come at random (`Faults.share`)
    clock            seconds, ever growing: the gateways' windows and delivery states go by it
    delivery_after   seconds from taking a message to its final state
    keep             how many messages and requests are kept, the newest; None for all
    store            a file that keeps them for the next sandbox; such a sandbox is started once
    allow_hosts      names that requests may have in `Host` besides those of loopback
    gateways         more kinds of gateways than the package's own and those that are found by entry point

    world            all but the sockets: gateways, ledger, incoming messages
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        login: str = "test",
        password: str = "test",  # noqa: S107 - the documented login of the sandbox; it guards nothing
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
        delivery_after: float = 2.0,
        keep: int | None = None,
        store: str | PathLike[str] | None = None,
        allow_hosts: Iterable[str] = (),
        gateways: Iterable[type[Gateway]] = (),
    ) -> None:
        self.world = World(
            login=login,
            password=password,
            seed=seed,
            clock=clock,
            delivery_after=delivery_after,
            keep=keep,
            gateways=gateways,
        )
        self.host = host
        self.port = port
        self._allow_hosts = frozenset(allow_hosts)
        self._place = store
        self._store: Store | None = None
        self._saver: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None
        self._cleanup: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    @property
    def gateways(self) -> Mapping[str, Gateway]:
        """By name; their `faults` and other attributes may be changed at any time."""
        return self.world.gateways

    @property
    def ledger(self) -> Ledger:
        """What all gateways saw and took; stays readable after the end."""
        return self.world.ledger

    def __repr__(self) -> str:
        return f"<Sandbox {self.url if self._runner and self._runner.addresses else 'not running'}>"

    @property
    def url(self) -> str:
        """Where the sandbox listens, with a slash at the end; `RuntimeError` if it does not."""
        if self._runner is None or not self._runner.addresses:
            raise RuntimeError("the sandbox is not running")
        host, port = self._runner.addresses[0][:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    def url_for(self, name: str) -> str:
        """The folder that holds the scripts of a gateway: what a driver's `url` is set to."""
        return f"{self.url}{self.gateways[name].name}/"

    def config(self) -> dict[str, Any]:
        """Settings that lead every driver here, for `smsgw.Dispatcher.from_config`."""
        return {
            "providers": {
                name: {
                    "driver": name,
                    "login": self.world.login,
                    "password": self.world.password,
                    "url": self.url_for(name),
                    "sender": "TESTSMS",
                }
                for name in self.gateways
            }
        }

    async def start(self) -> None:
        """Listen; `RuntimeError` if it does already, `StoreError` for a file that cannot be used, else `OSError`."""
        if self._runner is not None:
            raise RuntimeError("the sandbox is running")
        if self._store is not None:
            raise RuntimeError("a sandbox with a store is started once")
        self._stopping = asyncio.Event()
        self._runner = self._new_runner()
        try:
            # A cancelled `create_server` would leave its socket listening for ever.
            await _to_the_end(asyncio.create_task(self._listen(self._runner)))
        except BaseException:  # cancellation and a port in use alike: leave nothing behind
            await self.stop()
            raise

    def _new_runner(self) -> web.AppRunner:
        app = new_app(
            self.world,
            Facts(version=__version__, store=None if self._place is None else fspath(self._place)),
            stopping=self._stopping,
            allow_hosts={self.host, *self._allow_hosts},
            any_address=not is_loopback(self.host),
        )
        return Runner(
            app,
            access_log=None,
            handler_cancellation=True,  # a silent reply ends when its client gives up
            max_line_size=_LONGEST_TARGET,
            shutdown_timeout=_SHUTDOWN_TIMEOUT,
        )

    async def _listen(self, runner: web.AppRunner) -> None:
        if self._place is not None:
            self._store = Store(self._place)
            self._store.load(self.world)
            self._saver = asyncio.create_task(self._keep_saving(self._store))
        await self.world.incoming.start()
        await runner.setup()
        await web.TCPSite(runner, self.host, self.port).start()

    async def _keep_saving(self, store: Store) -> None:
        while True:
            await asyncio.sleep(_SAVE_EVERY)
            store.save(self.world)

    async def stop(self) -> None:
        """Abort whatever is under way and close the socket; may be called twice, and when nothing runs.

        A cancellation meanwhile is passed on, but not before all is closed.
        """
        if self._runner is not None:
            self._stopping.set()
            runner, self._runner = self._runner, None
            self._cleanup = asyncio.create_task(self._close(runner))
        if self._cleanup is not None:
            await _to_the_end(self._cleanup)

    async def _close(self, runner: web.AppRunner) -> None:
        try:
            await runner.cleanup()
            await self.world.incoming.aclose()
        finally:
            self._close_store()

    def _close_store(self) -> None:
        if self._saver is not None:
            self._saver.cancel()
        if self._store is not None:
            if self._saver is not None:  # without it, there was nothing loaded that could be saved
                self._store.save(self.world, at_once=True)
            self._store.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()


async def _to_the_end(task: asyncio.Task[None]) -> None:
    """Wait until the task is done even if cancelled meanwhile; pass the cancellation on afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    failure = task.exception()
    if cancelled is not None:
        raise cancelled
    if failure is not None:
        raise failure
