"""TLS that does not hold gets no request; TLS that does changes nothing."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
import pytest
import trustme

from smsgw.errors import ConnectionFailed, ConnectionLost, OutcomeUnknown, SmsgwError
from smsgw.transport import Reply, Request, Transport

if TYPE_CHECKING:
    from tests.conftest import Client, Line, Peers

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """What a client uses that trusts `authority`."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def never() -> None:
    pytest.fail("the hook was called without a connection")


@pytest.mark.parametrize("own", [True, False])
async def test_a_trusted_certificate_is_good(
    peer: Peers, client: Client, authority: trustme.CA, trusting: ssl.SSLContext, own: bool
) -> None:
    """With a context that trusts the gateway, requests go through, and share a connection."""
    gateway = await peer(OK, tls=serving(authority.issue_cert("127.0.0.1")))
    transport = client.transport(tls=trusting, session=None if own else client.session())
    for _ in range(3):
        assert await transport.request(gateway.post()) == Reply(200, b"OK")
    assert len(gateway.requests) == 3
    assert len(gateway.lines) == 1


CERTIFICATES: dict[str, Callable[[trustme.CA], trustme.LeafCert]] = {
    "for another host": lambda ca: ca.issue_cert("gateway.example"),
    "expired": lambda ca: ca.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(days=1)),
    "signed by a stranger": lambda ca: trustme.CA().issue_cert("127.0.0.1"),
}


@pytest.fixture(params=["own session", "given", "given, not verifying"])
async def verifying(request: pytest.FixtureRequest, client: Client, trusting: ssl.SSLContext) -> Transport:
    """A transport that trusts `authority`, over each kind of session."""
    session = None
    if request.param != "own session":
        session = client.session(connector=aiohttp.TCPConnector(ssl=request.param == "given"))
    return client.transport(tls=trusting, session=session)


@pytest.mark.parametrize("wrong", CERTIFICATES)
async def test_a_wrong_certificate_gets_no_request(
    peer: Peers, client: Client, authority: trustme.CA, verifying: Transport, wrong: str
) -> None:
    """A certificate that does not hold ends the connection before a byte, whatever the session thinks of it."""
    gateway = await peer(OK, tls=serving(CERTIFICATES[wrong](authority)))
    error = await client.fails(verifying, gateway.get(), ConnectionFailed, never)
    assert "certificate" in str(error)
    assert gateway.received == b""


@pytest.mark.parametrize("session", ["own", "given", "given, not verifying"])
async def test_the_default_is_to_verify(
    peer: Peers, client: Client, authority: trustme.CA, session: str
) -> None:
    """Without a context of its own, a transport trusts what the system trusts, and no less than that."""
    gateway = await peer(OK, tls=serving(authority.issue_cert("127.0.0.1")))
    given = None
    if session != "own":
        given = client.session(connector=aiohttp.TCPConnector(ssl=session == "given"))
    await client.fails(client.transport(session=given), gateway.get(), ConnectionFailed, never)
    assert gateway.received == b""


async def test_plain_http_where_tls_is_due_gets_no_request(
    peer: Peers, client: Client, transport: Transport
) -> None:
    """A gateway that answers a TLS greeting in plain HTTP has seen no request."""

    gateway = await peer(OK, greeting=b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await client.fails(
        transport, Request("GET", gateway.url.replace("http:", "https:")), ConnectionFailed, never
    )
    assert gateway.requests == []
    assert b"CANARY" not in gateway.received


async def test_tls_where_plain_http_was_asked_for_is_unknown(
    peer: Peers, client: Client, transport: Transport, authority: trustme.CA
) -> None:
    """The request went out before the TLS server complained: what became of it is not known here."""
    gateway = await peer(OK, tls=serving(authority.issue_cert("127.0.0.1")))
    with pytest.raises(OutcomeUnknown):
        await transport.request(Request("GET", gateway.url.replace("https:", "http:")))
    assert gateway.requests == []


async def test_a_gateway_that_wants_a_client_certificate_is_unknown(
    peer: Peers, client: Client, authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """With TLS 1.3 its refusal arrives after the first byte of the request, which therefore may have been read."""
    demanding = serving(authority.issue_cert("127.0.0.1"))
    demanding.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(demanding)
    gateway = await peer(OK, tls=demanding)
    with pytest.raises(SmsgwError) as caught:
        await client.transport(tls=trusting).request(gateway.get())
    assert caught.value.maybe_accepted
    assert gateway.requests == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_request_lost_under_tls_was_seen_once(
    peer: Peers, client: Client, authority: trustme.CA, trusting: ssl.SSLContext, method: str
) -> None:
    """Drops are no different under TLS, on a reused connection too."""

    async def drop(line: Line) -> None:
        line.close()

    async def reset(line: Line) -> None:
        line.reset()

    for loss in (drop, reset):
        gateway = await peer(OK, loss, tls=serving(authority.issue_cert("127.0.0.1")))
        transport = client.transport(tls=trusting)
        await transport.request(gateway.get())
        await client.fails(transport, gateway.get() if method == "GET" else gateway.post(), ConnectionLost)
        assert len(gateway.requests) == 2
        assert len(gateway.lines) == 1
