"""A dispatcher that is closed at any moment while all that it can do is under way."""

import asyncio
import logging
from functools import partial
from random import Random

import pytest

from smsgw import DeliveryReport, Message, Outcome, Reference, State
from smsgw.dispatcher import engine_of
from tests.faults.cancellation.steps import SteppedLoop, run
from tests.faults.cancellation.town import Town, settings
from tests.faults.scale import SEEDS

_log = logging.getLogger(__name__)

NUMBERS = [str(79160000101 + number) for number in range(6)]
TIMEOUT = 3.0
MOST = 500
"""Steps, of which the first are those in which most begins."""
SETTINGS = settings(
    {"driver": "iba", "batch_size": 2, "max_connections": 1, "timeout": TIMEOUT},
    {"driver": "targetsms", "on_duplicate": "wait", "timeout": TIMEOUT},
    {"driver": "smsco", "rate": 1, "timeout": TIMEOUT},
    {"driver": "smstele", "timeout": TIMEOUT},
    {"driver": "avist", "timeout": TIMEOUT},
    routes=[{"providers": ["iba"]}],
    breaker={"failures": 3, "rest": 20},
)
ENDINGS = (RuntimeError, StopAsyncIteration)
"""What a caller may be told instead of outcomes: that the dispatcher is closed."""


class Load:
    """Callers of every kind, and what they were told."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.told: list[Outcome] = []
        self.reports: list[DeliveryReport] = []
        self.errors: list[BaseException] = []
        self.ended = 0

    def tasks(self) -> list[asyncio.Task[None]]:
        calls = [
            self._send("iba", NUMBERS, key="list"),
            self._send("iba", NUMBERS, key="list"),
            self._send("smsco", NUMBERS[:4]),  # wait for the rate
            self._send("targetsms", NUMBERS[:1]),
            self._send("targetsms", NUMBERS[:1]),  # waits for the first one's minute to pass
            self._send("avist", NUMBERS[:2]),  # whose gateway is busy: backoff
            self._send("smstele", NUMBERS[:2]),  # whose gateway never answers
            self._stream("many", "iba"),
            self._stream("rests", "avist"),
            self._ask(),
            self._track(),
        ]
        return [asyncio.create_task(self._ends(call)) for call in calls]

    async def _ends(self, call: object) -> None:
        try:
            await call  # type: ignore[misc]  # one of the coroutines above
        except ENDINGS as error:
            self.errors.append(error)
        self.ended += 1

    async def _send(self, provider: str, to: list[str], key: str | None = None) -> None:
        self.told += await self.town.sms.send(to, f"by {provider}", provider=provider, key=key)

    async def _stream(self, text: str, provider: str) -> None:
        """A slow consumer of a long source."""
        long = (Message(to=str(79170000000 + number), text=text, provider=provider) for number in range(5000))
        async for outcome in self.town.sms.send_many(long):
            self.told.append(outcome)
            await asyncio.sleep(0.05)

    async def _ask(self) -> None:
        asked = [Reference("iba", str(1000 + number), NUMBERS[0]) for number in range(6)]
        self.reports += await self.town.sms.status(asked)

    async def _track(self) -> None:
        sent = [Reference("iba", str(2000 + number), NUMBERS[0]) for number in range(6)]
        async for report in self.town.sms.track(sent, deadline=600):
            self.reports.append(report)


async def closed(loop: SteppedLoop, seed: int, step: int, within: float | None) -> None:
    """One run: all is set going, and after so many steps the dispatcher is closed, perhaps by a caller in a hurry."""
    town = Town(loop, SETTINGS, seed)
    town.lines["avist"].always = "busy"
    town.lines["smstele"].always = "silent"
    load = Load(town)
    callers = load.tasks()
    reached = loop.create_future()

    def reach() -> bool:
        reached.set_result(None)
        return True

    loop.arm(step, reach)
    await reached
    at, requests = loop.time(), len(town.ledger.requests)
    try:
        async with asyncio.timeout(within):
            await town.sms.aclose()
    except TimeoutError:
        assert within is not None
    took = loop.time() - at
    assert took <= (TIMEOUT if within is None else within), f"closing took {took} s"
    done, pending = await asyncio.wait(callers, timeout=100)  # slow consumers, too
    assert not pending, f"{len(pending)} callers wait for ever"
    assert load.ended == len(done)
    assert all(task.exception() is None for task in done)
    assert len(town.ledger.requests) == requests, "a request began after closing"
    assert all(line.closed and not line.late for line in town.lines.values())
    town.assert_told_the_truth(load.told, untold=0)
    if within is None:
        silent = {outcome.provider for outcome in load.told if outcome.state is State.UNKNOWN}
        assert silent <= {"smstele"}, "a reply that was on its way was not waited for"
    assert all(isinstance(error, ENDINGS) for error in load.errors)
    assert all(report.error is not None or report.final for report in load.reports)
    assert not engine_of(town.sms)._callers
    await asyncio.sleep(0)
    town.assert_nothing_else_runs()
    await town.assert_closed()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("hurry", [False, True], ids=["in peace", "in a hurry"])
def test_a_dispatcher_under_load_may_be_closed_at_any_moment(
    monkeypatch: pytest.MonkeyPatch, seed: int, hurry: bool
) -> None:
    """No request begins any more, closing ends within `timeout`, and each caller has outcomes or a clear error."""
    monkeypatch.setattr("smsgw.flow.AHEAD", 30)  # a stream is full, and waits for its consumer, soon
    random = Random(seed)
    step = 0
    steps: list[int] = []
    while step < MOST:
        step += random.randint(1, 2 + step // 8)
        steps.append(step)
        within = random.choice([0.001, 0.02, 1.0]) if hurry else None
        try:
            run(partial(closed, seed=seed, step=step, within=within), SteppedLoop)
        except BaseException as error:
            error.add_note(f"closed before step {step}, within {within}")
            raise
    _log.info("seed %d: closed at %d steps up to %d", seed, len(steps), step)
