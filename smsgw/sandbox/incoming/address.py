"""Where incoming messages go: the URL that the user gave, and what the platform adds to it."""

from datetime import datetime
from urllib.parse import quote, urlencode, urlsplit

from yarl import URL

from smsgw.sandbox.fates import MOSCOW
from smsgw.sandbox.incoming.values import IncomingMessage

__all__ = ["checked", "url_for"]

_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_MOST = 8000  # characters of the user's own part


def checked(url: str) -> str:
    """The URL as it is; `ValueError` with one line if no message could go there. The line never holds a password."""
    if not isinstance(url, str):
        raise TypeError(f"the incoming URL is a text: {url!r}")
    if any(character <= " " or character == "\x7f" for character in url):
        raise ValueError("the incoming URL holds white space or control characters")
    if len(url) > _MOST:
        raise ValueError(f"the incoming URL is longer than {_MOST} characters")
    try:
        given = URL(url)
        url.encode()
    except ValueError:
        raise ValueError("the incoming URL cannot be read: http://host:port/path is wanted") from None
    if given.scheme not in {"http", "https"}:
        raise ValueError("the incoming URL begins with http:// or https://")
    if "@" in urlsplit(url).netloc:
        raise ValueError(
            "the incoming URL holds a login or a password, which everybody would see: leave them out"
        )
    if not given.raw_host or not given.raw_host.strip("."):
        raise ValueError("the incoming URL names no host: http://host:port/path is wanted")
    if given.port == 0:
        raise ValueError("the incoming URL names port 0, where nobody can listen")
    if "#" in url:
        raise ValueError("the incoming URL has a fragment (#…), which no server ever sees")
    return url


def url_for(url: str, message: IncomingMessage) -> URL:
    """What is asked for: the six parameters after whatever query there is, as the document shows them.

    Path and query of the user's stay byte for byte, but for what is not ASCII.
    """
    parts = urlsplit(url)
    own = "&".join(filter(None, [quote(parts.query, safe=_PRINTABLE), _query(message)]))
    path = quote(parts.path, safe=_PRINTABLE) or "/"
    return URL(f"{parts.scheme}://{URL(url).raw_authority}{path}?{own}", encoded=True)


def _query(message: IncomingMessage) -> str:
    given = {
        "date": _stamp(message.written_at),
        "text": message.text,
        "smsid": message.smsid,
        "sender": message.sender,
        "receiver": message.receiver,
        "prefix": message.prefix,
    }
    return urlencode(given, quote_via=quote)


def _stamp(at: datetime) -> str:
    """Date and time in the platform's zone. The document does not say how: as its statuses have them."""
    return f"{at.astimezone(MOSCOW):%Y-%m-%d %H:%M:%S}"
