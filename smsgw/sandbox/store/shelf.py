"""Which numbered values a table of the file has, and so what has to be written to it, and what has to go."""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from smsgw.sandbox.store.rows import Row

__all__ = ["Shelf", "write_rows"]


class _Numbered(Protocol):
    @property
    def number(self) -> int: ...


Value = TypeVar("Value", bound=_Numbered)


class Shelf(Generic[Value]):
    """Values that never change, of which the oldest go first. What comes here is never more than what has changed."""

    def __init__(self, table: str, row_of: Callable[[Value], Row], numbers: Iterable[int]) -> None:
        self._table = table
        self._row_of = row_of
        self._order = deque(numbers)
        self._numbers = set(self._order)
        self._gone: list[int] = []

    def news(self, newest: Iterator[Value], is_kept: Callable[[int], object]) -> list[Value]:
        """What the file does not have, in order. Those of the file that are kept no longer are noted, to go."""
        while self._order and not is_kept(self._order[0]):
            self._gone.append(self._order.popleft())
            self._numbers.remove(self._gone[-1])
        found: list[Value] = []
        for value in newest:
            if value.number in self._numbers:
                break
            found.append(value)
        return found[::-1]

    def write(self, connection: sqlite3.Connection, news: list[Value]) -> None:
        """Within a transaction."""
        if self._gone and not self._order:
            connection.execute(f"DELETE FROM {self._table}")  # noqa: S608 - a name of ours
        else:
            gone = ((number,) for number in self._gone)
            connection.executemany(f"DELETE FROM {self._table} WHERE number = ?", gone)  # noqa: S608 - the same
        write_rows(connection, self._table, [self._row_of(value) for value in news])

    def written(self, news: list[Value]) -> None:
        """The transaction is in the file."""
        self._gone.clear()
        for value in news:
            self._order.append(value.number)
            self._numbers.add(value.number)


def write_rows(connection: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    """Put them into the table, over those of the same key."""
    if rows:
        places = ",".join("?" * len(rows[0]))
        connection.executemany(f"REPLACE INTO {table} VALUES ({places})", rows)  # noqa: S608 - a name of ours
