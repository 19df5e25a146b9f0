"""The life of one request: the one place between connecting and writing, and whether a byte may have left.

What fails before the first byte was not sent, what fails after it may have been. `SessionExchange` stands in that
place as a client middleware of a session that was passed in; `direct.py` is where requests of our own pass it.
"""

import asyncio
import select
from collections.abc import Callable, MutableMapping
from http.cookies import SimpleCookie
from typing import TypeAlias

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

__all__ = ["STALE_CONNECTIONS", "Disconnected", "Exchange", "Peers", "SessionExchange", "Stale"]

STALE_CONNECTIONS = 3
"""Connections that turn out to be of no use just before writing, after which one request gives up."""

Peers: TypeAlias = MutableMapping[ResponseHandler, Callable[[], bool]]
"""Connections that have carried a request of ours, and what tells whether bytes or an end have arrived since."""


class Exchange:
    """One request, and whether a byte of it may have left."""

    __slots__ = ("_before_first_byte", "_force_close", "_peers", "_protocol", "_wrote", "entered")

    def __init__(
        self, before_first_byte: Callable[[], None] | None, peers: Peers, *, force_close: bool = False
    ) -> None:
        self._peers = peers
        self._before_first_byte = before_first_byte
        self._force_close = force_close
        self._protocol: ResponseHandler | None = None
        self._wrote = False
        self.entered = False
        """The connection is ours to look at before the first byte."""

    @property
    def was_reset(self) -> bool:
        """Whether the connection ended by an error: a reply that ends with its connection is not complete then."""
        return self._protocol is not None and isinstance(self._protocol.exception(), aiohttp.ClientOSError)

    def may_have_begun(self, error: BaseException) -> bool:
        """Whether a byte may have left. Only what proves the contrary counts as "no"."""
        if self.entered:
            return self._wrote
        return not isinstance(error, _BEFORE_ANY_BYTE)

    async def begin(self, connection: Connection) -> ResponseHandler:
        """Nothing but the first byte is missing: whatever comes next may have left.

        Raises `Stale` where the connection is of no use, and whatever `before_first_byte` raises.
        """
        protocol = self._protocol = connection.protocol
        if protocol is None or not protocol.is_connected() or protocol.should_close:
            raise Stale
        has_news = self._peers.get(protocol)
        if has_news is None:
            await self._meet(protocol)
        elif has_news():
            # aiohttp would take these bytes (a second reply to the last request) for the reply to this one.
            raise Stale
        if self._before_first_byte is not None:
            self._before_first_byte()
        self._wrote = True
        if self._force_close:
            protocol.force_close()
        return protocol

    async def _meet(self, protocol: ResponseHandler) -> None:
        """Whether a peer spoke, or left, before it was asked anything. Raises `Stale`."""
        # What has arrived is told by the loop in two turns.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if not protocol.is_connected() or protocol.should_close:
            raise Stale
        transport = protocol.transport
        if transport is not None and transport.get_extra_info("sslcontext") is None:
            # From now on a look into the kernel: it costs less than a turn of the loop, and misses nothing that has
            # arrived. (Not under TLS: bytes that arrive there may be no news.)
            self._peers[protocol] = _watch(transport.get_extra_info("socket").fileno())


class SessionExchange(Exchange):
    """One over a session that was passed in, as a client middleware.

    aiohttp resends a GET by itself when the peer drops the connection, and for these gateways a GET is an SMS. Here
    that is made impossible.
    """

    __slots__ = ("_send",)

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: ClientHandlerType
    ) -> aiohttp.ClientResponse:
        self.entered = True
        self._send = request.send
        # The connector hands its connection straight to `send`: the one place between connecting and writing.
        request.send = self._send_once  # type: ignore[method-assign, assignment]
        if "Cookie" in request.headers:
            del request.headers["Cookie"]
        lost: Exception | None = None
        try:
            for _ in range(STALE_CONNECTIONS):
                try:
                    response = await handler(request)
                except Stale:
                    continue  # nothing was written
                except aiohttp.ClientConnectorError:
                    raise
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                    lost = error
                    break
                if "Set-Cookie" in response.headers:
                    response.cookies = SimpleCookie()  # the session is about to keep them: leave it nothing
                return response
        finally:
            del request.send  # or the request would refer to itself, and wait for the garbage collector
        if lost is None:
            raise Stale
        # aiohttp would send the request again: it must not see an error that it knows.
        raise Disconnected(type(lost).__name__)

    async def _send_once(self, connection: Connection) -> aiohttp.ClientResponse:
        await self.begin(connection)
        return await self._send(connection)


_BEFORE_ANY_BYTE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Disconnected(Exception):
    """The peer closed or reset the connection."""


class Stale(Exception):
    """The connection ended, or the peer spoke unasked, before anything was written."""


def _watch(descriptor: int) -> Callable[[], bool]:
    """Tells whether bytes or an end have arrived. (`poll`, where there is one: `select` stops at descriptor 1024.)"""
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        return lambda: bool(poller.poll(0))
    return lambda: bool(select.select([descriptor], [], [], 0)[0])
