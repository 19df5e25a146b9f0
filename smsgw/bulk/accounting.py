"""A run summed up: from the journal, and from what it could not take any more."""

from smsgw.bulk.errors import BulkError, JournalError
from smsgw.bulk.journal import Counts, Journal
from smsgw.bulk.progress import Ending, Progress, Summary
from smsgw.bulk.results import Truth

__all__ = ["sum_up"]


async def sum_up(
    journal: Journal,
    progress: Progress,
    truth: Truth,
    *,
    ending: Ending,
    seconds: float,
    sent: int,
    failure: BulkError | None,
) -> Summary:
    """What the campaign came to so far. A journal that cannot be read is a failure in it."""
    tracked = progress.tracked_until is not None
    try:
        counts, costs = await journal.counts(), await journal.costs()
        campaign = await journal.campaign()
        tracked = tracked or (campaign is not None and campaign.tracked_at is not None)
    except JournalError as error:
        counts, costs = _at_least(progress), {}
        failure = failure or error
    states = dict(counts.states)
    for told in truth.unwritten.values():
        states[told.state] = states.get(told.state, 0) + 1
    states["unknown"] = states.get("unknown", 0) + len(truth.doubtful)
    taken = states.get("accepted", 0) + states.get("held", 0)
    return Summary(
        rows=counts.rows,
        accepted=states.get("accepted", 0),
        held=states.get("held", 0),
        rejected=states.get("rejected", 0),
        unknown=states["unknown"],
        pending=counts.rows - sum(states.values()),
        duplicates=counts.duplicates,
        segments=counts.segments,
        costs=costs,
        ending=ending,
        seconds=seconds,
        sent=sent,
        failure=failure,
        unwritten=tuple(told._asdict() for told in truth.unwritten.values()),
        deliveries=dict(counts.deliveries),
        in_delivery=taken - sum(counts.deliveries.values()),
        tracked=tracked,
    )


def _at_least(progress: Progress) -> Counts:
    """What is known without the journal: not what became of repetitions."""
    return Counts(
        progress.rows, progress.states, duplicates=progress.duplicates, deliveries=progress.deliveries
    )
