"""What of all that is kept a list shows: the words of a query, and what they let through."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Generic, Self, TypeVar

from attrs import frozen
from multidict import MultiMapping

from smsgw.sandbox.fates import STATES
from smsgw.sandbox.form import bare
from smsgw.sandbox.gateways import Gateway
from smsgw.sandbox.records import Exchange, TakenMessage

__all__ = ["BadQuery", "MessageFilter", "Page", "RequestFilter", "Window"]

_MOST = 500
_KINDS: Final = ("send", "status", "balance", "hlr", "other")
_WINDOW: Final = ("limit", "before", "after")

Numbered = TypeVar("Numbered", TakenMessage, Exchange)


class BadQuery(ValueError):
    """One line that says what is wrong with a query, and what may stand there."""


@frozen
class Page(Generic[Numbered]):
    """A part of a list, the newest first; how many there are in all; and where the next page begins, if there is one."""

    items: tuple[Numbered, ...]
    matching: int
    next: int | None


@frozen(kw_only=True)
class Window:
    """Which part of a list: at most `limit`, only those with numbers below `before` and above `after`."""

    limit: int = 50
    before: int | None = None
    after: int | None = None

    @classmethod
    def read(cls, query: MultiMapping[str]) -> Self:
        """Of a query. Raises `BadQuery`."""
        window = cls(
            limit=_number(query, "limit") or cls().limit,
            before=_number(query, "before"),
            after=_number(query, "after"),
        )
        if window.limit > _MOST:
            raise BadQuery(f"limit is 1 to {_MOST}")
        return window

    def cut(self, found: Iterable[Numbered]) -> Page[Numbered]:
        """This part of what was found, the newest first."""
        items: list[Numbered] = []
        matching = 0
        more = False
        for item in found:
            matching += 1
            if (self.before is not None and item.number >= self.before) or item.number <= (self.after or 0):
                continue
            if len(items) < self.limit:
                items.append(item)
            else:
                more = True
        return Page(tuple(items), matching, items[-1].number if more else None)


@frozen(kw_only=True)
class MessageFilter:
    """Lets messages through that fit every word given: see `docs/sandbox.md`."""

    providers: Collection[str] = ()
    states: Collection[str] = ()
    number: str = ""
    text: str = ""
    recipient: str = ""

    @classmethod
    def read(cls, query: MultiMapping[str], gateways: Collection[str]) -> Self:
        """Of a query. Raises `BadQuery`."""
        _known(query, "provider", "state", "number", "text", "recipient", *_WINDOW)
        return cls(
            providers=_choices(query, "provider", gateways),
            states=_choices(query, "state", STATES),
            number=bare(query.get("number", "")),
            text=query.get("text", "").strip().casefold(),
            recipient=bare(query.get("recipient", "")),
        )

    @classmethod
    def to(cls, number: str) -> Self:
        """All that went to one number, however it is written."""
        return cls(recipient=bare(number))

    def is_of(self, *numbers: str) -> bool:
        """Whether the recipient asked for is one of these, however they are written."""
        return self.recipient in {bare(number) for number in numbers}

    def apply(
        self, messages: Iterable[TakenMessage], gateways: Mapping[str, Gateway]
    ) -> Iterator[TakenMessage]:
        """Those that fit, in their order. The cheap questions come first."""
        for message in messages:
            if self.providers and message.gateway not in self.providers:
                continue
            if self.recipient and not self.is_of(message.recipient):
                continue
            if self.number and self.number not in bare(message.recipient):
                continue
            if self.text and not (
                self.text in message.text.casefold() or self.text in message.sender.casefold()
            ):
                continue
            if self.states and gateways[message.gateway].state(message) not in self.states:
                continue
            yield message


@frozen(kw_only=True)
class RequestFilter:
    """Lets exchanges through by gateway and by what was asked."""

    providers: Collection[str] = ()
    kinds: Collection[str] = ()

    @classmethod
    def read(cls, query: MultiMapping[str], gateways: Collection[str]) -> Self:
        """Of a query. Raises `BadQuery`."""
        _known(query, "provider", "kind", *_WINDOW)
        return cls(
            providers=_choices(query, "provider", gateways),
            kinds=_choices(query, "kind", _KINDS),
        )

    def apply(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        """Those that fit, in their order."""
        for exchange in exchanges:
            if (not self.providers or exchange.gateway in self.providers) and (
                not self.kinds or exchange.kind in self.kinds
            ):
                yield exchange


def _known(query: MultiMapping[str], *names: str) -> None:
    if unknown := sorted(set(query) - set(names)):
        raise BadQuery(f"no such parameter: {', '.join(unknown)}; there are {', '.join(names)}")


def _choices(query: MultiMapping[str], name: str, choices: Collection[str]) -> frozenset[str]:
    """The values of a parameter that may come several times; an empty one asks for nothing."""
    given = frozenset(value for value in query.getall(name, []) if value)
    if unknown := sorted(given - set(choices)):
        raise BadQuery(f"no such {name}: {', '.join(unknown)}; there are {', '.join(choices)}")
    return given


def _number(query: MultiMapping[str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text)):
        raise BadQuery(f"{name} is a whole number above 0: {text[:100]!r}")
    return int(text)
