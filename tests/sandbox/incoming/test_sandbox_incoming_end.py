"""Messages from a phone: the end of those who deliver them, and what goes on afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

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
