"""A reply's body, read from its connection: to its end, to the limit, or until the connection has gone."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from aiohttp.client_proto import ResponseHandler

from smsgw.transport.replies import MAX_REPLY, TooLarge

__all__ = ["read_body"]


async def read_body(content: aiohttp.StreamReader, protocol: ResponseHandler | None) -> bytes:
    """The whole body, of a reply that comes over the connection of `protocol`. Raises `TooLarge`, and aiohttp's errors."""
    if content.is_eof() and content.exception() is None:  # all of it came with the head: nothing to wait for
        body = content.read_nowait()
        if len(body) > MAX_REPLY:
            raise TooLarge
        return body
    with _told_of_its_end(content, protocol):
        return await _read_to_end(content)


async def _read_to_end(content: aiohttp.StreamReader) -> bytes:
    chunk = await content.readany()
    if content.at_eof() and len(chunk) <= MAX_REPLY:
        return chunk
    chunks, size = [chunk], len(chunk)
    while size <= MAX_REPLY:
        chunk = await content.readany()
        if not chunk and content.at_eof():
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
    raise TooLarge


@contextmanager
def _told_of_its_end(content: aiohttp.StreamReader, protocol: ResponseHandler | None) -> Iterator[None]:
    """Whoever reads the body learns that its connection has gone.

    aiohttp hangs up in the middle of a body that breaks HTTP's rules, and tells nobody: the reader would wait for
    its whole timeout.
    """
    closed = protocol.closed if protocol is not None else None

    def end(_: object = None) -> None:
        if not content.is_eof() and content.exception() is None:
            content.set_exception(aiohttp.ClientPayloadError())

    if closed is None:
        end()
        yield
        return
    closed.remove_done_callback(_seen)  # it stays with the connection, and once is enough
    closed.add_done_callback(_seen)
    closed.add_done_callback(end)
    try:
        yield
    finally:
        closed.remove_done_callback(end)


def _seen(closed: asyncio.Future[None]) -> None:
    """Why the connection ended is said by the body, too: nobody else need look at it."""
    if not closed.cancelled():
        closed.exception()
