"""Rows of the input into the journal: each once, a repetition as such."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from smsgw.bulk.journal.journal import Journal
from smsgw.bulk.journal.records import InputRow, Told
from smsgw.bulk.journal.schema import outcomes, rows, storable
from smsgw.bulk.journal.statements import add, add_missing

__all__ = ["load"]

_first: Final = rows.alias()
# The row that it repeats is looked up by the database: a number may have any number of texts.
_REPEAT: Final = insert(rows).values(
    duplicate_of=select(_first.c.number)
    .where(_first.c.recipient == bindparam("to"), _first.c.content == bindparam("what"))
    .scalar_subquery()
)


async def load(journal: Journal, given: Sequence[InputRow]) -> int:
    """Write the next rows down, in one transaction, and return how many of them repeat an earlier one."""
    fresh = [row for row in given if row.recipient is not None]
    async with journal.writing() as connection:
        repeated: Sequence[InputRow] = ()
        if fresh:
            await connection.run_sync(add_missing, rows, [_values(row) for row in fresh])
            repeated = await _missing(connection, fresh)
        if repeated:
            await connection.execute(_REPEAT, [_repetition(row) for row in repeated])
        if refused := [row for row in given if row.recipient is None]:
            told = [Told(row.number, "rejected", error=storable(row.refusal or "")) for row in refused]
            await connection.run_sync(add, rows, [_values(row) for row in refused])
            await connection.run_sync(add, outcomes, told)
    return len(repeated)


def _values(row: InputRow) -> tuple[Any, ...]:
    """In the order of the table's columns."""
    number, line, phone, recipient, content, payload, _ = row
    return number, line, storable(phone), recipient, content, None, storable(payload)


def _repetition(row: InputRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "line": row.line,
        "phone": storable(row.phone),
        "recipient": None,
        "content": row.content,
        "payload": storable(row.payload),
        "to": row.recipient,
        "what": row.content,
    }


async def _missing(connection: AsyncConnection, given: Sequence[InputRow]) -> Sequence[InputRow]:
    """Those that were not written, for their number and text stand there already."""
    here = rows.c.number.between(given[0].number, given[-1].number)
    # Mostly none are, and to count is cheaper than to read.
    if await connection.scalar(select(func.count()).select_from(rows).where(here)) == len(given):
        return ()
    written = set((await connection.scalars(select(rows.c.number).where(here))).all())
    return [row for row in given if row.number not in written]
