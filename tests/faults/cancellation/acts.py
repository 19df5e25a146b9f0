"""What a caller may be in the middle of when it is cancelled, and what a second try is then told."""

from collections.abc import Callable, Coroutine, Mapping
from functools import cached_property
from random import Random
from typing import Any, Literal

from attrs import field, frozen

from smsgw import Dispatcher, Message, Outcome, Reference, State
from smsgw.dispatcher import engine_of
from smsgw.settings import Settings
from smsgw.tracking import ReportStream
from tests.faults.cancellation.town import Fault, settings

__all__ = ["ACTS", "Act"]

NUMBERS = [str(79160000101 + number) for number in range(8)]
ACCEPTED = frozenset({State.ACCEPTED})
UNSURE = frozenset({State.ACCEPTED, State.UNKNOWN})
ANY = frozenset({State.ACCEPTED, State.UNKNOWN, State.REJECTED})

Call = Callable[[Dispatcher], Coroutine[Any, Any, list[Outcome]]]


@frozen(kw_only=True, eq=False)
class Act:
    """One call, on a dispatcher like this."""

    name: str
    call: Call
    providers: tuple[Mapping[str, Any], ...]
    others: Mapping[str, Any] = field(factory=dict)
    faults: Mapping[str, list[Fault]] = field(factory=dict)
    beside: Literal["before", "after"] | None = None
    """Somebody else makes the same call a moment before or after."""
    states: frozenset[State] = ACCEPTED
    """What whoever is not cancelled may be told."""
    most: int = 1
    """Times that a message may be sent when the call is made anew: what has neither a key nor a window is anew."""
    tells_all: bool = True
    """Whoever is not cancelled is told of each message."""
    requests: int | None = None
    """Requests at the most, however often it is asked."""

    @cached_property
    def settings(self) -> Settings:
        return settings(*self.providers, **self.others)

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def _send(to: list[str], text: str = "Hi", **options: Any) -> Call:
    async def call(sms: Dispatcher) -> list[Outcome]:
        return list(await sms.send(to, text, **options))

    return call


async def _submit(sms: Dispatcher) -> list[Outcome]:
    return list(await sms.submit(Message(to=NUMBERS[:3], text="Hi", key="k")))


async def _stream(sms: Dispatcher) -> list[Outcome]:
    """Some alike, some with keys, one repeated; taken until the end."""
    messages = [Message(to=number, text="Hi", key=f"key {number}") for number in NUMBERS[:4]]
    messages += [Message(to=NUMBERS[4:7], text="Hi", key="several"), messages[0]]
    async with sms.send_many(messages) as outcomes:
        return [outcome async for outcome in outcomes]


async def _break_off(sms: Dispatcher) -> list[Outcome]:
    """Given up after the first outcome, and closed."""

    async def source() -> Any:
        for number in NUMBERS:
            yield Message(to=number, text="Hi", key=f"key {number}")

    stream = sms.send_many(source())
    outcome = await anext(stream)
    await stream.aclose()
    return [outcome]


async def _ask(sms: Dispatcher) -> list[Outcome]:
    (report,) = await sms.status([Reference("targetsms", "1", NUMBERS[0])])
    assert report.error is not None  # there is no such message
    balance = await sms.balance("targetsms")
    assert balance.amount is not None
    return []


async def _lookup(sms: Dispatcher) -> list[Outcome]:
    lookups = await sms.lookup(NUMBERS)
    assert all(lookup.error is None for lookup in lookups)
    return []


async def _track(sms: Dispatcher) -> list[Outcome]:
    sent = await sms.send(NUMBERS[:2], "Hi", key="k")
    stream = ReportStream(
        engine_of(sms), sent, deadline=100, random=Random(0)
    )  # `track`, its jitter repeated
    async with stream as reports:
        told = [report async for report in reports]
    assert {report.recipient for report in told if report.final} == set(NUMBERS[:2])
    return list(sent)


IBA: Mapping[str, Any] = {"driver": "iba"}
NARROW: Mapping[str, Any] = {"driver": "iba", "batch_size": 2, "max_connections": 1}
SMSCO: Mapping[str, Any] = {"driver": "smsco"}
TARGETSMS: Mapping[str, Any] = {"driver": "targetsms"}
SMSTELE: Mapping[str, Any] = {"driver": "smstele", "batch_size": 2}
SHORT = {"failures": 1, "rest": 2}

ACTS = [
    Act(name="send", call=_send(NUMBERS[:1]), providers=(IBA,), most=2),
    Act(name="send a list under a key", call=_send(NUMBERS, key="k"), providers=(NARROW,), beside="after"),
    Act(name="submit behind the same key", call=_submit, providers=(IBA,), beside="before"),
    Act(name="send the same to TargetSMS", call=_send(NUMBERS[:1]), providers=(TARGETSMS,), beside="before"),
    Act(name="send first to TargetSMS", call=_send(NUMBERS[:1]), providers=(TARGETSMS,), beside="after"),
    Act(
        name="send after TargetSMS's minute",
        call=_send(NUMBERS[:1]),
        providers=({**TARGETSMS, "on_duplicate": "wait"},),
        beside="before",
        most=3,
    ),
    Act(
        name="send with backoff and failover",
        call=_send(NUMBERS[:2], key="k"),
        providers=(SMSCO, IBA),
        others={"retry": {"attempts": 2}},
        faults={"smsco": ["busy", "refused", "busy", "busy"], "iba": ["refused"]},
        beside="after",
    ),
    Act(
        name="send in turn",
        call=_send(NUMBERS[:4], key="k"),
        providers=({**NARROW, "rate": 1},),
        beside="after",
    ),
    Act(
        name="send whose reply is lost",
        call=_send(NUMBERS[:2], key="k"),
        providers=(SMSCO,),
        faults={"smsco": ["lost", "silent"]},
        beside="after",
        states=UNSURE,
    ),
    Act(
        name="send that is looked up",
        call=_send(NUMBERS[:4], key="k"),
        providers=(SMSTELE,),
        faults={"smstele": ["lost"]},
        states=UNSURE,
    ),
    Act(
        name="send in time",
        call=_send(NUMBERS[:4], key="k", timeout=0.15),
        providers=(NARROW,),
        beside="after",
        states=ANY,
    ),
    Act(name="send many", call=_stream, providers=(NARROW,), beside="after"),
    Act(
        name="send many and break off",
        call=_break_off,
        providers=(NARROW,),
        beside="before",
        tells_all=False,
    ),
    Act(
        name="send many while the provider rests",
        call=_stream,
        providers=(IBA,),
        others={"retry": {"attempts": 1}, "breaker": SHORT},
        faults={"iba": ["refused", "refused"]},
    ),
    Act(name="status and balance", call=_ask, providers=(TARGETSMS,), beside="before", requests=2),
    Act(name="lookup", call=_lookup, providers=(SMSTELE,)),
    Act(name="track", call=_track, providers=(IBA,)),
]
