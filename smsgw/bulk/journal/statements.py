"""Many rows at once into a table, each a tuple in the order of its columns.

SQLAlchemy's own way takes a dict for each row, and makes another dict, a list and a tuple of it: 4.7 µs a row instead
of 2.9. Here it compiles the statement once, and the driver gets the tuples as they are.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Table, insert
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["add", "add_missing", "add_or_change", "insert_on"]

_Rows = Sequence[tuple[Any, ...]]

_KEPT: Final = 16
"""Compiled statements: a few for each journal that is open."""


def add(connection: Connection, table: Table, rows: _Rows) -> None:
    """A row that stands there already is an error."""
    connection.exec_driver_sql(_add(table, connection.dialect), list(rows))


def add_missing(connection: Connection, table: Table, rows: _Rows) -> None:
    """A row that stands there already is left as it is."""
    connection.exec_driver_sql(_add_missing(table, connection.dialect), list(rows))


def add_or_change(connection: Connection, table: Table, rows: _Rows, change: str) -> None:
    """Of a row that stands there already, this one column is changed."""
    connection.exec_driver_sql(_add_or_change(table, change, connection.dialect), list(rows))


def insert_on(dialect: Dialect, table: Table) -> postgresql.Insert | sqlite.Insert:
    """One that can say what to do about rows that stand there already: both databases have that, each by its name."""
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)


@lru_cache(_KEPT)
def _add(table: Table, dialect: Dialect) -> str:
    return insert(table).compile(dialect=dialect).string


@lru_cache(_KEPT)
def _add_missing(table: Table, dialect: Dialect) -> str:
    return insert_on(dialect, table).on_conflict_do_nothing().compile(dialect=dialect).string


@lru_cache(_KEPT)
def _add_or_change(table: Table, change: str, dialect: Dialect) -> str:
    new = insert_on(dialect, table)
    changed = new.on_conflict_do_update(index_elements=table.primary_key, set_={change: new.excluded[change]})
    return changed.compile(dialect=dialect).string
