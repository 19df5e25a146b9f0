"""dedup.py: identical requests within a provider's window are one request; what shares, waits, or is refused."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from smsgw.dedup import DuplicateWindow
from smsgw.drivers.settings import OnDuplicate
from smsgw.errors import ConnectionFailed, ConnectionLost, DuplicateRequest, OutcomeUnknown, SmsgwError
from smsgw.transport import Reply

pytestmark = pytest.mark.looptime(idle_timeout=1)  # who would wait for ever fails after a second

WINDOW = 61.0
"""The provider's 60 seconds and our margin."""

Pause = Callable[[float], Awaitable[bool]]


def now() -> float:
    return asyncio.get_running_loop().time()


async def sleeps(seconds: float) -> bool:
    await asyncio.sleep(seconds)
    return True


class Bench:
    """A window on the loop's fake time, and when requests left."""

    def __init__(self, on_duplicate: OnDuplicate = "reuse", seconds: float = 60) -> None:
        self.window = DuplicateWindow(seconds, on_duplicate, now)
        self.left: list[float] = []

    async def call(
        self,
        comes_to: str | Exception = "1",
        *,
        connects: float = 0.0,
        takes: float = 0.0,
        identity: bytes = b"same",
        joined: Callable[[Callable[[], bool]], None] = lambda _: None,
        pause: Pause | None = sleeps,
    ) -> tuple[str, bool]:
        """A request: the reply's body, and whether it is an identical request's. `ConnectionFailed` never begins."""
        began = False

        async def send() -> Reply:
            nonlocal began
            await asyncio.sleep(connects)
            if isinstance(comes_to, ConnectionFailed):
                raise comes_to
            began = True
            self.left.append(now())
            await asyncio.sleep(takes)
            if isinstance(comes_to, Exception):
                raise comes_to
            return Reply(200, comes_to.encode())

        answer, repeated = await self.window.once(
            identity, send, began=lambda: began, joined=joined, pause=pause
        )
        return answer.take().body.decode(), repeated

    def started(
        self,
        comes_to: str | Exception = "1",
        *,
        connects: float = 0.0,
        takes: float = 0.0,
        pause: Pause | None = sleeps,
    ) -> "asyncio.Task[tuple[str, bool]]":
        return asyncio.create_task(self.call(comes_to, connects=connects, takes=takes, pause=pause))


# Sharing.


@pytest.mark.parametrize("pause", [sleeps, None])
async def test_concurrent_identical_requests_are_one(pause: Pause | None) -> None:
    """Who asks while an identical request is under way gets its reply; one request goes out."""
    bench = Bench()
    first = bench.started("7", takes=5)
    await asyncio.sleep(1)
    others = [bench.started("8", pause=pause) for _ in range(3)]
    assert await first == ("7", False)
    assert await asyncio.gather(*others) == [("7", True)] * 3
    assert bench.left == [0]
    assert now() == 5


async def test_different_requests_do_not_meet() -> None:
    """Requests that differ go out at once, side by side."""
    bench = Bench("reject")
    replies = await asyncio.gather(
        *(bench.call(str(i), takes=1, identity=b"%d" % i) for i in range(5)),
    )
    assert replies == [(str(i), False) for i in range(5)]
    assert bench.left == [0] * 5


async def test_a_waiter_learns_whether_the_other_has_begun() -> None:
    """Who waits for an identical request can tell whether a byte of that one has left."""
    bench = Bench()
    tells: list[Callable[[], bool]] = []
    first = bench.started(connects=2, takes=2)
    await asyncio.sleep(1)
    second = asyncio.create_task(bench.call(joined=tells.append))
    await asyncio.sleep(0)
    (has_begun,) = tells
    assert not has_begun()
    await asyncio.sleep(2)
    assert has_begun()
    await first
    await second


@pytest.mark.parametrize(
    ("on_duplicate", "pause", "joins"), [("reuse", sleeps, 1), ("wait", None, 1), ("wait", sleeps, 0)]
)
async def test_only_who_will_take_the_answer_stands_with_the_other(
    on_duplicate: OnDuplicate, pause: Pause | None, joins: int
) -> None:
    """A query, and a send that reuses, share the other's fate; a send that waits has one of its own."""
    bench = Bench(on_duplicate)
    tells: list[Callable[[], bool]] = []
    first = bench.started("7", takes=2)
    await asyncio.sleep(1)
    second = asyncio.create_task(bench.call("8", joined=tells.append, pause=pause))
    await asyncio.sleep(0)
    assert len(tells) == joins
    assert await first == ("7", False)
    assert await second == (("7", True) if joins else ("8", False))


@pytest.mark.parametrize(("later", "again"), [(0.0, False), (60.9, False), (61.1, True)])
async def test_the_window_runs_from_the_end_of_the_request(later: float, again: bool) -> None:
    """An answer stands for 60 s and a margin of 1 s, counted from when it came."""
    bench = Bench()
    await bench.call("7", takes=10)
    await asyncio.sleep(later)
    assert await bench.call("8") == (("8", False) if again else ("7", True))
    assert len(bench.left) == 1 + again


async def test_a_repeated_answer_does_not_prolong_the_window() -> None:
    """Reusing an answer sends nothing, so it does not move the window."""
    bench = Bench()
    await bench.call("7")
    for _ in range(6):
        assert await bench.call("8") == ("7", True)
        await asyncio.sleep(10)
    await asyncio.sleep(1.1)
    assert await bench.call("8") == ("8", False)


# Waiting and rejecting.


async def test_waiting_sends_when_the_window_is_over() -> None:
    """With `wait` each identical request goes out, a window after the end of the one before."""
    bench = Bench("wait")
    replies = await asyncio.gather(*(bench.call(str(i), takes=2) for i in range(3)))
    assert replies == [("0", False), ("1", False), ("2", False)]
    assert bench.left == pytest.approx([0, 2 + WINDOW, 2 * (2 + WINDOW)], abs=1e-3)


async def test_rejecting_says_that_nothing_was_sent() -> None:
    """With `reject` an identical request under way or within the window is refused at once, as proof."""
    bench = Bench("reject")
    first = bench.started(takes=5)
    await asyncio.sleep(1)
    with pytest.raises(
        DuplicateRequest, match=r"^an identical request went out less than 61 s ago$"
    ) as caught:
        await bench.call()
    assert not caught.value.maybe_accepted
    await first
    await asyncio.sleep(WINDOW - 0.1)
    with pytest.raises(DuplicateRequest):
        await bench.call()
    await asyncio.sleep(0.2)
    assert await bench.call("8") == ("8", False)
    assert len(bench.left) == 2


# Claims given back, and claims kept.


async def test_a_claim_is_given_back_when_nothing_was_sent() -> None:
    """A request that never began leaves no window behind."""
    bench = Bench("reject")
    with pytest.raises(ConnectionFailed):
        await bench.call(ConnectionFailed("refused"))
    assert await bench.call("8") == ("8", False)


async def test_a_waiter_sends_when_the_other_could_not() -> None:
    """When nothing was sent after all, one of those who wait sends, and the others share its reply."""
    bench = Bench()
    failing = bench.started(ConnectionFailed("refused"), connects=3)
    await asyncio.sleep(1)
    waiting = [bench.started(str(i), takes=1) for i in range(3)]
    with pytest.raises(ConnectionFailed):
        await failing
    assert await asyncio.gather(*waiting) == [("0", False), ("0", True), ("0", True)]
    assert bench.left == [3]


async def test_a_lost_answer_keeps_the_claim() -> None:
    """After a reply that was lost nothing identical goes out: the doubt is shared for the window."""
    bench = Bench()
    lost = ConnectionLost("reset")
    for _ in range(3):
        with pytest.raises(ConnectionLost) as caught:
            await bench.call(lost)
        assert caught.value is lost
    assert bench.left == [0]


@pytest.mark.parametrize("fault", [ZeroDivisionError(), KeyError("x")])
async def test_a_fault_of_ours_keeps_the_claim(fault: Exception) -> None:
    """A request that began and then failed inexplicably is unknown to everyone else."""
    bench = Bench()
    with pytest.raises(type(fault)):
        await bench.call(fault)
    with pytest.raises(OutcomeUnknown):
        await bench.call("8")
    assert bench.left == [0]


@pytest.mark.parametrize(("at", "left"), [(1.0, [2.0]), (3.0, [2.0])])
async def test_a_cancelled_request(at: float, left: list[float]) -> None:
    """Cancelled before its first byte the claim is given back; after it, the outcome is unknown."""
    bench = Bench()
    first = bench.started("7", connects=2, takes=2)
    await asyncio.sleep(0)
    second = bench.started("8", connects=1)
    await asyncio.sleep(at)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    if at < 2:
        assert await second == ("8", False)
    else:
        with pytest.raises(OutcomeUnknown):
            await second
    assert bench.left == left


async def test_a_cancelled_waiter_disturbs_nobody() -> None:
    """Who waits for another's request may go: the request and the other waiters stay."""
    bench = Bench()
    first = bench.started("7", takes=5)
    waiting = [bench.started() for _ in range(3)]
    await asyncio.sleep(1)
    waiting[1].cancel()
    results = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert [results[0], results[1], results[3]] == [("7", False), ("7", True), ("7", True)]
    assert isinstance(results[2], asyncio.CancelledError)


# Queries.


@pytest.mark.parametrize("on_duplicate", ["reuse", "wait", "reject"])
async def test_a_query_takes_the_last_reply(on_duplicate: OnDuplicate) -> None:
    """Status and balance, asked again within the window, get the last reply at once, whatever `on_duplicate` says."""
    bench = Bench(on_duplicate)
    await bench.call("445.6 RUR", pause=None)
    await asyncio.sleep(30)
    assert await bench.call("new", pause=None) == ("445.6 RUR", True)
    assert now() == 30
    await asyncio.sleep(WINDOW - 30 + 0.1)
    assert await bench.call("new", pause=None) == ("new", False)


async def test_a_query_takes_the_last_error() -> None:
    """The gateway counts requests that failed too, so a failed query is not asked again within the window."""
    bench = Bench("wait")
    for _ in range(2):
        with pytest.raises(SmsgwError, match="reset"):
            await bench.call(ConnectionLost("reset"), pause=None)
    assert bench.left == [0]
