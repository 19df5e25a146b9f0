"""A lane with a real driver, over a gateway that follows a script, on fake time: for the tests of delivery.py."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

from smsgw.dedup import DuplicateWindow
from smsgw.delivery import Lane
from smsgw.drivers.base import Driver, Verdict
from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.entry import Entry, Scope, Signal
from smsgw.errors import ConnectionFailed, SmsgwError
from smsgw.models import Message, State
from smsgw.settings import BreakerSettings, RetrySettings
from smsgw.transport import Reply, Request, Slots, Transport

__all__ = ["FOR_EVER", "MANY", "TAKES", "Bench", "Gateway", "Outbox", "Step", "now", "states", "the_error"]

Step = bytes | SmsgwError | Callable[[Request], bytes]

TAKES = 1.0
"""Seconds from the first byte to the reply."""
FOR_EVER = 1e9
MANY = ["79160000001", "79160000002", "79160000003", "79160000004"]


def now() -> float:
    return asyncio.get_running_loop().time()


class Gateway:
    """In place of a transport: each request comes to its step of the script, all further ones to the last."""

    def __init__(self, *script: Step) -> None:
        self.slots = Slots(20)
        self.asked: list[Request] = []
        self._script = script

    async def request(self, request: Request, before_first_byte: Callable[[], None]) -> Reply:
        step = self._script[min(len(self.asked), len(self._script) - 1)]
        if not isinstance(step, ConnectionFailed):
            before_first_byte()
        self.asked.append(request)
        await asyncio.sleep(TAKES)
        if isinstance(step, SmsgwError):
            raise step
        return Reply(200, step if isinstance(step, bytes) else step(request))

    @property
    def kinds(self) -> list[str]:
        return ["balance" if "balance=1" in request.url else "send" for request in self.asked]


class Outbox:
    """Nobody is told anything here."""

    def settled(self, entry: Entry) -> None:
        raise AssertionError("a lane gives verdicts, and leaves outcomes to others")


class Bench:
    """A lane with a real driver, and what went through it."""

    def __init__(
        self,
        driver: str,
        *script: Step,
        window: DuplicateWindow | None = None,
        retry: RetrySettings | None = None,
        driver_class: type[Driver] | None = None,
        failures: int = 5,
        **settings: Any,
    ) -> None:
        self.gateway = Gateway(*script)
        kind = driver_class or find_drivers()[driver]
        account = {"login": "test", "password": "CANARY", "sender": "SHOP"}
        self.driver = kind(ProviderSettings(name="main", driver=driver, **{**account, **settings}))
        self.signal = Signal()
        self.lane = Lane(
            self.driver,
            cast("Transport", self.gateway),
            retry=retry or RetrySettings(attempts=3, initial=0.5, maximum=0.5),
            breaker=BreakerSettings(failures=failures, rest=30, account_rest=300),
            window=window,
            signal=self.signal,
            clock=now,
        )
        self.scope = Scope()
        self.entries: list[Entry] = []

    async def deliver(
        self, *recipients: str, text: str = "Hi", within: float = FOR_EVER, sender: str | None = None
    ) -> Sequence[Verdict]:
        to = recipients or (MANY[0],)
        message = Message(to=to, text=text, sender=sender)
        self.entries = [Entry(message, recipient, Outbox()) for recipient in to]
        return await self.lane.deliver(self.driver.prepare(message), self.entries, self.scope, now() + within)


def states(verdicts: Sequence[Verdict]) -> list[State]:
    return [verdict.state for verdict in verdicts]


def the_error(verdicts: Sequence[Verdict], kind: type[SmsgwError]) -> SmsgwError:
    """The one error of them all, of exactly this kind."""
    (error,) = {verdict.error for verdict in verdicts}
    assert type(error) is kind
    return error
