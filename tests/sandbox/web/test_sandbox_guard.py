"""No web page from elsewhere reads or writes anything here, by whatever trick; programs are let through."""

import asyncio
from collections.abc import Callable, Coroutine
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from smsgw.sandbox import Sandbox
from smsgw.sandbox.web.guard import refusal
from tests.sandbox.conftest import CREDENTIALS, SENDS

Raw = Callable[[bytes], Coroutine[None, None, bytes]]

EVERYWHERE = ["", "style.css", "openapi.json", "api/messages", "api/events", "api/nothing", "iba/sendsms.php"]
FOREIGN = [
    {"Origin": "http://evil.test"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Referer": "http://evil.test/page"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Host": "evil.test"},
    {"Host": "evil.test:8025"},
    {"Host": "127.0.0.1.evil.test"},
    {"Host": "127.0.0.1@evil.test"},
    {"Host": "192.168.0.7"},
]


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
async def test_a_page_from_elsewhere_gets_nothing(
    sandbox: Sandbox, session: aiohttp.ClientSession, path: str, foreign: dict[str, str]
) -> None:
    """403 on the page, the API and the gateways alike."""
    async with session.get(sandbox.url + path, headers=foreign) as response:
        assert response.status == 403
        assert len((await response.text()).splitlines()) == 1


@pytest.mark.parametrize("gateway", SENDS)
async def test_an_image_that_points_at_a_gateway_sends_nothing(
    sandbox: Sandbox, session: aiohttp.ClientSession, gateway: str
) -> None:
    """As a browser would ask for an `<img>`, whether it tells of itself by the one or by the other."""
    script, given = SENDS[gateway]
    url = f"{sandbox.url_for(gateway)}{script}?{urlencode({**CREDENTIALS[gateway], **given})}"
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Referer": "http://evil.test/"},
    ):
        async with session.get(url, headers=headers) as response:
            assert response.status == 403
    assert sandbox.ledger.messages == ()
    assert sandbox.ledger.requests == ()
    async with session.get(url) as response:
        assert response.status == 200
    assert len(sandbox.ledger.messages) == 1


async def test_its_own_page_is_let_through(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """With all that a browser says of it, by every name of this machine."""
    port = urlsplit(sandbox.url).port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        headers = {
            "Host": host,
            "Origin": f"http://{host.lower()}",
            "Referer": f"http://{host.lower()}/?view=faults",
            "Sec-Fetch-Site": "same-origin",
        }
        async with session.delete(sandbox.url + "api/faults", headers=headers) as response:
            assert response.status == 200
    async with session.get(sandbox.url + "api/faults", headers={"Sec-Fetch-Site": "none"}) as response:
        assert response.status == 200


async def test_a_program_without_host_is_let_through(raw: Raw) -> None:
    """HTTP/1.0 has none; a browser always writes one."""
    assert b" 200 " in await raw(b"GET /api/faults HTTP/1.0\r\n\r\n")
    assert b" 403 " in await raw(b"GET /api/faults HTTP/1.0\r\nOrigin: http://127.0.0.1\r\n\r\n")


async def test_a_request_line_with_another_host_does_not_count(raw: Raw) -> None:
    """The header does."""
    reply = await raw(
        b"GET http://127.0.0.1/api/faults HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n"
    )
    assert b" 403 " in reply


@pytest.mark.parametrize("first", [b"", b"GET /api/faults HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"])
async def test_a_request_within_a_body_is_none(sandbox: Sandbox, first: bytes) -> None:
    """A page may write any body. One that begins like a URL of raw letters is not escaped: it would grow beyond its
    length, and what stands at its end would be a request that tells nothing of a browser.
    """
    script, given = SENDS["iba"]
    query = urlencode({**CREDENTIALS["iba"], **given}).encode()
    within = b"GET /iba/%s?%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % (script.encode(), query)
    letters = "é".encode() * len(within)
    body = b"GET /" + letters + b" HTTP/1.1\r\n" + b"\r\n" * len(letters) + within
    head = b"POST /iba/ HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.test\r\nContent-Length: %d\r\n\r\n"
    address = urlsplit(sandbox.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    if first:
        writer.write(first)
        assert b" 200 " in await reader.readline()
    writer.write(head % len(body))
    await asyncio.sleep(0.05)  # so that the body comes in a read of its own, as browsers send it
    writer.write(body)
    await asyncio.sleep(0.05)
    writer.write(b"GET /api/faults HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    replies = await reader.read()
    writer.close()
    assert replies.count(b"HTTP/1.1 403 ") == 1
    assert sandbox.ledger.messages == ()
    assert sandbox.ledger.requests == ()


async def test_the_page_may_load_nothing_from_elsewhere_nor_be_framed(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """By its policy."""
    async with session.get(sandbox.url) as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def told(host: str, *names: str, any_address: bool = False) -> str | None:
    headers = CIMultiDictProxy(CIMultiDict({"Host": host}))
    return refusal(headers, names, any_address=any_address)


def test_a_name_that_is_allowed_is_its_own() -> None:
    """Whatever port it is reached by; and no other name for that."""
    assert told("sandbox:80", "sandbox") is None
    assert told("SANDBOX.", "sandbox") is None
    assert told("sandbox.evil.test", "sandbox") is not None


def test_on_all_addresses_an_address_is_its_own_and_a_name_is_not() -> None:
    """To pass for another, a page needs a name."""
    assert told("192.168.0.7:8025", any_address=True) is None
    assert told("[fe80::1]:8025", any_address=True) is None
    assert told("evil.test", any_address=True) is not None


@pytest.mark.parametrize("host", ["", ":", "[", "[::1", "a/b", "localhost#", "localhost?x", "\x00"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    """And breaks nothing."""
    assert told(host) is not None


async def test_two_hosts_are_one_too_many(raw: Raw) -> None:
    """Of which one might be believed."""
    reply = await raw(
        b"GET /api/faults HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n"
    )
    assert b" 200 " not in reply


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD"])
async def test_a_preflight_gets_no_permission(
    sandbox: Sandbox, session: aiohttp.ClientSession, method: str
) -> None:
    """No reply has a word of CORS."""
    headers = {"Origin": "http://evil.test", "Access-Control-Request-Method": "PATCH"}
    async with session.request(method, sandbox.url + "api/faults/iba", headers=headers) as response:
        assert response.status == 403
        assert not [name for name in response.headers if name.startswith("Access-Control")]
