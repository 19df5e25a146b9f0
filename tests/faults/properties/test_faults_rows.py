"""Any bytes are rows of recipients, or one clear error; any cell and any message comes back as it went in."""

import csv
import io
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from smsgw.bulk.journal.schema import storable
from smsgw.bulk.loading import digest_of
from smsgw.bulk.source import MessageSource, _pack, _rows_of, _unpack
from smsgw.models import Channel, Message
from smsgw.sheets import Sheet, SheetError, Template
from tests.faults.properties.any_text import TEXTS
from tests.faults.properties.attack import attack
from tests.faults.properties.five import finish, result_of
from tests.faults.scale import EXAMPLES

GOOD: Final = (
    'phone,name\r\n+7 903 123-45-67,Анна\r\n79031234568,"O""Neil, B."\r\n',
    "sep=;\nName;PHONE;;\nAnna;79031234567;;\n;;;\n",
    '\ufeffphone\ttext\n79031234567\t"two\nlines"\n',
    "phone\n79031234567\n",
)
JUNK: Final = (
    b"", b'"', b'""', b",", b";", b"\t", b"\n", b"\r", b"\r\n\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"PK\x03\x04", b"\xff\xfe",
    b"sep=|\n", b"phone", b"Phone,phone", b"\xe2\x80\xa8", b"\x1e", b"\x1f", b"x" * 140_000, b"{", b"%s", b"79031234567,",
)  # fmt: skip


def _damaged(text: str, charset: str, blows: list[tuple[int, int, bytes]]) -> bytes:
    body = text.encode(charset, "replace")
    for place, length, junk in blows:
        at = place % (len(body) + 1)
        body = body[:at] + junk + body[at + length :]
    return body


FILES = st.builds(
    _damaged,
    st.sampled_from(GOOD),
    st.sampled_from(["utf-8", "utf-8", "utf-8", "windows-1251", "utf-16", "utf-8-sig"]),
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 8), st.sampled_from(JUNK)), max_size=3),
) | st.binary(max_size=80)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows") / "people.csv"


@attack
@given(body=FILES)
def test_any_bytes_are_rows_or_one_clear_error(file: Path, body: bytes) -> None:
    """Each row has a cell for each column and a line of its own; an error is one line that names the file."""
    are_rows_or_one_error(file, body)


def test_junk_at_any_place_is_rows_or_one_clear_error(file: Path) -> None:
    """Each piece at each place of each good file, as many as the scale allows."""
    bodies = [
        body[:at] + junk + body[at:]
        for body in (text.encode() for text in GOOD)
        for at in range(len(body) + 1)
        for junk in JUNK
        if len(junk) < 100
    ]
    for body in bodies[:: len(bodies) // (10 * EXAMPLES) | 1]:
        are_rows_or_one_error(file, body)


def are_rows_or_one_error(file: Path, body: bytes) -> None:
    file.write_bytes(body)
    try:
        sheet = Sheet(file)
        rows = list(sheet)
    except SheetError as error:
        said = str(error)
        assert said.startswith(f"{file}: ")
        assert said.isprintable()
        assert len(said) < len(str(file)) + 2000
        return
    assert "phone" in [column.casefold() for column in sheet.columns]
    assert all(len(row.cells) == len(sheet.columns) for row in rows)
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))
    assert lines == [] or 2 <= lines[0] <= lines[-1] <= body.count(b"\n") + body.count(b"\r") + 1
    for row in rows:
        assert row.phone in row.cells
        assert "\0" not in "".join(row.cells)
        assert list(_unpack(_pack(row.cells))) == list(row.cells)


CELLS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
) | st.sampled_from(
    [
        '"',
        '""',
        ",",
        ";",
        "\t",
        "\n",
        "\r\n",
        "{x}",
        "%s",
        "=1+1",
        "\x1e",
        "\x1f",
        "\x1e[",
        " ",
        "\ufeff",
        "\u2028",
    ]
)


@attack
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=6), delimiter=st.sampled_from(",;\t"))
def test_any_table_is_read_as_it_was_written(file: Path, rows: list[tuple[str, ...]], delimiter: str) -> None:
    """What `csv` writes is what comes back, cell for cell, but for rows that are blank."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerow(("phone", "name", "text"))
    writer.writerows(rows)
    file.write_bytes(written.getvalue().encode())
    wanted = [list(row) for row in rows if any(cell.strip() for cell in row)]
    assert [list(row.cells) for row in Sheet(file)] == wanted


COLUMNS: Final = ("phone", "Name", "город", "a b", "%s")
PIECES = st.sampled_from(
    [
        "{",
        "}",
        "{{",
        "}}",
        "{name}",
        "{ NAME }",
        "{Город}",
        "{a b}",
        "{%s}",
        "{name!r}",
        "{0}",
        "{}",
        "%s",
        "%",
        "{name.x}",
    ]
)
TEMPLATES = st.lists(PIECES | st.text(max_size=5), max_size=8).map("".join)


def filled(text: str, cells: list[str]) -> str | None:
    """What a template means, read sign by sign; None where it is wrong."""
    places = {name.casefold(): cell for name, cell in zip(COLUMNS, cells, strict=True)}
    out, at = "", 0
    while at < len(text):
        if text[at : at + 2] in ("{{", "}}"):
            out, at = out + text[at], at + 2
        elif text[at] == "}":
            return None
        elif text[at] == "{":
            end = text.find("}", at)
            name = text[at + 1 : end].strip().casefold()
            if end < 0 or "{" in name or name not in places:
                return None
            out, at = out + places[name], end + 1
        else:
            out, at = out + text[at], at + 1
    return out


@attack
@given(text=TEMPLATES, cells=st.lists(CELLS, min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_any_template_is_filled_by_its_cells_or_refused(text: str, cells: list[str]) -> None:
    """A cell is put in as it stands, whatever it holds, and nothing but a column's name is ever looked up."""
    template = result_of(lambda: Template(text, COLUMNS), SheetError)
    if isinstance(template, SheetError):
        assert str(template).startswith("--text: ")
        assert str(template).isprintable()
        assert filled(text, cells) is None
    else:
        assert template.fill(cells) == filled(text, cells)


@attack
@given(cells=st.lists(CELLS | TEXTS, min_size=1, max_size=6))
def test_any_cells_come_back_from_a_journals_payload(cells: list[str]) -> None:
    """Separators and the mark of the other form included."""
    assert list(_unpack(_pack(cells))) == cells


MESSAGES = st.builds(
    Message,
    to=st.just("79031234567"),
    text=TEXTS,
    sender=st.none() | TEXTS,
    provider=st.none() | st.just("main"),
    send_at=st.none()
    | st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=4, minutes=30))])),
    validity=st.none() | st.integers(0, 10**9),
    flash=st.booleans(),
    transliterate=st.booleans(),
    channel=st.sampled_from(Channel),
    viber_validity=st.none() | st.integers(0, 10**9),
)


@attack
@given(message=MESSAGES)
def test_any_message_comes_back_from_a_journals_payload(message: Message) -> None:
    """All that is sent is in it: a run that is resumed sends the very same."""
    source = MessageSource([message])
    (row,) = _rows_of(message)
    assert source.message(row.phone, source.content_of(storable(row.payload))) == message


@attack
@given(message=MESSAGES, phone=TEXTS)
def test_any_messages_have_a_digest(message: Message, phone: str) -> None:
    """By which a later run knows that it was given the same ones: whatever characters they hold, half ones included."""
    given_again = [MessageSource([evolve(message, to=(phone,))]) for _ in range(2)]
    first, again = (finish(digest_of(source)) for source in given_again)
    assert first == again
    other = finish(digest_of(MessageSource([evolve(message, to=(f"{phone}1",))])))
    assert other != first
