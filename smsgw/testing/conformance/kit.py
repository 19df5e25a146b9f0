"""What all checks have at hand: the driver under test, messages for it, and its fake gateway."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import pytest
from attrs import frozen

from smsgw.drivers.base import Batch, Driver
from smsgw.drivers.discovery import ENTRY_POINT_GROUP, find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.errors import UnsupportedOption
from smsgw.models import Message, Reference
from smsgw.sandbox import Gateway
from smsgw.sandbox.discovery import ENTRY_POINT_GROUP as GATEWAY_GROUP
from smsgw.sandbox.discovery import gateway_types
from smsgw.transport import Request

__all__ = ["BATCH_ID", "FOLDER", "LOGIN", "PASSWORD", "PROVIDER", "Kit", "written"]

PROVIDER = "main"
FOLDER = "http://gateway.test/api/"
LOGIN = "test:http"
PASSWORD = "~p&ss=+% wört"  # noqa: S105 - of no account: every sign that a query or a form has to escape
BATCH_ID = "b0000000000000000001"

T = TypeVar("T")


def written(request: Request) -> str:
    """All that a request says: its URL and its body."""
    return request.url + (request.body or b"").decode("ascii", "backslashreplace")


class Kit:
    """The attributes are described in `DriverConformance`."""

    driver: ClassVar[str | type[Driver]]
    gateway: ClassVar[type[Gateway] | None] = None
    recipients: ClassVar[tuple[str, ...]] = ("79031234567", "79160001234", "79260004567")
    text: ClassVar[str] = "Hidden words 42"
    sender: ClassVar[str] = "SHOP"
    settings: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    bare_refusals: ClassVar[bool] = False
    optional_end: ClassVar[bytes] = b""

    @classmethod
    def driver_type(cls) -> type[Driver]:
        """The class under test."""
        given: str | type[Driver] | None = getattr(cls, "driver", None)
        if given is None:
            pytest.fail(f"{cls.__name__}: set `driver` to your driver's name, or to its class", pytrace=False)
        if not isinstance(given, str):
            return cls._whole(given)
        known = find_drivers()
        if given not in known:
            pytest.fail(
                f"{cls.__name__}: no driver {given!r} is found; there are {', '.join(sorted(known))}. A package names "
                f"its own by an entry point of the group {ENTRY_POINT_GROUP}; is it installed?",
                pytrace=False,
            )
        return cls._whole(known[given])

    @classmethod
    def _whole(cls, driver: type[Driver]) -> type[Driver]:
        """A driver that lacks something fails every check with one line, and not each with its own trace."""
        if lacking := sorted(driver.__abstractmethods__):
            pytest.fail(
                f"{cls.__name__}: {driver.__name__} lacks {', '.join(lacking)}. (For what the gateway does not tell, "
                "such as a balance, both methods raise UnsupportedOption.)",
                pytrace=False,
            )
        return driver

    @classmethod
    def gateway_type(cls) -> type[Gateway]:
        """The fake that it is tested against."""
        if cls.gateway is not None:
            return cls.gateway
        name = cls.driver_type().name
        if name not in gateway_types():
            pytest.fail(
                f"{cls.__name__}: no fake gateway {name!r} is found; set `gateway` to yours, or name it by an entry "
                f"point of the group {GATEWAY_GROUP}",
                pytrace=False,
            )
        return gateway_types()[name]

    def new_driver(self, **settings: Any) -> Driver:
        """A driver whose provider is called `main`."""
        kind = self.driver_type()
        return kind(
            ProviderSettings(
                **{
                    "name": PROVIDER,
                    "driver": kind.name,
                    "login": LOGIN,
                    "password": PASSWORD,
                    "url": FOLDER,
                    **self.settings,
                    **settings,
                }
            )
        )

    def new_pair(self) -> tuple[Driver, Batch]:
        """A driver, and as many recipients as go into one of its requests, three at most."""
        size = min(self.driver_type().batch_limit, len(self.recipients))
        driver = self.new_driver(batch_size=size)
        return driver, self.new_batch(driver, *self.recipients[:size], sender=self.sender)

    def new_batch(self, driver: Driver, *recipients: str, text: str | None = None, **options: Any) -> Batch:
        """One request's worth of recipients."""
        message = Message(to=recipients, text=self.text if text is None else text, **options)
        return Batch(driver.prepare(message), recipients, BATCH_ID)

    def questions(self, driver: Driver, batch: Batch) -> Iterator[Request]:
        """Every request that the driver has, but for a send."""
        yield driver.status_request(Reference(PROVIDER, "ID-7", self.recipients[0]))
        with suppress(UnsupportedOption):
            yield driver.balance_request()
        with suppress(UnsupportedOption):
            yield driver.lookup_request(batch.recipients, batch.id)

    def every_request(self, driver: Driver, batch: Batch) -> Iterator[Request]:
        """Every request that the driver has, the send first."""
        yield driver.send_request(batch)
        yield from self.questions(driver, batch)

    @staticmethod
    def run(work: Coroutine[Any, Any, T]) -> T:
        """Run it in a loop of its own, so that no plugin for async tests is needed."""
        __tracebackhide__ = True
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            result = runner.run(_kept(work))
        if isinstance(result, _Failure):
            raise result.error  # from here, so that the loop's own frames are not shown
        return result


@frozen
class _Failure:
    error: Exception


async def _kept(work: Coroutine[Any, Any, T]) -> T | _Failure:
    __tracebackhide__ = True
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - it is raised again, elsewhere
        return _Failure(error)
