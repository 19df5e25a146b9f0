"""A CSV file of recipients, read a row at a time: a million rows take no more memory than ten."""

import csv
import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from smsgw.sheets.faults import SheetError
from smsgw.sheets.header import PHONE, dialect, names, position
from smsgw.sheets.lines import reading

__all__ = ["Sheet", "SheetRow"]


class SheetRow(NamedTuple):
    """`line` is where it ends in the file; `cells` has one for each of the sheet's columns, as they stand there."""

    line: int
    phone: str
    cells: Sequence[str]


class Sheet:
    """A file with a column `phone`. Each iteration reads it from the start.

    UTF-8, with or without a byte order mark; comma, semicolon or tab; quoted cells of several lines; names of
    columns in any case. Blank lines are no rows. What stands in `phone` is not looked at.
    """

    def __init__(self, path: Path) -> None:
        """Reads the names of the columns. Raises `SheetError`."""
        self.path = path
        with reading(path) as file:
            self._dialect = dialect(file)
        with closing(self._records()) as records:
            self._header = _header(records)
        if not self._header:
            raise SheetError(f"{path}: is empty: its first line names the columns, one of them {PHONE}")
        self.columns = names(path, self._header)
        """As the file writes them, in its order."""
        self._phone = position(path, self.columns, PHONE)

    def position(self, column: str) -> int:
        """Where the cells of this column stand. Raises `SheetError` where there is no such column."""
        return position(self.path, self.columns, column)

    def digest(self) -> str:
        """Of the file's bytes: what `b2sum` prints. Raises `SheetError`."""
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "blake2b").hexdigest()
        except OSError as error:
            raise SheetError(f"{self.path}: cannot be read: {error.strerror}") from None

    def __iter__(self) -> Iterator[SheetRow]:
        """Raises `SheetError` where a line cannot be read."""
        width, at = len(self.columns), self._phone
        with closing(self._records()) as records:
            if _header(records) != self._header:
                raise SheetError(f"{self.path}: was changed while it was read: try again")
            for line, found in records:
                cells = found if len(found) == width else self._fitted(line, found)
                phone = cells[at]
                if phone.strip() or any(cell.strip() for cell in cells):
                    yield SheetRow(line, phone, cells)

    def _records(self) -> Generator[tuple[int, list[str]], None, None]:
        """What `csv` makes of the lines that are not empty, each with the number of its last line."""
        line = 0
        with reading(self.path) as file:
            lines: Iterator[str] = file
            if self._dialect.is_told:
                next(file, None)
                lines = chain(("\n",), file)  # so that the others keep their numbers
            reader = csv.reader(lines, delimiter=self._dialect.delimiter, strict=True)
            try:
                for cells in reader:
                    line = reader.line_num
                    if cells:
                        yield line, cells
            except csv.Error as error:
                raise self._fault(error, line + 1, reader.line_num) from None

    def _fault(self, error: csv.Error, first: int, last: int) -> SheetError:
        """`csv` met it in a row that stands from the `first` to the `last` of these lines."""
        said = str(error)
        if "unexpected end of data" in said:
            return SheetError(f"{self.path}: line {first}: a quote that is opened and not closed")
        if "field limit" in said:
            return SheetError(
                f"{self.path}: line {first}: a cell of more than {csv.field_size_limit()} characters: "
                "is there a quote that is not closed?"
            )
        if "expected after" in said:
            return SheetError(
                f"{self.path}: line {last}: a quote within a quoted cell: write it twice, or quote no cell"
            )
        return SheetError(f"{self.path}: line {last}: {said}")

    def _fitted(self, line: int, cells: list[str]) -> Sequence[str]:
        """A row of more or fewer cells than there are columns: blank, or too wide by nothing, or wrong."""
        columns, width = len(self.columns), len(self._header)
        if not any(cell.strip() for cell in cells):
            return [""] * columns
        if len(cells) < columns:
            raise SheetError(
                f"{self.path}: line {line} has {len(cells)} cells, the header {columns}: cells are missing"
            )
        if len(cells) > width:
            raise SheetError(
                f"{self.path}: line {line} has {len(cells)} cells, the header {width}: "
                "a cell with the delimiter in it stands in quotes"
            )
        if any(cell.strip() for cell in cells[columns:]):
            raise SheetError(f"{self.path}: line {line} has a cell in a column without a name")
        return cells[:columns]


def _header(records: Iterator[tuple[int, list[str]]]) -> list[str]:
    """The first that is not blank; none at all where there is none."""
    return next((cells for _, cells in records if any(cell.strip() for cell in cells)), [])
