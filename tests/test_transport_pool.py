"""Connections that are used again: for how long, and what their past may not do to the next request."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from smsgw.errors import ConnectionFailed, ConnectionLost
from smsgw.transport import Request, Transport

if TYPE_CHECKING:
    from tests.conftest import Client, Line, Peers

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
STALE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nSTALE"


async def reply_and_drop(line: Line) -> None:
    await line.send(OK)
    line.close()


@pytest.mark.parametrize(
    ("keepalive", "pause", "connections"), [(2, 0.0, 1), (1, 0.01, 1), (0.03, 0.06, 3), (0, 0.0, 3)]
)
async def test_connections_are_reused_within_keepalive_only(
    peer: Peers, client: Client, keepalive: float, pause: float, connections: int
) -> None:
    """A connection that has idled for longer than `keepalive` is not used again; 0 means never."""
    gateway = await peer(OK)
    transport = client.transport(keepalive=keepalive)
    for _ in range(3):
        await transport.request(gateway.get())
        await asyncio.sleep(pause)
    assert len(gateway.lines) == connections
    assert len(gateway.requests) == 3


async def test_an_idle_connection_that_the_peer_closed_is_not_used(peer: Peers, transport: Transport) -> None:
    """A pooled connection that the peer has closed since costs nothing: the next request opens a new one."""
    gateway = await peer(reply_and_drop, OK)
    await transport.request(gateway.get())
    await gateway.all_ended()
    assert (await transport.request(gateway.get())).body == b"OK"
    assert len(gateway.requests) == 2
    assert len(gateway.lines) == 2


async def test_a_goodbye_that_has_just_arrived_is_noticed(peer: Peers, transport: Transport) -> None:
    """The peer's FIN is in the kernel but the loop has not read it: the request goes out on a new connection."""
    gateway = await peer(OK)
    await transport.request(gateway.get())
    gateway.lines[0].writer.get_extra_info("socket").shutdown(1)
    calls: list[int] = []
    reply = await transport.request(gateway.get(), lambda: calls.append(len(gateway.requests)))
    assert reply.body == b"OK"
    assert calls == [1]
    assert len(gateway.requests) == 2
    assert len(gateway.lines) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_close_that_races_with_a_request_never_makes_two(
    peer: Peers, transport: Transport, method: str
) -> None:
    """However the peer's close and our next request cross, the request is seen once, or its loss is told."""
    turns = 0

    async def reply_and_drop_in_a_moment(line: Line) -> None:
        nonlocal turns
        turns += 1
        await line.send(OK)
        for _ in range(turns % 12):
            await asyncio.sleep(0)
        line.close()

    gateway = await peer(reply_and_drop_in_a_moment)
    answered = 0
    for n in range(80):
        try:
            await transport.request(Request("GET", f"{gateway.url}&n={n:02}"))
            answered += 1
        except ConnectionLost:
            pass
    seen = [request.partition(b"&n=")[2][:2] for request in gateway.requests]
    assert len(seen) == len(set(seen)) >= answered > 40


async def test_a_second_reply_never_answers_the_next_request(peer: Peers, transport: Transport) -> None:
    """Of two replies to one request the second is thrown away with its connection, early or late."""

    async def twice(line: Line) -> None:
        await line.send(OK + STALE)

    async def twice_late(line: Line) -> None:
        await line.send(OK)
        await asyncio.sleep(0.01)
        await line.send(STALE)

    gateway = await peer(twice, twice_late, OK)
    assert (await transport.request(gateway.get())).body == b"OK"
    assert (await transport.request(gateway.get())).body == b"OK"
    await asyncio.sleep(0.03)
    assert (await transport.request(gateway.get())).body == b"OK"
    os.write(gateway.lines[-1].writer.get_extra_info("socket").fileno(), STALE)  # the loop does not know yet
    assert (await transport.request(gateway.get())).body == b"OK"
    assert len(gateway.requests) == 4
    assert len(gateway.lines) == 4


@pytest.mark.parametrize(
    "greeting", [STALE, b"HTTP/1.1 100 Continue\r\n\r\n", b"220 mail ready\r\n", b"\0" * 4096]
)
async def test_a_peer_that_speaks_first_gets_no_request(
    peer: Peers, client: Client, transport: Transport, greeting: bytes
) -> None:
    """What arrives before the request is no reply to it: nothing is sent, and that is known."""
    gateway = await peer(OK, greeting=greeting)
    error = await client.fails(transport, gateway.get(), ConnectionFailed)
    assert error.retryable
    assert gateway.received == b""
