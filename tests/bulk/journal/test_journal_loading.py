"""Rows of the input into the journal."""

import asyncio

import pytest

from smsgw.bulk.journal import InputRow, load
from tests.bulk.journal.conftest import Book, everything_pending, refused, row


async def test_rows_are_written_as_they_are_given(book: Book) -> None:
    """A row comes out with the number, the recipient and the payload that it went in with."""
    journal = await book.begun([row(1, 79031234567, payload='["Код 1234", null]'), row(2)])
    assert await everything_pending(journal) == [
        (1, "79031234567", '["Код 1234", null]'),
        (2, "79000000002", "text 2"),
    ]


async def test_a_repetition_within_one_portion_is_found(book: Book) -> None:
    """The same number and text twice is sent once."""
    journal = await book.open()
    await journal.begin("x", "", "", "[]", "me")
    assert await load(journal, [row(1, 5), row(2, 6), row(3, 5)]) == 1
    assert [pending.number for pending in await everything_pending(journal)] == [1, 2]
    assert [(found.number, found.first) for found in await journal.results(0, 9)] == [
        (1, None),
        (2, None),
        (3, 1),
    ]


async def test_a_repetition_over_portions_is_found(book: Book) -> None:
    """Duplicates are those of the whole input, not those of a portion."""
    journal = await book.open()
    await journal.begin("x", "", "", "[]", "me")
    assert await load(journal, [row(1, 5), row(2, 6)]) == 0
    assert await load(journal, [row(3, 6), row(4, 5), row(5, 6)]) == 3
    assert [found.first for found in await journal.results(0, 9)] == [None, None, 2, 1, 2]


async def test_another_text_to_the_same_number_is_no_repetition(book: Book) -> None:
    """A number gets each of its texts."""
    journal = await book.begun([row(1, 5, 100), row(2, 5, -100), row(3, 5, 100)])
    assert [pending.number for pending in await everything_pending(journal)] == [1, 2]
    assert (await journal.results(2, 1))[0].first == 1


async def test_many_repetitions(book: Book) -> None:
    """A portion may be nothing but repetitions, of one row or of as many as there are."""
    journal = await book.open()
    await journal.begin("x", "", "", "[]", "me")
    assert await load(journal, [row(number, 5) for number in range(1, 1001)]) == 999
    assert await load(journal, [row(number, number) for number in range(1001, 2001)]) == 0
    assert await load(journal, [row(number + 1000, number) for number in range(1001, 2001)]) == 1000
    counts = await journal.counts()
    assert (counts.rows, counts.duplicates, counts.pending) == (3000, 1999, 3000)
    assert [found.first for found in await journal.results(2998, 9)] == [1999, 2000]


async def test_a_number_with_very_many_texts(book: Book) -> None:
    """What a repetition costs does not grow with the texts that its number gets."""
    journal = await book.open()
    await journal.begin("x", "", "", "[]", "me")
    for start in range(0, 10_000, 1000):
        await load(journal, [row(start + at, 5, start + at) for at in range(1, 1001)])
    async with asyncio.timeout(5):
        for start in range(10_000, 14_000, 1000):
            assert await load(journal, [row(start + at, 5, at) for at in range(1, 1001)]) == 1000
    assert [found.first for found in await journal.results(13_998, 9)] == [999, 1000]


async def test_a_row_that_cannot_be_sent_is_rejected_at_once(book: Book) -> None:
    """It has its outcome, and is never pending."""
    journal = await book.begun([row(1), refused(2, "InvalidRecipient: too short"), refused(3)])
    assert [pending.number for pending in await everything_pending(journal)] == [1]
    found = (await journal.results(1, 1))[0]
    assert (found.state, found.error, found.attempts, found.phone) == (
        "rejected",
        "InvalidRecipient: too short",
        0,
        "nobody",
    )


async def test_rows_that_cannot_be_sent_repeat_nothing(book: Book) -> None:
    """Two of them are two refusals."""
    journal = await book.begun([refused(1), refused(2)])
    assert [found.first for found in await journal.results(0, 9)] == [None, None]
    assert (await journal.counts()).states == {"rejected": 2}


@pytest.mark.parametrize("portion", [[refused(1)], [row(1)], [row(1, 5), row(2, 5)]])
async def test_small_portions(book: Book, portion: list[InputRow]) -> None:
    """A portion need not have rows of each kind."""
    journal = await book.begun(portion)
    assert (await journal.counts()).rows == len(portion)


async def test_the_largest_values(book: Book) -> None:
    """Fifteen digits of a number and 64 bits of a digest have room."""
    journal = await book.begun([row(1, 999_999_999_999_999, 2**63 - 1), row(2, 1, -(2**63), line=None)])
    assert [pending.recipient for pending in await everything_pending(journal)] == ["999999999999999", "1"]


async def test_text_that_no_database_takes(book: Book) -> None:
    """Half a surrogate pair or a NUL in the input is written in other words, and does not stop the load."""
    journal = await book.begun(
        [row(1, phone="+7\ud83d\0", payload='["\ud83d", "д"]'), refused(2, "so: \ud800\0")]
    )
    first, second = await journal.results(0, 9)
    assert first.phone == "+7\\ud83d\\x00"
    assert first.payload == '["\\ud83d", "д"]'
    assert second.error == "so: \\ud800\\x00"


async def test_a_portion_is_written_whole_or_not_at_all(book: Book) -> None:
    """What fails in its middle leaves nothing."""
    journal = await book.begun(1)
    with pytest.raises(OverflowError if "://" not in book.where else Exception):
        await load(journal, [row(2), refused(2**70)])
    assert (await journal.counts()).rows == 1
