"""One of three providers is dead: what the others carry in a second stays what it is without it, within a tenth.

Time is the loop's own and passes only where nobody has anything to do, so the figures are exact: each provider takes
50 ms for a request and five at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, Literal

import pytest

from smsgw import Message, Outcome, State, flow
from smsgw.dispatcher import engine_of
from smsgw.settings import Settings
from tests.faults.cancellation.steps import SteppedLoop, run
from tests.faults.cancellation.town import Town, settings
from tests.faults.scale import SEEDS

_log = logging.getLogger(__name__)

Death = Literal["refused", "silent", "slow"]
DEATHS: list[Death] = ["refused", "silent", "slow"]
SLOW = 10.0
AHEAD = 400
"""Recipients that a stream reads ahead here: a tenth, so that all is over ten times as soon."""
COUNT = 4000 if len(SEEDS) < 10 else 8000
ANYWHERE, ONLY_C = 79160000000, 995500000000


def three(strategy: str, *, absent: bool) -> Settings:
    """A, B and C carry the same numbers, unless they are `apart`; and some only C carries, where it is there."""
    names = ["a", "b"] if absent else ["a", "b", "c"]
    if strategy == "apart":
        order, strategy = ["a", "b"], "round_robin"
    else:
        order = ["c", "a", "b"] if strategy == "failover" and not absent else names
    route: dict[str, Any] = {"prefixes": ["7"], "providers": order, "strategy": strategy}
    if strategy == "weighted":
        route["weights"] = dict.fromkeys(names, 1)
    only = [] if absent else [{"prefixes": ["995"], "providers": ["c"]}]
    providers = [{"name": name, "driver": "iba", "max_connections": 5, "timeout": 30} for name in names]
    return settings(*providers, routes=[route, *only])


def town_of(loop: SteppedLoop, given: Settings, death: Death | None) -> Town:
    town = Town(loop, given)
    for name, line in town.lines.items():
        line.connects, line.takes = 0.0, 0.05
        if name == "c" and death is not None:
            line.always = None if death == "slow" else death
            line.takes = SLOW if death == "slow" else 0.05
    return town


async def known_dead(town: Town) -> None:
    """Until it is found out: the circuit stands open."""
    breaker = engine_of(town.sms).lanes["c"].breaker
    while breaker.closed:
        await town.sms.send(str(ONLY_C), f"probe {town.loop.time()}", provider="c")


class Tally:
    """When the others had carried how much."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._began = town.loop.time()
        self.count = 0
        self.seconds = 0.0
        self.last: Mapping[str, int] = {}

    async def over(self, outcomes: AsyncIterator[Outcome]) -> None:
        async for outcome in outcomes:
            if outcome.provider in ("a", "b") and outcome.state is State.ACCEPTED:
                self.count += 1
                self.seconds = self._town.loop.time() - self._began

    @property
    def rate(self) -> float:
        return self.count / self.seconds


def to_anyone(count: int) -> Iterator[Message]:
    return (Message(to=str(ANYWHERE + number), text="Hi") for number in range(count))


def mixed(count: int, *, absent: bool) -> Iterator[Message]:
    """Each third one can go to C only."""
    for number in range(count):
        if number % 3 != 2:
            yield Message(to=str(ANYWHERE + number), text="Hi")
        elif not absent:
            yield Message(to=str(ONLY_C + number), text="Hi")


def rate_of(
    strategy: str,
    death: Death | None,
    messages: Iterable[Message],
    *,
    is_known: bool = False,
) -> tuple[int, float]:
    """How many the others carried of a stream, and how many a second."""

    async def carry(loop: SteppedLoop) -> tuple[int, float]:
        town = town_of(loop, three(strategy, absent=death is None), death)
        if is_known:
            await known_dead(town)
        tally = Tally(town)
        await tally.over(town.sms.send_many(messages))
        await town.sms.aclose()
        return tally.count, tally.rate

    return run(carry, SteppedLoop)


def assert_within_a_tenth(beside: float, alone: float) -> None:
    _log.info("%.0f messages a second beside a dead provider, %.0f without it", beside, alone)
    assert alone * 0.9 <= beside <= alone * 1.1


@pytest.mark.parametrize("strategy", ["round_robin", "weighted", "failover"])
def test_a_stream_beside_a_provider_that_refuses(monkeypatch: pytest.MonkeyPatch, strategy: str) -> None:
    """The others carry all of it, share and share alike, as quickly as if it had never been there."""
    monkeypatch.setattr("smsgw.flow.AHEAD", AHEAD)
    count, alone = rate_of(strategy, None, to_anyone(COUNT))
    assert count == COUNT
    count, beside = rate_of(strategy, "refused", to_anyone(COUNT))
    assert count == COUNT
    assert_within_a_tenth(beside, alone)


@pytest.mark.parametrize("strategy", ["round_robin", "weighted", "failover"])
def test_a_stream_beside_a_provider_that_is_known_to_be_silent(
    monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    """Once its circuit is open it costs nothing but a probe now and then, whose messages are `unknown`."""
    monkeypatch.setattr("smsgw.flow.AHEAD", AHEAD)
    _, alone = rate_of(strategy, None, to_anyone(COUNT))
    count, beside = rate_of(strategy, "silent", to_anyone(COUNT), is_known=True)
    assert count > COUNT * 0.99
    assert_within_a_tenth(beside, alone)


@pytest.mark.parametrize("death", DEATHS)
def test_a_list_of_which_a_share_has_nowhere_else_to_go(death: Death) -> None:
    """While that share fills no more than half of what is read ahead, the rest does not wait for it."""
    _, alone = rate_of("apart", None, mixed(flow.AHEAD * 3 // 2, absent=True))
    _, beside = rate_of("apart", death, mixed(flow.AHEAD * 3 // 2, absent=False))
    assert_within_a_tenth(beside, alone)


def test_a_list_that_fills_with_such_messages_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read ahead is bounded, so the rest then waits for them; but for `retry.deadline` at a time, no longer."""
    monkeypatch.setattr("smsgw.flow.AHEAD", AHEAD)
    count, rate = rate_of("apart", "refused", mixed(AHEAD * 6, absent=False))
    assert count == AHEAD * 4
    assert count / rate < 2 * 121  # twice full of messages that go nowhere; 120 s is the default


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("strategy", ["round_robin", "weighted"])
def test_sends_whose_turn_is_anothers_do_not_notice(strategy: str, death: Death) -> None:
    """Of sends that come one by one, two of three are the others': those take as long as they take without it."""
    assert slowest(strategy, death) == pytest.approx(slowest(strategy, None))


def slowest(strategy: str, death: Death | None) -> float:
    """Seconds of the slowest among the quicker two thirds, when one comes each 10 ms."""

    async def at_intervals(loop: SteppedLoop) -> float:
        town = town_of(loop, three(strategy, absent=death is None), death)

        async def send(number: int) -> float:
            await asyncio.sleep(number * 0.01)
            at = loop.time()
            await town.sms.send(str(ANYWHERE + number), "Hi")
            return loop.time() - at

        took = sorted(await asyncio.gather(*(send(number) for number in range(300))))
        await town.sms.aclose()
        return took[199]

    return run(at_intervals, SteppedLoop)
