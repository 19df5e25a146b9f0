"""How many rows one provider is given."""

from typing import Any

import pytest

from smsgw.breaker import Admission, CircuitBreaker, Finding
from smsgw.bulk import stations
from smsgw.bulk.stations import Station
from smsgw.errors import AuthenticationFailed, CircuitOpen, GatewayRejected, SmsgwError, Throttled
from smsgw.settings import BreakerSettings


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class FakeSettings:
    max_connections = 5


class FakeDriver:
    batch_size = 10
    settings = FakeSettings()


class FakeLane:
    def __init__(self, clock: Time) -> None:
        self.name = "main"
        self.driver = FakeDriver()
        self.breaker = CircuitBreaker(BreakerSettings(failures=2, rest=30), clock)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    """A clock that stands still, and rests as they are outside of these tests."""
    monkeypatch.setattr(stations, "_FIRST_REST", 1.0)
    return Time()


@pytest.fixture
def lane(clock: Time) -> Any:
    """A provider of five connections and batches of ten."""
    return FakeLane(clock)


@pytest.fixture
def station(lane: Any, clock: Time) -> Station:
    return Station(lane, clock)


def refusal(**more: Any) -> SmsgwError:
    return GatewayRejected("no", scope="provider", **more)


def fail(station: Station, times: int) -> None:
    for _ in range(times):
        station.failed(refusal())


def test_room_is_two_requests_for_each_connection(station: Station) -> None:
    """One on its way, and one that stands ready."""
    assert (station.room, station.is_up, station.is_down) == (100, True, False)
    station.out = 100
    assert (station.room, station.is_up, station.is_down) == (0, True, False)


def test_three_failures_in_a_row_bring_a_rest(station: Station, clock: Time) -> None:
    """Then one row goes there, to see."""
    fail(station, 2)
    assert station.is_up
    fail(station, 1)
    assert (station.is_down, station.room, station.opens_in) == (True, 0, 1.0)
    clock.now += 1.0
    assert (station.is_down, station.room, station.opens_in) == (False, 1, 0.0)
    station.out = 1
    assert (station.is_down, station.room) == (True, 0)


def test_each_further_failure_doubles_the_rest(station: Station, clock: Time) -> None:
    """Up to a minute."""
    fail(station, 3)
    rests = []
    for _ in range(9):
        rests.append(station.opens_in)
        clock.now += station.opens_in
        fail(station, 1)
    assert rests == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_what_was_on_its_way_when_the_rest_began_does_not_make_it_longer(station: Station) -> None:
    """Forty connections that fail at once are one outage."""
    fail(station, 40)
    assert station.opens_in == 1.0


def test_an_answer_ends_it_all(station: Station, clock: Time) -> None:
    """What failed before is forgotten."""
    fail(station, 3)
    station.answered()
    assert (station.is_up, station.room, station.trouble) == (True, 100, None)
    fail(station, 2)
    assert station.is_up


def test_the_rows_of_one_request_fail_once(station: Station) -> None:
    """They come with the same error."""
    error = refusal()
    for _ in range(10):
        station.failed(error)
    assert station.is_up
    assert station.trouble is error


def test_an_open_circuit_says_nothing_new(station: Station) -> None:
    """The reason for it stays the trouble."""
    error = AuthenticationFailed("wrong password")
    station.failed(error)
    for _ in range(10):
        station.failed(CircuitOpen("rests"))
    assert station.is_up
    assert station.trouble is error


def test_what_the_gateway_asks_for_is_waited_for(station: Station, clock: Time) -> None:
    """`Retry-After` brings a rest at once; a minute at most, then it is tried again."""
    station.failed(Throttled("slower", retry_after=7))
    assert (station.is_down, station.opens_in) == (True, 7)
    clock.now += 7
    assert station.is_up
    station.failed(Throttled("slower", retry_after=3600))
    assert station.opens_in == 60


def test_an_open_circuit_takes_nothing_until_it_may_be_probed(
    lane: Any, station: Station, clock: Time
) -> None:
    """And then one row, and nothing while that is on its way."""
    for _ in range(2):
        lane.breaker.record(Admission.ORDINARY, Finding.FAILING)
    assert (station.is_down, station.room, station.opens_in) == (True, 0, 30)
    clock.now += 30
    assert (station.is_down, station.room, station.opens_in) == (False, 1, 0)
    assert lane.breaker.admit() is Admission.PROBE
    assert (station.is_down, station.room) == (True, 0)
    lane.breaker.record(Admission.PROBE, Finding.HEALTHY)
    assert (station.is_up, station.room) == (True, 100)
