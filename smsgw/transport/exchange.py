"""The life of one request, seen from inside aiohttp as a client middleware.

aiohttp resends a GET by itself when the peer drops the connection, and for these gateways a GET is an SMS. This
middleware, which every request of ours passes, makes that impossible, and notes the moment at which the first byte
leaves: what fails before it was not sent, what fails after it may have been.
"""

import asyncio
import select
from collections.abc import Callable
from http.cookies import SimpleCookie
from weakref import WeakSet

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

__all__ = ["Disconnected", "Exchange"]

STALE_CONNECTIONS = 3
"""Connections that turn out to be of no use just before writing, after which one request gives up."""


class Exchange:
    """One request, and whether a byte of it may have left."""

    __slots__ = ("_before_first_byte", "_force_close", "_protocol", "_used", "_wrote", "entered")

    def __init__(
        self,
        before_first_byte: Callable[[], None] | None,
        force_close: bool,
        used: WeakSet[ResponseHandler],
    ) -> None:
        self._used = used
        self._before_first_byte = before_first_byte
        self._force_close = force_close
        self._protocol: ResponseHandler | None = None
        self._wrote = False
        self.entered = False

    @property
    def was_reset(self) -> bool:
        """Whether the connection ended by an error: a reply that ends with its connection is not complete then."""
        return self._protocol is not None and isinstance(self._protocol.exception(), aiohttp.ClientOSError)

    def may_have_begun(self, error: BaseException) -> bool:
        """Whether a byte may have left. Only what proves the contrary counts as "no"."""
        if self.entered:
            return self._wrote
        return not isinstance(error, _BEFORE_ANY_BYTE)

    async def _has_news(self, protocol: ResponseHandler) -> bool:
        """Whether the peer has closed, or sent bytes that nobody asked for.

        aiohttp would take such bytes (a second reply to the last request) for the reply to this one.
        """
        if not protocol.is_connected() or protocol.should_close:
            return True
        transport = protocol.transport
        if (
            protocol in self._used
            and transport is not None
            and transport.get_extra_info("sslcontext") is None
        ):
            # A look into the kernel costs less than a turn of the loop, and misses nothing that has arrived.
            return _readable(transport.get_extra_info("socket").fileno())
        # Under TLS there may be bytes that are no news; a new peer has not had its turn. The loop tells in two.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._used.add(protocol)
        return not protocol.is_connected() or protocol.should_close

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: ClientHandlerType
    ) -> aiohttp.ClientResponse:
        self.entered = True
        send = request.send

        async def send_once(connection: Connection) -> aiohttp.ClientResponse:
            protocol = self._protocol = connection.protocol
            if protocol is None or await self._has_news(protocol):
                raise _Stale
            if self._before_first_byte is not None:
                self._before_first_byte()
            self._wrote = True
            if self._force_close:
                protocol.force_close()
            return await send(connection)

        # The connector hands its connection straight to `send`: the one place between connecting and writing.
        request.send = send_once  # type: ignore[method-assign, assignment]
        if "Cookie" in request.headers:
            del request.headers["Cookie"]
        try:
            response = await self._through(handler, request)
        finally:
            del request.send  # or the request would refer to itself, and wait for the garbage collector
        if "Set-Cookie" in response.headers:
            response.cookies = SimpleCookie()  # the session is about to keep them: leave it nothing
        return response

    async def _through(
        self, handler: ClientHandlerType, request: aiohttp.ClientRequest
    ) -> aiohttp.ClientResponse:
        lost: Exception | None = None
        for _ in range(STALE_CONNECTIONS):
            try:
                return await handler(request)
            except _Stale:
                continue  # nothing was written
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                lost = error
                break
        if lost is None:
            raise _Stale
        # aiohttp would send the request again: it must not see an error that it knows.
        raise Disconnected(type(lost).__name__)


_BEFORE_ANY_BYTE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class Disconnected(Exception):
    """The peer closed or reset the connection."""


class _Stale(Exception):
    """The connection ended, or the peer spoke unasked, before anything was written."""


def _readable(descriptor: int) -> bool:
    """Whether bytes or an end have arrived. (`poll`, where there is one: `select` stops at descriptor 1024.)"""
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        return bool(poller.poll(0))
    return bool(select.select([descriptor], [], [], 0)[0])
