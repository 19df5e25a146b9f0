"""The time limits of all requests: each strikes at its own time, one timer serves them, and a caller's cancel wins."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from smsgw.transport.deadlines import Deadline, Deadlines

if TYPE_CHECKING:
    from tests.conftest import Client, Line, Peers

fake_time = pytest.mark.looptime(idle_timeout=1)

LIMIT = 30.0


def now() -> float:
    return asyncio.get_running_loop().time()


class Waiting:
    """One who waits for ever, under a time limit."""

    def __init__(self, deadlines: Deadlines, began: float = 0.0) -> None:
        self.deadline: Deadline | None = None
        self.ended_at: float | None = None
        self._deadlines = deadlines
        self._began = began

    async def go(self, seconds: float | None = None) -> None:
        await asyncio.sleep(self._began)
        self.deadline = self._deadlines.begin()
        try:
            await (asyncio.Event().wait() if seconds is None else asyncio.sleep(seconds))
        finally:
            self._deadlines.end(self.deadline)
            self.ended_at = now()

    @property
    def ended_by_it(self) -> bool:
        assert self.deadline is not None
        return self.deadline.ended_it


@fake_time
async def test_each_ends_at_its_own_time() -> None:
    """Requests that began at different times, and two at once, are each cancelled after the same while."""
    deadlines = Deadlines(LIMIT)
    waiting = [Waiting(deadlines, began) for began in (0.0, 0.0, 7.5, 29.0, 31.0, 100.0)]
    began = now()
    results = await asyncio.gather(*(one.go() for one in waiting), return_exceptions=True)
    assert {type(result) for result in results} == {asyncio.CancelledError}
    assert [round((one.ended_at or 0.0) - began, 3) for one in waiting] == [
        30.0,
        30.0,
        37.5,
        59.0,
        61.0,
        130.0,
    ]
    assert all(one.ended_by_it for one in waiting)


@fake_time
async def test_one_timer_serves_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many begin while others are under way, one timer is set, and none is left when the last has ended."""
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    set_timer = loop.call_at

    def call_at(when: float, callback: object, *args: object, **options: object) -> asyncio.TimerHandle:
        timer: asyncio.TimerHandle = set_timer(when, callback, *args, **options)  # type: ignore[arg-type]
        if getattr(callback, "__self__", None) is deadlines:
            timers.append(timer)
        return timer

    monkeypatch.setattr(loop, "call_at", call_at)
    deadlines = Deadlines(LIMIT)
    begun = [deadlines.begin() for _ in range(20)]
    assert len(timers) == 1
    for deadline in begun:
        deadlines.end(deadline)
    assert timers[0].cancelled()
    await asyncio.sleep(LIMIT * 2)
    assert len(timers) == 1


@fake_time
async def test_who_is_ready_in_time_is_left_alone() -> None:
    """The end of one request takes the limit from it alone: another one's still strikes, at its time."""
    deadlines = Deadlines(LIMIT)
    late = Waiting(deadlines, 3.0)
    task = asyncio.create_task(late.go())
    ready = Waiting(deadlines)
    began = now()
    await ready.go(10.0)
    await asyncio.sleep(100.0)
    assert not ready.ended_by_it
    assert late.ended_by_it
    assert (late.ended_at or 0.0) - began == pytest.approx(33.0)
    assert task.cancelled()


@fake_time
@pytest.mark.parametrize("first", ["the limit", "the caller"])
async def test_a_callers_cancel_at_the_same_moment_wins(first: str) -> None:
    """Whoever cancelled the task gets the cancellation through, in whichever order the two come."""
    deadlines = Deadlines(LIMIT)
    waiting = Waiting(deadlines)
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(waiting.go())
    if first == "the limit":
        await asyncio.sleep(0)
    loop.call_at(now() + LIMIT, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not waiting.ended_by_it
    assert task.cancelling() == 1


@fake_time
async def test_a_callers_own_timeout_at_the_same_moment_is_his() -> None:
    """A caller's `asyncio.timeout` that is due together with the limit ends as his `TimeoutError`."""
    waiting = Waiting(Deadlines(LIMIT))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(LIMIT):
            await waiting.go()
    assert not waiting.ended_by_it
    assert (task := asyncio.current_task()) is not None
    assert task.cancelling() == 0


@fake_time
async def test_a_limit_holds_in_a_task_that_was_cancelled_before() -> None:
    """One who sends while he is being cancelled is told of the time limit, not that he was cancelled again."""
    waiting = Waiting(Deadlines(LIMIT))

    async def goodbye() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await waiting.go()

    task = asyncio.create_task(goodbye())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waiting.ended_by_it
    assert task.cancelling() == 1


@fake_time
async def test_what_struck_and_was_taken_back_leaves_the_task_alive() -> None:
    """After the limit of one request the same task makes another, and its limit is a new one."""
    deadlines = Deadlines(LIMIT)
    for _ in range(2):
        began = now()
        waiting = Waiting(deadlines)
        with pytest.raises(asyncio.CancelledError):
            await waiting.go()
        assert waiting.ended_by_it
        assert now() - began == pytest.approx(LIMIT)


@fake_time
async def test_a_limit_holds_after_a_time_without_any() -> None:
    """When all have ended in time, the next one's limit strikes as the first one's would have."""
    deadlines = Deadlines(LIMIT)
    await Waiting(deadlines).go(10.0)
    waiting = Waiting(deadlines)
    began = now()
    with pytest.raises(asyncio.CancelledError):
        await waiting.go()
    assert waiting.ended_by_it
    assert now() - began == pytest.approx(LIMIT)


@fake_time
async def test_outside_of_a_task_there_is_none() -> None:
    """What cannot be cancelled cannot have a time limit, and says so at once."""
    said: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def begin() -> None:
        try:
            Deadlines(LIMIT).begin()
        except RuntimeError as error:
            said.set_result(str(error))

    asyncio.get_running_loop().call_soon(begin)
    assert await said == "a request is made in a task"


def test_a_loop_closed_under_a_request_takes_no_later_limit_along() -> None:
    """What a loop left under way has a timer that never goes off: in the next loop limits strike all the same."""
    deadlines = Deadlines(0.01)

    async def stay() -> None:
        deadlines.begin()
        await asyncio.Event().wait()

    left = stay()

    async def leave() -> asyncio.Task[None]:
        task = asyncio.create_task(left)
        await asyncio.sleep(0)
        return task

    async def again() -> bool:
        waiting = Waiting(deadlines)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(waiting.go(), 5)
        return waiting.ended_by_it

    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    task = first.run_until_complete(leave())
    first.close()
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    try:
        assert second.run_until_complete(again())
    finally:
        second.close()
        left.close()


async def test_a_request_whose_limit_and_caller_strike_together_is_cancelled(
    peer: Peers, client: Client
) -> None:
    """Over a real connection: the caller hears of his own cancellation, and the connection is closed."""

    async def silence(line: Line) -> None:
        await line.silence()

    gateway = await peer(silence)
    transport = client.transport(timeout=60)
    task = asyncio.create_task(transport.request(gateway.get()))
    await gateway.seen(1)
    (deadline,) = transport._deadlines._under_way
    deadline.strike()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gateway.all_ended()
    assert not transport._deadlines._under_way
