"""One request that a gateway has read whole, and what the gateway can do about it."""

from random import Random

from tests.faults.server.hearing import Heard
from tests.faults.server.ledger import Arrival, Ledger
from tests.faults.server.line import Line
from tests.faults.server.speech import SPEECH, http, settled

__all__ = ["Turn"]


class Turn:
    """A send that has come is taken, unless `refuse` says otherwise: however its reply is spoilt."""

    def __init__(self, line: Line, heard: Heard, arrival: Arrival, driver: str, ledger: Ledger) -> None:
        self.line = line
        self.heard = heard
        self.arrival = arrival
        self.driver = driver
        self.speech = SPEECH[driver]
        self.trap = ""
        """An address that nobody may ever go to."""
        self.ids = {
            phone: heard.own_id if self.speech.has_own_ids else str(9_000_000 + next(ledger.numbers))
            for phone in heard.recipients
        }
        self._ledger = ledger

    @property
    def random(self) -> Random:
        return self.line.random

    @property
    def asked_before(self) -> bool:
        """Whether this gateway has been asked for the same before."""
        return any(
            earlier.gateway == self.arrival.gateway
            and earlier.text == self.heard.text
            and earlier.recipients == self.heard.recipients
            for earlier in self._ledger.sends()
            if earlier is not self.arrival
        )

    def acceptance(self) -> str:
        """The body that says that all of them were taken; of a question, that nothing is known."""
        if not self.ids:
            return self.speech.balance or settled({})
        return self.speech.accepted(self.ids)

    async def say(self, data: bytes) -> None:
        """Bytes that prove nothing."""
        await self.line.write_in_pieces(data)
        await self.line.flush()

    async def accept(self, reply: bytes | None = None) -> None:
        """Deliver an acceptance whole."""
        await self.line.write_in_pieces(http(self.acceptance()) if reply is None else reply)
        self.note_accepted()
        await self.line.flush()

    async def accept_at_once(self, reply: bytes) -> None:
        """Deliver an acceptance whole, and what follows it, in one piece."""
        self.note_accepted()
        await self.line.write(reply)

    def note_accepted(self) -> None:
        """The acceptance has been delivered whole."""
        self.arrival.accepted = {**self.ids}
        if self.driver == "smsco" and self.ids:
            # One ID stands for all of them.
            self.arrival.accepted = dict.fromkeys(self.ids, next(iter(self.ids.values())))

    async def refuse(self, reply: bytes, *, whole: bool = True) -> None:
        """Take nothing, and say so; `whole` where the reply proves it."""
        self.arrival.taken = False
        await self.line.write_in_pieces(reply)
        self.arrival.refused = whole
        await self.line.flush()

    async def hold(self, reply: bytes) -> None:
        """Take it, and say that it waits for credit."""
        await self.line.write_in_pieces(reply)
        self.arrival.held = True
        await self.line.flush()

    async def answer(self) -> None:
        """Answer a question truthfully."""
        if not (self.speech.has_own_ids and self.heard.own_id):
            await self.line.write(http(self.speech.balance))
            return
        asked = [
            arrival
            for arrival in self._ledger.sends()
            if arrival.taken
            and arrival.own_id == self.heard.own_id
            and arrival.gateway == self.arrival.gateway
        ]
        taken = {phone: arrival.own_id for arrival in asked for phone in arrival.recipients}
        await self.line.write_in_pieces(http(settled(taken)))
        for arrival in asked:
            arrival.accepted = dict.fromkeys(arrival.recipients, arrival.own_id)
        await self.line.flush()

    async def drip(self, data: bytes) -> None:
        """A byte now and then, until the other side has gone."""
        for byte in data:
            if self.line.gone:
                return
            await self.line.write(bytes([byte]))
            await self.line.clock.jump(7.0)
        await self.line.silence()
