"""The parts that know neither a loop nor a gateway: waits, the heap, states that only move forward."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from smsgw import DeliveryReport, DeliveryState
from smsgw.breaker import Finding
from smsgw.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    DuplicateRequest,
    GatewayRejected,
    SmsgwError,
    UnreadableReply,
)
from smsgw.tracking.desks import finding_of
from smsgw.tracking.groups import Group, Member
from smsgw.tracking.schedule import Schedule
from smsgw.tracking.states import FINAL, NOTHING, rank
from smsgw.tracking.waits import FIRST, FIRST_IN_WINDOW, LEAST, MOST, Waits

SEEDS = range(50)


@pytest.mark.parametrize(
    ("age", "wait"), [(0, LEAST), (6, 3), (60, 30), (600, 300), (1800, MOST), (1e6, MOST)]
)
def test_a_wait_is_half_the_age_within_bounds(age: float, wait: float) -> None:
    """A fifth more or less, so that messages that were given together part."""
    waits = [Waits(Random(seed)).next(age) for seed in SEEDS]
    assert all(0.8 * wait <= found <= 1.2 * wait for found in waits)
    assert max(waits) - min(waits) > 0.3 * wait


def test_first_looks_are_never_too_early() -> None:
    """And where a second one has to wait a minute, they are later."""
    assert all(FIRST <= Waits(Random(seed)).first(window=False) <= FIRST * 1.2 for seed in SEEDS)
    assert all(FIRST_IN_WINDOW <= Waits(Random(seed)).first(window=True) <= 12 for seed in SEEDS)


def test_bad_replies_in_a_row_are_given_more_and_more_time() -> None:
    """Seconds at first, a quarter of an hour in the end, and no number is too large."""
    waits = [Waits(Random(1)).again(failures) for failures in (1, 2, 3, 8, 100_000)]
    assert [pytest.approx(wait, rel=0.2) for wait in (5, 10, 20, 640, MOST)] == waits


@given(some.lists(some.floats(0, 1e6)), some.floats(0, 1e6))
def test_the_heap_gives_what_is_due_in_order(times: list[float], at: float) -> None:
    """And keeps the rest, whose first it tells."""
    schedule = Schedule()
    for due in times:
        schedule.put(Group("iba", "1", 0, due))
    assert [group.due for group in schedule.take(at)] == sorted(due for due in times if due <= at)
    assert schedule.next_at == min((due for due in times if due > at), default=None)
    schedule.clear()
    assert schedule.next_at is None


REPORTS = some.builds(
    DeliveryReport,
    some.just("79160000001"),
    some.just("iba"),
    some.just("1"),
    some.sampled_from(DeliveryState),
    final=some.booleans(),
    error=some.sampled_from([None, UnreadableReply("no")]),
)


@given(some.lists(REPORTS))
def test_states_only_move_forward(replies: list[DeliveryReport]) -> None:
    """Whatever comes in whatever order: what is told goes forward, and nothing follows a final state."""
    member = Member("79160000001", NOTHING, None)
    told = [report for report in replies if member.learn(report)]
    ranks = [rank(report.state, final=report.final) for report in told]
    assert ranks == sorted(set(ranks))
    assert not any(report.final for report in told[:-1])
    assert any(report.final for report in replies) == (member.rank == FINAL)
    assert all(report.final or report.error is None for report in told)


def test_the_order_of_states() -> None:
    """Nothing, not known, accepted, under way, at an end that is not final, final: all final states are alike."""
    order = [DeliveryState.UNKNOWN, DeliveryState.ACCEPTED, DeliveryState.ENROUTE, DeliveryState.DELIVERED]
    ranks = [rank(state, final=False) for state in order]
    assert [NOTHING, *ranks, FINAL] == sorted({NOTHING, *ranks, FINAL})
    assert {rank(state, final=True) for state in DeliveryState} == {FINAL}


@pytest.mark.parametrize(
    ("error", "finding"),
    [
        (None, Finding.HEALTHY),
        (GatewayRejected("no such message"), Finding.HEALTHY),
        (DuplicateRequest("again"), Finding.HEALTHY),
        (UnreadableReply("an empty reply"), Finding.HEALTHY),
        (UnreadableReply("the gateway failed", code="HTTP 502"), Finding.FAILING),
        (ConnectionFailed("refused"), Finding.FAILING),
        (AuthenticationFailed("wrong password"), Finding.FAILING),
    ],
)
def test_what_an_answer_says_of_the_provider(error: SmsgwError | None, finding: Finding) -> None:
    """A gateway that does not know an ID is well; one that is down, or refuses the account, is not."""
    assert finding_of(error) is finding


def test_a_message_given_twice_is_one() -> None:
    """Of a group; recipients that share its ID are several."""
    group = Group("smsco", "1", 0, 0)
    for recipient in ("79160000001", "79160000001", None):
        group.add(recipient, NOTHING, None)
    assert (len(group.members), group.several) == (2, False)
    group.add("79160000002", NOTHING, None)
    assert (len(group.members), group.several) == (3, True)
