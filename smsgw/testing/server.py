"""A sandbox in a thread of its own, for tests of any kind: sync, async with any runner, or of other processes."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from types import MappingProxyType, TracebackType
from typing import Any, Self, TypeVar

from smsgw.drivers.discovery import find_drivers
from smsgw.sandbox import Faults, Gateway, Ledger, RequestRecord, Sandbox, TakenMessage

__all__ = ["SandboxServer"]

_LOOK_EVERY = 0.005  # seconds between two looks at the ledger while a test waits
_MOST_SHOWN = 20  # requests in a message of failure
_QUICK_RETRIES: Mapping[str, float] = MappingProxyType({"initial": 0.01, "maximum": 0.1})

T = TypeVar("T")


class SandboxServer:
    """Fake gateways on a free port of 127.0.0.1, while `with SandboxServer() as sandbox:` lasts.

    It has a thread and an event loop of its own, so nothing that a test does with its own loop, a fake clock included,
    disturbs it. All that it shows are snapshots, which may be read from any thread, also after the end.

    login, password  of the account that every gateway has
    delivery_after   seconds from taking a message to its final state; 0: at once
    seed             of the faults that come at random (`Faults.share`)
    gateways         more kinds of gateways than the package's own and those that are found by entry point
    """

    def __init__(
        self,
        *,
        login: str = "test",
        password: str = "test",  # noqa: S107 - the documented login of the sandbox; it guards nothing
        delivery_after: float = 0.0,
        seed: int = 0,
        gateways: Iterable[type[Gateway]] = (),
    ) -> None:
        self._ahead = 0.0
        self._sandbox = Sandbox(
            login=login,
            password=password,
            seed=seed,
            clock=self._clock,
            delivery_after=delivery_after,
            gateways=gateways,
        )
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._started: Future[None] = Future()
        self._url = ""

    def __repr__(self) -> str:
        return f"<SandboxServer {self._url}>" if self._thread else "<SandboxServer not running>"

    def start(self) -> None:
        """Listen; returns once it does. `RuntimeError` if it does already, or did before."""
        if self._thread is not None or self._started.done():
            raise RuntimeError("a SandboxServer runs once: make another")
        self._thread = threading.Thread(target=self._run, name="smsgw sandbox", daemon=True)
        self._thread.start()
        try:
            self._started.result()
        except BaseException:  # a test that is interrupted just now included: leave nothing behind
            self.stop()
            raise

    def stop(self) -> None:
        """Abort what is under way, close the socket, end the thread; may be called twice, and when nothing runs."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._loop is None:  # interrupted between the thread's start and its loop's
            self._started.exception()
        loop, self._loop = self._loop, None  # whoever reads from now on does so without the loop
        if loop is not None:
            loop.call_soon_threadsafe(self._stopping.set)
        thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Where it is.

    @property
    def url(self) -> str:
        """Where it listens, with a slash at the end; a browser shows there what was taken."""
        if not self._url:
            raise RuntimeError("the sandbox has not been started")
        return self._url

    def url_for(self, gateway: str) -> str:
        """The folder that holds a gateway's scripts: what a provider's `url` is set to."""
        return f"{self.url}{self._known(gateway)}/"

    def config(
        self,
        *gateways: str,
        routes: Iterable[Mapping[str, Any]] = (),
        retry: Mapping[str, Any] | None = None,
        breaker: Mapping[str, Any] | None = None,
        dedup: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> dict[str, Any]:
        """Settings for `smsgw.Dispatcher.from_config` that lead here; retries wait for hundredths of seconds.

        gateways  only these, in this order; without any, all that there is a driver for
        settings  of every provider, such as `sender="SHOP"` or `timeout=0.5`
        others    further tables, as in the configuration file
        """
        common = {**self._account(), "sender": "TESTSMS", **settings}
        names = gateways or tuple(name for name in self.gateways if name in find_drivers())
        config: dict[str, Any] = {
            "providers": {name: {"driver": name, "url": self.url_for(name), **common} for name in names},
            "retry": {**_QUICK_RETRIES, **(retry or {})},
        }
        others = {"routes": list(routes), "breaker": breaker, "dedup": dedup}
        return config | {name: table for name, table in others.items() if table}

    # What is set.

    @property
    def gateways(self) -> Mapping[str, Gateway]:
        """The fakes by name; their attributes may be changed at any time."""
        return self._sandbox.gateways

    @property
    def faults(self) -> Mapping[str, Faults]:
        """What goes wrong at each gateway: `sandbox.faults["iba"].drop = 1`."""
        return MappingProxyType({name: gateway.faults for name, gateway in self.gateways.items()})

    @property
    def delivery_after(self) -> float:
        """Seconds from taking a message to its final state, for those that are taken from now on."""
        return self._sandbox.world.delivery_after

    @delivery_after.setter
    def delivery_after(self, seconds: float) -> None:
        def change() -> None:
            self._sandbox.world.delivery_after = seconds

        self._in_its_loop(change)

    def advance(self, seconds: float) -> None:
        """Let time pass at the gateways, at once: messages come to their final states, windows end."""
        if seconds < 0:
            raise ValueError("time goes forward only")
        self._ahead += seconds

    def reset(self) -> None:
        """Begin anew: forget what was sent and asked, and switch all faults off, those of markers too."""
        self._in_its_loop(self._sandbox.world.reset)

    # What came.

    @property
    def messages(self) -> tuple[TakenMessage, ...]:
        """Every message that any gateway took, in order."""
        return self._in_its_loop(lambda: self._sandbox.ledger.messages)

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """Every request that any gateway saw, in the order of arrival; refused ones, too."""
        return self._in_its_loop(lambda: self._sandbox.ledger.requests)

    @property
    def ledger(self) -> Ledger:
        """Both of them, and what can be asked of them: `sent_twice()`, `count(…)`, `requests_of(…)`."""
        copy = Ledger()
        for record in self.requests:
            copy.enter_request(record)
        copy.restore(self.messages, ())
        return copy

    async def wait_for(self, n: int, timeout: float = 5.0) -> tuple[TakenMessage, ...]:
        """All messages, as soon as there are `n` of them; after `timeout` seconds an `AssertionError` that says why.

        The seconds are real ones, also in a loop with a clock of its own.
        """
        __tracebackhide__ = True
        messages = await asyncio.wrap_future(self._waiting(n, timeout))
        if len(messages) < n:
            raise AssertionError(self._too_few(n, timeout, messages))
        return messages

    def wait_for_sync(self, n: int, timeout: float = 5.0) -> tuple[TakenMessage, ...]:
        """`wait_for`, for tests without an event loop."""
        __tracebackhide__ = True
        messages = self._waiting(n, timeout).result()
        if len(messages) < n:
            raise AssertionError(self._too_few(n, timeout, messages))
        return messages

    def story(self) -> str:
        """The last requests and what became of them, a line each, and the faults that are on; for a test that fails."""
        brought = Counter(message.request for message in self.messages)
        lines = [_line(record, brought[record.number]) for record in self.requests[-_MOST_SHOWN:]]
        if on := [f"{name}: {', '.join(faults.on)}" for name, faults in self.faults.items() if faults.on]:
            lines.append(f"faults still on: {'; '.join(on)}")
        return "\n".join(lines)

    def _too_few(self, n: int, timeout: float, messages: tuple[TakenMessage, ...]) -> str:
        requests = self.requests
        lines = [f"{len(messages)} of {n} messages came within {timeout:g} s, by {len(requests)} requests"]
        if len(requests) > _MOST_SHOWN:
            lines[0] += f", of which the last {_MOST_SHOWN}"
        return "\n  ".join([*lines, *self.story().splitlines()])

    # The thread.

    def _run(self) -> None:
        # A loop of its own kind, whatever the test's policy makes: one with a fake clock would not serve.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            try:
                runner.run(self._serve())
            except BaseException as error:  # the one place to tell it: whoever started us
                if self._started.done():
                    raise
                self._started.set_exception(error)

    async def _serve(self) -> None:
        async with self._sandbox:
            self._url = self._sandbox.url
            self._loop = asyncio.get_running_loop()
            self._started.set_result(None)
            await self._stopping.wait()

    def _in_its_loop(self, work: Callable[[], T]) -> T:
        """What `work` returns when no request is half-way through."""
        if self._loop is None:
            return work()

        async def worked() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(worked(), self._loop).result()

    def _waiting(self, n: int, timeout: float) -> Future[tuple[TakenMessage, ...]]:
        if self._loop is None:
            raise RuntimeError("the sandbox is not running")
        return asyncio.run_coroutine_threadsafe(self._until(n, timeout), self._loop)

    async def _until(self, n: int, timeout: float) -> tuple[TakenMessage, ...]:
        """All messages, once there are so many or the time is over."""
        ledger = self._sandbox.ledger
        end = time.monotonic() + timeout
        while len(ledger) < n and time.monotonic() < end:  # noqa: ASYNC110 - the ledger tells nobody of news
            await asyncio.sleep(_LOOK_EVERY)
        return ledger.messages

    def _clock(self) -> float:
        return time.monotonic() + self._ahead

    def _account(self) -> dict[str, str]:
        return {"login": self._sandbox.world.login, "password": self._sandbox.world.password}

    def _known(self, gateway: str) -> str:
        if gateway not in self.gateways:
            raise ValueError(f"no such gateway: {gateway!r}; there are {', '.join(self.gateways)}")
        return gateway


def _line(record: RequestRecord, brought: int) -> str:
    """What became of one request."""
    status = "no reply" if record.status is None else f"HTTP {record.status}"
    fault = f" ({record.fault})" if record.fault else ""
    to = f" for {', '.join(record.recipients)}" if record.recipients else ""
    return f"#{record.number} {record.gateway} {record.kind}{to}: {status}{fault}, {brought} taken"
