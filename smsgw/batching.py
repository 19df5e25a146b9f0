"""Recipients into requests: by count, and where the URL has a limit, by its measured length."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

__all__ = ["Addressed", "pack"]


class Addressed(Protocol):
    """Whatever goes to one recipient."""

    @property
    def recipient(self) -> str: ...


A = TypeVar("A", bound=Addressed)


def pack(items: Sequence[A], most: int, room: int | None = None) -> Iterator[Sequence[A]]:
    """Cut `items`, in their order, into the fewest runs that fit.

    `most` is the number of recipients in a request. `room` is the number of characters that they and the commas
    between them may take, or None; each single recipient fits, which routing has checked.
    """
    if room is None or not items:
        for start in range(0, len(items), most):
            yield items[start : start + most]
        return
    start, used = 0, -1
    for position, item in enumerate(items):
        used += 1 + len(item.recipient)
        if position - start == most or used > room:
            yield items[start:position]
            start, used = position, len(item.recipient)
    yield items[start:]
