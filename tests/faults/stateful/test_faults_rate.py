"""throttle.py under a clock that jumps: what the gateway sees, second by second."""

from math import floor

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from smsgw.throttle import MARGIN, Throttle
from tests.faults.stateful.profile import PROFILE


@frozen
class Turn:
    """One request that asks for a permit."""

    gap: float
    """Seconds after the one before."""
    connects: float
    leaves: bool
    overslept: float
    """Seconds by which its waits are too long."""
    late: float
    """Seconds that its bytes are on the way."""


turns = st.lists(
    st.builds(
        Turn,
        gap=st.sampled_from([0.0, 0.0, 0.001, 0.3, 0.95, 1.0, 1.049, 1.05, 1.051, 60.0, 86400.0]),
        connects=st.sampled_from([0.0, 0.0, 0.2, 1.04]),
        leaves=st.sampled_from([True, True, True, False]),
        overslept=st.sampled_from([0.0, 0.0, 0.0004, 0.9, 3600.0]),
        late=st.floats(0.0, MARGIN - 0.001),
    ),
    min_size=1,
    max_size=60,
)


@PROFILE
@given(st.sampled_from([1.0, 1.5, 2.0, 3.0, 10.0]), turns, st.floats(0.0, 1e6))
def test_the_gateway_never_sees_more_than_the_rate_in_any_second(
    rate: float, script: list[Turn], start: float
) -> None:
    """However long sleeps are, whoever gives a permit back, and though ways differ by up to the margin."""
    now = start
    throttle = Throttle(rate, lambda: now)
    arrived: list[float] = []
    for turn in script:
        now += turn.gap
        while wait := throttle.take():
            now += wait + turn.overslept
        now += turn.connects
        if turn.leaves:
            throttle.leave()
            arrived.append(now + turn.late)
        else:
            throttle.give_back()
    arrived.sort()
    for first, beyond in zip(arrived, arrived[floor(rate) :], strict=False):
        assert beyond - first >= 1.0
    for _ in range(floor(rate)):
        now += 2.0
        assert not throttle.take(), "a permit was lost"
