"""One run: gateways with a fault, a dispatcher in front of them, a job, and what came of it all."""

import asyncio
import contextlib
import gc
import socket
import time
import traceback
from collections.abc import AsyncIterator, Mapping
from random import Random
from typing import Any

import aiohttp
from attrs import evolve

from smsgw import Dispatcher, Message, Outcome
from tests.faults.evidence import Evidence, Marks
from tests.faults.jobs import Job, choose
from tests.faults.names import resolving
from tests.faults.points.point import Point
from tests.faults.server.certificates import Certificates
from tests.faults.server.clock import TIMEOUT, Clock
from tests.faults.server.gateway import Gateway, Trap
from tests.faults.server.ledger import Ledger
from tests.faults.server.narrow import narrowed
from tests.faults.trusting import trusting
from tests.faults.watch import Watch

__all__ = ["RETRY", "run"]

RETRY: Mapping[str, float] = {"attempts": 3, "initial": 0.001, "maximum": 0.002, "deadline": 0.4}
_HEALTHY = Point(name="healthy")


async def run(
    point: Point,
    driver: str,
    seed: int,
    certificates: Certificates,
    marks: Marks | None = None,
    *,
    job: Job | None = None,
) -> Evidence:
    """Run `point` with `driver` as the seed says (or the `job` that is given), and tell what came of it."""
    marks = marks or Marks()
    watch, before = Watch(), asyncio.all_tasks()
    with watch.watching():
        evidence = await _Run(point, driver, seed, marks, certificates).evidence(
            job or choose(point, driver, seed, marks)
        )
        await asyncio.sleep(0)
        left = [repr(task) for task in asyncio.all_tasks() - before]
        gc.collect()
    return evolve(
        evidence,
        records=watch.records,
        complaints=[*evidence.complaints, *watch.complaints],
        left=[*evidence.left, *left],
    )


def _passed_in(point: Point) -> aiohttp.ClientSession:
    """A session of the user's own, with a jar that takes cookies from anybody and has one for everybody."""
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies({"private": "1"})
    narrow = None if not point.buffer else lambda address: narrowed(socket.socket(*address[:3]), point.buffer)
    connector = aiohttp.TCPConnector(keepalive_timeout=2, socket_factory=narrow)
    return aiohttp.ClientSession(connector=connector, cookie_jar=jar)


class _Run:
    def __init__(
        self, point: Point, driver: str, seed: int, marks: Marks, certificates: Certificates
    ) -> None:
        self._point, self._driver, self._seed, self._marks = point, driver, seed, marks
        self._random, self._certificates = Random(f"{point}/{driver}/{seed} on the wire"), certificates
        self._ledger, self._clock = Ledger(), Clock()
        self._gateways: list[Gateway] = []
        self._given: list[tuple[Message, str]] = []
        self._outcomes: list[Outcome] = []
        self._reprs: dict[str, str] = {}
        self._requests: dict[str, int] = {}
        self._left: list[str] = []

    async def evidence(self, job: Job) -> Evidence:
        point = self._point
        began = time.monotonic()
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._clock.installed())
            if point.scheme == "https":
                stack.enter_context(trusting(self._certificates))
            if point.address in ("failing resolver", "no addresses", "a name"):
                stack.enter_context(resolving(point.address))
            try:
                async with self._clock.limited(point.within), self._opened(job) as settings:
                    await self._send(settings, job)
            except TimeoutError:
                self._left.append("the run itself, which did not end in time")
        unforeseen = [repr(error) for gateway in self._gateways for error in gateway.unforeseen]
        return Evidence(
            point.name,
            self._driver,
            self._seed,
            self._marks,
            str(job),
            self._given,
            self._outcomes,
            self._ledger,
            self._requests,
            time.monotonic() - began,
            point.within,
            reprs=self._reprs,
            complaints=unforeseen,
            left=self._left,
        )

    @contextlib.asynccontextmanager
    async def _opened(self, job: Job) -> AsyncIterator[dict[str, Any]]:
        """The gateways, and the settings that lead to them."""
        point = self._point
        trap = Trap(self._ledger)
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(trap.close)
            trapped = await trap.open()
            providers = {}
            for name, driver, conduct in (
                ("main", self._driver, point),
                ("spare", job.spare, point if job.spare_struck else _HEALTHY),
            ):
                if not driver:
                    continue
                gateway = Gateway(
                    name,
                    driver,
                    conduct,
                    self._ledger,
                    random=self._random,
                    clock=self._clock,
                    truthful=job.truthful,
                    trap=trapped,
                    buffer=conduct.buffer,
                )
                await gateway.open(self._certificates.serving(conduct.certificate))
                stack.push_async_callback(gateway.close)
                self._gateways.append(gateway)
                providers[name] = self._table(
                    driver, job, f"{conduct.scheme}://{self._place(conduct, gateway, stack)}/"
                )
            yield {"providers": providers, "retry": RETRY, "breaker": {"failures": 1000}}

    def _place(self, conduct: Point, gateway: Gateway, stack: contextlib.AsyncExitStack) -> str:
        if conduct.address == "closed port":
            # Bound, so that nobody else takes it, and listening to nobody.
            closed = stack.enter_context(socket.socket())
            closed.bind(("127.0.0.1", 0))
            return f"127.0.0.1:{closed.getsockname()[1]}"
        return f"gateway.localhost:{gateway.port}" if conduct.address else f"127.0.0.1:{gateway.port}"

    def _table(self, driver: str, job: Job, url: str) -> dict[str, Any]:
        table = {
            "driver": driver,
            "login": "login",
            "password": self._marks.password,
            "url": url,
            "timeout": TIMEOUT,
            "batch_size": job.batch_size if driver != "avist" else 1,
        }
        if driver == "targetsms":
            table["duplicate_window"] = job.duplicate_window
        return table

    async def _send(self, settings: dict[str, Any], job: Job) -> None:
        session = None
        if not job.own_session:
            session = _passed_in(self._point)
        try:
            async with Dispatcher.from_config(settings, session=session) as sms:
                if job.reused:
                    before = Message(
                        to=self._marks.recipients[0], text=f"{self._marks.text} (before)", provider="main"
                    )
                    await self._submit(sms, before)
                for gateway in self._gateways:
                    gateway.strike()
                for _ in range(job.turns):
                    await asyncio.sleep(0)
                if job.is_stream:
                    self._given += [(message, to) for message in job.messages for to in message.to]
                    async for outcome in sms.send_many(job.messages):
                        self._keep(outcome)
                else:
                    for message in job.messages:
                        await self._submit(sms, message)
            self._requests = {name: stats.requests for name, stats in sms.stats.items()}
            self._reprs["dispatcher"] = repr(sms)
        finally:
            if session is not None:
                self._left += [
                    f"the cookie {cookie.key}" for cookie in session.cookie_jar if cookie.key != "private"
                ]
                await session.close()
        for gateway in self._gateways:
            if not await gateway.all_ended(1.0):
                self._left.append(f"a connection to {gateway.name}")

    async def _submit(self, sms: Dispatcher, message: Message) -> None:
        self._given += [(message, to) for to in message.to]
        submission = await sms.submit(message)
        self._reprs[f"submission {len(self._reprs)}"] = repr(submission)
        for outcome in submission:
            self._keep(outcome)
        try:
            submission.raise_for_failures()
        except Exception as error:  # noqa: BLE001  (whatever users see of it is evidence)
            shown = traceback.TracebackException.from_exception(error, capture_locals=False)
            self._reprs[f"traceback {len(self._reprs)}"] = "".join(shown.format())

    def _keep(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        number, error = len(self._outcomes), outcome.error
        self._reprs[f"outcome {number}"] = repr(outcome)
        if error is not None:
            self._reprs[f"error {number}"] = f"{error} {error!r} {error.args!r} {vars(error)!r}"
            shown = traceback.TracebackException.from_exception(error, capture_locals=True)
            self._reprs[f"locals of error {number}"] = "".join(shown.format())
