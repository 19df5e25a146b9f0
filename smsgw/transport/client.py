"""One HTTP request on the wire for each call, whatever the peer does.

Nothing that leaves here carries a URL or a body: both hold the password and the text. aiohttp's errors hold the URL,
so they are never chained to ours, neither as cause nor as context.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import AsyncGenerator, Callable
from math import inf
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from attrs import evolve
from yarl import URL

from smsgw.errors import (
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    GatewayTimeout,
    NotSubmitted,
    SmsgwError,
    UnreadableReply,
)
from smsgw.transport.bodies import read_body
from smsgw.transport.deadlines import Deadlines
from smsgw.transport.direct import Direct
from smsgw.transport.exchange import Disconnected, Exchange, Peers, SessionExchange
from smsgw.transport.replies import MAX_REPLY, Spoilt, TooLarge, as_reply
from smsgw.transport.sessions import PLAIN, check_session, default_tls, keeps_longer, open_session
from smsgw.transport.slots import Slots
from smsgw.transport.values import Reply, Request

__all__ = ["Transport"]

CONNECT_TIMEOUT = 10.0
"""Seconds for DNS, TCP and TLS together, where the request's own timeout is not shorter."""

_log = logging.getLogger("smsgw.transport")

_FORM = {**PLAIN, "Content-Type": "application/x-www-form-urlencoded"}


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
            check_session(session)
        self.slots = Slots(max_connections)
        """One for each connection; whoever sends holds one. aiohttp's own pool has no limit and no queue."""
        self._provider = provider
        self._deadlines = Deadlines(timeout)
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=min(timeout, CONNECT_TIMEOUT), ceil_threshold=inf
        )
        self._keepalive = keepalive
        self._tls = tls
        self._given = session
        self._session = session
        self._opened: AsyncGenerator[aiohttp.ClientSession, None] | None = None
        """Keeps a session of our own open."""
        self._opened_in: asyncio.AbstractEventLoop | None = None
        self._force_close = session is not None and keeps_longer(session, keepalive)
        self._direct: Direct | None = None
        """The way past aiohttp's client, where the session is our own."""
        self._peers: Peers = WeakKeyDictionary()

    async def request(self, request: Request, before_first_byte: Callable[[], None] | None = None) -> Reply:
        """Send `request` once and read its reply.

        `before_first_byte` is called when a connection stands and nothing has been written yet; what it
        raises stops the request.

        Raises `ConnectionFailed` (nothing was sent), `GatewayTimeout`, `ConnectionLost` or `UnreadableReply`
        (it may have been).
        """
        session = self._session
        if session is None or (session.closed and self._is_of_another_loop):
            session = await self._open()
        if session.closed:
            whose = "session that was passed in" if session is self._given else "event loop's session"
            raise NotSubmitted(f"the {whose} is closed", provider=self._provider)
        direct = self._direct
        letter = None if direct is None else direct.letter(request)
        deadline = self._deadlines.begin()
        exchange: Exchange
        if direct is None or letter is None:
            exchange = middleware = SessionExchange(
                before_first_byte, self._peers, force_close=self._force_close
            )
            reply = self._through(session, request, middleware)
        else:
            exchange = Exchange(before_first_byte, self._peers)
            reply = direct.send(letter, exchange)
        try:
            try:
                return await reply
            finally:
                self._deadlines.end(deadline)
        except SmsgwError as error:
            failure = error.with_traceback(None)
        except asyncio.CancelledError as error:
            if not deadline.ended_it and _cancelled():
                raise error.with_traceback(None)  # noqa: B904 - aiohttp's frames hold the URL, ours the reply
            failure = self._translate(TimeoutError() if deadline.ended_it else error, exchange)
        except Exception as error:  # noqa: BLE001  (once a byte is out, whatever else happens is an outcome)
            failure = self._translate(error, exchange)
        # Raised here, outside of the `except`, so that aiohttp's error is not its context.
        raise failure

    async def _through(
        self, session: aiohttp.ClientSession, request: Request, exchange: SessionExchange
    ) -> Reply:
        """By aiohttp's client: a session that was passed in, or what stands in for aiohttp in tests."""
        # (No name for the response: frames of what is raised from here hold neither URL nor text.)
        return await self._read(
            await session.request(
                request.method,
                self._url(request),
                data=request.body,
                headers=PLAIN if request.body is None else _FORM,
                allow_redirects=False,
                auto_decompress=False,
                raise_for_status=False,
                timeout=self._timeout,
                ssl=self._tls or default_tls(),
                middlewares=(exchange,),
            ),
            exchange,
        )

    async def _read(self, response: aiohttp.ClientResponse, exchange: Exchange) -> Reply:
        connection = response.connection
        try:
            body = await read_body(response.content, None if connection is None else connection.protocol)
        finally:
            # Complete: its connection is back in the pool already. Otherwise: it must not go there.
            response.close()
        reply = as_reply(response.status, response.headers, body, was_reset=exchange.was_reset)
        # What stands in for aiohttp in tests has no connection that could end.
        return reply if exchange.entered else evolve(reply, framed=True)

    def _url(self, request: Request) -> URL:
        try:
            return URL(request.url, encoded=True)
        except ValueError:
            pass
        raise self._wrong_url()

    def _wrong_url(self) -> ConfigurationError:
        return ConfigurationError("`url` is no http or https address", provider=self._provider)

    def _translate(self, error: BaseException, exchange: Exchange) -> SmsgwError:
        """aiohttp's error as ours, by the phase in which it happened."""
        if not exchange.entered and isinstance(error, ValueError | aiohttp.NonHttpUrlClientError):
            return self._wrong_url()
        if not exchange.may_have_begun(error):
            return self._no_connection(error)
        if isinstance(error, TimeoutError):
            seconds = self._deadlines.seconds
            return GatewayTimeout(f"no answer within {seconds:g} s", provider=self._provider)
        if isinstance(error, Disconnected | aiohttp.ServerDisconnectedError):
            return ConnectionLost("the connection ended before a reply came", provider=self._provider)
        if isinstance(error, OSError):
            return ConnectionLost("the connection broke", provider=self._provider)
        if isinstance(error, TooLarge):
            return UnreadableReply(f"the reply is longer than {MAX_REPLY} bytes", provider=self._provider)
        if isinstance(error, aiohttp.ClientPayloadError | Spoilt):
            return UnreadableReply("the reply is cut short or damaged", provider=self._provider)
        if not isinstance(error, aiohttp.ClientError | HttpProcessingError):
            _log.error("unforeseen %s while reading a reply of %s", type(error).__name__, self._provider)
        return UnreadableReply("the reply is not HTTP as it should be", provider=self._provider)

    def _no_connection(self, error: BaseException) -> ConnectionFailed:
        if isinstance(error, TimeoutError):
            return ConnectionFailed("no connection came about in time", provider=self._provider)
        cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            reason = "the gateway's TLS certificate is not valid for this host"
        elif isinstance(error, aiohttp.ClientConnectorDNSError):
            reason = "the gateway's host name was not found"
        elif isinstance(cause, ssl.SSLError):
            reason = f"TLS failed ({cause.reason or 'no reason given'}): is it https that this port speaks?"
        elif cause is not None and cause.errno:
            reason = f"no connection to the gateway came about: {os.strerror(cause.errno)}"
        else:
            reason = "no connection to the gateway came about"
        return ConnectionFailed(reason, provider=self._provider)

    @property
    def _is_of_another_loop(self) -> bool:
        """Whether a session of our own was closed with its loop. (One that is just ending gets no new one.)"""
        return self._opened_in is not None and self._opened_in is not asyncio.get_running_loop()

    async def _open(self) -> aiohttp.ClientSession:
        """Without a turn of the loop, so that two requests at once open one."""
        self._opened_in = asyncio.get_running_loop()
        self._opened = open_session(self._keepalive)
        self._session = await anext(self._opened)
        self._direct = Direct(self._session, self._timeout, self._tls or default_tls())
        return self._session

    async def aclose(self) -> None:
        """Close the connections, unless the session was passed in."""
        opened, self._opened, self._session = self._opened, None, self._given
        self._direct = None
        if opened is not None:
            await opened.aclose()


def _cancelled() -> bool:
    """Whether somebody cancelled this task. A session that is closed meanwhile looks like it, but is a failure."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
