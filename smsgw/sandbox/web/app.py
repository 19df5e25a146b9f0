"""All paths of the sandbox, put together: the page, the API, and behind them the gateways."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from importlib.resources import files
from mimetypes import guess_type

from aiohttp import web

from smsgw.sandbox.web.api import Api, Facts
from smsgw.sandbox.web.guard import guard
from smsgw.sandbox.wire import exchange
from smsgw.sandbox.world import World

__all__ = ["new_app"]

_LARGEST_BODY = 1 << 22  # bytes
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def new_app(
    world: World, facts: Facts, *, stopping: asyncio.Event, allow_hosts: Collection[str], any_address: bool
) -> web.Application:
    """The whole sandbox as an application; `stopping` ends whatever waits."""
    app = web.Application(
        client_max_size=_LARGEST_BODY, middlewares=[guard(allow_hosts, any_address=any_address)]
    )
    for name, content in _static().items():
        app.router.add_get("/" if name == "index.html" else f"/{name}", _file(name, content))
    Api(world, facts, stopping).add_to(app.router)

    async def to_gateway(request: web.Request) -> web.StreamResponse:
        name, _, script = request.path.removeprefix("/").partition("/")
        if (gateway := world.gateways.get(name)) is None:
            return web.Response(status=404, text="No such gateway; / shows them all.\n")
        return await exchange(gateway, script, request, stopping)

    app.router.add_route("*", "/{path:.*}", to_gateway)
    return app


def _static() -> dict[str, bytes]:
    """The files of the page, by name."""
    folder = files("smsgw.sandbox.web") / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def _file(name: str, content: bytes) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    kind = guess_type(name)[0] or "application/octet-stream"

    async def given(_: web.Request) -> web.Response:
        return web.Response(body=content, headers={**_PAGE_HEADERS, "Content-Type": f"{kind}; charset=utf-8"})

    return given
