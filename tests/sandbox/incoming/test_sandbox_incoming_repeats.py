"""Messages from a phone over time: repeats, pauses, many at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from attrs import evolve

from smsgw.sandbox.incoming import IncomingMessages
from tests.sandbox.incoming.conftest import (
    WRITTEN,
    App,
    acknowledge,
    found,
    glances,
    ids_in,
    says,
    silence,
    write,
)

Advance = Callable[[float], None]
Until = Callable[[Callable[[], object]], Awaitable[None]]


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
