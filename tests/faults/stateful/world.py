"""A dispatcher on fake time before three accounts: TargetSMS twice, the first under two names, and IBA."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, cast

from attrs import frozen

from smsgw import Dispatcher, Message
from smsgw.dedup import DuplicateWindow
from smsgw.dispatcher import engine_of
from smsgw.drivers.settings import OnDuplicate
from smsgw.transport import Transport
from tests.faults.stateful.callers import Call
from tests.faults.stateful.gateway import Exchange, Gateway
from tests.faults.stateful.line import Line
from tests.faults.stateful.virtual import VirtualLoop

__all__ = ["ACCOUNTS", "PROVIDERS", "Setup", "World"]

ACCOUNTS = {"main": "a", "twin": "a", "spare": "b", "iba": "iba"}
"""Each provider's account; providers of one account share the gateway's rule."""

PROVIDERS = tuple(ACCOUNTS)


@frozen
class Setup:
    """What differs between the worlds."""

    on_duplicate: OnDuplicate = "reuse"
    route: tuple[str, ...] = ("main", "spare", "iba")
    strategy: str = "failover"
    timeout: float = 30.0
    connections: int = 20
    rate: float | None = None
    deadline: float = 120.0
    failures: int = 5
    account_rest: float = 300.0
    key_ttl: float = 86400.0
    max_keys: int = 1000

    def config(self) -> dict[str, Any]:
        providers: dict[str, Any] = {}
        for name, account in ACCOUNTS.items():
            driver = "iba" if account == "iba" else "targetsms"
            provider = {
                "driver": driver,
                "login": account,
                "password": "secret",
                "url": f"https://{driver}.example/",
                "batch_size": 2,
                "timeout": self.timeout,
                "max_connections": self.connections,
            }
            if driver == "targetsms":
                provider["on_duplicate"] = self.on_duplicate
            if self.rate is not None:
                provider["rate"] = self.rate
            providers[name] = provider
        return {
            "providers": providers,
            "routes": [{"providers": list(self.route), "strategy": self.strategy}],
            "retry": {"deadline": self.deadline},
            "breaker": {"failures": self.failures, "account_rest": self.account_rest},
            "dedup": {"key_ttl": self.key_ttl, "max_keys": self.max_keys},
        }


class _Faults(logging.Handler):
    """What smsgw logs as a fault of its own: it turns each into `unknown`, where nobody would see it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


class World:
    """Everything of one example."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.loop = VirtualLoop()
        self.sms = Dispatcher.from_config(setup.config())
        self.engine = engine_of(self.sms)
        self.calls: list[Call] = []
        self.questions: list[asyncio.Task[object]] = []
        self.closing: asyncio.Task[None] | None = None
        self.closed_at: float | None = None
        self.close_ended: float | None = None
        numbers = count(1001)
        self.gateways = {
            account: Gateway(self.loop, numbers, keeps_rule=account != "iba")
            for account in dict.fromkeys(ACCOUNTS.values())
        }
        self.lines: dict[str, Line] = {}
        for name, lane in self.engine.lanes.items():
            line = Line(self.gateways[ACCOUNTS[name]], name, lane.breaker, setup.timeout, setup.connections)
            self.lines[name] = line
            lane.gate.transport = cast("Transport", line)
        self._faults = _Faults()
        logging.getLogger("smsgw").addHandler(self._faults)

    def call(self, *messages: Message, timeout: float | None = None, many: bool = False) -> Call:
        call = Call(messages, timeout, many)
        call.start(self.sms, self.loop)
        self.calls.append(call)
        return call

    def ask(self, question: Coroutine[Any, Any, object]) -> None:
        """Something that is no message; what comes of it is nobody's concern here."""
        self.questions.append(self.loop.create_task(question))

    def close(self) -> None:
        """Begin to close the dispatcher."""
        self.closing = self.loop.create_task(self._close())

    async def _close(self) -> None:
        self.closed_at = self.loop.time()
        try:
            await self.sms.aclose()
        finally:
            self.close_ended = self.loop.time()

    @property
    def exchanges(self) -> Iterator[Exchange]:
        for gateway in self.gateways.values():
            yield from gateway.exchanges

    @property
    def windows(self) -> list[DuplicateWindow]:
        found = (lane.gate.window for lane in self.engine.lanes.values())
        return [window for window in found if window is not None]

    @property
    def complaints(self) -> list[str]:
        """Of asyncio, and of smsgw about itself."""
        return self.loop.complaints + self._faults.said

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Whatever happens in here, nothing of this world is left."""
        try:
            yield
        finally:
            logging.getLogger("smsgw").removeHandler(self._faults)
            for task in (*self.questions, *(call.task for call in self.calls)):
                task.cancel()
            self.loop.turn()
            self.loop.close()
