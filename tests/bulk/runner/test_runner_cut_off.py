"""Requests that are cut off between their claim and their first byte: certainly not sent."""

import asyncio

import pytest

from smsgw.dispatcher import engine_of
from smsgw.transport import Transport
from tests.bulk.conftest import BulkWorld, texts_to
from tests.bulk.runner.gateway import Gateway


async def test_what_was_cut_off_before_its_first_byte_is_not_in_doubt(
    world: BulkWorld, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its claim ends, its rows are sent after all, and nobody gets two."""
    reached = asyncio.Event()

    async def hang(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    sms = world.dispatcher(iba={"url": gateway.url, "max_connections": 1, "timeout": 5})
    run = world.new(sms, texts_to(25))
    with monkeypatch.context() as patch:
        patch.setattr(Transport, "request", hang)
        task = asyncio.create_task(run.run())
        await reached.wait()
    assert [claim.completed for claim in world.claims()] == [False]
    for request in engine_of(sms)._tasks:
        request.cancel()
    assert (await task).accepted == 25
    assert all(claim.completed for claim in world.claims())
    assert set(gateway.taken.values()) == {1}
    assert len(world.claims()) == 1 + len(gateway.batches)
