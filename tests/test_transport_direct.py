"""The way past aiohttp's client: the same bytes, the same outcomes, and what is left to the client."""

from __future__ import annotations

import asyncio
import contextlib
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from smsgw._version import __version__
from smsgw.errors import SmsgwError, UnreadableReply
from smsgw.transport import Reply, Request, direct
from smsgw.transport.direct import Direct
from smsgw.transport.sessions import PLAIN, default_tls

if TYPE_CHECKING:
    from tests.conftest import Client, Line, Peer, Peers, Step

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
OURS = {**PLAIN, "User-Agent": f"smsgw/{__version__}"}
"""Headers of a session like our own."""
HOST = "http://gateway.test"


def way(client: Client) -> Direct:
    """The way of a session like our own."""
    return Direct(client.session(headers=OURS), aiohttp.ClientTimeout(), default_tls())


def in_parts(request: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Its first line, its headers in whatever order, its body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    return first, sorted(headers), body


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("body", [None, b"", b"a=%20+&b=\xd0", b"x" * 300_000])
async def test_the_bytes_are_those_of_aiohttp(
    peer: Peers, client: Client, body: bytes | None, keeps: bool
) -> None:
    """But for the order of headers; also of a connection that is not kept, and of one that is used again."""
    gateway = await peer(OK)
    connector = aiohttp.TCPConnector(keepalive_timeout=2) if keeps else aiohttp.TCPConnector(force_close=True)
    keepalive = 2 if keeps else 0
    session = client.session(connector=connector, headers=OURS)
    own, given_ = (
        client.transport(keepalive=keepalive),
        client.transport(session=session, keepalive=keepalive),
    )
    request = Request("GET" if body is None else "POST", gateway.url + "&t=a+b%20c%2Bd%d0%9A/../?", body)
    for transport in (own, own, given_, given_):
        await transport.request(request)
    first, *others = map(in_parts, gateway.requests)
    assert others == [first] * 3
    assert (b"Connection: close" in first[1]) is not keeps
    assert len(gateway.lines) == (2 if keeps else 4)


LEFT = {
    "a fragment": Request("GET", f"{HOST}/send?a=1#b"),
    "a login": Request("GET", "http://user:word@gateway.test/send"),
    "an upper-case host": Request("GET", "http://Gateway.test/send"),
    "a host that is not ASCII": Request("GET", "http://шлюз.test/send"),
    "an upper-case scheme": Request("GET", "HTTP://gateway.test/send"),
    "another scheme": Request("GET", "ftp://gateway.test/send"),
    "no path": Request("GET", f"{HOST}?a=1"),
    "an empty query": Request("GET", f"{HOST}/send?"),
    "a space": Request("GET", f"{HOST}/send?a=1 HTTP/1.1"),
    "a letter that is not ASCII": Request("GET", f"{HOST}/send?a=ы"),
    "a line's end": Request("GET", f"{HOST}/send?a=1\r\nX-Injected:1"),
    "a line's end at the end": Request("GET", f"{HOST}/send?a=1\n"),
    "a zero": Request("GET", f"{HOST}/send?a=\0"),
    "a port that is none": Request("GET", "http://gateway.test:99999/send"),
    "a URL that is no text": Request("GET", URL(f"{HOST}/send")),  # type: ignore[arg-type]
    "no URL": Request("GET", None),  # type: ignore[arg-type]
    "no host": Request("GET", "http://:80/send"),
    "an address that is none": Request("GET", "http://[::1/send"),
    "a GET with a form": Request("GET", f"{HOST}/send", b"a=1"),
    "a POST without one": Request("POST", f"{HOST}/send"),
    "a form that is text": Request("POST", f"{HOST}/send", "a=1"),  # type: ignore[arg-type]
    "another method": Request("PUT", f"{HOST}/send", b"a=1"),
    "a method in small letters": Request("get", f"{HOST}/send"),
    "a method with a line's end": Request("GET /\r\nX:1", f"{HOST}/send"),
}


@pytest.mark.parametrize("left", LEFT)
async def test_what_aiohttp_reads_better_is_left_to_it(client: Client, left: str) -> None:
    """Whatever is not written as it is goes through the session."""
    assert way(client).letter(LEFT[left]) is None


@pytest.mark.parametrize(
    "end", ["#x", "?", "", "\r\nX-Injected: 1", "&a=b c", "&a=ы", "\nX-Injected: 1\r\n\r\n"]
)
async def test_what_is_left_to_it_is_sent_alike(peer: Peers, client: Client, end: str) -> None:
    """Through our own session as through one that was passed in, and no header is smuggled in."""
    gateway = await peer(OK)
    request = Request("GET", gateway.url.partition("?")[0] + end)
    for session in (None, client.session(headers=OURS)):
        assert await client.transport(session=session).request(request) == Reply(200, b"OK")
    first, second = map(in_parts, gateway.requests)
    assert first == second
    assert not [header for header in first[1] if header.startswith(b"X-")]


HOSTS = st.one_of(
    st.text("ab.-019", min_size=1, max_size=12),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.ip_addresses(v=6).map(lambda address: f"[{address.exploded}]"),
    st.text("a:.[]-1", max_size=12),
)
PORTS = st.sampled_from(["", "", ":", ":80", ":443", ":8080", ":0", ":080", ":65536"])
TARGETS = st.text("ab./?%20#&=+:@!$'()*,;~\\\"<>[]^`{|} \t\r\n\x00\x7fы", max_size=14)


async def test_a_letter_says_what_aiohttp_would_say(client: Client) -> None:
    """Whatever the URL: what is written directly has the target, the host and the address that aiohttp reads of it."""
    loop, direct_way, written = asyncio.get_running_loop(), way(client), 0

    @given(st.sampled_from(["http", "https"]), HOSTS, PORTS, TARGETS)
    @example("http", "[0:0::1]", ":80", "/")
    @example("https", "gateway.test.", ":443", "/a/../%7E//b?a=%d0%9A&b=c d")
    @example("http", "gateway.test", "", "/send?")
    @example("http", "gateway.test", "", "/send??a#")
    def alike(scheme: str, host: str, port: str, target: str) -> None:
        nonlocal written
        url = f"{scheme}://{host}{port}/{target}"
        letter = direct_way.letter(Request("GET", url))
        if letter is None:
            return
        written += 1
        real = aiohttp.ClientRequest("GET", URL(url, encoded=True), loop=loop, ssl=default_tls())
        first, headers, body = in_parts(letter.content)
        assert first == f"GET {real.url.raw_path_qs} HTTP/1.1".encode()
        assert f"Host: {real.headers['Host']}".encode() in headers
        assert len(headers) == 4
        assert body == b""
        assert letter.address.connection_key == real.connection_key

    alike()
    assert written


@pytest.mark.parametrize("replaced", ["request", "_request"])
async def test_what_stands_in_for_aiohttp_is_asked(
    peer: Peers, client: Client, replaced: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As aioresponses does, and who patches `ClientSession`: before, during and after, and nothing goes past it."""
    gateway = await peer(OK)
    transport = client.transport()
    real = getattr(aiohttp.ClientSession, replaced)
    asked: list[bytes] = []

    async def stand_in(self: aiohttp.ClientSession, *args: Any, **options: Any) -> Any:
        asked.append(b"")
        return await real(self, *args, **options)

    for _ in range(2):
        await transport.request(gateway.get())
        with monkeypatch.context() as patching:
            patching.setattr(aiohttp.ClientSession, replaced, stand_in)
            await transport.request(gateway.get())
    assert len(asked) == 2
    assert len(gateway.requests) == 4


@pytest.mark.parametrize("replaced", ["request", "_request"])
async def test_what_stood_in_before_the_import_is_asked(client: Client, replaced: str) -> None:
    """Who imports this module while aiohttp is replaced does not send for real, then or later."""
    with patch.object(aiohttp.ClientSession, replaced):
        spec = spec_from_file_location("direct_of_its_own", direct.__file__)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        session = client.session(headers=OURS)
        other = module.Direct(session, aiohttp.ClientTimeout(), default_tls())
        assert other.letter(Request("GET", f"{HOST}/send")) is None
    assert other.letter(Request("GET", f"{HOST}/send")) is None


async def _drop(line: Line) -> None:
    line.close()


async def _reset_in_the_body(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\n\r\n1001,")
    await asyncio.sleep(0.002)
    line.reset()


ANSWERS: dict[str, Step] = {
    "a reply": OK,
    "one that asks to wait": b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
    "interim ones": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + OK,
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n",
    "none": _drop,
    "half of one": _reset_in_the_body,
    "no HTTP": b"ERROR 42\r\n\r\n",
    "a damaged one": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nOK",
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_version_of_aiohttp_that_nobody_knows_is_used_as_documented(
    peer: Peers, client: Client, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the session, and with the same outcome, once on the wire."""

    async def outcome(gateway: Peer) -> object:
        try:
            reply = await client.transport().request(gateway.get())
        except SmsgwError as error:
            return (type(error), str(error), error.maybe_accepted)
        return (reply, reply.framed)

    known, unknown = await peer(ANSWERS[answer]), await peer(ANSWERS[answer])
    outcomes = [await outcome(known)]
    monkeypatch.setattr(direct, "_KNOWN", False)
    with patch.object(Direct, "send", side_effect=AssertionError):
        outcomes.append(await outcome(unknown))
    assert outcomes[0] == outcomes[1]
    assert len(known.requests) == len(unknown.requests) == 1
    assert in_parts(known.requests[0])[0] == in_parts(unknown.requests[0])[0]


async def test_no_request_waits_behind_a_form_that_nobody_reads(client: Client) -> None:
    """A gateway that answers before it has read the form gets the next request over a new connection."""
    heads: list[bytes] = []
    done = asyncio.Event()

    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await done.wait()
        writer.transport.abort()

    server = await asyncio.start_server(hasty, "127.0.0.1", 0, limit=1024)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        transport = client.transport()
        assert (await transport.request(Request("POST", url, b"a" * 16_000_000))).status == 413
        assert (await transport.request(Request("GET", url))).status == 413
        done.set()
    assert [head.partition(b" ")[0] for head in heads] == [b"POST", b"GET"]


REPLIES: dict[str, tuple[bytes, bool]] = {
    "of a length": (OK, True),
    "of no length in no body": (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    "not modified, with the length of what it is not": (
        b"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n",
        True,
    ),
    "in chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n", True),
    "of a long body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + b"1" * (1 << 20), True),
    "of a body too long": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n" + b"1" * (1 + (1 << 20)),
        False,
    ),
    "of HTTP/1.0": (OK.replace(b"1.1", b"1.0"), False),
    "of HTTP/1.0 that is kept": (OK.replace(b"1.1 200 OK", b"1.0 200 OK\r\nConnection: keep-alive"), True),
    "that says goodbye": (OK.replace(b"200 OK", b"200 OK\r\nConnection: close"), False),
    "with more than its length": (OK + b"1", False),
}


@pytest.mark.parametrize("reply", REPLIES)
async def test_a_connection_is_used_again_where_its_reply_allows(
    peer: Peers, client: Client, reply: str
) -> None:
    """After a whole reply that promised to stay, and after no other."""
    step, kept = REPLIES[reply]
    gateway = await peer(step, OK)
    transport = client.transport()
    with contextlib.suppress(UnreadableReply):
        await transport.request(gateway.get())
    assert (await transport.request(gateway.get())).body == b"OK"
    assert len(gateway.lines) == (1 if kept else 2)
