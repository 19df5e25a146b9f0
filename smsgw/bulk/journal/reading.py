"""What a journal knows of its rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from attrs import frozen
from sqlalchemy import ColumnElement, Executable, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from smsgw.bulk.journal.database import Database
from smsgw.bulk.journal.records import PendingRow, ResultRow
from smsgw.bulk.journal.schema import claims, deliveries, outcomes, rows
from smsgw.tracking.states import FINAL

__all__ = ["Counts", "Readable"]


@frozen
class Counts:
    """How a campaign stands, in rows of the input."""

    rows: int = 0
    states: Mapping[str, int] = {}
    """Outcomes by state; a row that repeats another counts with that one's."""
    repeats: Mapping[str, int] = {}
    """Rows that repeat another and have its outcome, by state, within the above."""
    duplicates: int = 0
    """Rows that repeat another, within the above."""
    open_claims: int = 0
    """Attempts that may have begun, and of which nothing is known: in flight, or in doubt where no run is at work."""
    segments: int = 0
    """Of what was accepted or is held."""
    deliveries: Mapping[str, int] = {}
    """Rows whose delivery state is final, by that state; repetitions count as with `states`."""
    repeated_deliveries: Mapping[str, int] = {}
    """Rows that repeat another, within the above."""

    @property
    def in_delivery(self) -> int:
        """Rows that a provider took, and whose final delivery state is not known."""
        taken = sum(self.states.get(state, 0) for state in ("accepted", "held"))
        return taken - sum(self.deliveries.values())

    @property
    def pending(self) -> int:
        return self.rows - sum(self.states.values())


class Readable:
    """Rows and outcomes, a page at a time."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def pending(self, after: int, limit: int) -> Sequence[PendingRow]:
        """The next rows, in order, that may be sent."""
        query = (
            select(rows.c.number, rows.c.recipient, rows.c.payload)
            .where(rows.c.number > after, rows.c.recipient.is_not(None), ~_has_outcome(rows.c.number))
            .order_by(rows.c.number)
            .limit(limit)
        )
        async with self.database.connected() as connection:
            found = (await connection.execute(query)).all()
        return [PendingRow(number, str(recipient), payload) for number, recipient, payload in found]

    async def results(self, after: int, limit: int) -> Sequence[ResultRow]:
        """The next rows of the input, in order, with what is known of each."""
        first = rows.alias()
        query = (
            select(
                rows.c.number,
                rows.c.line,
                rows.c.phone,
                rows.c.payload,
                rows.c.duplicate_of,
                first.c.line,
                outcomes.c.state,
                outcomes.c.provider,
                outcomes.c.message_id,
                outcomes.c.segments,
                outcomes.c.cost,
                outcomes.c.error,
                outcomes.c.attempts,
                deliveries.c.state,
                deliveries.c.rank == FINAL,
                deliveries.c.changed_at,
                deliveries.c.provider_state,
                deliveries.c.error_code,
            )
            .select_from(
                rows.outerjoin(first, first.c.number == rows.c.duplicate_of)
                .outerjoin(outcomes, outcomes.c.number == func.coalesce(rows.c.duplicate_of, rows.c.number))
                .outerjoin(deliveries, deliveries.c.number == outcomes.c.number)
            )
            .where(rows.c.number > after)
            .order_by(rows.c.number)
            .limit(limit)
        )
        async with self.database.connected() as connection:
            found = (await connection.execute(query)).all()
        return [ResultRow._make(values) for values in found]

    async def counts(self) -> Counts:
        sent = outcomes.c.state.in_(("accepted", "held"))
        repeats = rows.join(outcomes, outcomes.c.number == rows.c.duplicate_of)
        repeats_too = rows.join(deliveries, deliveries.c.number == rows.c.duplicate_of)
        async with self.database.snapshot() as connection:
            total = await connection.scalar(select(func.count()).select_from(rows))
            by_state = select(outcomes.c.state, func.count()).group_by(outcomes.c.state)
            states = Counter(await _by_state(connection, by_state))
            repeated = await _by_state(connection, by_state.select_from(repeats))
            duplicates = await connection.scalar(
                select(func.count()).select_from(rows).where(rows.c.duplicate_of.is_not(None))
            )
            open_claims = await connection.scalar(
                select(func.count()).select_from(claims).where(claims.c.completed_at.is_(None))
            )
            segments = await connection.scalar(select(func.sum(outcomes.c.segments)).where(sent))
            by_end = (
                select(deliveries.c.state, func.count())
                .where(deliveries.c.rank == FINAL)
                .group_by(deliveries.c.state)
            )
            ends = Counter(await _by_state(connection, by_end))
            ends_of_repeats = await _by_state(connection, by_end.select_from(repeats_too))
        states.update(repeated)
        ends.update(ends_of_repeats)
        return Counts(
            total or 0,
            states,
            repeated,
            duplicates or 0,
            open_claims or 0,
            int(segments or 0),
            ends,
            ends_of_repeats,
        )

    async def costs(self) -> Mapping[str, Decimal]:
        """What gateways said that they charge, by provider: each in its own unit."""
        query = (
            select(outcomes.c.provider, outcomes.c.cost, func.count())
            .where(outcomes.c.cost.is_not(None))
            .group_by(outcomes.c.provider, outcomes.c.cost)
        )
        costs: dict[str, Decimal] = {}
        async with self.database.connected() as connection:
            for provider, cost, times in (await connection.execute(query)).all():
                costs[provider] = costs.get(provider, Decimal(0)) + Decimal(cost) * times
        return costs


async def _by_state(connection: AsyncConnection, query: Executable) -> Mapping[str, int]:
    found = (await connection.execute(query)).all()
    return {values[0]: values[1] for values in found}


def _has_outcome(number: ColumnElement[int]) -> ColumnElement[bool]:
    return exists().where(and_(outcomes.c.number == number))
