"""A good reply that breaks off after each of its bytes: for one recipient, and for several."""

import zlib

import pytest

from smsgw import Message
from tests.faults.audit import audit
from tests.faults.cuts import FRAMINGS, Framing, cutting, text_cut_at
from tests.faults.evidence import Evidence, Marks
from tests.faults.jobs import Job
from tests.faults.points.point import Point
from tests.faults.runner import run
from tests.faults.scale import SEEDS
from tests.faults.server.certificates import Certificates
from tests.faults.server.speech import DRIVERS, SPEECH, http
from tests.faults.tally import note

MARKS = Marks()
ROOM = 60
"""Bytes that a reply may be longer than the sample: for longer IDs, and what chunks add."""
IDS = ("plain", "zeros")
"""Zeros: IDs that begin with one, which alone would be the documented refusal."""
BATCHES = [
    (driver, ids)
    for driver in DRIVERS
    for ids in IDS
    if driver != "avist" and (ids == "plain" or driver in ("iba", "targetsms"))
]
"""Avist takes one recipient a request; smsco.ge and SMStele have no refusal that an ID could be cut to."""


def answers_questions(seed: int) -> bool:
    """Whether SMStele can be asked what became of a message whose reply was cut."""
    return seed % 4 < 2


def chosen(driver: str, seed: int) -> Framing:
    """How the reply would have ended, and how it does."""
    return FRAMINGS[(zlib.crc32(driver.encode()) + seed) % len(FRAMINGS)]


async def cut_everywhere(
    driver: str,
    seed: int,
    certificates: Certificates,
    framing: Framing,
    *,
    recipients: int = 1,
    ids: str = "plain",
    spare: str = "",
) -> Evidence:
    """One message for each byte."""
    zeros = ids == "zeros"
    name = ", ".join(("cut", *framing, *(["IDs with zeros"] if zeros else [])))
    point = Point(name=name, serve=cutting(framing, zeros=zeros))
    first = seed % len(MARKS.recipients)
    to = [*MARKS.recipients, *MARKS.recipients][first : first + recipients]
    most = len(http(SPEECH[driver].accepted(dict.fromkeys(to, "08039000001")))) + ROOM
    messages = [Message(to=to, text=text_cut_at(kept, MARKS.text)) for kept in range(most)]
    job = Job(
        "many",
        messages,
        batch_size=recipients,
        reused=False,
        own_session=seed % 2 == 0,
        truthful=answers_questions(seed),
        spare=spare,
    )
    note("cut" if recipients == 1 else "cut list", point.name, driver, seed)
    return await run(point, driver, seed, certificates, MARKS, job=job)


def broken(evidence: Evidence) -> list[str]:
    """What the audit says, and every rejection and every request to the provider that stands by."""
    return [
        *audit(evidence),
        *(f"{o.message and o.message.text} is rejected" for o in evidence.outcomes if o.state == "rejected"),
        *(f"{sent.text} went to the spare" for sent in evidence.ledger.sends() if sent.gateway == "spare"),
    ]


@pytest.mark.usefixtures("frozen_heap")
@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
async def test_a_reply_cut_after_any_byte_proves_nothing(
    driver: str, seed: int, certificates: Certificates
) -> None:
    """However much of an acceptance is missing, the message is not sent again, not accepted and not rejected."""
    framing = chosen(driver, seed)
    evidence = await cut_everywhere(driver, seed, certificates, framing)
    assert broken(evidence) == []
    states = {outcome.state for outcome in evidence.outcomes}
    looked_up = driver == "smstele" and answers_questions(seed)
    assert ("unknown" in states) == (not looked_up)
    assert ("accepted" in states) == (framing != ("none", "reset") or looked_up), "some came whole"


@pytest.mark.usefixtures("frozen_heap")
@pytest.mark.parametrize("driver", ["iba", "targetsms"])
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "chosen"])
async def test_an_id_cut_to_its_leading_zero_is_no_refusal(
    driver: str, seed: int, closed: bool, certificates: Certificates
) -> None:
    """What is left of `0803…` may be the `0` that refuses: it was taken, and nobody else is asked."""
    framing: Framing = ("none", "closed") if closed else chosen(driver, seed)
    evidence = await cut_everywhere(driver, seed, certificates, framing, ids="zeros", spare="smsco")
    assert broken(evidence) == []


@pytest.mark.usefixtures("frozen_heap")
@pytest.mark.parametrize(("driver", "ids"), BATCHES)
@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed{seed}")
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "chosen"])
async def test_a_list_cut_after_any_byte_refuses_nobody(
    driver: str, ids: str, seed: int, closed: bool, certificates: Certificates
) -> None:
    """An acceptance of several that breaks off: none is rejected, none sent again, none given another's ID."""
    framing: Framing = ("none", "closed") if closed else chosen(driver, seed)
    spare = "avist" if driver == "smsco" else "smsco"
    evidence = await cut_everywhere(
        driver, seed, certificates, framing, recipients=2 + seed % 2, ids=ids, spare=spare
    )
    assert broken(evidence) == []
