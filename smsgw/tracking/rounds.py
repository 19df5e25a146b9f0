"""The rounds of questions: which messages are asked about when, and what their answers lead to.

It sets no timer: `go_on` says when to call it again, and `changed` is called where it has to be called at once.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from math import inf
from typing import Final, Protocol

from smsgw.breaker import Admission, Finding
from smsgw.delivery import Lane
from smsgw.engine import Engine
from smsgw.entry import Scope
from smsgw.errors import OutcomeUnknown, SmsgwError
from smsgw.models import DeliveryReport, Reference
from smsgw.tracking.asking import Question, ask
from smsgw.tracking.desks import Desk, finding_of
from smsgw.tracking.groups import Group, Member
from smsgw.tracking.schedule import Schedule
from smsgw.tracking.states import is_good
from smsgw.tracking.subjects import Start
from smsgw.tracking.waits import Waits

__all__ = ["Listener", "Rounds"]

_AFTER_WINDOW: Final = 0.01
"""Seconds by which a question is later than the end of its window: the two are told by different sums."""

_Key = tuple[str, str, str | None]


class Listener(Protocol):
    """Who follows the messages."""

    @property
    def is_full(self) -> bool:
        """Whether so much is waiting to be told that no more should be asked."""

    def tell(self, report: DeliveryReport) -> None:
        """Something new is known."""

    def changed(self) -> None:
        """More may be asked now."""


class Rounds:
    """Everything that is followed by one `track`."""

    def __init__(
        self, engine: Engine, waits: Waits, wall: Callable[[], datetime], scope: Scope, listener: Listener
    ) -> None:
        self._engine = engine
        self._waits = waits
        self._wall = wall
        self._scope = scope
        self._listener = listener
        self._desks = {name: Desk(lane, engine.clock) for name, lane in engine.lanes.items()}
        self._schedule = Schedule()
        self._groups: dict[_Key, Group] = {}
        self._asking: dict[asyncio.Task[None], Question] = {}

    def __len__(self) -> int:
        """Groups that are not at their end."""
        return len(self._groups)

    def follow(self, start: Start, ends_at: float) -> None:
        """Follow one more message, until a time of the clock's."""
        reference = start.reference
        key = _key(self._desks[reference.provider].lane, reference)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = self._new_group(start, ends_at)
            self._schedule.put(group)
        group.add(reference.recipient, start.known, start.doubt)

    def _new_group(self, start: Start, ends_at: float) -> Group:
        reference, now = start.reference, self._engine.clock()
        sent_at, due = now - (start.age or 0.0), now
        if start.age is not None:
            window = self._desks[reference.provider].lane.gate.window
            due = max(now, sent_at + self._waits.first(window=window is not None and window.is_kept))
        if due >= ends_at:
            due = (now + ends_at) / 2  # one question, at least
        return Group(reference.provider, reference.message_id, sent_at, due)

    def go_on(self, now: float) -> float:
        """Begin the questions that may begin; when to come again, where nothing else changes before."""
        for group in self._schedule.take(now):
            self._desks[group.provider].ready.append(group)
        next_at = self._schedule.next_at
        wake = inf if next_at is None else next_at
        for desk in self._desks.values():
            wait = self._serve(desk, now)
            if wait is not None:
                wake = min(wake, now + wait)
        return wake

    def _serve(self, desk: Desk, now: float) -> float | None:
        """Begin this provider's questions; seconds until the next one may begin, where time alone is missing."""
        while desk.ready and not self._listener.is_full:
            wait = desk.wait(now)
            if wait is None or wait > 0:
                return wait
            admission = desk.breaker.admit()
            if admission is None:
                return None
            group = desk.begin(now)
            question = Question(desk.lane.gate, self._scope, partial(self._left, desk))
            task = self._engine.spawn(self._ask(desk, group, question, admission))
            self._asking[task] = question
            task.add_done_callback(self._asked)
        return None

    def _left(self, desk: Desk) -> None:
        desk.has_queued = False
        self._listener.changed()

    def _asked(self, task: asyncio.Task[None]) -> None:
        del self._asking[task]
        self._listener.changed()

    def stop(self) -> None:
        """Ask no more. The scope has ended."""
        self._schedule.clear()
        for desk in self._desks.values():
            desk.ready.clear()
        for task, question in self._asking.items():
            # Where identical requests are one, another caller may wait for the answer to this very one.
            if question.identity is None or not question.has_begun():
                task.cancel()

    @property
    def cancelled(self) -> Sequence[asyncio.Task[None]]:
        """Questions that are about to end."""
        return [task for task in self._asking if task.cancelling()]

    def forget(self) -> None:
        self._groups.clear()

    def unheard(self, reason: str) -> Iterator[DeliveryReport]:
        """The end of the messages of which nothing was ever told: why, as far as that is known."""
        for group in self._groups.values():
            trouble = self._desks[group.provider].trouble
            for member in group.unheard():
                error = member.doubt or member.error or trouble
                error = error or OutcomeUnknown(reason, provider=group.provider)
                yield DeliveryReport(member.recipient, group.provider, group.message_id, error=error)

    async def _ask(self, desk: Desk, group: Group, question: Question, admission: Admission) -> None:
        members = tuple(group.members)
        reports: Sequence[DeliveryReport] = ()
        finding, error = Finding.NOTHING, None
        try:
            reports = await ask(desk.lane, question, group, members)
            finding = Finding.HEALTHY
        except SmsgwError as failure:
            error = failure.with_traceback(None)
            finding = finding_of(error)
        finally:
            desk.end()
            desk.breaker.record(admission, finding)
            question.end()
        if self._scope.ended:
            return
        if error is not None:
            kept = desk.one_for_all(error)
            for member in members:
                member.error = kept
        self._learn(desk, group, members, reports)
        self._put_back(group, desk, reports, error, question.window_remaining)

    def _learn(
        self, desk: Desk, group: Group, members: Sequence[Member], reports: Sequence[DeliveryReport]
    ) -> None:
        for member, report in zip(members, reports, strict=False):
            if member.learn(report):
                self._listener.tell(report)
            elif member.error is not None:
                member.error = desk.one_for_all(member.error)
            if report.changed_at is not None:
                # It is at least as old as its state.
                age = (self._wall() - report.changed_at).total_seconds()
                group.sent_at = min(group.sent_at, self._engine.clock() - age)

    def _put_back(
        self,
        group: Group,
        desk: Desk,
        reports: Sequence[DeliveryReport],
        error: SmsgwError | None,
        closed_for: float,
    ) -> None:
        """Wait for the next time, which is not before the window lets the question through again."""
        key = _key(desk.lane, group.reference)
        group.forget_final()
        if not group.members:
            del self._groups[key]
            return
        now = self._engine.clock()
        age = now - group.sent_at
        if not any(is_good(report) for report in reports):
            group.failures += 1
            wait = max(self._waits.again(group.failures), (error and error.retry_after) or 0.0)
        else:
            group.failures = 0
            wait = self._waits.next(age) if age >= 0 else self._waits.first(window=False) - age
        group.due = now + max(wait, closed_for + _AFTER_WINDOW if closed_for else 0.0)
        self._schedule.put(group)


def _key(lane: Lane, reference: Reference) -> _Key:
    """As `status` asks: where a gateway answers for each recipient, each is asked about by itself."""
    recipient = None if lane.driver.batch_reports else reference.recipient
    return reference.provider, reference.message_id, recipient
