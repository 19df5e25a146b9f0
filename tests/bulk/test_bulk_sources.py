"""Where a campaign's rows come from, and that a payload gives back what was in them."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw import Channel, Message
from smsgw.bulk import CsvSource, MessageSource, Source, SourceRow
from smsgw.bulk.source import _pack, _unpack
from smsgw.sheets import Sheet, SheetError

FILE = "Name,Phone,city\r\nAnna,+7 903 123-45-67,Москва\r\n,79031234568,\r\n"


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    path = tmp_path / "people.csv"
    path.write_text(FILE, encoding="utf-8", newline="")
    return Sheet(path)


async def rows_of(source: Source) -> list[SourceRow]:
    return [row async for row in source.rows()]


async def test_a_row_of_a_sheet_is_its_number_and_its_filled_text(sheet: Sheet) -> None:
    """The text that makes two messages the same is what the subscriber will read."""
    rows = await rows_of(CsvSource(sheet, "Hi {name}"))
    assert [(row.line, row.phone, row.content) for row in rows] == [
        (2, "+7 903 123-45-67", "Hi Anna"),
        (3, "79031234568", "Hi "),
    ]


async def test_a_row_without_text_has_no_content(sheet: Sheet) -> None:
    """So that it is refused, and not sent empty."""
    assert [row.content for row in await rows_of(CsvSource(sheet, "{city}"))] == ["Москва", ""]


async def test_a_payload_gives_text_and_own_columns_back(sheet: Sheet) -> None:
    """Runs after the first send from the journal, and write the results from it."""
    source = CsvSource(sheet, "{city}: {name}", sender="SHOP", provider="iba", transliterate=True)
    row = (await rows_of(source))[0]
    assert source.content_of(row.payload) == row.content == "Москва: Anna"
    assert source.message("79031234567", row.content) == Message(
        to="79031234567", text="Москва: Anna", sender="SHOP", provider="iba", transliterate=True
    )
    assert source.header == ["Name", "city"]
    assert source.cells(row.payload) == ["Anna", "Москва"]


def test_another_text_is_another_campaign_and_another_sender_is_not(sheet: Sheet) -> None:
    """What is left may go out through somebody else."""
    identity = CsvSource(sheet, "Hi").identity
    assert CsvSource(sheet, "Hi", sender="SHOP", provider="iba").identity == identity
    assert CsvSource(sheet, "Ho").identity != identity
    assert CsvSource(sheet, "Hi", transliterate=True).identity != identity


def test_a_placeholder_that_no_column_fills_is_an_error_at_once(sheet: Sheet) -> None:
    with pytest.raises(SheetError, match="no column nmae"):
        CsvSource(sheet, "Hi {nmae}")


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\x1e\x1f,\n")), min_size=1)
)
def test_cells_come_back_as_they_went_in(cells: list[str]) -> None:
    """Whatever is in them, the separator included."""
    assert list(_unpack(_pack(cells))) == cells


EVERYTHING = Message(
    to=("79031234567", "79031234568"),
    text="Hi",
    sender="SHOP",
    provider="smstele",
    send_at=datetime(2026, 12, 31, 9, tzinfo=UTC),
    validity=60,
    flash=True,
    transliterate=True,
    channel=Channel.VIBER,
    viber_validity=120,
)


async def test_each_recipient_of_a_message_is_a_row_with_all_its_options() -> None:
    source = MessageSource([EVERYTHING])
    rows = await rows_of(source)
    assert [row.phone for row in rows] == list(EVERYTHING.to)
    again = source.message("79031234567", source.content_of(rows[0].payload))
    assert again.content == EVERYTHING.content
    assert again.to == ("79031234567",)
    assert source.cells(rows[0].payload) == ()


async def test_messages_may_come_asynchronously() -> None:
    async def messages() -> AsyncIterator[Message]:
        yield Message(to="79031234567", text="Hi")

    assert [row.phone for row in await rows_of(MessageSource(messages()))] == ["79031234567"]


@pytest.mark.parametrize(
    ("messages", "error", "words"),
    [
        ([Message(to="79031234567", text="Hi", key="k")], ValueError, "no `key`"),
        (["79031234567"], TypeError, "not str"),
    ],
)
async def test_what_cannot_be_in_a_campaign(
    messages: Iterable[Message], error: type[Exception], words: str
) -> None:
    """An idempotency key would promise what the journal does already."""
    with pytest.raises(error, match=words):
        await rows_of(MessageSource(messages))
