"""A sandbox with a clock that stands still until a test moves it, and a plain HTTP client to ask it with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest
from yarl import URL

from smsgw.sandbox import Sandbox

Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Raw = Callable[[bytes], Coroutine[None, None, bytes]]

CREDENTIALS = {
    "avist": {"user": "test", "pass": "test"},
    "smstele": {"login": "test", "psw": "test"},
    "smsco": {"username": "test", "password": "test"},
    "iba": {"user": "test", "pwd": "test"},
    "targetsms": {"user": "test", "pwd": "test"},
}
SENDS = {
    "avist": ("sms.php", {"action": "send_sms", "phone": "79160001234", "message": "Hi", "from": "SHOP"}),
    "smstele": ("sendsms", {"phones": "79160001234", "mes": "Hi"}),
    "smsco": ("smsapi2.php", {"recipient": "79160001234", "message": "Hi"}),
    "iba": ("sendsms.php", {"sadr": "TESTSMS", "dadr": "79160001234", "text": "Hi"}),
    "targetsms": ("sendsms.php", {"sadr": "TESTSMS", "dadr": "79160001234", "text": "Hi"}),
}


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def advance(clock: Clock) -> Callable[[float], None]:
    """Let so many seconds pass on the sandbox's clock."""
    return clock.advance


@pytest.fixture
async def sandbox(clock: Clock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as opened:
        yield opened


@pytest.fixture
def ask(sandbox: Sandbox, session: aiohttp.ClientSession) -> Ask:
    """`await ask("iba", "sendsms.php", dadr="…")` is the status and the text of the reply.

    The account's own login and password go along; None in place of a value leaves a parameter out.
    """

    async def asked(
        gateway: str, script: str, *, method: str = "GET", codec: str = "utf-8", **given: str | None
    ) -> tuple[int, str]:
        everything: dict[str, str | None] = {**CREDENTIALS[gateway], **given}
        form = urlencode(
            {name: value for name, value in everything.items() if value is not None}, encoding=codec
        )
        url = sandbox.url_for(gateway) + script
        if method == "POST":
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            request = session.post(url, data=form.encode(), headers=headers)
        else:
            request = session.request(method, URL(f"{url}?{form}", encoded=True), allow_redirects=False)
        async with request as response:
            return response.status, await response.text()

    return asked


@pytest.fixture
def send(ask: Ask) -> Ask:
    """`await send("iba", text="…")` is a good send, with what the test says in place of its parameters."""

    async def sent(gateway: str, **given: str | None) -> tuple[int, str]:
        script, usual = SENDS[gateway]
        return await ask(gateway, script, **{**usual, **given})

    return sent


@pytest.fixture
def raw(sandbox: Sandbox) -> Raw:
    """Write these bytes to the socket as they are, and read until the sandbox closes it.

    aiohttp's client would send a GET once more when the connection is dropped; this one does not.
    """

    async def exchanged(request: bytes) -> bytes:
        address = urlsplit(sandbox.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(request)
            return await asyncio.wait_for(reader.read(), 10)
        except ConnectionError:  # the peer aborted with our bytes unread: no reply
            return b""
        finally:
            writer.close()

    return exchanged


@pytest.fixture
def raw_send(raw: Raw) -> Callable[..., Coroutine[None, None, bytes]]:
    """A good send to this gateway over `raw`, by GET; `connection` is what the client wants done with it."""

    async def sent(gateway: str, connection: str = "close") -> bytes:
        script, usual = SENDS[gateway]
        query = urlencode({**CREDENTIALS[gateway], **usual})
        return await raw(
            f"GET /{gateway}/{script}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: {connection}\r\n\r\n".encode()
        )

    return sent


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """`await until(condition)` lets the event loop work until the condition holds."""

    async def waited(condition: Callable[[], object]) -> None:
        for _ in range(5000):
            if condition():
                return
            await asyncio.sleep(0.001)
        pytest.fail("it never came to that")

    return waited
