"""What a driver makes of a reply to a send, whatever the reply: checked against the bytes themselves."""

from smsgw.drivers.base import Batch, Verdict
from smsgw.errors import SmsgwError
from smsgw.models import State
from smsgw.testing.conformance.verdicts import AnsweringWire
from smsgw.transport import Reply
from tests.faults.properties.five import batch_for, driver_for, finish
from tests.faults.properties.proofs import HOLDS, PROOFS
from tests.faults.properties.soundness import LONGEST_ID, assert_discreet

__all__ = ["send_is_sound", "settling_is_sound"]


def send_is_sound(name: str, count: int, reply: Reply) -> set[State]:
    """One proved verdict for each recipient; returns their states."""
    driver = driver_for(name)
    batch = batch_for(driver, count)
    verdicts = finish(driver.send(AnsweringWire(reply), batch))
    assert len(verdicts) == len(batch.recipients)
    for at, verdict in enumerate(verdicts):
        _assert_proved(name, batch, verdict, at, reply)
    return {verdict.state for verdict in verdicts}


def settling_is_sound(name: str, reply: Reply) -> None:
    """Of a batch whose reply was lost, this status proves what it shows and changes nothing else."""
    driver = driver_for(name)
    batch = batch_for(driver)
    lost = finish(driver.send(AnsweringWire(Reply(500, b"")), batch))
    settled = finish(driver.settle(AnsweringWire(reply), batch, lost))
    assert len(settled) == len(lost)
    for recipient, before, after in zip(batch.recipients, lost, settled, strict=True):
        if after is not before:
            assert driver.settles
            assert reply.status // 100 == 2
            assert after == Verdict(State.ACCEPTED, batch.id)
            assert batch.id.encode() in reply.body
            assert recipient.encode() in reply.body


def _assert_proved(name: str, batch: Batch, verdict: Verdict, at: int, reply: Reply) -> None:
    """What is claimed of one recipient follows from the reply."""
    assert type(verdict) is Verdict
    assert verdict.message_id is None or len(verdict.message_id) <= LONGEST_ID
    assert verdict.cost is None or verdict.cost.is_finite()
    assert verdict.segments is None or 0 <= verdict.segments < 10**9
    error = verdict.error
    if verdict.state in (State.ACCEPTED, State.HELD):
        assert error is None
        assert 200 <= reply.status < 300
        if verdict.state is State.HELD:
            assert HOLDS[name](reply.body)
        else:
            assert PROOFS[name](reply.body, batch.recipients, at, verdict.message_id)
        return
    assert isinstance(error, SmsgwError)
    assert error.maybe_accepted == (verdict.state is State.UNKNOWN)
    assert not (verdict.unnamed and error.maybe_accepted)
    assert_discreet(error)
