"""The audit itself: each kind of lie is complained about, so that its silence means something."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from smsgw import Message, Outcome, State
from smsgw.errors import OutcomeUnknown, RecipientRejected
from tests.faults.audit import audit
from tests.faults.evidence import Evidence, Marks
from tests.faults.server.ledger import Arrival, Ledger

TO = "79035550101"
MESSAGE = Message(to=TO, text="Hi (0)")
REQUEST = b"GET /?text=Hi%20(0)&dadr=79035550101 HTTP/1.1\r\n\r\n"


def arrival(ledger: Ledger, number: int = 1, gateway: str = "main", *, taken: bool = True) -> Arrival:
    """A send that came whole."""
    visit = ledger.visit(gateway)
    visit.received += REQUEST
    came = Arrival(number, gateway, visit, REQUEST, True, "send", (TO,), MESSAGE.text, taken=taken)
    ledger.enter(came)
    return came


def outcome(state: State, message_id: str | None = None, provider: str = "main") -> Outcome:
    error = {
        State.REJECTED: RecipientRejected("no"),
        State.UNKNOWN: OutcomeUnknown("who knows"),
    }.get(state)
    return Outcome(TO, state, provider, message_id, error=error, attempts=1, message=MESSAGE)


def evidence(ledger: Ledger, *outcomes: Outcome, requests: int = 1) -> Evidence:
    return Evidence(
        "point",
        "iba",
        0,
        Marks(),
        "job",
        [(MESSAGE, TO)],
        outcomes,
        ledger,
        {"main": requests, "spare": requests},
    )


@pytest.mark.parametrize(
    ("taken", "accepted", "said", "told"),
    [
        (True, {TO: "1"}, "", outcome(State.ACCEPTED, "1")),
        (True, {TO: "1"}, "", outcome(State.UNKNOWN)),
        (True, {}, "", outcome(State.UNKNOWN)),
        (True, {}, "held", outcome(State.HELD)),
        (False, {}, "refused", outcome(State.REJECTED)),
        (False, {}, "", outcome(State.UNKNOWN)),
    ],
)
def test_the_truth_is_not_complained_of(
    taken: bool, accepted: dict[str, str | None], said: str, told: Outcome
) -> None:
    """What the ledger bears out, or leaves room for, passes."""
    ledger = Ledger()
    came = arrival(ledger, taken=taken)
    came.accepted, came.refused, came.held = accepted, said == "refused", said == "held"
    assert audit(evidence(ledger, told)) == []


@pytest.mark.parametrize(
    ("taken", "accepted", "told", "complaint"),
    [
        (True, {}, outcome(State.ACCEPTED, "1"), "ACCEPTED WITHOUT PROOF by main"),
        (True, {TO: "1"}, outcome(State.ACCEPTED, "2"), "accepted as 2, which is not what main said"),
        (True, {TO: "1"}, outcome(State.ACCEPTED, "1", "spare"), "ACCEPTED WITHOUT PROOF by spare"),
        (True, {"79035550102": "1"}, outcome(State.ACCEPTED, "1"), "ACCEPTED WITHOUT PROOF"),
        (True, {}, outcome(State.REJECTED), "REJECTED, and main took it"),
        (False, {}, outcome(State.REJECTED), "REJECTED WITHOUT PROOF by main"),
        (False, {}, outcome(State.HELD), "held, and nobody has it"),
        (True, {}, outcome(State.HELD), "HELD WITHOUT PROOF by main"),
        (True, {TO: "1"}, outcome(State.HELD), "HELD WITHOUT PROOF by main"),
        (True, {}, evolve(outcome(State.UNKNOWN), error=None), "unknown without a reason"),
        (True, {}, evolve(outcome(State.UNKNOWN), attempts=0), "asked for 1 times in 0 attempts"),
    ],
)
def test_a_state_that_is_a_lie_is_told(
    taken: bool, accepted: dict[str, str | None], told: Outcome, complaint: str
) -> None:
    """What was told and the ledger does not bear out is complained of, and nothing else."""
    ledger = Ledger()
    arrival(ledger, taken=taken).accepted = accepted
    (said,) = audit(evidence(ledger, told))
    assert complaint in said


def test_a_second_request_after_no_proof_is_told() -> None:
    """Whoever is asked again, at whichever gateway, without having been refused, may get two messages."""
    for gateway in ("main", "spare"):
        ledger = Ledger()
        arrival(ledger)
        arrival(ledger, 2, gateway, taken=False).refused = True
        told = evolve(outcome(State.UNKNOWN), attempts=2)
        (said,) = audit(evidence(ledger, told, requests=2))
        assert f"{gateway} was asked for" in said
        assert "AGAIN" in said


def test_a_second_request_after_a_refusal_is_fine() -> None:
    """A proof that nothing was taken allows for another attempt."""
    ledger = Ledger()
    arrival(ledger, taken=False).refused = True
    arrival(ledger, 2, "spare").accepted = {TO: "1"}
    told = evolve(outcome(State.ACCEPTED, "1", "spare"), attempts=2)
    assert audit(evidence(ledger, told, requests=2)) == []


def test_a_message_that_was_taken_twice_is_told() -> None:
    """Even where the first gateway claims to have refused it."""
    ledger = Ledger()
    arrival(ledger).refused = True
    arrival(ledger, 2, "spare")
    (said,) = audit(evidence(ledger, evolve(outcome(State.UNKNOWN), attempts=2)))
    assert "TAKEN TWICE" in said


def test_a_part_of_a_request_counts_as_a_request() -> None:
    """What began may have been taken by whoever read more of it than the gateway did."""
    ledger = Ledger()
    visit = ledger.visit("main")
    visit.received += REQUEST[:-4]
    ledger.enter(Arrival(1, "main", visit, REQUEST[:-4], False, "part", (), ""))
    arrival(ledger, 2, taken=False).refused = True
    said = audit(evidence(ledger, evolve(outcome(State.REJECTED), attempts=1)))
    assert len(said) == 3
    assert "AGAIN" in said[0]
    assert "in 1 attempts" in said[1]
    assert "main saw 2 requests, and 1 were made" in said[2]


def test_what_never_came_whole_may_be_rejected() -> None:
    """A gateway that never had the whole request has taken nothing, and need not have said so."""
    ledger = Ledger()
    assert audit(evidence(ledger, outcome(State.REJECTED))) == []
    visit = ledger.visit("main")
    visit.received += REQUEST[:-4]
    ledger.enter(Arrival(1, "main", visit, REQUEST[:-4], False, "part", (), ""))
    assert audit(evidence(ledger, outcome(State.REJECTED))) == []


def test_a_refusal_or_a_hold_by_somebody_else_proves_nothing() -> None:
    """What one gateway refused another may have taken; who holds it is who said so."""
    ledger = Ledger()
    arrival(ledger, taken=False).refused = True
    arrival(ledger, 2, "spare", taken=False)
    told = evolve(outcome(State.REJECTED), attempts=2)
    (said,) = audit(evidence(ledger, told))
    assert "REJECTED WITHOUT PROOF by spare" in said

    ledger = Ledger()
    arrival(ledger).held = True
    (said,) = audit(evidence(ledger, outcome(State.HELD, provider="spare")))
    assert "HELD WITHOUT PROOF by spare" in said


def test_a_cookie_that_comes_back_is_told() -> None:
    """Whoever sends a gateway's cookie back lets it tell its requests apart from others'."""
    ledger = Ledger()
    visit = ledger.visit("main")
    data = REQUEST[:-2] + b"Cookie: a=b\r\n\r\n"
    visit.received += data
    ledger.enter(Arrival(1, "main", visit, data, True, "send", (TO,), MESSAGE.text, taken=True))
    (said,) = audit(evidence(ledger, outcome(State.UNKNOWN)))
    assert "main was sent a cookie" in said


def test_outcomes_that_are_missing_or_double_are_told() -> None:
    """Each given recipient has one outcome."""
    ledger = Ledger()
    arrival(ledger)
    told = outcome(State.UNKNOWN)
    for outcomes, count in (((), 0), ((told, told), 2)):
        (said,) = audit(evidence(ledger, *outcomes))
        assert f"was given 1 times and has {count} outcomes" in said


def test_a_text_that_nobody_ordered_is_told() -> None:
    """A gateway that is asked for something else than was given says so."""
    ledger = Ledger()
    arrival(ledger).text = "Hi (0) and more"
    (said,) = audit(evidence(ledger, outcome(State.UNKNOWN)))
    assert "a text that nobody ordered" in said


def test_what_comes_where_nothing_may_come_is_told() -> None:
    """A request over a connection that had ended, and bytes of one that no gateway was waiting for."""
    ledger = Ledger()
    ledger.visit("main").said_goodbye = True
    came = arrival(ledger)
    ledger.visits[0].received += REQUEST
    came.visit = ledger.visits[0]
    ledger.enter(came)
    del ledger.arrivals[1]
    ledger.visits[0].received += REQUEST
    told = audit(evidence(ledger, outcome(State.UNKNOWN)))
    assert any("bytes of a request that it was not waiting for" in said for said in told)
    assert any("had ended a connection that a request came over" in said for said in told)


_LOGGED = logging.LogRecord("asyncio", logging.ERROR, "", 0, "Task was destroyed", None, None)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda truth: evolve(truth, left=["a task"]), "a task was left"),
        (lambda truth: evolve(truth, complaints=["ResourceWarning: unclosed"]), "ResourceWarning: unclosed"),
        (lambda truth: evolve(truth, seconds=61.0), "took 61.0 s, and its deadline was 60.0 s"),
        (lambda truth: evolve(truth, records=[_LOGGED]), "asyncio logged: Task was destroyed"),
    ],
)
def test_a_run_that_leaves_something_is_told(spoil: Callable[[Evidence], Evidence], complaint: str) -> None:
    """Tasks, connections, warnings, complaints of the loop, and a deadline that passed."""
    ledger = Ledger()
    arrival(ledger)
    (said,) = audit(spoil(evidence(ledger, outcome(State.UNKNOWN))))
    assert complaint in said


@pytest.mark.parametrize(
    "file", sorted(Path(__file__).with_name("server").glob("*.py")), ids=lambda file: file.name
)
def test_the_fault_server_shares_no_code_with_what_it_judges(file: Path) -> None:
    """A gateway that read requests or wrote replies by smsgw's own code would share its bugs."""
    assert not re.search(r"^\s*(?:from|import) smsgw", file.read_text("utf-8"), re.MULTILINE)
