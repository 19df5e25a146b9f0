"""keys.py against the simplest memory there could be, at the very edges of `key_ttl` and `max_keys`."""

import asyncio
from collections.abc import Mapping

from attrs import define, frozen
from hypothesis import given
from hypothesis import strategies as st

from smsgw import Message, Outcome, State
from smsgw.config import DedupSettings
from smsgw.errors import NotSubmitted, RecipientRejected
from smsgw.keys import Claim, KeyConflict, Keys, MemoryKeyStore
from tests.faults.stateful.profile import PROFILE

TTL = 100.0
ROOM = 2
NUMBERS = ("79160000001", "79160000002")


@frozen
class Use:
    """One sending under a key, or an attempt at one."""

    after: float
    key: str
    text: str
    states: tuple[State, State]
    takes: float
    """Seconds that it is under way, less than `TTL`."""


uses = st.lists(
    st.builds(
        Use,
        after=st.sampled_from([0.0, 1.0, TTL - 2, TTL - 1, TTL - 0.5, TTL, TTL + 1]),
        key=st.sampled_from("abc"),
        text=st.sampled_from(["Hi", "Hi", "Bye"]),
        states=st.tuples(st.sampled_from(State), st.sampled_from(State)),
        takes=st.sampled_from([0.0, 0.5, 1.0]),
    ),
    min_size=1,
    max_size=30,
)


@define
class Known:
    """What must be remembered of a key."""

    text: str
    states: Mapping[str, State]
    until: float


class Memory:
    """What `Keys` has to remember, looked through anew each time."""

    def __init__(self) -> None:
        self.now = 5000.0
        self.known: dict[str, Known] = {}
        self.keys = Keys(MemoryKeyStore(DedupSettings(key_ttl=TTL, max_keys=ROOM), lambda: self.now))

    async def use(self, use: Use) -> None:
        self.now += use.after
        self.known = {key: known for key, known in self.known.items() if known.until > self.now}
        known = self.known.get(use.key)
        message = Message(to=NUMBERS, text=use.text, key=use.key)
        try:
            claim, mine = await self.keys.claim(message, frozenset(NUMBERS))
        except KeyConflict:
            assert known is not None
            assert known.text != use.text
            return
        except NotSubmitted:
            assert known is None
            assert len(self.known) == ROOM
            return
        assert mine
        assert _states(claim.remembered) == ({} if known is None else known.states)
        assert known is None or known.text == use.text
        assert known is not None or len(self.known) < ROOM
        await self._send(use, claim)

    async def _send(self, use: Use, claim: Claim) -> None:
        self.now += use.takes
        remembered = _states(claim.remembered)
        for recipient, state in zip(NUMBERS, use.states, strict=True):
            if recipient not in remembered:
                claim.note(_outcome(recipient, state))
        fresh = _states(claim.outcomes)
        await claim.end()
        if fresh:
            lasting = {
                number: state for number, state in (remembered | fresh).items() if state is not State.REJECTED
            }
            self.known.pop(use.key, None)
            if lasting:
                self.known[use.key] = Known(use.text, lasting, self.now + TTL)
        assert claim.ended.done()


def _states(outcomes: Mapping[str, Outcome]) -> dict[str, State]:
    return {recipient: outcome.state for recipient, outcome in outcomes.items()}


def _outcome(recipient: str, state: State) -> Outcome:
    error = RecipientRejected("no") if state is State.REJECTED else None
    return Outcome(recipient, state, "main", "1", error=error)


@PROFILE
@given(uses)
def test_a_key_is_known_exactly_as_long_as_it_must_be(given_uses: list[Use]) -> None:
    """Not an instant less, or it is sent twice; not one more, or a new key finds no room; and rejected ones not at all."""

    async def all_uses() -> None:
        memory = Memory()
        for use in given_uses:
            await memory.use(use)
        assert not memory.keys._claims

    asyncio.run(all_uses())
