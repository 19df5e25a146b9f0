# ruff: noqa: S101 - a check asserts
"""What any verdict has to be, whatever it says."""

from collections.abc import Sequence

from smsgw.drivers.base import Batch, Driver, Verdict
from smsgw.errors import SmsgwError
from smsgw.models import State
from smsgw.testing.conformance.kit import PASSWORD
from smsgw.transport import Reply, Request

__all__ = ["AnsweringWire", "assert_sound", "read"]


class AnsweringWire:
    """Gives one answer to every request: a reply, or an error. It counts the requests."""

    def __init__(self, answer: Reply | SmsgwError) -> None:
        self.answer = answer
        self.requests = 0

    async def request(self, request: Request) -> Reply:
        self.requests += 1
        if isinstance(self.answer, SmsgwError):
            raise self.answer
        return self.answer


def read(driver: Driver, batch: Batch, body: bytes) -> Sequence[Verdict]:
    """What the driver makes of the body of an HTTP 200."""
    try:
        verdicts = driver.read_send(batch, body)
    except SmsgwError as error:
        verdicts = driver.verdict_for_all(batch, error)
    except Exception as error:
        error.add_note(f"read_send raises verdicts' errors only, not this, for the reply {body[:200]!r}")
        raise
    assert_sound(batch, verdicts, about=body)
    return verdicts


def assert_sound(batch: Batch, verdicts: Sequence[Verdict], about: object = "") -> None:
    """One verdict for each recipient, each with the error that belongs to its state, and nothing that leaks."""
    why = f"for the reply {about[:200]!r}" if isinstance(about, bytes) else str(about)
    assert len(verdicts) == len(batch.recipients), f"not one verdict for each recipient {why}"
    for verdict in verdicts:
        assert isinstance(verdict, Verdict), f"{verdict!r} is no Verdict {why}"
        assert isinstance(verdict.state, State), f"{verdict.state!r} is no State {why}"
        # What a verdict keeps can be written to any file or database.
        assert verdict.message_id is None or (
            isinstance(verdict.message_id, str) and verdict.message_id.encode()
        ), f"the message ID {verdict.message_id!r} is no text {why}"
        repr(verdict).encode()
        assert PASSWORD not in repr(verdict), f"a verdict shows the password {why}"
        error = verdict.error
        if verdict.state in (State.ACCEPTED, State.HELD):
            assert error is None, f"what was taken has no error {why}"
            continue
        assert isinstance(error, SmsgwError), f"{verdict.state} without an SmsgwError {why}"
        assert error.maybe_accepted == (verdict.state is State.UNKNOWN), (
            f"{error!r} says maybe_accepted={error.maybe_accepted}, the verdict is `{verdict.state}` {why}"
        )
        # A kept error must not keep the frames, and so the request with its password, alive.
        assert error.__traceback__ is None, f"{error!r} keeps its traceback {why}"
        assert error.__context__ is None, f"{error!r} keeps another error as its context {why}"
        assert error.__cause__ is None, f"{error!r} keeps another error as its cause {why}"
