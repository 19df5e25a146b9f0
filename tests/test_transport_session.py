"""Sessions, its own and those passed in: redirects, cookies, proxies, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp.client_middlewares import ClientHandlerType

from smsgw.errors import ConfigurationError, NotSubmitted
from smsgw.transport import Reply, Transport

if TYPE_CHECKING:
    from tests.conftest import Client, Peers

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(
    peer: Peers, transport: Transport, method: str, status: int
) -> None:
    """A redirect is a reply like any other: neither the same gateway nor another sees the request again."""
    other = await peer(OK)
    location = f"Location: {other.url}\r\nURI: {other.url}\r\nRefresh: 0;{other.url}\r\nContent-Length: 0"
    gateway = await peer(f"HTTP/1.1 {status} Elsewhere\r\n{location}\r\n\r\n".encode())
    request = gateway.get() if method == "GET" else gateway.post()
    assert await transport.request(request) == Reply(status, b"")
    assert len(gateway.requests) == 1
    assert other.lines == []


async def test_cookies_are_neither_kept_nor_sent(peer: Peers, client: Client) -> None:
    """What a gateway sets is forgotten, and what a session brings along is not sent."""
    setting = OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: sid=1; Path=/\r\nSet-Cookie: other=2\r\n\r\n")
    gateway = await peer(setting)
    jar = aiohttp.CookieJar(unsafe=True)
    session = client.session(cookies={"tracking": "yes"}, cookie_jar=jar)
    for transport in (client.transport(), client.transport(session=session)):
        for _ in range(2):
            await transport.request(gateway.get())
    assert len(gateway.requests) == 4
    assert not [request for request in gateway.requests if b"cookie" in request.lower()]
    assert [cookie.key for cookie in jar] == ["tracking"]


async def test_the_environment_diverts_nothing(
    peer: Peers, transport: Transport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Proxies and netrc of the environment are ignored."""
    proxy = await peer(OK)
    gateway = await peer(OK)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{proxy.port}")
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    await transport.request(gateway.get())
    await transport.request(gateway.post())
    assert proxy.lines == []
    assert len(gateway.requests) == 2
    assert b"authorization" not in gateway.received.lower()


async def again(request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
    await handler(request)
    return await handler(request)


@pytest.mark.parametrize(
    "options", [{"middlewares": (again,)}, {"trust_env": True}, {"proxy": "http://127.0.0.1:3128"}], ids=str
)
async def test_a_session_that_could_resend_or_divert_is_refused(
    client: Client, options: dict[str, object]
) -> None:
    """Middlewares, the environment and a proxy are beyond our control."""
    session = client.session(**options)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="session"):
        Transport(session=session)


async def test_a_session_class_with_requests_of_its_own_is_refused(client: Client) -> None:
    """A caching session answers a GET without sending it, a retrying one sends it twice."""
    with pytest.warns(DeprecationWarning, match="Inheritance"):

        class Caching(aiohttp.ClientSession):
            async def _request(self, *args: object, **kwargs: object) -> aiohttp.ClientResponse:
                raise AssertionError

    async with Caching() as session:
        with pytest.raises(ConfigurationError, match="session"):
            Transport(session=session)


async def test_a_session_passed_in_is_not_closed(peer: Peers, client: Client) -> None:
    """`aclose()` leaves the user's session open and usable, by us and by the user."""
    gateway = await peer(OK)
    session = client.session()
    transport = client.transport(session=session)
    await transport.request(gateway.get())
    await transport.aclose()
    await transport.aclose()
    assert not session.closed
    assert (await transport.request(gateway.get())).body == b"OK"
    async with session.get(gateway.url) as response:
        assert await response.read() == b"OK"


async def test_its_own_session_is_closed(peer: Peers, client: Client) -> None:
    """`aclose()` closes the connections that the transport made; twice is once."""
    gateway = await peer(OK)
    transport = client.transport()
    await transport.request(gateway.get())
    await transport.aclose()
    await gateway.all_ended()
    await transport.aclose()


async def test_closing_an_unused_transport_is_nothing(client: Client) -> None:
    """A transport opens no session before its first request."""
    await client.transport().aclose()


@pytest.mark.parametrize("connector_only", [False, True])
async def test_a_closed_session_sends_nothing(peer: Peers, client: Client, connector_only: bool) -> None:
    """A session that was closed by its owner proves that nothing was sent."""
    gateway = await peer(OK)
    session = client.session()
    transport = client.transport(session=session)
    assert session.connector is not None
    await (session.connector if connector_only else session).close()
    await client.fails(transport, gateway.get(), NotSubmitted)
    assert gateway.lines == []
    await session.close()


async def test_a_session_that_raises_for_statuses_does_not_here(peer: Peers, client: Client) -> None:
    """`raise_for_status` of a session would turn a reply into an error, and its text would hold the URL."""
    gateway = await peer(b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nERROR")

    async def check(response: aiohttp.ClientResponse) -> None:
        response.raise_for_status()

    for raising in (True, check):
        transport = client.transport(session=client.session(raise_for_status=raising))
        assert await transport.request(gateway.get()) == Reply(500, b"ERROR")


async def test_a_session_s_own_settings_do_no_harm(peer: Peers, client: Client) -> None:
    """Its base URL, headers, timeout and decompression are not those of our requests."""
    gateway = await peer(OK)
    session = client.session(
        base_url="http://127.0.0.1:9/elsewhere/",
        headers={"Accept-Encoding": "gzip, br", "Content-Type": "text/plain"},
        timeout=aiohttp.ClientTimeout(total=0.000001),
        version=aiohttp.HttpVersion10,
    )
    transport = client.transport(session=session)
    assert await transport.request(gateway.get()) == Reply(200, b"OK")
    assert await transport.request(gateway.post()) == Reply(200, b"OK")
    assert b"Accept-Encoding: identity\r\n" in gateway.requests[0]
    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in gateway.requests[1]


@pytest.mark.parametrize(
    ("options", "connections"),
    [
        ({}, 3),  # aiohttp's default, 15 s
        ({"keepalive_timeout": None}, 3),
        ({"keepalive_timeout": 2.1}, 3),
        ({"force_close": True}, 3),
        ({"keepalive_timeout": 2}, 1),
        ({"keepalive_timeout": 0.5}, 1),
    ],
    ids=str,
)
async def test_a_session_that_keeps_connections_too_long_is_given_none_to_keep(
    peer: Peers, client: Client, options: dict[str, float | None], connections: int
) -> None:
    """A connection is reused only where the session's own keep-alive is no longer than ours."""
    gateway = await peer(OK)
    session = client.session(connector=aiohttp.TCPConnector(**options))  # type: ignore[arg-type]
    transport = client.transport(keepalive=2, session=session)
    for _ in range(3):
        await transport.request(gateway.get())
    assert len(gateway.requests) == 3
    assert len(gateway.lines) == connections


async def test_keepalive_0_reuses_nothing_of_a_session_either(peer: Peers, client: Client) -> None:
    """0 means never, whatever the session would do."""
    gateway = await peer(OK)
    transport = client.transport(keepalive=0, session=client.session())
    for _ in range(2):
        await transport.request(gateway.get())
    assert len(gateway.lines) == 2
