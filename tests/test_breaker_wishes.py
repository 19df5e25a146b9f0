"""How long a circuit rests where the gateway says how long to wait."""

import pytest

from smsgw.breaker import Admission, Finding
from tests.test_breaker import ACCOUNT_REST, ORDINARY, PROBE, REST, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_rest_is_as_long_as_the_gateway_asked_for(bench: Bench) -> None:
    """Also where another failure has opened the circuit already; a shorter wish does not shorten the rest."""
    breaker = bench.opened()
    breaker.record(ORDINARY, Finding.FAILING, REST + 5)
    assert breaker.reopens_in == REST + 5
    breaker.record(ORDINARY, Finding.FAILING, 1.0)
    assert breaker.reopens_in == REST + 5


def test_a_gateway_cannot_shut_itself_out_for_ever(bench: Bench) -> None:
    """What it asks for counts up to the longest rest that is configured."""
    breaker = bench.opened()
    breaker.record(ORDINARY, Finding.FAILING, 1e9)
    assert breaker.reopens_in == ACCOUNT_REST


def test_no_time_at_all_is_no_wish(bench: Bench) -> None:
    """`Retry-After: 0` leaves the rest what it was: a late success ends it."""
    breaker = bench.opened()
    breaker.record(ORDINARY, Finding.FAILING, 0.0)
    bench.meets(Finding.HEALTHY)
    assert breaker.closed


def test_a_wish_alone_opens_nothing(bench: Bench) -> None:
    """One busy answer is for the backoff of its own message."""
    bench.breaker.record(ORDINARY, Finding.FAILING, 60.0)
    assert bench.breaker.passable


def test_a_late_success_does_not_end_a_rest_that_was_asked_for(bench: Bench) -> None:
    """It began before the gateway asked for time; the probe after the rest ends it."""
    breaker = bench.opened()
    breaker.record(ORDINARY, Finding.FAILING, REST + 5)
    bench.meets(Finding.HEALTHY)
    assert breaker.reopens_in == REST + 5
    bench.later(REST + 5)
    assert breaker.admit() is Admission.PROBE
    breaker.record(PROBE, Finding.HEALTHY)
    assert breaker.closed
