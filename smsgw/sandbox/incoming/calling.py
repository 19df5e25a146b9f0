"""One GET to the user's application, exactly once on the wire, and what its answer means."""

import asyncio
import errno
import os
import ssl
from typing import Final

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from attrs import frozen
from yarl import URL

__all__ = ["Answer", "call", "new_session"]

_LONGEST_REPLY: Final = 1 << 16  # bytes
_SHOWN: Final = 200  # characters
_HEADERS: Final = {"User-Agent": "smsgw-sandbox", "Accept-Encoding": "identity"}


@frozen
class Answer:
    """HTTP status, beginning of the body, and why it is no acknowledgement, if it is none."""

    status: int | None
    reply: str
    error: str | None


class _Dropped(aiohttp.ClientError):
    """The connection ended with no answer on it."""


class _TooLong(Exception):
    """The body is longer than any acknowledgement."""


async def _once(request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a GET again by itself, as it does when a connection is dropped, even a new one."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # nothing was sent
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise _Dropped from None


def new_session() -> aiohttp.ClientSession:
    """For any number of calls. It keeps no connection and no cookies, and asks no proxy."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),
        headers=_HEADERS,
        auto_decompress=False,
        trust_env=False,
        middlewares=(_once,),
    )


async def call(session: aiohttp.ClientSession, url: URL, smsid: str, seconds: float) -> Answer:
    """Deliver one message; whatever happens out there is an answer."""
    status: int | None = None
    body = bytearray()
    try:
        async with asyncio.timeout(seconds), session.get(url, allow_redirects=False) as response:
            status = response.status
            await _read(response, body)
            error = _failure(status, bytes(body), smsid)
    except _TooLong:
        error = f"the body is longer than {_LONGEST_REPLY // 1024} KiB"
    except TimeoutError:
        error = (
            f"no answer in {seconds:g} s" if status is None else f"the answer did not end in {seconds:g} s"
        )
    except (aiohttp.ClientError, OSError, ValueError) as failure:
        error = "the answer broke off" if status is not None else _meaning(failure)
    # Four bytes are the most that a character takes.
    shown = bytes(body[: 4 * _SHOWN]).decode("utf-8", "replace")[:_SHOWN]
    return Answer(status, shown, error)


async def _read(response: aiohttp.ClientResponse, body: bytearray) -> None:
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _LONGEST_REPLY:
            raise _TooLong


def _failure(status: int, body: bytes, smsid: str) -> str | None:
    """Why this is no acknowledgement; None if it is one."""
    if 300 <= status < 400:
        return f"status {status}: no redirect is followed"
    if status != 200:
        return f"status {status}"
    wanted = f"smsid={smsid}"
    return None if body.strip() == wanted.encode() else f"the body is not {wanted}"


def _meaning(failure: Exception) -> str:
    """What kept the answer from coming, in one line."""
    match failure:
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            return "the certificate is not trusted"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "no TLS connection"
        case aiohttp.ClientConnectorDNSError():
            return "the host is not known"
        case aiohttp.ClientConnectorError():
            return _connecting(failure.os_error)
        case _Dropped():
            return "the connection was closed without an answer"
        case aiohttp.ClientResponseError():
            return "the answer is not HTTP"
        case _:
            return f"failed with {type(failure).__name__}"


def _connecting(error: OSError) -> str:
    if error.errno == errno.ECONNREFUSED:
        return "connection refused"
    return f"no connection: {os.strerror(error.errno).lower()}" if error.errno else "no connection"
