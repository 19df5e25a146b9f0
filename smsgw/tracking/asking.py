"""One question about the messages under one ID: its way to the gateway, and what the answer proves of each."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from attrs import evolve

from smsgw.delivery import Lane
from smsgw.entry import Scope
from smsgw.errors import OutcomeUnknown, SmsgwError, UnreadableReply
from smsgw.faults import frames
from smsgw.models import DeliveryReport, DeliveryState, Reference
from smsgw.tracking.groups import Group, Member
from smsgw.transport import Reply, Request, Wire
from smsgw.wire import Gate, GatedWire, Replay

__all__ = ["Question", "ask"]

_log = logging.getLogger("smsgw.tracking")

_NOT_PROVED: Final = "the gateway does not show that it took this message, which proves nothing"
_ONE_FOR_SEVERAL: Final = "this ID stands for several recipients, and the gateway tells one state for them all: it proves nothing of any one"


class Question(GatedWire):
    """The way of one question through the gate: `left` is called once it waits for no connection and no turn there."""

    __slots__ = ("_left", "is_queued")

    def __init__(self, gate: Gate, scope: Scope, left: Callable[[], None]) -> None:
        super().__init__(gate, scope, guarded=False)
        self.is_queued = True
        self._left = left
        self.claim = self._goes_out

    async def _goes_out(self) -> None:
        self._leave_queue()

    def _join(self, began: Callable[[], bool]) -> None:
        """It waits for the answer to another's identical request."""
        super()._join(began)
        self._leave_queue()

    def _leave_queue(self) -> None:
        if self.is_queued:
            self.is_queued = False
            self._left()

    def end(self) -> None:
        """The window remembers it, and need not remember whose it was."""
        self._leave_queue()
        self._left = _nothing
        self.claim = None


def _nothing() -> None:
    pass


class _Listening:
    """A wire that remembers the reply, to be read a second time for what it proves."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._reply: Reply | None = None

    async def request(self, request: Request) -> Reply:
        self._reply = reply = await self._wire.request(request)
        return reply

    def again(self) -> Reply:
        if self._reply is None:
            raise OutcomeUnknown("nothing was asked")
        return self._reply


async def ask(lane: Lane, wire: Wire, group: Group, members: Sequence[Member]) -> Sequence[DeliveryReport]:
    """One report for each of these of the group, by one request. Raises `SmsgwError`, and nothing else."""
    try:
        return await _ask(lane, wire, group, members)
    except SmsgwError:
        raise
    except Exception as error:  # noqa: BLE001  (a driver's fault must not end the rest)
        _log.error("driver %s failed:\n%s", lane.driver.name, frames(error))
        fault = _fault(lane, f"the driver failed with {type(error).__name__}")
    # Raised here, outside of the `except`, so that the driver's error, whose words may be a text, is not its context.
    raise fault


async def _ask(lane: Lane, wire: Wire, group: Group, members: Sequence[Member]) -> Sequence[DeliveryReport]:
    driver = lane.driver
    listening = _Listening(wire)
    asked = [Reference(group.provider, group.message_id, member.recipient) for member in members]
    reports = await driver.status(listening, asked)
    if len(reports) != len(members) or not all(isinstance(report, DeliveryReport) for report in reports):
        raise _fault(lane, "the driver did not give one report for each message")
    if any(report.changed_at is not None and report.changed_at.utcoffset() is None for report in reports):
        raise _fault(lane, "the driver gave a time without a zone")
    doubtful = any(member.doubt is not None for member in members)
    if driver.one_state and (doubtful or group.several):
        return [_blurred(report, lane.name) for report in reports]
    if not driver.settles or not doubtful:
        return reports
    # A state alone does not prove that this very message was taken: the driver knows what does.
    taken = await driver.find(Replay(listening.again), group.message_id)
    unproved = OutcomeUnknown(_NOT_PROVED, provider=lane.name)
    return [
        report
        if member.doubt is None or member.recipient in taken
        else evolve(report, state=DeliveryState.UNKNOWN, final=False, error=report.error or unproved)
        for member, report in zip(members, reports, strict=True)
    ]


def _blurred(report: DeliveryReport, provider: str) -> DeliveryReport:
    """Nothing is known of this one; where the shared state is final, nothing more will be told."""
    doubt = report.error or OutcomeUnknown(_ONE_FOR_SEVERAL, provider=provider, scope="recipient")
    return evolve(report, state=DeliveryState.UNKNOWN, error=doubt)


def _fault(lane: Lane, what: str) -> UnreadableReply:
    return UnreadableReply(what, provider=lane.name)
