"""The audit itself: each kind of lie is complained about, so that its silence means something."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from smsgw.sandbox import Ledger, TakenMessage
from tests.bulk.survival.audit import Truth, audit_end, audit_stop
from tests.bulk.survival.journals import Claim, Found, Journal
from tests.bulk.survival.spreadsheets import Line, Spreadsheet

SHEET = Spreadsheet(Path("numbers.csv"), [Line("79031234567", "Hi", "79031234567")])
CLAIM = Claim("c1", "smstele", [0], is_open=False)
OPEN = Claim("c1", "smstele", [0], is_open=True)


def taken(times: int) -> Truth:
    """SMStele took the one row so many times."""
    ledger = Ledger()
    for number in range(1, times + 1):
        ledger.enter_message(
            TakenMessage(
                number=number,
                gateway="smstele",
                message_id="c1",
                recipient="79031234567",
                sender="",
                text="Hi",
                encoding="GSM-7",
                segments=1,
                state="taken",
                taken_at=datetime.now(UTC),
                clock_at=0.0,
                due_at=0.0,
                request=1,
            )
        )
    return Truth.of(ledger)


def journal(state: str | None, claim: Claim = CLAIM) -> Journal:
    message_id = "c1" if state == "accepted" else None
    outcomes = {} if state is None else {0: Found(state, "smstele", message_id, "c1")}
    return Journal(loaded=True, outcomes=outcomes, claims=[claim])


def stop(truth: Truth, now: Journal, before: Journal | None = None) -> list[str]:
    return audit_stop(SHEET, truth, before or Journal(), now, [], calm=True)


def test_the_truth() -> None:
    """A row that was taken once is accepted, unknown or in doubt."""
    for now in (journal("accepted"), journal("unknown"), journal(None, OPEN)):
        assert stop(taken(1), now) == []


@pytest.mark.parametrize(
    ("times", "now", "complaint"),
    [
        (2, journal("accepted"), "SENT TWICE"),
        (1, journal(None), "would be SENT TWICE"),
        (0, journal("accepted"), "NOBODY TOOK"),
        (1, journal("rejected"), "is REJECTED, and smstele took it"),
    ],
)
def test_lies(times: int, now: Journal, complaint: str) -> None:
    """What a journal says and the gateways do not confirm is told."""
    (told,) = stop(taken(times), now)
    assert complaint in told


def test_changed_outcome() -> None:
    """An outcome that is another one later is told, but for an unknown one that is found to be accepted."""
    (told,) = stop(taken(1), journal("unknown"), before=journal("accepted"))
    assert "row 0 was Found(state='accepted'" in told
    assert stop(taken(1), journal("accepted"), before=journal("unknown")) == []


@pytest.mark.parametrize(
    ("times", "now", "complaint"),
    [
        (0, journal("rejected"), "LOST"),
        (0, journal(None), "row 0 has no outcome"),
        (0, journal("unknown", OPEN), "is open"),
        (0, journal("unknown"), "was never in doubt"),
        (1, journal("unknown"), "smstele took it as c1"),
    ],
)
def test_bad_ends(times: int, now: Journal, complaint: str) -> None:
    """A row that is lost, left open, or unknown without need is told in the end."""
    assert any(complaint in told for told in audit_end(SHEET, taken(times), now, [], set()))
