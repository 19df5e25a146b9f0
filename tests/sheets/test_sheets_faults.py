"""What cannot be read is one line that names the file, the place and what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smsgw.sheets import Sheet, SheetError
from smsgw.sheets import lines as sheets_lines

if TYPE_CHECKING:
    from tests.sheets.conftest import Written

UTF8 = "save the file as CSV in UTF-8"


def fault(path: Path) -> str:
    """What is said of a file that is read to its end; the line without the file's name."""
    with pytest.raises(SheetError) as caught:
        list(Sheet(path))
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert len(said.splitlines()) == 1
    return said.removeprefix(f"{path}: ")


def late(path: Path) -> str:
    """The same of a file whose header is in order."""
    Sheet(path)
    return fault(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty: its first line names the columns, one of them phone"),
        ("\ufeff", "is empty: its first line names the columns, one of them phone"),
        ("\n ,\n\r\n", "is empty: its first line names the columns, one of them phone"),
        ("sep=;\n", "is empty: its first line names the columns, one of them phone"),
        ("number,name\n1,2\n", "has no column phone; there are: number, name"),
        ("phones\n1\n", "has no column phone; there are: phones"),
        ("phone,a,a\n1,2,3\n", 'has the column "a" twice: give each column a name of its own'),
        ("phone,Name, name \n1,2,3\n", 'has the column "name" twice: give each column a name of its own'),
        ("phone,PHONE\n1,2\n", 'has the column "PHONE" twice: give each column a name of its own'),
        ("phone,ß,SS\n1,2,3\n", 'has the column "SS" twice: give each column a name of its own'),
        ("79031234567,Anna\n79031234568,B\n", "its first line looks like data: add a line of column names"),
        ('"phone\n1\n2\n', "line 1: a quote that is opened and not closed"),
    ],
)
def test_headers(content: str, said: str, written: Written) -> None:
    """What is wrong with the columns' names is found at once."""
    path = written(content)
    with pytest.raises(SheetError) as caught:
        Sheet(path)
    assert str(caught.value) == f"{path}: {said}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('phone,a\n1,2\n3,"x\ny\n', "line 3: a quote that is opened and not closed"),
        ('phone\n79031234567\n"7903', "line 3: a quote that is opened and not closed"),
        (
            'phone,a\n1,"say "hi" now"\n',
            "line 2: a quote within a quoted cell: write it twice, or quote no cell",
        ),
        ("phone,,\n1,,x\n", "line 2 has a cell in a column without a name"),
        (
            "phone\n1,2\n",
            "line 2 has 2 cells, the header 1: a cell with the delimiter in it stands in quotes",
        ),
        (
            "phone,name\n1,2\n\n79031234567,79031234568,Anna\n",
            "line 4 has 3 cells, the header 2: a cell with the delimiter in it stands in quotes",
        ),
        ("phone,name\n79031234567\n", "line 2 has 1 cells, the header 2: cells are missing"),
        (
            f"phone,a\n1,2\n3,{'x' * 131_073}\n",
            "line 3: a cell of more than 131072 characters: is there a quote that is not closed?",
        ),
        (
            'phone,a\n1,2\n3,"x\n' + "7903123456,Anna\n" * 10_000,
            "line 3: a cell of more than 131072 characters: is there a quote that is not closed?",
        ),
    ],
)
def test_rows(content: str, said: str, written: Written) -> None:
    """What is wrong with a row is found when it is come to, and said with its line."""
    assert late(written(content)) == said


FAR = "79031234567,Anna\n" * 20_000
"""More than is read at once."""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("Анна".encode("cp1251"), f"line 20003 is not UTF-8: {UTF8}"),
        (b"An\0na", f"line 20003 has a NUL character: {UTF8}"),
        (b"\xc3", f"line 20003 is not UTF-8: {UTF8}"),
    ],
)
def test_bytes_far_down(end: str, bad: bytes, said: str, written: Written) -> None:
    """A byte that is wrong is found with the number of its line, however far it stands and however lines end."""
    start = f"phone,name\n{FAR}79031234567,".replace("\n", end).encode()
    assert late(written(start + b"Anna" + end.encode() + b"7903," + bad)) == said
    assert late(written(start + bad + end.encode())) == said.replace("20003", "20002")


@pytest.mark.parametrize("shift", range(4))
def test_line_ends_where_blocks_meet(shift: int, written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line end of two characters, or a letter of several bytes, that two blocks share is counted once."""
    monkeypatch.setattr(sheets_lines, "_BLOCK", 5)
    content = "phone\r\n" + "x" * shift + "Жё\r\n" * 9
    assert fault(written(content.encode() + b"\xff")) == f"line 11 is not UTF-8: {UTF8}"


def test_the_first_of_several(written: Written) -> None:
    """Of two wrong bytes the one that stands first is told."""
    assert fault(written(b"phone\n1\n\xff\n\0\n")) == f"line 3 is not UTF-8: {UTF8}"
    assert fault(written(b"phone\n1\n\0\n\xff\n")) == f"line 3 has a NUL character: {UTF8}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("phone,name\n79031234567,Анна\n".encode("utf-16"), f"is UTF-16, not UTF-8: {UTF8}"),
        ("\ufeffphone\n1\n".encode("utf-16-be"), f"is UTF-16, not UTF-8: {UTF8}"),
        ("phone\n1\n".encode("utf-32"), f"is UTF-32, not UTF-8: {UTF8}"),
        ("phone\n1\n".encode("utf-16-le"), f"line 1 has a NUL character: {UTF8}"),
        ("phone,name\n79031234567,Анна\n".encode("cp1251"), f"line 2 is not UTF-8: {UTF8}"),
        (b"PK\x03\x04\x14\0\x06\0", f"is a workbook or an archive, not CSV: {UTF8}"),
    ],
)
def test_other_charsets(content: bytes, said: str, written: Written) -> None:
    """What is no UTF-8 is called by its name where that can be told, else the line is named."""
    assert fault(written(content)) == said


def test_no_such_file(tmp_path: Path) -> None:
    """A file that is not there, a directory and a pipe, which could be read once only, cannot be read."""
    assert fault(tmp_path / "nothing.csv") == "cannot be read: No such file or directory"
    assert fault(tmp_path) == "cannot be read: Is a directory"
    os.mkfifo(tmp_path / "pipe")
    assert fault(tmp_path / "pipe").startswith("is not a regular file")


def test_a_file_that_goes(written: Written) -> None:
    """One that is gone since its header was read is the same line, also for its digest."""
    path = written("phone\n1\n")
    sheet = Sheet(path)
    path.unlink()
    with pytest.raises(SheetError, match="cannot be read: No such file"):
        list(sheet)
    with pytest.raises(SheetError, match="cannot be read: No such file"):
        sheet.digest()


def test_a_file_that_changes(written: Written) -> None:
    """Cells are never taken for those of the columns that stood there before."""
    path = written("phone,name\n1,Anna\n")
    sheet = Sheet(path)
    path.write_text("name,phone\nAnna,1\n")
    with pytest.raises(SheetError, match="was changed while it was read"):
        list(sheet)


@pytest.mark.parametrize("header", ["+7 (903) 123-45-67;Anna", "Kvartira 12. Moskva;a", "a;" + "CANARY " * 9])
def test_a_person_s_data_is_not_repeated(header: str, written: Written) -> None:
    """A first line that may be a person's data is not shown."""
    said = fault(written(f"{header}\n"))
    assert "123" not in said
    assert "Moskva" not in said
    assert "CANARY" not in said


def test_wanted_columns(written: Written) -> None:
    """A column that is asked for and is not there is the same line as for `phone`."""
    sheet = Sheet(written("phone,name\n"))
    assert sheet.position("NAME") == 1
    with pytest.raises(SheetError, match="has no column text; there are: phone, name"):
        sheet.position("text")
