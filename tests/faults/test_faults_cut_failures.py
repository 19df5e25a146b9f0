"""smsco.ge's list of the numbers that it refused, cut where only the connection's end ends the reply."""

import pytest

from smsgw import Message
from tests.faults.evidence import Marks
from tests.faults.jobs import Job
from tests.faults.points.point import Point
from tests.faults.runner import run
from tests.faults.server.certificates import Certificates
from tests.faults.server.speech import http
from tests.faults.server.turn import Turn

MARKS = Marks()


@pytest.mark.usefixtures("frozen_heap")
async def test_a_list_of_failures_cut_short_accepts_nobody_that_it_refused(
    certificates: Certificates,
) -> None:
    """The gateway refused two of three: however much of their list is missing, neither is accepted."""
    first, second, third = MARKS.recipients[:3]
    reply = http(f"OK 1 {first},{second}", length=False)

    async def cut(turn: Turn) -> None:
        await turn.line.write(reply[: int(turn.heard.text.rpartition("(")[2].rstrip(")"))])
        turn.line.hang_up()

    texts = [f"{MARKS.text} ({kept})" for kept in range(len(reply) + 1)]
    messages = [Message(to=(first, second, third), text=text) for text in texts]
    job = Job("many", messages, batch_size=3, reused=False, own_session=True)
    point = Point(name="a list of failures, cut", serve=cut)
    evidence = await run(point, "smsco", 0, certificates, MARKS, job=job)
    refused = [outcome for outcome in evidence.outcomes if outcome.recipient in (first, second)]
    assert [o.message and o.message.text for o in refused if o.state == "accepted"] == []
    assert "rejected" not in {o.state for o in evidence.outcomes if o.recipient == third}
