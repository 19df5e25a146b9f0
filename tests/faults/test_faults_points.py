"""Every fault point, through every driver: the gateways' own ledger bears out each outcome."""

from collections.abc import Iterator

import pytest

from smsgw import Outcome
from tests.faults.audit import audit
from tests.faults.evidence import Evidence
from tests.faults.jobs import choose
from tests.faults.points.point import Point
from tests.faults.points.table import POINTS
from tests.faults.runner import RETRY, run
from tests.faults.scale import SEEDS
from tests.faults.server.certificates import Certificates
from tests.faults.tally import note

CASES = [
    pytest.param(point, driver, seed, id=f"{point}-{driver}-seed{seed}")
    for point in POINTS.values()
    for driver in point.drivers
    for seed in SEEDS
]


@pytest.mark.usefixtures("frozen_heap")
@pytest.mark.parametrize(("point", "driver", "seed"), CASES)
async def test_no_fault_breaks_the_promise(
    point: Point, driver: str, seed: int, certificates: Certificates
) -> None:
    """Nothing is asked for twice, nothing is claimed without proof, and nothing that was taken is rejected."""
    evidence = await run(point, driver, seed, certificates)
    note("point", point.name, driver, seed)
    assert audit(evidence) == [], evidence.job
    assert unexpected(point, evidence) == [], evidence.job


def unexpected(point: Point, evidence: Evidence) -> list[str]:
    """Outcomes that are true, and yet not what this fault should come to."""
    job = choose(point, evidence.driver, evidence.seed, evidence.marks)
    expected = set(point.expects)
    if point.moves_on and job.spare and not job.spare_struck:
        expected = expected - {"rejected"} | {"accepted"}
    if "unknown" in expected and "smstele" in (evidence.driver, job.spare):
        expected.add("accepted")  # looked up by our own ID
    most = RETRY["attempts"] * (2 if job.spare else 1) + len(job.messages[0].to)
    return [
        *_too_soon(point, evidence),
        *_by_the_wrong_one(point, evidence),
        *(f"{o.recipient} took {o.attempts} attempts" for o in evidence.outcomes if o.attempts > most),
        *(
            f"{outcome.recipient} is {outcome.state}: {outcome.error}"
            for message, outcome in ((outcome.message, outcome) for outcome in evidence.outcomes)
            if message is not None and not message.text.endswith("(before)")
            if outcome.state not in expected and not ("accepted" in expected and _names_nobody(outcome))
        ),
    ]


def _by_the_wrong_one(point: Point, evidence: Evidence) -> Iterator[str]:
    """Where only the provider that stands by can have taken it."""
    if not point.expects & {"accepted", "unknown"}:
        for outcome in evidence.outcomes:
            before = outcome.message is not None and outcome.message.text.endswith("(before)")
            if outcome.state == "accepted" and outcome.provider == "main" and not before:
                yield f"{outcome.recipient} is accepted by the provider that has the fault"


def _too_soon(point: Point, evidence: Evidence) -> Iterator[str]:
    """Where a gateway has said when to come again."""
    last: dict[tuple[str, str, tuple[str, ...]], float] = {}
    for arrival in evidence.ledger.sends():
        same = (arrival.gateway, arrival.text, arrival.recipients)
        if arrival.at - last.get(same, -2e9) < point.again_after:
            yield f"{arrival.gateway} was asked again too soon"
        last[same] = arrival.at


def _names_nobody(outcome: Outcome) -> bool:
    """smsco.ge took some of a batch, and does not say whom."""
    return outcome.state == "unknown" and outcome.error is not None and outcome.error.scope == "recipient"
