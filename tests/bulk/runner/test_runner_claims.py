"""A claim is on the disk before the first byte of its request has left."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing

from smsgw.bulk import Ending
from tests.bulk.conftest import BulkWorld, texts_to
from tests.bulk.runner.gateway import Gateway


async def test_a_gateway_that_looks_finds_the_claim(world: BulkWorld, gateway: Gateway) -> None:
    """When a request comes, an open claim of exactly its rows can be read by anybody, and none of their outcomes."""
    looked = 0

    def look(recipients: Sequence[str]) -> None:
        nonlocal looked
        with closing(sqlite3.connect(world.journal)) as journal:
            phones = dict(journal.execute("SELECT number, phone FROM smsgw_rows"))
            found = journal.execute("SELECT numbers FROM smsgw_claims WHERE completed_at IS NULL").fetchall()
            told = {number for (number,) in journal.execute("SELECT number FROM smsgw_outcomes")}
        claimed = [json.loads(numbers) for (numbers,) in found]
        mine = [numbers for numbers in claimed if [phones[number] for number in numbers] == recipients]
        assert len(mine) == 1
        assert not told.intersection(mine[0])
        looked += 1

    gateway.on_request = look
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 3})
    assert (await world.run(sms, texts_to(300), give_up_after=1)).all_accepted
    assert looked == 30


async def test_no_more_is_claimed_than_is_in_flight(world: BulkWorld, gateway: Gateway) -> None:
    """At any moment there are no more open claims than connections: that is all a crash can leave in doubt."""
    most = 0

    def look(_: object) -> None:
        nonlocal most
        (count,) = world.read("SELECT count(*) FROM smsgw_claims WHERE completed_at IS NULL")[0]
        most = max(most, count)

    gateway.on_request = look
    gateway.delay = 0.005
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 4})
    assert (await world.run(sms, texts_to(1000))).all_accepted
    assert most <= 4


async def test_an_open_claim_is_never_sent_again(world: BulkWorld, gateway: Gateway) -> None:
    """A row that an earlier process claimed and said no more of is unknown."""
    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 1})
    run = world.new(sms, texts_to(40))
    gateway.on_request = lambda _: run.stop()
    await run.run()
    left = [row for row in world.rows() if row.state == "pending"]
    with closing(sqlite3.connect(world.journal)) as journal, journal:
        journal.execute(
            "INSERT INTO smsgw_claims VALUES (1, 99, 'crashed', 'iba', ?, 0, NULL)",
            (json.dumps([row.number for row in left[:5]]),),
        )
    summary = await world.run(sms, texts_to(40))
    assert summary.ending is Ending.DONE
    assert (summary.unknown, summary.accepted) == (5, 35)
    assert not set(gateway.taken) & {row.recipient for row in left[:5]}
