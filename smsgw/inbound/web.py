"""Incoming messages for aiohttp: `inbound_app`, an application of its own or below another's path."""

import os
from collections.abc import Iterable

from aiohttp import web

from smsgw.inbound.calls import Call
from smsgw.inbound.door import Address, Network
from smsgw.inbound.handling import Handler
from smsgw.inbound.receiver import Receiver
from smsgw.inbound.store import InboundStore

__all__ = ["inbound_app"]


def inbound_app(
    handler: Handler,
    *,
    secret: str | None = None,
    allow: Iterable[str | Address | Network] = (),
    trusted_proxies: Iterable[str | Address | Network] = (),
    store: InboundStore | str | os.PathLike[str] | None = None,
    timeout: float = 20.0,
    reply: bool = False,
    max_handlers: int = 1000,
) -> web.Application:
    """An application that answers at `/`, or at `/<secret>`; `Receiver` tells what the settings mean.

    Alone for `web.run_app`, or `app.add_subapp("/sms", inbound_app(…))`. A store that cannot be used is an
    `InboundStoreError` when the server starts.
    """
    receiver = Receiver(
        handler,
        secret=secret,
        allow=allow,
        trusted_proxies=trusted_proxies,
        store=store,
        timeout=timeout,
        reply=reply,
        max_handlers=max_handlers,
    )

    async def answer(request: web.Request) -> web.Response:
        # The request line as it came: aiohttp's own reading of it knows UTF-8 only.
        query = request.raw_path.partition("#")[0].partition("?")[2]
        given = await receiver.receive(
            Call(
                request.method,
                request.match_info.get("path", ""),
                query.encode("utf-8", "surrogateescape"),
                request.remote,
                tuple(request.headers.getall("X-Forwarded-For", ())),
            )
        )
        return web.Response(status=given.status, body=given.body, headers=given.headers)

    async def begin(_: web.Application) -> None:
        await receiver.open()

    async def end(_: web.Application) -> None:
        await receiver.aclose()

    app = web.Application()
    app.router.add_route("*", "", answer)  # below a prefix, the prefix itself
    app.router.add_route("*", "/{path:.*}", answer)
    app.on_startup.append(begin)
    app.on_shutdown.append(end)  # while those who wait for a handler are still connected
    return app
