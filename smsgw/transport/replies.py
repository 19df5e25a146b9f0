"""What a reply's bytes and headers say, without I/O: its size, its compression, how long to wait."""

import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["MAX_REPLY", "Spoilt", "TooLarge", "retry_after", "unpack"]

MAX_REPLY = 1 << 20
"""Bytes of a reply, after decompression, beyond which it is not read."""


class TooLarge(Exception):
    """The reply is longer than `MAX_REPLY`."""


class Spoilt(Exception):
    """The reply's compression is unknown, damaged or cut short."""


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
