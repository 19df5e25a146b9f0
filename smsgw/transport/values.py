"""What a driver and the transport hand each other: a request encoded whole, a reply read whole."""

from typing import Protocol

from attrs import field, frozen

__all__ = ["Reply", "Request", "Wire"]


@frozen
class Request:
    """One HTTP request, encoded whole. The URL and the body hold the password: neither is ever shown."""

    method: str
    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    """A form (`application/x-www-form-urlencoded`), or None."""


@frozen
class Reply:
    """One HTTP reply, complete."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None
    """Seconds, from `Retry-After` as seconds or as an HTTP date; None where absent or unreadable."""
    framed: bool = field(default=True, eq=False)
    """Its length was told. One that ends with its connection looks complete wherever it is cut, and its last word may
    have lost letters."""


class Wire(Protocol):
    """What a driver sends its requests through: a `Transport`, or one attempt over it."""

    async def request(self, request: Request) -> Reply: ...
