"""The same behaviour over real sockets, under aiohttp and under uvicorn."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from smsgw.inbound import (
    InboundASGI,
    InboundMessage,
    InboundServer,
    InboundStoreError,
    MemoryInboundStore,
    inbound_app,
)
from tests.inbound.conftest import SECRET, SENDER, TEXT, Handler, Place, Serve
from tests.inbound.iba_calls import IncomingSms

QUERY = f"smsid=5094&text={TEXT}&sender={SENDER}"


@pytest.mark.parametrize("charset", ["utf-8", "cp1251"])
async def test_acknowledged(serve: Serve, handler: Handler, charset: str) -> None:
    """A call as IBA Telecom makes it is handled and acknowledged, in either charset; a repeat is acknowledged."""
    sms = IncomingSms(message_id="5094", text=f"Привет & 50%25 + #{TEXT}", sender=SENDER, charset=charset)
    async with serve(handler, secret=SECRET) as place:
        answers = [await sms.call(f"http://127.0.0.1:{place.port}/{SECRET}") for _ in range(2)]
    assert answers == [(200, "smsid=5094")] * 2
    (message,) = handler.messages
    assert (message.text, message.sender, message.receiver) == (
        f"Привет & 50%25 + #{TEXT}",
        SENDER,
        sms.receiver,
    )
    assert message.received_at == sms.sent_at.replace(microsecond=0)


async def test_plain_text(serve: Serve, handler: Handler) -> None:
    """The answer is plain text, of a known length, that nobody stores."""
    async with serve(handler) as place:
        reply = await place.ask(f"/?{QUERY}")
    assert (reply.status, reply.body) == (200, "smsid=5094")
    head = reply.head.lower()
    assert "content-type: text/plain; charset=utf-8" in head
    assert "content-length: 10" in head
    assert "cache-control: no-store" in head


@pytest.mark.parametrize(
    ("target", "method", "status"),
    [
        (f"/{SECRET}?{QUERY}", "GET", 200),
        (f"/{SECRET}/?{QUERY}", "GET", 200),
        (f"/?{QUERY}", "GET", 404),
        (f"/wrong?{QUERY}", "GET", 404),
        (f"/{SECRET}/more?{QUERY}", "GET", 404),
        (f"/{SECRET}?{QUERY}", "POST", 405),
        (f"/{SECRET}?{QUERY}", "HEAD", 405),
        (f"/{SECRET}?text={TEXT}", "GET", 400),
        (f"/{SECRET}", "GET", 400),
        (f"/{SECRET}?{QUERY}&a={'a' * 8190}", "GET", 414),
        (f"/{SECRET}?{QUERY}&a=%zz%00%ff", "GET", 200),
    ],
)
async def test_refusals(serve: Serve, handler: Handler, target: str, method: str, status: int) -> None:
    """Who may not call, or calls wrongly, is told so by a status, and nothing is handled."""
    async with serve(handler, secret=SECRET) as place:
        reply = await place.ask(target, method=method)
    assert reply.status == status
    assert len(handler.messages) == (status == 200)
    assert ("allow: get" in reply.head.lower()) == (status == 405)
    for private in (SECRET, TEXT, SENDER):
        assert private not in reply.head + reply.body


async def test_not_allowed(serve: Serve, handler: Handler) -> None:
    """The peer's address counts; a header does, where its writer is trusted."""
    target, header = f"/?{QUERY}", "X-Forwarded-For: 192.0.2.1"
    async with serve(handler, allow=["192.0.2.1"]) as place:
        assert (await place.ask(target)).status == 403
        assert (await place.ask(target, headers=(header,))).status == 403
    async with serve(handler, allow=["192.0.2.1"], trusted_proxies=["127.0.0.1"]) as place:
        assert (await place.ask(target)).status == 403
        assert (await place.ask(target, headers=(header, "x-forwarded-for: 9.9.9.9"))).status == 403
        assert (await place.ask(target, headers=(header,))).status == 200
    async with serve(handler, allow=["127.0.0.0/8"]) as place:
        assert (await place.ask(target)).status == 200


async def test_handler_fails(serve: Serve) -> None:
    """A failure and a timeout of the handler are 500, and the platform's next call is handled."""

    async def work(message: InboundMessage) -> None:
        if len(handler.messages) == 1:
            raise RuntimeError(message.text)
        if len(handler.messages) == 2:
            await asyncio.sleep(60)

    handler = Handler(work)
    async with serve(handler, timeout=0.1) as place:
        statuses = [(await place.ask(f"/?{QUERY}")).status for _ in range(3)]
    assert statuses == [500, 500, 200]


async def test_client_hangs_up(serve: Serve) -> None:
    """A caller that hangs up does not cancel the handler; who calls meanwhile shares its end."""
    reached, opened = asyncio.Event(), asyncio.Event()

    async def work(message: InboundMessage) -> None:
        reached.set()
        await opened.wait()

    handler = Handler(work)
    async with serve(handler) as place:
        _, writer = await place.begin(f"/?{QUERY}")
        await reached.wait()
        second = asyncio.create_task(place.ask(f"/?{QUERY}"))
        writer.transport.abort()
        await asyncio.sleep(0.05)
        opened.set()
        assert (await second).status == 200
        assert (await place.ask(f"/?{QUERY}")).status == 200
    assert handler.ids == ["5094"]


async def test_reply(serve: Serve) -> None:
    """In the reply mode the body is what the handler returns, in UTF-8."""

    async def work(message: InboundMessage) -> str:
        return "Спасибо"

    async with serve(Handler(work), reply=True) as place:
        assert (await place.ask(f"/?{QUERY}")).body == "Спасибо"


async def test_restart(serve: Serve, handler: Handler, tmp_path: Path) -> None:
    """With a file a restart forgets nothing."""
    for _ in range(2):
        async with serve(handler, store=tmp_path / "inbox.db") as place:
            assert (await place.ask(f"/?{QUERY}")).body == "smsid=5094"
    assert handler.ids == ["5094"]


async def test_shutdown(serve: Serve) -> None:
    """A server that is told to end lets the handler finish, and acknowledges."""
    reached = asyncio.Event()

    async def work(message: InboundMessage) -> None:
        reached.set()
        await asyncio.sleep(0.2)

    async with serve(Handler(work)) as place:
        task = asyncio.create_task(place.ask(f"/?{QUERY}"))
        await reached.wait()
    assert (await task).body == "smsid=5094"


async def test_sub_application(handler: Handler) -> None:
    """Below a path of another application it answers at that path, and the other's paths are its own."""
    app = web.Application()
    app.add_subapp("/sms", inbound_app(handler))
    app.add_subapp("/secret", inbound_app(handler, secret=SECRET))
    async with InboundServer(app, "127.0.0.1", 0) as server:
        place = Place(server.addresses[0][1])
        paths = ("/sms", "/sms/", "/sms/x", "/smsx", "/secret", f"/secret/{SECRET}", "/")
        statuses = [(await place.ask(f"{path}?{QUERY}")).status for path in paths]
    assert statuses == [200, 200, 404, 404, 404, 200, 404]


async def test_unusable_store(handler: Handler, tmp_path: Path) -> None:
    """A store that cannot be used ends the server before it begins, with one clear error."""
    with pytest.raises(InboundStoreError, match="nowhere"):
        async with InboundServer(inbound_app(handler, store=tmp_path / "nowhere" / "a.db"), "127.0.0.1", 0):
            pass


async def test_real_client(handler: Handler) -> None:
    """A connection that is kept alive serves many messages."""
    async with (
        InboundServer(inbound_app(handler), "127.0.0.1", 0) as server,
        aiohttp.ClientSession() as session,
    ):
        for number in range(3):
            url = f"http://127.0.0.1:{server.addresses[0][1]}/"
            async with session.get(url, params={"smsid": str(number), "text": TEXT}) as reply:
                assert await reply.text() == f"smsid={number}"
    assert handler.ids == ["0", "1", "2"]


# ASGI, without a server.


async def talk(app: InboundASGI, scope: dict[str, Any], *events: dict[str, Any]) -> list[dict[str, Any]]:
    """What it sends."""
    waiting = list(events)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(event: Any) -> None:
        sent.append(event)

    await app(scope, receive, send)
    return sent


STARTUP, SHUTDOWN = {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}


async def test_lifespan(handler: Handler, tmp_path: Path) -> None:
    """The server opens and closes it, and is told when the store cannot be used."""
    sent = await talk(InboundASGI(handler), {"type": "lifespan"}, STARTUP, SHUTDOWN)
    assert [event["type"] for event in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    app = InboundASGI(handler, store=tmp_path / "nowhere" / "a.db")
    (failed,) = await talk(app, {"type": "lifespan"}, STARTUP)
    assert failed["type"] == "lifespan.startup.failed"
    assert "nowhere" in failed["message"]
    await app.aclose()


async def test_lifespan_of_a_strange_store(handler: Handler) -> None:
    """Whatever a store of the user's own raises, the server is told, or it would serve nothing but failures."""

    class Strange(MemoryInboundStore):
        async def open(self) -> None:
            raise KeyError(TEXT)

    (failed,) = await talk(InboundASGI(handler, store=Strange()), {"type": "lifespan"}, STARTUP)
    assert failed["type"] == "lifespan.startup.failed"
    assert "KeyError" in failed["message"]
    assert TEXT not in failed["message"]


async def test_websocket(handler: Handler) -> None:
    """A websocket is closed before it is accepted; what is neither that nor HTTP is an error."""
    (sent,) = await talk(InboundASGI(handler), {"type": "websocket"}, {"type": "websocket.connect"})
    assert sent["type"] == "websocket.close"
    with pytest.raises(ValueError, match="HTTP only"):
        await talk(InboundASGI(handler), {"type": "mail"})


@pytest.mark.parametrize(
    ("root", "path", "status"),
    [
        ("", "/", 200),
        ("", "", 200),
        ("/sms", "/sms", 200),
        ("/sms", "/sms/", 200),
        ("/sms", "/", 200),
        ("/sms", "/smsx", 404),
        ("/sms", "/sms/x", 404),
        # A `root_path` of the user's, as FastAPI hands it on: a proxy has taken its head off the path.
        ("/api/sms", "/sms", 200),
        ("/api/sms", "/api/sms/", 200),
        ("/api/sms", "/sms/x", 404),
        ("/api/sms", "/smsx", 404),
        ("/sms/", "/sms/", 200),
        ("/", "/", 200),
        ("/", "/x", 404),
    ],
)
async def test_mounted(handler: Handler, root: str, path: str, status: int) -> None:
    """Mounted, its root is where it is mounted, whichever way the framework says so."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "root_path": root,
        "path": path,
        "query_string": QUERY.encode(),
        "headers": [],
        "client": None,
    }
    async with InboundASGI(handler) as app:
        start, _ = await talk(app, scope)
    assert start["status"] == status
