"""What counts as a reply: framing, limits, compression."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from smsgw.errors import ConnectionLost, UnreadableReply
from smsgw.transport import Reply, Request, Transport
from smsgw.transport.replies import MAX_REPLY

if TYPE_CHECKING:
    from tests.conftest import Client, Line, Peers, Step

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\n"
HTTP_1_0 = b"HTTP/1.0 200 OK\r\n\r\n"


def sized(body: bytes, length: int | None = None, headers: str = "", status: str = "200 OK") -> bytes:
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n".encode() + body


def chunked(body: bytes, size: int = 65536) -> bytes:
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def packed(body: bytes, encoding: str = "gzip") -> bytes:
    return sized(body, headers=f"Content-Encoding: {encoding}\r\n")


def then_close(*parts: bytes) -> Step:
    """Send the parts one after the other, then close."""

    async def step(line: Line) -> None:
        for part in parts:
            await line.send(part)
            await asyncio.sleep(0.002)
        line.close()

    return step


def then_reset(data: bytes) -> Step:
    async def step(line: Line) -> None:
        await line.send(data)
        await asyncio.sleep(0.002)
        line.reset()

    return step


def then_stay(*parts: bytes) -> Step:
    async def step(line: Line) -> None:
        for part in parts:
            await line.send(part)
            await asyncio.sleep(0.002)
        await line.silence()

    return step


IDS = b"1001,1002,1003"
GZIPPED = gzip.compress(IDS)


@pytest.mark.parametrize(
    "step",
    [
        sized(IDS),
        chunked(IDS, 3),
        then_close(UNTIL_CLOSE, IDS),
        then_close(HTTP_1_0, IDS),
        then_close(b"HTTP/1.0 200\r\nContent-Length: 14\r\n\r\n" + IDS),
        then_close(*(bytes([byte]) for byte in sized(IDS))),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\n" + sized(IDS),
        then_stay(b"HTTP/1.1 103 Early Hints\r\n\r\n", sized(IDS)),
        packed(GZIPPED),
        packed(GZIPPED, "X-GZIP"),
        packed(zlib.compress(IDS), "deflate"),
        packed(IDS, "identity"),
        then_reset(sized(IDS)),
    ],
)
async def test_a_complete_reply_is_read(peer: Peers, transport: Transport, step: Step) -> None:
    """Each way in which HTTP frames a reply is understood, in one piece or byte by byte."""
    gateway = await peer(step)
    assert await transport.request(gateway.get()) == Reply(200, IDS)
    assert len(gateway.requests) == 1


BROKEN: dict[str, Step] = {
    "closed after the headers": then_close(sized(b"", 14)),
    "closed in the body": then_close(sized(IDS[:6], 14)),
    "reset in the body": then_reset(sized(IDS[:6], 14)),
    "closed between chunks": then_close(CHUNKED + b"6\r\n1001,1\r\n"),
    "closed in a chunk": then_close(CHUNKED + b"e\r\n1001,1"),
    "closed before the last chunk's end": then_close(CHUNKED + b"e\r\n" + IDS + b"\r\n0\r\n"),
    "reset before the end": then_reset(UNTIL_CLOSE + IDS[:6]),
    "HTTP/1.0 reset before the end": then_reset(HTTP_1_0 + IDS[:6]),
    "reset in a chunk": then_reset(CHUNKED + b"e\r\n1001,1"),
    "a length too small": sized(IDS, 5),
    "no length that is a number": UNTIL_CLOSE.replace(b"\r\n\r\n", b"\r\nContent-Length: some\r\n\r\n") + IDS,
    "a negative length": sized(IDS, -1),
    "two lengths": sized(IDS, headers="Content-Length: 5\r\n"),
    "a length and chunks": sized(b"2\r\nOK\r\n0\r\n\r\n", headers="Transfer-Encoding: chunked\r\n"),
    "a chunk without a size": CHUNKED + b"zz\r\nOK\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"2\r\nOKOK\r\n0\r\n\r\n",
    "too many headers": UNTIL_CLOSE[:-2] + b"A: b\r\n" * 100_000 + b"\r\n",
    "a header too long": UNTIL_CLOSE[:-2] + b"A: " + b"b" * 1_000_000 + b"\r\n\r\n",
    "a reason too long": b"HTTP/1.1 200 " + b"b" * 1_000_000 + b"\r\n\r\n",
    "no HTTP": b"ERROR 42\r\n\r\n",
    "zeros": b"\0" * 5000,
    "HTTP/2": b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80\0\4\0\1\0\0\0\5\0\xff\xff\xff",
    "a status that is no number": b"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nOK",
}

SPOILT: dict[str, Step] = {
    "gzip cut short": packed(GZIPPED[:-9]),
    "gzip without its checksum": packed(GZIPPED[:-8]),
    "gzip without its last byte": packed(GZIPPED[:-1]),
    "gzip with a wrong checksum": packed(GZIPPED[:-8] + bytes(8)),
    "gzip and something after it": packed(GZIPPED + b"more"),
    "no gzip at all": packed(IDS),
    "deflate cut short": packed(zlib.compress(IDS)[:-1], "deflate"),
    "gzip twice": packed(gzip.compress(GZIPPED), "gzip, gzip"),
    "brotli": packed(IDS, "br"),
    "an encoding that nobody knows": packed(IDS, "rot13"),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("broken", BROKEN)
async def test_a_broken_reply_is_unreadable_and_not_asked_for_again(
    peer: Peers, client: Client, transport: Transport, method: str, broken: str
) -> None:
    """Whatever is cut short, damaged or no HTTP is no reply; the request was seen once; nothing is left behind."""
    gateway = await peer(BROKEN[broken])
    request = gateway.get() if method == "GET" else gateway.post()
    error = await client.fails(transport, request, UnreadableReply)
    assert error.maybe_accepted
    await gateway.all_ended()
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("spoilt", SPOILT)
async def test_a_body_that_does_not_unpack_is_unreadable(
    peer: Peers, client: Client, transport: Transport, spoilt: str
) -> None:
    """A packed body that is not whole to its checksum is no reply: half a list of IDs looks like a list of IDs."""
    gateway = await peer(SPOILT[spoilt])
    await client.fails(transport, gateway.get(), UnreadableReply)
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("garbage", [b"zz\r\nOK\r\n", b"2\r\nOKOK\r\n0\r\n\r\n"])
@pytest.mark.parametrize("before", [b"", b"3\r\nabc\r\n"])
async def test_garbage_in_the_middle_of_a_body_is_not_waited_behind(
    peer: Peers, client: Client, before: bytes, garbage: bytes
) -> None:
    """aiohttp hangs up at a chunk that is none, and would leave whoever reads the body to its timeout."""
    gateway = await peer(then_stay(CHUNKED + before, garbage))
    async with asyncio.timeout(2):
        await client.fails(client.transport(timeout=30), gateway.get(), UnreadableReply)
    assert len(gateway.requests) == 1


async def test_a_connection_that_breaks_later_is_not_complained_of(peer: Peers) -> None:
    """A body that came in pieces leaves nobody behind who would have to hear of the connection's end."""
    gateway = await peer(then_stay(sized(IDS)[:-3], sized(IDS)[-3:]))
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    transport = Transport()
    assert await transport.request(gateway.get()) == Reply(200, IDS)
    gateway.lines[0].reset()
    await asyncio.sleep(0.01)  # the client hears of it
    assert await transport.request(gateway.get()) == Reply(200, IDS)  # and here it forgets the connection
    gc.collect()
    await transport.aclose()
    assert complaints == []


@pytest.mark.parametrize(
    "after", [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nmore"]
)
async def test_a_switch_of_protocols_is_not_followed(peer: Peers, transport: Transport, after: bytes) -> None:
    """A 101 is handed over as it is, and its connection is not used again."""
    gateway = await peer(after, OK)
    assert (await transport.request(gateway.get())).status == 101
    assert (await transport.request(gateway.get())).body == b"OK"
    assert len(gateway.lines) == 2


@pytest.mark.parametrize(
    "frame",
    [
        sized,
        chunked,
        lambda body: then_close(UNTIL_CLOSE + body),
        lambda body: packed(gzip.compress(body, 1)),
    ],
    ids=["sized", "chunked", "until close", "gzip"],
)
async def test_a_mebibyte_is_read_and_one_byte_more_is_not(
    peer: Peers, client: Client, transport: Transport, frame: Callable[[bytes], Step]
) -> None:
    """`MAX_REPLY` is the limit, however the body is framed or packed."""
    body = b"1" * MAX_REPLY
    gateway = await peer(frame(body), frame(body + b"1"))
    assert (await transport.request(gateway.get())).body == body
    await client.fails(transport, gateway.get(), UnreadableReply)
    assert len(gateway.requests) == 2


@pytest.mark.parametrize("headers", [CHUNKED, UNTIL_CLOSE, sized(b"", 1 << 40)])
async def test_an_endless_reply_is_not_read_to_its_end(
    peer: Peers, client: Client, transport: Transport, headers: bytes
) -> None:
    """The connection is closed when a body grows too long: the peer cannot push on."""
    pushed = 0

    async def endless(line: Line) -> None:
        nonlocal pushed
        await line.send(headers)
        while True:
            await line.send(b"10000\r\n" + bytes(65536) + b"\r\n")
            pushed += 65536

    gateway = await peer(endless)
    await client.fails(transport, gateway.get(), UnreadableReply)
    await gateway.all_ended()
    assert pushed < 32 * MAX_REPLY  # the kernel's buffers hold some of it


async def test_a_gzip_bomb_does_not_go_off(peer: Peers, client: Client, transport: Transport) -> None:
    """Of 64 MiB of zeros, packed to 64 KiB, no more than the limit is ever unpacked."""
    packer = zlib.compressobj(1, wbits=31)
    zeros = bytes(1 << 20)
    bomb = b"".join(packer.compress(zeros) for _ in range(64)) + packer.flush()
    gateway = await peer(packed(bomb))
    tracemalloc.start()
    try:
        await client.fails(transport, gateway.get(), UnreadableReply)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MAX_REPLY


@pytest.mark.parametrize(
    "wrong", [sized(IDS, 5), sized(b"", 5, status="204 No Content") + b"12345", OK + b"garbage"]
)
async def test_what_follows_a_reply_never_reaches_the_next_request(
    peer: Peers, transport: Transport, wrong: bytes
) -> None:
    """Bytes beyond a reply spoil its connection, which is not used again."""
    gateway = await peer(wrong, OK)
    with contextlib.suppress(UnreadableReply):
        await transport.request(gateway.get())
    assert await transport.request(gateway.get()) == Reply(200, b"OK")
    assert len(gateway.lines) == len(gateway.requests) == 2


async def test_nothing_secret_is_shown(peer: Peers, transport: Transport) -> None:
    """Neither a request nor a reply shows its URL or body."""
    gateway = await peer(sized(b"CANARY"))
    reply = await transport.request(gateway.get())
    for value in (gateway.get(), gateway.post(), reply, Request("GET", "http://CANARY/")):
        assert "CANARY" not in f"{value} {value!r}"


async def test_a_reply_before_the_form_is_read_is_taken(
    peer: Peers, client: Client, transport: Transport
) -> None:
    """A gateway that refuses and closes while we still write has answered, or the connection is lost; never more."""
    seen: list[bytes] = []

    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(sized(b"no", status="413 Too Large"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hasty, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        request = Request("POST", f"http://127.0.0.1:{port}/", b"a" * 900_000)
        with contextlib.suppress(ConnectionLost):
            assert (await transport.request(request)).status == 413
    assert len(seen) == 1
