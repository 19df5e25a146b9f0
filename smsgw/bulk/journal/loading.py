"""Rows of the input into the journal: each once, a repetition as such."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from smsgw.bulk.journal.journal import Journal
from smsgw.bulk.journal.records import InputRow
from smsgw.bulk.journal.schema import insert_once, outcomes, rows, storable

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
            await connection.execute(insert_once(connection, rows), [_values(row) for row in fresh])
            repeated = await _missing(connection, fresh)
        if repeated:
            await connection.execute(
                _REPEAT,
                [
                    {**_values(row), "recipient": None, "to": row.recipient, "what": row.content}
                    for row in repeated
                ],
            )
        if refused := [row for row in given if row.recipient is None]:
            await connection.execute(insert(rows), [_values(row) for row in refused])
            await connection.execute(
                insert(outcomes),
                [
                    {
                        "number": row.number,
                        "state": "rejected",
                        "error": storable(row.refusal or ""),
                        "attempts": 0,
                    }
                    for row in refused
                ],
            )
    return len(repeated)


def _values(row: InputRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "line": row.line,
        "phone": storable(row.phone),
        "recipient": row.recipient,
        "content": row.content,
        "payload": storable(row.payload),
    }


async def _missing(connection: AsyncConnection, given: Sequence[InputRow]) -> Sequence[InputRow]:
    """Those that were not written, for their number and text stand there already."""
    written = select(rows.c.number).where(rows.c.number.between(given[0].number, given[-1].number))
    numbers = set((await connection.scalars(written)).all())
    return [row for row in given if row.number not in numbers]
