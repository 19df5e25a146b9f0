"""The writer: claims and what came of them, committed in groups."""

import asyncio
from typing import Any

import pytest

from smsgw.bulk.errors import JournalError
from smsgw.bulk.journal import Journal, Writer
from smsgw.bulk.journal import writer as module
from smsgw.errors import NotSubmitted
from tests.bulk.journal.conftest import Book, commits_of, told

OPEN = "SELECT id FROM smsgw_claims WHERE completed_at IS NULL ORDER BY id"


class Broken:
    """Makes the writer's own transactions fail, `times` times, at their end; then they work again."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, times: int = 10**9, error: Exception | None = None
    ) -> None:
        self.times = times
        self._error = error or OSError(28, "No space left on device")
        self._write = module._write
        monkeypatch.setattr(module, "_write", self._fail)

    def _fail(self, *given: Any, **options: Any) -> None:
        self._write(*given, **options)
        if self.times:
            self.times -= 1
            raise self._error


async def test_a_claim_is_on_the_disk_before_it_returns(book: Book) -> None:
    """Another program finds it, with what it needs to settle it."""
    writer = book.writer(await book.begun(3))
    await writer.claim("abc", "smstele", [1, 3])
    found = await book.ask("SELECT id, provider, run, numbers, completed_at FROM smsgw_claims")
    assert found == [("abc", "smstele", 1, "[1, 3]", None)]


async def test_claims_that_wait_together_are_committed_together(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred at once are a few commits, not a hundred."""
    journal = await book.begun(100)
    writer = book.writer(journal)
    commits = commits_of(monkeypatch)
    await asyncio.gather(*(writer.claim(f"{number}", "iba", [number]) for number in range(1, 101)))
    assert 1 <= len(commits) <= 3
    assert len(await book.ask(OPEN)) == 100
    for number in range(1, 101):
        writer.complete(f"{number}", [told(number)])
    await writer.aclose()
    assert len(commits) <= 6
    assert await book.ask(OPEN) == []


async def test_what_waits_while_one_group_is_written_is_the_next(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for more than the group before theirs and their own."""
    journal = await book.begun(100)
    writer = book.writer(journal)
    commits = commits_of(monkeypatch)

    async def slot(first: int) -> None:
        for number in range(first, first + 10):
            await writer.claim(f"{number}", "iba", [number])
            writer.complete(f"{number}", [told(number)])

    await asyncio.gather(*(slot(1 + 10 * at) for at in range(10)))
    await writer.aclose()
    assert len(commits) <= 25
    assert (await journal.counts()).states == {"accepted": 100}


async def test_an_end_and_its_outcomes_are_one_transaction(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the outcomes cannot be written, the claim stays open."""
    journal = await book.begun(2)
    writer = book.writer(journal)
    await writer.claim("one", "iba", [1, 2])
    Broken(monkeypatch)
    writer.complete("one", [told(1), told(2)])
    assert [outcome.number for outcome in await writer.aclose()] == [1, 2]
    assert await book.ask(OPEN) == [("one",)]
    assert await book.ask("SELECT count(*) FROM smsgw_outcomes") == [(0,)]


async def test_a_refused_attempt_ends_without_an_outcome(book: Book) -> None:
    """Its rows are pending again."""
    journal = await book.begun(1)
    writer = book.writer(journal)
    await writer.claim("one", "iba", [1])
    writer.complete("one", [])
    await writer.aclose()
    assert await book.ask(OPEN) == []
    assert len(await journal.pending(0, 9)) == 1


async def test_after_a_failure_nothing_is_claimed(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who wait and those who come later are told that nothing was sent, and the run is told why, once."""
    journal = await book.begun(3)
    writer = book.writer(journal)
    Broken(monkeypatch)
    refusals = await asyncio.gather(
        writer.claim("one", "iba", [1]), writer.claim("two", "iba", [2]), return_exceptions=True
    )
    assert [type(refusal) for refusal in refusals] == [NotSubmitted, NotSubmitted]
    with pytest.raises(NotSubmitted):
        await writer.claim("three", "iba", [3])
    await writer.aclose()
    assert [str(failure) for failure in book.failures] == [
        f"{journal.database.name}: cannot be reached: No space left on device"
    ]
    assert await book.ask("SELECT * FROM smsgw_claims") == []


async def test_what_is_known_is_written_when_there_is_room_again(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end it is tried once more: what came back meanwhile is not lost."""
    journal = await book.begun(3)
    writer = book.writer(journal)
    await asyncio.gather(*(writer.claim(f"{number}", "iba", [number]) for number in (1, 2, 3)))
    Broken(monkeypatch, times=1)
    writer.complete("1", [told(1)])
    await writer._task
    writer.complete("2", [told(2)])
    writer.complete("3", [])
    assert await writer.aclose() == []
    assert await book.ask(OPEN) == []
    assert (await journal.counts()).states == {"accepted": 2}
    assert isinstance(writer.failure, JournalError)


async def test_a_group_of_which_nobody_heard_is_not_written_twice(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection may break after the commit: to write it once more changes nothing."""
    journal = await book.begun(1)
    writer = book.writer(journal)
    await writer.claim("1", "iba", [1])
    checked = journal.database.check_place
    failures = [OSError("connection lost")]

    def check_place(*given: Any) -> Any:
        if failures:
            raise JournalError(str(failures.pop()))
        return checked(*given)

    monkeypatch.setattr(journal.database, "check_place", check_place)
    writer.complete("1", [told(1)])
    assert await writer.aclose() == []
    assert await book.ask("SELECT number, state FROM smsgw_outcomes") == [(1, "accepted")]


async def test_a_defect_is_told_like_a_failure(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is, the run is stopped, and what is known is given back."""
    journal = await book.begun(1)
    writer = book.writer(journal)
    await writer.claim("1", "iba", [1])
    broken = Broken(monkeypatch, times=1, error=ZeroDivisionError())
    writer.complete("1", [told(1)])
    assert await writer.aclose() == []
    assert broken.times == 0
    assert str(writer.failure) == f"{journal.database.name}: failed with ZeroDivisionError"
    assert isinstance(writer.failure, JournalError)
    assert isinstance(writer.failure.__cause__, ZeroDivisionError)


async def test_a_claim_that_is_cancelled_is_not_in_doubt(book: Book) -> None:
    """Nothing begins, so nothing is left open, wherever it was when it was cancelled."""
    journal = await book.begun(30)
    writer = book.writer(journal)
    for turns in range(30):
        claiming = asyncio.create_task(writer.claim(f"{turns}", "iba", [turns + 1]))
        for _ in range(turns):
            await asyncio.sleep(0)
        claiming.cancel()
        await asyncio.wait([claiming])
        if not claiming.cancelled():
            writer.complete(f"{turns}", [])
    await writer.aclose()
    assert writer.failure is None
    assert await book.ask(OPEN) == []


async def test_closing_writes_what_is_left(book: Book) -> None:
    """Even what is told after that has begun; only claims are refused."""
    journal = await book.begun(3)
    writer = book.writer(journal)
    await writer.claim("1", "iba", [1])
    writer.tell([told(2)])
    closing = asyncio.create_task(writer.aclose())
    await asyncio.sleep(0)
    with pytest.raises(NotSubmitted):
        await writer.claim("3", "iba", [3])
    writer.complete("1", [told(1)])
    await writer._task
    writer.tell([told(3)])
    assert await closing == []
    assert (await journal.counts()).states == {"accepted": 3}
    assert await book.ask(OPEN) == []


async def test_closing_that_is_cancelled_still_writes(book: Book) -> None:
    """What is known has to be written, whoever is in a hurry."""
    journal = await book.begun(1)
    writer = book.writer(journal)
    await writer.claim("1", "iba", [1])
    writer.complete("1", [told(1)])
    closing = asyncio.create_task(writer.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert await book.ask("SELECT number FROM smsgw_outcomes") == [(1,)]


async def test_a_writer_that_was_never_used(book: Book) -> None:
    """It closes, and again."""
    writer = book.writer(await book.begun())
    assert await writer.aclose() == []
    assert await writer.aclose() == []
    assert writer.failure is None


async def test_whatever_a_gateway_says_can_be_written(book: Book) -> None:
    """Half a surrogate pair, a NUL, a number beyond all bounds: none may stop the run, or lose an outcome."""
    journal = await book.begun(2)
    writer = book.writer(journal)
    writer.tell(
        [
            told(1, message_id="\ud83d\0", error="кредит\udfff\0", segments=2**70),
            told(2, message_id="№ 7 👍", segments=-1),
        ]
    )
    assert await writer.aclose() == []
    first, second = await journal.results(0, 9)
    assert (first.message_id, first.error, first.segments) == ("\\ud83d\\x00", "кредит\\udfff\\x00", None)
    assert (second.message_id, second.segments) == ("№ 7 👍", None)


async def test_a_row_has_one_outcome(book: Book) -> None:
    """A second one is a defect: nothing is overwritten, and the run stops."""
    journal: Journal = await book.begun(1)
    writer: Writer = book.writer(journal)
    await writer.claim("1", "iba", [1])
    writer.complete("1", [told(1)])
    await writer.claim("2", "iba", [1])
    writer.complete("2", [told(1, "rejected")])
    await writer.aclose()
    assert len(book.failures) == 1
    assert (await journal.counts()).states == {"accepted": 1}
