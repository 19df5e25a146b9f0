"""The other side of a receiver: a subscriber texts, and the platform calls its customer's script, as IBA Telecom would.

Written from iba.txt alone, call by call, so that tests decide what is repeated and what comes at once.
"""

import asyncio
import re
from datetime import datetime, timedelta, timezone
from typing import Final
from urllib.parse import urlencode, urlsplit

from attrs import field, frozen

__all__ = ["IncomingSms"]

MOSCOW: Final = timezone(timedelta(hours=3))
_LONGEST_REPLY: Final = 1 << 16
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d{1,9})", re.IGNORECASE)


@frozen(kw_only=True)
class IncomingSms:
    """One SMS on its way to a customer's script."""

    message_id: str
    text: str = field(repr=False)
    sender: str = "79031234567"
    receiver: str = "79160000000"
    prefix: str = ""
    sent_at: datetime = field(factory=lambda: datetime.now(MOSCOW))
    charset: str = "utf-8"

    @property
    def query(self) -> str:
        given = {
            "date": f"{self.sent_at.astimezone(MOSCOW):%Y-%m-%d %H:%M:%S}",
            "text": self.text,
            "smsid": self.message_id,
            "sender": self.sender,
            "receiver": self.receiver,
            "prefix": self.prefix,
        }
        return urlencode(given, encoding=self.charset)

    async def call(self, url: str, *, timeout: float = 30.0) -> tuple[int, str]:
        """Call `http://host:port/path` once: the status, and the body. Raises `OSError` (`TimeoutError` too)."""
        place = urlsplit(url)
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(place.hostname, place.port or 80)
            try:
                head = f"GET {place.path or '/'}?{self.query} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode("ascii"))
                reply = await _to_the_end(reader)
            finally:
                writer.close()
        return _read(reply)

    def is_acknowledged(self, status: int, body: str) -> bool:
        return status == 200 and body.strip() == f"smsid={self.message_id}"


async def _to_the_end(reader: asyncio.StreamReader) -> bytes:
    reply = bytearray()
    while chunk := await reader.read(_LONGEST_REPLY):
        reply += chunk
        if len(reply) > _LONGEST_REPLY:
            raise ConnectionAbortedError("the reply does not end")
    return bytes(reply)


def _read(reply: bytes) -> tuple[int, str]:
    top, separator, body = reply.partition(b"\r\n\r\n")
    length = _LENGTH.search(top)
    if not separator or (length is not None and len(body) < int(length[1])):
        raise ConnectionResetError("the connection ended before a reply was complete")
    return int(top.split(b" ", 2)[1]), body.decode("utf-8", "replace")
