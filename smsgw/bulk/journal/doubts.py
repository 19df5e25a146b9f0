"""What a run that ended in the middle has left behind: attempts that may have begun, and outcomes that are unknown."""

import json
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from smsgw.bulk.journal.journal import Journal
from smsgw.bulk.journal.records import Told
from smsgw.bulk.journal.schema import claims, outcomes, rows
from smsgw.bulk.journal.statements import add

__all__ = ["Doubt", "doubtful", "doubts", "forget_unknown", "give_up_claims", "prove", "settle"]

_PAGE: Final = 500
_LOST: Final = "OutcomeUnknown: the run ended before an answer came"


class Doubt(NamedTuple):
    """A row whose outcome is unknown, and the attempt that left it so."""

    number: int
    recipient: str
    provider: str
    claim: str


async def doubtful(journal: Journal) -> Collection[int]:
    """The rows in attempts that may have begun and were never completed."""
    query = select(claims.c.numbers).where(claims.c.completed_at.is_(None))
    async with journal.database.connected() as connection:
        found = (await connection.scalars(query)).all()
    return {number for numbers in found for number in json.loads(numbers)}


async def give_up_claims(journal: Journal) -> int:
    """Attempts of earlier runs that were never completed: their rows' outcomes are unknown. How many rows they are."""
    lost: dict[int, tuple[str, str]] = {}
    query = select(claims.c.id, claims.c.provider, claims.c.numbers).where(claims.c.completed_at.is_(None))
    async with journal.writing() as connection:
        found = (await connection.execute(query)).all()
        for claim, provider, numbers in found:
            lost.update(dict.fromkeys(json.loads(numbers), (provider, claim)))
        numbers_left = sorted(lost)
        for start in range(0, len(numbers_left), _PAGE):
            page = numbers_left[start : start + _PAGE]
            known = select(outcomes.c.number).where(outcomes.c.number.in_(page))
            for number in (await connection.scalars(known)).all():
                del lost[number]  # an earlier answer stands
        if lost:
            unknown = [
                Told(number, "unknown", provider, error=_LOST, attempts=1, claim=claim)
                for number, (provider, claim) in lost.items()
            ]
            await connection.run_sync(add, outcomes, unknown)
        if found:
            await connection.execute(
                update(claims).where(claims.c.completed_at.is_(None)).values(completed_at=time.time())
            )
    return len(lost)


async def doubts(journal: Journal, providers: Collection[str], after: int) -> Sequence[Doubt]:
    """The next rows, in order, whose outcome is unknown and that one of these providers can be asked about."""
    query = (
        select(outcomes.c.number, rows.c.recipient, outcomes.c.provider, outcomes.c.claim)
        .join(rows, rows.c.number == outcomes.c.number)
        .where(
            outcomes.c.number > after,
            outcomes.c.state == "unknown",
            outcomes.c.provider.in_(providers),
            outcomes.c.claim.is_not(None),
        )
        .order_by(outcomes.c.number)
        .limit(_PAGE)
    )
    async with journal.database.connected() as connection:
        found = (await connection.execute(query)).all()
    return [Doubt(number, str(recipient), provider, claim) for number, recipient, provider, claim in found]


async def settle(journal: Journal, proved: Sequence[Doubt]) -> None:
    """The provider proved that it took these."""
    async with journal.writing() as connection:
        await prove(connection, [(doubt.number, doubt.claim) for doubt in proved])


async def prove(connection: AsyncConnection, taken: Iterable[tuple[int, str]]) -> None:
    """These rows were unknown and are accepted, under these IDs."""
    accepted = (
        update(outcomes)
        .where(outcomes.c.number == bindparam("row"), outcomes.c.state == "unknown")
        .values(state="accepted", message_id=bindparam("id"), error=None)
    )
    if values := [{"row": number, "id": message_id} for number, message_id in taken]:
        await connection.execute(accepted, values)


async def forget_unknown(journal: Journal) -> int:
    """What is unknown is pending again, by the user's word. How many rows they are."""
    async with journal.writing() as connection:
        gone = await connection.execute(delete(outcomes).where(outcomes.c.state == "unknown"))
    return gone.rowcount
