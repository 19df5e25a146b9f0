"""What goes wrong at a gateway, set by whoever runs the sandbox and while it runs."""

from collections.abc import Mapping
from random import Random
from typing import Any, Final, Literal, get_args

from attrs import Attribute, define, field
from attrs.validators import ge, instance_of, optional

from smsgw.sandbox.ledger import Kind

__all__ = ["Faults", "WireFault"]

# In the order in which they are looked for when several are set.
WireFault = Literal["unavailable", "drop_before", "drop", "silent", "truncated", "bad_gateway"]

_WIRE_FAULTS: Final[tuple[WireFault, ...]] = get_args(WireFault)


def _shares(_: "Faults", __: "Attribute[Mapping[str, float]]", value: Mapping[str, float]) -> None:
    if unknown := sorted(set(value) - set(_WIRE_FAULTS)):
        raise ValueError(f"no such fault: {', '.join(unknown)}; there are {', '.join(_WIRE_FAULTS)}")
    if any(not 0 <= share <= 1 for share in value.values()) or sum(value.values()) > 1:
        raise ValueError(f"shares are from 0 to 1, and together at most 1: {dict(value)}")


def _count() -> Any:
    """A fault that the next so many requests meet."""
    return field(default=0, validator=[instance_of(int), ge(0)])


@define(kw_only=True)
class Faults:
    """The faults of one gateway; every one may be changed at any time, and is checked as it is set.

    Counts: the next so many requests meet the fault, and it counts down. All but `unavailable` meet sends only.
    unavailable  the gateway says, in its documented way, that it is unavailable; nothing is taken (any request)
    drop_before  the connection is aborted; nothing is taken
    drop         the request is answered, what it brings is taken, and the connection aborted before a byte of reply
    silent       so too, but the connection stays open without a reply until the client gives up
    truncated    so too, but the reply stops half-way through the length that it announced
    bad_gateway  so too, but a front server answers HTTP 502

    share        for each of those names, the share (0..1) of sends that meet it at random
    delay        seconds before each reply, after all has been taken

    While set:
    blocked      the account is blocked; a gateway without a word for that says that login or password are wrong
    no_credit    the account is out of credit; nothing is taken
    held         IBA, TargetSMS: out of credit, but messages are taken and wait ("held")
    refuse_with  every send is refused with this code or text of the gateway's own; nothing is taken
    stop_list    numbers that the gateway refuses, each gateway in its own way
    """

    unavailable: int = _count()
    drop_before: int = _count()
    drop: int = _count()
    silent: int = _count()
    truncated: int = _count()
    bad_gateway: int = _count()
    share: Mapping[str, float] = field(factory=dict, validator=_shares)
    delay: float = field(default=0.0, validator=ge(0))
    blocked: bool = False
    no_credit: bool = False
    held: bool = False
    refuse_with: str | None = field(default=None, validator=optional(instance_of(str)))
    stop_list: set[str] = field(factory=set)

    def next_for(self, kind: Kind, random: Random) -> WireFault | None:
        """The fault that a request of this kind meets now; its count goes down by one."""
        for name in _WIRE_FAULTS:
            left: int = getattr(self, name)
            if left and (kind == "send" or name == "unavailable"):
                setattr(self, name, left - 1)
                return name
        if kind == "send" and self.share:
            return self._drawn(random.random())
        return None

    def _drawn(self, point: float) -> WireFault | None:
        """The fault whose part of the line from 0 to 1 holds the point."""
        for name in _WIRE_FAULTS:
            point -= self.share.get(name, 0.0)
            if point < 0:
                return name
        return None
