"""The JSON API, as `static/openapi.json` describes it. Every refusal is `{"error": "one line"}`."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web
from attrs import frozen

from smsgw.sandbox.fates import STATES
from smsgw.sandbox.incoming import NoIncomingUrl
from smsgw.sandbox.records import TakenMessage
from smsgw.sandbox.web.events import News, stream
from smsgw.sandbox.web.filters import BadQuery, MessageFilter, RequestFilter, Window
from smsgw.sandbox.web.replies import error_reply, json_reply
from smsgw.sandbox.web.shapes import (
    exchange_shape,
    faults_shape,
    incoming_shape,
    message_shape,
    message_view,
    settings_shape,
)
from smsgw.sandbox.world import World

__all__ = ["Api", "Facts"]

_CONVERSATION = 200  # entries; a phone does not show more at once either
_AREAS: Final = ("messages", "faults", "incoming")
_WRITTEN: Final = ("sender", "receiver", "text", "prefix")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@frozen(kw_only=True)
class Facts:
    """What does not change while it runs, and the world does not know: the version, and the file that keeps all."""

    version: str
    store: str | None


class Api:
    """The requests to /api/, over one world."""

    def __init__(self, world: World, facts: Facts, stopping: asyncio.Event) -> None:
        self._world = world
        self._facts = facts
        self._stopping = stopping
        self._news = News(world)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Give each path its handler; a path or method that has none is refused in JSON, too."""
        table: dict[str, dict[str, Handler]] = {
            "/api/sandbox": {"GET": self._sandbox},
            "/api/messages": {"GET": self._messages},
            "/api/messages/{number}": {"GET": self._message},
            "/api/requests": {"GET": self._requests},
            "/api/conversations/{number}": {"GET": self._conversation},
            "/api/faults": {"GET": self._faults, "DELETE": self._calm},
            "/api/faults/{gateway}": {"PATCH": self._change_faults, "DELETE": self._calm},
            "/api/settings": {"GET": self._settings, "PATCH": self._change_settings},
            "/api/incoming": {"GET": self._incoming, "POST": self._write},
            "/api/incoming/{number}": {"DELETE": self._stop_repeats},
            "/api/reset": {"POST": self._reset},
            "/api/events": {"GET": self._events},
        }
        for path, methods in table.items():
            for method, handler in methods.items():
                router.add_route(method, path, _in_json(handler))
            router.add_route("*", path, _not_allowed(", ".join(methods)))
        router.add_route("*", "/api{rest:(/.*)?}", _in_json(_not_found))

    # What there is.

    async def _sandbox(self, request: web.Request) -> web.Response:
        world = self._world
        base = f"http://{request.host}/"
        some = next(iter(world.gateways.values()))
        return json_reply(
            {
                "version": self._facts.version,
                "gateways": [
                    {"name": name, "url": f"{base}{name}/", "scripts": list(gateway.scripts)}
                    for name, gateway in world.gateways.items()
                ],
                "fates": some.fates,
                "states": list(STATES),
                "login": world.login,
                "password": world.password,
                "keep": world.keep,
                "store": self._facts.store,
            }
        )

    async def _messages(self, request: web.Request) -> web.Response:
        world = self._world
        window = Window.read(request.query)
        wanted = MessageFilter.read(request.query, world.gateways)
        page = window.cut(wanted.apply(world.ledger.newest_messages(), world.gateways))
        return json_reply(
            {
                "messages": [self._shape(message) for message in page.items],
                "matching": page.matching,
                "kept": len(world.ledger),
                "next": page.next,
            }
        )

    def _shape(self, message: TakenMessage) -> dict[str, Any]:
        world = self._world
        return message_shape(world.gateways[message.gateway], message, world.ledger.exchange(message.request))

    async def _message(self, request: web.Request) -> web.Response:
        world = self._world
        number = _number(request)
        if number is None or (message := world.ledger.message(number)) is None:
            raise web.HTTPNotFound(
                text="no such message: it was forgotten (--keep, or a reset), or there never was one"
            )
        exchange = world.ledger.exchange(message.request)
        return json_reply(message_view(world.gateways[message.gateway], message, exchange))

    async def _requests(self, request: web.Request) -> web.Response:
        world = self._world
        window = Window.read(request.query)
        wanted = RequestFilter.read(request.query, world.gateways)
        page = window.cut(wanted.apply(world.ledger.newest_exchanges()))
        kept = sum(1 for _ in world.ledger.newest_exchanges())
        return json_reply(
            {
                "requests": [exchange_shape(exchange) for exchange in page.items],
                "matching": page.matching,
                "kept": kept,
                "next": page.next,
            }
        )

    async def _conversation(self, request: web.Request) -> web.Response:
        world = self._world
        wanted = MessageFilter.to(request.match_info["number"])
        page = Window(limit=_CONVERSATION).cut(wanted.apply(world.ledger.newest_messages(), world.gateways))
        entries: list[tuple[Any, dict[str, Any]]] = [
            (
                message.taken_at,
                {"direction": "out", "message": self._shape(message)},
            )
            for message in reversed(page.items)
        ]
        entries += [
            (written.written_at, {"direction": "in", "incoming": incoming_shape(written)})
            for written in reversed(world.incoming.messages())
            if wanted.is_of(written.sender, written.receiver)
        ]
        entries.sort(key=lambda entry: entry[0])
        return json_reply(
            {
                "number": wanted.recipient,
                "entries": [
                    {"at": at.isoformat(timespec="milliseconds"), **entry}
                    for at, entry in entries[-_CONVERSATION:]
                ],
            }
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await stream(request, self._news, self._stopping)

    # What goes wrong.

    async def _faults(self, request: web.Request) -> web.Response:
        return json_reply(faults_shape(self._world))

    async def _change_faults(self, request: web.Request) -> web.Response:
        gateway = self._world.gateways[self._gateway_in(request)]
        wanted = await _object_in(request)
        _only_known(wanted, "fault", list(gateway.faults.values(leave_out=gateway.unknown_faults)))
        gateway.faults.change(**wanted)
        return await self._faults(request)

    async def _calm(self, request: web.Request) -> web.Response:
        names = [self._gateway_in(request)] if "gateway" in request.match_info else list(self._world.gateways)
        for name in names:
            self._world.gateways[name].faults.clear()
        return await self._faults(request)

    def _gateway_in(self, request: web.Request) -> str:
        name = request.match_info["gateway"]
        if name not in self._world.gateways:
            raise web.HTTPNotFound(
                text=f"no such gateway: {name[:100]!r}; there are {', '.join(self._world.gateways)}"
            )
        return name

    # What may be set.

    async def _settings(self, request: web.Request) -> web.Response:
        return json_reply(settings_shape(self._world))

    async def _change_settings(self, request: web.Request) -> web.Response:
        wanted = await _object_in(request)
        world = self._world
        before = settings_shape(world)
        _only_known(wanted, "setting", list(before))
        try:
            self._set(wanted)
        except (TypeError, ValueError):
            self._set(before)  # all or nothing
            raise
        return await self._settings(request)

    def _set(self, values: Mapping[str, Any]) -> None:
        if "delivery_after" in values:
            self._world.delivery_after = values["delivery_after"]
        if "incoming_url" in values:
            self._world.incoming.url = values["incoming_url"]
        if "incoming_repeat" in values:
            self._world.incoming.repeat = values["incoming_repeat"]

    async def _reset(self, request: web.Request) -> web.Response:
        wanted = await _object_in(request)
        _only_known(wanted, "part", _AREAS)
        for name, value in wanted.items():
            if not isinstance(value, bool):
                raise BadQuery(f"{name} is true or false: {str(value)[:100]!r}")
        self._world.reset(**wanted)
        return web.Response(status=204)

    # What comes from phones.

    async def _incoming(self, request: web.Request) -> web.Response:
        return json_reply(
            {"incoming": [incoming_shape(written) for written in self._world.incoming.messages()]}
        )

    async def _write(self, request: web.Request) -> web.Response:
        given = await _object_in(request)
        _only_known(given, "field", _WRITTEN)
        for name in _WRITTEN:
            if not isinstance(given.setdefault(name, ""), str):
                raise BadQuery(f"{name} is a text: {str(given[name])[:100]!r}")
        try:
            written = self._world.incoming.write(**given)
        except NoIncomingUrl as error:
            raise web.HTTPConflict(text=str(error)) from None
        return json_reply(incoming_shape(written), status=201)

    async def _stop_repeats(self, request: web.Request) -> web.Response:
        number = _number(request)
        if number is None or (stopped := self._world.incoming.stop(number)) is None:
            raise web.HTTPNotFound(text="no such incoming message")
        return json_reply(incoming_shape(stopped))


def _in_json(handler: Handler) -> Handler:
    """Refusals, whoever raises them, as JSON."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (BadQuery, TypeError, ValueError) as error:
            return error_reply(400, str(error))
        except web.HTTPException as error:
            return error_reply(error.status, error.text or error.reason)

    return answered


def _not_allowed(methods: str) -> Handler:
    async def refused(_: web.Request) -> web.Response:
        return error_reply(405, f"this path has only {methods}", Allow=methods)

    return refused


async def _not_found(request: web.Request) -> web.Response:
    return error_reply(404, f"no such path: {request.path[:100]!r}; /openapi.json lists them all")


def _number(request: web.Request) -> int | None:
    text = request.match_info["number"]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _only_known(given: Mapping[str, Any], what: str, names: Any) -> None:
    if unknown := sorted(set(given) - set(names)):
        raise BadQuery(f"no such {what}: {', '.join(unknown)[:100]}; there are {', '.join(names)}")


async def _object_in(request: web.Request) -> dict[str, Any]:
    """The JSON object that a request brings."""
    # A page from elsewhere can send a form without asking; for this type the browser would ask first.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="Content-Type must be application/json; send {} at least")
    body = await request.read()
    try:
        given = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadQuery("the body is not JSON") from None
    if not isinstance(given, dict):
        raise BadQuery("the body is not a JSON object")
    return given


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
