"""Runs of one campaign: each ends the right of the ones before to write."""

import time

import pytest

from smsgw.bulk.errors import JournalBusy, JournalMismatch
from smsgw.bulk.journal import Campaign, Journal, doubtful, forget_unknown, give_up_claims, load, settle
from smsgw.bulk.journal.schema import VERSION
from smsgw.errors import NotSubmitted
from tests.bulk.journal.conftest import Book, everything_pending, row, told


async def known_of(journal: Journal) -> Campaign:
    known = await journal.campaign()
    assert known is not None
    return known


async def test_a_campaign_says_what_it_is_about(book: Book) -> None:
    """Whose it is, and since when."""
    before = time.time()
    journal = await book.begun(1)
    await journal.note(ended_at=12.5)
    known = await known_of(journal)
    assert before <= known.created_at == known.started_at <= time.time()
    assert (known.name, known.source, known.content, known.loaded) == ("people.csv", "digest", "text", True)
    assert (known.run, known.runner, known.ended_at, known.header) == (1, "process 1 on here", 12.5, "[]")


async def test_what_was_only_half_read_is_forgotten(book: Book) -> None:
    """A run that died while it read the input leaves nothing to the next."""
    journal = await book.open()
    await journal.begin("x", "", "", "[]", "me")
    await load(journal, [row(1, 5), row(2, 6)])
    await journal.begin("y", "", "", '["a"]', "me")
    assert await journal.results(0, 9) == []
    await load(journal, [row(1, 6)])
    assert [found.recipient for found in await everything_pending(journal)] == ["6"]
    known = await known_of(journal)
    assert (known.run, known.name, known.header, known.loaded) == (2, "y", '["a"]', False)


async def test_resuming_changes_nothing_but_the_run(book: Book) -> None:
    """The next run finds the campaign as it was."""
    journal = await book.begun(3)
    await journal.note(ended_at=1.0)
    known = await known_of(journal)
    await journal.resume(known, "process 2")
    resumed = await known_of(journal)
    assert (resumed.run, resumed.runner, resumed.ended_at) == (2, "process 2", None)
    assert (resumed.created_at, resumed.source, resumed.loaded) == (known.created_at, "digest", True)
    assert len(await everything_pending(journal)) == 3


async def test_an_earlier_run_writes_nothing_any_more(book: Book) -> None:
    """Whatever it tries, it is told that it has been taken over, and nothing of it lands."""
    old = await book.begun(3)
    writer = book.writer(old)
    await writer.claim("before", "iba", [1])
    new = await book.second()
    await new.resume(await known_of(new), "process 2")
    for attempt in (
        lambda: old.note(ended_at=5.0),
        lambda: load(old, [row(9)]),
        lambda: give_up_claims(old),
        lambda: settle(old, []),
        lambda: forget_unknown(old),
    ):
        with pytest.raises(JournalBusy, match="another run has taken this journal over"):
            await attempt()
    with pytest.raises(NotSubmitted):
        await writer.claim("after", "iba", [2])
    writer.complete("before", [told(1)])
    assert [outcome.number for outcome in await writer.aclose()] == [1]
    assert isinstance(writer.failure, JournalBusy)
    assert book.failures == [writer.failure]
    assert await book.ask("SELECT id, completed_at FROM smsgw_claims") == [("before", None)]
    assert await book.ask("SELECT count(*) FROM smsgw_outcomes") == [(0,)]
    assert (await new.counts()).rows == 3


async def test_only_one_of_two_resumes(book: Book) -> None:
    """The one that comes second knows an older state, and is refused."""
    journal = await book.begun(1)
    known = await known_of(journal)
    other = await book.second()
    await journal.resume(known, "process 1")
    with pytest.raises(JournalBusy, match="taken this journal over"):
        await other.resume(known, "process 2")
    assert (await known_of(journal)).runner == "process 1"


async def test_a_loaded_campaign_is_never_begun_anew(book: Book) -> None:
    """A run that looked before another had loaded it cannot wipe what that one has sent since."""
    late = await book.second()
    journal = await book.begun(2)
    writer = book.writer(journal)
    await writer.claim("one", "iba", [1])
    writer.complete("one", [told(1)])
    await writer.aclose()
    with pytest.raises(JournalBusy, match="taken this journal over"):
        await late.begin("x", "", "", "[]", "late")
    assert await book.ask("SELECT number, state FROM smsgw_outcomes") == [(1, "accepted")]
    assert await book.ask("SELECT count(*) FROM smsgw_claims") == [(1,)]
    await journal.note(ended_at=1.0)


async def test_a_second_run_is_refused_at_once(book: Book) -> None:
    """It is told whose the first is, and since when."""
    first = await book.begun(1)
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime())
    with pytest.raises(JournalBusy) as refusal:
        await book.open()
    assert str(refusal.value).startswith(
        f"{first.database.name}: another run works on this journal (process 1 on here"
    )
    assert since[:-1] in str(refusal.value)


async def test_a_run_that_has_not_said_who_it_is_is_not_called_by_the_last_ones_name(book: Book) -> None:
    """Of a run that has ended nobody is told to wait for it."""
    journal = await book.begun(1)
    await journal.note(ended_at=1.0)
    with pytest.raises(JournalBusy, match="works on this journal: wait for it"):
        await book.open()


async def test_a_second_run_is_refused_before_the_first_has_made_anything(book: Book) -> None:
    """An empty journal is locked, too."""
    await book.open()
    with pytest.raises(JournalBusy, match="another run works on this journal"):
        await book.open()


async def test_whether_a_run_is_at_work(book: Book) -> None:
    """Anybody may look, as often as they like; a journal that is closed is free at once."""
    journal = await book.begun(1)
    look = await book.look()
    for _ in range(3):
        assert await look.is_at_work()
    await journal.aclose()
    assert not await look.is_at_work()
    again = await book.open()
    assert await look.is_at_work()
    assert len(await look.results(0, 9)) == 1
    await again.aclose()
    await again.aclose()


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (VERSION + 1, "a later version .* upgrade smsgw"),
        (VERSION - 1, "an earlier version .* go on with that one"),
    ],
)
async def test_another_version_is_refused(book: Book, version: int, words: str) -> None:
    """To run and to look at: what it means is not known here."""
    journal = await book.begun(1)
    await journal.aclose()
    await book.ask(f"UPDATE smsgw_campaign SET version = {version}")
    for attempt in (book.open, book.look):
        with pytest.raises(JournalMismatch, match=f"{words}$"):
            await attempt()


async def test_a_database_of_something_else_is_refused(book: Book) -> None:
    """Nothing is written into it."""
    await book.ask("CREATE TABLE customers (id INTEGER)")
    for attempt in (book.open, book.look):
        with pytest.raises(JournalMismatch, match="is a database of something else, not a journal of smsgw"):
            await attempt()
    assert await book.ask("SELECT * FROM customers") == []


async def test_what_is_in_doubt_is_known_to_the_next_run(book: Book) -> None:
    """The rows of attempts that were never completed."""
    journal = await book.begun(5)
    writer = book.writer(journal)
    await writer.claim("one", "iba", [1, 2])
    await writer.claim("two", "iba", [3])
    writer.complete("two", [told(3)])
    await writer.aclose()
    await journal.resume(await known_of(journal), "next")
    assert await doubtful(journal) == {1, 2}
