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
    return _sheet(path, _records(path, lines), {PHONE, *columns})


def _records(path: Path, lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line where it ends."""
    header = next((line for line in lines if line.strip()), "")
    reader = csv.reader(lines, delimiter=_delimiter(header), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
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
    rows: list[Row] = []
    for line, cells in records:
        if not columns:
            columns = tuple(_name(cell) for cell in cells)
            _check(path, columns, wanted)
        elif len(cells) != len(columns):
            raise CommandFailed(
                f"{path}: line {line} has {len(cells)} cells, the header {len(columns)}: "
                "a cell with the delimiter in it stands in quotes"
            )
        else:
            rows.append(Row(line, dict(zip(columns, cells, strict=True))))
    if not columns:
        raise CommandFailed(f"{path}: is empty: its first line names the columns, one of them {PHONE}")
    return Sheet(columns, tuple(rows))


def _check(path: Path, columns: tuple[str, ...], wanted: Collection[str]) -> None:
    for name in sorted(wanted):
        if name not in columns:
            raise CommandFailed(f"{path}: has no column {name}; there are: {', '.join(map(shown, columns))}")
    for name in columns:
        if columns.count(name) > 1:
            raise CommandFailed(f"{path}: has the column {shown(name)} twice")


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
                raise CommandFailed(f"--text: no column {shown(name)}; {suggestion(name, columns)}")
            self._pieces.append((literal, name))
        self._rest = text[end:]

    def fill(self, cells: Mapping[str, str]) -> str:
        return (
            "".join(literal if name is None else literal + cells[name] for literal, name in self._pieces)
            + self._rest
        )
