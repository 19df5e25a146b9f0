"""One request on the wire for each call: drops, resets, the hook, timeouts, cancellation."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import aiohttp
import pytest

from smsgw.errors import (
    CircuitOpen,
    ConnectionFailed,
    ConnectionLost,
    DuplicateRequest,
    GatewayTimeout,
    NotSubmitted,
    OutcomeUnknown,
    SmsgwError,
)
from smsgw.transport import Request, Transport

if TYPE_CHECKING:
    from tests.conftest import Client, Line, Peer, Peers, Step

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


async def drop(line: Line) -> None:
    line.close()


async def reset(line: Line) -> None:
    line.reset()


async def drop_in_headers(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Le")
    line.close()


async def reset_in_headers(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Le")
    line.reset()


async def drop_after_interim(line: Line) -> None:
    await line.send(b"HTTP/1.1 102 Processing\r\n\r\n")
    line.close()


async def silence(line: Line) -> None:
    await line.silence()


LOSSES = [drop, reset, drop_in_headers, reset_in_headers, drop_after_interim]


def ask(peer: Peer, method: str) -> Request:
    return peer.get() if method == "GET" else peer.post()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("loss", LOSSES)
async def test_a_lost_request_on_a_fresh_connection_was_seen_once(
    peer: Peers, client: Client, transport: Transport, method: str, loss: Step
) -> None:
    """A peer that takes a request and drops the connection has seen it once, and its fate is unknown."""
    gateway = await peer(loss)
    await client.fails(transport, ask(gateway, method), ConnectionLost)
    assert len(gateway.requests) == 1
    assert len(gateway.lines) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("loss", LOSSES)
async def test_a_lost_request_on_a_reused_connection_was_seen_once(
    peer: Peers, client: Client, transport: Transport, method: str, loss: Step
) -> None:
    """On a connection that has served before, where aiohttp resends a GET, it is not sent again either."""
    gateway = await peer(OK, loss)
    assert (await transport.request(gateway.get())).body == b"OK"
    await client.fails(transport, ask(gateway, method), ConnectionLost)
    assert len(gateway.requests) == 2
    assert len(gateway.lines) == 1


async def test_many_lost_requests_at_once_were_each_seen_once(peer: Peers, transport: Transport) -> None:
    """Twenty requests that are dropped at the same time make twenty, on used connections and on fresh ones."""
    gateway = await peer(*[OK] * 10, drop)
    await asyncio.gather(*(transport.request(gateway.get()) for _ in range(10)))
    requests = (transport.request(Request("GET", f"{gateway.url}&n={n:02}")) for n in range(20))
    results = await asyncio.gather(*requests, return_exceptions=True)
    assert {type(result) for result in results} == {ConnectionLost}
    seen = [request.partition(b"&n=")[2][:2] for request in gateway.requests[10:]]
    assert sorted(seen) == [b"%02d" % n for n in range(20)]


async def test_the_hook_is_called_once_between_connecting_and_writing(
    peer: Peers, transport: Transport
) -> None:
    """`before_first_byte` is called once for each request, on a fresh connection and on a reused one."""
    gateway = await peer(OK)
    seen: list[bytes] = []
    await transport.request(gateway.get(), lambda: seen.append(bytes(gateway.received)))
    first = bytes(gateway.received)
    await transport.request(gateway.get(), lambda: seen.append(bytes(gateway.received)))
    assert seen == [b"", first]
    assert len(gateway.lines) == 1


@pytest.mark.parametrize("reused", [False, True])
@pytest.mark.parametrize(
    "refusal", [NotSubmitted("too late"), CircuitOpen("rests"), DuplicateRequest("just sent")]
)
async def test_a_hook_that_refuses_stops_the_request(
    peer: Peers, client: Client, transport: Transport, refusal: SmsgwError, reused: bool
) -> None:
    """What the hook raises comes out as it is; the peer has seen no byte, and the connection is closed."""
    gateway = await peer(OK)
    if reused:
        await transport.request(gateway.get())
    before = bytes(gateway.received)

    def refuse() -> None:
        raise refusal

    assert await client.fails(transport, gateway.get(), type(refusal), refuse) is refusal
    await gateway.all_ended()
    assert gateway.received == before


async def test_a_hook_that_breaks_stops_the_request(
    peer: Peers, client: Client, transport: Transport
) -> None:
    """An error that is none of ours in the hook proves, too, that nothing was sent."""
    gateway = await peer(OK)

    def break_() -> None:
        raise aiohttp.ServerDisconnectedError

    await client.fails(transport, gateway.get(), ConnectionFailed, break_)
    await gateway.all_ended()
    assert gateway.received == b""


async def drip_headers(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await line.send(b"X: y\r\n")
        await asyncio.sleep(0.02)


async def drip_interim(line: Line) -> None:
    while True:
        await line.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        await asyncio.sleep(0.02)


async def drip_body(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    while True:
        await line.send(b"1")
        await asyncio.sleep(0.02)


async def stall_in_body(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc")
    await line.silence()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("slow", [silence, drip_headers, drip_interim, drip_body, stall_in_body])
async def test_no_complete_reply_in_time_is_a_timeout(
    peer: Peers, client: Client, method: str, slow: Step
) -> None:
    """Silence and a drip alike end with the timeout for the whole request, and then the connection is closed."""
    gateway = await peer(slow)
    transport = client.transport(timeout=0.12)
    began = time.perf_counter()
    error = await client.fails(transport, ask(gateway, method), GatewayTimeout)
    assert 0.1 < time.perf_counter() - began < 1.5
    assert error.maybe_accepted
    await gateway.all_ended()
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("slow", [silence, stall_in_body])
async def test_cancelling_closes_the_connection(
    peer: Peers, transport: Transport, method: str, slow: Step
) -> None:
    """A cancelled request, waiting for its reply or reading it, ends as cancelled and leaves no connection."""
    gateway = await peer(slow)
    task = asyncio.create_task(transport.request(ask(gateway, method)))
    await gateway.seen(1)
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gateway.all_ended()
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("slow", [silence, stall_in_body])
async def test_closing_the_transport_meanwhile_leaves_the_outcome_unknown(
    peer: Peers, client: Client, slow: Step
) -> None:
    """`aclose()` while a request waits ends it: unknown, not sent again."""
    gateway = await peer(slow)
    transport = client.transport(timeout=0.3)
    task = asyncio.create_task(transport.request(gateway.get()))
    await gateway.seen(1)
    await asyncio.sleep(0.01)
    await transport.aclose()
    with pytest.raises(OutcomeUnknown):
        await task
    assert len(gateway.requests) == 1


async def test_the_bytes_on_the_wire_are_those_of_the_request(peer: Peers, transport: Transport) -> None:
    """The URL is not normalised or encoded anew, and a form goes out as it is."""
    gateway = await peer(OK)
    target = "/a/../%7Eb//send.php?t=a+b%20c%2Bd%d0%9A&dadr=1,2&e=&e=;:@!$'()*/?"
    await transport.request(Request("GET", gateway.url.partition("/send")[0] + target))
    await transport.request(Request("POST", gateway.url.partition("/send")[0] + "?x=%2f", b"a=%20+&b=\xd0"))
    assert gateway.requests[0].startswith(f"GET {target} HTTP/1.1\r\n".encode())
    assert gateway.requests[1].startswith(b"POST /?x=%2f HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/x-www-form-urlencoded\r\n" in gateway.requests[1]
    assert gateway.requests[1].endswith(b"\r\n\r\na=%20+&b=\xd0")


async def test_a_transport_has_a_slot_for_each_connection() -> None:
    """`slots` lets `max_connections` in."""
    transport = Transport(max_connections=2)
    await transport.slots.acquire()
    await transport.slots.acquire()
    assert transport.slots.locked()
