"""retry.py: when the same provider is tried again, how long that waits, and what bounds it."""

import random

import pytest
from attrs import frozen

from smsgw.config import RetrySettings
from smsgw.errors import GatewayUnavailable, SmsgwError, Throttled
from smsgw.retry import Budget, Retry

PLENTY = 1000.0


@frozen
class Result:
    """What a try came to; `error` where it is worth another."""

    name: str
    error: SmsgwError | None = None


DOWN = Result("down", GatewayUnavailable("down"))
TAKEN = Result("taken")
REFUSED_FOR_GOOD = Result("refused")


def busy(seconds: float) -> Result:
    return Result("busy", Throttled("slower", retry_after=seconds))


class Bench:
    """A `Retry` whose sleeps take no time but the fake clock's."""

    def __init__(self, budget: Budget | None = None, **settings: float) -> None:
        self.now = 5000.0
        self.waits: list[float] = []
        self.tries = 0
        self.not_before = 0.0
        self.try_takes = 0.0
        self.wanted = True
        self.budget = budget or Budget(PLENTY)
        given = {"attempts": 4, "deadline": 120.0} | settings
        self.settings = RetrySettings(**given)  # type: ignore[arg-type]
        self.retry = Retry(self.settings, self.budget, lambda: self.now)

    async def run(self, first: Result, *then: Result) -> Result:
        """Go on after `first`; the tries come to `then`, the last of them for ever."""
        script = list(then)

        async def attempt() -> Result:
            self.tries += 1
            self.now += self.try_takes
            return script.pop(0) if len(script) > 1 else script[0]

        async def pause(seconds: float) -> bool:
            self.waits.append(seconds)
            self.now += seconds
            return self.wanted

        return await self.retry.again(
            first,
            until=self.now + self.settings.deadline,
            attempt=attempt,
            refusal=lambda result: result.error,
            not_before=lambda: self.not_before,
            pause=pause,
        )


@pytest.fixture
def longest_waits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Every random wait is the longest possible; returns the bounds that were asked for."""
    bounds: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    monkeypatch.setattr(random, "uniform", uniform)
    return bounds


async def test_the_first_good_result_ends_it() -> None:
    """Tries stop at the first result that is no retryable refusal, which is returned."""
    bench = Bench()
    assert await bench.run(DOWN, DOWN, TAKEN, DOWN) is TAKEN
    assert bench.tries == 2


async def test_a_refusal_for_good_ends_it_too() -> None:
    """A refusal that is not worth a retry is not retried."""
    bench = Bench()
    assert await bench.run(DOWN, REFUSED_FOR_GOOD) is REFUSED_FOR_GOOD
    assert bench.tries == 1


@pytest.mark.parametrize("attempts", [1, 2, 4, 7])
async def test_attempts_count_the_first_one(attempts: int) -> None:
    """`attempts` tries are made in all, the first included; then the last refusal is the result."""
    bench = Bench(attempts=attempts, deadline=1e6)
    last = Result("last", GatewayUnavailable("last"))
    result = await bench.run(DOWN, *[DOWN] * (attempts - 2), last)
    assert bench.tries == attempts - 1
    assert len(bench.waits) == attempts - 1
    assert result is (last if attempts > 1 else DOWN)


async def test_waits_double_up_to_the_maximum(longest_waits: list[tuple[float, float]]) -> None:
    """Each wait is random between 0 and a bound that doubles from `initial` up to `maximum`."""
    bench = Bench(attempts=8, initial=0.5, maximum=6.0, deadline=1e6)
    await bench.run(DOWN, DOWN)
    assert bench.waits == [0.5, 1, 2, 4, 6, 6, 6]
    assert longest_waits[:7] == [(0, bound) for bound in bench.waits]


async def test_waits_are_random() -> None:
    """Many senders that fail together do not come back together."""
    firsts = []
    for _ in range(50):
        bench = Bench(attempts=2, initial=0.5)
        await bench.run(DOWN, DOWN)
        firsts += bench.waits
    assert all(0 <= wait <= 0.5 for wait in firsts)
    assert len(set(firsts)) > 40


@pytest.mark.usefixtures("longest_waits")
async def test_a_wait_that_would_pass_the_deadline_is_not_begun() -> None:
    """The deadline bounds waits, not just tries: 0.5 + 1 + 2 s fit into 7.4 s, the next 4 s do not."""
    bench = Bench(attempts=100, initial=0.5, deadline=7.4)
    await bench.run(DOWN, DOWN)
    assert bench.waits == [0.5, 1, 2]


@pytest.mark.usefixtures("longest_waits")
async def test_the_deadline_counts_the_time_of_tries() -> None:
    """It runs from the start of the first try, over all waits and tries."""
    bench = Bench(attempts=100, initial=0.5, deadline=7.5)
    bench.try_takes = 2.0
    await bench.run(DOWN, DOWN)
    assert bench.waits == [0.5, 1, 2]
    bench = Bench(attempts=100, initial=0.5, deadline=7.4)
    bench.try_takes = 2.0
    await bench.run(DOWN, DOWN)
    assert bench.waits == [0.5, 1]


@pytest.mark.parametrize("asked", [0.0, 0.01, 90.0])
async def test_retry_after_wins_over_backoff(asked: float) -> None:
    """The gateway's own word is followed to the second, shorter or longer than the backoff and its maximum."""
    bench = Bench(initial=0.5, maximum=1.0)
    assert await bench.run(busy(asked), TAKEN) is TAKEN
    assert bench.waits == [asked]


async def test_a_retry_after_beyond_the_deadline_is_not_waited_for() -> None:
    """Asked to wait for longer than the deadline allows, we give up at once."""
    bench = Bench(deadline=120.0)
    refusal = busy(120.5)
    assert await bench.run(refusal, TAKEN) is refusal
    assert bench.waits == []
    assert bench.tries == 0


async def test_retry_after_counts_for_its_own_refusal_only() -> None:
    """After a later refusal without `Retry-After` the backoff is in force again."""
    bench = Bench(initial=0.5)
    await bench.run(busy(60), DOWN, TAKEN)
    assert bench.waits[0] == 60
    assert bench.waits[1] <= 1.0


@pytest.mark.parametrize("first", [DOWN, busy(5)])
async def test_a_duplicate_window_is_waited_for(first: Result) -> None:
    """No wait is shorter than what the provider's duplicate window asks for, `Retry-After` or not."""
    bench = Bench()
    bench.not_before = 61.0
    assert await bench.run(first, TAKEN) is TAKEN
    assert bench.waits == [61.0]


async def test_a_duplicate_window_beyond_the_deadline_ends_it() -> None:
    """A window that the deadline does not allow to wait for leaves no retry."""
    bench = Bench(deadline=60.0)
    bench.not_before = 61.0
    assert await bench.run(DOWN, TAKEN) is DOWN
    assert bench.waits == []


async def test_nothing_is_tried_for_nobody() -> None:
    """When the sleep tells that nobody wants the result any more, nothing else is tried or slept."""
    bench = Bench()
    bench.wanted = False
    assert await bench.run(DOWN, TAKEN) is DOWN
    assert bench.tries == 0
    assert len(bench.waits) == 1


async def test_what_a_try_raises_is_raised() -> None:
    """An error that is no result is not retried."""
    bench = Bench()

    async def attempt() -> Result:
        raise ZeroDivisionError

    async def pause(seconds: float) -> bool:
        return True

    with pytest.raises(ZeroDivisionError):
        await bench.retry.again(
            DOWN,
            until=bench.now + 100,
            attempt=attempt,
            refusal=lambda result: result.error,
            not_before=lambda: 0.0,
            pause=pause,
        )


# The budget.


async def test_a_lone_message_is_retried_in_full() -> None:
    """A stock of 10 gives one message all the tries that it may have."""
    bench = Bench(Budget(10))
    bench.budget.first_attempt()
    await bench.run(DOWN, DOWN)
    assert bench.tries == 3


async def test_a_gateway_that_is_down_for_all_gets_five_percent_more() -> None:
    """A thousand messages to a dead gateway make some 1.05 requests each, and not four."""
    budget = Budget(10)
    requests = 0
    for _ in range(1000):
        bench = Bench(budget)
        budget.first_attempt()
        await bench.run(DOWN, DOWN)
        requests += 1 + bench.tries
    assert 1050 <= requests <= 1060


def test_the_stock_is_bounded() -> None:
    """However many messages went well, no more than the configured retries are in stock."""
    budget = Budget(10)
    for _ in range(10_000):
        budget.first_attempt()
    assert sum(budget.spend() for _ in range(100)) == 10


def test_twenty_messages_earn_a_retry() -> None:
    """Each first attempt adds 0.05 of a retry; a part of one is none."""
    budget = Budget(1)
    assert budget.spend()
    for _ in range(19):
        budget.first_attempt()
        assert not budget.spend()
    budget.first_attempt()
    budget.first_attempt()
    assert budget.spend()


async def test_no_retry_is_spent_that_is_not_made() -> None:
    """The last refusal of a message, by attempts or by deadline, takes nothing from the stock."""
    budget = Budget(10)
    for _ in range(100):
        await Bench(budget, attempts=1).run(DOWN, DOWN)
        await Bench(budget, deadline=1.0).run(busy(2.0), DOWN)
    assert sum(budget.spend() for _ in range(100)) == 10


async def test_an_empty_stock_ends_it() -> None:
    """Without a retry in stock the first refusal stands, and nothing is slept."""
    bench = Bench(Budget(0))
    assert await bench.run(DOWN, TAKEN) is DOWN
    assert bench.waits == []


# What no test here can tell (`nox -s mutation`): the words of the error for a wait before any attempt, which tenacity
# never asks for; the other side of `if error is not None` in a wait, which follows a refusal only; and whether
# `stopped` begins as False or as None.
