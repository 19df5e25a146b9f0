"""One HTTP exchange with one gateway: read the request, let the gateway answer, and let the faults loose on it."""

import asyncio
import logging
import re
from contextlib import suppress

from aiohttp import web

from smsgw.sandbox.calls import Call, Reply
from smsgw.sandbox.faults import WireFault
from smsgw.sandbox.form import identity, masked
from smsgw.sandbox.gateways import Gateway
from smsgw.sandbox.records import Exchange, Header, Kind, RequestRecord

__all__ = ["exchange"]

_LOGGER = logging.getLogger(__name__)
_MOST_SHOWN = 1 << 14  # characters of each part of an exchange
_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie"}
_USER = re.compile(r"^([A-Za-z]+://)[^/?]*@")
_FORM = "application/x-www-form-urlencoded"
_BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


async def exchange(
    gateway: Gateway, script: str, request: web.Request, stopping: asyncio.Event
) -> web.StreamResponse:
    """Answer one request. `stopping` ends whatever waits: the sandbox goes away.

    From the moment that the request has been read to the moment that all it brings is in the ledger nothing is
    awaited: what the client does meanwhile changes nothing, and no two requests come between each other.
    """
    body, refused = await _body(request)
    path, _, query = request.raw_path.encode("utf-8", "surrogateescape").partition(b"?")
    given = gateway.decoded(query + b"&" + body)
    allowed = gateway.scripts.get(script)
    known = allowed is not None and refused is None and request.method in allowed
    kind: Kind = gateway.kind_of(script, given) if known else "other"
    record = RequestRecord(
        number=gateway.ledger.next_number(),
        gateway=gateway.name,
        method=request.method,
        script=_script(path),
        url_length=_url_length(request),
        kind=kind,
        recipients=gateway.recipients_in(given),
        identity=identity(script, given, gateway.hidden),
        clock_at=gateway.clock(),
    )
    gateway.ledger.enter_request(record)
    if allowed is None:
        refused = Reply("Not Found", status=404)
    elif refused is None and not known:
        refused = Reply("Method Not Allowed", status=405, headers={"Allow": ", ".join(allowed)})
    elif refused is None and gateway.longest_url is not None and record.url_length > gateway.longest_url:
        refused = Reply("Request-URI Too Large", status=414)
    call = Call(
        number=record.number,
        script=script,
        given=given,
        kind=kind,
        identity=record.identity,
        clock_at=record.clock_at,
        wall_at=gateway.wall(),
    )
    fault = None if refused is not None else gateway.faults.next_for(kind, gateway.random)
    reply = refused if refused is not None else _answered(gateway, call, fault)
    delay = gateway.faults.delay
    met = fault or reply.fault or ("delay" if delay else None)
    status = None if fault in {"drop_before", "drop", "silent"} else reply.status
    gateway.ledger.settle_request(record.number, status=status, fault=met)
    gateway.ledger.enter_exchange(
        Exchange(
            number=record.number,
            gateway=gateway.name,
            kind=kind,
            method=request.method,
            url=_short(f"{record.script}?{_masked(query, gateway)}" if query else record.script),
            headers=_headers(request, gateway),
            body=_short(_masked(body, gateway)),
            arrived_at=call.wall_at,
            status=status,
            reply_headers=tuple(_written(reply).items()),
            reply=_short(reply.text),
            fault=met,
        )
    )
    try:
        await _pause(delay, stopping)
        return await _put(request, reply, fault, stopping)
    except asyncio.CancelledError:  # the client did not wait for it
        gateway.ledger.leave_unanswered(record.number)
        raise


def _answered(gateway: Gateway, call: Call, fault: WireFault | None) -> Reply:
    """The reply; that of a gateway which fails itself says so, for its author to see."""
    try:
        return _answer(gateway, call, fault)
    except Exception as error:
        _LOGGER.exception("the gateway %s failed", gateway.name)
        return Reply(f"the fake gateway failed: {type(error).__name__}: {error}", status=500)


def _answer(gateway: Gateway, call: Call, fault: WireFault | None) -> Reply:
    """What the gateway says, or what stands before it says in its place."""
    if fault == "unavailable":
        return gateway.unavailable(call)
    if fault == "drop_before":
        return Reply("")
    reply = gateway.answer(call)
    return Reply(_BAD_GATEWAY, status=502, content_type="text/html") if fault == "bad_gateway" else reply


async def _put(
    request: web.Request, reply: Reply, fault: WireFault | None, stopping: asyncio.Event
) -> web.StreamResponse:
    """Write the reply as far as the fault lets it come."""
    if fault == "silent":
        await stopping.wait()  # a client that gives up cancels it
    if fault in {"silent", "drop", "drop_before"} or stopping.is_set():
        _abort(request)
        return web.Response()  # goes nowhere
    headers = _written(reply)
    if fault != "truncated":
        return web.Response(body=reply.body, status=reply.status, headers=headers)
    response = web.StreamResponse(status=reply.status, headers=headers)
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: len(reply.body) // 2])
    if request.transport is not None:
        request.transport.close()  # unlike `abort` it lets out what has been written
    return response


def _written(reply: Reply) -> dict[str, str]:
    """The headers that the gateway gives its reply."""
    return {**reply.headers, "Content-Type": f"{reply.content_type}; charset=utf-8"}


def _masked(form: bytes, gateway: Gateway) -> str:
    return masked(form.decode("utf-8", "replace"), gateway.hidden)


def _script(path: bytes) -> str:
    """The path, without what may hold a password: the user of a whole URL, and a fragment, which nobody should send."""
    return _USER.sub(r"\1***@", path.partition(b"#")[0].decode("utf-8", "replace"))


def _headers(request: web.Request, gateway: Gateway) -> tuple[Header, ...]:
    return tuple(
        (name, "***" if name.lower() in _SECRET_HEADERS else _short(_header(value, gateway)))
        for name, value in request.headers.items()
    )


def _header(value: str, gateway: Gateway) -> str:
    """As it came; of a URL in it, such as a page's own `Referer`, the query is masked."""
    before, mark, query = value.partition("?")
    return f"{before}{mark}{masked(query, gateway.hidden)}"


def _short(text: str) -> str:
    """As much as is worth looking at; what is left out is said."""
    left_out = len(text) - _MOST_SHOWN
    return f"{text[:_MOST_SHOWN]}… ({left_out} characters more)" if left_out > 0 else text


async def _body(request: web.Request) -> tuple[bytes, Reply | None]:
    """The form in the request, as bytes; or the refusal of one that is too large or broken."""
    if request.method != "POST" or request.content_type != _FORM:
        return b"", None
    try:
        return await request.read(), None
    except web.HTTPRequestEntityTooLarge as error:
        return b"", Reply("Request Entity Too Large", status=error.status)
    except web.RequestPayloadError:
        return b"", Reply("Bad Request", status=400)


def _url_length(request: web.Request) -> int:
    target = request.raw_path
    if "://" in target.partition("?")[0]:  # a client that takes us for a proxy writes the whole of it
        return len(target)
    return len(f"{request.scheme}://{request.host}{target}")


async def _pause(seconds: float, stopping: asyncio.Event) -> None:
    if seconds > 0:
        with suppress(TimeoutError):  # the usual end: nobody stopped the sandbox meanwhile
            await asyncio.wait_for(stopping.wait(), seconds)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
