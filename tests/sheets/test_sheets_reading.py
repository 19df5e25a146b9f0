"""What a file of recipients may look like, and what is read from it."""

from __future__ import annotations

import csv
import hashlib
import io
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsgw.sheets import PHONE, Sheet, SheetRow, lines

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sheets.conftest import Written


def read(path: Path) -> list[tuple[int, str, list[str]]]:
    return [(line, phone, list(cells)) for line, phone, cells in Sheet(path)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\r\n", "\ufeff\n\n"])
def test_delimiters_and_bom(delimiter: str, start: str, written: Written) -> None:
    """Comma, semicolon and tab are told apart by the header, a byte order mark and blank lines are skipped."""
    row = f'"Sale, 5;\t{{x}}"{delimiter}79031234567'
    sheet = Sheet(written(f"{start}what{delimiter}Phone \r\n{row}\r\n\r\n"))
    assert sheet.columns == ("what", "Phone")
    ((_, phone, cells),) = sheet
    assert (phone, cells[0]) == ("79031234567", "Sale, 5;\t{x}")


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0c", "\x1c", "\x0b"])
def test_signs_that_end_no_line(sign: str, written: Written) -> None:
    """What only Unicode takes for a line's end stays within its cell."""
    assert read(written(f"phone,text\n79031234567,One{sign}Two\n")) == [
        (2, "79031234567", ["79031234567", f"One{sign}Two"])
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("told", ["", "sep=,"])
def test_line_ends(end: str, told: str, written: Written) -> None:
    """Lines end as on any system, and their numbers are those of an editor."""
    start = f"{told}{end}" if told else ""
    found = read(written(f"{start}phone,text{end}79031234567,One{end}{end}79031234568,Two"))
    first = 3 if told else 2
    assert [(line, cells[1]) for line, _, cells in found] == [(first, "One"), (first + 2, "Two")]


def test_a_cell_of_two_lines(written: Written) -> None:
    """A line break within quotes belongs to the cell, as it stands; the row's line is where it ends."""
    path = written('phone,text\r\n79031234567,"One\nTwo\r\nThree"\r\n79031234568,Four\r\n')
    assert [(line, cells[1]) for line, _, cells in read(path)] == [(4, "One\nTwo\r\nThree"), (5, "Four")]


@pytest.mark.parametrize("told", ["sep=;", '"sep=;"', "SEP=;", "\ufeffsep=;"])
def test_as_excel_saves_it(told: str, written: Written) -> None:
    """Excel's line that names the delimiter is understood, and empty columns without a name are left out."""
    sheet = Sheet(written(f"{told}\r\nphone;name;;\r\n79031234567;Anna;;\r\n79031234568;Boris\r\n;;;\r\n"))
    assert sheet.columns == ("phone", "name")
    assert [(row.line, row.cells[1]) for row in sheet] == [(3, "Anna"), (4, "Boris")]


def test_a_delimiter_that_only_excel_s_line_tells(written: Written) -> None:
    """What that line says goes before what the header looks like."""
    assert read(written("sep=|\nphone|a,b;c\n7|1,2;3\n")) == [(3, "7", ["7", "1,2;3"])]


@pytest.mark.parametrize("header", ["PHONE,Имя", " phone ,Имя", '"Phone","Имя"', '" pHone" , Имя '])
def test_names_are_matched_without_case_and_outer_space(header: str, written: Written) -> None:
    """The column of numbers is found however it is written; `columns` has the names without outer space."""
    if header.startswith('" '):
        header = header.replace('" ,', '",')
    sheet = Sheet(written(f"{header}\n79031234567,Анна\n"))
    assert [row.phone for row in sheet] == ["79031234567"]
    assert sheet.columns[0].casefold() == PHONE
    assert sheet.columns[1] == "Имя"
    assert sheet.position(" имя".strip()) == 1


def test_a_row_is_what_stands_there(written: Written) -> None:
    """Cells keep their spaces, and a number that is none is not looked at."""
    path = written("name,phone\n Anna , +7 903 \nBoris,\nclara,word\n")
    assert list(Sheet(path)) == [
        SheetRow(2, " +7 903 ", [" Anna ", " +7 903 "]),
        SheetRow(3, "", ["Boris", ""]),
        SheetRow(4, "word", ["clara", "word"]),
    ]


@pytest.mark.parametrize("blank", ["", "   ", ",", " , ", '"",""', ",,,,"])
def test_blank_lines_are_no_rows(blank: str, written: Written) -> None:
    """Nor is a line of nothing but delimiters and spaces, however many."""
    path = written(f"{blank}\nphone,name\n{blank}\n1,Anna\n{blank}\n{blank}\n2,Boris\n{blank}")
    assert [row.cells[1] for row in Sheet(path)] == ["Anna", "Boris"]


def test_a_file_of_names_only(written: Written) -> None:
    """It has no rows, and is none the worse for that."""
    assert read(written("phone")) == []


def test_each_iteration_reads_from_the_start(written: Written) -> None:
    """Also while another one is under way, and after one that was given up."""
    sheet = Sheet(written("phone\n1\n2\n3\n"))
    first = iter(sheet)
    assert next(first).phone == "1"
    assert [row.phone for row in sheet] == ["1", "2", "3"]
    assert next(first).phone == "2"
    del first
    assert [row.phone for row in sheet] == ["1", "2", "3"]


def test_digest(written: Written) -> None:
    """It is that of the bytes, and so changes with any of them."""
    path = written("phone\n1\n")
    assert Sheet(path).digest() == hashlib.blake2b(b"phone\n1\n").hexdigest()
    before = Sheet(path).digest()
    path.write_bytes(b"phone\r\n1\n")
    assert Sheet(path).digest() != before


def test_memory_stays_flat(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred thousand rows take no more memory than the buffer that they go through."""
    path = written("phone,name\n" + "".join(f"7903{n:07},Recipient {n}\n" for n in range(100_000)))
    sheet = Sheet(path)
    read_so_far: list[int] = []
    opened = lines._WithoutNul.readinto

    def counted(self: lines._WithoutNul, buffer: bytearray) -> int:
        read_so_far.append(opened(self, buffer))
        return read_so_far[-1]

    monkeypatch.setattr(lines._WithoutNul, "readinto", counted)
    rows = iter(sheet)
    next(rows)
    assert sum(read_so_far) < 200_000 < path.stat().st_size
    tracemalloc.start()
    try:
        count = 1 + sum(1 for _ in rows)
        sheet.digest()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 100_000
    assert peak < 1_000_000 < path.stat().st_size
    assert sum(read_so_far) == path.stat().st_size


cell = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.from_regex(r"[0-9]{7}", fullmatch=True), cell, cell), max_size=8),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    bom=st.booleans(),
)
def test_whatever_is_written_is_read(
    rows: list[tuple[str, str, str]], delimiter: str, end: str, bom: bool, written: Written
) -> None:
    """What Python's own writer of CSV writes comes back, cell by cell."""
    content = io.StringIO(newline="")
    writer = csv.writer(content, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("phone", "a", "b"), *rows])
    path = written(content.getvalue().encode("utf-8-sig" if bom else "utf-8"))
    assert [tuple(row.cells) for row in Sheet(path)] == rows
