"""What became of messages: which rows are followed, and that what was learnt of them only moves forward."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from smsgw.bulk.errors import JournalBusy
from smsgw.bulk.journal import (
    START,
    Change,
    Counts,
    Followed,
    Journal,
    deliveries,
    followed,
    forget_unknown,
    learn,
)
from smsgw.errors import OutcomeUnknown
from smsgw.models import DeliveryReport, DeliveryState
from tests.bulk.journal.conftest import Book, row, told

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EVERYONE = ("iba", "smstele")


def report(number: int, state: str = "delivered", *, final: bool = True, **more: object) -> DeliveryReport:
    """On the row of this number, as `told` has it."""
    told = {"provider": "iba", "message_id": f"id-{number}", **more}
    return DeliveryReport(str(79000000000 + number), state=DeliveryState(state), final=final, **told)  # type: ignore[arg-type]


async def sent(book: Book, rows: int, *attempts: Sequence[int], provider: str = "iba") -> Journal:
    """A journal whose rows were sent in these attempts."""
    journal = await book.begun(rows)
    writer = book.writer(journal)
    for count, numbers in enumerate(attempts):
        await writer.claim(f"c{count}", provider, numbers)
        writer.complete(f"c{count}", [told(n, provider=provider, claim=f"c{count}") for n in numbers])
    await writer.aclose()
    return journal


async def everyone(
    journal: Journal, providers: Sequence[str] = EVERYONE, able: Sequence[str] = ("smstele",)
) -> list[Followed]:
    found, place = await followed(journal, START, providers, able)
    rows = list(found)
    while place is not None:
        found, place = await followed(journal, place, providers, able)
        rows += found
    return rows


async def known(book: Book) -> list[tuple[object, ...]]:
    return await book.ask(
        "SELECT number, state, rank, provider_state, error_code FROM smsgw_deliveries ORDER BY number"
    )


async def test_rows_of_one_attempt_come_together(book: Book) -> None:
    """In the order of the attempts, with when they began, and no page is missed."""
    journal = await sent(book, 6, [1, 4], [2, 5], [3, 6])
    rows = await everyone(journal)
    assert [row.message_id for row in rows] == ["id-1", "id-4", "id-2", "id-5", "id-3", "id-6"]
    (first, *_) = rows
    assert first[:-1] == ("79000000001", "text 1", "iba", "id-1", False, None)
    ((claimed_at,),) = await book.ask("SELECT claimed_at FROM smsgw_claims WHERE id = 'c0'")
    assert first.claimed_at == claimed_at


async def test_small_pages(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the sizes of pages, each row comes once."""
    monkeypatch.setattr(deliveries, "_ATTEMPTS", 2)
    monkeypatch.setattr(deliveries, "_PAGE", 3)
    journal = await sent(book, 12, [1, 2, 3, 4, 5], [6], [7], [8, 9, 10], [11, 12])
    assert [row.message_id for row in await everyone(journal)] == [f"id-{n}" for n in range(1, 13)]


async def test_who_is_followed(book: Book) -> None:
    """What was taken and has an ID, what is in doubt where that can be proved, and nothing that is final."""
    journal = await book.begun(9)
    writer = book.writer(journal)
    await writer.claim("a", "iba", [1, 2, 3, 4, 5])
    states = ["accepted", "held", "rejected", "unknown", "accepted"]
    told_ = [told(n, state, claim="a") for n, state in enumerate(states, 1)]
    told_[4] = told_[4]._replace(message_id=None)
    writer.complete("a", told_)
    await writer.claim("b", "smstele", [6, 7])
    writer.complete("b", [told(n, "unknown", provider="smstele", message_id=None, claim="b") for n in (6, 7)])
    await writer.claim("c", "gone", [8])
    writer.complete("c", [told(8, provider="gone", claim="c")])
    await writer.aclose()
    assert [(row.message_id, row.in_doubt) for row in await everyone(journal)] == [
        *(("id-1", False), ("id-2", False)),
        *(("b", True), ("b", True)),
    ]
    await learn(journal, [report(1), report(2, "enroute", final=False)])
    rows = await everyone(journal)
    assert [(row.message_id, row.state) for row in rows] == [("id-2", "enroute"), ("b", None), ("b", None)]


async def test_a_row_belongs_to_the_attempt_that_told(book: Book) -> None:
    """One that was refused first is followed once, where it was taken."""
    journal = await book.begun(1)
    writer = book.writer(journal)
    await writer.claim("a", "smstele", [1])
    writer.complete("a", [])
    await writer.claim("b", "iba", [1])
    writer.complete("b", [told(1, claim="b")])
    await writer.aclose()
    assert [(row.provider, row.message_id) for row in await everyone(journal)] == [("iba", "id-1")]


async def test_one_state_for_several(book: Book) -> None:
    """Of an attempt whose provider tells one state for it all, one row that is left does not come alone."""
    journal = await sent(book, 5, [1, 2], [3, 4], [5])
    await learn(journal, [report(1, "unknown"), report(3, "unknown"), report(4, "unknown"), report(5)])
    assert [row.message_id for row in await everyone(journal)] == ["id-2"]
    rows, _ = await followed(journal, START, ("iba",), (), ("iba",))
    assert [row.message_id for row in rows] == ["id-1", "id-2"]


async def test_what_was_learnt(book: Book) -> None:
    """It stands in the results and in the counts, also for the row that repeats another."""
    journal = await book.begun([row(1), row(2), row(3, 79000000001), row(4)])
    writer = book.writer(journal)
    writer.tell([told(1), told(2), told(4, "held")])
    await writer.aclose()
    changes = await learn(
        journal,
        [
            report(1, "undeliverable", provider_state="not_deliver", error_code="12", changed_at=AT),
            report(2, "enroute", final=False),
        ],
    )
    assert list(changes) == [Change("undeliverable", True, False), Change("enroute", False, False)]
    first, second, third, fourth = await journal.results(0, 9)
    assert first[-5:] == ("undeliverable", True, AT.timestamp(), "not_deliver", "12")
    assert second[-5:] == ("enroute", False, None, None, None)
    assert third[-5:] == first[-5:]
    assert fourth[-5:] == (None,) * 5
    counts = await journal.counts()
    assert (counts.deliveries, counts.repeated_deliveries) == ({"undeliverable": 2}, {"undeliverable": 1})
    assert counts.in_delivery == 2
    assert Counts().in_delivery == 0


async def test_only_forward(book: Book) -> None:
    """A later state is never turned back, and the first final one stays."""
    journal = await sent(book, 1, [1])
    steps = [
        (report(1, "unknown", final=False), "unknown"),
        (report(1, "enroute", final=False), "enroute"),
        (report(1, "accepted", final=False), "enroute"),
        (report(1, "unknown", final=False), "enroute"),
        (report(1, "expired"), "expired"),
        (report(1, "delivered"), "expired"),
        (report(1, "enroute", final=False), "expired"),
    ]
    for step, state in steps:
        await learn(journal, [step])
        assert [values[1] for values in await known(book)] == [state]


async def test_the_statement_itself_turns_nothing_back(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where somebody wrote between the look and the change."""
    journal = await sent(book, 2, [1, 2])
    await learn(journal, [report(1, "expired"), report(2, "enroute", final=False)])
    look = deliveries._rows_of

    async def stale(*given: object) -> object:
        return [(*values[:3], -1) for values in await look(*given)]  # type: ignore[arg-type]

    monkeypatch.setattr(deliveries, "_rows_of", stale)
    await learn(journal, [report(1), report(2, "accepted", final=False)])
    assert [values[1] for values in await known(book)] == ["expired", "enroute"]


async def test_the_same_group_twice_is_once(book: Book) -> None:
    """It tells nothing the second time."""
    journal = await sent(book, 2, [1, 2])
    group = [report(1), report(2, "enroute", final=False)]
    assert len(await learn(journal, group)) == 2
    before = await book.ask("SELECT * FROM smsgw_deliveries ORDER BY number")
    assert list(await learn(journal, group)) == []
    assert await book.ask("SELECT * FROM smsgw_deliveries ORDER BY number") == before


async def test_what_is_no_state_is_not_written(book: Book) -> None:
    """A question that failed, a message that nobody sent, and one of another provider, ID or recipient."""
    journal = await sent(book, 2, [1, 2])
    failed = report(1, "unknown", final=False, error=OutcomeUnknown("no answer"))
    others = [report(9), report(1, provider="smstele"), report(1, message_id="id-2")]
    assert list(await learn(journal, [failed, *others])) == []
    assert await known(book) == []


async def test_hostile_words(book: Book) -> None:
    """What a gateway says is stored, whatever it is."""
    journal = await sent(book, 1, [1])
    await learn(journal, [report(1, provider_state="a\0b\ud83d", error_code="\0")])
    assert await known(book) == [(1, "delivered", 4, "a\\x00b\\ud83d", "\\x00")]


async def test_a_doubt_is_settled(book: Book) -> None:
    """In one transaction with the state: taken, by the ID of our own attempt. What has an error proves nothing."""
    journal = await book.begun(3)
    writer = book.writer(journal)
    await writer.claim("b", "smstele", [1, 2, 3])
    writer.complete(
        "b", [told(n, "unknown", provider="smstele", error="OutcomeUnknown: x", claim="b") for n in (1, 2, 3)]
    )
    await writer.aclose()
    reports = [
        report(1, "enroute", final=False, provider="smstele", message_id="b"),
        report(2, "unknown", provider="smstele", message_id="b", error=OutcomeUnknown("not proved")),
    ]
    assert list(await learn(journal, reports)) == [Change("enroute", False, True)]
    assert await book.ask("SELECT state, message_id, error FROM smsgw_outcomes WHERE number = 1") == [
        ("accepted", "b", None)
    ]
    assert [(row.recipient[-1], row.in_doubt, row.state) for row in await everyone(journal)] == [
        ("1", False, "enroute"),
        ("2", True, None),
        ("3", True, None),
    ]
    assert await forget_unknown(journal) == 2
    assert [values[0] for values in await known(book)] == [1]


async def test_another_run_ends_it(book: Book) -> None:
    """A run whose journal was taken over learns nothing any more."""
    journal = await sent(book, 1, [1])
    later = await book.second()
    campaign = await later.campaign()
    assert campaign is not None
    await later.resume(campaign, "another")
    with pytest.raises(JournalBusy):
        await learn(journal, [report(1)])
    assert await known(book) == []


async def test_begun_anew(book: Book) -> None:
    """An input that was not read to its end begins without any delivery."""
    journal = await sent(book, 1, [1])
    await learn(journal, [report(1)])
    await journal.note(loaded=False, tracked_at=1.0)
    await journal.begin("people.csv", "", "text", "[]", "me")
    assert await known(book) == []
    campaign = await journal.campaign()
    assert campaign is not None
    assert campaign.tracked_at is None


async def test_a_number_with_many_texts(book: Book) -> None:
    """Each report is about the one row of its ID."""
    journal = await book.begun([row(n, 79000000001, n) for n in range(1, 41)])
    writer = book.writer(journal)
    writer.tell([told(n) for n in range(1, 41)])
    await writer.aclose()
    about = [
        DeliveryReport("79000000001", "iba", f"id-{n}", DeliveryState.DELIVERED, final=True) for n in (3, 17)
    ]
    await asyncio.gather(*(learn(journal, [each]) for each in about))
    assert [values[0] for values in await known(book)] == [3, 17]
