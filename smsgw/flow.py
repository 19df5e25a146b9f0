"""Everything of one `send_many` but the iterator in the caller's hand.

A `Flow` reads the source in a task of its own, at most `AHEAD` recipients further than the caller has taken outcomes.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from itertools import chain, islice

from attrs import evolve

from smsgw.coalescing import Bucket, Coalescer
from smsgw.engine import Engine
from smsgw.entry import Entry, Scope, Signal
from smsgw.errors import GatewayTimeout, InvalidMessage, InvalidRecipient, NotSubmitted, SmsgwError
from smsgw.keys import Claim, KeyConflict
from smsgw.models import Message, Outcome, State
from smsgw.msisdn import normalise, plain
from smsgw.sending import KeyedSink, Manifest, all_alike

__all__ = ["AHEAD", "Flow", "Source"]

AHEAD = 4000
"""Recipients that are read beyond those whose outcomes were taken."""

_BREATH = 32
"""Messages that are read before the event loop gets its turn."""

Source = Iterable[Message] | AsyncIterable[Message]


class Flow:
    """One source of messages, and their outcomes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._scope = Scope()
        self._coalescer = Coalescer(engine, self._scope)
        self._ready: deque[Outcome] = deque()
        self._unsettled = 0
        self._exhausted = False
        self._failure: Exception | None = None
        self._reader: asyncio.Task[None] | None = None
        self._at_the_source = True
        """The reader waits for the source, or is about to."""
        self._came = Signal()
        self._taken = Signal()

    # The caller's side.

    def start(self, source: Source) -> None:
        self._engine.check_open()
        self._engine.join(self)
        self._reader = self._engine.spawn(self._read(source))
        self._reader.add_done_callback(self._read_to_its_end)

    def ready(self) -> Outcome | None:
        """The next outcome, if it is there."""
        if not self._ready:
            return None
        outcome = self._ready.popleft()
        if self._taken.waiting:
            self._taken.fire()
        return outcome

    async def next(self) -> Outcome | None:
        """The next outcome; None after the last. Raises what the source raised, after the last outcome."""
        while (outcome := self.ready()) is None:
            if self._exhausted and not self._unsettled:
                failure, self._failure = self._failure, None
                if failure is not None:
                    raise failure
                return None
            await self._came.wait()
        return outcome

    def close(self, reason: str) -> None:
        """Begin nothing more. What is in flight goes on, and its outcomes can still be taken."""
        if not self._exhausted and self._failure is None:
            self._failure = RuntimeError(f"send_many did not read its source to the end: {reason}")
        self._scope.end(reason)
        self._taken.fire()
        # What was taken from the source gets its outcomes; only the wait for more is cut short.
        reader = self._reader
        if (
            reader is not None
            and self._at_the_source
            and reader is not asyncio.current_task(reader.get_loop())
        ):
            reader.cancel()

    @property
    def loop_is_closed(self) -> bool:
        return self._reader is not None and self._reader.get_loop().is_closed()

    async def abandon(self) -> None:
        """The caller wants no more outcomes."""
        self.forsake()
        if self._reader is not None:
            await asyncio.wait([self._reader])

    def forsake(self) -> None:
        self.close("send_many was abandoned before the request began")
        self._failure = None

    def settled(self, entry: Entry) -> None:  # (as `tell`, without the call: 0.1 µs for each recipient)
        if entry.outcome is not None:
            self._unsettled -= 1
            self._ready.append(entry.outcome)
            if self._came.waiting or not self._unsettled:
                self._changed()

    def tell(self, outcome: Outcome) -> None:
        """One more outcome of what was counted as unsettled."""
        self._unsettled -= 1
        self._ready.append(outcome)
        if self._came.waiting or not self._unsettled:
            self._changed()

    def _changed(self) -> None:
        if self._exhausted and not self._unsettled:
            self._engine.leave(self)
        self._came.fire()

    # The source's side.

    async def _read(self, source: Source) -> None:
        try:
            await self._read_all(source)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # The source awaited something that others cancelled: no reason to take it for complete.
            self._failure = self._failure or RuntimeError("the source of send_many was cancelled")
        except Exception as error:  # noqa: BLE001  (the source's own: raised to the caller after the outcomes in flight)
            self._failure = self._failure or error
        finally:
            del source  # a generator that nobody else holds ends here, not when the garbage is collected

    async def _read_all(self, source: Source) -> None:
        if isinstance(source, AsyncIterable):
            count = 0
            async for message in source:
                self._at_the_source = False
                await self._wait_for_room()
                if self._take_plain((message,)) is not None:
                    await self._take(message)
                count += 1  # an asynchronous source need not wait for anything either
                if count % _BREATH == 0:
                    await asyncio.sleep(0)
                if self._scope.ended:
                    break
                self._at_the_source = True
        else:
            self._at_the_source = False
            await self._read_breaths(iter(source))

    async def _read_breaths(self, messages: Iterator[Message]) -> None:
        """A synchronous source, some messages at a time; the event loop has its turn between them."""
        breath = messages
        try:
            for message in messages:
                await self._wait_for_room()
                more = 0 if self._scope.ended else min(_BREATH, self._room) - 1
                breath = chain((message,), islice(messages, more))
                while (other := self._take_plain(breath)) is not None:
                    await self._take(other)
                    if self._scope.ended:
                        return
                    if self._room < _BREATH:  # it had more than one recipient
                        breath = islice(breath, max(0, self._room))
                await asyncio.sleep(0)
                if self._scope.ended:
                    return
        finally:
            del messages, breath  # as `source`, below

    def _read_to_its_end(self, reader: asyncio.Task[None]) -> None:
        """Also where the reader was cancelled before its first step."""
        if reader.cancelled() and not self._scope.ended:
            self.close("the event loop ended")
        self._exhausted = True
        self._coalescer.finish()
        self._changed()

    @property
    def _room(self) -> int:
        return AHEAD - self._unsettled - len(self._ready)

    def _take_plain(self, messages: Iterable[Message]) -> Message | None:
        """Take messages to one recipient and without a key, which nearly all are; returns the first that is another one.

        (This loop is the way of most recipients into their request: 1.1 µs each, of which what is built takes 0.3.)
        """
        bucket: Bucket | None = None
        for message in messages:
            if type(message) is not Message:
                raise TypeError(f"send_many takes smsgw.Message values, not {type(message).__name__}")
            if message.key is not None or len(message.to) != 1:
                return message
            self._unsettled += 1
            recipient = message.to[0]
            if not plain(recipient):
                try:
                    recipient = normalise(recipient)
                except InvalidRecipient as error:
                    self.tell(_invalid(message, recipient, error))
                    continue
            entry = Entry(message, recipient, self)
            if bucket is None or not bucket.takes(entry):
                bucket = self._coalescer.add(entry)
        return None

    async def _take(self, message: Message) -> None:
        manifest = Manifest(message)
        for given, position in zip(message.to, manifest.positions, strict=True):
            if isinstance(position, InvalidRecipient):
                self._unsettled += 1
                self.tell(_invalid(message, given, position))
        if not manifest.recipients:
            return
        repeats = _Repeats(self, manifest)
        if message.key is not None:
            self._unsettled += repeats.count
            await self._claim(manifest, repeats)
            return
        for recipient in manifest.recipients:
            await self._wait_for_room()
            self._unsettled += repeats.of(recipient)
            self._coalescer.add(Entry(message, recipient, repeats))

    async def _wait_for_room(self) -> None:
        while self._room <= 0 and not self._scope.ended:
            # Nothing more comes until the caller takes an outcome: no batch is going to fill.
            self._coalescer.flush()
            await self._taken.wait()

    # Messages with an idempotency key.

    async def _claim(self, manifest: Manifest, repeats: "_Repeats") -> None:
        message = manifest.message
        try:
            claim, mine = await self._engine.keys.claim(message, frozenset(manifest.recipients))
        except KeyConflict as error:
            self._refuse(manifest, repeats, InvalidMessage(str(error)))
            return
        except NotSubmitted as error:
            self._refuse(manifest, repeats, error)
            return
        if not mine:
            task = self._engine.spawn(self._follow(claim, manifest, repeats))
            task.add_done_callback(lambda task: self._lose(manifest, repeats) if task.cancelled() else None)
            return
        known = manifest.repeated(claim.remembered)
        repeats.tell_all(known)
        fresh = [recipient for recipient in manifest.recipients if recipient not in known]
        if not fresh:
            claim.release()
            return
        claim.scope = self._scope
        sink = KeyedSink(self._engine, claim, repeats, len(fresh))
        for recipient in fresh:
            self._coalescer.add(Entry(message, recipient, sink))

    async def _follow(self, claim: Claim, manifest: Manifest, repeats: "_Repeats") -> None:
        """Take what another call's sending under the same key came to; if its caller left, send the rest."""
        await asyncio.wait([claim.ended])
        if claim.scope.ended and not self._scope.ended:
            await self._claim(manifest, repeats)
            return
        known = manifest.repeated({**claim.remembered, **claim.outcomes})
        refused = all_alike(manifest, State.REJECTED, self._scope.refusal())
        repeats.tell_all({**refused, **known})

    def _lose(self, manifest: Manifest, repeats: "_Repeats") -> None:
        """Closing was itself cancelled: what another call's sending comes to will not be known here."""
        if not repeats.told:
            late = GatewayTimeout("another call is still sending under this key")
            repeats.tell_all(all_alike(manifest, State.UNKNOWN, late))

    def _refuse(self, manifest: Manifest, repeats: "_Repeats", error: SmsgwError) -> None:
        repeats.tell_all(all_alike(manifest, State.REJECTED, error))


class _Repeats:
    """Recipients that a message names more than once: sent once, told each time."""

    def __init__(self, flow: Flow, manifest: Manifest) -> None:
        self._flow = flow
        self.told = False
        given = [position for position in manifest.positions if isinstance(position, str)]
        self.count = len(given)
        self._times = Counter(given) if len(given) > len(manifest.recipients) else {}

    def of(self, recipient: str) -> int:
        return self._times.get(recipient, 1)

    def settled(self, entry: Entry) -> None:
        if entry.outcome is not None:
            self._tell(entry.outcome)

    def tell_all(self, outcomes: Mapping[str, Outcome]) -> None:
        for outcome in outcomes.values():
            self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        self.told = True
        self._flow.tell(outcome)
        for _ in range(1, self.of(outcome.recipient)):
            self._flow.tell(evolve(outcome, duplicate=True))


def _invalid(message: Message, given: str, error: InvalidRecipient) -> Outcome:
    return Outcome(given, State.REJECTED, error=error.with_traceback(None), message=message)
