"""A server for nothing but incoming messages: what `smsgw inbox` runs."""

from types import TracebackType
from typing import Final, Self

from aiohttp import web

from smsgw.inbound.parsing import LONGEST_QUERY

__all__ = ["InboundServer"]

_LONGEST_LINE: Final = 2 * LONGEST_QUERY
"""Bytes of a request line: so much that too long a query is refused by us, and not by aiohttp."""
_SHUTDOWN_TIMEOUT: Final = 1.0
"""Seconds for connections to end, once the receiver has waited for its handlers."""


class InboundServer:
    """Serves an application on one address, as an async context manager."""

    def __init__(self, app: web.Application, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._runner = web.AppRunner(
            app, access_log=None, max_line_size=_LONGEST_LINE, shutdown_timeout=_SHUTDOWN_TIMEOUT
        )

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens."""
        return [(address[0], address[1]) for address in self._runner.addresses]

    async def __aenter__(self) -> Self:
        """Raises `OSError` where it cannot listen, and `InboundStoreError`."""
        try:
            await self._runner.setup()
            await web.TCPSite(self._runner, self._host, self._port).start()
        except BaseException:  # cancellation and a port in use alike: leave nothing behind
            await self._runner.cleanup()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
