"""What a spreadsheet would run is text in the results, and can be had back as it was."""

import csv
import io

import pytest
from hypothesis import given, strategies

from smsgw.sheets import as_text, as_written

CELLS = strategies.text(strategies.sampled_from(";\t\r\n'\"=+-@ a1\u00a0\uff1d\ufeff"), max_size=12)


def _cells_of_another_country(cell: str) -> list[str]:
    """What a spreadsheet makes of a line of commas when semicolons part its cells: quotes in a cell's middle count for
    nothing, so that line ends part rows there, too."""
    written = io.StringIO()
    csv.writer(written).writerow(["79031234567", cell])
    return [part for line in written.getvalue().splitlines() for part in line.replace("\t", ";").split(";")]


@pytest.mark.parametrize("sign", "=+-@\uff1d\uff0b\uff0d\uff20")
@pytest.mark.parametrize(
    "before", ["", " ", "\t", "\r", "\n", "\u00a0", "'", '"', "Ann;", "Ann; ", "Ann\n", "Ann\r\n\t"]
)
def test_a_cell_that_a_spreadsheet_would_run_is_text(sign: str, before: str) -> None:
    cell = f"{before}{sign}cmd|' /C calc'!A0"
    start = max(before.rfind(end) for end in ";\t\r\n") + 1
    assert as_text(cell) == f"{cell[:start]}'{cell[start:]}"


@given(CELLS)
def test_nothing_begins_a_cell_that_would_run_wherever_the_spreadsheet_parts_them(cell: str) -> None:
    if not set(cell) <= set("1+- "):
        for part in _cells_of_another_country(as_text(cell))[1:]:
            assert not part.lstrip(' \u00a0"').startswith(("=", "@", "\uff1d")), part


@given(CELLS)
def test_taking_the_apostrophe_away_gives_back_every_cell(cell: str) -> None:
    assert as_written(as_text(cell)) == cell


@pytest.mark.parametrize(
    "cell",
    [
        "+7 (903) 123-45-67",
        "79031234567",
        "-5",
        "-0.25",
        "-5,50",
        "-5%",
        "+1 200,00",
        "",
        "Ann",
        "a=b",
        "it's",
        "5 - 3",
        "a@example.org",
        "Anna-Maria",
    ],
)
def test_numbers_and_what_no_spreadsheet_runs_stay_as_they_are(cell: str) -> None:
    assert as_text(cell) == cell


def test_the_work_grows_with_the_cell_and_not_with_its_square() -> None:
    """A cell may be a hundred thousand line ends; with a look ahead over all of them this would take minutes."""
    assert as_text("\n" * 131_000 + "=") == "\n" * 130_999 + "\n'="
