"""Any reply to a send becomes one sound verdict a recipient, and `accepted` only where its bytes say so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.models import State
from smsgw.transport import Reply
from tests.faults.properties.attack import attack
from tests.faults.properties.five import NAMES
from tests.faults.properties.good_replies import GOOD
from tests.faults.properties.hostile_replies import bodies
from tests.faults.properties.proofs import HOLDS
from tests.faults.properties.sound_verdicts import send_is_sound, settling_is_sound

STATUSES = st.just(200) | st.integers(100, 599)
WAITS = st.none() | st.floats(0, 1e9)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", NAMES)
@attack
@given(data=st.data(), status=STATUSES, wait=WAITS)
def test_any_reply_to_a_send_is_one_proved_verdict_a_recipient(
    name: str, count: int, data: st.DataObject, status: int, wait: float | None
) -> None:
    """Whatever a gateway answers, each recipient has its verdict, and no other exception than ours exists."""
    send_is_sound(name, count, Reply(status, data.draw(bodies(name)), wait))


@pytest.mark.parametrize("name", NAMES)
@attack
@given(data=st.data(), status=STATUSES)
def test_settling_only_ever_adds_what_a_status_proves(name: str, data: st.DataObject, status: int) -> None:
    """Of a batch whose reply was lost a status by our own ID turns `unknown` into `accepted`, or changes nothing."""
    settling_is_sound(name, Reply(status, data.draw(bodies(name))))


@pytest.mark.parametrize("name", NAMES)
def test_the_proofs_see_what_is_documented(name: str) -> None:
    """Some documented reply of each gateway is an acceptance, for the driver as for the proof: neither is blind."""
    seen = {
        state
        for count in (1, 2)
        for body in GOOD[name]
        for state in send_is_sound(name, count, Reply(200, body))
    }
    assert {State.ACCEPTED, State.REJECTED, State.UNKNOWN} <= seen
    assert (State.HELD in seen) == (name in HOLDS)
