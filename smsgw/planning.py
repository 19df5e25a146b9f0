"""What sending a long list would do, found a row at a time and without any network.

Rows are counted as `send_many` would pack them: those of equal content that stand near each other share requests.
Nothing grows with the list but, where duplicates are to be found here, one number for each row.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from attrs import frozen

from smsgw import segments
from smsgw.errors import InvalidMessage, InvalidRecipient, SmsgwError
from smsgw.models import Message
from smsgw.msisdn import normalise
from smsgw.routing import Candidate, Router
from smsgw.translit import to_latin

__all__ = ["MOST_TEXTS", "Forecast", "Reason", "Total"]

MOST_TEXTS: Final = 100_000
"""Different texts that are counted."""
_CONTENTS: Final = 256
"""Contents that are kept prepared, as a dispatcher keeps them."""
_MOST_REASONS: Final = 200
"""Different reasons that are told apart."""
_MOST_LINES: Final = 100
"""Line numbers that are kept of each reason."""
_PREFIX: Final = 3
"""Digits by which recipients without a price are told apart: the country, as good as."""


@frozen
class Reason:
    """Why rows cannot be carried."""

    error: SmsgwError
    """That of the first one."""
    rows: int
    lines: tuple[int, ...]
    """Where the first of them stand."""


@frozen
class Total:
    """What was forecast so far."""

    rows: int
    texts: int | None
    """Different texts of the rows with a readable number; None where there are more than `MOST_TEXTS`."""
    recipients: int
    """Rows that some provider can carry."""
    duplicates: int
    refused: int
    reasons: tuple[Reason, ...]
    """The commonest first."""
    segments: int
    encodings: Mapping[str, int]
    """Encoding to recipients."""
    offenders: tuple[str, ...]
    """The characters that force UCS-2."""
    routes: Mapping[str, int]
    """Provider to the recipients that it would be asked to carry first."""
    requests: int
    """HTTP requests that this makes while nothing fails."""
    cost: Decimal | None
    """None unless every recipient has a price."""
    unpriced: Mapping[str, Mapping[str, int]]
    """Provider to the first digits of numbers that it has no price for, and how many recipients that are."""


class _Open:
    """A request that still takes recipients."""

    __slots__ = ("left", "room")

    def __init__(self, first: Candidate) -> None:
        self.left = first.lane.driver.batch_size
        room = first.prepared.room
        self.room = None if room is None else room + 1  # the first has no comma before it

    def take(self, recipient: str) -> bool:
        """Whether it had room for this one."""
        if not self.left or (self.room is not None and self.room <= len(recipient)):
            return False
        self.left -= 1
        if self.room is not None:
            self.room -= len(recipient) + 1
        return True


class _Planned:
    """One content, and the requests that are being filled with its recipients."""

    __slots__ = ("content", "measure", "requests")

    def __init__(self, router: Router, message: Message) -> None:
        self.content = router.content(message)
        # SMStele transliterates by itself; its result is not known here, so ours stands for it.
        self.measure = segments.measure(to_latin(message.text) if message.transliterate else message.text)
        self.requests: dict[tuple[Candidate, ...], _Open] = {}


class Forecast:
    """Adds rows up.

    A row is a duplicate when one before it has the same number and text. `find_duplicates=False` is for a caller who
    knows them already, and tells them by `add_duplicate`.
    """

    def __init__(self, router: Router, *, find_duplicates: bool = True) -> None:
        self._router = router.fresh()
        self._seen: set[int] | None = set() if find_duplicates else None
        """Hashes of 64 bits: among ten million rows, two that differ meet in one list of 370 000."""
        self._planned: OrderedDict[tuple[object, ...], _Planned] = OrderedDict()
        self._texts: set[int] = set()
        self._rows = self._recipients = self._duplicates = self._segments = self._requests = 0
        self._encodings: Counter[str] = Counter()
        self._routes: Counter[str] = Counter()
        self._offenders: dict[str, None] = {}
        self._reasons: dict[tuple[str, str | None], tuple[SmsgwError, list[int]]] = {}
        self._refused: Counter[tuple[str, str | None]] = Counter()
        self._cost = Decimal(0)
        self._unpriced: dict[str, Counter[str]] = {}

    def check(self, message: Message) -> None:
        """Raises `ConfigurationError` where the message is pinned to a provider that there is none of."""
        self._router.content(message)

    def add(self, message: Message, line: int | None = None) -> None:
        """A row: a message to one recipient. Raises `ConfigurationError`, as `check` does."""
        try:
            recipient = normalise(message.to[0])
        except InvalidRecipient as error:
            self.refuse(error, line)
            return
        if self._seen is not None:
            pair = hash((recipient, message.text))
            if pair in self._seen:
                self.add_duplicate()
                return
            self._seen.add(pair)
        planned = self._plan(message)
        try:
            candidates = planned.content.candidates(recipient)
        except InvalidMessage as error:
            self.refuse(error, line)
            return
        self._rows += 1
        self._count(planned, candidates, recipient)

    def add_duplicate(self, rows: int = 1) -> None:
        """Rows that repeat one before them."""
        self._rows += rows
        self._duplicates += rows

    def refuse(self, error: SmsgwError, line: int | None = None, rows: int = 1) -> None:
        """Rows that cannot be carried; `line` is where the first of them stands."""
        self._rows += rows
        key = (error.description or type(error).__name__, error.code)
        if key not in self._reasons and len(self._reasons) >= _MOST_REASONS:
            error = InvalidMessage("other reasons")
            key = (error.description, error.code)
        _, lines = self._reasons.setdefault(key, (error.with_traceback(None), []))
        self._refused[key] += rows
        if line is not None and len(lines) < _MOST_LINES:
            lines.append(line)

    @property
    def total(self) -> Total:
        """What was added so far."""
        return Total(
            rows=self._rows,
            texts=len(self._texts) if len(self._texts) <= MOST_TEXTS else None,
            recipients=self._recipients,
            duplicates=self._duplicates,
            refused=self._refused.total(),
            reasons=tuple(
                [
                    Reason(self._reasons[key][0], rows, tuple(self._reasons[key][1]))
                    for key, rows in self._refused.most_common()
                ]
            ),
            segments=self._segments,
            encodings=dict(self._encodings.most_common()),
            offenders=tuple(self._offenders),
            routes=dict(self._routes.most_common()),
            requests=self._requests,
            cost=None if self._unpriced else self._cost,
            unpriced={name: dict(prefixes.most_common()) for name, prefixes in self._unpriced.items()},
        )

    def _plan(self, message: Message) -> _Planned:
        key = message.content
        planned = self._planned.get(key)
        if planned is not None:
            self._planned.move_to_end(key)
            return planned
        planned = self._planned[key] = _Planned(self._router, message)
        if len(self._planned) > _CONTENTS:
            self._planned.popitem(last=False)
        if len(self._texts) <= MOST_TEXTS:
            self._texts.add(hash(message.text))
        self._offenders.update(dict.fromkeys(planned.measure.offenders))
        return planned

    def _count(self, planned: _Planned, candidates: tuple[Candidate, ...], recipient: str) -> None:
        first = candidates[0]
        name, count = first.lane.name, planned.measure.segments
        self._recipients += 1
        self._segments += count
        self._encodings[planned.measure.encoding] += 1
        self._routes[name] += 1
        request = planned.requests.get(candidates)
        if request is None or not request.take(recipient):
            self._requests += 1
            request = planned.requests[candidates] = _Open(first)
            request.take(recipient)
        price = first.lane.driver.settings.price_for(recipient)
        if price is None:
            self._unpriced.setdefault(name, Counter())[recipient[:_PREFIX]] += 1
        else:
            self._cost += price * count
