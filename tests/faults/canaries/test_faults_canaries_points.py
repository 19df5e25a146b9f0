"""Whatever a connection suffers: passwords and texts come out nowhere, recipients in values alone."""

import pytest

from smsgw import Submission
from tests.faults.canaries.asking import Heard, failure_of
from tests.faults.canaries.canary import MARKS
from tests.faults.evidence import Evidence
from tests.faults.points.point import Point
from tests.faults.points.table import POINTS
from tests.faults.runner import run
from tests.faults.scale import SEEDS
from tests.faults.server.certificates import Certificates

# Five seeds take every point through every driver.
CASES = [
    pytest.param(point, driver, seed, id=f"{point}-{driver}-seed{seed}")
    for seed in SEEDS[::2]
    for number, point in enumerate(POINTS.values())
    for driver in [point.drivers[(number + seed) % len(point.drivers)]]
]


def heard_in(evidence: Evidence) -> Heard:
    """All that one run left behind, and the errors as their own methods raise them."""
    heard = Heard([*evidence.records], [*evidence.complaints, *evidence.left])
    heard.complaints += [said for name, said in evidence.reprs.items() if name == "dispatcher"]
    for outcome in evidence.outcomes:
        heard.values.append(outcome)
        if outcome.error is not None:
            heard.errors.append(outcome.error)
    message, _ = evidence.given[0]
    submission = Submission(message, tuple(evidence.outcomes))
    heard.values += [message, submission]
    heard.errors += failure_of(submission)
    return heard


@pytest.mark.usefixtures("frozen_heap")
@pytest.mark.parametrize(("point", "driver", "seed"), CASES)
async def test_no_fault_shows_what_is_secret(
    point: Point, driver: str, seed: int, certificates: Certificates
) -> None:
    """In no error or what it hangs together with, no log at any level, no warning, no repr."""
    evidence = await run(point, driver, seed, certificates, MARKS)
    assert evidence.outcomes, "nothing came out that could show anything"
    assert heard_in(evidence).findings() == [], evidence.job
