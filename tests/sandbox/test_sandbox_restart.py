"""A sandbox with a store: what it took is there again the next time, as if it had never been away."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import aiohttp
import pytest

from smsgw.sandbox import Sandbox, StoreError


async def asked(sandbox: Sandbox, session: aiohttp.ClientSession, **given: str) -> str:
    """What IBA answers."""
    query = {"user": "test", "pwd": "test", **given}
    async with session.get(sandbox.url_for("iba") + "sendsms.php", params=query) as response:
        return await response.text()


SEND: Mapping[str, str] = {"sadr": "TESTSMS", "dadr": "79160001213", "text": "Привет"}


async def test_messages_their_states_and_numbers_go_on(
    tmp_path: Path,
    session: aiohttp.ClientSession,
    clock: Callable[[], float],
    advance: Callable[[float], None],
) -> None:
    """The ID of before has its final state, and the next one is a new one."""
    place = tmp_path / "sandbox.db"
    async with Sandbox(store=place, clock=clock) as sandbox:
        first = await asked(sandbox, session, **SEND)
    async with Sandbox(store=place, clock=clock) as sandbox:
        (message,) = sandbox.ledger.messages
        assert (message.text, message.message_id, message.number) == ("Привет", first, 1)
        assert await asked(sandbox, session, smsid=first) == "Send"
        advance(3)
        assert await asked(sandbox, session, smsid=first) == "not_deliver"
        second = await asked(sandbox, session, **SEND)
        assert int(second) == int(first) + 1
        exchange = sandbox.ledger.exchange(message.request)
        assert exchange is not None
        assert exchange.reply == first
        assert "pwd=***" in exchange.url


async def test_no_more_than_what_is_kept_comes_back(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    """The newest, for a sandbox that keeps less than the one before."""
    place = tmp_path / "sandbox.db"
    async with Sandbox(store=place) as sandbox:
        for number in range(5):
            await asked(sandbox, session, **{**SEND, "text": str(number)})
    async with Sandbox(store=place, keep=2) as sandbox:
        assert [message.text for message in sandbox.ledger.messages] == ["3", "4"]


async def test_a_message_from_a_phone_is_delivered_after_a_restart(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    """It waits as it waited."""
    place = tmp_path / "sandbox.db"
    async with Sandbox(store=place) as sandbox:
        sandbox.world.incoming.url = "http://127.0.0.1:9/"
        sandbox.world.incoming.write(sender="79160001234", receiver="1234", text="STOP")
    async with Sandbox(store=place) as sandbox:
        (written,) = sandbox.world.incoming.messages()
        assert (written.text, written.state) == ("STOP", "waiting")


async def test_two_sandboxes_do_not_share_a_file(tmp_path: Path) -> None:
    """The second says so, and leaves nothing behind."""
    place = tmp_path / "sandbox.db"
    async with Sandbox(store=place):
        other = Sandbox(store=place)
        with pytest.raises(StoreError, match="in use"):
            await other.start()
        with pytest.raises(RuntimeError):
            _ = other.url
    async with Sandbox(store=place):
        pass


async def test_a_sandbox_with_a_store_is_started_once(tmp_path: Path) -> None:
    """What it holds is in the file: a new one begins with that."""
    sandbox = Sandbox(store=tmp_path / "sandbox.db")
    await sandbox.start()
    await sandbox.stop()
    with pytest.raises(RuntimeError, match="once"):
        await sandbox.start()
    await sandbox.stop()


async def test_what_was_taken_is_in_the_file_before_the_end(
    tmp_path: Path, session: aiohttp.ClientSession, until: Callable[..., Awaitable[None]]
) -> None:
    """A killed sandbox loses a quarter of a second at the most."""
    place = tmp_path / "sandbox.db"
    async with Sandbox(store=place) as sandbox:
        await asked(sandbox, session, **SEND)
        log = place.with_name("sandbox.db-wal")
        await until(
            lambda: "Привет".encode() in place.read_bytes() + (log.read_bytes() if log.exists() else b"")
        )
