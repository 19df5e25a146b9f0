"""Any reply to a question becomes our values, bounded and convertible, or an error of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.testing.conformance.verdicts import AnsweringWire
from smsgw.transport import Reply
from tests.faults.properties.attack import attack
from tests.faults.properties.five import BATCH_ID, MESSAGE_ID, NAMES, RECIPIENTS, REFERENCES, driver_for
from tests.faults.properties.good_replies import GOOD
from tests.faults.properties.hostile_replies import bodies
from tests.faults.properties.sound_answers import (
    account_is_sound,
    answered,
    balance_is_sound,
    lookup_is_sound,
    search_is_sound,
    status_is_sound,
)

QUESTIONS = {
    "status": status_is_sound,
    "balance": balance_is_sound,
    "lookup": lookup_is_sound,
    "find": search_is_sound,
    "account_error": account_is_sound,
}
STATUSES = st.just(200) | st.just(200) | st.integers(100, 599)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", NAMES)
@attack
@given(data=st.data(), status=STATUSES)
def test_any_reply_to_a_question_is_our_values_or_our_error(
    name: str, question: str, data: st.DataObject, status: int
) -> None:
    """Bounded, of the shape and number that was asked for, and nothing in them that the reply does not show."""
    QUESTIONS[question](name, Reply(status, data.draw(bodies(name))))


@pytest.mark.parametrize("name", NAMES)
def test_documented_replies_are_read(name: str) -> None:
    """Some documented reply answers each question that the gateway has, so the properties above are about something."""
    driver = driver_for(name)
    wires = [AnsweringWire(Reply(200, body)) for body in GOOD[name]]
    reports = [report for wire in wires for report in answered(driver.status(wire, REFERENCES)) or ()]
    for report in reports:
        assert report.message_id == MESSAGE_ID
    assert any(report.final for report in reports)
    assert any(answered(driver.balance(wire)) for wire in wires) == (name != "smstele")
    assert any(answered(driver.find(wire, BATCH_ID)) for wire in wires) == driver.settles
    assert any(answered(driver.lookup(wire, RECIPIENTS, BATCH_ID)) for wire in wires) == driver.has_lookup
