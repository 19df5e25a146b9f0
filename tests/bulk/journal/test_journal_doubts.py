"""What a run that ended in the middle has left behind."""

from smsgw.bulk.journal import (
    Doubt,
    Journal,
    doubtful,
    doubts,
    forget_unknown,
    give_up_claims,
    settle,
)
from tests.bulk.journal.conftest import Book, everything_pending, told


async def crashed(book: Book, rows: int = 6) -> Journal:
    """Rows 1 and 2 in one attempt of SMStele's, 3 in one of IBA's, 4 accepted; what follows is pending."""
    journal = await book.begun(rows)
    writer = book.writer(journal)
    await writer.claim("tele", "smstele", [1, 2])
    await writer.claim("iba", "iba", [3])
    await writer.claim("done", "iba", [4])
    writer.complete("done", [told(4, claim="done")])
    await writer.aclose()
    known = await journal.campaign()
    assert known is not None
    await journal.resume(known, "next")
    return journal


async def test_open_attempts_are_given_up(book: Book) -> None:
    """Their rows are unknown, and say so; they are not pending, and no attempt is open."""
    journal = await crashed(book)
    assert await doubtful(journal) == {1, 2, 3}
    assert await give_up_claims(journal) == 3
    assert await doubtful(journal) == set()
    found = (await journal.results(0, 1))[0]
    assert (found.state, found.provider, found.attempts) == ("unknown", "smstele", 1)
    assert found.error == "OutcomeUnknown: the run ended before an answer came"
    assert [pending.number for pending in await everything_pending(journal)] == [5, 6]
    assert await give_up_claims(journal) == 0


async def test_an_answer_that_is_known_stands(book: Book) -> None:
    """A row with an outcome is not made unknown by an attempt that was left open."""
    journal = await crashed(book)
    writer = book.writer(journal)
    writer.tell([told(1, "rejected")])
    await writer.aclose()
    assert await give_up_claims(journal) == 2
    assert (await journal.counts()).states == {"rejected": 1, "unknown": 2, "accepted": 1}


async def test_many_are_given_up(book: Book) -> None:
    """As many as a run with large batches has in flight, and more than one query can name."""
    journal = await book.begun(3000)
    writer = book.writer(journal)
    await writer.claim("a", "iba", list(range(1, 1501)))
    await writer.claim("b", "iba", list(range(1501, 2901)))
    writer.tell([told(number) for number in range(1, 1200)])
    await writer.aclose()
    assert await give_up_claims(journal) == 2900 - 1199
    assert len(await everything_pending(journal)) == 100


async def test_who_can_be_asked_about_what(book: Book) -> None:
    """In order, a page at a time: only what is unknown, with the attempt that left it so."""
    journal = await crashed(book)
    await give_up_claims(journal)
    assert await doubts(journal, ["smstele"], 0) == [
        Doubt(1, "79000000001", "smstele", "tele"),
        Doubt(2, "79000000002", "smstele", "tele"),
    ]
    assert [doubt.number for doubt in await doubts(journal, ["smstele", "iba"], 1)] == [2, 3]
    assert await doubts(journal, ["avist"], 0) == []
    assert await doubts(journal, ["smstele"], 2) == []


async def test_what_is_proved_is_accepted(book: Book) -> None:
    """With our own ID as the message's; what is not unknown any more is left alone."""
    journal = await crashed(book)
    await give_up_claims(journal)
    one, two = await doubts(journal, ["smstele"], 0)
    await settle(journal, [one, Doubt(4, "79000000004", "iba", "other")])
    first, second, _, fourth = await journal.results(0, 4)
    assert (first.state, first.message_id, first.error) == ("accepted", "tele", None)
    assert second.state == "unknown"
    assert (fourth.state, fourth.message_id) == ("accepted", "id-4")
    assert await doubts(journal, ["smstele"], 0) == [two]
    await settle(journal, [])


async def test_what_is_unknown_is_sent_again_by_the_users_word(book: Book) -> None:
    """Only what is unknown becomes pending."""
    journal = await crashed(book)
    await give_up_claims(journal)
    assert await forget_unknown(journal) == 3
    assert [pending.number for pending in await everything_pending(journal)] == [1, 2, 3, 5, 6]
    assert await forget_unknown(journal) == 0
    assert (await journal.counts()).states == {"accepted": 1}
