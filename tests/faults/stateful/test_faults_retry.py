"""retry.py under a clock that jumps: whatever a gateway answers, tries keep their bounds."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from smsgw.config import RetrySettings
from smsgw.errors import GatewayUnavailable, SmsgwError
from smsgw.retry import Budget, Retry
from tests.faults.stateful.profile import PROFILE

_A_BIT = 1e-9


@frozen
class Try:
    """What one try meets."""

    takes: float
    """Seconds that it is about."""
    refused: bool
    retry_after: float | None
    window: float
    """Seconds for which the duplicate window forbids the next one."""
    overslept: float
    """Seconds by which the sleep before it is too long."""


seconds = st.sampled_from([0.0, 0.01, 0.5, 1.0, 29.0, 60.0, 119.9, 120.0])
tries = st.lists(
    st.builds(
        Try,
        takes=seconds,
        refused=st.sampled_from([True, True, True, False]),
        retry_after=st.none() | seconds,
        window=st.sampled_from([0.0, 0.0, 61.0]),
        overslept=st.sampled_from([0.0, 0.0, 0.001, 30.0, 3600.0]),
    ),
    min_size=8,
    max_size=8,
)


class Bench:
    """One `again` on a fake clock: each try's moment, and what was slept before it."""

    def __init__(self, script: list[Try], attempts: int, stock: float, left_after: int) -> None:
        self.now = 5000.0
        self.script = script
        self.began: list[float] = []
        self.slept: list[float] = []
        self.left_after = left_after
        self.budget = Budget(stock)
        self.settings = RetrySettings(attempts=attempts)
        self.until = self.now + self.settings.deadline

    def refusal(self, at: int) -> SmsgwError | None:
        step = self.script[at]
        return GatewayUnavailable("down", retry_after=step.retry_after) if step.refused else None

    async def run(self) -> int:
        return await Retry(self.settings, self.budget, lambda: self.now).again(
            0,
            until=self.until,
            attempt=self._try,
            refusal=self.refusal,
            not_before=lambda: self.script[len(self.began)].window,
            pause=self._pause,
        )

    async def _try(self) -> int:
        self.began.append(self.now)
        self.now += self.script[len(self.began)].takes
        return len(self.began)

    async def _pause(self, wait: float) -> bool:
        self.slept.append(wait)
        self.now += wait + self.script[len(self.began)].overslept
        return len(self.slept) <= self.left_after


@PROFILE
@given(
    tries, st.integers(1, 6), st.sampled_from([0.0, 1.0, 2.5, 10.0]), st.integers(0, 7), st.integers(0, 99)
)
def test_no_try_is_made_too_late_too_soon_or_too_often(
    script: list[Try], attempts: int, stock: float, left_after: int, seed: int
) -> None:
    """None after `until` (even when a sleep was too long), before the asked time, after success, or for nobody."""
    random.seed(seed)  # of the backoff
    bench = Bench([Try(0.0, True, script[0].retry_after, script[0].window, script[0].overslept), *script[1:]],
                  attempts, stock, left_after)  # fmt: skip
    last = asyncio.run(_finish(bench.run))
    assert last == len(bench.began)
    assert len(bench.began) <= min(attempts - 1, stock, left_after)
    assert all(bench.script[at].refused for at in range(len(bench.began)))
    for began in bench.began:
        assert began <= bench.until + _A_BIT
    for step, wait in zip(bench.script, bench.slept, strict=False):
        asked = step.retry_after
        assert wait >= max(step.window, asked or 0.0)
        assert wait <= max(step.window, bench.settings.maximum if asked is None else asked)


async def _finish(run: Callable[[], Awaitable[int]]) -> int:
    return await run()
