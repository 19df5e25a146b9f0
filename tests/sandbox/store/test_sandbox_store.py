"""What a sandbox knows after a restart."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from smsgw.sandbox.ledger import Ledger
from smsgw.sandbox.records import NO_OPTIONS, Exchange, TakenMessage
from smsgw.sandbox.world import World
from tests.sandbox.store.conftest import Place, advance, exchange, take


def timeless(message: TakenMessage) -> TakenMessage:
    """But for the times of a clock that is gone."""
    return evolve(message, clock_at=0, due_at=round(message.due_at - message.clock_at, 6))


def exchanges_of(ledger: Ledger) -> list[Exchange]:
    return [*ledger.newest_exchanges()][::-1]


def numbers_of(world: World) -> list[int]:
    return [message.number for message in world.ledger.messages]


def test_all_is_as_it_was(place: Place) -> None:
    """Messages of several gateways, options, hostile texts, and both sides of their requests; in order."""
    world, store = place.begin()
    take(world, "79031234567", "79031234513", text="Да & нет\0\r\n'\"; DROP TABLE messages; -- 👍")
    advance(world, 0.123456)
    take(world, gateway="smstele", text="", options={"flash": "1", "срок": "60"})
    take(world, gateway="targetsms", state="held")
    take(world, "\udcff", text="half \ud83d")
    world.ledger.enter_exchange(exchange(world, world.ledger.next_number(), url="/iba/\udcff?\ud83d"))
    place.end(world, store)

    later, _ = place.begin()
    assert [timeless(m) for m in later.ledger.messages] == [timeless(m) for m in world.ledger.messages]
    assert exchanges_of(later.ledger) == exchanges_of(world.ledger)
    assert later.ledger.messages[2].options == {"flash": "1", "срок": "60"}
    assert later.ledger.messages[0].options is NO_OPTIONS
    assert later.ledger.sent_twice() == {}
    assert later.ledger.count("79031234513", world.ledger.messages[0].text) == 1


def test_gateways_know_their_messages(place: Place) -> None:
    """By their IDs, also under one ID for several; no ID is given twice, and what was spent is spent."""
    world, store = place.begin()
    first = take(world, "79031234567", "79031234568")
    take(world, "995555000111", gateway="smsco")
    place.end(world, store)

    later, store = place.begin()
    iba = later.gateways["iba"]
    assert [message.recipient for message in iba.known(first[0].message_id)] == ["79031234567"]
    assert iba.balance() == world.gateways["iba"].balance() == Decimal("99.50")
    assert later.gateways["smsco"].balance() == world.gateways["smsco"].balance() < Decimal(10000)
    ids = {message.message_id for message in later.ledger.messages if message.gateway == "iba"}
    assert take(later)[0].message_id not in ids
    place.end(later, store)
    third, _ = place.begin()
    assert third.gateways["iba"].balance() == Decimal("99.00")


def test_delivery_goes_on_while_nobody_runs(place: Place) -> None:
    """What was due meanwhile is final since then; the rest becomes so in its time; what is held stays so."""
    world, store = place.begin()
    for gateway in world.gateways.values():
        gateway.delivery_after = 60
    take(world, "79031234567")
    take(world, "79031234513")
    take(world, gateway="targetsms", state="held")
    advance(world, 50)
    take(world)
    due = [world.gateways[m.gateway].due(m) for m in world.ledger.messages]
    place.end(world, store)

    later, _ = place.begin(later=80)
    states = [later.gateways[m.gateway].state(m) for m in later.ledger.messages]
    assert states == ["delivered", "undeliverable", "held", "enroute"]
    changes = [later.gateways[m.gateway].changed_at(m) for m in later.ledger.messages]
    assert changes == [due[0], due[1], world.ledger.messages[2].taken_at, world.ledger.messages[3].taken_at]
    newest = later.ledger.messages[-1]
    assert later.gateways["iba"].due(newest) == due[3]
    advance(later, 29.9)
    assert later.gateways["iba"].state(newest) == "enroute"
    advance(later, 0.2)
    assert later.gateways["iba"].state(newest) == "delivered"
    assert later.gateways["iba"].changed_at(newest) == due[3]


def test_a_clock_that_was_set_back_holds_nothing_up(place: Place) -> None:
    """A message becomes final after its own time at the latest."""
    world, store = place.begin()
    message = take(world)[0]
    place.end(world, store)
    later, _ = place.begin(later=-86400)
    advance(later, 2.1)
    assert later.gateways["iba"].state(later.ledger.messages[0]) == "delivered"
    assert later.ledger.messages[0].taken_at == message.taken_at


def test_numbers_go_on(place: Place) -> None:
    """Those of messages, requests and incoming ones, also when what had the newest was cleared."""
    world, store = place.begin()
    world.incoming.url = "http://127.0.0.1:9/"
    take(world, "1", "2", "3")
    take(world)
    store.save(world)
    world.incoming.write(sender="1", receiver="2", text="a")
    store.save(world)
    world.ledger.clear()
    world.incoming.clear()
    place.end(world, store)

    later, _ = place.begin()
    assert later.ledger.messages == ()
    assert (take(later)[0].number, later.ledger.last_request) == (5, 3)
    later.incoming.url = "http://127.0.0.1:9/"
    written = later.incoming.write(sender="1", receiver="2", text="a")
    assert (written.number, written.smsid) == (2, "5095")


@pytest.mark.parametrize("saved_before", [True, False])
def test_what_was_cleared_is_gone(place: Place, saved_before: bool) -> None:
    """From the file, too; what comes afterwards is kept."""
    world, store = place.begin()
    take(world, "1", "2", text="a secret of the past")
    if saved_before:
        store.save(world)
    world.reset()
    take(world, text="now")
    place.end(world, store)
    later, store = place.begin()
    assert [message.text for message in later.ledger.messages] == ["now"]
    assert [found.number for found in exchanges_of(later.ledger)] == [2]
    assert later.gateways["iba"].balance() == Decimal("100.00")
    later.reset()
    place.end(later, store)
    assert numbers_of(place.begin()[0]) == []


def test_the_oldest_go_from_the_file(place: Place) -> None:
    """With a cap the file holds no more than memory does; a smaller cap shortens it."""
    world, store = place.begin(keep=10)
    for _ in range(7):
        for _ in range(4):
            take(world)
        assert store.save(world)
    place.end(world, store)
    later, store = place.begin()
    assert numbers_of(later) == list(range(19, 29))
    assert [found.number for found in exchanges_of(later.ledger)] == list(range(19, 29))
    place.end(later, store)
    smaller, store = place.begin(keep=3)
    assert numbers_of(smaller) == [26, 27, 28]
    place.end(smaller, store)
    assert numbers_of(place.begin()[0]) == [26, 27, 28]


def test_requests_that_end_in_another_order_are_all_kept(place: Place) -> None:
    """A slow one is written down after its successors."""
    world, store = place.begin(keep=4)
    for number in (2, 1, 4, 3):
        world.ledger.enter_exchange(exchange(world, number))
        store.save(world)
    world.ledger.enter_exchange(exchange(world, 6))
    store.save(world)
    world.ledger.enter_exchange(exchange(world, 5))
    place.end(world, store)
    assert [found.number for found in exchanges_of(place.begin()[0].ledger)] == [3, 4, 5, 6]


def test_incoming_messages_go_on(place: Place) -> None:
    """Their attempts, and when they are due; each change is kept."""
    world, store = place.begin()
    world.incoming.url = "http://127.0.0.1:9/"
    for text in ("Да", "👍\0'", "c"):
        world.incoming.write(sender="79031234567", receiver="1234", text=text, prefix="ДА")
    store.save(world)
    world.incoming.stop(2)
    place.end(world, store)
    later, store = place.begin()
    later_first = later.incoming.messages()[2]
    assert [m.state for m in later.incoming.messages()] == ["waiting", "stopped", "waiting"]
    assert evolve(later_first, next_at=None) == evolve(world.incoming.messages()[2], next_at=None)
    assert later.incoming.messages()[1] == world.incoming.message(2)
    later.incoming.url = "http://127.0.0.1:9/"
    later.incoming.write(sender="1", receiver="2", text="one more")
    store.save(later)
    later.incoming.clear()
    place.end(later, store)
    assert place.begin()[0].incoming.messages() == ()


def test_when_an_incoming_message_is_due(place: Place) -> None:
    """At the same moment as before."""
    world, store = place.begin()
    world.incoming.url = "http://127.0.0.1:9/"
    world.incoming.repeat = 100
    world.incoming.write(sender="1", receiver="2", text="a")
    next_at = world.wall() + timedelta(seconds=60)
    world.incoming._messages[1] = evolve(world.incoming.messages()[0], next_at=next_at)
    place.end(world, store)
    later, _ = place.begin(later=20)
    later.incoming.clear()
    later.incoming.repeat = 100
    place.stores[-1].load(later)
    found = later.incoming.messages()[0].next_at
    assert found is not None
    assert abs(found - next_at) < timedelta(seconds=0.001)


@pytest.mark.parametrize("others", [0, 1])
def test_a_gateway_that_is_gone_takes_its_messages_along(place: Place, others: int) -> None:
    """They come back with it."""
    world, store = place.begin()
    for _ in range(others):
        take(world)
    take(world, gateway="avist")
    place.end(world, store)

    without = World(login="test", password="test")
    without.gateways = {name: found for name, found in without.gateways.items() if name != "avist"}
    place.begin()[1].close()
    store = place.begin()[1]
    store.load(without)
    assert numbers_of(without) == [1][:others]
    take(without)
    place.end(without, store)
    assert numbers_of(place.begin()[0]) == [1, 2, 3][: others + 2]


def test_what_went_goes_once(place: Place) -> None:
    """What has been taken out of the file is not looked for again."""
    world, store = place.begin(keep=2)
    statements: list[str] = []
    for _ in range(4):
        take(world)
        store.save(world)
        store._connection.set_trace_callback(statements.append)
    assert sum("DELETE FROM messages WHERE" in statement for statement in statements) == 2


def test_nothing_is_written_where_nothing_has_changed(place: Place) -> None:
    """Asking is nearly free."""
    world, store = place.begin()
    take(world)
    store.save(world)
    log = place.path.with_name("sandbox.db-wal")
    size = log.stat().st_size
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)
    for _ in range(100):
        assert store.save(world)
    assert statements == []
    take(world)
    store.save(world)
    assert sum("INTO messages" in statement for statement in statements) == 1
    assert log.stat().st_size > size


def test_a_save_is_quick(place: Place) -> None:
    """A thousand messages with their exchanges are no pause that anybody sees."""
    world, store = place.begin(keep=10_000)
    for _ in range(9000):
        take(world)
    store.save(world)
    for _ in range(2000):
        take(world)
    started = time.perf_counter()
    assert store.save(world)
    assert time.perf_counter() - started < 0.25


def test_a_store_is_loaded_first(place: Place) -> None:
    """Else it would write over what is in it."""
    world, store = place.begin()
    store._marks = None
    with pytest.raises(RuntimeError, match="loaded before"):
        store.save(world)
