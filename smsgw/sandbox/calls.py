"""One request and one reply, as a gateway sees them: values without a socket."""

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from smsgw.sandbox.records import Kind

__all__ = ["Call", "Reply"]


@frozen(kw_only=True)
class Call:
    """One request to a gateway.

    number      of its `RequestRecord`
    script      the script's name, such as "sendsms.php"
    given       its parameters, decoded; they hold the password, so no repr shows them
    kind        what it asks for
    identity    see `RequestRecord`
    clock_at    arrival, in seconds of the sandbox's clock
    wall_at     arrival, aware
    """

    number: int
    script: str
    given: Mapping[str, str] = field(repr=False)
    kind: Kind
    identity: str
    clock_at: float
    wall_at: datetime


@frozen
class Reply:
    """One HTTP reply; `fault` names the fault of the account that it comes from, if any."""

    text: str
    status: int = field(default=200, kw_only=True)
    content_type: str = field(default="text/plain", kw_only=True)
    headers: Mapping[str, str] = field(factory=dict, kw_only=True)
    fault: str | None = field(default=None, kw_only=True)

    @property
    def body(self) -> bytes:
        """The text in UTF-8."""
        return self.text.encode()
