"""A CSV file of recipients, and a text that its columns fill: as much as preview and demo need."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from smsgw.cli.failing import CommandFailed
from smsgw.strict import shown, suggestion

__all__ = ["PHONE", "Row", "Sheet", "Template", "read_sheet"]

PHONE: Final = "phone"

_DELIMITERS: Final = ",;\t"
_PIECE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_SEPARATOR: Final = re.compile(r'"?sep=([,;\t|])"?', re.IGNORECASE)
"""The first line by which Excel tells its delimiter."""
_NUMBER: Final = re.compile(r"\D{0,3}\d(?:[\s().-]*\d){5,}\D{0,2}")
"""May be a phone number: no column is called so."""
_PLAIN: Final = re.compile(r"[^\W\d][\w -]{0,31}")
"""May be a column's name."""


@frozen
class Row:
    """`line` is where it ends in the file."""

    line: int
    cells: Mapping[str, str]

    @property
    def phone(self) -> str:
        return self.cells[PHONE]


@frozen
class Sheet:
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_sheet(path: Path, columns: Collection[str] = ()) -> Sheet:
    """A file with the column `phone` and `columns`. Raises `CommandFailed`."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CommandFailed(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CommandFailed(f"{path}: line {line} is not UTF-8: save the file as CSV in UTF-8") from None
    lines = list(io.StringIO(content, newline=""))  # `splitlines` would end a line at U+2028, too
    if lines and (named := _SEPARATOR.fullmatch(lines[0].strip(" \r\n"))):
        lines[0] = "\n"  # Excel's own line; the others keep their numbers
        return _sheet(path, _records(path, lines, named[1]), {PHONE, *columns})
    return _sheet(path, _records(path, lines), {PHONE, *columns})


def _records(
    path: Path, lines: Sequence[str], delimiter: str | None = None
) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line where it ends."""
    header = next((line for line in lines if line.strip()), "")
    reader = csv.reader(lines, delimiter=delimiter or _delimiter(header), strict=True)
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
            start = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise CommandFailed(f"{path}: line {start}: a quote that is opened and not closed") from None
        raise CommandFailed(f"{path}: line {reader.line_num}: {error}") from None


def _delimiter(header: str) -> str:
    """The one with which the header has a column `phone`, else the commonest."""
    for delimiter in _DELIMITERS:
        if PHONE in {_name(word.strip('" \r\n')) for word in header.split(delimiter)}:
            return delimiter
    return max(_DELIMITERS, key=header.count)


def _name(cell: str) -> str:
    """A column's name; `Phone` is meant as `phone`."""
    name = cell.strip()
    return PHONE if name.casefold() == PHONE else name


def _sheet(path: Path, records: Iterator[tuple[int, list[str]]], wanted: Collection[str]) -> Sheet:
    columns: tuple[str, ...] = ()
    width = 0
    rows: list[Row] = []
    for line, cells in records:
        if not columns:
            names = [_name(cell) for cell in cells]
            width = len(names)
            while len(names) > 1 and not names[-1]:
                names.pop()  # spreadsheets save columns that were once in use
            columns = tuple(names)
            _check(path, columns, wanted)
        elif len(cells) < len(columns):
            raise CommandFailed(
                f"{path}: line {line} has {len(cells)} cells, the header {len(columns)}: cells are missing"
            )
        elif len(cells) > width:
            raise CommandFailed(
                f"{path}: line {line} has {len(cells)} cells, the header {width}: "
                "a cell with the delimiter in it stands in quotes"
            )
        elif any(cell.strip() for cell in cells[len(columns) :]):
            raise CommandFailed(f"{path}: line {line} has a cell in a column without a name")
        else:
            rows.append(Row(line, dict(zip(columns, cells, strict=False))))
    if not columns:
        raise CommandFailed(f"{path}: is empty: its first line names the columns, one of them {PHONE}")
    return Sheet(columns, tuple(rows))


def _check(path: Path, columns: tuple[str, ...], wanted: Collection[str]) -> None:
    for name in sorted(wanted):
        if name not in columns:
            if any(_NUMBER.fullmatch(cell) for cell in columns):
                raise CommandFailed(f"{path}: its first line looks like data: add a line of column names")
            raise CommandFailed(f"{path}: has no column {name}; there are: {', '.join(map(_named, columns))}")
    for name in columns:
        if columns.count(name) > 1:
            called = shown(name)
            quoted = called if called.startswith('"') else f'"{called}"'
            raise CommandFailed(f"{path}: has the column {quoted} twice")


def _named(name: str) -> str:
    """A column's name for an error; what may be a person's data is hidden."""
    return shown(name) if _PLAIN.fullmatch(name) else '"…"'


class Template:
    """A text in which `{column}` is that cell of a row; a brace itself is written twice.

    Nothing but the cell: no attribute, index, conversion or format.
    """

    def __init__(self, text: str, columns: Collection[str]) -> None:
        """Raises `CommandFailed` for a column that there is none of."""
        self._pieces: list[tuple[str, str | None]] = []
        end = 0
        for found in _PIECE.finditer(text):
            name: str | None = found[1]
            literal = text[end : found.start()]
            end = found.end()
            if found[0] in ("{{", "}}"):
                literal += found[0][0]
            elif name is None:
                raise CommandFailed("--text: a single brace: write {{ or }} for a brace itself")
            elif name not in columns:
                raise CommandFailed(
                    f"--text: no column {shown(name)}; {suggestion(name if _PLAIN.fullmatch(name) else '', columns)}"
                )
            self._pieces.append((literal, name))
        self._rest = text[end:]

    def fill(self, cells: Mapping[str, str]) -> str:
        return (
            "".join(literal if name is None else literal + cells[name] for literal, name in self._pieces)
            + self._rest
        )
