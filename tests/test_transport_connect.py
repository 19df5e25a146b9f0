"""No connection, no request: refusals, DNS, timeouts and cancellation while connecting."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

import smsgw.transport.client as transport_module
from smsgw.errors import ConfigurationError, ConnectionFailed, OutcomeUnknown
from smsgw.transport import Request, Transport

if TYPE_CHECKING:
    from tests.conftest import Client, Line, Peers

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
SECRETS = "pwd=CANARY-pa55word&text=CANARY-private-text"


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port on which nobody listens, and nobody else will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
async def deaf_port() -> AsyncIterator[int]:
    """A port whose backlog is full: a connection to it neither succeeds nor fails."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def never() -> None:
    pytest.fail("the hook was called without a connection")


async def test_a_refused_connection_sent_nothing(
    client: Client, transport: Transport, free_port: int
) -> None:
    """Nobody listens: `ConnectionFailed`, which may be tried again, and the hook is not called."""
    request = Request("GET", f"http://127.0.0.1:{free_port}/?{SECRETS}")
    error = await client.fails(transport, request, ConnectionFailed, never)
    assert error.retryable
    assert not error.maybe_accepted
    assert error.provider == "main"


async def test_an_unknown_host_sent_nothing(client: Client, transport: Transport) -> None:
    """A host name that does not exist is `ConnectionFailed`."""
    await client.fails(
        transport, Request("GET", f"http://gateway.invalid/?{SECRETS}"), ConnectionFailed, never
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "ftp://gateway/",
        "http:///path",
        "http://[bad/",
        "http://127.0.0.1:99999/",
        "/relative",
    ],
)
async def test_a_url_that_is_none_is_a_matter_of_configuration(
    client: Client, transport: Transport, url: str
) -> None:
    """A URL that leads nowhere proves that nothing was sent, and no retry helps."""
    await client.fails(transport, Request("GET", f"{url}?{SECRETS}"), ConfigurationError, never)


async def test_a_connection_that_does_not_come_about_in_time_sent_nothing(
    client: Client, deaf_port: int
) -> None:
    """A timeout while connecting is `ConnectionFailed`, not an unknown outcome."""
    transport = client.transport(timeout=0.1)
    began = time.perf_counter()
    await client.fails(
        transport, Request("GET", f"http://127.0.0.1:{deaf_port}/?{SECRETS}"), ConnectionFailed, never
    )
    assert 0.08 < time.perf_counter() - began < 1.5


async def test_connecting_has_a_timeout_of_its_own(
    client: Client, deaf_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that is slow to answer may have its timeout; one that cannot be reached need not."""
    monkeypatch.setattr(transport_module, "CONNECT_TIMEOUT", 0.1)
    transport = client.transport(timeout=5)
    began = time.perf_counter()
    await client.fails(
        transport, Request("GET", f"http://127.0.0.1:{deaf_port}/?{SECRETS}"), ConnectionFailed, never
    )
    assert time.perf_counter() - began < 1


async def test_a_handshake_that_does_not_end_in_time_sent_nothing(peer: Peers, client: Client) -> None:
    """A peer that accepts, and says nothing to a TLS greeting, has seen no request."""
    gateway = await peer(OK)
    transport = client.transport(timeout=0.1)
    url = gateway.url.replace("http:", "https:")
    await client.fails(transport, Request("GET", url), ConnectionFailed, never)
    await gateway.all_ended()
    assert gateway.requests == []
    assert b"CANARY" not in gateway.received


class SlowResolver(AbstractResolver):
    """A DNS that never answers."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        await asyncio.Event().wait()
        return []

    async def close(self) -> None:
        pass


def slow_session(client: Client) -> aiohttp.ClientSession:
    return client.session(connector=aiohttp.TCPConnector(resolver=SlowResolver(), keepalive_timeout=2))


async def test_a_lookup_that_does_not_end_in_time_sent_nothing(client: Client) -> None:
    """DNS counts as connecting."""
    transport = client.transport(timeout=0.1, session=slow_session(client))
    await client.fails(transport, Request("GET", f"http://gateway.test/?{SECRETS}"), ConnectionFailed, never)


async def test_a_session_closed_during_the_lookup_is_no_cancellation(client: Client) -> None:
    """aiohttp cancels lookups when its session is closed; to the caller that is a failed connection."""
    session = slow_session(client)
    transport = client.transport(session=session)
    task = asyncio.create_task(
        client.fails(transport, Request("GET", f"http://gateway.test/?{SECRETS}"), ConnectionFailed, never)
    )
    await asyncio.sleep(0.01)
    await session.close()
    await task


async def test_a_session_closed_while_a_request_queues_is_no_cancellation(
    peer: Peers, client: Client
) -> None:
    """The same for a request that waits for a connection of a session with few."""

    async def silence(line: Line) -> None:
        await line.silence()

    gateway = await peer(silence)
    session = client.session(connector=aiohttp.TCPConnector(limit=1))
    transport = client.transport(session=session)
    tasks = [asyncio.create_task(transport.request(gateway.get())) for _ in range(2)]
    await gateway.seen(1)
    await asyncio.sleep(0.01)
    await session.close()
    sent, queued = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(sent, OutcomeUnknown)
    assert isinstance(queued, ConnectionFailed)
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("phase", ["dns", "tcp", "tls"])
async def test_cancelling_while_connecting_leaves_nothing_open(
    peer: Peers, client: Client, deaf_port: int, phase: str
) -> None:
    """A request cancelled before it has a connection ends as cancelled, and sent nothing."""
    gateway = await peer(OK)
    urls = {
        "dns": "http://gateway.test/",
        "tcp": f"http://127.0.0.1:{deaf_port}/",
        "tls": f"https://127.0.0.1:{gateway.port}/",
    }
    transport = client.transport(session=slow_session(client))
    task = asyncio.create_task(transport.request(Request("GET", urls[phase]), never))
    await asyncio.sleep(0.03)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    if gateway.lines:
        await gateway.all_ended()
    assert gateway.requests == []
