"""Who may talk to the sandbox: programs, and its own page; no web page from elsewhere, by whatever trick.

A page in a browser can have requests sent to 127.0.0.1: by an `<img>`, a form, a script, or after its own name has
come to mean 127.0.0.1 (DNS rebinding). What the browser tells of itself gives each away. A program sends none of
these headers but `Host`.
"""

from collections.abc import Awaitable, Callable, Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware
from multidict import CIMultiDictProxy

from smsgw.sandbox.web.replies import error_reply

__all__ = ["guard", "is_loopback", "refusal"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_OWN_SITES = {"same-origin", "none"}  # "none" is the address bar


def is_loopback(host: str) -> bool:
    """Whether this name or address is of this machine alone."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refusal(headers: CIMultiDictProxy[str], names: Collection[str], *, any_address: bool) -> str | None:
    """Why a request with these headers is refused, or None.

    names        hosts that are the sandbox's besides those of loopback, in lower case
    any_address  every IP address is its own: it listens on all. (A page that would pass for another needs a name.)
    """
    hosts = headers.getall("Host", [])
    for host in hosts:  # none at all is a program's of old; a browser always writes one
        if not _is_ours(host, names, any_address=any_address):
            return f"Host {host[:100]!r} is not this sandbox's; `smsgw sandbox --allow-host NAME` makes a name its own"
    own = {f"http://{host.lower()}" for host in hosts[:1]}
    for header in ("Origin", "Referer"):
        for value in headers.getall(header, []):
            if _origin(value) not in own:
                return f"{header} says that a page from elsewhere asks: {value[:100]!r}"
    for site in headers.getall("Sec-Fetch-Site", []):
        if site not in _OWN_SITES:
            return f"Sec-Fetch-Site says that a page from elsewhere asks: {site[:100]!r}"
    return None


def guard(allow: Collection[str], *, any_address: bool) -> Middleware:
    """Refuse with 403, before anything else looks at a request."""
    names = frozenset(name.lower().rstrip(".") for name in allow)

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        if (why := refusal(request.headers, names, any_address=any_address)) is None:
            return await handler(request)
        if request.path.startswith("/api/"):
            return error_reply(403, why)
        return web.Response(status=403, text=f"{why}\n")

    return checked


def _is_ours(host: str, names: Collection[str], *, any_address: bool) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if not name or any(sign in host for sign in "/?#@\\"):
        return False
    if is_loopback(name) or name.rstrip(".") in names:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return any_address


def _origin(url: str) -> str:
    """The part of a URL that says whose it is; empty for one that says nothing ("null")."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""
