"""`smsgw preview`, the CSV reader and the template under it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smsgw.cli.failing import CommandFailed
from smsgw.cli.rows import Template, read_sheet
from smsgw.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke

Written = Callable[[str | bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A file with this content."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "people.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_plan(configure: Configure, invoke: Invoke, written: Written, sandbox: Sandbox) -> None:
    """It tells rows, recipients, duplicates, segments, requests, cost, routes and reasons, and asks no gateway."""
    path = written("phone,name\n79031234567,Anna\n+7 903 123-45-67,Anna\n995599244409,Нино\nword,Anna\n")
    config = configure("avist", "iba", settings={"prices": {"": 2}})
    result = invoke("preview", str(path), "--config", config, "--text", "Hi {name}")
    assert result.status == 1
    table = result.out.partition("asked first")[0]
    facts = {line[:17].strip(): line[17:].strip() for line in table.splitlines()}
    assert facts["rows"] == "4"
    assert facts["duplicates"] == "1"
    assert facts["requests"] == "2"
    assert facts["cost"] == "4"
    assert facts["segments"] == "2 (GSM-7 for 1, UCS-2 for 1)"
    assert facts["force UCS-2"] == "Н и н о"
    routes = [line.split() for line in result.out.splitlines()]
    assert ["avist", "1"] in routes
    assert ["iba", "1"] in routes
    assert "letters in it" in result.out
    assert not sandbox.ledger.requests


def test_plans_as_json(configure: Configure, invoke: Invoke, written: Written) -> None:
    """With --json each distinct text's plan is a line, with all public fields and without the text."""
    path = written("phone;name\n79031234567;Anna\n79031234568;Anna\n79031234569;Boris\n")
    result = invoke("preview", str(path), "--config", configure("iba"), "--text", "CANARY {name}", "--json")
    assert result.status == 0
    assert "CANARY" not in result.out
    *plans, total = result.objects
    assert set(total) == {"total"}
    assert [plan["recipients"] for plan in plans] == [
        ["79031234567", "79031234568"],
        ["79031234569"],
    ]
    assert set(result.objects[0]) == {
        *(
            "recipients",
            "duplicates",
            "invalid",
            "encoding",
            "segments",
            "offenders",
            "routes",
            "requests",
            "cost",
        ),
    }


def test_all_can_be_carried(configure: Configure, invoke: Invoke, written: Written) -> None:
    """Exit status 0 where every row can be carried."""
    path = written("phone\n79031234567\n")
    result = invoke("preview", str(path), "--config", configure("iba"), "--text", "Hi", "--sender", "SHOP")
    assert result.status == 0
    assert "no prices are configured" in result.out


def test_a_row_without_a_text(configure: Configure, invoke: Invoke, written: Written) -> None:
    """A row whose text is empty cannot be carried, and is counted so."""
    path = written("phone,text\n79031234567,\n79031234568,Hi\n")
    result = invoke("preview", str(path), "--config", configure("iba"), "--text", "{text}")
    assert result.status == 1
    assert "the text is empty" in result.out


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\r\n"])
def test_delimiters_and_bom(delimiter: str, start: str, written: Written) -> None:
    """Comma, semicolon and tab are told apart by the header, a byte order mark and blank lines are skipped."""
    row = f'"Sale, 5;\t{{x}}"{delimiter}79031234567'
    sheet = read_sheet(written(f"{start}what{delimiter}Phone \r\n{row}\r\n\r\n"))
    assert sheet.columns == ("what", "phone")
    assert [row.phone for row in sheet.rows] == ["79031234567"]
    assert sheet.rows[0].cells["what"] == "Sale, 5;\t{x}"


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\x0c", "\x1c"])
def test_signs_that_end_no_line(sign: str, written: Written) -> None:
    """What only Unicode takes for a line's end stays within its cell."""
    (row,) = read_sheet(written(f"phone,text\n79031234567,One{sign}Two\n")).rows
    assert row.cells["text"] == f"One{sign}Two"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str, written: Written) -> None:
    """Lines end as on any system."""
    rows = read_sheet(written(f"phone,text{end}79031234567,One{end}79031234568,Two{end}")).rows
    assert [(row.phone, row.cells["text"]) for row in rows] == [
        ("79031234567", "One"),
        ("79031234568", "Two"),
    ]


def test_a_cell_of_two_lines(written: Written) -> None:
    """A line break within quotes belongs to the cell, as it stands."""
    (row,) = read_sheet(written('phone,text\n79031234567,"One\nTwo"\n')).rows
    assert row.cells["text"] == "One\nTwo"
    assert row.line == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("number,name\n1,2\n", "has no column phone; there are: number, name"),
        ("phone,a,a\n1,2,3\n", 'has the column "a" twice'),
        (
            "79031234567,Anna\n79031234568,Boris\n",
            "its first line looks like data: add a line of column names",
        ),
        ('phone,a\n1,2\n3,"x\ny\n', "line 3: a quote that is opened and not closed"),
        ("phone,,\n1,,x\n", "line 2 has a cell in a column without a name"),
        ("phone,name\n79031234567,79031234568,Anna\n", "line 2 has 3 cells, the header 2"),
        ("phone,name\n79031234567\n", "line 2 has 1 cells, the header 2: cells are missing"),
        ('phone\n79031234567\n"7903', "line 3"),
        ("phone,name\n79031234567,Анна\n".encode("cp1251"), "line 2 is not UTF-8"),
        ("phone,name\n79031234567,Анна\n".encode("utf-16"), "line 1 is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read(
    content: str | bytes, said: str, configure: Configure, invoke: Invoke, written: Written
) -> None:
    """What is wrong with the file is one line that names it and the place, and exit status 2."""
    result = invoke("preview", str(written(content)), "--config", configure("iba"), "--text", "Hi")
    assert result.status == 2
    assert "people.csv: " in result.error
    assert said in result.error


def test_no_such_file(configure: Configure, invoke: Invoke, tmp_path: Path) -> None:
    """A file that is not there, or is a directory, is one line and exit status 2."""
    for path in (tmp_path / "nothing.csv", tmp_path):
        result = invoke("preview", str(path), "--config", configure("iba"), "--text", "Hi")
        assert result.status == 2
        assert "cannot be read" in result.error


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hi {nmae}", "no column nmae; did you mean name?"),
        ("Hi {name.__class__}", "no column"),
        ("Hi {name[0]}", "no column"),
        ("Hi {name!r}", "no column"),
        ("Hi {name:>9}", "no column"),
        ("Hi {}", "no column"),
        ("Hi {0}", "no column"),
        ("Hi {name", "a single brace"),
        ("Hi name}", "a single brace"),
        ("Hi {{name}", "a single brace"),
    ],
)
def test_a_placeholder_that_is_none(
    text: str, said: str, configure: Configure, invoke: Invoke, written: Written
) -> None:
    """Nothing but {column} is a placeholder; all else in braces is one line and exit status 2."""
    path = written("phone,name\n79031234567,Anna\n")
    result = invoke("preview", str(path), "--config", configure("iba"), "--text", text)
    assert result.status == 2
    assert result.error.startswith("error: --text: ")
    assert said in result.error


def test_template_fills_plainly() -> None:
    """Braces written twice are braces, and what a cell holds is never read as a placeholder."""
    template = Template("{{{name}}} {phone} {name}{{}}", ["phone", "name"])
    assert template.fill({"phone": "1", "name": "{phone}"}) == "{{phone}} 1 {phone}{}"


def test_template_names_no_text() -> None:
    """A long piece of text in braces is not repeated in the error."""
    with pytest.raises(CommandFailed) as caught:
        Template("Dear {Anna! Your password is CANARY}", ["phone"])
    assert "CANARY" not in str(caught.value)


def test_where_the_bad_rows_stand(configure: Configure, invoke: Invoke, written: Written) -> None:
    """Each reason says how many rows have it and in which lines; with --json the total has all the lines."""
    path = written("phone,text\n79031234567,Hi\n" + "word,Hi\n" * 7 + "79031234568,\n")
    arguments = ("preview", str(path), "--config", configure("iba"), "--text", "{text}")
    result = invoke(*arguments)
    assert result.status == 1
    assert "7 (lines 3, 4, 5, 6, 7, …)" in result.out
    assert "1 (line 10)" in result.out
    total = invoke(*arguments, "--json").objects[-1]["total"]
    assert (total["rows"], total["recipients"], total["refused"]) == (9, 1, 8)
    assert [reason["lines"] for reason in total["reasons"]] == [[3, 4, 5, 6, 7, 8, 9], [10]]


def test_no_text_at_all(configure: Configure, invoke: Invoke, written: Written) -> None:
    """An empty --text is a matter of usage, as with send."""
    result = invoke("preview", str(written("phone\n7\n")), "--config", configure("iba"), "--text", "")
    assert (result.status, result.error) == (2, "error: --text: the text is empty")


def test_no_rows(configure: Configure, invoke: Invoke, written: Written) -> None:
    """A file of column names alone says that it has no rows, with exit status 1."""
    result = invoke("preview", str(written("phone\n")), "--config", configure("iba"), "--text", "Hi")
    assert (result.status, result.err) == (1, "")
    assert "no rows" in result.out


def test_no_column_names(configure: Configure, invoke: Invoke, written: Written) -> None:
    """A first line that is a person's data is not repeated."""
    path = written("+7 (903) 123-45-67;Anna\n")
    result = invoke("preview", str(path), "--config", configure("iba"), "--text", "Hi")
    assert "Anna" not in result.error
    assert "123" not in result.error


def test_as_spreadsheets_save_it(written: Written) -> None:
    """Excel's line that names the delimiter is understood, and empty columns without a name are left out."""
    sheet = read_sheet(written("sep=;\r\nphone;name;;\r\n79031234567;Anna;;\r\n79031234568;Boris\r\n"))
    assert sheet.columns == ("phone", "name")
    assert [(row.line, row.cells["name"]) for row in sheet.rows] == [(3, "Anna"), (4, "Boris")]


def test_no_guess_from_junk() -> None:
    """What could be no column's name is not taken for a misspelt one."""
    with pytest.raises(CommandFailed, match="known: phone, name"):
        Template("Hi {name!r}", ["phone", "name"])
