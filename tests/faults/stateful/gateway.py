"""A gateway as it sees itself: which requests reached it and when, what it took, and what it told of that.

It is fed by a `Line`, which stands where smsgw's transport stands: all above it is the real code. Each request has a
`Fate`: how long it connects, how long its bytes are on the way, and what the gateway then does.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from attrs import define, evolve, field, frozen

from smsgw.errors import ConnectionLost, SmsgwError
from smsgw.transport import Reply

if TYPE_CHECKING:
    from tests.faults.stateful.callers import Call

__all__ = ["REFUSALS", "RULE", "Act", "Exchange", "Fate", "Gateway", "Taken"]

RULE = 60.0
"""Seconds within which TargetSMS refuses an identical request."""


class Act(Enum):
    """What becomes of a request."""

    NO_CONNECTION = auto()
    LOST = auto()
    """Its bytes arrive nowhere, and nothing comes back."""
    RESET = auto()
    """Nothing is taken, and the connection breaks."""
    SILENT = auto()
    GARBLED = auto()
    DUPLICATE = auto()
    PARKED = auto()
    """It lies at the gateway until the test says what becomes of it."""

    TAKEN = auto()
    HELD = auto()
    ALL_BUT_THE_LAST = auto()
    TAKEN_AND_RESET = auto()
    TAKEN_AND_SILENT = auto()
    TAKEN_AND_GARBLED = auto()
    TAKEN_AND_FAILED = auto()
    TAKEN_AND_MISCOUNTED = auto()

    BUSY = auto()
    SLOWER = auto()
    NO_STOCK = auto()
    NO_LOGIN = auto()
    NO_CREDIT = auto()
    STOP_LIST = auto()
    CLOSED_DIRECTION = auto()
    DECLINED = auto()
    ZERO = auto()


_WORDS = {
    Act.GARBLED: "<html>",
    Act.TAKEN_AND_GARBLED: "<html>",
    Act.DUPLICATE: "error: Попытка отправки более одного одинакового запроса в течение минуты",
    Act.HELD: "Недостаточно средств для отправки SMS. SMS будет отправлена как только вы пополните счет "
    "по данному направлению",
    Act.NO_STOCK: "У нас закончились SMS. Для разрешения проблемы свяжитесь с менеджером",
    Act.NO_LOGIN: "Неверный логин или пароль",
    Act.NO_CREDIT: "Закончились SMS",
    Act.STOP_LIST: "Номер телефона присутствует в стоп-листе",
    Act.CLOSED_DIRECTION: "Данное направление закрыто",
    Act.DECLINED: "Текст SMS отклонен модератором",
    Act.ZERO: "0",
}
_STATUS = {Act.BUSY: 503, Act.SLOWER: 429, Act.TAKEN_AND_FAILED: 500}
_TAKING = {act for act in Act if act.name.startswith("TAKEN")} | {Act.HELD}
_LOSING = {Act.LOST, Act.RESET, Act.SILENT}

REFUSALS = {
    Act.BUSY,
    Act.SLOWER,
    Act.NO_STOCK,
    Act.NO_LOGIN,
    Act.NO_CREDIT,
    Act.STOP_LIST,
    Act.CLOSED_DIRECTION,
    Act.DECLINED,
    Act.ZERO,
}
"""Told to the client, these prove that nothing was taken."""


@frozen
class Fate:
    """What will happen to one request."""

    act: Act = Act.TAKEN
    connects: float = 0.0
    """Seconds before its first byte."""
    way: float = 0.01
    """Seconds until its bytes are there."""
    back: float = 0.01
    """Seconds from there to the end of the reply."""
    retry_after: float | None = None


@define(eq=False)
class Exchange:
    """One request whose first byte left."""

    number: int
    """They left in this order."""
    gateway: "Gateway"
    provider: str
    url: str = field(repr=False)
    call: "Call | None" = field(repr=False)
    """On whose behalf it went."""
    left: float
    fate: Fate
    recipients: tuple[str, ...]
    """Empty for a question after the balance."""
    text: str
    reply: asyncio.Future[Reply] = field(repr=False)
    act: Act = Act.LOST
    arrived: float | None = None
    """On the gateway's clock."""
    repeats: "list[Exchange]" = field(factory=list, repr=False)
    """Identical ones that came less than a minute before."""
    ended: float | None = None
    """When the client was done with it."""
    told: bool = False
    """The client has the whole reply."""
    taken: tuple[str, ...] = ()

    def proves_refusal_of(self, recipient: str) -> bool:
        """Whether the client knows that the gateway did not take it."""
        one_refused = self.act is Act.ALL_BUT_THE_LAST and recipient not in self.taken
        return self.told and (self.act in REFUSALS or one_refused)


@frozen
class Taken:
    """One message that a gateway took."""

    recipient: str
    text: str
    exchange: Exchange


class Gateway:
    """One account at one provider. `keeps_rule` is TargetSMS's of identical requests."""

    def __init__(self, loop: asyncio.AbstractEventLoop, numbers: "count[int]", *, keeps_rule: bool) -> None:
        self.keeps_rule = keeps_rule
        self.fates: deque[Fate] = deque()
        """Of the next requests; then it is `luck`, or that of its `health`."""
        self.luck: Callable[[], Fate] | None = None
        self.health = Fate()
        self.exchanges: list[Exchange] = []
        self.parked: list[Exchange] = []
        self.taken: dict[str, Taken] = {}
        self._loop = loop
        self._numbers = numbers

    def next_fate(self) -> Fate:
        if self.fates:
            return self.fates.popleft()
        return self.luck() if self.luck is not None else self.health

    def set_out(self, provider: str, url: str, call: "Call | None", fate: Fate) -> Exchange:
        """The first byte leaves now."""
        given = parse_qs(urlsplit(url).query)
        recipients = tuple(given["dadr"][0].split(",")) if "dadr" in given else ()
        exchange = Exchange(
            number=next(self._numbers),
            gateway=self,
            provider=provider,
            url=url,
            call=call,
            left=self._loop.time(),
            fate=fate,
            recipients=recipients,
            text=given.get("text", [""])[0],
            reply=self._loop.create_future(),
        )
        self.exchanges.append(exchange)
        if fate.act is not Act.LOST:
            # (Its own clock is right, however late this loop comes to it.)
            self._loop.call_at(exchange.left + fate.way, self._arrive, exchange)
        return exchange

    def _arrive(self, exchange: Exchange) -> None:
        now = exchange.left + exchange.fate.way
        exchange.repeats = [
            other
            for other in self.exchanges
            if other.url == exchange.url and other.arrived is not None and now - other.arrived < RULE
        ]
        exchange.arrived = now
        act = exchange.fate.act
        if self.keeps_rule and exchange.repeats:
            act = act if act in _LOSING else Act.DUPLICATE
        if act is Act.PARKED:
            self.parked.append(exchange)
        else:
            self.handle(exchange, evolve(exchange.fate, act=act), now)

    def handle(self, exchange: Exchange, fate: Fate, now: float) -> None:
        """Do it, and be `fate.back` seconds about telling."""
        act = exchange.act = fate.act
        if act in _TAKING:
            exchange.taken = exchange.recipients
        elif act is Act.ALL_BUT_THE_LAST:
            exchange.taken = exchange.recipients[:-1]
        ids = {recipient: str(next(self._numbers)) for recipient in exchange.taken}
        for recipient, number in ids.items():
            self.taken[number] = Taken(recipient, exchange.text, exchange)
        answer = self._answer(exchange, fate, ids)
        if answer is not None:
            self._loop.call_at(now + fate.back, _deliver, exchange, answer)

    def _answer(self, exchange: Exchange, fate: Fate, ids: dict[str, str]) -> Reply | SmsgwError | None:
        act = fate.act
        if act in (Act.SILENT, Act.TAKEN_AND_SILENT):
            return None
        if act in (Act.RESET, Act.TAKEN_AND_RESET):
            return ConnectionLost("reset", provider=exchange.provider)
        if act in _STATUS:
            # (Without `Retry-After` a 503 proves nothing.)
            after = (fate.retry_after or 0.0) if act is Act.BUSY else fate.retry_after
            return Reply(_STATUS[act], b"", after)
        if act in _WORDS:
            return Reply(200, _WORDS[act].encode())
        if not exchange.recipients:
            return Reply(200, b"445.6 RUR")
        listed = [ids.get(recipient, "0") for recipient in exchange.recipients]
        return Reply(200, ",".join(listed + ["7"] * (act is Act.TAKEN_AND_MISCOUNTED)).encode())


def _deliver(exchange: Exchange, answer: Reply | SmsgwError) -> None:
    if exchange.reply.done():
        return
    if isinstance(answer, Reply):
        exchange.reply.set_result(answer)
    else:
        exchange.reply.set_exception(answer)
