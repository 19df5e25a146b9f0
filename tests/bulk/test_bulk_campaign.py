"""A campaign from Python: what `bulk.run` takes, refuses and returns. Each row is sent once over all of its runs."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from smsgw import Message, bulk
from smsgw.bulk import BulkError, Ending, JournalMismatch, TooMuch
from smsgw.sheets import Sheet, SheetError
from tests.bulk.conftest import BulkWorld, texts_to

PRICED = {"iba": {"prices": {"79": "2.50"}}}


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def one_by_one(count: int) -> Iterator[Message]:
    """Messages that can be read only once."""
    yield from texts_to(count)


def sheet_of(path: Path, *lines: str) -> Sheet:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Sheet(path)


def results_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def test_any_messages_are_a_campaign_and_its_second_run_sends_nothing(world: BulkWorld) -> None:
    """Also those of a generator: what was read is in the journal."""
    sms = world.dispatcher(iba={})
    first = await world.run(sms, one_by_one(25))
    again = await world.run(sms, one_by_one(25))
    assert (first.accepted, first.rows, first.sent, first.ending) == (25, 25, 25, Ending.DONE)
    assert (again.accepted, again.rows, again.sent, again.ending) == (25, 25, 0, Ending.DONE)
    assert len(world.ledger.messages) == 25


@pytest.mark.parametrize("count", [24, 26])
async def test_other_messages_are_another_campaign(world: BulkWorld, count: int) -> None:
    """They are refused before anything is sent."""
    sms = world.dispatcher(iba={})
    await world.run(sms, one_by_one(25))
    with pytest.raises(JournalMismatch, match="another input"):
        await world.run(sms, one_by_one(count))
    assert len(world.ledger.messages) == 25


async def test_a_file_with_everything_in_it(world: BulkWorld, tmp_path: Path) -> None:
    """Results have one row for each of the input, in its order, with its own columns."""
    source = bulk.CsvSource(
        sheet_of(
            tmp_path / "people.csv",
            "name,phone,state",
            "Anna,+7 903 000-00-01,A",
            "Boris,12,B",
            "Anna,79030000001,C",
            "Vera,79030000001,D",
            ",,",
            "Gleb,79030000002,",
        ),
        "Hi {name}",
    )
    sms = world.dispatcher(iba={})
    summary = await bulk.run(sms, source, journal=world.journal, results=tmp_path / "out.csv")
    assert (summary.rows, summary.accepted, summary.rejected, summary.duplicates) == (5, 4, 1, 1)
    rows = results_of(tmp_path / "out.csv")
    assert [
        (row["phone"], row["state"], row["duplicate"], row["name"], row["input_state"]) for row in rows
    ] == [
        ("+7 903 000-00-01", "accepted", "", "Anna", "A"),
        ("12", "rejected", "", "Boris", "B"),
        ("79030000001", "accepted", "duplicate of line 2", "Anna", "C"),
        ("79030000001", "accepted", "", "Vera", "D"),
        ("79030000002", "accepted", "", "Gleb", ""),
    ]
    assert rows[1]["error"].startswith("InvalidRecipient: ")
    assert rows[0]["message_id"] == rows[2]["message_id"] != rows[3]["message_id"]
    assert sorted(message.text for message in world.ledger.messages) == ["Hi Anna", "Hi Gleb", "Hi Vera"]


async def test_an_input_that_fails_in_the_middle_sends_nothing_and_may_be_mended(
    world: BulkWorld, tmp_path: Path
) -> None:
    """Nothing is sent before all of it was read; the mended file is no other campaign's."""
    sms = world.dispatcher(iba={})
    good = [f"7903{number:07d},Anna" for number in range(3000)]
    broken = sheet_of(tmp_path / "people.csv", "phone,name", *good, '79039999999,"Boris')
    with pytest.raises(SheetError, match="line 3002"):
        await bulk.run(sms, bulk.CsvSource(broken, "Hi {name}"), journal=world.journal)
    assert not world.ledger.requests
    mended = sheet_of(tmp_path / "people.csv", "phone,name", *good[:30])
    summary = await bulk.run(sms, bulk.CsvSource(mended, "Hi {name}"), journal=world.journal)
    assert (summary.rows, summary.accepted) == (30, 30)


async def test_another_text_or_file_is_refused(world: BulkWorld, tmp_path: Path) -> None:
    sms = world.dispatcher(iba={})
    sheet = sheet_of(tmp_path / "people.csv", "phone", "79030000001")
    await bulk.run(sms, bulk.CsvSource(sheet, "Hi"), journal=world.journal)
    with pytest.raises(JournalMismatch, match="another text"):
        await bulk.run(sms, bulk.CsvSource(sheet, "Ho"), journal=world.journal)
    sheet_of(tmp_path / "people.csv", "phone", "79030000002")
    with pytest.raises(JournalMismatch, match="another input"):
        await bulk.run(sms, bulk.CsvSource(sheet, "Hi"), journal=world.journal)
    assert len(world.ledger.messages) == 1


async def test_unknown_is_sent_again_only_at_the_users_word(world: BulkWorld) -> None:
    """That word may cost a duplicate, which the ledger here shows."""
    sms = world.dispatcher(iba={})
    world.sandbox.gateways["iba"].faults.drop = 1
    assert (await world.run(sms, texts_to(5))).unknown == 5
    assert (await world.run(sms, texts_to(5))).unknown == 5
    assert len(world.ledger.messages) == 5
    assert (await world.run(sms, texts_to(5), resend_unknown=True)).accepted == 5
    assert len(world.ledger.messages) == 10


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"max_messages": 9}, "10 messages would be sent, more than the 9 allowed"),
        ({"max_cost": Decimal("24.99")}, "it would cost 25.00, more than the 24.99 allowed"),
    ],
)
async def test_a_cap_refuses_before_anything_is_sent(
    world: BulkWorld, limit: dict[str, object], said: str
) -> None:
    """The same journal sends them once the cap is high enough."""
    sms = world.dispatcher(**PRICED)
    with pytest.raises(TooMuch, match=said):
        await world.run(sms, texts_to(10), **limit)
    assert not world.ledger.requests
    enough = {"max_messages": 10, "max_cost": Decimal("25.00")}
    assert (await world.run(sms, texts_to(10), **enough)).accepted == 10


async def test_a_cap_counts_what_is_left_to_be_sent(world: BulkWorld) -> None:
    """Rows that have their outcome cost nothing any more."""
    sms = world.dispatcher(**PRICED)
    await world.run(sms, texts_to(10))
    assert (await world.run(sms, texts_to(10), max_messages=0, max_cost=Decimal(0))).accepted == 10


async def test_a_cost_that_is_not_known_is_above_every_cap(world: BulkWorld) -> None:
    sms = world.dispatcher(iba={"prices": {"995": "1"}})
    with pytest.raises(TooMuch, match="iba has no price for numbers that begin with 790"):
        await world.run(sms, texts_to(1), max_cost=Decimal(1000))
    assert not world.ledger.requests


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), True])
async def test_seconds_that_are_none_are_refused(world: BulkWorld, seconds: float) -> None:
    with pytest.raises(ValueError, match="give_up_after"):
        world.new(world.dispatcher(iba={}), texts_to(1), give_up_after=seconds)


async def test_repetitions_are_not_counted_while_a_later_run_goes_on(world: BulkWorld) -> None:
    """The next run's progress begins with what the first one's ended with."""
    sms = world.dispatcher(iba={})
    messages = [*texts_to(3), *texts_to(2)]
    first = world.new(sms, messages)
    assert (await first.run()).accepted == 5
    second = world.new(sms, messages)
    assert (await second.run()).accepted == 5
    assert first.progress.done == second.progress.done == 3


async def test_results_that_cannot_be_written_leave_no_journal(world: BulkWorld, tmp_path: Path) -> None:
    """That is found out before there is one."""
    sms = world.dispatcher(iba={})
    for results in (tmp_path, tmp_path / "nowhere" / "out.csv", tmp_path / ("x" * 300), tmp_path / "a\0b"):
        with pytest.raises(BulkError, match="the results cannot be written: "):
            await world.run(sms, texts_to(3), results=results)
    assert names_in(tmp_path) == []
