"""However long the list, what is held of it is bounded by the configuration."""

import asyncio
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from smsgw import Message, State
from smsgw.dispatcher import engine_of
from smsgw.errors import CircuitOpen, ConnectionFailed, NotSubmitted
from smsgw.flow import AHEAD
from smsgw.transport import Reply, Request
from tests.faults.cancellation.steps import SteppedLoop, run
from tests.faults.cancellation.town import Town, settings
from tests.faults.scale import SEEDS

LONG = 20_000 if len(SEEDS) < 10 else 60_000 if len(SEEDS) < 100 else 200_000
A_FEW = 64
"""Recipients that may be read beyond `AHEAD`, since the reader takes some messages between two looks."""
STEADY = 200_000
"""Bytes by which the memory in use may differ between two moments of a list: a tenth of what is read ahead."""


class Source:
    """Counts what was read of it."""

    def __init__(self, count: int, **options: Any) -> None:
        self.read = 0
        self._count = count
        self._options = options

    def __iter__(self) -> Iterator[Message]:
        for number in range(self._count):
            self.read += 1
            yield Message(to=str(79160000000 + number), text="Hi", **self._options)


def town_without_a_ledger(loop: SteppedLoop, **others: Any) -> Town:
    """Its gateway forgets what it took, so that what is measured is held on this side."""
    town = Town(loop, settings({"driver": "iba", **others}))

    async def request(request: Request, before_first_byte: Callable[[], None] | None = None) -> Reply:
        await asyncio.sleep(0.05)
        if town.lines["iba"].always == "refused":
            raise ConnectionFailed("no connection to the gateway came about")
        if before_first_byte is not None:
            before_first_byte()
        to = request.url.partition("dadr=")[2].partition("&")[0].replace("%2C", ",").split(",")
        return Reply(200, ",".join(number[-9:] for number in to).encode())

    setattr(town.lines["iba"], "request", request)  # noqa: B010 - mypy would have it a method for ever
    return town


def test_a_long_list_with_a_slow_consumer_is_read_as_it_is_taken() -> None:
    """At most a few thousand ahead, and no more memory at its end than at its beginning."""

    async def consume(loop: SteppedLoop) -> None:
        town = town_without_a_ledger(loop)
        source = Source(LONG)
        taken, ahead = 0, 0
        early = 0
        tracemalloc.start()
        try:
            async for outcome in town.sms.send_many(source):
                assert outcome.state is State.ACCEPTED
                taken += 1
                ahead = max(ahead, source.read - taken)
                if taken % 500 == 0:
                    await asyncio.sleep(1)
                if taken == LONG // 4:
                    early = tracemalloc.get_traced_memory()[0]
                elif taken == LONG // 4 * 3:
                    late = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert taken == LONG
        assert AHEAD // 2 < ahead <= AHEAD + A_FEW
        assert abs(late - early) < STEADY, f"{late - early} bytes more at three quarters than at one"
        await town.sms.aclose()

    run(consume, SteppedLoop)


def test_a_long_list_before_a_dead_provider_is_not_read_into_memory() -> None:
    """While nothing goes out nothing more is read, and nobody waits for longer than `retry.deadline`."""

    async def consume(loop: SteppedLoop) -> None:
        town = town_without_a_ledger(loop)
        town.lines["iba"].always = "refused"
        source = Source(LONG)
        began, taken = loop.time(), 0
        async with town.sms.send_many(source) as outcomes:
            async for outcome in outcomes:
                assert outcome.state is State.REJECTED
                assert isinstance(outcome.error, ConnectionFailed | CircuitOpen)
                taken += 1
                assert source.read - taken <= AHEAD + A_FEW
                if taken == 2 * AHEAD:
                    break
        assert 120 <= loop.time() - began <= 2 * 125
        await town.sms.aclose()

    run(consume, SteppedLoop)


def test_keys_are_held_to_their_number_and_their_time() -> None:
    """Beyond `max_keys` a new key is refused, and nothing is sent under it; once their time is over, they are gone."""

    async def send(loop: SteppedLoop) -> None:
        given = settings({"driver": "iba"}, dedup={"max_keys": 50, "key_ttl": 600})
        town = Town(loop, given)
        store = engine_of(town.sms).keys.store
        for hour in range(3):
            texts = [f"{hour}: {number}" for number in range(80)]
            sent = await asyncio.gather(*(town.sms.send("79160000000", text, key=text) for text in texts))
            states = [submission.outcome.state for submission in sent]
            assert states.count(State.ACCEPTED) == 50
            refused = [s.outcome.error for s in sent if s.outcome.state is State.REJECTED]
            assert {type(error) for error in refused} == {NotSubmitted}
            assert len(store._known) == 50  # type: ignore[attr-defined]  # of the store in memory
            await asyncio.sleep(3600)
        assert len(town.ledger.messages) == 150
        await town.assert_at_rest()
        await town.assert_closed()

    run(send, SteppedLoop)


@pytest.mark.parametrize("seconds", [0, 60])
def test_the_window_forgets_what_is_old(seconds: float) -> None:
    """TargetSMS's identical requests are remembered for two minutes; an hour's leave no more behind than two."""

    async def send(loop: SteppedLoop) -> None:
        town = Town(loop, settings({"driver": "targetsms", "duplicate_window": seconds}))
        window = engine_of(town.sms).lanes["targetsms"].gate.window
        assert window is not None
        most = 0
        for number in range(600):
            await town.sms.send("79160000000", f"Code {number}")
            await asyncio.sleep(6)
            most = max(most, len(window._records))
        assert 1 <= most <= 2 + 120 / 6
        await town.assert_at_rest()
        await town.assert_closed()

    run(send, SteppedLoop)
