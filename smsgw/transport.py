"""One HTTP request on the wire for each call, whatever the peer does; the only module that touches aiohttp's client.

aiohttp resends a GET by itself when the peer drops the connection, and for these gateways a GET is an SMS.
`_Exchange`, a client middleware of ours that every request passes, makes that impossible, and notes the
moment at which the first byte leaves: what fails before it was not sent, what fails after it may have been.

Nothing that leaves this module carries a URL or a body: both hold the password and the text. aiohttp's
errors hold the URL, so they are never chained to ours, neither as cause nor as context.
"""

import asyncio
import logging
import ssl
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.cookies import SimpleCookie
from math import inf
from typing import Protocol

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from attrs import field, frozen
from yarl import URL

from smsgw._version import __version__
from smsgw.errors import (
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    GatewayTimeout,
    NotSubmitted,
    SmsgwError,
    UnreadableReply,
)

__all__ = ["MAX_REPLY", "Reply", "Request", "Transport", "Wire"]

MAX_REPLY = 1 << 20
"""Bytes of a reply, after decompression, beyond which it is not read."""

CONNECT_TIMEOUT = 10.0
"""Seconds for DNS, TCP and TLS together, where the request's own timeout is not shorter."""

STALE_CONNECTIONS = 3
"""Connections that turn out to be of no use just before writing, after which one request gives up."""

_log = logging.getLogger("smsgw.transport")


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


class Wire(Protocol):
    """What a driver sends its requests through: a `Transport`, or one attempt over it."""

    async def request(self, request: Request) -> Reply: ...


@cache
def _default_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Exchange:
    """The life of one request, seen from inside aiohttp as a client middleware."""

    __slots__ = ("_before_first_byte", "_force_close", "_protocol", "_wrote", "entered")

    def __init__(self, before_first_byte: Callable[[], None] | None, force_close: bool) -> None:
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

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: ClientHandlerType
    ) -> aiohttp.ClientResponse:
        self.entered = True
        send = request.send

        async def send_once(connection: Connection) -> aiohttp.ClientResponse:
            protocol = self._protocol = connection.protocol
            # The loop needs two turns to see what has arrived: the peer's goodbye, or bytes that nobody asked
            # for. aiohttp would take those (a second reply to the last request) for the reply to this one.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if protocol is None or not protocol.is_connected() or protocol.should_close:
                raise _Stale
            if self._before_first_byte is not None:
                self._before_first_byte()
            self._wrote = True
            if self._force_close:
                protocol.force_close()
            return await send(connection)

        # The connector hands its connection straight to `send`: the one place between connecting and writing.
        request.send = send_once  # type: ignore[method-assign, assignment]
        request.headers.popall("Cookie", None)
        lost: Exception | None = None
        for _ in range(STALE_CONNECTIONS):
            try:
                response = await handler(request)
            except _Stale:
                continue  # nothing was written
            except aiohttp.ClientConnectorError:
                raise
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                lost = error
                break
            response.cookies = SimpleCookie()
            return response
        if lost is None:
            raise _Stale
        # aiohttp would send the request again: it must not see an error that it knows.
        raise _Disconnected(type(lost).__name__)


_BEFORE_ANY_BYTE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class _Disconnected(Exception):
    """The peer closed or reset the connection."""


class _Stale(Exception):
    """The connection ended, or the peer spoke unasked, before anything was written."""


class Transport:
    """The connections to one provider.

    A session that is passed in is used and never closed; one that could resend or divert a request
    (middlewares or requests of its own, `trust_env`, a proxy) is a `ConfigurationError`.
    """

    def __init__(
        self,
        *,
        provider: str | None = None,
        timeout: float = 30.0,
        keepalive: float = 2.0,
        max_connections: int = 20,
        session: aiohttp.ClientSession | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if session is not None:
            _check_session(session)
        self.slots = asyncio.Semaphore(max_connections)
        """One for each connection; whoever sends holds one. aiohttp's own pool has no limit and no queue."""
        self._provider = provider
        self._timeout = aiohttp.ClientTimeout(
            total=timeout, connect=min(timeout, CONNECT_TIMEOUT), ceil_threshold=inf
        )
        self._keepalive = keepalive
        self._tls = tls
        self._given = session
        self._session = session
        self._force_close = session is not None and _keeps_longer(session, keepalive)

    async def request(self, request: Request, before_first_byte: Callable[[], None] | None = None) -> Reply:
        """Send `request` once and read its reply.

        `before_first_byte` is called when a connection stands and nothing has been written yet; what it
        raises stops the request.

        Raises `ConnectionFailed` (nothing was sent), `GatewayTimeout`, `ConnectionLost` or `UnreadableReply`
        (it may have been).
        """
        session = self._session or self._open()
        if session.closed:
            raise NotSubmitted("the session that was passed in is closed", provider=self._provider)
        exchange = _Exchange(before_first_byte, self._force_close)
        try:
            return await self._exchange(session, request, exchange)
        except SmsgwError as error:
            failure = error.with_traceback(None)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _cancelled():
                raise
            # Once a byte is out, whatever else happens is an outcome, not an exception.
            failure = self._translate(error, exchange.may_have_begun(error))
        # Raised here, outside of the `except`, so that aiohttp's error is not its context.
        raise failure

    async def _exchange(self, session: aiohttp.ClientSession, request: Request, exchange: _Exchange) -> Reply:
        response = await session.request(
            request.method,
            self._url(request),
            data=request.body,
            headers=_HEADERS if request.body is None else _FORM,
            allow_redirects=False,
            auto_decompress=False,
            raise_for_status=False,
            timeout=self._timeout,
            ssl=self._tls or _default_tls(),
            middlewares=(exchange,),
        )
        try:
            body = await _read(response)
        finally:
            # Complete: its connection is back in the pool already. Otherwise: it must not go there.
            response.close()
        if exchange.was_reset and _ends_with_connection(response):
            raise aiohttp.ClientPayloadError
        return Reply(
            response.status, _unpack(response, body), _retry_after(response.headers.get("Retry-After"))
        )

    def _url(self, request: Request) -> URL:
        try:
            url = URL(request.url, encoded=True)
            if url.scheme in ("http", "https") and url.host and url.port:
                return url
        except ValueError:
            pass
        raise ConfigurationError("`url` is no http or https address", provider=self._provider)

    def _translate(self, error: BaseException, began: bool) -> SmsgwError:
        """aiohttp's error as ours, by the phase in which it happened."""
        if not began:
            return self._no_connection(error)
        name = type(error).__name__
        if isinstance(error, TimeoutError):
            seconds = self._timeout.total
            return GatewayTimeout(f"no answer within {seconds:g} s", provider=self._provider, code=name)
        if isinstance(error, _Disconnected):
            return ConnectionLost(
                "the connection ended before a reply came", provider=self._provider, code=str(error)
            )
        if isinstance(error, OSError):
            return ConnectionLost("the connection broke", provider=self._provider, code=name)
        if isinstance(error, _TooLarge):
            return UnreadableReply(f"the reply is longer than {MAX_REPLY} bytes", provider=self._provider)
        if isinstance(error, aiohttp.ClientPayloadError):
            return UnreadableReply("the reply is cut short or damaged", provider=self._provider, code=name)
        if not isinstance(error, aiohttp.ClientError):
            _log.error("unforeseen %s while reading a reply of %s", name, self._provider)
        return UnreadableReply("the reply is not HTTP as it should be", provider=self._provider, code=name)

    def _no_connection(self, error: BaseException) -> ConnectionFailed:
        name = type(error).__name__
        if isinstance(error, TimeoutError):
            return ConnectionFailed("no connection came about in time", provider=self._provider, code=name)
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            reason = "the gateway's TLS certificate is not valid for this host"
        elif isinstance(error, aiohttp.ClientConnectorDNSError):
            reason = "the gateway's host name was not found"
        else:
            reason = "no connection to the gateway came about"
        cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
        detail = f" ({cause.strerror})" if isinstance(cause, OSError) and cause.strerror else ""
        return ConnectionFailed(reason + detail, provider=self._provider, code=name)

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=None if self._keepalive <= 0 else self._keepalive,
            force_close=self._keepalive <= 0,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"smsgw/{__version__}"},
            trust_env=False,
        )
        return self._session

    async def aclose(self) -> None:
        """Close the connections, unless the session was passed in."""
        session, self._session = self._session, self._given
        if session is not None and session is not self._given:
            await session.close()


# A reply is tiny, and of a compressed one it is harder to tell whether it is complete.
_HEADERS = {"Accept-Encoding": "identity"}
_FORM = {**_HEADERS, "Content-Type": "application/x-www-form-urlencoded"}


class _TooLarge(Exception):
    """The reply is longer than `MAX_REPLY`."""


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunk = await response.content.readany()
    if response.content.at_eof() and len(chunk) <= MAX_REPLY:
        return chunk
    chunks, size = [chunk], len(chunk)
    while size <= MAX_REPLY:
        chunk = await response.content.readany()
        if not chunk and response.content.at_eof():
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
    raise _TooLarge


def _ends_with_connection(response: aiohttp.ClientResponse) -> bool:
    headers = response.headers
    return "Content-Length" not in headers and "chunked" not in headers.get("Transfer-Encoding", "").lower()


def _unpack(response: aiohttp.ClientResponse, body: bytes) -> bytes:
    """Undo a compression that we did not ask for. aiohttp would take a truncated gzip for complete."""
    encoding = ",".join(response.headers.getall("Content-Encoding", ())).strip().lower()
    if not body or encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise aiohttp.ClientPayloadError
    unpacker = zlib.decompressobj(wbits=47)
    try:
        unpacked = unpacker.decompress(body, MAX_REPLY + 1)
    except zlib.error:
        raise aiohttp.ClientPayloadError from None
    if len(unpacked) > MAX_REPLY:
        raise _TooLarge
    if not unpacker.eof or unpacker.unused_data:
        raise aiohttp.ClientPayloadError
    return unpacked


def _cancelled() -> bool:
    """Whether somebody cancelled this task. A session that is closed meanwhile looks like it, but is a failure."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _retry_after(value: str | None) -> float | None:
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:10])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _check_session(session: aiohttp.ClientSession) -> None:
    # aiohttp offers no public way to ask for most of these.
    if type(session)._request is not aiohttp.ClientSession._request:  # noqa: SLF001
        raise ConfigurationError(
            "`session` is of a class with requests of its own, which could send a message twice, or answer from "
            "a cache: pass a plain ClientSession"
        )
    if getattr(session, "_middlewares", ()):
        raise ConfigurationError(
            "`session` has middlewares of its own, which could send a message twice: pass one without"
        )
    if session.trust_env:
        raise ConfigurationError(
            "`session` has trust_env, so the environment could divert messages: pass one without"
        )
    if getattr(session, "_default_proxy", None) is not None:
        raise ConfigurationError("`session` has a proxy, and a proxy may send a GET again: pass one without")


def _keeps_longer(session: aiohttp.ClientSession, keepalive: float) -> bool:
    """Whether the session would reuse connections that idled for longer than `keepalive`; if so, we reuse none."""
    if keepalive <= 0:
        return True
    kept = getattr(session.connector, "_keepalive_timeout", None)
    return not isinstance(kept, int | float) or kept > keepalive
