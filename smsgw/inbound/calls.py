"""One HTTP call of the platform and its answer, as no framework in particular has them."""

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

__all__ = ["Answer", "Call", "acknowledgement", "refusal", "texted_back"]

_HEADERS: Final = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


@frozen
class Call:
    """What came."""

    method: str
    path: str = field(repr=False)
    """Below the place where we are mounted, decoded: the secret, if there is one."""
    query: bytes = field(repr=False)
    """As it came, percent-encoded."""
    peer: str | None = field(default=None, repr=False)
    """The address of the other end of the connection; None where it has none."""
    forwarded: tuple[str, ...] = field(default=(), repr=False)
    """Each header `X-Forwarded-For`, in order."""


@frozen
class Answer:
    """What goes out."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default=_HEADERS, repr=False)


def acknowledgement(message_id: str) -> Answer:
    """The platform calls no more for this message."""
    return Answer(200, f"smsid={message_id}".encode())


def texted_back(reply: str) -> Answer:
    """In the synchronous mode the platform texts this to the subscriber."""
    return Answer(200, reply.encode())


def refusal(status: int, why: str, **headers: str) -> Answer:
    return Answer(status, f"{why}\n".encode(), {**_HEADERS, **headers})
