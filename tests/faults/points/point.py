"""One way in which a gateway misbehaves, and what may be said of the messages that it was asked to send."""

from collections.abc import Callable
from typing import Literal

from attrs import field, frozen

from tests.faults.server.gateway import Greet, Serve
from tests.faults.server.line import Line
from tests.faults.server.turn import Turn

__all__ = ["DOUBT", "EITHER", "NOTHING_OR_DOUBT", "PROOF", "TAKEN", "Point", "accept"]

TAKEN = frozenset({"accepted"})
DOUBT = frozenset({"unknown"})
EITHER = TAKEN | DOUBT
"""The proof was given, and may have been lost on its way."""
PROOF = frozenset({"rejected"})
NOTHING_OR_DOUBT = PROOF | DOUBT
"""Whether a byte of the request left before the end was seen is a matter of moments."""


async def accept(turn: Turn) -> None:
    """As it should be."""
    await turn.accept()


@frozen(kw_only=True)
class Point:
    """A named fault. The fields of the middle are a gateway's `Conduct`."""

    name: str
    expects: frozenset[str] = DOUBT
    """The states that its recipients may end in, where no other provider is asked."""
    moves_on: bool = False
    """It proves that nothing was taken, in a way that lets the next provider be asked."""

    within: float = 60.0
    """Seconds in which its run has to end: of real time, and of what the clock jumps."""
    again_after: float = 0.0
    """Seconds that a refusal asks for, before the next attempt at the same provider."""

    serve: Serve = accept
    before: Serve | None = None
    greet: Greet | None = None
    interrupt: Greet | None = None
    idle: Callable[[Line], None] | None = None

    reused: bool | None = None
    """Whether the connection has been used before; the seed chooses where None."""
    scheme: Literal["http", "https"] = "http"
    """What the provider's `url` begins with."""
    certificate: str = ""
    """The server's, by its name in `Certificates`; without one it speaks plain HTTP."""
    address: Literal["", "closed port", "failing resolver", "no addresses", "a name"] = ""
    """Where the `url` leads, if not to the server; "a name" leads there, and by its name."""
    buffer: int = 0
    """Bytes that each socket may hold, at both ends: who writes more waits for who reads. 0 leaves it to the system."""
    drivers: tuple[str, ...] = field(default=("avist", "smstele", "smsco", "iba", "targetsms"))

    def __str__(self) -> str:
        return self.name
