"""What is large: a request that does not fit into the sockets, a reply that does not fit into memory."""

import tracemalloc
import zlib

import pytest

from smsgw import Message
from tests.faults.audit import audit
from tests.faults.evidence import Evidence, Marks
from tests.faults.jobs import Job
from tests.faults.points.connections import NARROW
from tests.faults.points.point import DOUBT, TAKEN, Point
from tests.faults.points.table import POINTS
from tests.faults.runner import run
from tests.faults.server.certificates import Certificates
from tests.faults.server.line import Line
from tests.faults.server.speech import http
from tests.faults.server.turn import Turn
from tests.faults.tally import note

MARKS = Marks()
MANY = 800
"""Recipients of one request of SMStele's: some 10 KB."""
BOMB = 400 << 20
"""Bytes that come out of a reply that is small enough to be read."""
MEMORY = 16 << 20
"""Bytes that a run may need at once: ten replies of the greatest size."""


def large_batch(*, own_session: bool) -> Job:
    to = [f"7903{number:07d}" for number in range(MANY)]
    return Job(
        "batch",
        [Message(to=to, text=MARKS.text)],
        batch_size=MANY,
        reused=False,
        own_session=own_session,
        truthful=False,
        spare="smstele",
    )


def states(evidence: Evidence) -> set[str]:
    return {str(outcome.state) for outcome in evidence.outcomes}


@pytest.mark.parametrize("own_session", [True, False], ids=["own session", "passed in"])
@pytest.mark.parametrize(
    ("name", "expects"),
    [
        ("the request is read slowly", TAKEN),
        ("the request is not read to its end", DOUBT),
        ("closed with the request half read", DOUBT),
        ("closed within the request", DOUBT),
        ("reset within the request", DOUBT),
    ],
)
async def test_a_large_batch_that_is_read_slowly_or_not_at_all(
    name: str, expects: frozenset[str], own_session: bool, certificates: Certificates
) -> None:
    """What does not fit into the sockets is waited with, and is in doubt once its first byte has left."""
    job = large_batch(own_session=own_session)
    evidence = await run(POINTS[name], "smstele", 0, certificates, MARKS, job=job)
    note("large", name, "smstele", 0)
    assert audit(evidence) == []
    assert states(evidence) == expects
    assert {arrival.gateway for arrival in evidence.ledger.sends()} == {"main"}, "the spare was asked"


async def test_a_gateway_that_reads_slowly_makes_the_sender_wait(certificates: Certificates) -> None:
    """Of a large request only a part is there before the gateway reads on: so the points above mean something."""
    there: list[int] = []

    async def look(line: Line) -> bool:
        await line.clock.jump(0.0)  # once nobody has anything to do but wait
        there.append(len(await line.read()))
        return True

    point = Point(name="a look at what has come", interrupt=look, buffer=NARROW)
    evidence = await run(point, "smstele", 0, certificates, MARKS, job=large_batch(own_session=False))
    (arrival,) = evidence.ledger.sends()
    assert states(evidence) == TAKEN
    assert there[0] < len(arrival.data) / 2


@pytest.mark.usefixtures("frozen_heap")
async def test_a_gzip_bomb_is_not_unpacked(certificates: Certificates) -> None:
    """Of what would come out of a compressed reply no more is made than a reply may have."""
    packer = zlib.compressobj(9, wbits=31)
    piece = bytes(1 << 20)
    bomb = b"".join([*(packer.compress(piece) for _ in range(BOMB // len(piece))), packer.flush()])
    assert len(bomb) < 1 << 19, "so small that it is read"
    reply = http(bomb, "200 OK", "Content-Encoding: gzip")

    async def explode(turn: Turn) -> None:
        await turn.line.write(reply)

    job = Job(
        "one",
        [Message(to=MARKS.recipients[0], text=MARKS.text)],
        batch_size=1,
        reused=False,
        own_session=True,
    )
    tracemalloc.start()
    try:
        evidence = await run(
            Point(name="a great gzip bomb", serve=explode), "iba", 0, certificates, MARKS, job=job
        )
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    note("large", "a great gzip bomb", "iba", 0)
    assert audit(evidence) == []
    assert states(evidence) == DOUBT
    assert most < MEMORY
