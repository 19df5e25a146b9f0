"""What gateways saw and what they said, each thing in the order in which it happened."""

import time
from itertools import count

from attrs import Factory, define, field

__all__ = ["Arrival", "Ledger", "Visit"]


@define(eq=False)
class Visit:
    """One connection to a gateway."""

    gateway: str
    received: bytearray = Factory(bytearray)
    """Every byte that came over it, decrypted where it is TLS."""
    opened_at: float = Factory(time.monotonic)
    ended: bool = False
    said_goodbye: bool = False
    """The gateway has announced that no further request may come over it."""


@define(eq=False)
class Arrival:
    """One request, or as much of one as came."""

    number: int
    """In the order of all requests to all gateways of one ledger."""
    gateway: str
    visit: Visit
    data: bytes = field(repr=False)
    complete: bool
    kind: str
    """`send`, or `question` for a status or a balance; `part` where it is not complete."""
    recipients: tuple[str, ...]
    text: str = field(repr=False)
    own_id: str = ""
    """The ID that the sender of the request gave it, where the protocol has one."""
    at: float = Factory(time.monotonic)
    taken: bool = False
    """The gateway has these messages: whether it could say so or not."""
    accepted: dict[str, str | None] = Factory(dict)
    """Recipient to message ID: an acceptance of theirs was delivered whole, in reply to this very request."""
    held: bool = False
    """The reply that they are taken and wait for credit was delivered whole, in reply to this very request."""
    refused: bool = False
    """The proof that none of them was taken was delivered whole, in reply to this very request."""


@define(eq=False)
class Ledger:
    """What all gateways of one run know."""

    visits: list[Visit] = Factory(list)
    arrivals: list[Arrival] = Factory(list)
    trespasses: list[str] = Factory(list)
    """What came where nothing may ever come."""
    numbers: "count[int]" = Factory(lambda: count(1))

    def visit(self, gateway: str) -> Visit:
        visit = Visit(gateway)
        self.visits.append(visit)
        return visit

    def enter(self, arrival: Arrival) -> None:
        if arrival.visit.said_goodbye:
            self.trespasses.append(f"{arrival.gateway} had ended a connection that a request came over")
        if b"\r\ncookie:" in arrival.data.partition(b"\r\n\r\n")[0].lower():
            self.trespasses.append(f"{arrival.gateway} was sent a cookie")
        self.arrivals.append(arrival)

    def sends(self) -> list[Arrival]:
        """What asked, or may have asked, for a message to be sent."""
        return [arrival for arrival in self.arrivals if arrival.kind != "question"]
