"""dedup.py: what is known of the request before, and that no claim and no memory outlives its use."""

import asyncio
import random
from itertools import pairwise

import pytest

from smsgw.dedup import MEMORY, Answer, DuplicateWindow
from smsgw.drivers.settings import OnDuplicate
from smsgw.errors import ConnectionFailed, ConnectionLost, NotSubmitted, SmsgwError
from smsgw.transport import Reply

pytestmark = pytest.mark.looptime(idle_timeout=1)  # who would wait for ever fails after a second

WINDOW = 61.0
REFUSED = ConnectionFailed("refused")


def now() -> float:
    return asyncio.get_running_loop().time()


class Caller:
    """One call of `once`: it connects, then its first byte leaves, then it has its reply or its error."""

    def __init__(
        self,
        window: DuplicateWindow,
        comes_to: str | SmsgwError = "1",
        *,
        identity: bytes = b"same",
        connects: float = 0.0,
        takes: float = 0.0,
        gone_at: float = float("inf"),
        query: bool = False,
    ) -> None:
        self.left_at: float | None = None
        self.ended_at: float | None = None
        self._window = window
        self._comes_to = comes_to
        self._identity = identity
        self._connects = connects
        self._takes = takes
        self._gone_at = gone_at
        self._query = query

    async def call(self) -> tuple[str, bool]:
        answer, repeated = await self._window.once(
            self._identity,
            self._send,
            began=lambda: self.left_at is not None,
            joined=lambda _: None,
            pause=None if self._query else self._pause,
        )
        return answer.take().body.decode(), repeated

    def start(self) -> "asyncio.Task[tuple[str, bool]]":
        return asyncio.create_task(self.call())

    async def _pause(self, seconds: float) -> bool:
        """As `Scope.pause`: until the caller has gone at the latest."""
        await asyncio.sleep(max(0.0, min(seconds, self._gone_at - now())))
        return now() < self._gone_at

    async def _send(self) -> Reply:
        """As a lane's request: it waits for a connection, and does not begin for a caller who has gone."""
        await asyncio.sleep(self._connects)
        if now() >= self._gone_at:
            raise NotSubmitted("nobody waits for it any more")
        if isinstance(self._comes_to, ConnectionFailed):
            raise self._comes_to
        self.left_at = now()
        try:
            await asyncio.sleep(self._takes)
        finally:
            self.ended_at = now()
        if isinstance(self._comes_to, SmsgwError):
            raise self._comes_to
        return Reply(200, self._comes_to.encode())


async def known(window: DuplicateWindow) -> str | None:
    """What the window knows of the request before the present one."""
    answer = await window.previous(b"same")
    return None if answer is None else answer.take().body.decode()


# The first of two.


async def test_switched_off_it_stands_in_nobodys_way() -> None:
    """With a window of 0 seconds every request goes out, one beside the other."""
    window = DuplicateWindow(0, "reject", now)
    replies = await asyncio.gather(*(Caller(window, str(i), takes=1).call() for i in range(3)))
    assert replies == [("0", False), ("1", False), ("2", False)]
    assert window.remaining(b"same") == 0
    assert now() == 1


async def test_switched_off_it_still_knows_the_first_answer() -> None:
    """Where the gateway has the rule although we have not, the first one's answer is at hand."""
    window = DuplicateWindow(0, "reuse", now)
    await Caller(window, "first").call()
    assert await known(window) is None
    await asyncio.sleep(30)
    await Caller(window, "refused as a duplicate").call()
    assert await known(window) == "first"


async def test_the_first_answer_is_waited_for() -> None:
    """The second of two that are under way together may be refused before the first is answered."""
    window = DuplicateWindow(0, "reuse", now)
    first = Caller(window, "first", takes=10).start()
    await asyncio.sleep(1)
    await Caller(window, "refused as a duplicate").call()
    assert await known(window) == "first"
    assert now() == 10
    await first


async def test_an_amended_request_stands_for_the_first() -> None:
    """Once its refusal is amended, whoever is third gets the first one's answer too."""
    window = DuplicateWindow(60, "reuse", now)
    await Caller(window, "refused as a duplicate").call()
    window.amend(b"same", Answer(Reply(200, b"first")))
    assert await Caller(window).call() == ("first", True)
    window.amend(b"never asked", Answer(Reply(200, b"x")))
    assert await window.previous(b"never asked") is None


async def test_a_request_under_way_is_not_amended() -> None:
    """What has no answer yet gets its own: those who wait for it are not left waiting."""
    window = DuplicateWindow(60, "reuse", now)
    task = Caller(window, "own", takes=1).start()
    await asyncio.sleep(0.5)
    window.amend(b"same", Answer(Reply(200, b"other")))
    assert await task == ("own", False)
    assert await Caller(window).call() == ("own", True)


async def test_a_request_that_never_began_is_no_first() -> None:
    """A request that could not connect leaves what was known before it."""
    window = DuplicateWindow(60, "reuse", now)
    await Caller(window, "first").call()
    await asyncio.sleep(WINDOW + 1)
    with pytest.raises(ConnectionFailed):
        await Caller(window, REFUSED).call()
    await Caller(window, "second").call()
    assert await known(window) == "first"


async def test_a_failure_takes_no_claim_but_its_own() -> None:
    """A request that could not connect leaves an identical one beside it, under way or answered, as it is."""
    window = DuplicateWindow(0, "reuse", now)
    failing = Caller(window, REFUSED, connects=2).start()
    await asyncio.sleep(1)
    beside = Caller(window, "beside", takes=5).start()
    await asyncio.gather(failing, beside, return_exceptions=True)
    await Caller(window, "refused as a duplicate").call()
    assert await known(window) == "beside"


# Memory.


async def test_memory_is_bounded_in_time() -> None:
    """A million different requests leave those of the last two minutes behind."""
    window = DuplicateWindow(60, "reuse", now)
    for i in range(2000):
        await Caller(window, identity=b"%d" % i).call()
        await asyncio.sleep(1)
    assert MEMORY <= len(window._records) <= MEMORY + 2


async def test_an_answer_holds_no_chain_of_older_ones() -> None:
    """Of one identity that comes again and again, no more than one answer back is kept."""
    window = DuplicateWindow(0, "reuse", now)
    for _ in range(10):
        await Caller(window).call()
    record = window._records[b"same"]
    assert record.previous is not None
    assert record.previous.previous is None


@pytest.mark.parametrize("seconds", [0, 60])
async def test_failures_side_by_side_leave_nothing(seconds: float) -> None:
    """Identical requests under way together that all could not connect leave no record to stop forgetting."""
    window = DuplicateWindow(seconds, "reuse", now)
    together = [Caller(window, REFUSED, connects=1 + i).start() for i in range(4)]
    await asyncio.gather(*together, return_exceptions=True)
    assert not window._records


# Claims.


async def test_who_has_gone_takes_no_claim_from_who_sends() -> None:
    """A waiter whose caller leaves, while another waiter sends, neither sends nor frees the way for a third."""
    window = DuplicateWindow(60, "wait", now)
    await Caller(window).call()
    sending = Caller(window, REFUSED, connects=10).start()
    gone = Caller(window, gone_at=WINDOW, connects=15)
    leaving = gone.start()
    third = Caller(window, "3").start()
    with pytest.raises(ConnectionFailed):
        await sending
    with pytest.raises(NotSubmitted):
        await leaving
    assert gone.left_at is None
    assert await asyncio.wait_for(third, 1) == ("3", False)


@pytest.mark.parametrize("on_duplicate", ["reuse", "wait", "reject"])
@pytest.mark.parametrize("seed", range(40))
async def test_whatever_happens_no_claim_is_leaked(on_duplicate: OnDuplicate, seed: int) -> None:
    """Calls that fail, lose their reply, are cancelled or left at any moment: the window holds, and it ends."""
    dice = random.Random(seed)
    window = DuplicateWindow(60, on_duplicate, now)
    callers: list[Caller] = []
    tasks: list[asyncio.Task[tuple[str, bool]]] = []
    for i in range(30):
        comes_to: list[str | SmsgwError] = [str(i), str(i), REFUSED, ConnectionLost("reset")]
        caller = Caller(
            window,
            dice.choice(comes_to),
            connects=dice.choice([0, 0.5, 5]),
            takes=dice.choice([0, 0.5, 20]),
            gone_at=now() + dice.choice([1, 65, 1e9]),
            query=dice.random() < 0.2,
        )
        callers.append(caller)
        tasks.append(caller.start())
        await asyncio.sleep(dice.choice([0, 0, 1, 30]))
        if dice.random() < 0.5:
            dice.choice(tasks).cancel()
    await asyncio.wait(tasks, timeout=1e5)
    assert all(task.done() for task in tasks), "a caller waits for ever"
    sent = sorted(
        (caller.left_at, caller.ended_at)
        for caller in callers
        if caller.left_at is not None and caller.ended_at is not None
    )
    assert sent, "the scenario sends nothing"
    for (_, ended_at), (left_at, _) in pairwise(sent):
        assert left_at >= ended_at + WINDOW - 1e-3
    assert all(record.ended_at is not None for record in window._records.values())
    await asyncio.sleep(WINDOW)
    assert await Caller(window, "last").call() == ("last", False)
