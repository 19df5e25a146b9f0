"""Dispatchers on fake time, before the sandbox's gateways without a socket between: an hour passes in milliseconds."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cached_property
from itertools import pairwise
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest

from smsgw import Outcome
from smsgw.dispatcher import Dispatcher, engine_of
from smsgw.models import DeliveryReport
from smsgw.sandbox import Ledger, RequestRecord, Sandbox
from smsgw.sandbox.calls import Call
from smsgw.sandbox.form import identity
from smsgw.sandbox.gateways import Gateway
from smsgw.tracking import ReportStream, Subjects
from smsgw.transport import Reply, Request
from smsgw.transport.slots import Slots

DRIVERS = ("avist", "smstele", "smsco", "iba", "targetsms")
REPEATED = "одного одинакового запроса"
NUMBERS = [str(79160000101 + number) for number in range(300)]


def now() -> float:
    return asyncio.get_running_loop().time()


Instead = Callable[["Line", Request], Reply | Exception | None]


class Line:
    """A transport that hands requests right to a gateway, and counts. `takes` are the seconds of each."""

    def __init__(self, gateway: Gateway, slots: Slots) -> None:
        self.slots = slots
        self.takes = 0.05
        self.instead: Instead | None = None
        """What comes in place of the gateway's reply to a status; None for the gateway's own."""
        self.replies: list[str] = []
        self.at_once = self.most_at_once = 0
        self._gateway = gateway

    async def request(self, request: Request, before_first_byte: Callable[[], None] | None = None) -> Reply:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if before_first_byte is not None:
                before_first_byte()
            reply = self._reply(request)
            await asyncio.sleep(self.takes)
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # a connection is not closed at once
            raise
        finally:
            self.at_once -= 1
        if isinstance(reply, Exception):
            raise reply
        self.replies.append(reply.body.decode())
        return reply

    def _reply(self, request: Request) -> Reply | Exception:
        gateway, url = self._gateway, urlsplit(request.url)
        script = url.path.rpartition("/")[2]
        given = gateway.decoded(url.query.encode() + b"&" + (request.body or b""))
        kind = gateway.kind_of(script, given)
        record = RequestRecord(
            number=gateway.ledger.next_number(),
            gateway=gateway.name,
            method=request.method,
            script=url.path,
            url_length=len(request.url),
            kind=kind,
            recipients=gateway.recipients_in(given),
            identity=identity(script, given, gateway.hidden),
            clock_at=gateway.clock(),
        )
        gateway.ledger.enter_request(record)
        if (
            kind == "status"
            and self.instead is not None
            and (told := self.instead(self, request)) is not None
        ):
            return told
        call = Call(
            number=record.number,
            script=script,
            given=given,
            kind=kind,
            identity=record.identity,
            clock_at=record.clock_at,
            wall_at=gateway.wall(),
        )
        answer = gateway.answer(call)
        return Reply(answer.status, answer.body)

    async def aclose(self) -> None:
        pass


class Town:
    """The gateways on the loop's time; TargetSMS counts its minute."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self._dispatchers: list[Dispatcher] = []

    @cached_property
    def sandbox(self) -> Sandbox:
        """Made by the test: while fixtures run, the loop's time is still the real one."""
        return Sandbox(clock=now)

    @cached_property
    def gateways(self) -> dict[str, Any]:
        gateways: dict[str, Any] = dict(self.sandbox.gateways)
        gateways["targetsms"].repeat_window = 60
        for gateway in gateways.values():
            gateway.fates.clear()  # all are delivered
        return gateways

    @property
    def ledger(self) -> Ledger:
        return self.sandbox.ledger

    def dispatcher(self, *names: str, breaker: dict[str, Any] | None = None, **settings: Any) -> Dispatcher:
        """With these providers (or all), `settings` added to each."""
        tables = {
            name: {
                "driver": name,
                "login": "test",
                "password": "test",
                "url": f"http://127.0.0.1:1/{name}/",
                "sender": "TESTSMS",
                **settings,
            }
            for name in names or DRIVERS
        }
        sms = Dispatcher.from_config({"providers": tables, "breaker": breaker or {}})
        for name, lane in engine_of(sms).lanes.items():
            line = self.lines[name] = Line(self.gateways[name], lane.gate.transport.slots)
            lane.gate.transport = line  # type: ignore[assignment]  # all that is used of a transport
        self._dispatchers.append(sms)
        return sms

    def delivers_after(self, seconds: float) -> None:
        for gateway in self.gateways.values():
            gateway.delivery_after = seconds

    async def sent(
        self, sms: Dispatcher, provider: str, numbers: Sequence[str] = NUMBERS[:1]
    ) -> list[Outcome]:
        """Messages just sent, all accepted."""
        submission = await sms.send(numbers, "Hi", provider=provider)
        assert len(submission.accepted) == len(numbers)
        return list(submission)

    def asked(self, provider: str) -> list[float]:
        """When each status request came."""
        return [record.clock_at for record in self.ledger.requests_of(provider, "status")]

    def says(self, provider: str, *replies: str | Exception | None) -> None:
        """The next statuses are these in order, the last for ever; None is the gateway's own."""
        left = list(replies)

        def instead(line: Line, request: Request) -> Reply | Exception | None:
            told = left.pop(0) if len(left) > 1 else left[0]
            return Reply(200, told.encode()) if isinstance(told, str) else told

        self.lines[provider].instead = instead

    def no_repeats(self) -> bool:
        return not any(REPEATED in reply for line in self.lines.values() for reply in line.replies)

    async def close(self) -> None:
        for sms in self._dispatchers:
            await sms.aclose()


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """A `Town` of which no task and no timer may be left."""
    before = asyncio.all_tasks()
    town = Town()
    yield town
    await town.close()
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}
    assert not timers()


def timers() -> list[asyncio.TimerHandle]:
    """Those of the loop that will still ring."""
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    return [handle for handle in scheduled if not handle.cancelled()]


def track(sms: Dispatcher, subjects: Subjects, **options: Any) -> ReportStream:
    """`Dispatcher.track` with all that a `ReportStream` can be told, and a seed."""
    return ReportStream(engine_of(sms), subjects, **{"deadline": 86_400.0, "random": Random(5), **options})


async def all_of(stream: ReportStream) -> list[DeliveryReport]:
    return [report async for report in stream]


def states(reports: Sequence[DeliveryReport]) -> list[tuple[str, bool]]:
    return [(report.state.value, report.final) for report in reports]


def gaps(times: Sequence[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]
