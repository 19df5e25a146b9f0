"""Worlds that come and go over one file, each with a clock of its own."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from smsgw.sandbox.calls import Call
from smsgw.sandbox.records import NO_OPTIONS, Exchange, MessageState, TakenMessage
from smsgw.sandbox.store import Store
from smsgw.sandbox.world import World


class Clock:
    """Seconds since some moment that no other clock knows."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Place:
    """One file, and the worlds that it outlives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []
        self.stores: list[Store] = []

    def begin(self, *, later: float = 0, keep: int | None = None) -> tuple[World, Store]:
        """The sandbox starts so many seconds from now, on a machine that has just been switched on."""
        clock = Clock(1000.0 + 7 * len(self.stores))
        world = World(login="test", password="test", clock=clock, keep=keep)
        world._wall_start += timedelta(seconds=later)
        store = Store(self.path, tell=self.said.append)
        self.stores.append(store)
        store.load(world)
        return world, store

    def end(self, world: World, store: Store) -> None:
        assert store.save(world, at_once=True)
        store.close()


def advance(world: World, seconds: float) -> None:
    world.clock.now += seconds  # type: ignore[attr-defined]


def take(
    world: World,
    *recipients: str,
    gateway: str = "iba",
    text: str = "Да",
    state: MessageState = "taken",
    options: Mapping[str, str] = NO_OPTIONS,
) -> tuple[TakenMessage, ...]:
    """As if a request had come."""
    number = world.ledger.next_number()
    call = Call(
        number=number,
        script="sendsms.php",
        given={},
        kind="send",
        identity="",
        clock_at=world.clock(),
        wall_at=world.wall(),
    )
    taken = world.gateways[gateway].take(
        call, recipients or ("79031234567",), text, sender="SHOP", state=state, options=options
    )
    world.ledger.enter_exchange(exchange(world, number, gateway=gateway))
    return taken


def exchange(world: World, number: int, *, gateway: str = "iba", url: str = "/iba/sendsms.php") -> Exchange:
    return Exchange(
        number=number,
        gateway=gateway,
        kind="send",
        method="GET",
        url=url,
        headers=(("Host", "127.0.0.1"), ("X-Odd", "\udcff")),
        body="text=%D0%94",
        arrived_at=world.wall(),
        status=None if number % 2 else 200,
        reply_headers=(("Content-Type", "text/plain"),),
        reply="OK ж 👍\0\n",
        fault="drop" if number % 2 else None,
    )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "sandbox.db")
    yield made
    for store in made.stores:
        store.close()
