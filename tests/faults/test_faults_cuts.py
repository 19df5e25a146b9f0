"""A good reply that breaks off after each of its bytes."""

import zlib
from collections.abc import Awaitable, Callable

import pytest

from smsgw import Message
from tests.faults.audit import audit
from tests.faults.evidence import Evidence, Marks
from tests.faults.jobs import Job
from tests.faults.points.point import Point
from tests.faults.runner import run
from tests.faults.scale import SEEDS
from tests.faults.server.certificates import Certificates
from tests.faults.server.speech import DRIVERS, SPEECH, http
from tests.faults.server.turn import Turn
from tests.faults.tally import note

MARKS = Marks()
ROOM = 60
"""Bytes that a reply may be longer than the sample: for a longer ID, and what chunks add."""


def framed(turn: Turn, framing: str) -> bytes:
    """The good reply, with the end that HTTP gives it."""
    if framing == "chunks":
        body = turn.acceptance().encode()
        head = http(b"", "200 OK", "Transfer-Encoding: chunked", length=False)
        return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return http(turn.acceptance(), length=framing == "length")


def cutting(framing: str, end: str) -> Callable[[Turn], Awaitable[None]]:
    """A gateway that cuts its reply after as many bytes as the text's number says."""

    async def cut(turn: Turn) -> None:
        if turn.heard.kind == "question":
            turn.line.hang_up()
            return
        reply = framed(turn, framing)
        kept = int(turn.heard.text.rpartition("(")[2].rstrip(")"))
        if framing == "none" and end == "closed":
            note_what_is_left(turn, reply[:kept])
        elif kept >= len(reply) and framing != "none":
            turn.note_accepted()
        await turn.line.write(reply[:kept])
        if end == "closed":
            turn.line.hang_up()
        else:
            turn.line.reset()

    return cut


def note_what_is_left(turn: Turn, reply: bytes) -> None:
    """Where only the connection's end ends a reply, one that was cut says what is left of it."""
    said = reply.partition(b"\r\n\r\n")[2].decode()
    ((phone, given),) = turn.ids.items()
    if turn.driver == "smstele":
        # Some of the documented samples lack their last brace.
        whole = said in (turn.acceptance(), turn.acceptance()[:-1])
        turn.arrival.accepted = {phone: given} if whole else {}
    elif said.startswith(turn.acceptance().removesuffix(given).rstrip()):
        left = said.removeprefix(turn.acceptance().removesuffix(given).rstrip()).strip()
        if left or turn.driver == "smsco":  # "OK 1": accepted, and no ID
            turn.arrival.accepted = {phone: left or None}


def answers_questions(seed: int) -> bool:
    """Whether SMStele can be asked what became of a message whose reply was cut."""
    return seed % 4 < 2


FRAMINGS = [(framing, end) for framing in ("length", "chunks", "none") for end in ("closed", "reset")]


async def cut_everywhere(driver: str, seed: int, certificates: Certificates) -> tuple[str, str, Evidence]:
    """One message for each byte; the seed chooses how the reply would have ended, and how it does."""
    framing, end = FRAMINGS[(zlib.crc32(driver.encode()) + seed) % len(FRAMINGS)]
    point = Point(name=f"cut, {framing}, {end}", serve=cutting(framing, end))
    to = MARKS.recipients[seed % len(MARKS.recipients)]
    most = len(http(SPEECH[driver].accepted({to: "9000001"}))) + ROOM
    messages = [Message(to=to, text=f"{MARKS.text} ({kept})") for kept in range(most)]
    job = Job(
        "many",
        messages,
        batch_size=1,
        reused=False,
        own_session=seed % 2 == 0,
        truthful=answers_questions(seed),
    )
    note("cut", point.name, driver, seed)
    return framing, end, await run(point, driver, seed, certificates, MARKS, job=job)


@pytest.mark.usefixtures("frozen_heap")
@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
async def test_a_reply_cut_after_any_byte_proves_nothing(
    driver: str, seed: int, certificates: Certificates
) -> None:
    """However much of an acceptance is missing, the message is not sent again, not accepted and not rejected."""
    framing, end, evidence = await cut_everywhere(driver, seed, certificates)
    assert audit(evidence) == []
    states = {outcome.state for outcome in evidence.outcomes}
    looked_up = driver == "smstele" and answers_questions(seed)
    assert "rejected" not in states
    assert ("unknown" in states) == (not looked_up)
    assert ("accepted" in states) == ((framing, end) != ("none", "reset") or looked_up), "some came whole"
