"""The truth that tests compare an SDK's claims with: what the gateways were asked, and what they took."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from attrs import evolve

from smsgw.sandbox.records import Exchange, Kind, RequestRecord, TakenMessage

__all__ = ["Ledger"]

_EXCHANGES = 10_000  # kept where nothing else is said: they are for looking at, and each is some kilobytes

Value = TypeVar("Value")


class Ledger:
    """All that the gateways saw and took, in order.

    keep    how many messages and how many requests: beyond it the oldest go; None for all, since a test asks about
            every one (but of the exchanges' bytes only those of the last ten thousand are kept even then)
    forget  called with each message that goes so
    """

    def __init__(
        self, *, keep: int | None = None, forget: Callable[[TakenMessage], object] = lambda _: None
    ) -> None:
        self.keep = keep
        self.revision = 0
        """Grows with every change to what is kept."""
        self._forget = forget
        self._messages: OrderedDict[int, TakenMessage] = OrderedDict()
        self._requests: OrderedDict[int, RequestRecord] = OrderedDict()
        self._exchanges: OrderedDict[int, Exchange] = OrderedDict()
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._last_message = 0
        self._last_request = 0

    def __repr__(self) -> str:
        return f"<Ledger of {len(self._messages)} messages from {len(self._requests)} requests>"

    def __len__(self) -> int:
        """How many messages are kept."""
        return len(self._messages)

    @property
    def messages(self) -> tuple[TakenMessage, ...]:
        """Every message that any gateway took, in order: a snapshot."""
        return tuple(self._messages.values())

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """Every request that any gateway saw, in the order of arrival: a snapshot."""
        return tuple(self._requests.values())

    @property
    def last_message(self) -> int:
        """The number of the newest message that was ever taken; 0 before the first."""
        return self._last_message

    @property
    def last_request(self) -> int:
        """The number of the newest request that was ever seen; 0 before the first."""
        return self._last_request

    def newest_messages(self) -> Iterator[TakenMessage]:
        """The messages, the newest first. Not to be used across an await."""
        return reversed(self._messages.values())

    def newest_exchanges(self) -> Iterator[Exchange]:
        """The exchanges, the newest first. Not to be used across an await."""
        return reversed(self._exchanges.values())

    def message(self, number: int) -> TakenMessage | None:
        """The message with this number, if it is kept."""
        return self._messages.get(number)

    def exchange(self, number: int) -> Exchange | None:
        """Both sides of the request with this number, if they are kept."""
        return self._exchanges.get(number)

    def taken(self, gateway: str | None = None) -> tuple[TakenMessage, ...]:
        """The messages that this gateway took, or all."""
        return tuple(message for message in self._messages.values() if gateway in {None, message.gateway})

    def count(self, recipient: str, text: str, gateway: str | None = None) -> int:
        """How many times this text was taken for this recipient, by this gateway or by all together."""
        names = {name for name, _, _ in self._counts} if gateway is None else {gateway}
        return sum(self._counts[name, recipient, text] for name in names)

    def sent_twice(self) -> dict[tuple[str, str], int]:
        """(recipient, text) pairs taken more than once over all gateways, with how many times."""
        totals: Counter[tuple[str, str]] = Counter()
        for (_, recipient, text), times in self._counts.items():
            totals[recipient, text] += times
        return {pair: times for pair, times in totals.items() if times > 1}

    def requests_of(self, gateway: str, kind: Kind | None = None) -> tuple[RequestRecord, ...]:
        """The requests that this gateway saw, or those of one kind."""
        return tuple(
            record
            for record in self._requests.values()
            if record.gateway == gateway and kind in {None, record.kind}
        )

    def clear(self) -> None:
        """Forget all; the numbers go on. The gateways still know the messages' states."""
        self._messages.clear()
        self._requests.clear()
        self._exchanges.clear()
        self._counts.clear()
        self.revision += 1

    def restore(
        self,
        messages: Iterable[TakenMessage],
        exchanges: Iterable[Exchange],
        *,
        last_message: int = 0,
        last_request: int = 0,
    ) -> None:
        """Begin with what an earlier sandbox kept, in order of its numbers; the numbers go on after its last."""
        for message in messages:
            self.enter_message(message)
        for exchange in exchanges:
            self.enter_exchange(exchange)
            self._last_request = max(self._last_request, exchange.number)
        self._last_message = max(self._last_message, last_message)
        self._last_request = max(self._last_request, last_request)

    def next_message(self) -> int:
        """The number of a message that is taken now."""
        self._last_message += 1
        return self._last_message

    def next_number(self) -> int:
        """The number of a request that arrives now."""
        self._last_request += 1
        return self._last_request

    def enter_request(self, record: RequestRecord) -> None:
        """Write down a request as it arrives."""
        self._requests[record.number] = record
        _drop_oldest(self._requests, self.keep)

    def settle_request(self, number: int, *, status: int | None, fault: str | None) -> None:
        """Write down what became of a request; one that has been forgotten stays so."""
        if (record := self._requests.get(number)) is not None:
            self._requests[number] = evolve(record, status=status, fault=fault)

    def leave_unanswered(self, number: int) -> None:
        """Write down that nobody waited for the reply to a request."""
        if (record := self._requests.get(number)) is not None:
            self._requests[number] = evolve(record, status=None)
        if (exchange := self._exchanges.get(number)) is not None:
            self._exchanges[number] = evolve(exchange, status=None)
            self.revision += 1

    def enter_exchange(self, exchange: Exchange) -> None:
        """Write down both sides of a request."""
        self._exchanges[exchange.number] = exchange
        _drop_oldest(self._exchanges, _EXCHANGES if self.keep is None else self.keep)
        self.revision += 1

    def enter_message(self, message: TakenMessage) -> None:
        """Write down a message at the moment that a gateway takes it."""
        self._last_message = max(self._last_message, message.number)
        self._messages[message.number] = message
        self._counts[message.gateway, message.recipient, message.text] += 1
        self.revision += 1
        for old in _drop_oldest(self._messages, self.keep):
            pair = (old.gateway, old.recipient, old.text)
            self._counts[pair] -= 1
            if not self._counts[pair]:
                del self._counts[pair]
            self._forget(old)


def _drop_oldest(kept: OrderedDict[int, Value], keep: int | None) -> list[Value]:
    """Take the oldest out until no more than `keep` are left; those that went."""
    if keep is None:
        return []
    return [kept.popitem(last=False)[1] for _ in range(len(kept) - keep)]
