"""throttle.py: never more than `rate` requests in any second, and hardly fewer where they wait."""

from itertools import pairwise
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.throttle import Throttle

rates = st.sampled_from([0.1, 0.5, 0.9, 1.0, 1.5, 2.0, 3.0, 7.0, 10.0, 50.0])


class Clock:
    def __init__(self, now: float = 12345.678) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def let_through(throttle: Throttle, clock: Clock, arrivals: list[float]) -> list[float]:
    """When each request left: one after another they ask, and sleep as they are told."""
    left = []
    for gap in arrivals:
        clock.now += gap
        while wait := throttle.take():
            assert wait > 0
            clock.now += wait
        left.append(clock.now)
    return left


def most_in_any(seconds: float, times: list[float]) -> int:
    """The most of `times` in any window of this length; the busiest one begins with one of them."""
    return max(sum(start <= time < start + seconds for time in times) for start in times)


@given(rates, st.lists(st.floats(0, 2), min_size=1, max_size=120), st.floats(0, 1e6))
def test_never_more_than_the_rate_in_any_second(rate: float, gaps: list[float], start: float) -> None:
    """Whenever requests come, no window of one second holds more than `rate` of them, wherever it begins."""
    clock = Clock(start)
    left = let_through(Throttle(rate, clock), clock, gaps)
    if rate >= 1:
        assert most_in_any(1.0, left) <= floor(rate)
    else:
        assert all(later - earlier >= 1 / rate for earlier, later in pairwise(left))


@given(rates.filter(lambda rate: rate >= 1), st.lists(st.sampled_from([0.0, 0.001, 0.3]), max_size=200))
def test_a_burst_after_a_pause_is_no_double_burst(rate: float, gaps: list[float]) -> None:
    """What a leaky bucket gets wrong: a full burst, a pause, and another burst inside of one second."""
    clock = Clock()
    throttle = Throttle(rate, clock)
    left = let_through(throttle, clock, gaps)
    clock.now += 0.9
    left += let_through(throttle, clock, [0.0] * floor(rate))
    clock.now += 0.2
    left += let_through(throttle, clock, [0.0] * floor(rate))
    assert most_in_any(1.0, left) <= floor(rate)


@pytest.mark.parametrize("rate", [1.0, 2.0, 10.0, 50.0, 0.5, 0.1])
def test_who_waits_gets_nearly_the_rate(rate: float) -> None:
    """A queue that never empties leaves at no less than nine tenths of the rate."""
    clock = Clock()
    left = let_through(Throttle(rate, clock), clock, [0.0] * (floor(20 * rate) + 2))
    assert (len(left) - 1) / (left[-1] - left[0]) >= 0.9 * rate


def test_the_first_burst_does_not_wait() -> None:
    """As many as the rate allows go at once; the next is told to wait for about a second."""
    clock = Clock()
    throttle = Throttle(5, clock)
    assert [throttle.take() for _ in range(5)] == [0.0] * 5
    assert throttle.take() == pytest.approx(1.05, abs=0.01)


@given(rates, st.lists(st.floats(0, 2), max_size=50))
def test_what_it_tells_to_wait_is_enough(rate: float, gaps: list[float]) -> None:
    """Whoever is alone and waits as told is let through then."""
    clock = Clock()
    throttle = Throttle(rate, clock)
    for gap in gaps:
        clock.now += gap
        if wait := throttle.take():
            clock.now += wait
            assert throttle.take() == 0.0


def test_asking_costs_nothing() -> None:
    """Refused requests take no permits: whoever asks too often does not lengthen the wait."""
    clock = Clock()
    throttle = Throttle(2, clock)
    throttle.take()
    throttle.take()
    for _ in range(1000):
        assert throttle.take() > 0
    clock.now += 1.06
    assert [throttle.take() for _ in range(2)] == [0.0, 0.0]


def test_it_remembers_one_window_only() -> None:
    """Its memory is bounded by the rate, however long it runs."""
    clock = Clock()
    throttle = Throttle(10, clock)
    let_through(throttle, clock, [0.01] * 2000)
    assert len(throttle._bucket.items) <= 10


@pytest.mark.parametrize("rate", [1.0, 2.0, 5.0])
@given(delays=st.lists(st.sampled_from([0.0, 0.2, 0.9, 1.04]), min_size=1, max_size=60))
def test_what_counts_is_when_requests_leave(rate: float, delays: list[float]) -> None:
    """Connecting may take its time after the permit: the request is counted when it leaves, and fits then too."""
    clock = Clock()
    throttle = Throttle(rate, clock)
    left = []
    for delay in delays:
        while wait := throttle.take():
            clock.now += wait
        stamp = throttle.stamp
        clock.now += delay
        assert throttle.leave(stamp)
        left.append(clock.now)
    assert most_in_any(1.0, left) <= rate


def test_a_permit_that_has_expired_is_checked_anew() -> None:
    """Who connects for longer than the window has lost its turn where others have filled it meanwhile."""
    clock = Clock()
    throttle = Throttle(1.0, clock)
    assert not throttle.take()
    stamp = throttle.stamp
    clock.now += 5
    assert not throttle.take()
    assert not throttle.leave(stamp)
    clock.now += 2
    assert throttle.leave(stamp)
