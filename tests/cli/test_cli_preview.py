"""`smsgw preview`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smsgw.sandbox import Sandbox
from tests.cli.conftest import ROOT, environment

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke, Result

Written = Callable[[str | bytes], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A file with this content."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "people.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def facts(result: Result) -> dict[str, str]:
    """The first table."""
    table = result.out.partition("asked first")[0]
    return {line[:17].strip(): line[17:].strip() for line in table.splitlines()}


def test_plan(configure: Configure, invoke: Invoke, written: Written, sandbox: Sandbox) -> None:
    """It tells rows, recipients, duplicates, segments, requests, cost, routes and reasons, and asks no gateway."""
    path = written("phone,name\n79031234567,Anna\n+7 903 123-45-67,Anna\n995599244409,Нино\nword,Anna\n")
    config = configure("avist", "iba", settings={"prices": {"": 2}})
    result = invoke("preview", str(path), "--config", config, "--text", "Hi {name}")
    assert result.status == 1
    told = facts(result)
    assert told["rows"] == "4"
    assert told["duplicates"] == "1"
    assert told["requests"] == "2"
    assert told["cost"] == "4"
    assert told["segments"] == "2 (GSM-7 for 1, UCS-2 for 1)"
    assert told["force UCS-2"] == "Н и н о"
    routes = [line.split() for line in result.out.splitlines()]
    assert ["avist", "1"] in routes
    assert ["iba", "1"] in routes
    assert "letters in it" in result.out
    assert not sandbox.ledger.requests


def test_as_json(configure: Configure, invoke: Invoke, written: Written) -> None:
    """With --json the total is one object, with all that the tables have and without the text."""
    path = written(
        "phone;name\n79031234567;Anna\n79031234568;Anna\n+79031234568;Anna\n7;Boris\n995599244409;Ё\n"
    )
    config = configure("iba", settings={"prices": {"7": "2.50"}})
    result = invoke("preview", str(path), "--config", config, "--text", "CANARY {name}", "--json")
    assert result.status == 1
    assert "CANARY" not in result.out
    ((key, total),) = result.objects[0].items()
    (reason,) = total.pop("reasons")
    assert key == "total"
    assert total == {
        "rows": 5,
        "texts": 2,
        "recipients": 3,
        "duplicates": 1,
        "segments": 3,
        "requests": 2,
        "cost": None,
        "encodings": {"GSM-7": 2, "UCS-2": 1},
        "routes": {"iba": 3},
        "offenders": ["Ё"],
        "refused": 1,
        "unpriced": {"iba": {"995": 1}},
    }
    assert (reason["rows"], reason["lines"]) == (1, [5])
    assert reason["reason"].startswith("the phone number has 1 of at least 7 digits")
    assert len(result.objects) == 1


def test_all_can_be_carried(configure: Configure, invoke: Invoke, written: Written) -> None:
    """Exit status 0 where every row can be carried."""
    path = written("phone\n79031234567\n")
    result = invoke("preview", str(path), "--config", configure("iba"), "--text", "Hi", "--sender", "SHOP")
    assert result.status == 0
    assert "no prices are configured" in result.out


def test_a_price_that_is_missing(configure: Configure, invoke: Invoke, written: Written) -> None:
    """Where one recipient has no price the cost is not known, and it says where a price is missing."""
    path = written("phone\n79031234567\n995599244409\n")
    config = configure("iba", settings={"prices": {"7": 1}})
    result = invoke("preview", str(path), "--config", config, "--text", "Hi")
    assert facts(result)["cost"] == "not known: some prices are missing (iba: 995…)"


def test_many_things(configure: Configure, invoke: Invoke, written: Written) -> None:
    """What is too much to tell is told in part, and how much more there is."""
    letters = "абвгдежзийклмнопрстуфхцчшщ"
    path = written("phone\n" + "".join(f"{prefix}1234567\n" for prefix in range(3710, 3790, 10)))
    result = invoke("preview", str(path), "--config", configure("iba"), "--text", letters)
    told = facts(result)
    assert told["force UCS-2"] == f"{' '.join(letters[:20])} and 6 more"
    assert told["cost"].endswith("(iba: 371…, 372…, 373…, 374…, 375… and 3 more)")


def test_a_row_without_a_text(configure: Configure, invoke: Invoke, written: Written) -> None:
    """A row whose text is empty cannot be carried, and is counted so."""
    path = written("phone,text\n79031234567,\n79031234568,Hi\n")
    result = invoke("preview", str(path), "--config", configure("iba"), "--text", "{text}")
    assert result.status == 1
    assert "the text is empty" in result.out
    assert facts(result)["rows"] == "2"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("number,name\n1,2\n", "has no column phone; there are: number, name"),
        ("phone,name\n79031234567,79031234568,Anna\n", "line 2 has 3 cells, the header 2"),
        ("phone,name\n79031234567,Анна\n".encode("cp1251"), "line 2 is not UTF-8"),
        ("phone,name\n79031234567,Анна\n".encode("utf-16"), "is UTF-16, not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read(
    content: str | bytes, said: str, configure: Configure, invoke: Invoke, written: Written
) -> None:
    """What is wrong with the file is one line that names it and the place, and exit status 2."""
    result = invoke("preview", str(written(content)), "--config", configure("iba"), "--text", "Hi")
    assert result.status == 2
    assert result.error.startswith("error: ")
    assert f"people.csv: {said}" in result.error


def test_no_such_file(configure: Configure, invoke: Invoke, tmp_path: Path) -> None:
    """A file that is not there, or is a directory, is one line and exit status 2."""
    for path in (tmp_path / "nothing.csv", tmp_path):
        result = invoke("preview", str(path), "--config", configure("iba"), "--text", "Hi")
        assert result.status == 2
        assert "cannot be read" in result.error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--text", "Hi {nmae}"], "--text: no column nmae; did you mean name?"),
        (["--text", "Hi {name"], "--text: a single brace: write {{ or }} for a brace itself"),
        (["--text", "Hi", "--sender", ""], "--sender is empty: leave it out"),
        (["--text", "Hi", "--provider", "nobody"], "no provider is called 'nobody'; there are: iba"),
        (["--text", ""], "--text: the text is empty"),
        ([], "there is no text: give --text TEXT, or --text-file FILE"),
    ],
)
def test_usage(
    arguments: list[str], said: str, configure: Configure, invoke: Invoke, written: Written
) -> None:
    """What is wrong with the command line is one line and exit status 2, whether there are rows or not."""
    for rows in ("", "79031234567,Anna\n"):
        path = written(f"phone,name\n{rows}")
        result = invoke("preview", str(path), "--config", configure("iba"), *arguments)
        assert (result.status, result.error) == (2, f"error: {said}")


@pytest.mark.parametrize("content", ["Hi {name}", "\ufeffHi {name}\n", "Hi {name}\r\n"])
def test_a_text_from_a_file(
    content: str, configure: Configure, invoke: Invoke, written: Written, tmp_path: Path
) -> None:
    """--text-file has the text, without a byte order mark and the line end that closes it."""
    text = tmp_path / "text.txt"
    text.write_bytes(content.encode())
    path = written("phone,name\n79031234567," + "x" * 157 + "\n")
    result = invoke("preview", str(path), "--config", configure("iba"), "--text-file", str(text))
    assert result.status == 0
    assert facts(result)["segments"] == "1 (GSM-7 for 1)"


def test_a_text_s_own_line_ends(
    configure: Configure, invoke: Invoke, written: Written, tmp_path: Path
) -> None:
    """Only the one that closes the file is left out of the text."""
    text = tmp_path / "text.txt"
    text.write_bytes(b"x" * 160 + b"\n\n")
    arguments = ("preview", str(written("phone\n79031234567\n")), "--config", configure("iba"))
    assert facts(invoke(*arguments, "--text-file", str(text)))["segments"] == "2 (GSM-7 for 1)"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "--text-file: the text is empty"),
        (b"\n", "--text-file: the text is empty"),
        ("Привет".encode("cp1251"), "--text-file {}: the file is not UTF-8"),
        (None, "--text-file {}: the file cannot be read: No such file or directory"),
        (b"Hi {nmae}", "--text-file: no column nmae; did you mean name?"),
    ],
)
def test_a_text_file_that_is_none(
    content: bytes | None, said: str, configure: Configure, invoke: Invoke, written: Written
) -> None:
    """One that cannot be read, or has no text, is one line and exit status 2."""
    path = written("phone,name\n79031234567,Anna\n")
    text = path.with_name("text.txt")
    if content is not None:
        text.write_bytes(content)
    result = invoke("preview", str(path), "--config", configure("iba"), "--text-file", str(text))
    assert (result.status, result.error) == (2, f"error: {said.format(text)}")


def test_two_texts(configure: Configure, invoke: Invoke, written: Written, tmp_path: Path) -> None:
    """--text and --text-file together are a matter of usage."""
    arguments = ("preview", str(written("phone\n7\n")), "--config", configure("iba"), "--text", "Hi")
    result = invoke(*arguments, "--text-file", str(tmp_path / "text.txt"))
    assert (result.status, result.error) == (2, "error: --text and --text-file: give one of them, not both")


def test_where_the_bad_rows_stand(configure: Configure, invoke: Invoke, written: Written) -> None:
    """Each reason says how many rows have it and in which lines the first of them stand."""
    path = written("phone,text\n79031234567,Hi\n" + "word,Hi\n" * 7 + "79031234568,\n")
    arguments = ("preview", str(path), "--config", configure("iba"), "--text", "{text}")
    result = invoke(*arguments)
    assert result.status == 1
    assert "7 (lines 3, 4, 5, 6, 7, …)" in result.out
    assert "1 (line 10)" in result.out
    total = invoke(*arguments, "--json").objects[-1]["total"]
    assert (total["rows"], total["recipients"], total["refused"]) == (9, 1, 8)
    assert [reason["lines"] for reason in total["reasons"]] == [[3, 4, 5, 6, 7, 8, 9], [10]]
    assert [reason["rows"] for reason in total["reasons"]] == [7, 1]


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


def test_it_needs_no_database(configure: Configure, written: Written) -> None:
    """A preview works where only the extra `cli` is installed."""
    path = written("phone\n79031234567\n")
    arguments = ["preview", str(path), "--config", configure("iba"), "--text", "Hi", "--json"]
    script = (
        "import sys\n"
        "for name in ('sqlalchemy', 'aiosqlite', 'phonenumbers'): sys.modules[name] = None\n"
        f"sys.argv = ['smsgw', *{arguments!r}]\n"
        "from smsgw.cli.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment(),
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert '"recipients": 1' in done.stdout
