"""How many runs there were, for the last line of the report."""

__all__ = ["note", "summary"]

_runs: set[tuple[str, str, str, int]] = set()


def note(kind: str, point: str, driver: str, seed: int) -> None:
    """Count one run of a fault point."""
    _runs.add((kind, point, driver, seed))


def summary() -> str:
    """What was run, in one line; nothing where nothing was."""
    if not _runs:
        return ""
    points = {run[:2] for run in _runs}
    drivers = {driver for *_, driver, _ in _runs}
    seeds = {seed for *_, seed in _runs}
    return f"fault points: {len(points)}, {len(drivers)} drivers, {len(seeds)} seeds, {len(_runs)} runs"
