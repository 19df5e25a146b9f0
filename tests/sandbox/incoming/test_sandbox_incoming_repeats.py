"""Messages from a phone over time: repeats, pauses, many at once, and the end."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from attrs import evolve

from smsgw.sandbox.incoming import IncomingMessages
from tests.sandbox.incoming.conftest import WRITTEN, App, acknowledge, found, says, silence, write

Advance = Callable[[float], None]
Until = Callable[[Callable[[], object]], Awaitable[None]]


def ids_in(asked: list[str]) -> list[str]:
    return [parse_qs(urlsplit(target).query)["smsid"][0] for target in asked]


async def glances(seconds: float = 0.25) -> None:
    """Long enough for the timer to look at the clock."""
    await asyncio.sleep(seconds)


async def test_it_is_repeated_until_acknowledged(
    incoming: IncomingMessages, app: App, until: Until, advance: Advance
) -> None:
    """Each attempt is written down in order, and the pause runs by the sandbox's clock from the end of one.

    No timer knows of a clock that is moved by hand; it is looked at often enough.
    """
    started = asyncio.get_running_loop().time()
    app.answers = [says("no", 500), says("id_sms={id}"), acknowledge]
    write(incoming)
    await until(lambda: found(incoming, 1).attempt_count == 1)
    advance(4.9)
    await glances()
    assert len(app.asked) == 1
    advance(0.1)
    await until(lambda: found(incoming, 1).attempt_count == 2)
    assert found(incoming, 1).next_at == WRITTEN + timedelta(seconds=10)
    advance(5)
    await until(lambda: found(incoming, 1).state == "acknowledged")
    attempts = found(incoming, 1).attempts
    assert [attempt.status for attempt in attempts] == [500, 200, 200]
    assert [attempt.at for attempt in attempts] == [WRITTEN + timedelta(seconds=5 * i) for i in range(3)]
    assert asyncio.get_running_loop().time() - started < 3
    advance(3600)
    await glances()
    assert len(app.asked) == 3


async def test_only_the_last_attempts_are_kept(incoming: IncomingMessages, app: App, until: Until) -> None:
    """Twenty of them; the count is of all. Here the pause has passed at once."""
    app.answers = [says(str(number)) for number in range(24)] + [acknowledge]
    incoming._clock = asyncio.get_running_loop().time
    incoming.repeat = 0.001
    write(incoming)
    await until(lambda: found(incoming, 1).state == "acknowledged")
    message = found(incoming, 1)
    assert (len(app.asked), message.attempt_count, len(message.attempts)) == (25, 25, 20)
    assert [attempt.reply for attempt in message.attempts] == [*map(str, range(5, 24)), "smsid=5094"]


async def test_a_stop(incoming: IncomingMessages, app: App, until: Until, advance: Advance) -> None:
    """No repeat comes; what is acknowledged stays so, and what nobody wrote is nothing."""
    app.answers = [acknowledge, says("no", 500)]
    write(incoming)
    await until(lambda: found(incoming, 1).attempts)
    write(incoming)
    await until(lambda: found(incoming, 2).attempts)
    revision = incoming.revision
    stopped = incoming.stop(2)
    assert stopped is not None
    assert (stopped.state, stopped.next_at, stopped.attempt_count) == ("stopped", None, 1)
    assert incoming.stop(2) == stopped == found(incoming, 2)
    assert incoming.revision == revision + 1
    acknowledged = incoming.stop(1)
    assert acknowledged is not None
    assert acknowledged.state == "acknowledged"
    assert incoming.stop(3) is None
    advance(3600)
    await glances()
    assert len(app.asked) == 2


@pytest.mark.parametrize("said", ["smsid={id}", "no"])
async def test_a_stop_in_the_middle_of_an_attempt(
    incoming: IncomingMessages, app: App, until: Until, advance: Advance, said: str
) -> None:
    """The attempt ends as it ends, and is the last."""
    go_on = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await go_on.wait()
        return await says(said)(request)

    app.answers = [slow]
    write(incoming)
    await until(lambda: app.asked)
    incoming.stop(1)
    go_on.set()
    await until(lambda: found(incoming, 1).attempts)
    assert found(incoming, 1).state == ("stopped" if said == "no" else "acknowledged")
    assert found(incoming, 1).next_at is None
    advance(3600)
    await glances()
    assert len(app.asked) == 1


async def test_a_new_url_is_where_repeats_go(
    incoming: IncomingMessages, app: App, until: Until, advance: Advance
) -> None:
    """Also those of messages that were written before."""
    app.answers = [says("", 500), acknowledge]
    write(incoming)
    await until(lambda: found(incoming, 1).attempts)
    incoming.url = app.url.replace("sms.php", "new")
    advance(5)
    await until(lambda: found(incoming, 1).state == "acknowledged")
    assert app.asked[1] == app.asked[0].replace("sms.php", "new")


async def test_without_a_url_they_wait(
    incoming: IncomingMessages, app: App, until: Until, advance: Advance
) -> None:
    """Nothing goes out until there is one again; then what is due goes at once."""
    app.answers = [says("", 500), acknowledge]
    write(incoming)
    await until(lambda: found(incoming, 1).attempts)
    incoming.url = None
    advance(3600)
    await glances()
    assert len(app.asked) == 1
    incoming.url = app.url
    await until(lambda: found(incoming, 1).state == "acknowledged")


@pytest.mark.parametrize("why", ["no url", "no place", "nothing due"])
async def test_who_waits_does_not_hurry(incoming: IncomingMessages, app: App, until: Until, why: str) -> None:
    """While nothing can go out, the clock is not looked at again and again."""
    app.answers = [silence if why == "no place" else says("", 500)]
    for _ in range(20):
        write(incoming)
    if why == "no place":
        await until(lambda: len(app.asked) == 10)
    else:
        await until(lambda: all(message.attempts for message in incoming.messages()))
    if why == "no url":
        incoming.url = None
        incoming._clock = lambda: 1e6
    laps = 0
    begin = incoming._begin_due

    def counted(session: aiohttp.ClientSession) -> None:
        nonlocal laps
        laps += 1
        begin(session)

    incoming._begin_due = counted  # type: ignore[method-assign]
    await glances()
    assert laps <= 5


async def test_a_new_pause_counts_for_those_that_wait(
    incoming: IncomingMessages, app: App, until: Until, advance: Advance
) -> None:
    """From the end of their last attempt."""
    app.answers = [says("", 500), acknowledge]
    incoming.repeat = 3600
    write(incoming)
    await until(lambda: found(incoming, 1).attempts)
    advance(60)
    incoming.repeat = 100
    assert found(incoming, 1).next_at == WRITTEN + timedelta(seconds=100)
    advance(40)
    await until(lambda: found(incoming, 1).state == "acknowledged")


async def test_no_more_than_ten_at_once(incoming: IncomingMessages, app: App, until: Until) -> None:
    """The others wait for a place; all come, in the order in which they were due, and each once."""
    under_way, most = 0, 0

    async def slow(request: web.Request) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return await acknowledge(request)

    app.answers = [slow]
    for _ in range(60):
        write(incoming)
    await until(lambda: all(message.state == "acknowledged" for message in incoming.messages()))
    assert most == 10
    assert sorted(ids_in(app.asked)) == [str(5094 + index) for index in range(60)]
    assert set(ids_in(app.asked)[:10]) == {str(5094 + index) for index in range(10)}


async def test_thousands_that_wait_cost_no_task_each(
    incoming: IncomingMessages, app: App, until: Until, advance: Advance
) -> None:
    """One timer serves them all, and goes on with the newest while they wait."""
    messages = [
        evolve(incoming.write(sender="1", receiver="2", text="a"), next_at=WRITTEN + timedelta(seconds=900))
        for _ in range(1)
    ]
    await until(lambda: found(incoming, 1).state == "acknowledged")
    incoming.repeat = 3600
    incoming.restore(evolve(messages[0], number=number) for number in range(2, 5002))
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) < 20
    started = asyncio.get_running_loop().time()
    newest = write(incoming)
    await until(lambda: found(incoming, newest).state == "acknowledged")
    assert asyncio.get_running_loop().time() - started < 0.5
    assert len(app.asked) == 2


async def test_the_oldest_go_beyond_what_is_kept(clock: Callable[[], float], app: App, until: Until) -> None:
    """Even those that wait, and in the middle of an attempt; their smsids are gone with them."""
    app.answers = [silence]
    incoming = IncomingMessages(clock=clock, wall=lambda: WRITTEN, keep=3)
    incoming.url = app.url
    await incoming.start()
    for _ in range(3):
        write(incoming)
    await until(lambda: len(app.asked) == 3)
    for _ in range(2):
        write(incoming)
    assert [message.smsid for message in incoming.messages()] == ["5098", "5097", "5096"]
    assert incoming.message(1) is None
    await until(lambda: len(app.asked) == 5)
    await incoming.aclose()


async def test_a_clear(incoming: IncomingMessages, app: App, until: Until, advance: Advance) -> None:
    """All are forgotten, those under way and those that wait; what is written afterwards goes out."""
    gone: list[str] = []

    async def watched(request: web.Request) -> web.StreamResponse:
        try:
            return await silence(request)
        finally:
            gone.append(request.query["smsid"])

    app.answers = [says("", 500), watched, acknowledge]
    write(incoming)
    await until(lambda: found(incoming, 1).attempts)
    write(incoming)
    await until(lambda: len(app.asked) == 2)
    revision = incoming.revision
    incoming.clear()
    assert incoming.messages() == ()
    assert incoming.revision > revision
    await until(lambda: gone)
    assert gone == ["5095"]
    advance(3600)
    await glances()
    assert len(app.asked) == 2
    assert write(incoming) == 3
    await until(lambda: found(incoming, 3).state == "acknowledged")


async def test_every_change_is_told_by_the_revision(
    incoming: IncomingMessages, app: App, until: Until
) -> None:
    """A message, and what came of an attempt."""
    first = incoming.revision
    write(incoming)
    second = incoming.revision
    await until(lambda: found(incoming, 1).state == "acknowledged")
    assert first < second < incoming.revision


# The end, and after it.


@pytest.mark.parametrize("begun", [True, False])
async def test_the_end_leaves_nothing(
    incoming: IncomingMessages, app: App, until: Until, begun: bool
) -> None:
    """No task and no connection, also in the middle of attempts; those count, and their messages still wait."""
    gone: list[str] = []

    async def watched(request: web.Request) -> web.StreamResponse:
        try:
            return await silence(request)
        finally:
            gone.append(request.query["smsid"])

    app.answers = [watched]
    before = asyncio.all_tasks()
    for _ in range(12):
        write(incoming)
    if begun:
        await until(lambda: len(app.asked) == 10)
    await incoming.aclose()
    await incoming.aclose()
    await until(lambda: len(gone) == len(app.asked))
    await until(lambda: not {t for t in asyncio.all_tasks() - before if "incoming" in repr(t)})
    states = {(message.state, message.attempt_count) for message in incoming.messages()}
    assert states == ({("waiting", 0), ("waiting", 1)} if begun else {("waiting", 0)})
    if begun:
        assert {e.error for m in incoming.messages() for e in m.attempts} == {
            "cut short: the sandbox stopped"
        }


async def test_a_cancelled_end_is_an_end(incoming: IncomingMessages, app: App, until: Until) -> None:
    """The cancellation is passed on, but not before all is closed."""
    app.answers = [silence]
    write(incoming)
    await until(lambda: app.asked)
    timer = incoming._timer
    ending = asyncio.create_task(incoming.aclose())
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    assert timer is not None
    assert timer.done()
    assert found(incoming, 1).attempt_count == 1


async def test_it_can_begin_again(
    incoming: IncomingMessages, app: App, until: Until, advance: Advance
) -> None:
    """What waited is delivered; two at once there are not."""
    app.answers = [silence, acknowledge]
    write(incoming)
    await until(lambda: app.asked)
    with pytest.raises(RuntimeError, match="delivered already"):
        await incoming.start()
    await incoming.aclose()
    write(incoming)
    await glances(0.02)
    assert len(app.asked) == 1
    await incoming.start()
    advance(5)
    await until(lambda: all(message.state == "acknowledged" for message in incoming.messages()))
    assert ids_in(app.asked) == ["5094", "5095", "5094"]


async def test_an_attempt_that_never_began_comes_later(
    incoming: IncomingMessages, app: App, until: Until
) -> None:
    """The end came between its place in the queue and its first step: it does not count, and is not lost."""
    write(incoming)
    for _ in range(100):
        if not incoming._attempts:
            await asyncio.sleep(0)
    assert incoming._attempts
    await incoming.aclose()
    assert (found(incoming, 1).attempt_count, app.asked) == (0, [])
    await incoming.start()
    await until(lambda: found(incoming, 1).state == "acknowledged")


async def test_a_timer_that_failed_is_not_silent(app: App, until: Until) -> None:
    """The end tells of it."""
    incoming = IncomingMessages(clock=lambda: 0.0, wall=lambda: WRITTEN)
    incoming.url = app.url
    await incoming.start()
    write(incoming)
    incoming._clock = lambda: 1 / 0
    timer = incoming._timer
    assert timer is not None
    await until(timer.done)
    with pytest.raises(ZeroDivisionError):
        await incoming.aclose()


async def test_what_was_kept_goes_on(
    app: App, clock: Callable[[], float], until: Until, advance: Advance
) -> None:
    """After a restart: waiting ones when they are due, but none later than a pause from now; the numbers go on."""
    app.answers = [says("", 500)]
    first = IncomingMessages(clock=clock, wall=lambda: WRITTEN)
    first.url = app.url
    await first.start()
    for _ in range(4):
        write(first)
    await until(lambda: all(message.attempts for message in first.messages()))
    first.stop(2)
    await first.aclose()
    kept = [message for message in reversed(first.messages()) if message.number != 4]
    kept[2] = evolve(kept[2], next_at=WRITTEN + timedelta(days=900))

    app.asked.clear()
    app.answers = [acknowledge]
    later = IncomingMessages(clock=clock, wall=lambda: WRITTEN + timedelta(seconds=3))
    later.url = app.url
    later.restore(kept, last_number=4)
    await later.start()
    assert [(m.number, m.state, m.attempt_count) for m in reversed(later.messages())] == [
        (1, "waiting", 1),
        (2, "stopped", 1),
        (3, "waiting", 1),
    ]
    assert found(later, 1).next_at == kept[0].next_at
    assert found(later, 3).next_at == WRITTEN + timedelta(seconds=8)
    await glances()
    assert app.asked == []
    advance(2)
    await until(lambda: found(later, 1).state == "acknowledged")
    advance(3)
    await until(lambda: found(later, 3).state == "acknowledged")
    assert (write(later), later.messages()[0].smsid) == (5, "5098")
    assert ids_in(app.asked)[:2] == ["5094", "5096"]
    await later.aclose()
