"""The results as CSV: one row for each row of the input, in its order, and the input's own columns behind ours."""

import asyncio
import csv
import os
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from smsgw.bulk.errors import BulkError
from smsgw.bulk.journal import Journal, ResultRow, Told
from smsgw.bulk.source import Source
from smsgw.sheets import as_text

__all__ = ["COLUMNS", "Results", "Truth", "check_results"]

COLUMNS: Final = (
    "phone",
    "state",
    "provider",
    "message_id",
    "segments",
    "cost",
    "error",
    "attempts",
    "duplicate",
    "delivery",
    "delivery_final",
    "delivery_at",
    "delivery_word",
    "delivery_code",
)

_TOLD: Final = tuple(name for name in ResultRow._fields if name in Told._fields and name != "number")
"""What of a row's results comes with its outcome."""
_PAGE: Final = 500
_NAP: Final = 0.5
"""Seconds between two looks for rows that have their outcome."""


class Truth:
    """What is known and does not stand in the journal, for it could not be written any more."""

    def __init__(self, unwritten: Sequence[Told] = (), doubtful: Collection[int] = ()) -> None:
        self.unwritten = {told.number: told for told in unwritten}
        self.doubtful = frozenset(doubtful) - set(self.unwritten)
        """Rows in attempts that may have begun, and of which nothing is known."""

    def about(self, row: ResultRow) -> ResultRow:
        if row.state is not None:
            return row
        number = row.number if row.first is None else row.first
        if (told := self.unwritten.get(number)) is not None:
            known = told._asdict()
            return row._replace(**{name: known[name] for name in _TOLD})
        if number in self.doubtful:
            return row._replace(state="unknown", error="OutcomeUnknown: the journal could not be written")
        return row._replace(state="pending")


def check_results(where: str | os.PathLike[str]) -> None:
    """Raise `BulkError` where they cannot be written at all, before anything is sent."""
    path = Path(where)
    try:
        is_new = not path.exists()
        path.open("ab").close()
        if is_new:
            path.unlink()  # the run may yet be refused, and leaves nothing behind then
    except (OSError, ValueError) as error:
        raise _error(path, error) from None


class Results:
    """A file that grows while the run goes on, and is complete in the end. Raises `BulkError`."""

    def __init__(self, path: str | os.PathLike[str], journal: Journal, source: Source) -> None:
        self.failure: BulkError | None = None
        self._path = Path(path)
        self._journal = journal
        self._source = source
        self._file: TextIO | None = None
        self._place = 0
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Write rows as they come to their outcomes."""
        self._begin()
        self._following = asyncio.get_running_loop().create_task(self._follow())

    async def finish(self, truth: Truth, *, anew: bool) -> None:
        """Write the rest, or all of it `anew` where outcomes have changed since."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        if anew or self._file is None or self.failure is not None:
            self._begin()
        while rows := await self._journal.results(self._place, _PAGE):
            self._write([truth.about(row) for row in rows])
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                raise _error(self._path, error) from None

    def _begin(self) -> None:
        self.failure = None
        self._place = 0
        try:
            if self._file is not None:
                self._file.close()
            # (What a gateway says may have half a character in it, which UTF-8 cannot write.)
            self._file = self._path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise _error(self._path, error) from None
        self._put([[*COLUMNS, *_own(self._source.header)]])

    async def _follow(self) -> None:
        try:
            while True:
                rows = await self._journal.results(self._place, _PAGE)
                ready = rows[: next((at for at, row in enumerate(rows) if row.state is None), len(rows))]
                self._write(ready)
                if len(ready) < _PAGE:
                    await asyncio.sleep(_NAP)
        except BulkError as error:
            self.failure = error  # told in the end: the journal has it all, and the run goes on

    def _write(self, rows: Sequence[ResultRow]) -> None:
        if rows:
            self._put(self._cells(row) for row in rows)
            self._place = rows[-1].number

    def _put(self, lines: Iterable[Sequence[object]]) -> None:
        if self._file is None:
            raise RuntimeError("the results were not begun")
        harmless = ([as_text(cell) if isinstance(cell, str) else cell for cell in line] for line in lines)
        try:
            csv.writer(self._file, lineterminator="\n").writerows(harmless)
            self._file.flush()
        except OSError as error:
            raise _error(self._path, error) from None

    def _cells(self, row: ResultRow) -> Sequence[object]:
        return (
            row.phone,
            row.state,
            row.provider,
            row.message_id,
            row.segments,
            row.cost,
            row.error,
            row.attempts,
            "" if row.first is None else f"duplicate of {_place(row)}",
            row.delivery,
            "" if row.delivery_final is None else "yes" if row.delivery_final else "no",
            "" if row.delivery_at is None else _moment(row.delivery_at),
            row.delivery_word,
            row.delivery_code,
            *self._source.cells(row.payload),
        )


def _error(path: Path, error: OSError | ValueError) -> BulkError:
    """Its path, and what is wrong with it; a NUL in the path is no `OSError`."""
    why = error.strerror if isinstance(error, OSError) else None
    return BulkError(f"{path}: the results cannot be written: {why or error}")


def _own(header: Sequence[str]) -> Sequence[str]:
    """The input's columns, renamed where one of ours is called so."""
    taken = {name.casefold() for name in (*COLUMNS, *header)}
    ours = {name.casefold() for name in COLUMNS}
    own: list[str] = []
    for name in header:
        called = name
        while called.casefold() in (ours if called == name else taken):
            called = f"input_{called}"
        taken.add(called.casefold())
        own.append(called)
    return own


def _moment(stamp: float) -> str:
    """Local time with its offset."""
    return datetime.fromtimestamp(stamp, UTC).astimezone().isoformat(timespec="seconds")


def _place(row: ResultRow) -> str:
    return f"row {row.first}" if row.first_line is None else f"line {row.first_line}"
