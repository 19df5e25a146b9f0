"""Host names that are not found, or found on this machine: what the event loop is told of them."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

__all__ = ["resolving"]


@contextlib.contextmanager
def resolving(how: str) -> Iterator[None]:
    """The resolver fails, answers with nothing, or finds every name on this machine."""
    loop: Any = asyncio.get_running_loop()

    async def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        if how == "failing resolver":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if how == "a name":
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]
        return []

    loop.getaddrinfo = getaddrinfo
    try:
        yield
    finally:
        del loop.getaddrinfo
