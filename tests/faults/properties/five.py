"""The five drivers without a loop: made, given a batch, and asked over a wire that has the answer already."""

from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from smsgw.drivers.base import Batch, Driver
from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.models import Message, Reference
from smsgw.transport import Request

__all__ = [
    "BATCH_ID",
    "LOGIN",
    "MESSAGE_ID",
    "NAMES",
    "PASSWORD",
    "RECIPIENTS",
    "REFERENCES",
    "TEXT",
    "batch_for",
    "driver_for",
    "finish",
    "form_of",
    "result_of",
]

NAMES: Final = tuple(sorted(find_drivers()))
LOGIN: Final = "test:http"
PASSWORD: Final = "~p&ss=+% wört"
TEXT: Final = "Hidden words 42"
BATCH_ID: Final = "b0000000000000000001"
MESSAGE_ID: Final = "1179038981"
RECIPIENTS: Final = ("79031234567", "79160001234")
REFERENCES: Final = tuple(Reference("main", MESSAGE_ID, recipient) for recipient in RECIPIENTS)

T = TypeVar("T")
E = TypeVar("E", bound=Exception)


@cache
def driver_for(name: str, **given: Any) -> Driver:
    """A driver whose provider is called `main`; it holds no state, so tests may share it."""
    limit = find_drivers()[name].batch_limit
    configured = {"url": "http://gateway.test/api/", "batch_size": min(limit, 2), **given}
    return find_drivers()[name](
        ProviderSettings(name="main", driver=name, login=LOGIN, password=PASSWORD, **configured)
    )


def batch_for(driver: Driver, count: int = 2) -> Batch:
    """One request's worth of recipients: `count` of them where one request holds so many."""
    to = RECIPIENTS[: min(count, driver.batch_limit)]
    return Batch(driver.prepare(Message(to=to, text=TEXT)), to, BATCH_ID)


def form_of(request: Request) -> str:
    """The parameters of a request, still percent-encoded."""
    return urlsplit(request.url).query if request.body is None else request.body.decode("ascii")


def result_of(do: Callable[[], T], kind: type[E]) -> T | E:
    """What it returns, or the error of this kind that it raises instead."""
    try:
        return do()
    except kind as error:
        return error.with_traceback(None)


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never waits; it needs no loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        returned: T = end.value
        return returned
    coroutine.close()
    raise AssertionError("the driver waited for something other than its wire")
