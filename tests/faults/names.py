"""Host names that are not found: what the event loop is told instead of an address."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

__all__ = ["resolving"]


@contextlib.contextmanager
def resolving(how: str) -> Iterator[None]:
    """No name has an address: the resolver fails, or it answers with nothing."""
    loop: Any = asyncio.get_running_loop()

    async def getaddrinfo(host: str, port: int, **options: Any) -> list[Any]:
        if how == "failing resolver":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return []

    loop.getaddrinfo = getaddrinfo
    try:
        yield
    finally:
        del loop.getaddrinfo
