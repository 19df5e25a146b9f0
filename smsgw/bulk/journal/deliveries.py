"""What became of messages after they were taken: which are still followed, and what was learnt of them.

States only move forward, whoever writes: the statement itself turns no later state back to an earlier one, and leaves
the first final state as it is. So a group that is written twice, or by two processes, is as one that is written once.
"""

import json
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Dialect, and_, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from smsgw.bulk.journal.doubts import prove
from smsgw.bulk.journal.journal import Journal
from smsgw.bulk.journal.schema import claims, deliveries, outcomes, rows, storable
from smsgw.bulk.journal.statements import insert_on
from smsgw.models import DeliveryReport, DeliveryState
from smsgw.tracking.states import FINAL, NOTHING, is_good, rank

__all__ = ["START", "Change", "Followed", "followed", "learn"]

START: Final = (0, 0)
"""Before the first attempt."""
_ATTEMPTS: Final = 200
"""That are read at once."""
_PAGE: Final = 500
"""Rows that are read at once."""
_SENT: Final = outcomes.c.state.in_(("accepted", "held")) & outcomes.c.message_id.is_not(None)
_IN_DOUBT: Final = (outcomes.c.state == "unknown") & outcomes.c.claim.is_not(None)

_Place = tuple[int, int]
_Key = tuple[str | None, str | None, str | None]


class Followed(NamedTuple):
    """A row whose end is not known."""

    recipient: str
    payload: str
    provider: str
    message_id: str
    in_doubt: bool
    """It is not known whether the provider took it; the ID is our own attempt's then."""
    state: str | None
    """The last that was learnt."""
    claimed_at: float
    """When the attempt began that the provider took it in."""


class Change(NamedTuple):
    """What was learnt of a row, and was not known before."""

    state: str
    final: bool
    proved: bool
    """Its outcome was unknown, and is accepted now."""


async def followed(
    journal: Journal,
    after: _Place,
    providers: Collection[str],
    able: Collection[str],
    vague: Collection[str] = (),
) -> tuple[Sequence[Followed], _Place | None]:
    """Rows of the next attempts at these providers, and the place to go on after; None at the end.

    Those of one attempt come together, as the provider's own IDs do. Rows in doubt are only those of providers that
    are `able` to prove what they took. A `vague` provider tells one state for a whole attempt, which proves nothing of
    any one of several: they come all while one of them is not final, so that one left over is not taken for the only.
    """
    query = (
        select(*(claims.c[name] for name in ("run", "number", "id", "provider", "numbers", "claimed_at")))
        .where(tuple_(claims.c.run, claims.c.number) > tuple_(*after), claims.c.provider.in_(providers))
        .order_by(claims.c.run, claims.c.number)
        .limit(_ATTEMPTS)
    )
    async with journal.database.connected() as connection:
        attempts = (await connection.execute(query)).all()
        numbers = {attempt.id: json.loads(attempt.numbers) for attempt in attempts}
        wanted = [number for group in numbers.values() for number in group]
        known = await _open(connection, wanted, able, vague)
    found: list[Followed] = []
    for attempt in attempts:
        # Where a row was tried more than once, the attempt that told its outcome is the one.
        taken = [known[number] for number in numbers[attempt.id] if number in known]
        taken = [row for row in taken if row.claim == attempt.id]
        if any(row.rank is None or row.rank < FINAL for row in taken):
            found += [_followed(attempt, row) for row in taken]
    return found, (attempts[-1].run, attempts[-1].number) if attempts else None


def _followed(attempt: Any, row: Any) -> Followed:
    in_doubt = row.outcome == "unknown"
    return Followed(
        str(row.recipient),
        row.payload,
        attempt.provider,
        row.claim if in_doubt else row.message_id,
        in_doubt,
        row.state,
        attempt.claimed_at,
    )


async def _open(
    connection: AsyncConnection, numbers: Sequence[int], able: Collection[str], vague: Collection[str]
) -> dict[int, Any]:
    """Those of these rows that may be followed."""
    query = (
        select(
            outcomes.c.number,
            outcomes.c.state.label("outcome"),
            outcomes.c.message_id,
            outcomes.c.claim,
            rows.c.recipient,
            rows.c.payload,
            deliveries.c.state,
            deliveries.c.rank,
        )
        .select_from(
            outcomes.join(rows, rows.c.number == outcomes.c.number).outerjoin(
                deliveries, deliveries.c.number == outcomes.c.number
            )
        )
        .where(
            or_(_SENT, and_(_IN_DOUBT, outcomes.c.provider.in_(able))),
            or_(deliveries.c.rank.is_(None), deliveries.c.rank < FINAL, outcomes.c.provider.in_(vague)),
        )
    )
    known: dict[int, Any] = {}
    for start in range(0, len(numbers), _PAGE):
        page = query.where(outcomes.c.number.in_(numbers[start : start + _PAGE]))
        known.update({row.number: row for row in (await connection.execute(page)).all()})
    return known


async def learn(journal: Journal, reports: Iterable[DeliveryReport]) -> Sequence[Change]:
    """Write down what these tell that was not known yet, in one transaction: a row in doubt is accepted by it, too."""
    told: dict[_Key, DeliveryReport] = {
        (report.provider, report.message_id, report.recipient): report
        for report in reports
        if is_good(report)
    }
    if not told:
        return ()
    changes: list[Change] = []
    values: list[dict[str, Any]] = []
    proved: list[tuple[int, str]] = []
    now = time.time()
    async with journal.writing() as connection:
        for number, key, outcome, before in await _rows_of(connection, told):
            report = told[key]
            place = rank(report.state, final=report.final)
            in_doubt = outcome == "unknown"
            if place <= before or (in_doubt and report.error is not None):
                continue
            values.append(_values(number, report, place, now))
            if in_doubt:
                proved.append((number, str(report.message_id)))
            changes.append(Change(report.state, report.final, in_doubt))
        if values:
            await connection.execute(_advance(connection.dialect), values)
        await prove(connection, proved)
    return changes


async def _rows_of(
    connection: AsyncConnection, told: Collection[_Key]
) -> Sequence[tuple[int, _Key, str, int]]:
    """Number, key, outcome and what is known of each row that these are about, found by its recipient's index."""
    name = outcomes.c.message_id
    query = (
        select(
            outcomes.c.number,
            rows.c.recipient,
            outcomes.c.provider,
            name,
            outcomes.c.claim,
            outcomes.c.state,
            deliveries.c.rank,
        )
        .select_from(
            rows.join(outcomes, outcomes.c.number == rows.c.number).outerjoin(
                deliveries, deliveries.c.number == rows.c.number
            )
        )
        .where(
            rows.c.recipient.in_({int(recipient) for _, _, recipient in told if recipient}),
            outcomes.c.state.in_(("accepted", "held", "unknown")),
            or_(
                name.in_({message_id for _, message_id, _ in told}),
                outcomes.c.claim.in_({message_id for _, message_id, _ in told}),
            ),
        )
    )
    found: list[tuple[int, _Key, str, int]] = []
    for number, recipient, provider, message_id, claim, state, known in await connection.execute(query):
        key = (provider, claim if state == "unknown" else message_id, str(recipient))
        if key in told:
            found.append((number, key, state, NOTHING if known is None else known))
    return found


def _values(number: int, report: DeliveryReport, place: int, now: float) -> dict[str, Any]:
    return {
        "number": number,
        "state": DeliveryState(report.state).value,
        "rank": place,
        "provider_state": None if report.provider_state is None else storable(report.provider_state),
        "error_code": None if report.error_code is None else storable(report.error_code),
        "changed_at": None if report.changed_at is None else report.changed_at.timestamp(),
        "learnt_at": now,
    }


def _advance(dialect: Dialect) -> postgresql.Insert | sqlite.Insert:
    """Only forward: two runs that know nothing of each other do not turn a state back either."""
    new = insert_on(dialect, deliveries)
    return new.on_conflict_do_update(
        index_elements=deliveries.primary_key,
        set_={column.name: new.excluded[column.name] for column in deliveries.c if not column.primary_key},
        where=new.excluded.rank > deliveries.c.rank,
    )
