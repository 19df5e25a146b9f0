"""What is PostgreSQL's own; all tests of this folder that take a `book` are run on it, too, where it is there."""

import asyncio

import pytest
from sqlalchemy import make_url

from smsgw.bulk.errors import JournalBusy, JournalError
from smsgw.bulk.journal import Journal, Writer
from smsgw.errors import NotSubmitted
from tests.bulk.journal.conftest import SERVER, Book, told

if not SERVER:
    pytest.skip(
        "no PostgreSQL server: SMSGW_TEST_POSTGRES is not set (nox -s postgres sets it)",
        allow_module_level=True,
    )

OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND application_name = 'smsgw' AND datname = current_database()"
)


async def test_a_commit_is_on_the_servers_disk(server: Book) -> None:
    """Whatever the server's default."""
    name = make_url(server.where).database
    await server.ask(f'ALTER DATABASE "{name}" SET synchronous_commit TO off')
    try:
        journal = await server.open()
        async with journal.database.connected() as connection:
            said = await connection.exec_driver_sql("SHOW synchronous_commit")
            assert said.scalar() == "on"
    finally:
        await server.ask(f'ALTER DATABASE "{name}" RESET synchronous_commit')


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"database": "nowhere"}, "the server has no such database"),
        ({"username": "nobody"}, "the server refuses this user or this password"),
        ({"port": 1, "host": "127.0.0.1", "query": {}}, "cannot be reached: "),
    ],
)
async def test_a_server_that_cannot_be_used(server: Book, change: dict[str, object], words: str) -> None:
    """One line says why, without the password."""
    url = make_url(server.where).set(password="secret").set(**change)  # type: ignore[arg-type]
    with pytest.raises(JournalError, match=words) as refusal:
        await Journal.create(url.render_as_string(hide_password=False))
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


async def test_a_connection_that_is_lost_stops_the_run(server: Book) -> None:
    """What is known is written over a new one, where the server still answers."""
    journal = await server.begun(3)
    writer = server.writer(journal)
    await writer.claim("1", "iba", [1])
    await server.ask(OTHERS)
    with pytest.raises(NotSubmitted):
        await writer.claim("2", "iba", [2])
    writer.complete("1", [told(1)])
    assert await writer.aclose() == []
    assert [str(failure) for failure in server.failures] == [
        f"{journal.database.name}: cannot be reached: the connection to the database was lost"
    ]
    assert await server.ask("SELECT id, completed_at IS NULL FROM smsgw_claims") == [("1", False)]
    assert await server.ask("SELECT number, state FROM smsgw_outcomes") == [(1, "accepted")]


async def test_a_lock_that_is_lost_does_not_let_two_runs_write(server: Book) -> None:
    """The second run gets the lock, and the first one's writing ends with its beginning."""
    first = await server.begun(2)
    writer = server.writer(first)
    await writer.claim("1", "iba", [1])
    # Only the lock's own connection; the others stay.
    await server.ask(f"{OTHERS} AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')")
    second = await server.open()
    known = await second.campaign()
    assert known is not None
    await second.resume(known, "second")
    with pytest.raises(NotSubmitted):
        await writer.claim("2", "iba", [2])
    assert isinstance(writer.failure, JournalBusy)
    await first.aclose()


async def test_a_transaction_that_waits_for_another_run_is_refused(server: Book) -> None:
    """It looks again once the other one has committed."""
    first = await server.begun(2)
    known = await first.campaign()
    assert known is not None
    second = await server.second()
    async with second.database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE smsgw_campaign SET run = 2")
        late = asyncio.create_task(first.note(ended_at=1.0))
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        async with asyncio.timeout(10):
            while await server.ask(waiting) != [(1,)]:
                assert not late.done()
    with pytest.raises(JournalBusy):
        await late


@pytest.mark.parametrize("known", [False, True])
async def test_two_that_begin_at_once(server: Book, known: bool) -> None:
    """As if there were no lock: only one of them may write in the end."""
    for _ in range(10):
        await server.ask("DROP SCHEMA public CASCADE")
        await server.ask("CREATE SCHEMA public")
        made = await server.open()
        if known:
            await made.begin("x", "", "", "[]", "dead")
        await made.aclose()
        runs = [await server.second() for _ in range(3)]
        ends = await asyncio.gather(
            *(run.begin("x", "", "", "[]", f"{at}") for at, run in enumerate(runs)), return_exceptions=True
        )
        assert {type(end) for end in ends} <= {type(None), JournalBusy}
        notes = await asyncio.gather(*(run.note(ended_at=1.0) for run in runs), return_exceptions=True)
        assert sorted(type(note).__name__ for note in notes) == ["JournalBusy", "JournalBusy", "NoneType"]
        for run in runs:
            await run.aclose()


async def test_a_statement_that_is_never_answered(server: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that hangs stops the run; it does not hang with it."""
    monkeypatch.setattr("smsgw.bulk.journal.database._PATIENCE", 0.3)
    journal = await server.begun(2)
    writer: Writer = server.writer(journal)
    await writer.claim("1", "iba", [1])
    other = await server.second()
    async with other.database.transaction() as connection:
        await connection.exec_driver_sql("LOCK TABLE smsgw_claims")
        with pytest.raises(NotSubmitted):
            await writer.claim("2", "iba", [2])
    assert str(writer.failure).endswith("cannot be reached: the database does not answer")
