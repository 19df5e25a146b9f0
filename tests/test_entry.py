"""entry.py: scopes that end, pauses that end with them, and what can be said of one recipient at any moment."""

import asyncio
from decimal import Decimal

import pytest
from attrs import define

from smsgw.drivers.base import Verdict
from smsgw.entry import Entry, Scope, Signal
from smsgw.errors import (
    CircuitOpen,
    GatewayTimeout,
    GatewayUnavailable,
    InvalidRecipient,
    NotSubmitted,
    RecipientRejected,
)
from smsgw.models import Message, State

RECIPIENT = "79031234567"
MESSAGE = Message(to=RECIPIENT, text="hi")
GONE = NotSubmitted("the caller's time was up")


def now() -> float:
    return asyncio.get_running_loop().time()


@define
class Try:
    """A request, as its entries see it."""

    provider: str
    begun: bool
    ended: bool = False

    def has_begun(self) -> bool:
        return self.begun


class Log:
    """A sink that counts."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def settled(self, entry: Entry) -> None:
        self.entries.append(entry)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def entry(log: Log) -> Entry:
    return Entry(MESSAGE, RECIPIENT, log)


# Scope.


def test_a_scope_stands_until_it_ends() -> None:
    """Before its end it refuses nothing; after it, with the first reason given."""
    scope = Scope()
    assert not scope.ended
    scope.check()
    scope.end("the caller left")
    scope.end("the dispatcher was closed")
    assert scope.reason == "the caller left"
    with pytest.raises(NotSubmitted, match="the caller left"):
        scope.check()


@pytest.mark.looptime
async def test_a_pause_sleeps_its_time() -> None:
    """Undisturbed, a pause takes what it was asked to, and the scope stands."""
    assert await Scope().pause(90)
    assert now() == 90


@pytest.mark.looptime
async def test_a_pause_ends_with_its_scope() -> None:
    """The end of the scope wakes everyone who sleeps on it, at once."""
    scope = Scope()
    sleepers = [asyncio.create_task(scope.pause(seconds)) for seconds in (50, 60, 1e9)]
    await asyncio.sleep(1)
    scope.end("closed")
    assert await asyncio.gather(*sleepers) == [False] * 3
    assert now() == 1


@pytest.mark.looptime
async def test_nobody_sleeps_on_an_ended_scope() -> None:
    """After the end a pause returns at once."""
    scope = Scope()
    scope.end("closed")
    assert not await scope.pause(60)
    assert now() == 0


@pytest.mark.looptime
async def test_a_signal_ends_a_pause() -> None:
    """A signal wakes the pauses that listen to it, and only those; their scope stands."""
    scope, signal = Scope(), Signal()
    listens = asyncio.create_task(scope.pause(60, signal))
    sleeps = asyncio.create_task(scope.pause(60))
    await asyncio.sleep(1)
    signal.fire()
    assert await listens
    assert now() == 1
    assert await sleeps
    assert now() == 60


@pytest.mark.looptime
@pytest.mark.parametrize("seconds", [0, -5])
async def test_a_pause_of_no_time_lets_others_run(seconds: float) -> None:
    """Waiting for what is over already takes no time."""
    assert await Scope().pause(seconds)
    assert now() == 0


@pytest.mark.looptime
async def test_a_pause_leaves_nothing_behind() -> None:
    """However a pause ends, neither scope nor signal remember it, and its timer is gone."""
    scope, signal = Scope(), Signal()
    await scope.pause(1, signal)
    cancelled = asyncio.create_task(scope.pause(60, signal))
    await asyncio.sleep(1)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert not signal.waiting
    woken = asyncio.create_task(scope.pause(60, signal))
    await asyncio.sleep(1)
    signal.fire()
    await woken
    assert not scope._sleepers.waiting
    assert not signal.waiting
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    assert all(timer.cancelled() for timer in scheduled)


async def test_a_signal_wakes_all_who_wait_then() -> None:
    """Firing wakes everyone who waits, and nobody who comes later."""
    signal = Signal()
    waiting = [asyncio.create_task(signal.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    signal.fire()
    late = asyncio.create_task(signal.wait())
    done, pending = await asyncio.wait([*waiting, late], timeout=0.01)
    assert done == set(waiting)
    assert pending == {late}
    late.cancel()


# Entry.


def test_a_finished_entry_tells_its_sink_once(entry: Entry, log: Log) -> None:
    """The verdict, the counts and the very message become the outcome; the sink hears of it."""
    entry.attempts = 2
    entry.duplicate = True
    entry.finish("main", Verdict(State.ACCEPTED, "id", cost=Decimal(3)), 2)
    outcome = entry.outcome
    assert outcome is not None
    assert log.entries == [entry]
    assert (outcome.recipient, outcome.state, outcome.provider) == (RECIPIENT, State.ACCEPTED, "main")
    assert (outcome.message_id, outcome.segments, outcome.cost) == ("id", 2, Decimal(3))
    assert (outcome.attempts, outcome.duplicate, outcome.error) == (2, True, None)
    assert outcome.message is MESSAGE


def test_the_gateways_count_of_segments_wins(entry: Entry) -> None:
    """Segments are as the gateway says, and counted here only where it does not; 0 is a number too."""
    entry.finish("main", Verdict(State.ACCEPTED, segments=0), 2)
    assert entry.outcome is not None
    assert entry.outcome.segments == 0


def test_a_rejected_entry_was_no_providers(entry: Entry, log: Log) -> None:
    """What no provider was asked about names none, and was not attempted."""
    error = InvalidRecipient("no number")
    entry.reject(error)
    assert entry.outcome is not None
    assert (entry.outcome.state, entry.outcome.error) == (State.REJECTED, error)
    assert (entry.outcome.provider, entry.outcome.attempts) == (None, 0)
    assert log.entries == [entry]


def test_an_answer_outweighs_an_open_circuit(entry: Entry) -> None:
    """That a provider rests says less than what another one answered, whichever comes last."""
    rests = Verdict(State.REJECTED, None, CircuitOpen("rests"))
    refused = Verdict(State.REJECTED, None, GatewayUnavailable("down"))
    entry.refused_by("first", rests, tried=False)
    assert (entry.last, entry.last_provider) == (rests, "first")
    entry.refused_by("second", refused, tried=True)
    entry.refused_by("third", rests, tried=False)
    assert (entry.last, entry.last_provider) == (refused, "second")


# What is said to a caller who waits no longer.


def test_so_far_an_outcome_is_what_it_is(entry: Entry) -> None:
    """What has its outcome keeps it."""
    entry.finish("main", Verdict(State.ACCEPTED, "id"), 1)
    assert entry.so_far(GONE) is entry.outcome


def test_so_far_what_has_begun_is_unknown(entry: Entry) -> None:
    """A request of which a byte may have left is unknown, at the provider that is being asked."""
    entry.attempt = Try("main", begun=True)
    entry.attempts = 1
    so_far = entry.so_far(GONE)
    assert (so_far.state, so_far.provider, so_far.attempts) == (State.UNKNOWN, "main", 2)
    assert isinstance(so_far.error, GatewayTimeout)
    assert so_far.message is MESSAGE


@pytest.mark.parametrize("attempt", [None, Try("main", begun=False)])
def test_so_far_what_has_not_begun_was_not_sent(entry: Entry, attempt: Try | None) -> None:
    """What waits for its turn, or for its connection, is rejected with the caller's reason."""
    entry.attempt = attempt
    so_far = entry.so_far(GONE)
    assert (so_far.state, so_far.error, so_far.attempts) == (State.REJECTED, GONE, 0)


def test_so_far_a_refusal_is_told(entry: Entry) -> None:
    """Between two tries the last refusal says more than that time was up."""
    error = RecipientRejected("not served", provider="main")
    entry.attempts = 1
    entry.refused_by("main", Verdict(State.REJECTED, None, error, elsewhere=True), tried=True)
    so_far = entry.so_far(GONE)
    assert (so_far.state, so_far.error, so_far.provider) == (State.REJECTED, error, "main")


def test_so_far_a_verdict_is_known_already(entry: Entry) -> None:
    """Of a batch that is being taken apart, those who have their own verdict have their outcome."""
    entry.attempt, entry.attempts = Try("main", begun=True, ended=True), 2
    entry.verdict = Verdict(State.ACCEPTED, "id", cost=Decimal(1))
    so_far = entry.so_far(GONE)
    assert (so_far.state, so_far.provider, so_far.message_id) == (State.ACCEPTED, "main", "id")
    assert (so_far.attempts, so_far.error, so_far.message) == (2, None, MESSAGE)


def test_so_far_a_verdict_does_not_outlive_its_provider(entry: Entry) -> None:
    """An entry that goes on to another provider is no longer what the first one said of it."""
    error = RecipientRejected("not served", provider="main")
    entry.verdict = Verdict(State.REJECTED, None, error, elsewhere=True)
    entry.refused_by("main", entry.verdict, tried=True)
    entry.attempt = attempt = Try("second", begun=True)
    assert entry.so_far(GONE).state is State.UNKNOWN
    attempt.ended = True
    so_far = entry.so_far(GONE)
    assert (so_far.error, so_far.provider) == (error, "main")


def test_asking_how_it_stands_ends_nothing(entry: Entry, log: Log) -> None:
    """The entry goes on: its own outcome may come yet."""
    entry.attempt = Try("main", begun=True)
    entry.so_far(GONE)
    assert entry.outcome is None
    assert not log.entries
