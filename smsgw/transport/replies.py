"""What a reply's bytes and headers say, without I/O: its size, its compression, how long to wait."""

import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from multidict import CIMultiDictProxy

from smsgw.transport.values import Reply

__all__ = ["MAX_REPLY", "Spoilt", "TooLarge", "as_reply", "retry_after", "unpack"]

MAX_REPLY = 1 << 20
"""Bytes of a reply, after decompression, beyond which it is not read."""


class TooLarge(Exception):
    """The reply is longer than `MAX_REPLY`."""


class Spoilt(Exception):
    """The reply's compression is unknown, damaged or cut short."""


def as_reply(status: int, headers: CIMultiDictProxy[str], body: bytes, *, was_reset: bool) -> Reply:
    """A reply that was read to its end. `was_reset`: its connection ended by an error.

    Raises `Spoilt` or `TooLarge` where its end or its compression proves that it is not whole.
    """
    framed = "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower()
    if was_reset and not framed:
        raise Spoilt
    if "Content-Encoding" in headers:
        body = unpack(body, ",".join(headers.getall("Content-Encoding")))
    return Reply(status, body, retry_after(headers.get("Retry-After")), framed)


def unpack(body: bytes, encoding: str) -> bytes:
    """Undo a compression that we did not ask for. (aiohttp would take a truncated gzip for complete.)"""
    encoding = encoding.strip().lower()
    if not body or encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Spoilt
    unpacker = zlib.decompressobj(wbits=47)
    try:
        unpacked = unpacker.decompress(body, MAX_REPLY + 1)
    except zlib.error:
        raise Spoilt from None
    if len(unpacked) > MAX_REPLY:
        raise TooLarge
    if not unpacker.eof or unpacker.unused_data:
        raise Spoilt
    return unpacked


def retry_after(value: str | None) -> float | None:
    """`Retry-After` in seconds, given as seconds or as an HTTP date; None where absent or unreadable."""
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
