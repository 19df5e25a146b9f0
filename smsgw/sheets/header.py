"""The first lines of a file: which delimiter it has, and what its columns are called."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

from attrs import frozen

from smsgw.sheets.faults import SheetError, may_be_number, named
from smsgw.strict import shown

__all__ = ["PHONE", "Dialect", "dialect", "names", "position"]

PHONE: Final = "phone"

_DELIMITERS: Final = ",;\t"
_SEPARATOR: Final = re.compile(r'"?sep=([,;\t|])"?', re.IGNORECASE)
"""The first line by which Excel tells its delimiter."""


@frozen
class Dialect:
    delimiter: str
    is_told: bool
    """The first line is Excel's, which tells the delimiter and is no row."""


def dialect(file: TextIO) -> Dialect:
    """That of a file at its start. It reads some lines of it."""
    first = file.readline()
    if told := _SEPARATOR.fullmatch(first.strip(" \r\n")):
        return Dialect(told[1], is_told=True)
    header = first if first.strip() else next((line for line in file if line.strip()), "")
    return Dialect(_delimiter(header), is_told=False)


def _delimiter(header: str) -> str:
    """The one with which the header has a column `phone`, else the commonest."""
    for delimiter in _DELIMITERS:
        if PHONE in {word.strip('" \r\n').casefold() for word in header.split(delimiter)}:
            return delimiter
    return max(_DELIMITERS, key=header.count)


def names(path: Path, cells: Sequence[str]) -> tuple[str, ...]:
    """The columns, as the header writes them. Raises `SheetError`."""
    columns = [cell.strip() for cell in cells]
    while len(columns) > 1 and not columns[-1]:
        columns.pop()  # spreadsheets save columns that were once in use
    position(path, columns, PHONE)
    seen: set[str] = set()
    for name in columns:
        if name.casefold() in seen:
            called = shown(name)
            quoted = called if called.startswith('"') else f'"{called}"'
            raise SheetError(f"{path}: has the column {quoted} twice: give each column a name of its own")
        seen.add(name.casefold())
    return tuple(columns)


def position(path: Path, columns: Sequence[str], wanted: str) -> int:
    """Where this column stands. Raises `SheetError` where there is none."""
    for at, name in enumerate(columns):
        if name.casefold() == wanted.casefold():
            return at
    if any(may_be_number(cell) for cell in columns):
        raise SheetError(f"{path}: its first line looks like data: add a line of column names")
    raise SheetError(f"{path}: has no column {wanted}; there are: {', '.join(map(named, columns))}")
