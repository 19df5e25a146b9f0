"""`send_many`: any number of messages in, their outcomes out as they come, in bounded memory.

An `OutcomeStream` is what the caller iterates over; when nobody holds it any more, its flow stops.
"""

from types import TracebackType
from typing import Self

from smsgw.engine import Engine
from smsgw.flow import Flow, Source
from smsgw.models import Outcome

__all__ = ["OutcomeStream"]


class OutcomeStream:
    """The outcomes of a `send_many`, in the order of their completion.

    Iterate over it with `async for`, if need be within `async with`, which stops it at the end of the block. What
    had not begun when it is stopped is not sent; what had goes on, and its outcomes are dropped.
    """

    def __init__(self, engine: Engine, source: Source) -> None:
        self._flow = Flow(engine)
        self._source: Source | None = source
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome:
        """Raises what the source raised, once the outcomes in flight have come."""
        if self._ended:
            raise StopAsyncIteration
        if self._source is not None:
            source, self._source = self._source, None
            self._ended = True
            self._flow.start(source)
            self._ended = False
        outcome = self._flow.ready() or await self._flow.next()
        if outcome is None:
            raise StopAsyncIteration
        return outcome

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop: nothing more is read from the source, and nothing more begins."""
        self._ended = True
        if self._source is None:
            await self._flow.abandon()
        self._source = None

    def __del__(self) -> None:
        if self._source is None and not self._ended and not self._flow.loop_is_closed:
            self._flow.forsake()
