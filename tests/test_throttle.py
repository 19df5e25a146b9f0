"""throttle.py: never more than `rate` requests in any second, and hardly fewer where they wait."""

from itertools import pairwise
from math import floor, inf

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
        throttle.leave()
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
    for _ in range(5):
        assert throttle.take() == 0.0
        throttle.leave()
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
        throttle.leave()


def test_asking_costs_nothing() -> None:
    """Refused requests take no permits: whoever asks too often does not lengthen the wait."""
    clock = Clock()
    throttle = Throttle(2, clock)
    for _ in range(2):
        throttle.take()
        throttle.leave()
    for _ in range(1000):
        assert throttle.take() > 0
    clock.now += 1.06
    assert [throttle.take() for _ in range(2)] == [0.0, 0.0]


def test_it_remembers_one_window_only() -> None:
    """Its memory is bounded by the rate, however long it runs."""
    clock = Clock()
    throttle = Throttle(10, clock)
    let_through(throttle, clock, [0.01] * 2000)
    assert len(throttle._left.items) <= 10


@pytest.mark.parametrize("rate", [1.0, 2.0, 5.0])
@given(delays=st.lists(st.sampled_from([0.0, 0.2, 0.9, 1.04, 5.0]), min_size=1, max_size=60))
def test_what_counts_is_when_requests_leave(rate: float, delays: list[float]) -> None:
    """However long each takes to connect, none loses its turn, and no second has more than the rate."""
    clock = Clock()
    throttle = Throttle(rate, clock)
    connecting: list[float] = []
    left: list[float] = []

    def leave_until(now: float) -> None:
        for due in sorted(due for due in connecting if due <= now):
            connecting.remove(due)
            clock.now = max(clock.now, due)
            throttle.leave()
            left.append(clock.now)

    for delay in delays:
        while wait := throttle.take():
            leave_until(clock.now + wait)
            clock.now = max(clock.now, clock.now + wait)
        connecting.append(clock.now + delay)
    leave_until(inf)
    assert len(left) == len(delays)
    assert most_in_any(1.0, left) <= rate


def test_a_permit_that_is_given_back_is_free_at_once() -> None:
    """What was taken for a request that did not leave is there for the next."""
    throttle = Throttle(1.0, Clock())
    assert not throttle.take()
    assert throttle.take()
    throttle.give_back()
    assert not throttle.take()
