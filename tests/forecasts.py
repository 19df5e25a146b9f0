"""Forecasts over the real drivers, for the tests of planning.py."""

from collections.abc import Iterable
from typing import Any

from smsgw import planning
from smsgw.config import BreakerSettings, RetrySettings, RouteSettings
from smsgw.delivery import Lane
from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.entry import Signal
from smsgw.models import Message
from smsgw.planning import Forecast
from smsgw.routing import Router
from smsgw.transport import Transport

__all__ = ["GEORGIAN", "RUSSIAN", "forecast", "lane", "numbers", "router"]

RUSSIAN, GEORGIAN = "79031234567", "995555123456"


def lane(name: str, **given: Any) -> Lane:
    """A lane with the real driver of this name, and a transport that is never asked for anything."""
    driver = find_drivers()[name](
        ProviderSettings(name=name, driver=name, login="test", password="test", **{"sender": "S", **given})
    )
    return Lane(
        driver,
        Transport(provider=name),
        retry=RetrySettings(),
        breaker=BreakerSettings(),
        window=None,
        signal=Signal(),
        clock=lambda: 0.0,
    )


def router(*lanes: Lane, routes: Iterable[RouteSettings] = ()) -> Router:
    return Router({lane.name: lane for lane in lanes}, tuple(routes))


def forecast(router: Router, *rows: tuple[str, str], **given: Any) -> planning.Total:
    """Of these numbers and texts, in lines from 2 on."""
    made = Forecast(router)
    for line, (to, text) in enumerate(rows, 2):
        made.add(Message(to=to, text=text, **given), line)
    return made.total


def numbers(count: int) -> list[str]:
    return [str(79030000000 + n) for n in range(count)]
