"""What can be asked of providers without sending anything: delivery states, balances, HLR lookups.

Each question is put once: it costs the caller nothing to ask again, and a poll asks again anyway.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

from smsgw import msisdn
from smsgw.delivery import Lane
from smsgw.engine import Engine
from smsgw.entry import Scope
from smsgw.errors import ConfigurationError, InvalidRecipient, OutcomeUnknown, SmsgwError, UnreadableReply
from smsgw.faults import frames
from smsgw.models import Balance, DeliveryReport, DeliveryState, Lookup, Outcome, Reference, State

__all__ = ["balance", "lookup", "reference_of", "status"]

_log = logging.getLogger("smsgw.queries")

Question = Callable[[Scope], Awaitable[None]]


class _Inquiry:
    """A caller's questions, which end when the dispatcher closes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._scope = Scope()

    def close(self, reason: str) -> None:
        self._scope.end(reason)

    async def run(self, questions: Sequence[Question], at_once: int) -> None:
        """Ask them all, so many at once. Cancelled, it asks no more."""
        waiting = iter(questions)
        self._engine.join(self)
        workers = [self._engine.spawn(self._work(waiting)) for _ in range(min(at_once, len(questions)))]
        try:
            if workers:
                await asyncio.wait(workers)
        finally:
            # A caller that is cancelled asks no more; what is on its way goes on, for others may wait for it too.
            self._engine.leave(self)
            self._scope.end("nobody waits for the answer any more")
        for worker in workers:
            if not worker.cancelled():
                worker.result()

    async def _work(self, waiting: Iterator[Question]) -> None:
        for question in waiting:
            await question(self._scope)


def _cut_off() -> OutcomeUnknown:
    """Closing the dispatcher was itself cancelled, and took the question with it."""
    return OutcomeUnknown("the dispatcher was closed before an answer came")


def _error(lane: Lane, failure: Exception) -> SmsgwError:
    """As an answer. A driver's own fault ends no other question, and its words, which may hold a password, are not shown."""
    if isinstance(failure, SmsgwError):
        return failure.with_traceback(None)
    _log.error("driver %s failed:\n%s", lane.driver.name, frames(failure))
    return UnreadableReply(f"the driver failed with {type(failure).__name__}", provider=lane.name)


async def status(engine: Engine, subjects: Iterable[Outcome | Reference]) -> tuple[DeliveryReport, ...]:
    """One report for each, in order. What a gateway or the network did is in the reports."""
    engine.check_open()
    reports: dict[int, DeliveryReport] = {}
    groups: dict[tuple[str, str, str | None], list[tuple[int, Reference]]] = {}
    for position, subject in enumerate(subjects):
        found = reference_of(engine, subject)
        if isinstance(found, DeliveryReport):
            reports[position] = found
            continue
        # Where one request answers for all messages of an ID, they are asked for together.
        recipient = None if engine.lanes[found.provider].driver.batch_reports else found.recipient
        groups.setdefault((found.provider, found.message_id, recipient), []).append((position, found))

    def question(lane: Lane, group: Sequence[tuple[int, Reference]]) -> Question:
        references = [reference for _, reference in group]

        async def ask(scope: Scope) -> None:
            answers: Sequence[DeliveryReport]
            try:
                answers = await lane.driver.status(lane.wire(scope), references)
            except Exception as failure:  # noqa: BLE001  (a driver's fault ends no other question: see `_error`)
                error = _error(lane, failure)
                answers = [_no_report(reference, error) for reference in references]
            for (position, _), answer in zip(group, answers, strict=True):
                reports[position] = answer

        return ask

    questions = [question(engine.lanes[provider], group) for (provider, _, _), group in groups.items()]
    await _Inquiry(engine).run(questions, _at_once(engine))
    for group in groups.values():
        for position, reference in group:
            if position not in reports:
                reports[position] = _no_report(reference, _cut_off())
    return tuple([reports[position] for position in range(len(reports))])


def reference_of(engine: Engine, subject: Outcome | Reference) -> Reference | DeliveryReport:
    """What to ask by, or the report on what cannot or need not be asked about."""
    if isinstance(subject, Outcome):
        if subject.state is State.REJECTED:
            # Proof that it was never taken: there is nothing to wait for.
            return DeliveryReport(
                subject.recipient,
                subject.provider,
                subject.message_id,
                DeliveryState.REJECTED,
                final=True,
                error=subject.error,
            )
        if subject.provider is None or subject.message_id is None:
            error = subject.error or OutcomeUnknown(
                "the gateway gave no message ID to ask by", provider=subject.provider
            )
            return DeliveryReport(subject.recipient, subject.provider, subject.message_id, error=error)
        subject = Reference(subject.provider, subject.message_id, subject.recipient)
    elif not isinstance(subject, Reference):
        raise TypeError(f"give outcomes or smsgw.Reference values, not {type(subject).__name__}")
    if subject.provider not in engine.lanes:
        return _no_report(subject, ConfigurationError(f"no provider is called {subject.provider!r}"))
    if not subject.message_id:
        return _no_report(subject, ConfigurationError("the message ID is empty"))
    if re.search(r"[\ud800-\udfff]", subject.message_id):
        return _no_report(subject, ConfigurationError("the message ID has half a character in it"))
    return subject


def _no_report(reference: Reference, error: SmsgwError) -> DeliveryReport:
    return DeliveryReport(reference.recipient, reference.provider, reference.message_id, error=error)


async def balance(engine: Engine, provider: str) -> Balance:
    """Raises `SmsgwError`; `ConfigurationError` for a provider that there is none of."""
    engine.check_open()
    lane = engine.lanes.get(provider)
    if lane is None:
        raise ConfigurationError(f"no provider is called {provider!r}; there are: {', '.join(engine.lanes)}")
    answers: list[Balance | SmsgwError] = []

    async def ask(scope: Scope) -> None:
        try:
            answers.append(await lane.driver.balance(lane.wire(scope)))
        except Exception as failure:  # noqa: BLE001  (a driver's fault ends no other question: see `_error`)
            answers.append(_error(lane, failure))

    await _Inquiry(engine).run([ask], 1)
    answer = answers[0] if answers else _cut_off()
    if isinstance(answer, SmsgwError):
        raise answer
    return answer


async def lookup(engine: Engine, numbers: Iterable[str]) -> tuple[Lookup, ...]:
    """HLR lookups by the first provider that has them, one for each number, in order.

    Raises `ConfigurationError` where no provider has them; what else goes wrong is in the lookups.
    """
    engine.check_open()
    lane = next((lane for lane in engine.lanes.values() if lane.driver.has_lookup), None)
    if lane is None:
        raise ConfigurationError("none of the configured providers has HLR lookups")
    given = [numbers] if isinstance(numbers, str) else list(numbers)
    recipients: dict[str, None] = {}
    read: list[str | Lookup] = []
    for number in given:
        try:
            recipient = msisdn.normalise(number)
        except InvalidRecipient as error:
            read.append(Lookup(number, error=error.with_traceback(None)))
        else:
            recipients[recipient] = None
            read.append(recipient)
    answers: dict[str, Lookup] = {}

    def question(batch: Sequence[str]) -> Question:
        async def ask(scope: Scope) -> None:
            found: Sequence[Lookup]
            try:
                found = await lane.driver.lookup(lane.wire(scope), batch, secrets.token_hex(10))
            except Exception as failure:  # noqa: BLE001  (a driver's fault ends no other question: see `_error`)
                error = _error(lane, failure)
                found = [Lookup(recipient, lane.name, error=error) for recipient in batch]
            answers.update((answer.recipient, answer) for answer in found)

        return ask

    distinct, size = list(recipients), lane.driver.batch_size
    questions = [question(distinct[start : start + size]) for start in range(0, len(distinct), size)]
    await _Inquiry(engine).run(questions, _at_once(engine))
    return tuple(
        [
            entry
            if isinstance(entry, Lookup)
            else answers.get(entry) or Lookup(entry, lane.name, error=_cut_off())
            for entry in read
        ]
    )


def _at_once(engine: Engine) -> int:
    """As many questions as keep every connection busy, however many there are."""
    return sum(lane.driver.settings.max_connections for lane in engine.lanes.values())
