"""What goes wrong at a gateway, set by whoever runs the sandbox and while it runs."""

from collections.abc import Collection, Iterable, Mapping
from random import Random
from typing import Any, Final, Literal, Self, get_args

from attrs import Attribute, asdict, define, evolve, field, fields
from attrs.validators import ge, optional

from smsgw.sandbox.form import bare
from smsgw.sandbox.records import Kind

__all__ = ["Faults", "WireFault"]

# In the order in which they are looked for when several are set.
WireFault = Literal["unavailable", "drop_before", "drop", "silent", "truncated", "bad_gateway"]

_WIRE_FAULTS: Final[tuple[WireFault, ...]] = get_args(WireFault)
_LARGEST: Final = 2**53
"""Beyond it a page's own numbers have gaps, and a whole one of Python's may have no place in a float."""


def _shares(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(f"share is a mapping of names to shares: {value!r}")
    if unknown := sorted(set(value) - set(_WIRE_FAULTS)):
        raise ValueError(f"no such fault: {', '.join(unknown)}; there are {', '.join(_WIRE_FAULTS)}")
    for share in value.values():
        _is_number(None, attribute, share)
    # The sum of many decimal shares may end a little above the 1 that they make.
    if any(not 0 <= share <= 1 for share in value.values()) or sum(value.values()) > 1 + 1e-9:
        raise ValueError(f"shares are from 0 to 1, and together at most 1: {dict(value)}")


def _is_number(_: object, attribute: "Attribute[Any]", value: object) -> None:
    # To Python True is 1, and a switch in the place of a number would count as one.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{attribute.name} is a number: {value!r}")
    if not -_LARGEST <= value <= _LARGEST:
        raise ValueError(f"{attribute.name} is a number of an ordinary size: {str(value)[:20]}")


def _is_whole(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, int):
        raise TypeError(f"{attribute.name} is a whole number: {value!r}")


def _is_switch(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{attribute.name} is true or false: {str(value)[:100]!r}")


def _is_set_of_texts(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, set) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"{attribute.name} is a list of numbers, each a text: {str(value)[:100]}")
    if strange := [item for item in value if not (item.isascii() and item.isdigit())]:
        raise ValueError(f"{attribute.name} holds what is no number: {strange[0][:100]!r}")


def _is_writable(_: object, attribute: "Attribute[Any]", value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{attribute.name} is a text: {str(value)[:100]!r}")
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        raise ValueError(f"{attribute.name} has half a character, which no reply can have: {value!r}")


def _count() -> Any:
    """A fault that the next so many requests meet."""
    return field(default=0, validator=[_is_number, _is_whole, ge(0)])


def _switch() -> Any:
    """A fault that is on or off."""
    return field(default=False, validator=_is_switch)


def _as_set(value: object) -> object:
    """The digits of each number, however it is written. A list, as JSON has it, is as good as a set.

    What is none is left for the validator.
    """
    is_list = isinstance(value, (list, tuple, set, frozenset)) and all(
        isinstance(item, str) for item in value
    )
    if not (is_list and isinstance(value, Iterable)):
        return value
    return {bare(item) for item in value}


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
    delay: float = field(default=0.0, validator=[_is_number, ge(0)])
    blocked: bool = _switch()
    no_credit: bool = _switch()
    held: bool = _switch()
    refuse_with: str | None = field(default=None, validator=optional(_is_writable))
    stop_list: set[str] = field(factory=set, converter=_as_set, validator=_is_set_of_texts)

    def change(self, **wanted: Any) -> Self:
        """Set all of these, or none. Raises `ValueError` or `TypeError` that says what is wrong."""
        names = [attribute.name for attribute in fields(Faults)]
        if unknown := sorted(set(wanted) - set(names)):
            raise ValueError(f"no such fault: {', '.join(unknown)}; there are {', '.join(names)}")
        checked = evolve(self, **wanted)
        for name in wanted:
            setattr(self, name, getattr(checked, name))
        return self

    def clear(self) -> None:
        """Switch all off."""
        self.change(**asdict(Faults()))

    @property
    def on(self) -> tuple[str, ...]:
        """The names of those that some request may meet now."""
        calm = Faults()
        single = {a.name for a in fields(Faults) if getattr(self, a.name) != getattr(calm, a.name)} - {
            "share"
        }
        shared = {name for name, share in self.share.items() if share}
        return tuple(sorted(single | shared))

    def values(self, leave_out: Collection[str] = ()) -> dict[str, Any]:
        """All by name, in types that JSON has."""
        found = asdict(self, filter=lambda attribute, _: attribute.name not in leave_out)
        return {**found, "share": dict(self.share), "stop_list": sorted(self.stop_list)}

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
