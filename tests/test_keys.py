"""keys.py: one idempotency key is one sending; what is remembered of it, and for how long."""

import asyncio
from collections.abc import Mapping

import pytest

from smsgw.config import DedupSettings
from smsgw.errors import NotSubmitted, RecipientRejected
from smsgw.keys import Claim, KeyConflict, Keys, MemoryKeyStore
from smsgw.models import Message, Outcome, State

A, B, C = "79031234567", "79031234568", "79031234569"
TEXT = "Code 1234"
TTL = 100.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """Keys in memory on a fake clock."""

    def __init__(self, max_keys: int = 3) -> None:
        self.clock = Clock()
        self.store = MemoryKeyStore(DedupSettings(key_ttl=TTL, max_keys=max_keys), self.clock)
        self.keys = Keys(self.store)

    async def claim(
        self, key: str = "k", to: tuple[str, ...] = (A, B), text: str = TEXT
    ) -> tuple[Claim, bool]:
        return await self.keys.claim(Message(to=to, text=text, key=key), frozenset(to))

    async def send(self, key: str = "k", text: str = TEXT, **states: State) -> Mapping[str, Outcome]:
        """One whole sending to `a` and `b`; returns what was remembered before it."""
        claim, mine = await self.claim(key, text=text)
        assert mine
        for name, state in states.items():
            claim.note(outcome({"a": A, "b": B}[name], state, claim.message))
        await claim.end()
        return claim.remembered


def outcome(recipient: str, state: State, message: Message | None = None) -> Outcome:
    error = RecipientRejected("no") if state is State.REJECTED else None
    return Outcome(recipient, state, "main", "id-" + recipient, error=error, message=message)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_new_key_is_the_callers_to_fulfil(bench: Bench) -> None:
    """Nothing is remembered of a key that comes for the first time."""
    claim, mine = await bench.claim()
    assert mine
    assert claim.remembered == {}
    assert not claim.ended.done()


@pytest.mark.parametrize("state", [State.ACCEPTED, State.HELD, State.UNKNOWN])
async def test_what_may_have_been_taken_is_remembered(bench: Bench, state: State) -> None:
    """Accepted, held and unknown outcomes come back for the same key, without the message they were for."""
    await bench.send(a=state, b=state)
    remembered = await bench.send()
    assert set(remembered) == {A, B}
    assert remembered[A] == outcome(A, state)
    assert remembered[A].message is None


async def test_what_was_rejected_is_not_remembered(bench: Bench) -> None:
    """A repeat finds the accepted only, so that it sends just the rejected; then it finds both."""
    await bench.send(a=State.ACCEPTED, b=State.REJECTED)
    assert set(await bench.send(b=State.ACCEPTED)) == {A}
    assert set(await bench.send()) == {A, B}


async def test_a_key_of_which_all_was_rejected_is_free(bench: Bench) -> None:
    """Nothing is remembered of it, so its room is free, and it may even come with other content."""
    await bench.send(a=State.REJECTED, b=State.REJECTED)
    assert await bench.send(text="other", a=State.ACCEPTED) == {}


async def test_the_claim_itself_tells_the_rejected_too(bench: Bench) -> None:
    """Who waited for another's sending gets every outcome of it, the refusals included."""
    first, _ = await bench.claim()
    second, mine = await bench.claim()
    assert second is first
    assert not mine
    first.note(outcome(A, State.ACCEPTED))
    first.note(outcome(B, State.REJECTED))
    await first.end()
    assert second.ended.done()
    assert {r: o.state for r, o in second.outcomes.items()} == {A: State.ACCEPTED, B: State.REJECTED}


# Content.


@pytest.mark.parametrize("when", ["while it is sent", "later"])
@pytest.mark.parametrize(("to", "text"), [((A, B), "other"), ((A, C), TEXT), ((A,), TEXT), ((A, B, C), TEXT)])
async def test_another_content_is_a_conflict(bench: Bench, when: str, to: tuple[str, ...], text: str) -> None:
    """One key with other recipients or another text is a `ValueError`, and it harms nothing."""
    claim, _ = await bench.claim()
    if when == "later":
        claim.note(outcome(A, State.ACCEPTED))
        await claim.end()
    with pytest.raises(KeyConflict) as caught:
        await bench.claim(to=to, text=text)
    assert isinstance(caught.value, ValueError)
    assert TEXT not in str(caught.value)
    again, mine = await bench.claim()
    assert mine == (when == "later")
    assert mine == (again is not claim)


async def test_the_order_of_recipients_is_no_content(bench: Bench) -> None:
    """The same recipients in another order are the same content."""
    many = tuple([str(79030000000 + i) for i in range(500)])
    claim, _ = await bench.claim(to=many)
    again, mine = await bench.claim(to=many[::-1])
    assert again is claim
    assert not mine


async def test_a_text_of_lone_surrogates_has_a_content_too(bench: Bench) -> None:
    """Whatever a str can hold can be claimed; that no provider can write it is found later."""
    _, mine = await bench.claim(text="\ud800")
    assert mine


# Time and room.


async def test_a_key_lives_for_its_time(bench: Bench) -> None:
    """A key is known until `key_ttl` after its first use, and a repeat does not prolong that."""
    await bench.send(a=State.ACCEPTED)
    bench.clock.now += TTL - 1
    assert set(await bench.send()) == {A}
    bench.clock.now += 1
    assert await bench.send() == {}


async def test_a_full_store_refuses_a_new_key(bench: Bench) -> None:
    """No room means that nothing is sent under a new key; the old ones are all there still."""
    for key in "123":
        await bench.send(key, a=State.ACCEPTED)
    bench.clock.now += TTL - 1
    for _ in range(3):
        with pytest.raises(NotSubmitted, match="max_keys"):
            await bench.claim("4")
    for key in "123":
        assert set(await bench.send(key)) == {A}


async def test_room_comes_when_the_oldest_has_had_its_time(bench: Bench) -> None:
    """A new key is taken as soon as an old one is forgotten, and no sooner."""
    for key in "123":
        await bench.send(key, a=State.ACCEPTED)
        bench.clock.now += 10
    bench.clock.now += TTL - 30.5
    with pytest.raises(NotSubmitted):
        await bench.claim("4")
    bench.clock.now += 1
    await bench.send("4", a=State.ACCEPTED)
    assert set(await bench.send("2")) == {A}
    with pytest.raises(NotSubmitted):
        await bench.claim("1")


async def test_keys_under_way_take_room(bench: Bench) -> None:
    """A key that is being sent counts, so that what it comes to can be remembered."""
    claims = [(await bench.claim(key))[0] for key in "123"]
    with pytest.raises(NotSubmitted):
        await bench.claim("4")
    await claims[0].end()
    await bench.claim("4")


async def test_a_refused_key_is_not_left_claimed() -> None:
    """After a refusal for want of room the same key can be claimed once there is some."""
    bench = Bench(max_keys=1)
    claim, _ = await bench.claim("1")
    with pytest.raises(NotSubmitted):
        await bench.claim("2")
    await claim.end()
    _, mine = await bench.claim("2")
    assert mine


# Stores that take time, and that fail.


class SlowStore(MemoryKeyStore):
    """A store behind a network: each call takes a turn of the loop, and may fail."""

    fails: BaseException | None = None

    async def claim(self, key: str, content: bytes) -> Mapping[str, Outcome]:
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        return await super().claim(key, content)

    async def settle(self, key: str, content: bytes, outcomes: Mapping[str, Outcome]) -> None:
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        await super().settle(key, content, outcomes)


class SlowBench(Bench):
    def __init__(self) -> None:
        super().__init__()
        self.slow = SlowStore(DedupSettings(), self.clock)
        self.keys = Keys(self.slow)


async def test_of_concurrent_claims_one_sends() -> None:
    """While the store is being asked nobody else can claim the key."""
    bench = SlowBench()
    claims = await asyncio.gather(*(bench.claim() for _ in range(5)))
    assert [mine for _, mine in claims] == [True, False, False, False, False]
    assert len({id(claim) for claim, _ in claims}) == 1


@pytest.mark.parametrize("failure", [OSError("the store is gone"), asyncio.CancelledError()])
async def test_a_claim_whose_store_fails_is_released(failure: BaseException) -> None:
    """Who waits for it is woken, sees that nothing was sent, and may claim the key."""
    bench = SlowBench()
    bench.slow.fails = failure
    failing = asyncio.create_task(bench.claim())
    await asyncio.sleep(0)
    waiting, mine = await bench.claim()
    assert not mine
    with pytest.raises(type(failure)):
        await failing
    assert waiting.ended.done()
    assert waiting.scope.ended
    bench.slow.fails = None
    _, mine = await bench.claim()
    assert mine


async def test_an_end_that_the_store_fails_releases_too() -> None:
    """What cannot be remembered must not leave the others waiting."""
    bench = SlowBench()
    claim, _ = await bench.claim()
    claim.note(outcome(A, State.ACCEPTED))
    bench.slow.fails = OSError("the store is gone")
    with pytest.raises(OSError, match="gone"):
        await claim.end()
    assert claim.ended.done()


async def test_an_end_releases_its_own_claim_only() -> None:
    """A claim that ends once more does not free the key for a third while a second holds it."""
    bench = SlowBench()
    first, _ = await bench.claim()
    await first.end()
    second, mine = await bench.claim()
    assert mine
    await first.end()
    third, mine = await bench.claim()
    assert not mine
    assert third is second
