"""What a journal knows of its rows."""

import asyncio
from decimal import Decimal

from smsgw.bulk.journal import Counts
from tests.bulk.journal.conftest import Book, everything_pending, refused, row, told


async def test_pending_rows_come_in_order_a_page_at_a_time(book: Book) -> None:
    """A page begins behind the number that it is asked for, whatever came to an end meanwhile."""
    journal = await book.begun(10)
    assert [found.number for found in await journal.pending(0, 4)] == [1, 2, 3, 4]
    writer = book.writer(journal)
    writer.tell([told(2), told(6)])
    await writer.aclose()
    assert [found.number for found in await journal.pending(4, 4)] == [5, 7, 8, 9]
    assert [found.number for found in await journal.pending(9, 4)] == [10]
    assert await journal.pending(10, 4) == []


async def test_pending_leaves_out_what_is_not_to_be_sent(book: Book) -> None:
    """Neither refused rows, nor repetitions, nor rows with any outcome."""
    journal = await book.begun([refused(1), row(2), row(3, 79000000002), row(4), row(5), row(6), row(7)])
    writer = book.writer(journal)
    writer.tell([told(4, "unknown"), told(5, "held"), told(6, "rejected")])
    await writer.aclose()
    assert [found.number for found in await everything_pending(journal)] == [2, 7]


async def test_results_are_all_rows_in_order(book: Book) -> None:
    """A row of the input is a row of the results, with what is known of it; a repetition has its first one's."""
    journal = await book.begun([row(1), refused(2, "no"), row(3, 79000000001), row(4)])
    writer = book.writer(journal)
    writer.tell([told(1, cost="1.50", segments=2, attempts=3)])
    await writer.aclose()
    first, second, third, fourth = await journal.results(0, 9)
    assert first == (
        *(1, 2, "+79000000001", "text 1", None, None),
        *("accepted", "iba", "id-1", 2, "1.50", None, 3),
        *(None, None, None, None, None),
    )
    assert (second.state, second.error, second.provider) == ("rejected", "no", None)
    assert (third.first, third.first_line, third.state, third.message_id) == (1, 2, "accepted", "id-1")
    assert (third.line, third.payload) == (4, "text 3")
    assert (fourth.state, fourth.provider, fourth.attempts) == (None, None, None)


async def test_results_come_a_page_at_a_time(book: Book) -> None:
    """Each page begins behind the last number of the one before."""
    journal = await book.begun(7)
    assert [found.number for found in await journal.results(0, 3)] == [1, 2, 3]
    assert [found.number for found in await journal.results(3, 3)] == [4, 5, 6]
    assert [found.number for found in await journal.results(6, 3)] == [7]


async def test_counts(book: Book) -> None:
    """Rows of the input by state, repetitions with what they repeat; segments of what was taken, each once."""
    journal = await book.begun(
        [row(1), row(2, 79000000001), row(3), row(4), row(5), row(6), row(7, 79000000006), refused(8)]
    )
    writer = book.writer(journal)
    await writer.claim("a", "iba", [5])
    writer.tell([told(1, segments=3), told(3, "held", segments=2), told(4, "unknown", segments=9)])
    await writer.aclose()
    counts = await journal.counts()
    assert counts == Counts(
        rows=8,
        states={"accepted": 2, "held": 1, "unknown": 1, "rejected": 1},
        repeats={"accepted": 1},
        duplicates=2,
        open_claims=1,
        segments=5,
    )
    assert counts.pending == 3


async def test_counts_of_nothing(book: Book) -> None:
    """An empty journal has none of anything."""
    journal = await book.open()
    assert await journal.counts() == Counts()
    assert await journal.costs() == {}
    assert await journal.campaign() is None
    assert await journal.results(0, 9) == []


async def test_costs_are_exact_and_by_provider(book: Book) -> None:
    """As decimals; what has no cost has none."""
    journal = await book.begun(5)
    writer = book.writer(journal)
    writer.tell([told(1, cost="0.1"), told(2, cost="0.1"), told(3, cost="0.1"), told(4)])
    writer.tell([told(5, provider="avist", cost="2")])
    await writer.aclose()
    assert await journal.costs() == {"iba": Decimal("0.3"), "avist": Decimal(2)}


async def test_a_reader_that_is_cancelled_leaves_nothing_open(book: Book) -> None:
    """Reading goes on afterwards, and its connection is closed."""
    journal = await book.begun(50)
    for turns in range(40):
        reading = asyncio.create_task(journal.results(0, 50))
        for _ in range(turns):
            await asyncio.sleep(0)
        if turns % 3 == 0:
            await asyncio.sleep(0.001)
        reading.cancel()
        await asyncio.wait([reading])
    assert len(await journal.results(0, 50)) == 50
