"""URLs with letters that are not percent-encoded, as an example in IBA's own document has them.

The real servers take them; aiohttp's parser answers 400. So they are percent-encoded before it sees them.
"""

import asyncio
import re
from collections.abc import Callable

from aiohttp import web

__all__ = ["Runner"]

_REQUEST_LINE = re.compile(rb"[A-Z]+ [^ \r\n\x80-\xff]*[\x80-\xff][^ \r\n]* HTTP/1\.[01]\r\n")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_HAS_BODY = re.compile(rb"content-length|transfer-encoding", re.IGNORECASE)


class Runner(web.AppRunner):
    """A runner whose connections take such URLs."""

    @property
    def server(self) -> Callable[[], asyncio.Protocol] | None:  # type: ignore[override]
        """What makes the protocol of a connection: all that a site does with it is to call it."""
        server = super().server
        return None if server is None else lambda: _Escaping(server())


class _Escaping(asyncio.Protocol):
    """Hands everything on, with the URL of a request escaped, where it is sure that a request begins there.

    A body may hold what looks like a request. Were it escaped, it would be longer than its head said, and what stands
    at its end would be read as another request: one that the guard would take for a program's. So only the first read
    of a connection is looked at, and the next ones as long as all before brought whole requests without a body.
    """

    def __init__(self, behind: asyncio.Protocol) -> None:
        self._behind = behind
        self._begins = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._behind.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._behind.connection_lost(exc)

    def pause_writing(self) -> None:
        self._behind.pause_writing()

    def resume_writing(self) -> None:
        self._behind.resume_writing()

    def data_received(self, data: bytes) -> None:
        begins = self._begins
        self._begins = begins and data.endswith(b"\r\n\r\n") and _HAS_BODY.search(data) is None
        if begins and (line := _REQUEST_LINE.match(data)):
            data = _NOT_ASCII.sub(lambda found: b"%%%02X" % ord(found[0]), line[0]) + data[line.end() :]
        self._behind.data_received(data)

    def eof_received(self) -> bool | None:
        return self._behind.eof_received()
