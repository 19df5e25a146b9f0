"""The sandbox: five fake gateways behind one socket."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType, TracebackType
from typing import Any, Self

from aiohttp import web

from smsgw.sandbox.discovery import gateway_types
from smsgw.sandbox.gateways import Gateway
from smsgw.sandbox.ledger import Ledger
from smsgw.sandbox.wire import exchange

__all__ = ["Sandbox"]

_LONGEST_TARGET = (
    1 << 16
)  # characters of a URL; aiohttp's 8190 are too few to see how a gateway takes a longer one
_LARGEST_BODY = 1 << 22  # bytes
_SHUTDOWN_TIMEOUT = (
    0.05  # seconds for what the stop signal does not reach: clients in the middle of a request
)


class Sandbox:
    """Five fake gateways on one port of this machine, as an async context manager.

    host, port       where to listen; port 0 is any free one
    login, password  of the account that every gateway has
    seed             of the faults that come at random (`Faults.share`)
    clock            seconds, ever growing: the gateways' windows and delivery states go by it
    delivery_after   seconds from taking a message to its final state

    gateways         by name; their `faults` and other attributes may be changed at any time
    ledger           what all gateways saw and took; stays readable after the end
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
    ) -> None:
        self.ledger = Ledger()
        self._host = host
        self._port = port
        self._login = login
        self._password = password
        self._clock = clock
        self._clock_start = clock()
        self._wall_start = datetime.now(UTC)
        self.gateways: Mapping[str, Gateway] = MappingProxyType(
            {
                name: gateway_type(
                    ledger=self.ledger,
                    login=login,
                    password=password,
                    clock=clock,
                    wall=self._wall,
                    random=Random(f"{seed}:{name}"),  # noqa: S311 - a repeatable choice of faults, no secret
                    delivery_after=delivery_after,
                )
                for name, gateway_type in gateway_types().items()
            }
        )
        self._runner: web.AppRunner | None = None
        self._cleanup: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

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
                    "login": self._login,
                    "password": self._password,
                    "url": self.url_for(name),
                    "sender": "TESTSMS",
                }
                for name in self.gateways
            }
        }

    async def start(self) -> None:
        """Listen; `RuntimeError` if it does already."""
        if self._runner is not None:
            raise RuntimeError("the sandbox is running")
        self._stopping = asyncio.Event()
        self._runner = self._new_runner()
        try:
            # A cancelled `create_server` would leave its socket listening for ever.
            await _to_the_end(asyncio.create_task(self._listen(self._runner)))
        except BaseException:  # cancellation and a port in use alike: leave nothing behind
            await self.stop()
            raise

    def _new_runner(self) -> web.AppRunner:
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_get("/", self._front_page)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return web.AppRunner(
            app,
            access_log=None,
            handler_cancellation=True,  # a silent reply ends when its client gives up
            max_line_size=_LONGEST_TARGET,
            shutdown_timeout=_SHUTDOWN_TIMEOUT,
        )

    async def _listen(self, runner: web.AppRunner) -> None:
        await runner.setup()
        await web.TCPSite(runner, self._host, self._port).start()

    async def stop(self) -> None:
        """Abort whatever is under way and close the socket; may be called twice, and when nothing runs.

        A cancellation meanwhile is passed on, but not before all is closed.
        """
        if self._runner is not None:
            self._stopping.set()
            runner, self._runner = self._runner, None
            self._cleanup = asyncio.create_task(runner.cleanup())
        if self._cleanup is not None:
            await _to_the_end(self._cleanup)

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

    def _wall(self) -> datetime:
        """Wall-clock time that goes as the clock goes, so that stamps agree with states."""
        return self._wall_start + timedelta(seconds=self._clock() - self._clock_start)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        name, _, script = request.path.removeprefix("/").partition("/")
        if (gateway := self.gateways.get(name)) is None:
            return web.Response(status=404, text="No such gateway; / lists them all.\n")
        return await exchange(gateway, script, request, self._stopping)

    async def _front_page(self, request: web.Request) -> web.Response:
        base = f"{request.scheme}://{request.host}/"
        lines = [
            f"{base}{name}/{script}" for name, gateway in self.gateways.items() for script in gateway.scripts
        ]
        return web.Response(text="\n".join(["smsgw sandbox", *lines, ""]))


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
