"""What is known of delivery, in words: while a run tracks, in its summary, and in `bulk --status`."""

from collections.abc import Mapping

from smsgw.bulk import Progress

__all__ = ["delivery_facts", "not_delivered", "tracking_counts", "tracking_until"]

_UNDECIDED = "unknown"
"""The final state of a message of which no report will ever come."""


def not_delivered(deliveries: Mapping[str, int]) -> int:
    """Rows that surely did not arrive."""
    return sum(count for state, count in deliveries.items() if state not in ("delivered", _UNDECIDED))


def delivery_facts(deliveries: Mapping[str, int], in_delivery: int) -> list[tuple[str, object]]:
    """Rows by their final state, for a table, and those that are without one."""
    states = sorted({"delivered", *deliveries}, key=lambda state: (state != "delivered", state))
    counted: list[tuple[str, object]] = [(_fact(state), deliveries.get(state, 0)) for state in states]
    return [*counted, ("no final delivery state", in_delivery)]


def _fact(state: str) -> str:
    return state if state == "delivered" else f"delivery: {state}"


def tracking_counts(progress: Progress) -> list[tuple[str, int]]:
    """Rows while a run tracks, the usual ones always; not those that wait."""
    deliveries = progress.deliveries
    counts = [("delivered", deliveries["delivered"]), ("not delivered", not_delivered(deliveries))]
    if deliveries[_UNDECIDED]:
        counts.append(("that nobody will tell of", deliveries[_UNDECIDED]))
    return counts


def tracking_until(progress: Progress) -> str:
    """The deadline by the clock on the wall; with its day, for it may be another."""
    until = progress.tracked_until
    return "" if until is None else f"until {until.astimezone():%Y-%m-%d %H:%M:%S} at the latest"
