"""Requests over the connections of a session of our own: aiohttp's connector, parser and TLS, without its client.

What `ClientSession.request` does for each request (redirects, cookies, proxies, authentication, retries, traces) is
of no use here, and some of it must not be: 60 µs a request, of which this takes 30. The connector hands over a
connection, the head is written to it at once, and nothing between the two can send it again.

It goes below aiohttp's documented methods in two places (`set_response_params` and `read` of a connection's
protocol), so only with versions that the tests know; other ones, and URLs that are better read by aiohttp, go
through the session.
"""

import asyncio
import re
from ssl import SSLContext
from typing import Final

import aiohttp
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from smsgw.transport.bodies import read_body
from smsgw.transport.exchange import STALE_CONNECTIONS, Exchange, Stale
from smsgw.transport.replies import as_reply
from smsgw.transport.values import Reply, Request

__all__ = ["Direct", "Letter"]

_URL: Final = re.compile(r"(https?://[a-z0-9.:\[\]-]+)(/[!\"$->@-~]*(?:\?[!\"$-~]+)?)")
"""Origin and target, where both can be written as they are: percent-encoded, no fragment, no login, no empty query."""
_NO_TRACES: Final[list[Trace]] = []
_KNOWN: Final = aiohttp.__version__.startswith("3.14.")
_ITS_OWN: Final = (aiohttp.ClientSession.request, aiohttp.ClientSession._request)  # noqa: SLF001
"""What stands in for aiohttp in tests replaces one of these, and is asked then."""
_REPLACED_ALREADY: Final = any(
    getattr(method, "__globals__", None) is not vars(aiohttp.client) for method in _ITS_OWN
)
"""This was imported while something stood in for aiohttp: what its own methods are will not be known."""
_FORM: Final = "Content-Type: application/x-www-form-urlencoded\r\n"
_SWITCHING_PROTOCOLS: Final = 101


class Letter:
    """A request as it goes out, and whereto. Its repr shows nothing, for it holds the password."""

    __slots__ = ("address", "content")

    def __init__(self, address: aiohttp.ClientRequest, content: bytes) -> None:
        self.address = address
        """For the connector only, which connects to where it leads."""
        self.content = content


class Direct:
    """The way of one provider's requests."""

    def __init__(
        self, session: aiohttp.ClientSession, timeout: aiohttp.ClientTimeout, tls: SSLContext
    ) -> None:
        self._session = session
        self._timeout = timeout
        self._tls = tls
        self._addresses: dict[str, tuple[aiohttp.ClientRequest, str]] = {}

    def letter(self, request: Request) -> Letter | None:
        """The request as it goes out this way; None where aiohttp's client, or what stands in for it, has to send it."""
        if not _KNOWN or _is_stood_in_for():
            return None
        try:
            if (url := _URL.fullmatch(request.url)) is None:
                return None
            address, rest = self._addresses.get(url[1]) or self._meet(url[1])
        except (TypeError, ValueError):  # no text, or no address
            return None
        if request.method == "GET" and request.body is None:
            return Letter(address, f"GET {url[2]} HTTP/1.1\r\n{rest}\r\n".encode())
        if request.method == "POST" and isinstance(request.body, bytes):
            form = f"{_FORM}Content-Length: {len(request.body)}\r\n\r\n"
            return Letter(address, f"POST {url[2]} HTTP/1.1\r\n{rest}{form}".encode() + request.body)
        return None

    def _meet(self, origin: str) -> tuple[aiohttp.ClientRequest, str]:
        """What all requests to this origin have in common."""
        loop, headers = asyncio.get_running_loop(), self._session.headers
        address = aiohttp.ClientRequest(
            "GET", URL(origin, encoded=True), loop=loop, ssl=self._tls, headers=headers
        )
        if self._session.connector is not None and self._session.connector.force_close:
            address.headers["Connection"] = "close"
        rest = "".join([f"{name}: {value}\r\n" for name, value in address.headers.items()])
        self._addresses[origin] = address, rest
        return address, rest

    async def send(self, letter: Letter, exchange: Exchange) -> Reply:
        """Send it once and read its reply. Raises what aiohttp's connector, protocol and bodies raise."""
        exchange.entered = True
        connector = self._session.connector
        if connector is None:
            raise aiohttp.ClientConnectionError
        for _ in range(STALE_CONNECTIONS):
            connection = await connector.connect(letter.address, _NO_TRACES, self._timeout)
            try:
                return await _exchanged(letter, connection, exchange)
            except Stale:
                continue  # nothing was written
            finally:
                connection.close()  # where it has not gone back to the pool
        raise Stale


def _is_stood_in_for() -> bool:
    client = aiohttp.ClientSession
    if _REPLACED_ALREADY:
        return True
    return client.request is not _ITS_OWN[0] or client._request is not _ITS_OWN[1]  # noqa: SLF001


async def _exchanged(letter: Letter, connection: Connection, exchange: Exchange) -> Reply:
    protocol = await exchange.begin(connection)
    if (transport := protocol.transport) is None:
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(read_until_eof=True, auto_decompress=False)
    transport.write(letter.content)
    message, content = await protocol.read()
    while 100 <= message.code < 200 and message.code != _SWITCHING_PROTOCOLS:
        message, content = await protocol.read()
    body = await read_body(content, protocol)
    was_reset = exchange.was_reset
    if content.is_eof() and not transport.get_write_buffer_size():
        # (Otherwise the next request would wait behind a form that nobody may be reading any more.)
        connection.release()
    return as_reply(message.code, message.headers, body, was_reset=was_reset)
