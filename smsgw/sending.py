"""One `send`: a message in, one outcome for each given recipient out, within the caller's time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from attrs import evolve

from smsgw.engine import Engine
from smsgw.entry import Entry, Scope, Sink
from smsgw.errors import GatewayTimeout, InvalidRecipient, NotSubmitted, SmsgwError
from smsgw.keys import Claim
from smsgw.models import Message, Outcome, State, Submission
from smsgw.msisdn import normalise, plain

__all__ = ["KeyedSink", "Manifest", "Watch", "all_alike", "submit"]

Watch = Callable[[Callable[[], tuple[Outcome, ...]]], object]
"""Given, once a message is on its way, what tells its outcomes so far; to be asked until `submit` returns."""

_LEFT: Final = "the caller stopped waiting before the request began"


class Manifest:
    """Whom a message is for: what was given, read as MSISDNs."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.positions: Sequence[str | InvalidRecipient] = message.to
        """One for each given recipient: its MSISDN, or why it is none."""
        if not all(map(plain, message.to)):
            self.positions = list(map(_as_msisdn, message.to))
        self.recipients = dict.fromkeys([number for number in self.positions if isinstance(number, str)])
        """The distinct MSISDNs, in order."""

    def outcomes(self, known: Mapping[str, Outcome]) -> tuple[Outcome, ...]:
        """One for each given recipient, in order; `known` has one for each distinct MSISDN."""
        if len(self.recipients) == len(self.positions):  # (no repetition, nothing unreadable, as mostly)
            return tuple(map(known.__getitem__, self.recipients))
        outcomes: list[Outcome] = []
        seen: set[str] = set()
        for given, position in zip(self.message.to, self.positions, strict=True):
            if isinstance(position, InvalidRecipient):
                outcomes.append(Outcome(given, State.REJECTED, error=position, message=self.message))
            else:
                outcome = known[position]
                outcomes.append(evolve(outcome, duplicate=True) if position in seen else outcome)
                seen.add(position)
        return tuple(outcomes)

    def repeated(self, known: Mapping[str, Outcome]) -> dict[str, Outcome]:
        """Outcomes that were known before, as duplicates of this message's."""
        return {
            recipient: evolve(outcome, duplicate=True, message=self.message)
            for recipient, outcome in known.items()
            if recipient in self.recipients
        }


def _as_msisdn(given: str) -> str | InvalidRecipient:
    try:
        return normalise(given)
    except InvalidRecipient as error:
        return error.with_traceback(None)


class KeyedSink:
    """Notes what is sent under a key on its way to the real sink, and ends the claim with the last of it."""

    def __init__(self, engine: Engine, claim: Claim, sink: Sink, entries: int) -> None:
        self._engine = engine
        self._claim = claim
        self._sink = sink
        self._missing = entries

    def settled(self, entry: Entry) -> None:
        if entry.outcome is not None:
            self._claim.note(entry.outcome)
        self._missing -= 1
        if not self._missing:
            task = self._engine.spawn(self._claim.end())
            # However that ends, and if it is cancelled before it begins: nobody waits for this claim any more.
            task.add_done_callback(lambda _: self._claim.release())
        self._sink.settled(entry)


class _Work:
    """One caller's entries, and the caller's interest in them."""

    def __init__(self, missing: int, scope: Scope) -> None:
        self.scope = scope
        self.entries: dict[str, Entry] = {}
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.missing = missing
        """Entries without an outcome."""

    def settled(self, entry: Entry) -> None:
        self.missing -= 1
        if not self.missing and not self.done.done():
            self.done.set_result(None)

    def close(self, reason: str) -> None:
        self.scope.end(reason)

    def so_far(self, reason: str) -> dict[str, Outcome]:
        """What is known by now; `reason` is why what has not begun was not sent."""
        if not self.missing:
            return {number: entry.outcome for number, entry in self.entries.items() if entry.outcome}
        gone = NotSubmitted(reason)
        return {number: entry.so_far(gone) for number, entry in self.entries.items()}


async def submit(
    engine: Engine, message: Message, timeout: float | None, watch: Watch | None = None
) -> Submission:
    """Send a message and wait for its outcomes, `timeout` seconds at the most.

    Raises `ConfigurationError` for an unknown `provider`, and `ValueError` for a key with other content.
    """
    engine.check_open()
    until = None if timeout is None else engine.clock() + timeout
    content = engine.contents.of(message)
    manifest = Manifest(message)
    if not manifest.recipients:
        return Submission(message, manifest.outcomes({}))
    if message.key is not None:
        return Submission(message, manifest.outcomes(await _under_key(engine, manifest, until, watch)))
    work = _Work(len(manifest.recipients), Scope())
    work.entries = {recipient: Entry(message, recipient, work) for recipient in manifest.recipients}
    engine.start(content, list(work.entries.values()), work.scope)
    if watch is not None:
        _show(watch, manifest, work, {})
    return Submission(message, manifest.outcomes(await _wait(engine, work, until)))


def _show(watch: Watch, manifest: Manifest, work: _Work, known: Mapping[str, Outcome]) -> None:
    watch(lambda: manifest.outcomes({**known, **work.so_far(_LEFT)}))


async def _wait(engine: Engine, work: _Work, until: float | None) -> dict[str, Outcome]:
    """The work's outcomes; when the caller's time is up or the caller is cancelled, nothing more begins."""
    engine.join(work)
    try:
        if until is None:
            await work.done
        elif not work.done.done():
            await asyncio.wait([work.done], timeout=max(0.0, until - engine.clock()))
    finally:
        engine.leave(work)
        if work.missing:
            work.scope.end(_LEFT)
    outcomes = work.so_far("the call's timeout passed before the request began")
    work.entries = {}  # entries know their work: a circle that only the garbage collector would find
    return outcomes


async def _under_key(
    engine: Engine, manifest: Manifest, until: float | None, watch: Watch | None
) -> dict[str, Outcome]:
    message = manifest.message
    recipients = frozenset(manifest.recipients)
    while True:
        try:
            claim, mine = await engine.keys.claim(message, recipients)
        except NotSubmitted as error:
            return all_alike(manifest, State.REJECTED, error)
        if mine:
            return await _fulfil(engine, manifest, claim, until, watch)
        left = None if until is None else max(0.0, until - engine.clock())
        await asyncio.wait([claim.ended], timeout=left)
        if not claim.ended.done():
            late = GatewayTimeout("another call is still sending under this key")
            return all_alike(manifest, State.UNKNOWN, late)
        if not claim.scope.ended:
            return manifest.repeated({**claim.remembered, **claim.outcomes})
        # Its caller left before all was sent: the rest is ours to send.


async def _fulfil(
    engine: Engine, manifest: Manifest, claim: Claim, until: float | None, watch: Watch | None
) -> dict[str, Outcome]:
    known = manifest.repeated(claim.remembered)
    fresh = [recipient for recipient in manifest.recipients if recipient not in known]
    if not fresh:
        claim.release()
        return known
    work = _Work(len(fresh), claim.scope)
    sink = KeyedSink(engine, claim, work, len(fresh))
    work.entries = {recipient: Entry(manifest.message, recipient, sink) for recipient in fresh}
    engine.start(engine.contents.of(manifest.message), list(work.entries.values()), work.scope)
    if watch is not None:
        _show(watch, manifest, work, known)
    outcomes = {**known, **await _wait(engine, work, until)}
    if not work.missing:
        # Its result stands before ours does: whoever uses the key next finds what was sent, and only that.
        await asyncio.wait([claim.ended], timeout=None if until is None else max(0.0, until - engine.clock()))
    return outcomes


def all_alike(manifest: Manifest, state: State, error: SmsgwError) -> dict[str, Outcome]:
    """The same outcome for each distinct recipient."""
    return {
        recipient: Outcome(recipient, state, error=error, message=manifest.message)
        for recipient in manifest.recipients
    }
