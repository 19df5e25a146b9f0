"""All that a sandbox is, but for its sockets: its clock, its gateways, and what they saw and took."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Final

from smsgw.sandbox.discovery import gateway_types
from smsgw.sandbox.gateways import Gateway
from smsgw.sandbox.incoming import IncomingMessages
from smsgw.sandbox.ledger import Ledger
from smsgw.sandbox.records import TakenMessage

__all__ = ["World"]

_LONGEST_DELIVERY: Final = 366 * 86400


class World:
    """Gateways, their ledger, and the incoming messages, under one clock.

    keep      how many messages, requests and incoming messages are kept, the newest; None for all
    gateways  more kinds of gateways than those that are found

    login, password  of the account that every gateway has
    """

    def __init__(
        self,
        *,
        login: str,
        password: str,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
        delivery_after: float = 2.0,
        keep: int | None = None,
        gateways: Iterable[type[Gateway]] = (),
    ) -> None:
        self.clock = clock
        self._clock_start = clock()
        self._wall_start = datetime.now(UTC)
        self.login = login
        self.password = password
        self.keep = keep
        self.ledger = Ledger(keep=keep, forget=self._forget)
        self.incoming = IncomingMessages(clock=clock, wall=self.wall, keep=keep)
        kinds = {**gateway_types(), **{kind.name: kind for kind in gateways}}
        self.gateways: Mapping[str, Gateway] = MappingProxyType(
            {
                name: kind(
                    ledger=self.ledger,
                    login=login,
                    password=password,
                    clock=clock,
                    wall=self.wall,
                    random=Random(f"{seed}:{name}"),  # noqa: S311 - a repeatable choice of faults, no secret
                    delivery_after=_checked(delivery_after),
                )
                for name, kind in sorted(kinds.items())
            }
        )
        self._delivery_after = delivery_after

    def wall(self) -> datetime:
        """Wall-clock time that goes as the clock goes, so that stamps agree with states."""
        return self._wall_start + timedelta(seconds=self.clock() - self._clock_start)

    @property
    def delivery_after(self) -> float:
        """Seconds from taking a message to its final state, for those that are taken from now on."""
        return self._delivery_after

    @delivery_after.setter
    def delivery_after(self, seconds: float) -> None:
        self._delivery_after = _checked(seconds)
        for gateway in self.gateways.values():
            gateway.delivery_after = seconds

    def reset(self, *, messages: bool = True, faults: bool = True, incoming: bool = True) -> None:
        """Begin anew: forget what was sent and asked, switch the faults off, forget what came in."""
        if messages:
            self.ledger.clear()
        if incoming:
            self.incoming.clear()
        for gateway in self.gateways.values():
            if messages:
                gateway.reset()
            if faults:
                gateway.faults.clear()

    def _forget(self, message: TakenMessage) -> None:
        self.gateways[message.gateway].forget(message)


def _checked(seconds: float) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"delivery_after is a number of seconds: {seconds!r}")
    if not 0 <= seconds <= _LONGEST_DELIVERY:
        raise ValueError(f"delivery_after is 0 to {_LONGEST_DELIVERY} seconds: {str(seconds)[:20]}")
    return float(seconds)
