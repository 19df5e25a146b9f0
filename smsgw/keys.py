"""Never twice, by the caller's word: one idempotency key, one sending.

What was `accepted`, `held` or is `unknown` is remembered for `dedup.key_ttl`; what was `rejected` is not, so that
a repeat sends just those recipients. Nothing is evicted before its time: when the store is full, a new key is
refused.
"""

import asyncio
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Protocol

from attrs import evolve

from smsgw.entry import Scope
from smsgw.errors import NotSubmitted
from smsgw.models import Message, Outcome, State
from smsgw.settings import DedupSettings

__all__ = ["Claim", "KeyConflict", "KeyStore", "Keys", "MemoryKeyStore"]


class KeyConflict(ValueError):
    """The same key with different content."""


class KeyStore(Protocol):
    """Where keys are remembered. Within one process `Keys` lets nobody claim a key that is claimed."""

    async def claim(self, key: str, content: bytes) -> Mapping[str, Outcome]:
        """Remember the key, and return what is known by recipient.

        Raises `KeyConflict` when it is known with other content, and `NotSubmitted` when there is no room.
        """

    async def settle(self, key: str, content: bytes, outcomes: Mapping[str, Outcome]) -> None:
        """Remember these, for the whole of `key_ttl` from now. With no outcomes the key is forgotten."""


class MemoryKeyStore:
    """Keys of one process, gone with it."""

    def __init__(self, settings: DedupSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._known: dict[str, tuple[float, bytes, dict[str, Outcome]]] = {}

    async def claim(self, key: str, content: bytes) -> Mapping[str, Outcome]:
        self._forget_old()
        if key in self._known:
            _, known, outcomes = self._known[key]
            if known != content:
                raise KeyConflict("this key was used a while ago for a message of different content")
            return dict(outcomes)
        if len(self._known) >= self._settings.max_keys:
            raise NotSubmitted(
                f"{self._settings.max_keys} idempotency keys are held (dedup.max_keys), and none may be forgotten yet"
            )
        self._known[key] = (self._clock() + self._settings.key_ttl, content, {})
        return {}

    async def settle(self, key: str, content: bytes, outcomes: Mapping[str, Outcome]) -> None:
        self._known.pop(key, None)
        if outcomes:
            # At the end, so that the oldest stand first.
            self._known[key] = (self._clock() + self._settings.key_ttl, content, dict(outcomes))

    def _forget_old(self) -> None:
        """All keys live equally long, so the oldest stand first."""
        now = self._clock()
        while self._known:
            key, (expires, _, _) = next(iter(self._known.items()))
            if expires > now:
                return
            del self._known[key]


class Claim:
    """One sending under a key: its holder sends what is not `remembered`; everyone else waits for `ended`."""

    def __init__(self, keys: "Keys", message: Message, content: bytes) -> None:
        self._keys = keys
        self.message = message
        self.content = content
        self.remembered: Mapping[str, Outcome] = {}
        self.outcomes: dict[str, Outcome] = {}
        """What this sending came to, the rejected included."""
        self.scope = Scope()
        """Ended when its caller stopped waiting, so that what had not begun was not sent."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def note(self, outcome: Outcome) -> None:
        self.outcomes[outcome.recipient] = outcome

    async def end(self) -> None:
        """Every recipient has its outcome: remember them, and let the others go on."""
        key = self.message.key or ""
        lasting = {
            recipient: evolve(outcome, message=None)
            for recipient, outcome in {**self.remembered, **self.outcomes}.items()
            if outcome.state is not State.REJECTED
        }
        try:
            if self.outcomes or not self.remembered:  # a mere repeat does not prolong what is remembered
                await self._keys.store.settle(key, self.content, lasting)
        finally:
            self.release()

    def release(self) -> None:
        """Let the others go on, whatever is remembered."""
        self._keys.release(self.message.key or "", self)


class Keys:
    """Who sends under which key at the moment."""

    def __init__(self, store: KeyStore) -> None:
        self.store = store
        self._claims: dict[str, Claim] = {}

    async def claim(self, message: Message, recipients: frozenset[str]) -> tuple[Claim, bool]:
        """The claim on the message's key, and whether it is the caller's to fulfil and `end`.

        Raises `KeyConflict` and `NotSubmitted`.
        """
        key = message.key or ""
        content = _content(message, recipients)
        if (running := self._claims.get(key)) is not None:
            if running.content != content:
                raise KeyConflict("this key is being used for a message of different content")
            return running, False
        claim = self._claims[key] = Claim(self, message, content)
        try:
            claim.remembered = await self.store.claim(key, content)
        except BaseException:  # cancellation, too: the key would stay claimed for ever
            claim.scope.end("the key could not be claimed")
            self.release(key, claim)
            raise
        return claim, True

    def release(self, key: str, claim: Claim) -> None:
        if self._claims.get(key) is claim:
            del self._claims[key]
        if not claim.ended.done():
            claim.ended.set_result(None)


def _content(message: Message, recipients: frozenset[str]) -> bytes:
    return blake2b(
        repr((message.content, sorted(recipients))).encode("utf-8", "surrogatepass"), digest_size=16
    ).digest()
