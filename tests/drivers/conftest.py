"""A driver of each kind, batches for it, and a wire that answers what a test says.

All but the last two fixtures hold no state, so they live as long as the session (hypothesis asks for that).
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from unittest.mock import Mock
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from aioresponses import aioresponses

from smsgw.drivers.base import Batch, Driver
from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.errors import SmsgwError
from smsgw.models import Message
from smsgw.transport import Reply, Request, Transport, Wire

LOGIN = "test:http"
PASSWORD = "~p&ss=+% wört"  # every sign that a query or a form has to escape
BATCH_ID = "b0000000000000000001"


class FakeWire:
    """Gives one answer to every request: a reply, a body of HTTP 200, or an error."""

    def __init__(self, answer: Reply | SmsgwError | bytes) -> None:
        self.answer = answer

    async def request(self, request: Request) -> Reply:
        if isinstance(self.answer, SmsgwError):
            raise self.answer
        return Reply(200, self.answer) if isinstance(self.answer, bytes) else self.answer


@pytest.fixture(scope="session")
def driver_for() -> Callable[..., Driver]:
    """`driver_for("iba", charset="windows-1251")`: a driver whose provider is called `main`."""

    def make(name: str, **settings: Any) -> Driver:
        configured = ProviderSettings(
            name="main",
            driver=name,
            login=LOGIN,
            password=PASSWORD,
            **{"url": "http://gateway.test/api/", **settings},
        )
        return find_drivers()[name](configured)

    return make


@pytest.fixture(scope="session")
def batch_for() -> Callable[..., Batch]:
    """`batch_for(driver, "79031234567", text="Hi", sender="SHOP")`: one request's worth of recipients."""

    def make(driver: Driver, *recipients: str, text: str = "Hi", **options: Any) -> Batch:
        to = recipients or ("79031234567",)
        return Batch(driver.prepare(Message(to=to, text=text, **options)), to, BATCH_ID)

    return make


@pytest.fixture(scope="session")
def wire_for() -> Callable[[Reply | SmsgwError | bytes], Wire]:
    return FakeWire


@pytest.fixture(scope="session")
def asked() -> Callable[..., tuple[str, str, dict[str, str]]]:
    """`asked(request)`: its method, its URL without query, and its parameters, none of which comes twice."""

    def read(request: Request, charset: str = "utf-8") -> tuple[str, str, dict[str, str]]:
        url = urlsplit(request.url)
        query = url.query if request.body is None else request.body.decode("ascii")
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=True, encoding=charset, errors="strict"
        )
        parameters = dict(pairs)
        assert len(parameters) == len(pairs)
        return request.method, url._replace(query="").geturl(), parameters

    return read


@pytest.fixture(scope="session")
def avist(driver_for: Callable[..., Driver]) -> Driver:
    return driver_for("avist")


@pytest.fixture(scope="session")
def smstele(driver_for: Callable[..., Driver]) -> Driver:
    return driver_for("smstele")


@pytest.fixture(scope="session")
def smsco(driver_for: Callable[..., Driver]) -> Driver:
    return driver_for("smsco", batch_size=3)


@pytest.fixture(scope="session")
def iba(driver_for: Callable[..., Driver]) -> Driver:
    return driver_for("iba")


@pytest.fixture(scope="session")
def targetsms(driver_for: Callable[..., Driver]) -> Driver:
    return driver_for("targetsms")


class _Response(aiohttp.ClientResponse):
    """aioresponses 0.7.9 does not know of the argument that aiohttp 3.14 asks for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", Mock())
        super().__init__(*args, **kwargs)


class _Responses(aioresponses):
    def add(self, *args: Any, **kwargs: Any) -> None:
        kwargs["response_class"] = _Response
        super().add(*args, **kwargs)


@pytest.fixture
def http() -> Iterator[aioresponses]:
    """aioresponses in place of the network."""
    with _Responses() as responses:
        yield responses


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    opened = Transport(provider="main")
    yield opened
    await opened.aclose()
