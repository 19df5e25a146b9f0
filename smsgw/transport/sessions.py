"""Sessions: ours, and which of other people's are safe to send through."""

import ssl
from collections.abc import AsyncGenerator
from functools import cache
from typing import Final

import aiohttp

from smsgw._version import __version__
from smsgw.errors import ConfigurationError

__all__ = ["PLAIN", "check_session", "default_tls", "keeps_longer", "open_session"]


# A reply is tiny, and of a compressed one it is harder to tell whether it is complete.
PLAIN: Final = {"Accept-Encoding": "identity"}


@cache
def default_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def open_session(keepalive: float) -> AsyncGenerator[aiohttp.ClientSession, None]:
    """No cookies, no proxies, no limit of its own, and no connection older than `keepalive` seconds.

    Of an asynchronous generator that is not closed the event loop takes care when it ends: so it disconnects also
    where nobody closed the dispatcher.
    """
    connector = aiohttp.TCPConnector(
        limit=0, keepalive_timeout=keepalive if keepalive > 0 else None, force_close=keepalive <= 0
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={**PLAIN, "User-Agent": f"smsgw/{__version__}"},
        trust_env=False,
    ) as session:
        yield session


def check_session(session: aiohttp.ClientSession) -> None:
    """Raise `ConfigurationError` for a session that could resend or divert a request."""
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


def keeps_longer(session: aiohttp.ClientSession, keepalive: float) -> bool:
    """Whether the session would reuse connections that idled for longer than `keepalive`; if so, we reuse none."""
    if keepalive <= 0:
        return True
    kept = getattr(session.connector, "_keepalive_timeout", None)
    return not isinstance(kept, int | float) or kept > keepalive
