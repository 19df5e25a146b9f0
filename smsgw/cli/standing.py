"""`smsgw bulk --status`: how a campaign stands, whether a run is at work or not.

It imports `smsgw.bulk`, which needs the extra `bulk`: import it only where that is asked.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from attrs import frozen

from smsgw.bulk import BulkError
from smsgw.bulk.journal import Campaign, Counts, Journal
from smsgw.cli.delivering import delivery_facts
from smsgw.cli.failing import ALL_WELL, CommandFailed
from smsgw.cli.output import Column, print_json, print_table, print_text

__all__ = ["show_standing"]

_STATES: Final = ("accepted", "held", "rejected", "unknown")


@frozen
class _Standing:
    """What a journal tells."""

    journal: str
    campaign: Campaign | None
    counts: Counts
    costs: Mapping[str, Decimal]
    at_work: bool

    @property
    def tracked(self) -> bool:
        """A run has asked for delivery states."""
        return self.campaign is not None and self.campaign.tracked_at is not None

    @property
    def percent(self) -> float:
        """Of the rows, those that have an outcome; never 100 before it is all."""
        done = self.counts.rows - self.counts.pending
        return int(1000 * done / self.counts.rows) / 10 if self.counts.rows else 0.0


def show_standing(journal: str, *, json: bool) -> int:
    """The exit status is 0, however the campaign stands. Raises `CommandFailed` for what is no journal."""
    try:
        standing = asyncio.run(_standing(journal))
    except BulkError as error:
        raise CommandFailed(str(error)) from None
    if json:
        print_json(_fields(standing))
    else:
        _show(standing)
    return ALL_WELL


async def _standing(where: str) -> _Standing:
    journal = await Journal.look(where)
    try:
        return _Standing(
            journal.database.name,
            await journal.campaign(),
            await journal.counts(),
            await journal.costs(),
            await journal.is_at_work(),
        )
    finally:
        await journal.aclose()


def _fields(standing: _Standing) -> dict[str, object]:
    campaign, counts = standing.campaign, standing.counts
    whose: dict[str, object] = dict.fromkeys(("input", "begun_at", "runner", "started_at", "ended_at"))
    if campaign is not None:
        whose = {
            "input": campaign.name,
            "begun_at": _moment(campaign.created_at),
            "runner": campaign.runner,
            "started_at": _moment(campaign.started_at),
            "ended_at": None if campaign.ended_at is None else _moment(campaign.ended_at),
        }
    return {
        "journal": standing.journal,
        **whose,
        "runs": 0 if campaign is None else campaign.run,
        "loaded": campaign is not None and campaign.loaded,
        "at_work": standing.at_work,
        "rows": counts.rows,
        **{state: counts.states.get(state, 0) for state in _STATES},
        "pending": counts.pending,
        "duplicates": counts.duplicates,
        "open_requests": counts.open_claims,
        "segments": counts.segments,
        "costs": standing.costs,
        "percent": standing.percent,
        "tracked": standing.tracked,
        "deliveries": counts.deliveries,
        "in_delivery": counts.in_delivery,
    }


def _show(standing: _Standing) -> None:
    campaign, counts = standing.campaign, standing.counts
    if campaign is None:
        print_text(f"{standing.journal}: no run has begun to fill it.")
        return
    unread = "" if campaign.loaded else " (not read to its end; nothing was sent)"
    facts: list[tuple[str, object]] = [
        ("input", f"{campaign.name}{unread}"),
        ("begun", _words(campaign.created_at)),
        ("now", _now(standing, campaign)),
        ("rows", counts.rows),
        *((state, counts.states.get(state, 0)) for state in _STATES),
        ("pending", counts.pending),
        ("duplicates", counts.duplicates),
        ("done", f"{standing.percent:g}%"),
        ("segments", counts.segments),
        *((f"cost at {provider}", cost) for provider, cost in standing.costs.items()),
    ]
    if standing.tracked:
        facts += delivery_facts(counts.deliveries, counts.in_delivery)
    if counts.open_claims:
        facts.append((f"requests in {'flight' if standing.at_work else 'doubt'}", counts.open_claims))
    print_table((Column("what", keep=True), Column("how much")), facts)
    if counts.pending and not standing.at_work:
        print_text("", "pending: not sent; run the same command again to go on.")


def _now(standing: _Standing, campaign: Campaign) -> str:
    run = f"run {campaign.run}, {campaign.runner},"
    if standing.at_work:
        return f"at work: {run} since {_words(campaign.started_at)}"
    if campaign.ended_at is None:
        return f"not at work: {run} began {_words(campaign.started_at)} and did not end in good order"
    return f"not at work: {run} ended {_words(campaign.ended_at)}"


def _moment(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp).astimezone()


def _words(stamp: float) -> str:
    return f"{_moment(stamp):%Y-%m-%d %H:%M:%S}"
