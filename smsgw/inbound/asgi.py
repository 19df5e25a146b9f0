"""Incoming messages for ASGI servers and frameworks (uvicorn, Starlette, FastAPI): `InboundASGI`."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from smsgw.errors import SmsgwError
from smsgw.faults import frames
from smsgw.inbound.calls import Call
from smsgw.inbound.receiver import Receiver

__all__ = ["InboundASGI"]

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

_PROXY: bytes = b"x-forwarded-for"


class InboundASGI(Receiver):
    """An ASGI 3 application that answers at its root, or at `/<secret>`; its settings are `Receiver`'s.

    Alone it is opened and closed by the server (lifespan). A framework tells nothing of that to what is mounted: there,
    `async with` it in the framework's own lifespan, or at least `aclose()` it at the end.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, send)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})  # before it was accepted: 403
        else:
            raise ValueError("InboundASGI answers HTTP only")

    async def _http(self, scope: Scope, send: Send) -> None:
        answer = await self.receive(_call(scope))
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                try:
                    await self.open()
                except Exception as error:  # noqa: BLE001 - raised, it would mean to servers that we have no lifespan
                    said = str(error) if isinstance(error, SmsgwError) else frames(error)
                    await send({"type": "lifespan.startup.failed", "message": said})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _call(scope: Mapping[str, Any]) -> Call:
    client = scope.get("client")
    return Call(
        scope["method"],
        _below(scope.get("root_path", ""), scope["path"]),
        scope.get("query_string", b""),
        None if client is None else client[0],
        tuple(value.decode("latin-1") for name, value in scope["headers"] if name.lower() == _PROXY),
    )


def _below(root: str, path: str) -> str:
    """A mount's `root_path` is the head of `path`, or all or some of it has been taken off by a proxy or a framework."""
    root = root.rstrip("/")
    for start, sign in enumerate(root):
        head = root[start:]
        if sign == "/" and f"{path}/".startswith(f"{head}/"):
            return path[len(head) :]
    return path
