"""delivery.py: one request and its retries, what its entries know of it, and a driver's own faults."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from smsgw.drivers.base import Batch, Driver, Verdict
from smsgw.drivers.discovery import find_drivers
from smsgw.entry import Entry
from smsgw.errors import (
    CircuitOpen,
    ConnectionLost,
    GatewayUnavailable,
    NotSubmitted,
    OutcomeUnknown,
    SmsgwError,
    Throttled,
)
from smsgw.models import Message, State
from smsgw.settings import RetrySettings
from smsgw.transport import Slots, Wire
from tests.lanes import FOR_EVER, MANY, TAKES, Bench, Outbox, now, states, the_error

pytestmark = pytest.mark.looptime(idle_timeout=1)  # who would wait for ever fails after a second


# One request.


async def test_a_batch_has_one_verdict_each_and_its_entries_know_how_it_went() -> None:
    """One attempt, nothing under way any more, no duplicate, and who was asked."""
    bench = Bench("iba", b"11,12")
    assert await bench.deliver(*MANY[:2]) == [Verdict(State.ACCEPTED, "11"), Verdict(State.ACCEPTED, "12")]
    for entry in bench.entries:
        assert (entry.attempts, entry.duplicate) == (1, False)
        assert entry.attempt is not None
        assert (entry.attempt.provider, entry.attempt.ended) == ("main", True)
        assert (entry.last, entry.verdict) == (None, None)
    assert (bench.lane.stats.requests, bench.lane.stats.retries) == (1, 0)


async def test_while_it_is_under_way_each_entry_knows_whether_it_has_begun() -> None:
    """Before the first byte no, after it yes: also for a caller who is cancelled then."""
    bench = Bench("iba", b"11,12")
    await bench.gateway.slots.acquire()
    bench.gateway.slots = Slots(0)
    task = asyncio.create_task(bench.deliver(*MANY[:2]))
    await asyncio.sleep(0.1)
    assert [entry.attempt is not None and entry.attempt.has_begun() for entry in bench.entries] == [False] * 2
    bench.gateway.slots.release()
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [entry.attempt is not None and entry.attempt.has_begun() for entry in bench.entries] == [True] * 2
    assert [entry.attempt and entry.attempt.provider for entry in bench.entries] == ["main"] * 2


async def test_each_attempt_has_an_id_of_20_letters_and_digits() -> None:
    """Two attempts never share one."""
    bench = Bench("smstele", b'{"error": "-2"}', b'{"messages": []}')
    await bench.deliver()
    ids = [cast("bytes", request.body).rpartition(b"&id=")[2] for request in bench.gateway.asked]
    assert len(set(ids)) == 2
    assert all(len(identity) == 20 and identity.isalnum() for identity in ids)


@pytest.mark.parametrize(("rate", "seconds"), [(None, TAKES), (1.0, 2.0 + TAKES)])
async def test_a_rate_is_kept_where_one_is_set(rate: float | None, seconds: float) -> None:
    """With one request a second the third begins after two; without a rate nothing waits for one."""
    bench = Bench("iba", b"1", rate=rate)
    verdicts = await asyncio.gather(*(bench.deliver(number) for number in MANY[:3]))
    assert [states(given) for given in verdicts] == [[State.ACCEPTED]] * 3
    assert now() == pytest.approx(seconds, abs=0.5)


async def test_after_each_rest_one_probe_may_go() -> None:
    """A probe that fails opens the circuit again, and one that was given up leaves the way to another."""
    bench = Bench("smsco", b"2907", failures=1, retry=RetrySettings(attempts=1))
    await bench.deliver()
    for probes in (1, 2):
        await asyncio.sleep(30)
        await bench.deliver()
        the_error(await bench.deliver(), CircuitOpen)
        assert len(bench.gateway.asked) == 1 + probes
    await asyncio.sleep(30)
    given_up = asyncio.create_task(bench.deliver())
    await asyncio.sleep(TAKES / 2)
    given_up.cancel()
    await asyncio.wait([given_up])
    await bench.deliver()
    assert len(bench.gateway.asked) == 5


async def test_who_waits_for_the_circuit_is_woken_when_it_changes() -> None:
    """By the signal that was given: once when it opens, once when it closes."""
    bench = Bench("smsco", b"2907", b"OK 1 77", failures=1, retry=RetrySettings(attempts=1))
    for _ in range(2):
        waiting = asyncio.create_task(bench.signal.wait())
        await asyncio.sleep(30)
        assert not waiting.done()
        await bench.deliver()
        await asyncio.wait_for(waiting, 1)


# Retries.


async def test_a_refusal_for_now_is_tried_again() -> None:
    """The tries are counted, and the entries remember what to tell a caller who leaves between two of them."""
    bench = Bench("smsco", b"2907", b"2907", b"OK 1 77")
    assert states(await bench.deliver()) == [State.ACCEPTED]
    [entry] = bench.entries
    assert (entry.attempts, entry.last_provider) == (3, "main")
    assert entry.last is not None
    assert type(entry.last.error) is GatewayUnavailable
    assert (bench.lane.stats.requests, bench.lane.stats.retries) == (3, 2)


async def test_a_new_refusal_says_more_than_an_older_one() -> None:
    """Who leaves before the next try is told what was said last, by whomever."""
    bench = Bench("smsco", b"2907", b"OK 1 77")
    message = Message(to=MANY[0], text="Hi")
    entry = Entry(message, MANY[0], Outbox())
    entry.refused_by("other", Verdict(State.REJECTED, None, Throttled("slower")), tried=True)
    await bench.lane.deliver(bench.driver.prepare(message), [entry], bench.scope, FOR_EVER)
    assert entry.last is not None
    assert (entry.last_provider, type(entry.last.error)) == ("main", GatewayUnavailable)


async def test_the_last_refusal_is_the_verdict() -> None:
    """When all attempts are used up."""
    bench = Bench("smsco", b"2907")
    assert the_error(await bench.deliver(), GatewayUnavailable).code == "2907"
    assert len(bench.gateway.asked) == 3


async def test_no_try_begins_after_the_time_given() -> None:
    """The first one has its turn; a wait beyond the end is not begun."""
    bench = Bench("smsco", b"2907")
    await bench.deliver(within=TAKES - 0.01)
    assert len(bench.gateway.asked) == 1


@pytest.mark.parametrize("error", [ConnectionLost("reset"), OutcomeUnknown("lost", retryable=True)])
async def test_what_may_have_been_taken_is_never_tried_again(error: SmsgwError) -> None:
    """Not even an error that says it may be repeated."""
    bench = Bench("smsco", error)
    assert states(await bench.deliver()) == [State.UNKNOWN]
    assert len(bench.gateway.asked) == 1


async def test_where_one_was_taken_nothing_is_tried_again() -> None:
    """Although the first recipient was refused for now: a retry is of the whole request."""
    bench = Bench(
        "smstele",
        f"""{{"messages": [
            {{"phone": "{MANY[0]}", "operator": "m", "error": "-2"}},
            {{"phone": "{MANY[1]}", "operator": "m", "id": "7"}}
        ]}}""".encode(),
    )
    first, second = await bench.deliver(*MANY[:2])
    assert type(first.error) is GatewayUnavailable
    assert second == Verdict(State.ACCEPTED, "7")
    assert len(bench.gateway.asked) == 1


async def test_a_circuit_that_opens_between_two_tries_leaves_the_first_refusal() -> None:
    """Why it opened says more than that it is open, and no further try is of any use."""
    bench = Bench("smsco", b"2907", failures=1, retry=RetrySettings(attempts=9, initial=0.1, budget=10))
    assert the_error(await bench.deliver(), GatewayUnavailable).code == "2907"
    assert len(bench.gateway.asked) == 1
    assert sum(bench.lane._budget.spend() for _ in range(20)) == 9
    assert bench.lane.stats.retries == 0
    assert [entry.attempts for entry in bench.entries] == [1]


async def test_nothing_is_tried_again_for_a_caller_who_has_gone() -> None:
    """The refusal so far is the verdict."""
    bench = Bench("smsco", b"2907", retry=RetrySettings(attempts=3, initial=50, maximum=50))
    task = asyncio.create_task(bench.deliver())
    await asyncio.sleep(TAKES + 0.001)
    bench.scope.end("enough")
    the_error(await task, GatewayUnavailable)
    assert len(bench.gateway.asked) == 1


async def test_each_message_earns_a_part_of_a_retry() -> None:
    """A stock of one is used up by one retry; twenty messages later there is another."""
    bench = Bench("smsco", b"2907", retry=RetrySettings(attempts=2, initial=0.1, budget=1), failures=10**6)
    asked = []
    for _ in range(23):
        before = len(bench.gateway.asked)
        await bench.deliver()
        asked.append(len(bench.gateway.asked) - before)
    assert asked[0] == 2
    assert asked[1:20] == [1] * 19
    assert sum(asked[20:]) == 4


async def test_what_was_never_tried_earns_nothing() -> None:
    """A closed door is no message sent: while the circuit is open the stock stays as it is."""
    bench = Bench("smsco", b"2907", retry=RetrySettings(attempts=2, initial=0.1, budget=1), failures=2)
    await bench.deliver()
    for _ in range(100):
        assert the_error(await bench.deliver(), CircuitOpen).provider == "main"
    assert not bench.lane._budget.spend()


# A driver with a fault of its own.


def faulty(wanted: Callable[[Driver, Wire, Batch], Any]) -> type[Driver]:
    """An IBA whose `send` does this instead."""

    class Faulty(find_drivers()["iba"]):  # type: ignore[misc]  # found by its name
        async def send(self, wire: Wire, batch: Batch) -> Sequence[Verdict]:
            return cast("Sequence[Verdict]", await wanted(self, wire, batch))

    return Faulty


async def breaks_before(driver: Driver, wire: Wire, batch: Batch) -> None:
    raise ZeroDivisionError(driver.settings.password)


async def breaks_after(driver: Driver, wire: Wire, batch: Batch) -> None:
    await wire.request(driver.send_request(batch))
    raise KeyError(driver.settings.password)


async def miscounts(driver: Driver, wire: Wire, batch: Batch) -> Sequence[Verdict]:
    await wire.request(driver.send_request(batch))
    return [Verdict(State.ACCEPTED, "1")]


@pytest.mark.parametrize(
    ("fault", "kind", "state", "says"),
    [
        (breaks_before, NotSubmitted, State.REJECTED, "main: the driver failed with ZeroDivisionError"),
        (breaks_after, OutcomeUnknown, State.UNKNOWN, "main: the driver failed with KeyError"),
        (
            miscounts,
            OutcomeUnknown,
            State.UNKNOWN,
            "main: the driver did not give one verdict for each recipient",
        ),
    ],
)
async def test_a_drivers_fault_blurs_nothing(
    *,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[Driver, Wire, Batch], Any],
    kind: type[SmsgwError],
    state: State,
    says: str,
) -> None:
    """Before the first byte nothing was sent, after it nothing is known; the log has the place, and no secret."""
    bench = Bench("iba", b"1", driver_class=faulty(fault))
    verdicts = await bench.deliver(*MANY[:2])
    assert states(verdicts) == [state] * 2
    assert str(the_error(verdicts, kind)) == says
    logged = [record for record in caplog.records if record.name == "smsgw.delivery"]
    assert len(logged) == (fault is not miscounts)
    for record in logged:
        assert record.levelno == logging.ERROR
        assert record.getMessage().startswith("driver iba failed:\n")
        assert fault.__name__ in record.getMessage()
        assert "CANARY" not in record.getMessage()


# What no test here can tell of delivery.py (`nox -s mutation`): `strict=True` over lists of one length; None, False and
# "" in place of one another where only their truth is asked for; an admission that is not the probe's, whichever; and
# `and` for `or` where a window and an identity are either both there or both not.
